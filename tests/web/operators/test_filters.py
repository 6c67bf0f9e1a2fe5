"""Filters: by state, domain, text, level, office, region, and what is one's own."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator


def test_the_chips_count_and_show_one_state_each(desk: Desk, operator: Operator) -> None:
    open_one, taken, over = (desk.happen(f"rtr-{n}") for n in range(3))
    desk.step("acknowledge", taken)
    desk.step("resolve", over, cause="power")
    page = operator.open().page
    operator.until_shown(open_one, taken)
    chips = page.locator(".chips .chip")
    expect(chips).to_have_text(
        ["Belum ditangani 1", "Dikerjakan 1", "Ditunda 0", "Selesai 1"], use_inner_text=True
    )
    for name, number in (("open", open_one), ("working", taken), ("resolved", over)):
        page.locator(f'[data-chip="{name}"]').click()
        operator.until_shown(number)
    page.locator('[data-chip="resolved"]').click()
    operator.until_shown(open_one, taken)


def test_domains_on_the_left_filter_and_count(desk: Desk, operator: Operator) -> None:
    network = desk.happen("rtr-dinkes")
    camera = desk.happen("pelabuhan", feed="cameras", rule="camera-bad")
    page = operator.open().page
    expect(page.locator('nav [data-domain="cameras"]')).to_have_text("CCTV1")
    page.locator('nav [data-domain="cameras"]').click()
    operator.until_shown(camera)
    expect(page.locator('nav [data-domain="cameras"]')).to_have_attribute("aria-current", "page")
    page.locator('nav [data-domain=""]').click()
    operator.until_shown(network, camera)


def test_words_are_looked_for_in_title_place_and_number(desk: Desk, operator: Operator) -> None:
    north = desk.happen("rtr-utara", kecamatan="Arut Utara")
    harbour = desk.happen("rtr-pelabuhan", kecamatan="Kumai")
    page = operator.open().press("/").page
    page.keyboard.type("KUMAI pelab")
    operator.until_shown(harbour)
    page.locator("#search").fill(f"-{north:04d}")
    operator.until_shown(north)


def test_level_office_region_and_mine(desk: Desk, operator: Operator) -> None:
    a = desk.happen("rtr-a", office="dinkes", provider="Telkom", kecamatan="Kumai")
    b = desk.happen("rtr-b", level="warning", office="setda", provider="Icon+")
    desk.step("acknowledge", b)
    page = operator.open().page
    choices = (("level", "warning", b), ("office", "dinkes", a), ("place", "Kumai", a))
    for name, value, number in (*choices, ("place", "Icon+", b)):
        page.locator(f'select[data-filter="{name}"]').select_option(value)
        operator.until_shown(number)
        page.locator(f'select[data-filter="{name}"]').select_option("")
        operator.until_shown(a, b)
    page.locator('[data-filter="mine"]').click()
    operator.until_shown(b)
