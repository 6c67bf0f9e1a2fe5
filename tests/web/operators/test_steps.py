"""What operators do with incidents: by button and by key, at the same time, and back again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from commandcenter.records.chain import log_of
from tests.web import samples
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator

Seat = Callable[..., Operator]


def last_step(desk: Desk, number: int) -> tuple[str, str, str]:
    """What was done last, by whom, in which way."""
    with desk.records.engine.begin() as connection:
        step = log_of(connection, number)[-1]
    return step.step, step.who, step.facts["via"]


def test_a_click_takes_an_incident_and_every_console_shows_who_has_it(
    desk: Desk, operator: Operator, sit_down: Seat
) -> None:
    number = desk.happen("rtr-dinkes")
    other = sit_down().open(who="operator 2")
    operator.open().take_up(number).button("acknowledge").click()
    expect(operator.toasts).to_contain_text("Sudah ditangani: Tautan rtr-dinkes putus")
    expect(other.row(number).locator(".who")).to_have_text("operator 1")
    expect(operator.button("acknowledge")).not_to_be_attached()
    assert last_step(desk, number) == ("acknowledged", "operator 1", "page")


def test_of_two_who_take_it_at_once_the_second_is_told_who_was_first(
    desk: Desk, operator: Operator, sit_down: Seat
) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number)
    second = sit_down().open(who="operator 2").take_up(number)
    under_way: list[Route] = []
    second.page.route("**/console/steps", lambda route: under_way.append(route))  # noqa: PLW0108
    second.button("acknowledge").click()
    expect(second.row(number)).to_have_attribute("aria-busy", "true")
    operator.button("acknowledge").click()
    expect(operator.toasts).to_contain_text("Sudah ditangani")
    under_way[0].continue_()
    expect(second.page.locator(".toast.bad")).to_contain_text("operator 1 menangani pukul")
    expect(second.row(number).locator(".who")).to_have_text("operator 1")
    assert desk.row(number).acknowledged_by == "operator 1"


def test_nothing_is_shown_as_done_before_the_server_says_so(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number)
    held: list[Route] = []
    operator.page.route("**/console/steps", lambda route: held.append(route))  # noqa: PLW0108
    operator.press("t")
    expect(operator.row(number)).to_have_attribute("aria-busy", "true")
    expect(operator.row(number).locator(".who")).to_have_text("belum ditangani")
    assert operator.toasts.count() == 0
    operator.press("t", "t")  # impatience is not three steps
    assert len(held) == 1
    held[0].continue_()
    expect(operator.row(number).locator(".who")).to_have_text("operator 1")
    expect(operator.row(number)).to_have_attribute("aria-busy", "false")


def test_j_and_k_move_and_t_takes_the_one_where_they_stopped(
    desk: Desk, operator: Operator
) -> None:
    first, second, third = (desk.happen(f"rtr-{n}") for n in range(3))
    operator.open().press("j", "j", "j", "k")
    expect(operator.row(second)).to_have_attribute("aria-selected", "true")
    operator.press("t")
    expect(operator.row(second).locator(".who")).to_have_text("operator 1")
    assert last_step(desk, second) == ("acknowledged", "operator 1", "key")
    assert desk.row(first).state == desk.row(third).state == "open"


def test_j_goes_on_to_the_next_one_after_t_has_moved_this_one_away(
    desk: Desk, operator: Operator
) -> None:
    first, second, third = (desk.happen(f"rtr-{n}") for n in range(3))
    operator.open().press("j", "t")
    operator.until_shown(second, third, first)
    operator.press("j", "t")
    operator.until_shown(third, first, second)
    assert [desk.row(n).state for n in (first, second, third)] == [
        "acknowledged",
        "acknowledged",
        "open",
    ]


def test_s_asks_for_the_cause_and_resolves_with_it(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number).press("s")
    dialog = operator.page.get_by_role("dialog")
    expect(dialog.locator("button.main")).to_be_disabled()
    dialog.locator('[data-cause="power"]').click()
    dialog.locator("textarea").fill("genset dinyalakan")
    dialog.locator("button.main").click()
    expect(operator.row(number)).not_to_be_attached()
    operator.page.locator('[data-chip="resolved"]').click()
    expect(operator.row(number).locator(".who")).to_have_text("selesai: Listrik")
    row = desk.row(number)
    assert (row.state, row.cause, row.resolved_by) == ("resolved", "power", "operator 1")


def test_a_cause_chosen_beside_the_incident_is_told_with_s_alone(
    desk: Desk, operator: Operator
) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number)
    operator.page.locator('.detail [data-cause="provider"]').click()
    operator.press("s")
    expect(operator.row(number)).not_to_be_attached()
    assert desk.row(number).cause == "provider"
    expect(operator.button("reopen")).to_be_visible()
    operator.button("reopen").click()
    expect(operator.row(number).locator(".who")).to_have_text("belum ditangani")


def test_z_and_enter_shelve_for_half_an_hour(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number).press("z", "Enter")
    expect(operator.row(number)).not_to_be_attached()
    until = desk.row(number).shelved_until
    assert until is not None
    left = until - samples.present()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    operator.page.locator('[data-chip="shelved"]').click()
    expect(operator.row(number).locator(".who")).to_contain_text("ditunda sampai")


def test_shelving_until_an_hour_means_the_hour_of_the_pages_own_zone(
    desk: Desk, operator: Operator
) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number).press("z")
    dialog = operator.page.get_by_role("dialog")
    dialog.locator("input[type=time]").fill("06:30")
    dialog.locator("form button").click()
    expect(operator.row(number)).not_to_be_attached()
    until = desk.row(number).shelved_until
    assert until is not None
    told = (until + timedelta(hours=7, seconds=30)).time()  # WIB; minutes are whole
    assert (told.hour, told.minute) in {(6, 29), (6, 30), (6, 31)}


def test_a_assigns_to_a_person_or_an_office(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number).press("a")
    operator.page.locator('dialog [data-person="operator 2"]').click()
    expect(operator.row(number)).to_contain_text("→ operator 2")
    operator.press("a")
    operator.page.locator("dialog select").select_option("dinkes")
    expect(operator.row(number)).to_contain_text("→ Dinas Kesehatan")
    assert desk.row(number).assignee == "dinkes"


def test_c_writes_a_note_that_stands_where_nobody_misses_it(
    desk: Desk, operator: Operator, sit_down: Seat
) -> None:
    number = desk.happen("rtr-dinkes")
    other = sit_down().open(who="operator 2").take_up(number)
    operator.open().take_up(number).press("c")
    operator.page.keyboard.type("teknisi berangkat 09.40")
    operator.press("Control+Enter")
    expect(other.page.locator(".notes blockquote")).to_contain_text("teknisi berangkat 09.40")
    expect(other.page.locator(".notes blockquote footer")).to_contain_text("operator 1")
    expect(operator.page.locator(".notes textarea")).to_have_value("")


def test_question_mark_shows_the_keys_and_escape_hides_them(operator: Operator) -> None:
    operator.open().press("?")
    dialog = operator.page.get_by_role("dialog")
    expect(dialog).to_contain_text("mulai kerjakan")
    operator.press("Escape")
    expect(dialog).not_to_be_attached()


def test_a_key_pressed_while_typing_is_a_letter_and_no_step(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-tst")
    operator.open().take_up(number).press("/")
    operator.page.keyboard.type("tst")
    expect(operator.page.locator("#search")).to_have_value("tst")
    assert desk.row(number).state == "open"


@pytest.mark.parametrize("how", ["button", "key"])
def test_a_step_can_be_taken_back_for_ten_seconds(desk: Desk, operator: Operator, how: str) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number).press("t")
    undo = operator.page.locator(".toast .undo")
    expect(undo).to_have_text("Urungkan (10 dtk)")
    expect(undo).to_have_text("Urungkan (9 dtk)")
    if how == "button":
        undo.click()
    else:
        operator.press("u")
    expect(operator.row(number).locator(".who")).to_have_text("belum ditangani")
    assert last_step(desk, number)[0] == "undone"


def test_while_the_server_does_not_answer_no_step_is_taken_and_the_list_is_grey(
    desk: Desk, operator: Operator
) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number)
    desk.site.freeze()
    try:
        operator.page.wait_for_function("() => document.body.dataset.connection === 'lost'")
        assert "grayscale" in operator.page.locator(".rows").evaluate(
            "rows => getComputedStyle(rows).filter"
        )
        operator.press("t")
        expect(operator.page.locator(".toast.bad")).to_contain_text("Tidak dilakukan")
    finally:
        desk.site.thaw()
    operator.page.wait_for_function("() => commandcenter.desk.live()")
    assert desk.row(number).state == "open"  # nothing had queued


def test_while_watch_is_silent_the_list_says_so_and_no_step_is_taken(
    desk: Desk, operator: Operator
) -> None:
    number = desk.happen("rtr-dinkes")
    page = operator.open().take_up(number).page
    page.evaluate("document.querySelector('main').dataset.lateAt = 1")
    page.evaluate("document.querySelector('main').dataset.staleAt = 1; commandcenter.tick()")
    expect(page.locator(".work .loading")).to_contain_text("pengawas tidak terdengar")
    operator.press("t")
    expect(page.locator(".toast.bad")).to_contain_text("Tidak dilakukan")
    assert desk.row(number).state == "open"


@pytest.mark.parametrize("keys", ["t", "s", "w", "z"])
def test_a_key_does_nothing_with_an_incident_that_is_no_longer_listed(
    desk: Desk, operator: Operator, keys: str
) -> None:
    network = desk.happen("rtr-dinkes")
    camera = desk.happen("pelabuhan", feed="cameras", rule="camera-bad")
    page = operator.open().take_up(network).page
    page.locator('nav [data-domain="cameras"]').click()
    operator.until_shown(camera)
    expect(page.locator(".side > .none")).to_have_text("Pilih insiden dari daftar")
    operator.press(keys)
    expect(page.locator("dialog[open]")).to_have_count(0)
    operator.press("j")
    expect(operator.title).to_contain_text("pelabuhan")
    operator.press("t")
    expect(operator.toasts).to_contain_text("pelabuhan")
    assert (desk.row(network).state, desk.row(camera).state) == ("open", "acknowledged")
    expect(page).to_have_url(re.compile(f"incident={camera}"))


def test_on_a_narrow_screen_a_key_does_nothing_with_what_the_list_hides(
    desk: Desk, operator: Operator
) -> None:
    number = desk.happen("rtr-dinkes")
    page = operator.open().page
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator('[data-chip="open"]').click()
    operator.take_up(number).press("t")
    expect(operator.toasts).to_contain_text("Sudah ditangani")
    operator.until_shown()
    operator.press("Escape", "s")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert desk.row(number).state == "acknowledged"
