"""Several incidents at once: marked one by one, as a range or all, and taken with one question."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator


def test_thirty_seven_incidents_are_taken_with_one_confirmation(
    desk: Desk, operator: Operator
) -> None:
    numbers = [desk.happen(f"rtr-{n}", rung=False) for n in range(37)]
    desk.ring(*numbers)
    page = operator.open().page
    operator.until_shown(*numbers)
    operator.row(numbers[0]).locator("[data-pick]").click()
    page.get_by_role("button", name="Pilih semua 37").click()
    page.get_by_role("button", name="Tangani 37 insiden…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("37 kritis")
    expect(dialog.locator(".titles li")).to_have_count(6)
    expect(dialog).to_contain_text("dan 32 lainnya")
    dialog.locator("button.main").click()
    expect(operator.toasts).to_contain_text("Sudah ditangani: 37 insiden")
    assert {desk.row(number).acknowledged_by for number in numbers} == {"operator 1"}
    expect(page.locator(".bulk")).not_to_be_visible()
    operator.press("u")
    expect(page.locator("[data-chip=open]")).to_have_text("Belum ditangani 37")


def test_shift_marks_a_range_and_escape_forgets_it(desk: Desk, operator: Operator) -> None:
    numbers = [desk.happen(f"rtr-{n}") for n in range(5)]
    page = operator.open().page
    operator.row(numbers[1]).locator("[data-pick]").click()
    operator.row(numbers[3]).click(modifiers=["Shift"])
    marked = page.locator('.item[aria-checked="true"]')
    expect(marked).to_have_count(3)
    operator.press("Escape")
    expect(marked).to_have_count(0)


def test_x_marks_with_the_keyboard(desk: Desk, operator: Operator) -> None:
    numbers = [desk.happen(f"rtr-{n}") for n in range(3)]
    operator.open().press("j", "x", "j", "j", "x")
    for number, marked in zip(numbers, ("true", "false", "true"), strict=True):
        expect(operator.row(number)).to_have_attribute("aria-checked", marked)


def test_t_asks_for_all_that_are_marked(desk: Desk, operator: Operator) -> None:
    numbers = [desk.happen(f"rtr-{n}") for n in range(3)]
    operator.open().press("j", "x", "j", "x", "t")
    expect(operator.page.locator("dialog h2")).to_have_text("Tangani 2 insiden")
    operator.press("Enter")
    expect(operator.row(numbers[1]).locator(".who")).to_have_text("operator 1")
    assert [desk.row(number).state for number in numbers] == ["acknowledged"] * 2 + ["open"]


def test_what_is_no_longer_seen_is_no_longer_marked(desk: Desk, operator: Operator) -> None:
    a, b = desk.happen("rtr-a"), desk.happen("rtr-b")
    page = operator.open().page
    for number in (a, b):
        operator.row(number).locator("[data-pick]").click()
    page.locator("#search").fill("rtr-a")
    expect(page.get_by_role("button", name="Tangani 1 insiden…")).to_be_visible()
    desk.step("resolve", a, cause="power")
    expect(page.locator(".bulk")).not_to_be_visible()


def test_of_those_that_somebody_has_taken_already_the_question_says_so(
    desk: Desk, operator: Operator
) -> None:
    a, b, c = (desk.happen(f"rtr-{n}") for n in range(3))
    desk.step("acknowledge", c, who="operator 2")
    page = operator.open().page
    for number in (a, b, c):
        operator.row(number).locator("[data-pick]").click()
    page.get_by_role("button", name="Tangani 3 insiden…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("h2")).to_have_text("Tangani 2 insiden")
    expect(dialog).to_contain_text("1 dilewati")
    dialog.locator("button.main").click()
    expect(operator.row(b).locator(".who")).to_have_text("operator 1")
    assert desk.row(c).acknowledged_by == "operator 2"
