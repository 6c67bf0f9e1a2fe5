"""The console by touch: a tablet lying and standing, and a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator

Seat = Callable[..., Operator]
SMALL = """() => [...document.querySelectorAll("main :is(button, select, input, textarea, a)")]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
    .map((e) => e.outerHTML.slice(0, 90))"""


def test_a_tablet_takes_an_incident_by_touch_alone(desk: Desk, sit_down: Seat) -> None:
    number = desk.happen("rtr-dinkes")
    tablet = sit_down(820, 1180, has_touch=True, is_mobile=True).open()
    page = tablet.page
    expect(page.locator(".side")).not_to_be_visible()
    tablet.row(number).tap()
    expect(tablet.title).to_have_text("Tautan rtr-dinkes putus")
    tablet.button("acknowledge").tap()
    expect(page.locator(".detail .now")).to_have_text("ditangani oleh operator 1")
    page.locator(".back").tap()
    expect(page.locator(".side")).not_to_be_visible()
    expect(tablet.row(number).locator(".who")).to_have_text("operator 1")


@pytest.mark.parametrize(("width", "height"), [(1180, 820), (820, 1180), (390, 844)])
def test_whatever_is_to_be_touched_is_44_pixels_high_and_nothing_runs_out(
    desk: Desk, sit_down: Seat, width: int, height: int
) -> None:
    number = desk.happen("rtr-dinkes", title="Tautan " + "sangat panjang " * 9, level="warning")
    tablet = sit_down(width, height, has_touch=True, is_mobile=True).open()
    page = tablet.page
    tablet.row(number).locator("[data-pick]").tap()
    assert page.evaluate(SMALL) == []
    tablet.row(number).tap()
    expect(tablet.title).to_be_visible()
    expect(page.locator(".log .step")).to_have_count(1)
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_menu_of_a_narrow_screen_leads_to_every_section(desk: Desk, sit_down: Seat) -> None:
    page = sit_down(820, 1180, has_touch=True, is_mobile=True).open().page
    page.locator(".menu").tap()
    page.get_by_role("link", name="Pemeliharaan").tap()
    expect(page.locator(".maintenance .calendar")).to_be_visible()
    expect(page.get_by_role("link", name="Pemeliharaan")).not_to_be_visible()
