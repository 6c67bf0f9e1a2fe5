"""Nothing on a wall is taken for the present that is not; each trouble has its own sign.

Also about this: a server that is killed, frozen or away for twelve hours, and a bus that is away,
each with its banner and its return (test_outages.py); no data is no zero and nothing green, a
source that is not connected, a panel whose own code fails, a frozen camera, a display whose clock
is wrong from the beginning (test_wall.py); a browser that blocks sound (test_alarm.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from commandcenter.reading import Reading
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import CONFIG, HD, Screen, Site
from tests.web.test_wall import GREENS

PICTURE = 'picture = ["quick elsewhere"]'
SIDE_BY_SIDE = 'picture = ["masthead masthead masthead", "quick network cctv"]'
# The display's own clock, which the test may set.
CLOCK = """
window.wrong = Number(sessionStorage.wrong || 0);
const Real = Date;
window.Date = class extends Real {
  constructor(...told) { told.length ? super(...told) : super(Real.now() + window.wrong); }
  static now() { return Real.now() + window.wrong; }
};
"""
# Every 10 ms: by how much is anything older that says it is fresh? What a busy machine gives the
# page no turn for, nothing on the page can help.
PROBE = """
window.looks = 0;
window.worst = -Infinity;
let looked = Date.now();
setInterval(() => {
  const turnless = Date.now() - looked;
  looked = Date.now();
  for (const element of document.querySelectorAll('[data-state="fresh"][data-late-at]')) {
    window.looks += 1;
    window.worst = Math.max(window.worst, looked - Number(element.dataset.lateAt) - turnless);
  }
}, 10);
"""


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A quick source, whose data are stale after three seconds, beside slow ones."""
    config = CONFIG.replace(PICTURE, SIDE_BY_SIDE)
    found = Site(tmp_path_factory.mktemp("site"), module_redis.url, config)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def screen(chromium: Browser, site: Site) -> Iterator[Screen]:
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        page = context.new_page()
        page.add_init_script(CLOCK)
        yield Screen(page, site)


def tell(site: Site, title: str = "Lampu jalan padam") -> None:
    site.publish("quick", [samples.complaint(1, title=title, feed="quick")])


def look(screen: Screen, panel: str) -> dict[str, str]:
    """How a card looks: its dot, how its inside is dimmed, and what it says."""
    found: dict[str, str] = screen.page.evaluate(
        """(panel) => {
          const card = document.querySelector(`[data-panel="${panel}"]`);
          const body = getComputedStyle(card.querySelector(".body"));
          const dot = getComputedStyle(card.querySelector("header .dot")).backgroundColor;
          return { dot, opacity: body.opacity, filter: body.filter, text: card.innerText };
        }""",
        panel,
    )
    return found


# --- something is gone ---------------------------------------------------------------------------

Outage = Callable[[Site, RedisProcess], None]
OUTAGES: dict[str, tuple[Outage, Outage]] = {
    "server killed": (lambda site, _: site.stop(), lambda site, _: site.start()),
    "server frozen": (lambda site, _: site.freeze(), lambda site, _: site.thaw()),
    "bus gone": (lambda _, redis: redis.stop(), lambda _, redis: redis.start()),
    "source gone": (lambda *_: None, lambda *_: None),
}


@pytest.mark.parametrize(("falls", "returns"), OUTAGES.values(), ids=OUTAGES.keys())
def test_old_values_stay_in_sight_but_dimmed_with_since_when_and_heal(
    screen: Screen, site: Site, module_redis: RedisProcess, falls: Outage, returns: Outage
) -> None:
    site.publish("network", [samples.device(1)])
    tell(site)
    screen.open("/wall/samping")
    tell(site)
    screen.until_state("quick", "fresh")
    assert look(screen, "quick")["dot"] in GREENS
    falls(site, module_redis)
    screen.until_state("quick", "stale", seconds=10)
    old = look(screen, "quick")
    returns(site, module_redis)
    assert "Lampu jalan padam" in old["text"]
    assert "sejak " in old["text"]
    assert " WIB" in old["text"]
    assert (old["opacity"], old["filter"]) == ("0.38", "grayscale(1)")
    assert old["dot"] not in GREENS
    assert screen.state("network") == "fresh"  # its own time has not come
    screen.until_no_banner(seconds=10)
    tell(site, "Lampu jalan menyala")
    screen.until_state("quick", "fresh", seconds=10)
    well = look(screen, "quick")
    assert "Lampu jalan menyala" in well["text"]
    assert (well["opacity"], well["filter"]) == ("1", "none")


def test_nothing_says_fresh_for_an_instant_longer_than_it_is(screen: Screen, site: Site) -> None:
    screen.page.add_init_script(PROBE)
    tell(site)
    screen.open("/wall/samping")
    for phase in (0.1, 0.4, 0.75):  # of the second in which the page's clock ticks
        screen.until(f"Math.abs(Date.now() % 1000 - {phase * 1000}) < 60")
        screen.page.evaluate("window.looks = 0")
        tell(site)
        screen.until_state("quick", "fresh")
        screen.until_state("quick", "late")
        assert screen.page.evaluate("window.looks") > 10
        assert screen.page.evaluate("window.worst") <= 0


@pytest.mark.parametrize("event", ["visibilitychange", "pageshow", "resume"])
def test_a_page_that_is_seen_again_is_judged_before_its_timers_run(
    screen: Screen, site: Site, event: str
) -> None:
    screen.page.add_init_script(CLOCK)
    screen.open("/wall/samping")
    tell(site)
    screen.until_state("quick", "fresh")
    told = """event => {
        window.wrong = 3600000;  // an hour without a turn
        (event === "pageshow" ? window : document).dispatchEvent(new Event(event));
        return document.querySelector('[data-panel="quick"]').dataset.state;
    }"""
    assert screen.page.evaluate(told, event) == "stale"


# --- the display's own clock ---------------------------------------------------------------------


def wrong_by(screen: Screen, span: timedelta) -> None:
    screen.page.evaluate(f"window.wrong = {span.total_seconds() * 1000}")


def until_written_anew(screen: Screen) -> None:
    """Until the page's clock has ticked twice."""
    for _ in range(2):
        shown = screen.page.locator("time[data-clock]").inner_text()
        expect(screen.page.locator("time[data-clock]")).not_to_have_text(shown)


def test_a_clock_that_is_wrong_is_told_in_the_corner_until_it_is_right(
    screen: Screen, site: Site
) -> None:
    site.publish("network", [samples.device(1)])
    screen.open("/wall/samping")
    told = screen.page.locator("#signs [data-sign=clock]")
    expect(told).not_to_be_attached()
    wrong_by(screen, timedelta(hours=1, minutes=2))
    expect(told).to_have_text("Jam layar ini meleset 1 jam 2 mnt")
    expect(told).to_be_visible()
    until_written_anew(screen)
    assert screen.state("network") == "fresh"
    assert look(screen, "network")["dot"] in GREENS
    wrong_by(screen, timedelta(seconds=-50))
    expect(told).to_have_text("Jam layar ini meleset 1 mnt")
    wrong_by(screen, timedelta())
    expect(told).not_to_be_attached()


def test_a_clock_that_is_set_back_while_the_server_is_gone_makes_nothing_young_again(
    screen: Screen, site: Site
) -> None:
    tell(site)
    screen.open("/wall/samping")
    screen.until_state("quick", "stale", seconds=10)
    site.freeze()
    try:
        screen.until_banner("Terputus sejak ", seconds=6)
        wrong_by(screen, timedelta(hours=-1))
        until_written_anew(screen)
        assert screen.state("quick") == "stale"
    finally:
        site.thaw()


def test_what_came_before_the_machine_slept_makes_nothing_young_again(
    screen: Screen, site: Site
) -> None:
    heard: list[tuple[WebSocketRoute, str | bytes]] = []
    screen.page.route_web_socket(re.compile("/live"), lambda socket: pass_on(socket, heard))
    site.publish("network", [samples.device(1)])
    screen.open("/wall/samping")
    screen.until_state("network", "fresh")
    until_written_anew(screen)  # the server speaks every second
    site.freeze()
    try:
        wrong_by(screen, timedelta(hours=1))  # so long the steady clock stood still
        screen.until_state("network", "stale")
        screen.page.evaluate(NOTE_FRESH, "network")
        socket, message = heard[-1]
        socket.send(message)  # it had waited in the connection
        until_written_anew(screen)
        assert screen.page.evaluate("window.saidFresh") is False
    finally:
        site.thaw()
    site.publish("network", [samples.device(1)])
    screen.until_state("network", "fresh", seconds=10)


NOTE_FRESH = """(panel) => {
  const card = document.querySelector(`[data-panel="${panel}"]`);
  window.saidFresh = false;
  const note = () => (window.saidFresh = window.saidFresh || card.dataset.state === "fresh");
  new MutationObserver(note).observe(card, { attributes: true });
}"""


def pass_on(socket: WebSocketRoute, heard: list[tuple[WebSocketRoute, str | bytes]]) -> None:
    """Everything, and note what the page is told."""
    server = socket.connect_to_server()

    def tell_page(message: str | bytes) -> None:
        heard.append((socket, message))
        socket.send(message)

    server.on_message(tell_page)


# --- cameras -------------------------------------------------------------------------------------


def picture(grey: int) -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((36, 64, 3), grey, dtype=np.uint8))[1])


def seen(number: int, seconds_ago: float) -> Reading:
    """A camera that says so of its newest picture."""
    told = samples.camera(0)
    assert told.value is not None
    told.value.update(picture=number, captured_at=samples.from_now(-seconds_ago))
    return told


def test_a_camera_is_no_fresher_than_the_picture_that_is_seen(screen: Screen, site: Site) -> None:
    now = samples.present()
    old = site.keep_picture("simpang-0", picture(60), now - timedelta(seconds=400))
    site.publish("cameras", [seen(old, 400)])
    screen.open("/wall/samping")
    tile = screen.page.locator('[data-camera="simpang-0"]')
    screen.until('document.querySelector("canvas[data-shown]")')
    expect(tile).to_have_attribute("data-state", "late")
    new = old + 400_000_000
    screen.page.route(f"**/{new}/*.jpg", lambda route: route.abort())  # it does not come through
    site.publish("cameras", [seen(new, 0)])
    expect(tile.locator("canvas")).to_have_attribute("data-picture", f"/snapshots/simpang-0/{new}")
    until_written_anew(screen)
    expect(tile).to_have_attribute("data-state", "late")
    expect(tile.locator(".age")).to_have_text("6 mnt lalu")
    site.keep_picture("simpang-0", picture(200), now)
    screen.page.unroute(f"**/{new}/*.jpg")
    expect(tile).to_have_attribute("data-state", "fresh")
    expect(tile.locator(".age")).to_contain_text("dtk lalu")
