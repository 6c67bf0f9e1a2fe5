"""An operator at /screens: displays are paired and told what to show, and follow at once."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Site
from tests.web.screens.conftest import (
    AGO,
    AT_ONCE,
    FILLS,
    PICTURE,
    SINCE,
    STEP,
    Desk,
    asked_of,
    code_on,
    control,
    order,
    paired,
    scene_on,
    settle,
)

# --- pairing --------------------------------------------------------------------------------------


def test_a_display_that_was_paired_has_a_card_that_says_how_it_is(desk: Desk, front: Page) -> None:
    card = desk.card(1)
    expect(card.locator("h3")).to_have_text("Layar depan")
    expect(card.locator(".whom small")).to_have_text("Ruang komando · Ruang komando")
    expect(card.locator(".told")).to_have_text("menyala")
    expect(card.locator(".told .mark")).to_have_class("mark ok")
    expect(card.locator(".doubt")).to_be_hidden()
    expect(card.locator(".facts")).to_contain_text("1920 × 1080")
    expect(card.locator(".facts")).to_contain_text(" MB")
    expect(card.locator("header time")).to_have_text(AGO)
    expect(card.locator(".mini")).to_contain_text("Antrean aduan")
    expect(desk.page.locator("#panel-screens .subtitle").first).to_contain_text("1 menyala")


def test_a_code_that_no_display_shows_is_told_and_the_form_keeps_what_was_typed(
    desk: Desk,
) -> None:
    desk.pair("BCD-FGH", "Layar lobi")
    expect(desk.notice).to_have_class("bad")
    expect(desk.notice).to_contain_text("Tidak ada layar dengan kode ini")
    expect(desk.page.locator("form.pair [name=name]")).to_have_value("Layar lobi")


def test_a_code_is_found_however_it_is_typed_and_the_form_is_empty_for_the_next(
    chromium: Browser, site: Site, desk: Desk
) -> None:
    with chromium.new_context(viewport={"width": 1280, "height": 720}) as room:
        wall = room.new_page()
        wall.goto(site.address + "/wall")
        desk.pair(code_on(wall).replace("-", " ").lower(), "TV bupati", "Ruang bupati", "bupati")
        expect(desk.notice).to_contain_text("Terpasang")
        expect(desk.page.locator("form.pair [name=name]")).to_have_value("")
        expect(wall.locator("#wall")).to_have_attribute("data-wall", "bupati")
        number = asked_of(site, "SELECT id FROM display WHERE name = 'TV bupati'")[0][0]
        expect(desk.card(number).locator(".told")).to_have_text("menyala")
        expect(desk.card(number).locator(".scenes")).to_have_count(0)  # its wall has one scene
    expect(desk.card(number).locator(".told")).to_have_text("diam")
    expect(desk.card(number).locator("header time")).to_have_text(SINCE)
    order(site, f"displays/{number}/revoke")


# --- what a display is told -----------------------------------------------------------------------


def test_a_press_shows_another_scene_and_both_pages_follow_at_once(desk: Desk, front: Page) -> None:
    desk.press(1, "Kamera")
    scene_on(front, "kamera")
    chip = desk.card(1).get_by_role("button", name="Kamera", exact=True)
    expect(chip).to_have_attribute("aria-pressed", "true", timeout=AT_ONCE)
    expect(desk.card(1).locator(".facts strong")).to_have_text("Kamera")
    expect(front.locator("#corner")).to_contain_text("Kamera")
    expect(front.locator("#corner")).not_to_contain_text("ditahan")  # it goes on from here


def test_the_wall_follows_within_a_second(desk: Desk, front: Page) -> None:
    waits = []
    for word, scene in (("Kamera", "kamera"), ("Aduan dan insiden", "aduan")) * 3:
        front.evaluate(f"window.seen = ({STEP})({scene!r}); null")
        pressed = desk.page.evaluate("Date.now()")
        desk.press(1, word)
        waits.append(front.evaluate("window.seen") - pressed)
    assert sorted(waits)[len(waits) // 2] < 1000


def test_a_held_scene_says_so_and_stays_held_by_another_one_until_it_may_go_on(
    desk: Desk, front: Page
) -> None:
    desk.press(1, "Tahan")
    expect(front.locator("#corner")).to_contain_text("ditahan", timeout=AT_ONCE)
    expect(desk.card(1).locator(".tag")).to_have_text("ditahan", timeout=AT_ONCE)
    desk.press(1, "Kamera")
    scene_on(front, "kamera")
    expect(front.locator("#corner")).to_contain_text("ditahan")
    desk.press(1, "Bergiliran")
    expect(front.locator("#corner")).not_to_contain_text("ditahan", timeout=AT_ONCE)
    scene_on(front, "ringkas")  # with its wall again
    expect(desk.card(1).locator(".tag")).to_have_count(0)


def test_a_display_is_made_dark_and_lit_again(desk: Desk, front: Page) -> None:
    desk.press(1, "Gelapkan")
    expect(front.locator("#dark")).to_be_visible(timeout=AT_ONCE)
    expect(desk.card(1).locator(".told")).to_have_text("gelap", timeout=AT_ONCE)
    desk.press(1, "Nyalakan")
    expect(front.locator("#dark")).to_have_count(0, timeout=AT_ONCE)
    expect(desk.card(1).locator(".told")).to_have_text("menyala")


def test_a_message_lies_over_the_wall_as_text_until_it_is_cleared(desk: Desk, front: Page) -> None:
    text = "Rapat pukul 10.00 <b>di sini</b>"
    field = desk.card(1).get_by_label("Pesan di layar ini")
    field.fill(text)
    field.press("Enter")
    expect(front.locator("#message")).to_have_text(text, timeout=AT_ONCE)
    expect(field).to_have_value("")
    expect(desk.card(1).locator(".over")).to_have_text(text)
    desk.press(1, "Hapus pesan")
    expect(front.locator("#message")).to_have_count(0, timeout=AT_ONCE)


def test_a_display_loads_itself_anew(desk: Desk, front: Page) -> None:
    front.evaluate("window.old = true")
    desk.press(1, "Muat ulang")
    front.wait_for_function("() => !window.old && document.getElementById('wall')")
    settle(front)


def test_one_panel_fills_the_screen_and_the_scene_comes_back(desk: Desk, front: Page) -> None:
    chooser = desk.card(1).get_by_label("Yang memenuhi layar")
    chooser.select_option("Antrean aduan")
    desk.press(1, "Layar penuh")
    panel = front.locator('[data-panel="aduan"]')
    front.wait_for_function(FILLS, arg="aduan", timeout=AT_ONCE)
    expect(panel).to_contain_text("#1182")
    expect(front.locator('[data-panel="cctv"]')).to_be_hidden()
    expect(front.locator("#corner")).to_contain_text("layar penuh")
    expect(desk.card(1).locator(".facts strong")).to_have_text("Antrean aduan")
    desk.press(1, "Kembali ke adegan")
    expect(front.locator('[data-panel="cctv"]')).to_be_visible(timeout=AT_ONCE)


def test_one_camera_fills_the_screen_with_its_picture(desk: Desk, front: Page) -> None:
    desk.card(1).get_by_label("Yang memenuhi layar").select_option("Simpang 1")
    desk.press(1, "Layar penuh")
    front.wait_for_function(FILLS, arg="focus", timeout=AT_ONCE)
    focus = front.locator('[data-panel="focus"]')
    expect(focus.locator("[data-camera]")).to_have_count(1)
    expect(focus.locator(".name")).to_have_text("Simpang 1")
    expect(focus.locator("canvas")).to_have_attribute("data-shown", PICTURE)
    expect(desk.card(1).locator(".facts strong")).to_have_text("Simpang 1")
    desk.press(1, "Ringkasan")  # a scene takes it away, too
    expect(focus).to_be_hidden(timeout=AT_ONCE)


def test_a_display_is_muted(desk: Desk, front: Page) -> None:
    desk.press(1, "Bisukan")
    front.wait_for_function("() => commandcenter.stage.sound === false", timeout=AT_ONCE)
    expect(desk.card(1).locator(".tag")).to_have_text("dibisukan")
    desk.press(1, "Bunyikan")
    front.wait_for_function("() => commandcenter.stage.sound === true", timeout=AT_ONCE)


def test_a_display_is_renamed_and_moved_to_another_wall(desk: Desk, front: Page) -> None:
    card = desk.card(1)
    card.get_by_text("Kelola").click()
    card.locator("[name=name]").fill("Layar besar")
    card.locator("[name=wall]").select_option("bupati")
    desk.press(1, "Simpan")
    expect(front.locator("#wall")).to_have_attribute("data-wall", "bupati", timeout=AT_ONCE)
    expect(card.locator("h3")).to_have_text("Layar besar")
    assert control(desk.site, 1, "wall", "utama").status_code == 200
    expect(front.locator("#wall")).to_have_attribute("data-wall", "utama", timeout=AT_ONCE)
    expect(card.locator("[name=wall]")).to_have_value("utama")
    order(desk.site, "displays/1/change", name="Layar depan", room="Ruang komando", wall="utama")


def test_what_a_person_types_survives_that_the_card_is_drawn_anew(
    desk: Desk, front: Page, site: Site
) -> None:
    field = desk.card(1).get_by_label("Pesan di layar ini")
    field.press_sequentially("Rapat pu")
    control(site, 1, "dark")
    expect(desk.card(1).locator(".told")).to_have_text("gelap")
    control(site, 1, "message", "lain")
    expect(desk.card(1).get_by_role("button", name="Hapus pesan")).to_be_visible()
    field.press_sequentially("kul 10")
    expect(field).to_be_focused()
    expect(field).to_have_value("Rapat pukul 10")


# --- revoked, restarted ---------------------------------------------------------------------------


def test_a_display_is_revoked_only_when_a_person_says_yes_and_then_says_so_itself(
    chromium: Browser, site: Site, desk: Desk
) -> None:
    number, token = paired(site, "Layar lama")
    with chromium.new_context() as room:
        cookie = {"name": "commandcenter_display", "value": token, "url": site.address}
        room.add_cookies([cookie])  # type: ignore[list-item]
        wall = room.new_page()
        wall.goto(site.address + "/wall")
        expect(wall.locator("#wall")).to_be_visible()
        desk.card(number).get_by_text("Kelola").click()
        desk.press(number, "Cabut")
        expect(desk.page.locator("dialog")).to_contain_text("Cabut Layar lama?")
        desk.page.keyboard.press("Escape")
        expect(desk.page.locator("dialog")).to_have_count(0)
        expect(desk.card(number).locator(".told")).to_have_text("menyala")
        desk.press(number, "Cabut")
        desk.page.get_by_role("button", name="Ya", exact=True).click()
        expect(desk.card(number).locator(".told")).to_have_text("dicabut", timeout=AT_ONCE)
        expect(desk.card(number).get_by_role("button")).to_have_count(0)
        expect(wall.get_by_role("heading", name="Layar ini dicabut")).to_be_visible()
    assert control(site, number, "dark").json()["why"] == "Layar ini dicabut"


def test_a_display_and_what_it_was_told_survive_a_restart_of_server_and_browser(
    chromium: Browser, site: Site, desk: Desk
) -> None:
    number, token = paired(site, "Layar tahan banting")
    control(site, number, "hold", "kamera")
    control(site, number, "message", "tetap di sini")
    with chromium.new_context() as room:
        cookie = {"name": "commandcenter_display", "value": token, "url": site.address}
        room.add_cookies([cookie])  # type: ignore[list-item]
        room.new_page().goto(site.address + "/wall")
        kept = room.storage_state()
    site.stop()
    site.start()
    with chromium.new_context(storage_state=kept) as room:
        wall = room.new_page()
        wall.goto(site.address + "/wall")
        expect(wall.locator("#wall")).to_have_attribute("data-scene", "kamera")
        expect(wall.locator("#message")).to_have_text("tetap di sini")
        expect(wall.locator("#corner")).to_contain_text("ditahan")
        expect(desk.card(number).locator(".told")).to_have_text("menyala")
    order(site, f"displays/{number}/revoke")


def test_a_display_that_only_seems_to_be_here_is_not_called_lit(
    chromium: Browser, site: Site, front: Page
) -> None:
    with chromium.new_context() as office:
        page = office.new_page()
        page.clock.install()
        card = Desk(page, site).open().card(1)
        expect(card.locator(".told")).to_be_visible()
        site.freeze()
        try:
            page.clock.run_for(30_000)
            expect(card.locator(".told")).to_be_hidden()
            expect(card.locator(".doubt")).to_have_text("tanpa kabar")
            expect(card.locator("header time")).to_have_text(SINCE)
        finally:
            site.thaw()
        page.clock.resume()
        expect(card.locator(".told")).to_be_visible()
