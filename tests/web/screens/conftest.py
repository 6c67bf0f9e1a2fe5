"""A site, an operator's desk before /screens, and a wall in the front of the room."""

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
from tests.web.conftest import REGION, Site

CONFIG = (
    REGION
    + """
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
)
AT_ONCE = 1500  # ms: the wall follows within a second; the rest is for a busy machine
CODE = re.compile(r"[A-Z]{3}-[A-Z]{3}")
AGO, SINCE = re.compile(r"^\d+ dtk lalu$"), re.compile(r"^sejak \d\d:\d\d WIB$")
FORESEEN = re.compile("Failed to load resource|WebSocket connection to")  # refusals, restarts
PICTURE = re.compile(r"^/snapshots/simpang-1/\d+$")
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
        self.site.let_in(self.page.context)
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
    headers = {"Origin": site.address, "Cookie": site.cookie()}
    return httpx.post(f"{site.address}/screens/{path}", json=told, headers=headers)


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
