"""/screens for all displays at once: presets, guests; and the hands of who works there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Site
from tests.web.screens.conftest import (
    AT_ONCE,
    FILLS,
    Desk,
    asked_of,
    control,
    order,
    paired,
    scene_on,
)

# --- presets and guests ---------------------------------------------------------------------------


def test_a_preset_brings_back_what_all_displays_showed(desk: Desk, front: Page, site: Site) -> None:
    other, _ = paired(site, "Layar kedua")
    control(site, 1, "hold", "kamera")
    control(site, other, "message", "Selamat datang")
    desk.page.get_by_label("Nama susunan").fill("Rapat pagi")
    desk.page.get_by_role("button", name="Simpan tampilan kini").click()
    preset = desk.page.get_by_role("button", name="Rapat pagi", exact=True)
    expect(preset).to_have_attribute("aria-pressed", "true")
    control(site, 1, "continue")
    control(site, other, "message")
    control(site, other, "wall", "bupati")
    expect(preset).to_have_attribute("aria-pressed", "false")
    preset.click()
    scene_on(front, "kamera")
    expect(front.locator("#corner")).to_contain_text("ditahan")
    expect(desk.card(other).locator(".over")).to_have_text("Selamat datang")
    expect(preset).to_have_attribute("aria-pressed", "true")
    wall = asked_of(site, "SELECT wall FROM display WHERE id = ?", other)
    assert wall == [("utama",)]
    desk.page.get_by_label("Hapus susunan Rapat pagi").click()
    desk.page.get_by_role("button", name="Ya", exact=True).click()
    expect(preset).to_have_count(0)
    order(site, f"displays/{other}/revoke")


def test_while_there_are_guests_nothing_of_a_hidden_panel_is_in_the_page(
    desk: Desk, front: Page
) -> None:
    hidden = front.locator('[data-panel="cctv"]')
    expect(hidden.locator("canvas")).to_have_count(3)
    switch = desk.page.get_by_role("switch")
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(desk.page.locator(".tool.guests")).to_contain_text("CCTV, Jaringan")
    switch.click()
    expect(hidden).to_contain_text("Disembunyikan selama ada tamu", timeout=AT_ONCE)
    expect(hidden.locator("canvas")).to_have_count(0)
    assert "Simpang" not in front.content()
    expect(front.locator("#corner .guests")).to_have_text("mode tamu")
    expect(switch).to_have_attribute("aria-checked", "true", timeout=AT_ONCE)
    expect(desk.card(1).locator(".curtained")).to_have_text("CCTV")
    switch.click()
    expect(hidden.locator("canvas")).to_have_count(3, timeout=AT_ONCE)
    expect(front.locator("#corner .guests")).to_have_count(0)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["shown", "of another scene"])
def test_while_there_are_guests_a_hidden_chart_is_empty(
    desk: Desk, front: Page, elsewhere: bool
) -> None:
    control(desk.site, 1, "panel", "jaringan")
    front.wait_for_function(FILLS, arg="jaringan")
    lines = "() => document.querySelector('#chart-jaringan .js-plotly-plot').data.length"
    front.wait_for_function(f"{lines} > 0")
    if elsewhere:
        control(desk.site, 1, "back")
        expect(front.locator('[data-panel="jaringan"]')).to_be_hidden(timeout=AT_ONCE)
    order(desk.site, "guests", on=True)
    front.wait_for_function(f"{lines} === 0", timeout=AT_ONCE)
    assert "Telkom" not in front.content()
    order(desk.site, "guests", on=False)
    control(desk.site, 1, "panel", "jaringan")
    front.wait_for_function(f"{lines} > 0", timeout=AT_ONCE)


def test_a_single_camera_is_curtained_for_guests_as_its_panel_is(desk: Desk, front: Page) -> None:
    control(desk.site, 1, "thing", "cctv:simpang-1")
    focus = front.locator('[data-panel="focus"]')
    expect(focus.locator("canvas")).to_have_count(1)
    order(desk.site, "guests", on=True)
    expect(focus.locator("canvas")).to_have_count(0, timeout=AT_ONCE)
    expect(focus).to_contain_text("Disembunyikan selama ada tamu")


# --- hands and keyboards --------------------------------------------------------------------------


def test_the_keyboard_does_what_the_hand_does(desk: Desk, front: Page) -> None:
    keyboard = desk.page.keyboard
    keyboard.press("j")
    expect(desk.card(1)).to_be_focused()
    keyboard.press("3")
    scene_on(front, "aduan")
    keyboard.press("t")
    expect(front.locator("#corner")).to_contain_text("ditahan", timeout=AT_ONCE)
    keyboard.press("g")
    expect(front.locator("#dark")).to_be_visible(timeout=AT_ONCE)
    expect(desk.card(1).locator(".told")).to_have_text("gelap")
    keyboard.press("g")
    expect(front.locator("#dark")).to_have_count(0, timeout=AT_ONCE)
    keyboard.press("Tab")  # from the card to its first button: nothing else is in between
    expect(desk.card(1).get_by_role("button", name="Ringkasan")).to_be_focused()
    keyboard.press("Enter")
    scene_on(front, "ringkas")
    expect(desk.card(1).get_by_role("button", name="Ringkasan")).to_be_focused()


def test_letters_that_are_typed_into_a_field_are_no_orders(desk: Desk, front: Page) -> None:
    desk.card(1).get_by_label("Pesan di layar ini").press_sequentially("gt123")
    assert asked_of(desk.site, "SELECT control FROM display WHERE id = 1")[0][0].count("true") == 0
    scene_on(front, "ringkas")


def test_orders_are_written_down_with_the_person_who_is_signed_in(desk: Desk, front: Page) -> None:
    desk.press(1, "Kamera")
    scene_on(front, "kamera")
    last = "SELECT who, act, thing, note, source_address FROM audit_log ORDER BY id DESC LIMIT 1"
    told = ("operator 1", "display.scene", "display/1", "kamera", "127.0.0.1")
    assert asked_of(desk.site, last) == [told]
    expect(desk.page.locator("#self .me")).to_have_text("operator 1")


@pytest.mark.parametrize("size", [(1440, 900), (1180, 820), (820, 1180), (390, 844)])
def test_nothing_scrolls_sideways_and_everything_is_large_enough_for_a_finger(
    desk: Desk, size: tuple[int, int]
) -> None:
    desk.page.set_viewport_size({"width": size[0], "height": size[1]})
    desk.card(1).get_by_text("Kelola").click()
    wide = "() => document.documentElement.scrollWidth <= innerWidth"
    assert desk.page.evaluate(wide)
    small = """() => [...document.querySelectorAll(".screens :is(button, input, select, summary)")]
        .map((e) => [e.outerHTML, e.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44)"""
    assert desk.page.evaluate(small) == []
