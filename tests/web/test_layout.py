"""Every screen from 1280×720 to a video wall, from no office to a thousand: nothing scrolls,
nothing is cut off, and what a list cannot show it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.web import samples
from tests.web.conftest import Screen, Site

SIZES = ((1280, 720), (1920, 1080), (3840, 2160), (7680, 2160))

# Everything that is drawn must lie inside its card, and every card inside the screen. A picture of
# Plotly's has clipped parts of its own.
OUTSIDE = """() => {
  const found = [], screen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  const name = (e) => `${e.tagName}.${e.className} ${(e.textContent || "").slice(0, 30)}`;
  const inside = (e, box, what) => {
    const r = e.getBoundingClientRect();
    if (!r.width || !r.height) return;
    const tall = getComputedStyle(e).display !== "inline"; // else its box is higher than its line
    const over = Math.max(
      box.left - r.left, r.right - box.right, tall && box.top - r.top, tall && r.bottom - box.bottom
    );
    if (over > 1.5) found.push(`${name(e)} is ${over.toFixed(1)} px outside ${what}`);
  };
  const root = document.documentElement;
  const scrolls = root.scrollWidth > innerWidth || root.scrollHeight > innerHeight;
  if (scrolls) found.push("the page scrolls");
  for (const card of document.querySelectorAll("[data-panel]")) {
    inside(card, screen, "the screen");
    const box = card.getBoundingClientRect();
    for (const e of card.querySelectorAll("*")) {
      if (!e.closest(".js-plotly-plot")) inside(e, box, card.dataset.panel);
    }
  }
  for (const figure of document.querySelectorAll("[data-figure]")) {
    const box = figure.getBoundingClientRect();
    for (const e of figure.querySelectorAll("*")) inside(e, box, figure.dataset.figure);
  }
  return found;
}"""

LISTS = """() => Object.fromEntries(["attendance", "incidents", "complaints"].map((panel) => {
  const card = document.querySelector(`[data-panel="${panel}"]`);
  const rows = [...card.querySelectorAll(".row")].filter((row) => !row.hidden);
  const line = card.querySelector(".more");
  return [panel, [rows.length, line && !line.hidden ? line.textContent : ""]];
}))"""


@dataclass
class Shown:
    """A wall of a region with so many offices."""

    screen: Screen
    offices: int


@pytest.fixture(scope="module", params=[0, 1, 61, 1000], ids=lambda n: f"{n} offices")
def shown(request: pytest.FixtureRequest, site: Site, chromium: Browser) -> Iterator[Shown]:
    """Every feed has told of all offices. In rising order, for nothing is ever forgotten."""
    count: int = request.param
    for feed, readings in samples.everything(count).items():
        site.publish(feed, readings)
    with chromium.new_context() as context:
        screen = Screen(context.new_page(), site).open()
        if count:
            screen.until(f'document.querySelectorAll(".cell").length === {count}')
        yield Shown(screen, count)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_scrolls_nothing_is_cut_off_and_lists_count_what_they_cannot_show(
    shown: Shown, size: tuple[int, int]
) -> None:
    page = shown.screen.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("document.fonts.ready.then(() => commandcenter.fit())")
    assert page.evaluate(OUTSIDE) == []
    if shown.offices:
        _counts_are_exact(shown.screen, shown.offices)


def _counts_are_exact(screen: Screen, offices: int) -> None:
    shown: dict[str, Any] = screen.page.evaluate(LISTS)
    wanted = {"attendance": offices, "incidents": min(offices, 300)}
    wanted["complaints"] = min(offices, 300)
    for panel, total in wanted.items():
        rows, more = shown[panel]
        rest = total - rows
        assert rows > 0
        assert more == (f"dan {rest} lainnya" if rest else ""), panel
