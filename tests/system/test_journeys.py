"""From a device's own words to the wall, through every process: `commandcenter run` at work."""

from __future__ import annotations

import re
from datetime import datetime

from playwright.sync_api import Browser, Page, expect

from tests.system.town import Town
from tests.web.conftest import let_in, sign_in

AT_ONCE = 2000  # ms in which the wall shows what a device has said
ROUTER = '[data-panel="network"] .cell[title^="Dinas Kesehatan"]'


def until_present(wall: Page, number: int, timeout: float = AT_ONCE) -> None:
    """Until the wall counts so many people as present."""
    figure = wall.locator('[data-figure="attendance"] .number')
    expect(figure).to_have_text(re.compile(rf"^{number}\s*/"), timeout=timeout)


def incident(page: Page, title: str) -> str:
    """The selector of an open incident, once it is on the page."""
    row = page.locator("[data-incident]").filter(has_text=title)
    expect(row).to_be_visible(timeout=30_000)
    return f'[data-incident="{row.get_attribute("data-incident")}"]'


def test_a_scan_that_a_machine_pushes_is_counted_on_the_wall_within_two_seconds(
    town: Town, wall: Page
) -> None:
    assert b"\r\n\r\nGET OPTION FROM: DK1\n" in town.greet()
    assert town.push(101, 102, 103).endswith(b"\r\n\r\nOK: 3")
    until_present(wall, 3)
    assert town.push(103, 104).endswith(b"\r\n\r\nOK: 2")
    until_present(wall, 4)
    assert town.scanned() == {101, 102, 103, 104}


def test_a_dead_router_becomes_an_incident_that_an_operator_takes_and_its_return_closes(
    town: Town, wall: Page, chromium: Browser
) -> None:
    expect(wall.locator(ROUTER)).to_have_class(re.compile(r"\bok\b"), timeout=30_000)
    town.agent.kill()
    expect(wall.locator(ROUTER)).to_have_class(re.compile(r"\bbad\b"), timeout=30_000)
    row = incident(wall, "Tautan Dinas Kesehatan putus")
    expect(wall.locator(f"{row} .who")).to_contain_text("belum ditangani")
    number = int(row.split('"')[1])
    with chromium.new_context() as context:
        console = context.new_page()
        token = sign_in(town.program.records_url, "operator 2", "operator")
        let_in(context, town.program.address, token)
        console.goto(f"{town.program.address}/console?incident={number}")
        console.locator('.actions [data-act="acknowledge"]').click()
        expect(wall.locator(f"{row} .who")).to_contain_text("operator 2", timeout=10_000)
    assert town.steps(number) == [("opened", "watch"), ("acknowledged", "operator 2")]
    town.agent.start()
    expect(wall.locator(ROUTER)).to_have_class(re.compile(r"\bok\b"), timeout=30_000)
    expect(wall.locator(row)).not_to_be_attached(timeout=30_000)
    assert town.steps(number)[-1] == ("resolved", "watch")


def test_a_camera_is_seen_and_when_its_picture_freezes_the_wall_says_so(
    town: Town, wall: Page
) -> None:
    tile = wall.locator('[data-camera="taman"]')
    expect(tile.locator("canvas[data-shown]")).to_be_attached(timeout=30_000)
    expect(tile).to_have_attribute("data-state", "fresh")
    assert brightness(wall, "taman") == {"min": 0, "max": 255}  # a white ball in the dark
    town.camera.freeze()
    expect(tile).to_have_attribute("data-state", "stale", timeout=30_000)
    expect(tile).to_contain_text("BEKU")


def brightness(wall: Page, camera: str) -> dict[str, int]:
    """The darkest and the brightest of a camera's pixels on the screen, to the next extreme."""
    return dict(
        wall.evaluate(
            """(camera) => {
              const canvas = document.querySelector(`[data-camera="${camera}"] canvas`);
              const pixels = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height).data;
              const green = pixels.filter((_, i) => i % 4 === 1);
              const round = (x) => (x > 200 ? 255 : x < 40 ? 0 : x);
              const least = green.reduce((a, b) => Math.min(a, b), 255);
              return { min: round(least), max: round(green.reduce((a, b) => Math.max(a, b), 0)) };
            }""",
            camera,
        )
    )


def test_a_camera_with_a_wrong_password_says_so(town: Town, wall: Page) -> None:
    tile = wall.locator('[data-camera="gudang"]')
    expect(tile).to_contain_text("SANDI SALAH", timeout=30_000)
    expect(tile).to_have_attribute("data-state", "none")
    assert "the-wrong-password" not in town.program.log()


def test_every_tile_says_which_camera_it_is_how_it_is_where_from_and_how_old(
    town: Town, wall: Page
) -> None:
    expect(wall.locator("[data-camera] canvas[data-shown]")).to_be_attached(timeout=30_000)
    tiles = [
        {name: tile.get_attribute(f"data-{name}") for name in ("camera", "state", "origin", "at")}
        for tile in wall.locator(".camera").all()
    ]
    assert [tile["camera"] for tile in tiles] == ["taman", "gudang"]
    assert {tile["state"] for tile in tiles} <= {"fresh", "late", "stale", "none"}
    assert {tile["origin"] for tile in tiles} == {"live"}
    seen, never_seen = (tile["at"] for tile in tiles)
    assert datetime.fromisoformat(seen or "").tzinfo is not None
    assert never_seen == ""


def test_a_signed_complaint_is_on_the_wall_and_a_wrongly_signed_one_is_refused_and_kept_aside(
    town: Town, wall: Page
) -> None:
    complaints = wall.locator('[data-panel="complaints"]')
    status, _ = town.complain("Jalan berlubang di Kumai")
    assert status == 202
    expect(complaints).to_contain_text("Jalan berlubang di Kumai", timeout=AT_ONCE)
    status, told = town.complain("Jembatan roboh", secret="guessed")
    assert (status, told) == (
        401,
        {"error": "the signature does not fit timestamp, body and secret"},
    )
    counted = 'commandcenter_feed_rejects_total{feed="complaints"} 1.0\n'
    town.program.until(lambda: counted in town.program.get("/metrics"), "/metrics counts it")
    listed = town.program.say("rejects")
    assert "complaints  webhook  the signature does not fit" in listed.stdout
    assert "Jembatan" not in complaints.inner_text()


def test_a_missing_list_secret_or_program_is_told_by_name_and_stops_nothing_else(
    town: Town, wall: Page
) -> None:
    def told(feed: str) -> str:
        return str(town.program.readyz().get("feeds", {}).get(feed, {}).get("error", ""))

    town.program.until(lambda: "nowhere.csv" in told("listless"), "the list is told")
    town.program.until(lambda: "nowhere/secret" in told("secretless"), "the secret is told")
    assert "no-such-program cannot be started: No such file or directory" in town.program.log()
    status, _ = town.complain("Lampu padam di Pasar")
    assert status == 202
    assert "Traceback" not in town.program.log()
