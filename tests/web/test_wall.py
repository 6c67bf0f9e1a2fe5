"""The wall in a real browser: what is told is shown, and nothing is shown that nobody told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from commandcenter.reading import Origin
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import HD, Screen, Site

PANELS = ("masthead", "summary", "network", "attendance", "incidents", "complaints", "cctv")
GREENS = ("rgb(53, 194, 141)", "rgb(44, 143, 108)")  # --ok and --ok-quiet of assets/theme.css
VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


def panel(page: Page, name: str) -> str:
    return page.locator(f'[data-panel="{name}"]').inner_text()


def publish_everything(site: Site, offices: int = 61) -> None:
    for feed, readings in samples.everything(offices).items():
        site.publish(feed, readings)


def test_no_data_yet_is_none_and_shows_no_zero_and_nothing_green(screen: Screen) -> None:
    # This one must be the first of the file: the site has heard nothing.
    page = screen.open().page
    assert [screen.state(name) for name in PANELS] == ["none"] * len(PANELS)
    told = " ".join(panel(page, name) for name in PANELS if name != "masthead")
    assert "belum ada data" in told
    assert not re.search(r"\d", told)
    assert "Tidak ada" not in told  # "no incidents" would be good news
    colours = page.evaluate(
        """() => [...document.querySelectorAll(".wall *")].flatMap((e) => {
             const style = getComputedStyle(e), seen = e.getBoundingClientRect().width > 0;
             return seen ? [style.color, style.backgroundColor, style.borderLeftColor] : [];
           })"""
    )
    assert not set(colours) & set(GREENS)


def test_a_source_that_is_not_configured_is_disconnected(screen: Screen) -> None:
    screen.open("/wall/samping")
    screen.until_state("elsewhere", "disconnected")
    assert "belum terhubung" in panel(screen.page, "elsewhere")


def test_every_panel_and_camera_says_what_it_is_how_old_and_where_from(
    screen: Screen, site: Site
) -> None:
    publish_everything(site)
    page = screen.open().page
    for name in PANELS:
        screen.until_state(name, "fresh")
        root = page.locator(f'[data-panel="{name}"]')
        expect(root).to_have_attribute("data-origin", "live")
        expect(root).to_have_attribute("data-at", re.compile(r"^\d{4}-\d\d-\d\dT.*(\+00:00|Z)$"))
    tiles = page.locator("[data-camera]")
    assert tiles.count() == 24  # those that do not fit are there, too, hidden and counted
    for tile in tiles.all():
        assert re.fullmatch(r"simpang-\d+", tile.get_attribute("data-camera") or "")
        assert tile.get_attribute("data-state") in ("fresh", "stale")
        assert tile.get_attribute("data-origin") == "live"
        assert re.match(r"\d{4}-\d\d-\d\dT", tile.get_attribute("data-at") or "")


def test_a_frozen_camera_is_not_fresh_and_says_so_in_words(screen: Screen, site: Site) -> None:
    site.publish("cameras", [samples.camera(0, state="frozen"), samples.camera(1)])
    page = screen.open().page
    frozen = page.locator('[data-camera="simpang-0"]')
    expect(frozen).to_have_attribute("data-state", "stale")
    expect(frozen).to_contain_text("BEKU")
    expect(page.locator('[data-camera="simpang-1"]')).to_have_attribute("data-state", "fresh")


def test_a_camera_never_seen_has_no_state_but_none(screen: Screen, site: Site) -> None:
    site.publish("cameras", [samples.camera(0, state="unreachable")])
    page = screen.open().page
    tile = page.locator('[data-camera="simpang-0"]')
    expect(tile).to_have_attribute("data-state", "none")
    expect(tile).to_contain_text("PUTUS")


def test_a_picture_of_a_camera_is_drawn_on_its_canvas(screen: Screen, site: Site) -> None:
    red = np.full((36, 64, 3), (0, 0, 200), dtype=np.uint8)  # blue, green, red
    jpeg = cv2.imencode(".jpg", red)[1].tobytes()
    told = samples.camera(0)
    assert told.value is not None
    told.value["picture"] = site.keep_picture("simpang-0", jpeg)
    site.publish("cameras", [told])
    screen.open()
    pixel = """[...document.querySelector('[data-camera="simpang-0"] canvas')
               .getContext("2d").getImageData(5, 5, 1, 1).data]"""
    canvas = """document.querySelector('[data-camera="simpang-0"] canvas[data-shown]')"""
    screen.until(canvas)
    red_part, green_part, blue_part, _ = screen.page.evaluate(pixel)
    assert (red_part > 180, green_part < 30, blue_part < 30) == (True, True, True)


def test_what_a_feed_tells_is_on_the_wall_within_two_seconds(screen: Screen, site: Site) -> None:
    publish_everything(site)
    page = screen.open().page
    site.publish("incidents", [samples.incident(999, title="Tautan Kantor Camat Kumai putus")])
    expect(page.locator('[data-incident="999"]')).to_be_attached(timeout=2000)
    expect(page.locator('[data-figure="incidents"] .number')).to_contain_text("62", timeout=2000)
    site.publish("incidents", [samples.reading("incidents", "incident/999", None)])
    expect(page.locator('[data-incident="999"]')).not_to_be_attached(timeout=2000)


def test_a_link_that_goes_down_changes_its_square(screen: Screen, site: Site) -> None:
    publish_everything(site)
    page = screen.open().page
    square = page.locator('.cell[title^="Dinas Nomor 5 "]')
    expect(square).to_have_class("cell ok")
    site.publish("network", [samples.device(5, state="down")])
    expect(square).to_have_class("cell bad")


def test_a_scan_raises_the_number_of_those_present(screen: Screen, site: Site) -> None:
    publish_everything(site)
    page = screen.open().page
    number = page.locator('[data-figure="attendance"] .number')
    expect(number).to_contain_text("2.440")  # 61 offices with 40 each
    site.publish("attendance", [samples.office(1, present=41)])
    expect(number).to_contain_text("2.441")


def test_what_comes_from_a_demo_is_marked_so(screen: Screen, site: Site) -> None:
    told = samples.complaint(1, feed="quick")
    site.publish("quick", [replace(told, origin=Origin.DEMO)])
    page = screen.open("/wall/samping").page
    root = page.locator('[data-panel="quick"]')
    expect(root).to_have_attribute("data-origin", "demo")
    expect(root.locator("header .origin")).to_have_text("demo")
    assert root.locator("header .origin").evaluate("e => getComputedStyle(e).textTransform") == (
        "uppercase"
    )


@pytest.mark.asvs("1.2.3", "3.2.2")
def test_what_a_citizen_wrote_is_text_and_never_markup(screen: Screen, site: Site) -> None:
    nasty = '<script>window.bad = 1</script><img src=x onerror="window.bad = 1"> & "kutip"'
    site.publish("quick", [samples.complaint(1, title=nasty, feed="quick")])
    page = screen.open("/wall/samping").page
    expect(page.locator('[data-panel="quick"] strong').first).to_have_text(nasty)
    assert page.locator('[data-panel="quick"] img, [data-panel="quick"] script').count() == 0
    assert page.evaluate("window.bad") is None


def test_what_did_not_change_stays_the_very_same_on_the_page(screen: Screen, site: Site) -> None:
    site.publish("quick", [samples.complaint(n, title=f"Aduan {n}", feed="quick") for n in (1, 2)])
    page = screen.open("/wall/samping").page
    rows = page.locator('[data-panel="quick"] .row')
    expect(rows).to_have_count(2)
    changes = """new MutationObserver((all) => { for (const one of all) window.changed.add(
        (one.target.closest ? one.target : one.target.parentElement).closest(".row")); })"""
    page.evaluate(f"""window.changed = new Set(); window.watching = {changes};
        for (const row of document.querySelectorAll('[data-panel="quick"] strong'))
            watching.observe(row, {{ subtree: true, childList: true, characterData: true }})""")
    site.publish("quick", [samples.complaint(2, title="Lain sama sekali", feed="quick")])
    expect(rows.filter(has_text="Lain sama sekali")).to_have_count(1)
    assert page.evaluate("changed.size") == 1


@pytest.mark.asvs("14.2.3")
@pytest.mark.parametrize("path", ["/wall/utama", "/console"])
def test_a_page_complains_of_nothing_and_asks_nobody_else(
    screen: Screen, site: Site, path: str
) -> None:
    publish_everything(site)
    screen.page.add_init_script(VIOLATIONS)
    screen.open(path)
    screen.until('document.querySelectorAll("[data-incident]").length > 0')
    site.publish("incidents", [samples.incident(61, title="Satu lagi")])
    expect(screen.page.get_by_text("Satu lagi").first).to_be_attached()
    assert screen.complaints == []
    assert screen.foreign == []


def test_two_languages_have_their_own_words(screen: Screen, site: Site, chromium: Browser) -> None:
    publish_everything(site)
    screen.open()
    with chromium.new_context() as context:
        english = Screen(context.new_page(), site).open("/wall/utama?lang=en")
        expect(english.page.locator('[data-panel="complaints"] h2')).to_have_text(
            "Complaints queue"
        )
        expect(screen.page.locator('[data-panel="complaints"] h2')).to_have_text("Antrean aduan")
        site.publish("complaints", [samples.complaint_totals(1234)])
        there = english.page.locator('[data-panel="complaints"] .subtitle')
        here = screen.page.locator('[data-panel="complaints"] .subtitle')
        expect(there).to_have_text("1,234 open")
        expect(here).to_have_text("1.234 terbuka")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_display_whose_own_clock_is_wrong_judges_by_the_clock_of_the_server(
    screen: Screen, site: Site, hours: int
) -> None:
    screen.page.add_init_script(
        f"""(() => {{
          const Real = Date, wrong = {hours} * 3600000;
          window.Date = class extends Real {{
            constructor(...told) {{ told.length ? super(...told) : super(Real.now() + wrong); }}
            static now() {{ return Real.now() + wrong; }}
          }};
        }})()"""
    )
    publish_everything(site)
    screen.open("/wall/samping")
    site.publish("quick", [samples.complaint(1, feed="quick")])
    screen.until_state("quick", "fresh", seconds=2)
    screen.open("/wall/utama")
    hour, minute, _ = screen.page.locator("time[data-clock]").inner_text().split(":")
    local = samples.present() + timedelta(hours=7)
    assert (local.hour * 60 + local.minute - int(hour) * 60 - int(minute)) % 1440 in (0, 1)


def test_a_panel_that_cannot_be_drawn_says_so_and_disturbs_no_other(
    screen: Screen, site: Site
) -> None:
    publish_everything(site)
    page = screen.open().page
    site.publish("incidents", [samples.reading("incidents", "incident/777", {"number": 777})])
    trouble = page.locator('[data-panel="incidents"] .trouble')
    expect(trouble).to_contain_text("gagal digambar")
    assert screen.state("incidents") == "none"
    site.publish("network", [samples.device(7, state="down")])
    expect(page.locator('.cell[title^="Dinas Nomor 7 "]')).to_have_class("cell bad")
    site.publish("incidents", [samples.reading("incidents", "incident/777", None)])
    expect(trouble).not_to_be_attached()
    screen.until_state("incidents", "fresh", seconds=2)
    assert site.log().count("panel incidents cannot be drawn") == 1


def test_data_turns_late_and_then_stale_by_the_clock_of_the_browser_when_the_server_is_gone(
    chromium: Browser, module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = Site(tmp_path_factory.mktemp("gone"), module_redis.url)
    site.start()
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        screen = Screen(context.new_page(), site).open("/wall/samping")
        site.publish("quick", [samples.complaint(1, feed="quick")])
        screen.until_state("quick", "fresh", seconds=1.4)
        site.stop()
        screen.until_state("quick", "late", seconds=3)
        screen.until_state("quick", "stale", seconds=3)
        assert "sejak" in panel(screen.page, "quick")
