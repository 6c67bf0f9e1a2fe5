"""A new critical incident calls once, with sound and a notification, if somebody asked for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator

# Notifications of a browser without a desktop are seen nowhere else; tones are counted by pairs.
EARS = """
window.told = [];
window.asked = 0;
window.Notification = class {
  constructor(title, { body, tag }) { window.told.push([title, body, tag]); }
  static permission = "default";
  static async requestPermission() { window.asked += 1; this.permission = "granted"; }
};
window.tones = 0;
const start = AudioScheduledSourceNode.prototype.start;
AudioScheduledSourceNode.prototype.start = function (...when) {
  window.tones += 1;
  return start.apply(this, when);
};
"""


@pytest.fixture
def listener(desk: Desk, sit_down: Callable[..., Operator]) -> Operator:
    operator = sit_down()
    operator.page.add_init_script(EARS)
    return operator


def heard(operator: Operator) -> list[object]:
    return list(operator.page.evaluate("[window.told.length, window.tones]"))


def test_a_new_critical_one_is_told_once_and_what_was_there_before_is_not(
    desk: Desk, listener: Operator
) -> None:
    desk.happen("rtr-lama")
    page = listener.open().page
    page.locator(".call").click()
    expect(page.locator(".call")).to_have_text("Suara dan pemberitahuan hidup")
    assert heard(listener) == [0, 0]
    number = desk.happen("rtr-baru")
    page.wait_for_function("() => window.told.length === 1 && window.tones === 2")
    title, body, _ = page.evaluate("window.told[0]")
    assert (title, body) == ("Insiden kritis baru", "Tautan rtr-baru putus")
    desk.step("note", number, note="dilihat")
    warning = desk.happen("rtr-pelan", level="warning")
    expect(listener.row(warning)).to_be_visible()
    assert heard(listener) == [1, 2]


def test_nobody_is_asked_and_nothing_sounds_unless_the_button_was_pressed(
    desk: Desk, listener: Operator
) -> None:
    page = listener.open().page
    number = desk.happen("rtr-baru")
    expect(listener.row(number)).to_be_visible()
    assert heard(listener) == [0, 0]
    assert page.evaluate("window.asked") == 0


def test_what_falls_while_the_page_was_cut_off_calls_when_it_is_back(
    desk: Desk, listener: Operator
) -> None:
    page = listener.open().page
    page.locator(".call").click()
    desk.site.freeze()
    try:
        page.wait_for_function("() => document.body.dataset.connection === 'lost'")
        desk.happen("rtr-baru")
    finally:
        desk.site.thaw()
    page.wait_for_function("() => window.told.length === 1")


def test_the_title_of_the_page_counts_those_who_wait(desk: Desk, listener: Operator) -> None:
    page = listener.open().page
    expect(page).to_have_title("Insiden")
    first = desk.happen("rtr-a")
    desk.happen("rtr-b", level="warning")
    expect(page).to_have_title("(2) Insiden")
    desk.step("acknowledge", first)
    expect(page).to_have_title("(1) Insiden")
