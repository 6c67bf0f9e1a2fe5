"""A wall that nobody touches for weeks: it cures itself, keeps its hour and burns nothing in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from playwright.sync_api import Browser, Page

from commandcenter.web.live import LONGEST_WORD
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import CONFIG, HD, READY, Screen, Site

pytestmark = pytest.mark.long  # each waits for clocks of the page

# Counts how often the page was loaded, and how often it asked whether the server is there; `shift`
# moves the steady clock on, as if everything had stood still meanwhile.
HANDS = """
sessionStorage.loads = 1 + Number(sessionStorage.loads || 0);
window.shift = 0;
const steady = performance.now.bind(performance);
performance.now = () => steady() + window.shift;
window.asked = 0;
const ask = window.fetch;
window.fetch = (address, ...how) => {
  if (address === "/healthz") window.asked += 1;
  return ask(address, ...how);
};
"""
# The watchdog, which looks every two seconds, looks every 20 ms; its looks are counted.
HASTE = """
window.looks = 0;
const every = window.setInterval;
window.setInterval = (work, ms, ...told) =>
  ms === 2000 ? every(() => { window.looks += 1; work(); }, 20) : every(work, ms, ...told);
"""
# The first page that is loaded has been there for eleven minutes; later ones are as young as they
# are.
OLD = "if (sessionStorage.loads === '1') window.shift = 11 * 60000;"


@pytest.fixture
def screen(chromium: Browser, site: Site) -> Iterator[Screen]:
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        page = context.new_page()
        page.add_init_script(HANDS)
        yield Screen(page, site)


def loads(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.loads)"))


def until_loaded_again(screen: Screen, times: int = 2) -> None:
    """Until the page was loaded so often, and shows everything."""
    screen.until(f"Number(sessionStorage.loads) >= {times}", seconds=20)
    screen.until(READY, seconds=20)
    assert loads(screen.page) == times


def stand_still(screen: Screen, seconds: float) -> None:
    """As long as this the event loop did nothing; returns when the watchdog has looked."""
    before = screen.page.evaluate("commandcenter.stalls()")
    screen.page.evaluate(f"window.shift += {seconds} * 1000")
    screen.until(f"commandcenter.stalls() > {before}", seconds=10)


# --- the watchdog --------------------------------------------------------------------------------


def test_a_page_that_stood_still_for_more_than_a_minute_is_loaded_anew(screen: Screen) -> None:
    screen.open()
    screen.page.evaluate("window.shift += 63000")
    until_loaded_again(screen)


def test_of_short_stalls_it_takes_three(screen: Screen) -> None:
    screen.open()
    stand_still(screen, 13)
    stand_still(screen, 13)
    assert loads(screen.page) == 1
    screen.page.evaluate("window.shift += 13000")
    until_loaded_again(screen)


def test_no_page_is_loaded_anew_twice_within_five_minutes(screen: Screen) -> None:
    screen.open()
    screen.page.evaluate("window.shift += 63000")
    until_loaded_again(screen)
    stand_still(screen, 63)
    assert screen.page.evaluate("window.asked") == 0
    screen.page.evaluate("sessionStorage['commandcenter.reloaded'] -= 5 * 60000")
    screen.page.evaluate("window.shift += 63000")
    until_loaded_again(screen, 3)


def test_while_the_server_is_gone_the_page_stays_with_what_it_shows(
    screen: Screen, site: Site
) -> None:
    site.publish("incidents", [samples.incident(1)])
    screen.open()
    site.stop()
    stand_still(screen, 63)
    screen.until("window.asked === 1")
    screen.until_banner("Terputus sejak ", seconds=10)
    assert screen.page.locator('[data-incident="1"]').count() == 1
    site.start()
    screen.until_no_banner(seconds=10)
    assert loads(screen.page) == 1


def test_a_hidden_page_may_rest(screen: Screen) -> None:
    screen.page.add_init_script(HASTE)
    screen.open()
    screen.page.evaluate(
        """Object.defineProperty(document, "visibilityState", { value: "hidden" });
        window.requestAnimationFrame = () => 0;
        window.shift += 600000;
        window.looks = 0;"""
    )
    screen.until("window.looks > 30")
    assert screen.page.evaluate("[commandcenter.stalls(), window.asked]") == [0, 0]
    assert loads(screen.page) == 1


def test_a_browser_that_draws_no_frames_is_given_a_new_page(screen: Screen) -> None:
    screen.page.add_init_script(HASTE)
    screen.open()
    screen.page.evaluate("window.looks = 0")
    screen.until("window.looks > 30")
    assert loads(screen.page) == 1  # it draws
    screen.page.evaluate("window.requestAnimationFrame = () => 0")
    until_loaded_again(screen)


def test_when_a_new_page_draws_no_frames_either_it_asks_for_a_new_browser(screen: Screen) -> None:
    screen.page.add_init_script(HASTE)
    screen.page.add_init_script("window.requestAnimationFrame = () => 0")
    screen.site.let_in(screen.page.context)
    screen.page.goto(screen.site.address + "/wall/utama")
    wish = "() => document.documentElement.dataset.restart === 'it draws no frames'"
    screen.page.wait_for_function(wish, polling=100, timeout=20_000)
    assert loads(screen.page) == 2


def test_a_drawing_that_does_not_arrive_on_the_page_is_missed(screen: Screen) -> None:
    screen.page.add_init_script(HASTE)
    screen.open()
    screen.page.evaluate("window.looks = 0")
    screen.until("window.looks > 30")
    assert loads(screen.page) == 1  # what was handed over is there
    screen.page.evaluate("commandcenter.handed = { incidents: 1234567 }")
    until_loaded_again(screen)


def test_one_error_after_another_is_cured_and_a_few_are_not(screen: Screen) -> None:
    screen.open()
    throw = "for (let n = 0; n < {}; n++) dispatchEvent(new ErrorEvent('error', {{message: 'x'}}))"
    screen.page.evaluate(throw.format(20))
    assert screen.page.evaluate("window.asked") == 0
    screen.page.evaluate("setTimeout(() => Promise.reject(new Error('one more')))")
    until_loaded_again(screen)


# --- the quiet hour ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiet_site(
    module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site whose quiet hour has just begun."""
    hour = (samples.present() + timedelta(hours=7)).strftime("%H:%M:00")
    config = CONFIG.replace('name = "utama"', f'name = "utama"\nreload_at = {hour}')
    found = Site(tmp_path_factory.mktemp("quiet"), module_redis.url, config)
    found.start()
    yield found
    found.stop()


def test_at_its_quiet_hour_a_wall_is_loaded_anew_and_only_once(
    screen: Screen, quiet_site: Site
) -> None:
    screen.page.add_init_script(OLD + "Math.random = () => 0;" + HASTE)
    screen.site = quiet_site
    quiet_site.let_in(screen.page.context)
    screen.page.goto(quiet_site.address + "/wall/utama")
    until_loaded_again(screen)
    screen.page.evaluate("window.looks = 0; delete sessionStorage['commandcenter.reloaded']")
    screen.until("window.looks > 30")
    assert loads(screen.page) == 2


def test_the_walls_of_a_house_are_not_loaded_all_at_once(screen: Screen, quiet_site: Site) -> None:
    screen.page.add_init_script(OLD + "Math.random = () => 0.999;" + HASTE)
    screen.site = quiet_site
    screen.open()
    screen.page.evaluate("window.looks = 0")
    screen.until("window.looks > 30")
    assert loads(screen.page) == 1  # its own turn comes in five minutes
    screen.page.evaluate(
        "const now = commandcenter.now; commandcenter.now = () => now() + 5 * 60000"
    )
    until_loaded_again(screen)


# --- burn-in -------------------------------------------------------------------------------------

# Where the wall is in each minute of an hour, and whether anything is cut off.
AN_HOUR = """async () => {
  const began = commandcenter.now();
  const found = [];
  for (let minute = 0; minute < 60; minute++) {
    commandcenter.now = () => began + minute * 60000;
    const before = window.looks;
    while (window.looks < before + 2) await new Promise((then) => setTimeout(then, 5));
    const wall = document.getElementById("wall").getBoundingClientRect();
    const inside = [...document.querySelectorAll("#wall > .card, #corner")].every((element) => {
      const box = element.getBoundingClientRect();
      return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
    });
    const page = document.documentElement;
    const scrolls = page.scrollWidth > innerWidth || page.scrollHeight > innerHeight;
    found.push({ x: wall.x, y: wall.y, inside, scrolls });
  }
  return found;
}"""


@pytest.mark.parametrize("size", [HD, (1080, 1920)])
def test_the_picture_wanders_a_pixel_or_two_a_minute_and_stays_whole(
    screen: Screen, size: tuple[int, int]
) -> None:
    screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    screen.page.add_init_script(HASTE)
    screen.open()
    hour = screen.page.evaluate(AN_HOUR)
    assert all(place["inside"] and not place["scrolls"] for place in hour)
    assert len({(place["x"], place["y"]) for place in hour}) >= 12
    rem = float(
        screen.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    )
    for axis, far in (("x", 0.7), ("y", 0.33)):
        at = [place[axis] for place in hour]
        steps = [abs(b - a) for a, b in zip(at, at[1:] + at[:1], strict=True)]
        assert max(steps) <= 1 + rem / 16
        assert far * rem - 2 <= max(at) - min(at) <= far * rem + 1


# --- the report ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/wall/utama", "/console"])
def test_when_the_server_asks_a_wall_reports_how_it_is_and_a_desk_that_it_is_there(
    screen: Screen, path: str
) -> None:
    screen.page.add_init_script(
        """window.said = [];
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (text) {
          window.said.push(text);
          send.call(this, text);
        };
        """
    )
    screen.open(path)
    screen.until("window.said.length > 0", seconds=15)
    said = str(screen.page.evaluate("window.said[0]"))
    if path == "/console":
        assert said == "here"
        return
    told = orjson.loads(said)
    assert len(said.encode()) <= LONGEST_WORD
    assert (told["w"], told["h"], told["dpr"]) == (*HD, 1)
    assert told["memory"] > 1_000_000
    assert abs(told["offset"]) < 1000
    assert (told["scene"], told["stalls"]) == ("utama", 0)
    assert told["sound"] in ("on", "blocked")
