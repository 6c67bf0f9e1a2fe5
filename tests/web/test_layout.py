"""How a wall uses its room: more columns where there is more of it, what is broken always in sight,
and letters that can be read, also in charts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from commandcenter.staging.scenes import Picture
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import Screen, Site
from tests.web.look import Shown, scenes, shipped, shown_to, site_of

HD, ULTRA_WIDE, UPRIGHT = (1920, 1080), (7680, 2160), (1080, 1920)
COLUMNS = """(selector) => new Set(
    [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility())
        .map((e) => Math.round(e.getBoundingClientRect().left))).size"""
LETTERS = """[...document.querySelectorAll("[data-panel=network] .chart text")]
    .filter((t) => t.textContent.trim()).map((t) => parseFloat(getComputedStyle(t).fontSize))"""
WRONG = {  # what somebody might do to a style sheet, and what a look says of it
    ".row .stage { font-size: 0.5rem !important }": "px small",
    ".figure .below { overflow: hidden; width: 3rem; white-space: nowrap }": "is cut off",
    ".row .right { position: absolute; left: 2rem }": "lies on",
    ".wall > .card { margin-right: -2rem }": "lies under",
    "#wall { width: 101vw } #page { overflow: visible !important }": "it scrolls",
    ".providers { margin-left: -4rem }": "sticks out",
    ".panel-complaints .row { height: 1.2rem; overflow: hidden }": "px in height",
}


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the walls and panels that we ship."""
    with site_of(shipped(), tmp_path_factory.mktemp("site"), module_redis.url) as found:
        yield found


@pytest.fixture(scope="module")
def shown(site: Site, chromium: Browser) -> Iterator[Shown]:
    with shown_to(chromium, site, 61) as shown:
        yield shown


def alone(panel: str) -> str:
    """A panel that fills the screen."""
    return Picture(picture=(panel,)).css()


@pytest.mark.parametrize(
    ("panel", "what"),
    [("attendance", ".row"), ("complaints", ".row"), ("incidents", ".row"), ("cctv", ".camera")],
)
def test_a_wider_screen_gets_more_columns(shown: Shown, panel: str, what: str) -> None:
    found = []
    for size in (UPRIGHT, HD, ULTRA_WIDE):
        shown.resize(*size)
        shown.show(f"{panel} {size}", alone(panel))
        found.append(shown.screen.page.evaluate(COLUMNS, f"[data-panel={panel}] {what}"))
    assert found == sorted(set(found)), found


def test_figures_are_no_wider_than_they_need(shown: Shown) -> None:
    shown.resize(*ULTRA_WIDE)
    shown.show("wide", Picture(picture=("summary", "map"), rows=("auto", "1fr")).css())
    widths = shown.screen.page.evaluate(
        "[...document.querySelectorAll('.figure')].map((f) => f.getBoundingClientRect().width)"
    )
    assert len(widths) == 6
    assert max(widths) <= 28.1 * ULTRA_WIDE[1] / 67.5


def test_cameras_that_do_not_fit_are_counted_and_the_broken_ones_stay(shown: Shown) -> None:
    shown.resize(*HD)
    shown.show("strip", Picture(picture=("map", "cameras"), rows=("1fr", "8rem")).css())
    tiles = shown.screen.page.locator("[data-panel=cameras] .camera")
    broken = shown.screen.page.locator("[data-panel=cameras] .camera.frozen")
    hidden = tiles.locator("xpath=self::*[@hidden]").count()
    assert hidden > 10
    assert tiles.count() == 24
    assert broken.count() == 4
    assert broken.locator("xpath=self::*[@hidden]").count() == 0
    more = shown.screen.page.locator("[data-panel=cameras] .more")
    assert more.text_content() == f"dan {hidden} lainnya"


def test_names_on_a_map_go_before_they_are_too_small(shown: Shown) -> None:
    shown.resize(*HD)
    seen = []
    for height in ("40rem", "20rem"):
        shown.show(height, Picture(picture=("map", "network"), rows=(height, "1fr")).css())
        texts = "[...document.querySelectorAll('.sheet text')].filter((t) => t.checkVisibility())"
        seen.append(shown.screen.page.evaluate(f"{texts}.length"))
    assert seen[0] > 6
    assert seen[1] == 0


@pytest.mark.parametrize("size", [(1280, 720), (3840, 2160), UPRIGHT], ids=str)
def test_a_chart_has_letters_of_the_wall(
    site: Site, chromium: Browser, size: tuple[int, int]
) -> None:
    width, height = size
    with chromium.new_context(viewport={"width": width, "height": height}) as context:
        screen = Screen(context.new_page(), site).open("/wall/all")
        style = Picture(picture=("network", "map")).css()
        shown = Shown(screen, 61)
        shown.show("chart", style)
        site.publish("network", [samples.provider("Telkom", 300e6 + height)])
        screen.until(f"{LETTERS}.length > 4")
        assert min(screen.page.evaluate(LETTERS)) >= height / 90 - 0.01


def test_a_look_finds_what_a_bad_style_sheet_does(shown: Shown) -> None:
    shown.resize(*HD)
    scene = scenes()["ringkasan"]
    for style, said in WRONG.items():
        shown.show("good", scene)
        assert shown.look()["faults"] == []
        shown.show(style, f"{scene}\n{style}")
        assert any(said in fault for fault in shown.look()["faults"]), style
