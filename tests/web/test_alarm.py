"""The wall's sound: heard while a critical incident waits for somebody, and never else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from commandcenter.reading import Reading
from tests.web import samples
from tests.web.conftest import CHROMIUM, CONFIG, HD, SWITCHES, Screen, Site

LOUD = "--autoplay-policy=no-user-gesture-required"  # as setup/kiosk starts it
# A chime is two oscillators that are started together.
EARS = """
window.chimes = 0;
const start = AudioScheduledSourceNode.prototype.start;
let struck = -Infinity;
AudioScheduledSourceNode.prototype.start = function (...when) {
  if (performance.now() - struck > 100) window.chimes += 1;
  struck = performance.now();
  return start.apply(this, when);
};
window.contexts = 0;
window.AudioContext = class extends AudioContext {
  constructor(...how) {
    super(...how);
    window.contexts += 1;
  }
  createGain() { // of all gains this one is the volume
    return (window.volume = super.createGain());
  }
};
"""
# The display's own clock, to be moved on by the test: alarms count by it.
CLOCK = """
window.forward = 0;
const Real = Date;
window.Date = class extends Real {
  constructor(...told) { told.length ? super(...told) : super(Real.now() + window.forward); }
  static now() { return Real.now() + window.forward; }
};
"""
BLOCKED = "Suara diblokir peramban"
TELLS_THE_SIGN = """
const watching = setInterval(() => {
  const sign = document.querySelector("#signs [data-sign=sound]");
  if (sign) console.log("sound: " + sign.textContent) || clearInterval(watching);
}, 100);
"""


@pytest.fixture(scope="module")
def loud() -> Iterator[Browser]:
    """A browser that may sound without being touched."""
    with sync_playwright() as playwright:
        program = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=program, args=[*SWITCHES, LOUD])
        yield browser
        browser.close()


@pytest.fixture
def quiet(loud: Browser) -> Iterator[Browser]:
    """A browser that does not let pages sound before somebody touches them: Chromium's own way.
    Two Playwrights cannot be started in one thread, so it comes from the same one."""
    switches = [switch for switch in SWITCHES if "autoplay" not in switch]
    program = str(CHROMIUM) if CHROMIUM.exists() else None
    browser = loud.browser_type.launch(executable_path=program, args=switches)
    yield browser
    browser.close()


def listening(browser: Browser, site: Site) -> Screen:
    context = browser.new_context(viewport={"width": HD[0], "height": HD[1]})
    page = context.new_page()
    page.add_init_script(CLOCK + EARS)
    return Screen(page, site).watch()


@pytest.fixture(autouse=True)
def no_incident(site: Site) -> None:
    """What the test before has left is over."""
    site.publish("incidents", [samples.reading("incidents", f"incident/{n}", None) for n in (1, 2)])


@pytest.fixture
def screen(loud: Browser, site: Site) -> Iterator[Screen]:
    found = listening(loud, site)
    yield found
    found.page.context.close()


def taken(number: int) -> Reading:
    """An incident after an operator has acknowledged it."""
    told = samples.incident(number)
    assert told.value is not None
    told.value.update(acknowledged_at=samples.from_now(0), acknowledged_by="operator 1")
    return told


def until_chimes(screen: Screen, count: int) -> None:
    screen.until(f"window.chimes >= {count}", seconds=45)
    assert screen.page.evaluate("window.chimes") == count


def forward(screen: Screen, seconds: float) -> None:
    screen.page.evaluate(f"window.forward += {seconds} * 1000")


def look_again(screen: Screen) -> None:
    """What the page does every second, five times at once."""
    stage = "document.dispatchEvent(new CustomEvent('stage', {detail: commandcenter.stage}))"
    screen.page.evaluate(f"for (let n = 0; n < 5; n++) {stage}")


@pytest.mark.long  # on a machine that starves the page of time it has failed once
def test_a_critical_incident_is_heard_at_once_and_then_once_a_minute_until_it_is_taken(
    screen: Screen, site: Site
) -> None:
    screen.open()
    site.publish("incidents", [samples.incident(1)])
    until_chimes(screen, 1)
    forward(screen, 55)
    look_again(screen)
    assert screen.page.evaluate("window.chimes") == 1
    forward(screen, 6)
    until_chimes(screen, 2)
    site.publish("incidents", [taken(1)])
    screen.until("commandcenter.stage.alarms === 0")
    forward(screen, 3600)
    look_again(screen)
    assert screen.page.evaluate("window.chimes") == 2
    assert screen.page.evaluate("window.contexts") == 1


@pytest.mark.long
def test_a_second_incident_within_the_minute_is_not_heard_before_it_is_over(
    screen: Screen, site: Site
) -> None:
    screen.open()
    site.publish("incidents", [samples.incident(1)])
    until_chimes(screen, 1)
    site.publish("incidents", [samples.incident(2)])
    screen.until("commandcenter.stage.alarms === 2")
    look_again(screen)
    assert screen.page.evaluate("window.chimes") == 1
    forward(screen, 61)
    until_chimes(screen, 2)


@pytest.mark.long
def test_a_reload_does_not_sound_again(screen: Screen, site: Site) -> None:
    screen.open()
    site.publish("incidents", [samples.incident(1)])
    until_chimes(screen, 1)
    screen.page.reload()
    screen.until("window.commandcenter?.stage?.alarms === 1 && commandcenter.sound() === 'on'")
    screen.until("document.body.dataset.connection === 'live'")
    look_again(screen)
    assert screen.page.evaluate("window.chimes") == 0  # of the new page
    forward(screen, 61)
    until_chimes(screen, 1)


def test_acknowledging_silences_a_chime_that_is_still_in_the_air(
    screen: Screen, site: Site
) -> None:
    screen.open()
    site.publish("incidents", [samples.incident(1)])
    until_chimes(screen, 1)
    screen.until("window.volume.gain.value > 0.2")
    site.publish("incidents", [taken(1)])
    screen.until("window.volume.gain.value < 0.01", seconds=2)


@pytest.mark.long
def test_between_chimes_the_sound_card_rests(screen: Screen, site: Site) -> None:
    screen.open()
    screen.until("window.volume && window.volume.context.state === 'suspended'")
    site.publish("incidents", [samples.incident(1)])
    screen.until("window.volume.context.state === 'running'")
    screen.until("window.volume.context.state === 'suspended'")
    assert screen.page.locator("[data-sign=sound]").count() == 0


@pytest.mark.long
def test_a_warning_is_not_heard(screen: Screen, site: Site) -> None:
    screen.open()
    site.publish("incidents", [samples.incident(1, level="warning")])
    expect(screen.page.locator('[data-incident="1"]')).to_be_attached()
    look_again(screen)
    assert screen.page.evaluate("window.chimes") == 0
    site.publish("incidents", [samples.incident(2)])
    until_chimes(screen, 1)


@pytest.mark.long
def test_a_wall_without_a_server_is_silent_and_is_heard_again_afterwards(
    loud: Browser, site: Site
) -> None:
    screen = listening(loud, site).open()
    site.publish("incidents", [samples.incident(1)])
    until_chimes(screen, 1)
    site.freeze()
    try:
        screen.until("document.body.dataset.connection === 'lost'", seconds=6)
        forward(screen, 61)
        look_again(screen)
        assert screen.page.evaluate("window.chimes") == 1
    finally:
        site.thaw()
    until_chimes(screen, 2)
    screen.page.context.close()


def test_what_the_browser_blocks_is_told_in_the_corner_until_somebody_presses_a_key(
    quiet: Browser, site: Site
) -> None:
    site.publish("incidents", [samples.incident(1)])
    screen = listening(quiet, site)
    screen.page.add_init_script(TELLS_THE_SIGN)
    site.let_in(screen.page.context)
    # Whatever Playwright evaluates counts as a touch, so nothing is asked until the page has told.
    with screen.page.expect_console_message(lambda said: said.text == f"sound: {BLOCKED}"):
        screen.page.goto(f"{site.address}/wall/utama")
    sign = screen.page.locator("#signs [data-sign=sound]")
    expect(sign).to_have_text(BLOCKED)
    expect(sign).to_be_visible()
    assert screen.page.evaluate("[commandcenter.sound(), window.chimes]") == ["blocked", 0]
    screen.page.keyboard.press("Shift")
    expect(sign).not_to_be_attached()
    until_chimes(screen, 1)  # the alarm that could not be heard
    assert screen.page.evaluate("commandcenter.sound()") == "on"


@pytest.mark.long
def test_a_wall_that_shall_not_sound_does_not_and_does_not_even_ask(
    loud: Browser, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    silent = CONFIG.replace('name = "utama"', 'name = "utama"\nsound = false')
    other = Site(tmp_path_factory.mktemp("silent"), site.redis_url, silent)
    other.start()
    try:
        other.publish("incidents", [samples.incident(1)])
        screen = listening(loud, other).open()
        screen.until("commandcenter.stage.alarms === 1")
        look_again(screen)
        told = screen.page.evaluate("[commandcenter.sound(), window.contexts, window.chimes]")
        assert told == ["off", 0, 0]
    finally:
        other.stop()
