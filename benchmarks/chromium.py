"""A real browser: headless Chromium with a fresh profile, by Playwright."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

# Every new event in the page, with its age in ms when it stood there; and the first of all, in ms
# since the navigation began.
OBSERVER = """
window.seen = [];
new MutationObserver(() => {
  const shown = document.querySelector(".stamp, .figures .number");
  if (!shown || !shown.textContent) return;
  if (window.first === undefined) window.first = performance.now();
  const event = /@(\\d+) ([\\d.]+)@/.exec(shown.textContent);
  if (!event || event[1] === window.newest) return;
  window.newest = event[1];
  const now = performance.timeOrigin + performance.now();
  window.seen.push([Number(event[1]), now - 1000 * Number(event[2])]);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@contextmanager
def fresh_chromium() -> Iterator[BrowserContext]:
    """A Chromium that has never seen a page, with the observer in every page."""
    with tempfile.TemporaryDirectory(prefix="bench-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
            viewport={"width": 1920, "height": 1080},
        )
        context.add_init_script(OBSERVER)
        yield context
        context.close()


@contextmanager
def display() -> Iterator[Browser]:
    """A browser without a profile: every context is one that has never been here."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser
        browser.close()
