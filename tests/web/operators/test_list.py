"""The list: order, what moves and what must not, and ten thousand rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from commandcenter.reading import Reading
from tests.web import samples
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import LIVE, Operator

MANY = 10_000
SETTLED = """() => document.querySelector(".space").getAnimations({ subtree: true })
    .every((one) => one.animationName)"""  # what slides has arrived; what fades in does not move
FIRST = 1_000_000  # numbers that the records do not give


def test_what_a_person_must_see_first_is_on_top(desk: Desk, operator: Operator) -> None:
    taken = desk.happen("rtr-lama")
    desk.step("acknowledge", taken)
    warning = desk.happen("rtr-pelan", level="warning")
    critical = desk.happen("rtr-mati")
    later = desk.happen("rtr-mati-juga")
    operator.open()
    operator.until_shown(critical, later, warning, taken)
    assert operator.shown() == [critical, later, warning, taken]
    expect(operator.page.locator(".badge")).to_have_text("3")


def test_a_row_says_what_how_bad_where_who_and_since_when(desk: Desk, operator: Operator) -> None:
    there = [{"feed": "cameras", "key": f"camera/{n}", "name": str(n)} for n in range(4)]
    number = desk.happen("rtr-utara", affected=there, flapping=True, detail="Telkomsel")
    operator.open()
    row = operator.row(number)
    expect(row.get_by_role("img", name="kritis")).to_be_visible()
    expect(row).to_contain_text("≈ naik-turun")
    expect(row).to_contain_text("Telkomsel · 4 perangkat ikut terdampak")
    expect(row.locator(".domain")).to_have_text("Jaringan")
    expect(row.locator("time")).to_contain_text("dtk")


def test_a_title_with_markup_is_text(desk: Desk, operator: Operator) -> None:
    evil = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
    number = desk.happen("rtr-jahat", title=evil, detail=evil, runbook="javascript:window.hit=1")
    desk.step("note", number, note=evil)
    operator.open().take_up(number)
    expect(operator.row(number).locator("strong")).to_have_text(evil)
    expect(operator.title).to_have_text(evil)
    expect(operator.page.locator(".notes blockquote p")).to_have_text(evil)
    expect(operator.page.locator(".runbook")).to_have_text("javascript:window.hit=1")
    assert operator.page.locator(".runbook[href]").count() == 0
    assert operator.page.evaluate("window.hit") is None


def test_an_empty_list_says_why(desk: Desk, operator: Operator) -> None:
    operator.open()
    none = operator.page.locator(".frame .none")
    expect(none).to_have_text("Tidak ada insiden terbuka")
    number = desk.happen("rtr-dinkes")
    operator.page.locator("#search").fill("pelabuhan")
    expect(none).to_contain_text("1 lainnya disembunyikan oleh saringan")
    none.get_by_role("button").click()
    expect(operator.row(number)).to_be_visible()
    expect(operator.page.locator("#search")).to_have_value("")


# --- the row under the hand -----------------------------------------------------------------------


def y_of(operator: Operator, number: int) -> float:
    box = operator.row(number).bounding_box()
    assert box is not None
    return box["y"]


def until_there(operator: Operator, number: int) -> None:
    has = "(n) => commandcenter.desk.list.rows().some((row) => row.number === n)"
    operator.page.wait_for_function(has, arg=number)
    operator.page.wait_for_function(SETTLED)


def test_without_a_hand_on_the_list_a_new_critical_one_slides_in_on_top(
    desk: Desk, operator: Operator
) -> None:
    old = [desk.happen(f"rtr-{n}", level="warning") for n in range(3)]
    operator.open()
    before = y_of(operator, old[0])
    new = desk.happen("rtr-baru")
    until_there(operator, new)
    assert y_of(operator, new) == before
    assert y_of(operator, old[0]) > before


@pytest.mark.parametrize("count", [5, 40])
def test_the_row_under_the_pointer_stays_when_another_comes_above_it(
    desk: Desk, operator: Operator, count: int
) -> None:
    old = [desk.happen(f"rtr-{n}", level="warning", rung=False) for n in range(count)]
    desk.ring(*old)
    operator.open()
    operator.row(old[2]).hover()
    before = y_of(operator, old[2])
    new = desk.happen("rtr-baru")
    until_there(operator, new)
    assert y_of(operator, old[2]) == before
    pill = operator.page.locator(".above")
    expect(pill).to_have_text("1 baru di atas ↑")
    pill.click()
    expect(pill).not_to_be_visible()
    expect(operator.row(new)).to_be_in_viewport()


def test_the_row_under_the_pointer_stays_when_one_above_it_is_taken_by_somebody(
    desk: Desk, operator: Operator
) -> None:
    old = [desk.happen(f"rtr-{n}") for n in range(5)]
    operator.open()
    operator.row(old[3]).hover()
    before = y_of(operator, old[3])
    desk.step("resolve", old[0], cause="power")
    expect(operator.row(old[0])).not_to_be_attached()
    assert y_of(operator, old[3]) == before


def test_a_row_that_the_hand_has_pushed_out_of_sight_is_counted(
    desk: Desk, operator: Operator
) -> None:
    critical = desk.happen("rtr-pertama")
    old = [desk.happen(f"rtr-{n}", level="warning") for n in range(3)]
    operator.open()
    operator.row(old[2]).hover()
    before = y_of(operator, old[2])
    until_there(operator, desk.happen("rtr-baru"))
    assert y_of(operator, old[2]) == before
    pill = operator.page.locator(".above")
    expect(pill).to_have_text("1 di atas ↑")
    pill.click()
    expect(operator.row(critical)).to_be_in_viewport()


def test_the_keyboards_row_stays_and_the_list_settles_when_the_hand_is_away(
    desk: Desk, operator: Operator
) -> None:
    old = [desk.happen(f"rtr-{n}", level="warning") for n in range(5)]
    operator.page.clock.install()
    operator.open().press("j", "j")
    before = y_of(operator, old[1])
    new = desk.happen("rtr-baru")
    until_there(operator, new)
    assert y_of(operator, old[1]) == before
    operator.page.clock.run_for(25_000)
    expect(operator.row(new)).to_be_in_viewport()
    assert y_of(operator, new) < y_of(operator, old[0])


def test_whoever_has_scrolled_down_keeps_reading_there(desk: Desk, operator: Operator) -> None:
    old = [desk.happen(f"rtr-{n}", level="warning", rung=False) for n in range(40)]
    desk.ring(*old)
    operator.open().page.locator(".rows").evaluate("rows => (rows.scrollTop = 900)")
    expect(operator.row(old[18])).to_be_in_viewport()
    before = y_of(operator, old[18])
    until_there(operator, desk.happen("rtr-baru"))
    assert y_of(operator, old[18]) == before


# --- ten thousand ---------------------------------------------------------------------------------


def many(count: int) -> list[Reading]:
    value: dict[str, Any] = {
        "level": "warning", "state": "open", "feed": "network", "source": "rule", "owner": "",
        "assignee": None, "office": "", "kecamatan": "", "provider": "Telkom", "runbook": "",
        "count": 1, "flapping": False, "affected": 0, "maintenance": False, "version": 1,
        "acknowledged_at": None, "acknowledged_by": None, "acknowledged_until": None,
        "shelved_until": None, "resolved_at": None, "resolved_by": None, "cause": None,
        "escalated": 0, "revision": 1, "detail": "banjir data",
    }  # fmt: skip
    return [
        samples.reading(
            "incidents",
            f"incident/{FIRST + n}",
            {
                **value,
                "number": FIRST + n,
                "title": f"Perangkat {n} putus",
                "about": f"device/{n}",
                "opened_at": samples.from_now(n - MANY),
                "last_seen_at": samples.from_now(0),
            },
        )
        for n in range(count)
    ]


@pytest.fixture
def flood(desk: Desk) -> Iterator[None]:
    """Ten thousand open incidents."""
    told = many(MANY)
    for start in range(0, MANY, 2000):
        desk.site.publish("incidents", told[start : start + 2000])
    yield
    gone = [samples.reading("incidents", reading.key, None) for reading in told]
    for start in range(0, MANY, 2000):
        desk.site.publish("incidents", gone[start : start + 2000])


def nodes(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('main *').length"))


def test_ten_thousand_incidents_are_a_small_page_that_can_be_searched_and_scrolled(
    flood: None, desk: Desk, operator: Operator
) -> None:
    page = operator.open().page
    page.wait_for_function(f"() => commandcenter.desk.list.rows().length === {MANY}")
    expect(page.locator("[data-chip=open]")).to_have_text("Belum ditangani 10.000")
    assert page.locator(".item").count() < 80
    assert nodes(page) < 1500
    page.locator("#search").fill("perangkat 9876")
    operator.until_shown(FIRST + 9876)
    page.locator("#search").fill("")
    page.wait_for_function(f"() => commandcenter.desk.list.rows().length === {MANY}")
    page.locator(".rows").evaluate("rows => (rows.scrollTop = rows.scrollHeight)")
    expect(operator.row(FIRST + MANY - 1)).to_be_in_viewport()
    assert page.locator(".item").count() < 80
    page.reload()
    page.wait_for_function(LIVE)
    expect(operator.row(FIRST)).to_be_in_viewport()
