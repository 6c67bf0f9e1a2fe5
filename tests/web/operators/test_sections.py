"""Beside the list: maintenance, the hand-over of a shift, the history, the channels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from tests.web import samples
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator

WIB = timedelta(hours=7)


def test_maintenance_is_planned_seen_in_the_calendar_and_cancelled(
    desk: Desk, operator: Operator
) -> None:
    page = operator.open("/console#maintenance").page
    starts = samples.present() + WIB + timedelta(minutes=5)
    form = page.locator(".maintenance form")
    form.locator("[name=title]").fill("Ganti UPS")
    form.locator("[name=scope]").select_option("dinkes")
    form.locator("[name=starts]").fill(f"{starts:%Y-%m-%dT%H:%M}")
    form.locator("[name=ends]").fill(f"{starts + timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    form.locator("button").click()
    line = page.locator("[data-window]", has_text="Ganti UPS")
    expect(line).to_contain_text("Kantor Dinas Kesehatan")
    expect(page.locator('.day:has-text("Ganti UPS")')).not_to_have_count(0)
    line.get_by_role("button").click()
    page.locator("dialog button.main").click()
    expect(line).not_to_be_attached()


def test_a_mistake_in_the_form_is_told_and_what_was_typed_stays(
    desk: Desk, operator: Operator
) -> None:
    page = operator.open("/console#maintenance").page
    form = page.locator(".maintenance form")
    form.locator("[name=title]").fill("Terbalik")
    form.locator("[name=starts]").fill("2099-01-02T10:00")
    form.locator("[name=ends]").fill("2099-01-01T10:00")
    form.locator("button").click()
    expect(page.locator(".toast.bad")).not_to_be_empty()
    expect(form.locator("[name=title]")).to_have_value("Terbalik")
    operator.complaints.clear()  # the browser itself notes the 400


def test_a_shift_is_handed_over_and_the_other_side_confirms_it(
    desk: Desk, operator: Operator, sit_down: Callable[..., Operator]
) -> None:
    number = desk.happen("rtr-dinkes")
    desk.step("assign", number, assignee="operator 1")
    page = operator.open("/console#handover").page
    page.locator(".handover [name=to]").select_option("operator 2")
    page.locator(".handover [name=note]").fill("Kumai: tunggu teknisi")
    page.locator(".handover form button").click()
    expect(operator.toasts).to_contain_text("operator 2 perlu mengonfirmasi")
    other = sit_down().open("/console#handover", who="operator 2").page
    waits = other.locator("[data-handover]")
    expect(waits).to_contain_text("Kumai: tunggu teknisi")
    expect(waits).to_contain_text("Tautan rtr-dinkes putus")
    waits.locator("button.main").click()
    expect(waits).not_to_be_attached()
    assert desk.row(number).assignee == "operator 2"
    expect(other.locator(".before summary").first).to_contain_text("operator 1 → operator 2")


def test_the_history_is_searched_summed_up_and_given_as_a_file(
    desk: Desk, operator: Operator
) -> None:
    desk.over("rtr-arsip-1", title="Arsip satu putus", cause="power", ago=200)
    desk.over("rtr-arsip-2", title="Arsip dua putus", cause="provider", ago=100)
    page = operator.open("/console#history").page
    page.locator(".search [name=text]").fill("arsip")
    page.locator(".search button").click()
    expect(page.locator(".history tbody tr")).to_have_count(2)
    expect(page.locator(".history .sums")).to_contain_text("1Penyedia")
    page.locator(".search [name=cause]").select_option("power")
    expect(page.locator(".history tbody tr")).to_have_count(1)
    with page.expect_download() as file:
        page.locator('.history a[href*="history.csv"]').click()
    assert "Arsip satu putus" in file.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Arsip satu putus").click()
    expect(operator.title).to_have_text("Arsip satu putus")


def test_on_paper_the_history_is_all_there_is(desk: Desk, operator: Operator) -> None:
    desk.over("rtr-arsip")
    page = operator.open("/console#history").page
    expect(page.locator(".history tbody tr")).not_to_have_count(0)
    page.emulate_media(media="print")
    expect(page.locator(".history table")).to_be_visible()
    expect(page.locator(".history .period")).to_be_visible()
    for aside in ("nav", ".side", ".history form", ".tools-of"):
        expect(page.locator(aside).first).not_to_be_visible()


def test_a_channel_is_tested_and_says_how_it_went(desk: Desk, operator: Operator) -> None:
    page = operator.open("/console#channels").page
    line = page.locator('[data-channel="tanpa-alamat"]')
    line.get_by_role("button", name="Uji saluran ini").click()
    expect(page.locator(".toast.bad")).to_contain_text("tanpa-alamat")
