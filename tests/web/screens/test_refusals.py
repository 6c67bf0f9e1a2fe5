"""What /screens refuses, and what it does when the records or the bus are away."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import RedisProcess
from tests.web.conftest import Site
from tests.web.screens.conftest import (
    AT_ONCE,
    CONFIG,
    Desk,
    asked_of,
    control,
    order,
    paired,
    scene_on,
    settle,
)

# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.asvs("2.2.2")
@pytest.mark.parametrize(
    ("path", "told", "status", "why"),
    [
        ("pair", {"name": "x", "wall": "utama"}, 400, "Masukkan kode yang tampil di layar"),
        ("pair", {"code": "B", "name": " ", "wall": "utama"}, 400, "Nama terdiri dari 1 sampai 80"),
        ("pair", {"code": "B", "name": "x", "wall": "tiga"}, 400, "yang ada: utama, bupati"),
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
    # All but what its own heartbeat writes.
    everything = (
        "SELECT id, name, room, wall, token_hash, revoked_at, control FROM display ORDER BY id"
    )
    before = asked_of(site, everything)
    answer = order(site, path, **told)
    assert answer.status_code == status
    assert why in answer.json()["why"]
    assert asked_of(site, everything) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_what_is_no_order_at_all_is_answered_400(site: Site, body: bytes) -> None:
    path = f"{site.address}/screens/guests"
    headers = {"Origin": site.address, "Cookie": site.cookie()}
    answer = httpx.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_what_cannot_be_written_did_not_happen_and_the_reason_is_told(
    desk: Desk, front: Page, site: Site
) -> None:
    asked_of(site, "ALTER TABLE audit_log RENAME TO lost")
    try:
        desk.press(1, "Gelapkan")
        expect(desk.notice).to_contain_text("Tidak ada yang berubah")
        expect(desk.notice).to_contain_text("audit_log")
        assert order(site, "guests", on=True).status_code == 503
        assert order(site, "presets", name="x").status_code == 503
        assert control(site, 1, "wall", "bupati").status_code == 503
        expect(front.locator("#dark")).to_have_count(0)
        scene_on(front, "ringkas")
    finally:
        asked_of(site, "ALTER TABLE lost RENAME TO audit_log")
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


def test_a_display_gets_pictures_of_the_cameras_on_its_own_wall_only(
    site: Site, front: Page
) -> None:
    for wall, status in (("utama", 200), ("bupati", 403)):
        _, token = paired(site, f"Layar {wall}", wall)
        headers = {"Cookie": f"commandcenter_display={token}"}
        number = site.with_pictures(lambda pictures: pictures.numbers("simpang-1"))[-1]
        address = f"{site.address}/snapshots/simpang-1/{number}/small.jpg"
        assert httpx.get(address, headers=headers).status_code == status
    assert httpx.get(address).status_code == 401
