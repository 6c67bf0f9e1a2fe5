"""Cameras on the pages: who sees which, one opened as large as the screen, and pages that turn."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect

from commandcenter.access.roles import Role
from commandcenter.bus import Pictures
from commandcenter.reading import Reading
from commandcenter.vocabulary import CameraState
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import READY, REGION, Site
from tests.web.look import placed
from tests.web.screens.conftest import control, paired

CONFIG = (
    REGION
    + """
[[wall]]
name = "utama"
picture = ["cctv"]
[[wall]]
name = "peta"
picture = ["map few"]
[[wall]]
name = "lembar"
picture = ["turning"]

[panel.cctv]
[panel.map]
cameras = true
[panel.few]
type = "cctv"
show = 4
[panel.turning]
type = "cctv"
show = 6
order = "bad-first"
page_every = 1

[feed.network]
devices = "{lists}/devices.csv"
late_after = 300
stale_after = 600
[feed.cameras]
cameras = "{lists}/cameras.csv"
late_after = 300
stale_after = 600
"""
)
ALL = 64


def jpeg(grey: int, width: int = 480) -> bytes:
    picture = np.full((width * 9 // 16, width, 3), grey, np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1])


def told(site: Site, place: int, state: CameraState = "live", seen_by: str = "") -> Reading:
    """A camera with a picture."""
    number = site.keep_picture(f"simpang-{place}", jpeg(90), large=jpeg(90, 1280))
    return samples.camera(place, state=state, picture=number, seen_by=seen_by.split())


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Twelve cameras; one of them is for operators, and one has refused its password."""
    found = Site(tmp_path_factory.mktemp("site"), module_redis.url, CONFIG)
    found.start()
    usual(found)
    found.publish("network", [placed(n, samples.device(n)) for n in range(12)])
    yield found
    found.stop()


def usual(site: Site) -> None:
    cameras = [told(site, place) for place in range(12)]
    cameras[3] = told(site, 3, "unauthorized")
    cameras[7] = told(site, 7, seen_by="operator admin")
    gone = [samples.reading("cameras", f"camera/simpang-{n}", None) for n in range(12, ALL)]
    site.publish("cameras", [*cameras, *gone])


@dataclass
class Asked:
    """What a page asks for, and how much of it at once."""

    addresses: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)
    most: int = 0

    def begins(self, request: Request) -> None:
        if "/snapshots/" in request.url:
            self.addresses.append(request.url)
            self.under_way.add(request)
            self.most = max(self.most, len(self.under_way))

    def ends(self, request: Request) -> None:
        self.under_way.discard(request)

    def of(self, part: str) -> list[str]:
        return [address for address in self.addresses if part in address]


def watch(page: Page) -> Asked:
    asked = Asked()
    page.on("request", asked.begins)
    page.on("requestfinished", asked.ends)
    page.on("requestfailed", asked.ends)
    return asked


def open_as(page: Page, site: Site, role: Role, path: str = "/wall/utama") -> Page:
    site.let_in(page.context, role, role)
    page.goto(site.address + path)
    until(page, READY, 20)
    return page


def until(page: Page, true: str, seconds: float = 10) -> None:
    """Until a JavaScript expression holds."""
    page.wait_for_function(f"() => {true}", timeout=seconds * 1000)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert complaints == []


# --- who sees which ------------------------------------------------------------------------------


def test_on_the_page_of_a_viewer_there_is_no_trace_of_a_camera_for_operators(
    page: Page, site: Site
) -> None:
    heard: list[str] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda told: heard.append(str(told))))
    read: list[Response] = []
    page.on("response", lambda r: read.append(r) if "layout" in r.url else None)
    open_as(page, site, "viewer", "/wall/peta")
    expect(page.locator('[data-pin="simpang-8"]')).to_be_attached()
    site.publish("cameras", [told(site, 7, seen_by="operator admin"), told(site, 8)])
    until(page, "document.querySelector('[data-camera=simpang-0] canvas[data-shown]')")
    for text in (page.content(), *heard, *(answer.text() for answer in read)):
        assert "simpang-8" in text or "simpang" not in text
        assert "simpang-7" not in text
        assert "Simpang 7" not in text


def test_an_operator_sees_it_in_the_grid_and_in_the_map(page: Page, site: Site) -> None:
    open_as(page, site, "operator")
    expect(page.locator('[data-camera="simpang-7"] canvas[data-shown]')).to_be_visible()
    open_as(page, site, "operator", "/wall/peta")
    expect(page.locator('[data-pin="simpang-7"]')).to_be_visible()


def test_no_address_of_it_opens_to_a_viewer_or_to_a_display(site: Site) -> None:
    told(site, 7)
    number = site.with_pictures(lambda p: p.numbers("simpang-7"))[-1]
    _, display = paired(site, "Layar lorong")
    for path in (f"{number}/small.jpg", f"{number}/large.jpg", "next/0.jpg"):
        address = f"/snapshots/simpang-7/{path}"
        with site.client("viewer", "viewer") as viewer, site.client() as operator:
            assert operator.get(address).status_code == 200
            assert viewer.get(address).status_code == 404
        cookie = {"Cookie": f"commandcenter_display={display}"}
        assert httpx.get(site.address + address, headers=cookie).status_code == 403


def test_a_camera_that_is_restricted_while_a_page_is_open_leaves_it(page: Page, site: Site) -> None:
    open_as(page, site, "viewer")
    tile = page.locator('[data-camera="simpang-2"]')
    expect(tile).to_be_visible()
    site.publish("cameras", [told(site, 2, seen_by="admin")])
    expect(tile).not_to_be_attached()
    site.publish("cameras", [told(site, 2)])
    expect(tile).to_be_visible()


def test_when_nobody_is_restricted_any_more_pages_go_on(page: Page, site: Site) -> None:
    open_as(page, site, "viewer")
    site.publish("cameras", [told(site, 7)])
    expect(page.locator('[data-camera="simpang-7"]')).to_be_visible()
    site.publish("cameras", [told(site, 7, seen_by="operator admin")])
    expect(page.locator('[data-camera="simpang-7"]')).not_to_be_attached()


# --- a picture's own address ---------------------------------------------------------------------


def test_a_picture_has_an_address_of_its_own_for_as_long_as_it_is_kept(site: Site) -> None:
    at = samples.present() - timedelta(minutes=1)
    number = site.keep_picture("simpang-0", jpeg(10), at, large=jpeg(10, 1280))
    address = f"/snapshots/simpang-0/{number}"
    with site.client() as operator:
        small, large = (operator.get(f"{address}/{size}.jpg") for size in ("small", "large"))
        assert 0 < len(small.content) < len(large.content)
        assert small.headers["X-Captured-At"] == at.isoformat()
        cache = small.headers["Cache-Control"]
        assert cache.startswith("private, max-age=")
        assert cache.endswith(", immutable")
        assert 500 < int(cache.split("=")[1].split(",")[0]) <= 600
        known = {"If-None-Match": small.headers["ETag"]}
        again = operator.get(f"{address}/small.jpg", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert operator.get(f"{address}/large.jpg", headers=known).status_code == 200


def test_one_that_is_gone_is_never_another_one(site: Site) -> None:
    site.keep_picture("simpang-0", jpeg(20))
    with site.client() as operator:
        for path in ("17/small.jpg", "17/huge.jpg"):
            gone = operator.get(f"/snapshots/simpang-0/{path}")
            assert (gone.status_code, gone.headers["Cache-Control"]) == (404, "no-store")
        assert operator.get("/snapshots/nowhere/17/small.jpg").status_code == 404


def test_whoever_waits_for_the_next_picture_has_it_at_once_and_the_camera_is_told(
    site: Site,
) -> None:
    number = site.keep_picture("simpang-1", jpeg(30))
    with site.client(timeout=20) as operator:
        first = operator.get("/snapshots/simpang-1/next/0.jpg")
        assert first.headers["X-Number"] == str(number)
        assert first.headers["Cache-Control"] == "no-store"
        assert "simpang-1" in site.with_pictures(Pictures.looked_at)


@pytest.mark.long
def test_whoever_waits_in_vain_is_told_after_four_seconds(site: Site) -> None:
    number = site.keep_picture("simpang-1", jpeg(30))
    with site.client(timeout=20) as operator:
        began = time.monotonic()
        none = operator.get(f"/snapshots/simpang-1/next/{number}.jpg")
        assert (none.status_code, none.content) == (204, b"")
        assert 3.5 < time.monotonic() - began < 10


# --- what a page fetches -------------------------------------------------------------------------


def test_sixty_four_cameras_stand_in_a_grid_and_no_more_than_six_are_fetched_at_once(
    page: Page, site: Site
) -> None:
    site.publish("cameras", [told(site, place) for place in range(ALL)])
    try:
        sixty_four(page, site)
    finally:
        usual(site)


def sixty_four(page: Page, site: Site) -> None:
    asked = watch(page)
    open_as(page, site, "operator")
    until(page, f"document.querySelectorAll('canvas[data-shown]').length === {ALL}")
    assert 2 <= asked.most <= 6
    assert len(asked.of("/small.jpg")) == len(asked.addresses) >= ALL
    assert page.evaluate(OVERFLOWS) == []


OVERFLOWS = """() => [...document.querySelectorAll(".camera, .camera > *")].filter((e) => {
  const inner = e.getBoundingClientRect();
  const around = e.matches(".camera") ? e.closest(".card") : e.parentElement;
  const outer = around.getBoundingClientRect();
  return inner.left < outer.left - 1 || inner.right > outer.right + 1
    || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
}).map((e) => e.className)"""


def test_what_is_not_on_the_screen_is_not_fetched(page: Page, site: Site) -> None:
    asked = watch(page)
    open_as(page, site, "operator", "/wall/peta")
    until(page, "document.querySelectorAll('canvas[data-shown]').length === 4")
    there = page.locator(".camera")
    assert there.count() == 12
    hidden = [n for n in range(12) if not page.locator(f'[data-camera="simpang-{n}"]').is_visible()]
    assert len(hidden) == 8
    assert [n for n in hidden if asked.of(f"/simpang-{n}/")] == []


def test_a_large_place_gets_the_large_picture(page: Page, site: Site) -> None:
    asked = watch(page)
    open_as(page, site, "operator", "/wall/peta")
    until(page, "document.querySelectorAll('canvas[data-shown]').length === 4")
    page.evaluate(
        """Object.assign(document.querySelector('[data-camera="simpang-0"]').style,
        { position: 'fixed', inset: '0', width: '1600px', height: '900px' })"""
    )
    until(page, "document.querySelector('canvas[data-size=large]')")
    assert asked.of("/simpang-0/")[-1].endswith("/large.jpg")


# --- one camera, opened --------------------------------------------------------------------------


def test_a_camera_that_is_opened_is_asked_for_only_as_long_as_it_is_open(
    page: Page, site: Site
) -> None:
    asked = watch(page)
    open_as(page, site, "operator")
    page.locator('[data-camera="simpang-0"]').focus()
    page.keyboard.press("Enter")
    viewer = page.locator("#viewer")
    expect(viewer.locator("h2")).to_have_text("Simpang 0")
    until(page, "document.querySelector('#viewer canvas').width === 1280")
    assert "simpang-0" in site.with_pictures(Pictures.looked_at)
    number = site.keep_picture("simpang-0", jpeg(200), large=jpeg(200, 1280))
    until(page, f"document.getElementById('viewer').dataset.number === '{number}'")
    expect(viewer.locator("time")).to_contain_text("lalu")
    assert asked.most <= 6
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.camera") == "simpang-0"
    so_far = len(asked.of("/next/"))
    site.keep_picture("simpang-0", jpeg(10))
    page.wait_for_timeout(600)  # of nothing that happens one cannot wait for the end
    assert len(asked.of("/next/")) == so_far
    assert not [r for r in asked.under_way if "/next/" in r.url]


def test_arrows_go_from_camera_to_camera_and_a_touch_closes(chromium: Browser, site: Site) -> None:
    size = {"width": 1180, "height": 820}
    with chromium.new_context(viewport=size, has_touch=True) as context:  # type: ignore[arg-type]
        page = open_as(context.new_page(), site, "viewer")
        page.locator('[data-camera="simpang-0"]').tap()
        name = page.locator("#viewer h2")
        page.keyboard.press("ArrowRight")
        expect(name).to_have_text("Simpang 1")
        page.locator("#viewer .before").tap()
        page.locator("#viewer .before").tap()
        expect(name).to_have_text("Simpang 11")
        for button in page.locator("#viewer header button").all():
            box = button.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44
        page.locator("#viewer .close").tap()
        expect(page.locator("#viewer")).to_be_hidden()


def test_a_pin_of_the_map_opens_its_camera_and_says_where_it_stands(page: Page, site: Site) -> None:
    open_as(page, site, "viewer", "/wall/peta")
    page.locator('[data-pin="simpang-5"]').click()
    expect(page.locator("#viewer h2")).to_have_text("Simpang 5")
    expect(page.locator("#viewer .place .pin.here")).to_have_attribute("data-pin", "simpang-5")
    until(page, "document.querySelector('#viewer canvas').width === 1280")


def test_an_operator_lets_a_refused_password_be_tried_again_and_a_viewer_cannot(
    page: Page, site: Site
) -> None:
    open_as(page, site, "viewer")
    page.locator('[data-camera="simpang-3"]').click()
    expect(page.locator("#viewer .word")).to_contain_text("SANDI SALAH")
    expect(page.locator("#viewer .again")).to_be_hidden()
    open_as(page, site, "operator")
    page.locator('[data-camera="simpang-3"]').click()
    page.locator("#viewer .again").click()
    expect(page.locator("#viewer .said")).not_to_be_empty()
    assert site.with_pictures(Pictures.asked) == {"simpang-3"}
    with site.client() as operator, site.client("viewer", "viewer") as viewer:
        assert viewer.post("/cameras/simpang-3/again").status_code == 403
        assert operator.post("/cameras/simpang-0/again").status_code == 409
        assert operator.post("/cameras/nowhere/again").status_code == 404
        elsewhere = {"Origin": "http://elsewhere.example"}
        assert operator.post("/cameras/simpang-3/again", headers=elsewhere).status_code == 403
    with site.client("admin", "admin") as admin:
        assert "simpang-3" in admin.get("/admin/audit?act=camera_again").text


def test_a_display_opens_nothing_but_shows_one_camera_picture_by_picture(
    page: Page, site: Site
) -> None:
    number, token = paired(site, "Layar depan")
    cookie = {"name": "commandcenter_display", "value": token, "url": site.address}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    asked = watch(page)
    page.goto(site.address + "/wall")
    until(page, READY, 20)
    page.locator('[data-camera="simpang-0"]').click()
    assert page.locator("#viewer").count() == 0
    assert asked.of("/next/") == []
    assert control(site, number, "thing", "cctv:simpang-0").status_code == 200
    canvas = page.locator("[data-panel=focus] canvas")
    expect(canvas).to_have_attribute("data-shown", re.compile("^/snapshots/simpang-0/"))
    newer = site.keep_picture("simpang-0", jpeg(77), large=jpeg(77, 1280))
    expect(canvas).to_have_attribute("data-shown", f"/snapshots/simpang-0/{newer}")
    assert asked.of("/simpang-0/next/")
    assert control(site, number, "thing", "cctv:simpang-7").status_code == 400  # not for displays
    assert control(site, number, "back").status_code == 200
    expect(canvas).to_be_hidden()


# --- pages ---------------------------------------------------------------------------------------


def test_pages_turn_alike_everywhere_with_the_worst_first_and_none_is_empty(
    page: Page, chromium: Browser, site: Site
) -> None:
    open_as(page, site, "operator", "/wall/lembar")
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as context:
        other = open_as(context.new_page(), site, "operator", "/wall/lembar")
        seen: list[dict[int, list[str]]] = [{}, {}]
        while any(len(pages) < 2 for pages in seen):
            site.publish("cameras", [told(site, 0)])
            for screen, pages in zip((page, other), seen, strict=True):
                number, shown = screen.evaluate(NOW_SHOWN)
                pages[number] = shown
    assert seen[0] == seen[1]
    assert [len(shown) for shown in seen[0].values()] == [6, 6]
    assert seen[0][1][0] == "simpang-3"  # it has refused its password
    assert not {*seen[0][1]} & {*seen[0][2]}


SHOWN = """() => [...document.querySelectorAll(".camera")].filter((e) => !e.hidden)
    .map((e) => e.dataset.camera)"""
NOW_SHOWN = f"() => [Number(document.querySelector('.cameras').dataset.page), ({SHOWN})()]"


def test_a_person_leafs_by_keys_and_by_the_line_below(page: Page, site: Site) -> None:
    open_as(page, site, "operator", "/wall/peta")
    line = page.locator("[data-panel=few] .more")
    expect(line).to_have_text("dan 8 lainnya")
    first = page.evaluate(SHOWN)
    page.keyboard.press("PageDown")
    second = page.evaluate(SHOWN)
    assert (len(second), set(first) & {"simpang-4", "simpang-5"}) == (4, set())
    line.click()
    third = page.evaluate(SHOWN)
    assert len({*page.evaluate(SHOWN), *second}) == 8
    page.keyboard.press("PageUp")
    assert page.evaluate(SHOWN) == second != third
