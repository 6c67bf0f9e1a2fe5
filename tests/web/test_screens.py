"""/screens: a display is paired there, and shows what an operator tells it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import Site

CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"

[web]
port = {port}

[lists]
offices = "{lists}/offices.csv"

[[wall]]
name = "utama"
title = "Ruang komando"
seconds = 900
[[wall.scene]]
name = "ringkas"
title = "Ringkasan"
rows = ["auto", "1fr", "1fr"]
picture = ["masthead masthead", "aduan insiden", "cctv cctv"]
[[wall.scene]]
name = "kamera"
title = "Kamera"
picture = ["cctv"]
[[wall.scene]]
name = "aduan"
title = "Aduan dan insiden"
picture = ["aduan insiden"]

[[wall]]
name = "bupati"
title = "Ruang bupati"
picture = ["aduan", "insiden"]

[panel.masthead]
[panel.cctv]
title = "CCTV"
hide_from_guests = true
[panel.aduan]
type = "complaints"
[panel.insiden]
type = "incidents"
[panel.jaringan]
type = "network"
hide_from_guests = true

[feed.complaints]
[feed.network]
devices = "{lists}/devices.csv"
[feed.cameras]
cameras = "{lists}/cameras.csv"
late_after = 300
stale_after = 600

[[person]]
name = "operator 1"
[[person]]
name = "operator 2"
"""
AT_ONCE = 1500  # ms: the wall follows within a second; the rest is for a busy machine
CODE = re.compile(r"[A-Z]{3}-[A-Z]{3}")
AGO, SINCE = re.compile(r"^\d+ dtk lalu$"), re.compile(r"^sejak \d\d:\d\d WIB$")
FORESEEN = re.compile("Failed to load resource|net::ERR_CONNECTION")  # refusals, restarts
PICTURE = re.compile(r"^/snapshots/simpang-1/\d+\.jpg$")
FILLS = """(panel) => {
    const card = document.querySelector(`[data-panel="${panel}"]`).getBoundingClientRect();
    return card.width > 0.9 * innerWidth && card.height > 0.9 * innerHeight;
}"""
TIDY = """() => {
    for (const form of document.forms) form.reset();
    for (const open of document.querySelectorAll("[open]")) open.open = false;
    document.activeElement.blur();
}"""
STEP = """(what) => new Promise((seen) => {
    document.addEventListener("stage", (e) => e.detail.scene === what && seen(Date.now()));
})"""


@dataclass
class Desk:
    """/screens in an operator's browser."""

    page: Page
    site: Site

    def open(self) -> Desk:
        self.page.goto(self.site.address + "/screens")
        expect(self.page.locator("form.pair")).to_be_visible()
        return self

    def card(self, number: int) -> Locator:
        return self.page.locator(f'[data-display="{number}"]')

    def press(self, number: int, word: str) -> None:
        self.card(number).get_by_role("button", name=word, exact=True).click()

    def pair(self, code: str, name: str, room: str = "", wall: str = "utama") -> None:
        """Fill in the form and press Enter."""
        form = self.page.locator("form.pair")
        form.locator("[name=code]").fill(code)
        form.locator("[name=name]").fill(name)
        form.locator("[name=room]").fill(room)
        form.locator("[name=wall]").select_option(wall)
        form.locator("[name=name]").press("Enter")

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")


def order(site: Site, path: str, **told: Any) -> httpx.Response:
    """What the page tells a door."""
    body = {"who": "operator 1"} | told
    headers = {"Origin": site.address}
    return httpx.post(f"{site.address}/screens/{path}", json=body, headers=headers)


def control(site: Site, number: int, act: str, value: str = "") -> httpx.Response:
    return order(site, f"displays/{number}/control", act=act, value=value)


def code_on(page: Page) -> str:
    """The code that a display shows."""
    shown = page.locator("#code")
    expect(shown).to_have_attribute("aria-label", CODE)
    return str(shown.get_attribute("aria-label"))


def paired(site: Site, name: str, wall: str = "utama") -> tuple[int, str]:
    """A display without a browser: its number and its token."""
    with httpx.Client(base_url=site.address, headers={"Origin": site.address}) as display:
        asked = display.post("/wall/pairing", json={"width": 1280, "height": 720}).json()
        order(site, "pair", code=asked["code"], name=name, wall=wall)
        display.post("/wall/pairing/collect", json={"secret": asked["secret"]})
        token = str(display.cookies["commandcenter_display"])
    return asked_of(site, "SELECT max(id) FROM display")[0][0], token


def asked_of(site: Site, query: str, *values: Any) -> list[Any]:
    """What the site's own records say."""
    with closing(sqlite3.connect(site.folder / "records.db")) as records, records:
        return records.execute(query, values).fetchall()


def tell(site: Site) -> None:
    """What feeds would tell."""
    red = cv2.imencode(".jpg", np.full((36, 64, 3), (0, 0, 200), dtype=np.uint8))[1].tobytes()
    cameras = [samples.camera(place) for place in range(3)]
    for camera in cameras:
        assert camera.value is not None
        camera.value["picture"] = site.keep_picture(camera.identity, red)
    site.publish("cameras", cameras)
    site.publish("complaints", [samples.complaint(1182), samples.complaint_totals(1)])
    site.publish("incidents", [samples.incident_totals(0)])
    site.publish("network", [samples.device(1), samples.provider("Telkom")])


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two walls, one of them with three scenes that stay for long."""
    found = Site(tmp_path_factory.mktemp("site"), module_redis.url, CONFIG)
    found.start()
    tell(found)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def office(chromium: Browser, site: Site) -> Iterator[Desk]:
    """The operator's page, open all day."""
    with chromium.new_context() as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        yield Desk(page, site).open()
    assert [told for told in complaints if not FORESEEN.search(told)] == []


@pytest.fixture(scope="module")
def front(chromium: Browser, site: Site, office: Desk) -> Iterator[Page]:
    """A display that stays for all tests: number 1, paired as people do it."""
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as room:
        wall = room.new_page()
        wall.goto(site.address + "/wall")
        office.pair(code_on(wall), "Layar depan", "Ruang komando")
        settle(wall)
        yield wall


@pytest.fixture
def desk(office: Desk, front: Page) -> Iterator[Desk]:
    """The operator's page; afterwards it and the front display are as new."""
    office.page.set_viewport_size({"width": 1440, "height": 900})
    expect(office.card(1).locator(".told")).to_have_text("menyala")
    yield office
    for act in ("continue", "back", "lit", "message", "sound"):
        control(office.site, 1, act)
    order(office.site, "guests", on=False)
    office.page.evaluate(TIDY)


def settle(wall: Page) -> None:
    """Until a page that was just loaded has read its largest script, which takes it a moment."""
    expect(wall.locator("#wall")).to_have_attribute("data-scene", "ringkas")
    wall.wait_for_function("() => window.Plotly")


def scene_on(wall: Page, scene: str) -> None:
    expect(wall.locator("#wall")).to_have_attribute("data-scene", scene, timeout=AT_ONCE)


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


def test_orders_are_written_down_with_the_person_who_was_chosen(desk: Desk, front: Page) -> None:
    desk.page.select_option("#operator", "operator 2")
    desk.press(1, "Kamera")
    scene_on(front, "kamera")
    last = "SELECT who, step, note, source_address FROM display_log ORDER BY id DESC LIMIT 1"
    assert asked_of(desk.site, last) == [("operator 2", "scene", "kamera", "127.0.0.1")]
    desk.page.reload()  # and the browser remembers who works at it
    expect(desk.page.locator("#operator")).to_have_value("operator 2")


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


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "told", "status", "why"),
    [
        ("pair", {"name": "x", "wall": "utama"}, 400, "Masukkan kode yang tampil di layar"),
        ("pair", {"code": "B", "name": " ", "wall": "utama"}, 400, "Nama terdiri dari 1 sampai 80"),
        ("pair", {"code": "B", "name": "x", "wall": "tiga"}, 400, "yang ada: utama, bupati"),
        (
            "displays/1/control",
            {"act": "dark", "who": "orang"},
            400,
            "orang tidak ada di [[person]]",
        ),
        ("displays/1/control", {"act": "dark", "who": ""}, 400, "tidak ada di [[person]]"),
        ("displays/1/control", {"act": "explode"}, 400, "tidak dapat dipahami"),
        ("displays/1/control", {"act": "scene", "value": "x"}, 400, "ringkas, kamera, aduan"),
        ("displays/1/control", {"act": "hold", "value": "x"}, 400, "Tidak ada adegan x"),
        ("displays/1/control", {"act": "panel", "value": "x"}, 400, "Tidak ada panel x"),
        ("displays/1/control", {"act": "thing", "value": "cctv:x"}, 400, "Tidak ada kamera x"),
        (
            "displays/1/control",
            {"act": "thing", "value": "aduan:simpang-1"},
            400,
            "Tidak ada kamera",
        ),
        ("displays/1/control", {"act": "wall", "value": "x"}, 400, "Tidak ada dinding x"),
        ("displays/1/control", {"act": "message", "value": "x" * 281}, 400, "paling banyak 280"),
        ("displays/99/control", {"act": "dark"}, 404, "Layar itu tidak ada"),
        ("displays/99/revoke", {}, 404, "Layar itu tidak ada"),
        ("displays/99/change", {"name": "x", "wall": "utama"}, 404, "Layar itu tidak ada"),
        ("displays/1/change", {"name": "x" * 81, "wall": "utama"}, 400, "1 sampai 80"),
        ("presets", {"name": ""}, 400, "1 sampai 80"),
        ("presets/apply", {"name": "x"}, 400, "Tidak ada susunan x"),
        ("guests", {"on": "mungkin"}, 400, "tidak dapat dipahami"),
    ],
)
def test_an_order_that_makes_no_sense_changes_nothing_and_is_told_why(
    site: Site, front: Page, path: str, told: dict[str, Any], status: int, why: str
) -> None:
    everything = "SELECT * FROM display ORDER BY id"
    before = asked_of(site, everything)
    answer = order(site, path, **told)
    assert answer.status_code == status
    assert why in answer.json()["why"]
    steady = [row[:12] for row in asked_of(site, everything)]  # but for when it was last seen
    assert steady == [row[:12] for row in before]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_order_at_all_is_answered_400(site: Site, body: bytes) -> None:
    path = f"{site.address}/screens/guests"
    answer = httpx.post(path, content=body, headers={"Origin": site.address})
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_what_cannot_be_written_did_not_happen_and_the_reason_is_told(
    desk: Desk, front: Page, site: Site
) -> None:
    asked_of(site, "ALTER TABLE display_log RENAME TO lost")
    try:
        desk.press(1, "Gelapkan")
        expect(desk.notice).to_contain_text("Tidak ada yang berubah")
        expect(desk.notice).to_contain_text("display_log")
        assert order(site, "guests", on=True).status_code == 503
        assert order(site, "presets", name="x").status_code == 503
        assert control(site, 1, "wall", "bupati").status_code == 503
        expect(front.locator("#dark")).to_have_count(0)
        scene_on(front, "ringkas")
    finally:
        asked_of(site, "ALTER TABLE lost RENAME TO display_log")
    desk.press(1, "Gelapkan")
    expect(front.locator("#dark")).to_be_visible(timeout=AT_ONCE)


def test_while_the_bus_is_away_a_display_still_does_what_it_is_told(
    redis_process: RedisProcess, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> None:
    site = Site(tmp_path_factory.mktemp("site"), redis_process.url, CONFIG)
    site.start()
    try:
        number, token = paired(site, "Layar")
        with chromium.new_context() as room:
            cookie = {"name": "commandcenter_display", "value": token, "url": site.address}
            room.add_cookies([cookie])  # type: ignore[list-item]
            wall = room.new_page()
            wall.goto(site.address + "/wall")
            settle(wall)
            redis_process.stop()
            assert control(site, number, "scene", "kamera").status_code == 200
            scene_on(wall, "kamera")
    finally:
        site.stop()
