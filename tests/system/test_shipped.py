"""The config.toml that is shipped, with its demo, as a newcomer meets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.system.conftest import look_at
from tests.system.program import Program, listens
from tests.web.conftest import HD, LISTS, ROOT

FIRST_MINUTE = 60_000  # ms
PORTS = (8050, 8051, 8061, 8062, 8554)  # of the shipped config.toml and its demo
LATE = '[data-panel]:not([data-state="fresh"])'
UNMARKED = '[data-panel]:not([data-origin="demo"]), [data-camera]:not([data-origin="demo"])'
BAD = '.cell.bad, .cell.warn, [data-condition]:not([data-condition="live"])'
SEEN = "(what) => [...document.querySelectorAll(what)].some((found) => found.checkVisibility())"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The shipped config.toml in an empty folder; only the lists are named where they are."""
    taken = [str(port) for port in PORTS if listens(port)]
    if taken:
        pytest.skip(f"somebody listens on {', '.join(taken)}, which the demo needs")
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    program = Program(tmp_path_factory.mktemp("shipped"), web_port=8050, intake_port=8051)
    (program.folder / "config.toml").write_text(
        text.replace("commandcenter/demo/lists", str(LISTS))
    )
    with closing(program):
        program.start("run")
        program.until_open()
        yield program


@pytest.fixture(scope="module")
def wall(chromium: Browser, shipped: Program) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        page = context.new_page()
        look_at(page, shipped, "/")
        yield page


def test_in_the_first_minute_the_wall_is_fresh_marked_as_demo_and_has_something_to_tell(
    wall: Page,
) -> None:
    wall.wait_for_function(
        f"""() => {{
            const seen = {SEEN};
            return seen("[data-camera] canvas[data-shown]") && seen("[data-incident]")
                && seen('{BAD}') && !seen('{LATE}') && !seen('{UNMARKED}');
        }}""",
        timeout=FIRST_MINUTE,
    )
    assert wall.locator("[data-panel]:visible").count() == 8
    assert wall.locator("[data-camera]:visible").count() >= 8


def test_the_links_lead_to_pages_that_answer(shipped: Program) -> None:
    told = shipped.say("links", "--json")
    assert told.returncode == 0
    links = json.loads(told.stdout)
    shown = {"wall": "/", "briefing": "/", "console": "/console", "displays": "/screens"}
    for name, path in shown.items():
        with httpx.Client(follow_redirects=True) as newcomer:
            answer = newcomer.get(links[name])
            assert (answer.status_code, answer.url.path) == (200, path)
            assert "/sign-in" not in str(answer.url)


def test_all_of_the_demo_ends_with_ctrl_c(shipped: Program) -> None:
    assert shipped.interrupt() == 0
    shipped.until(lambda: shipped.processes() == [], "nothing is left")
    assert not any(listens(port) for port in PORTS)
