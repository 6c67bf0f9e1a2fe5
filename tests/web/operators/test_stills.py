"""The stills around a fall, side by side and large, as an operator sees them."""

from __future__ import annotations

from datetime import datetime, timedelta

import cv2
import numpy as np
from playwright.sync_api import expect

from commandcenter.records.evidence import Role, Wish, fill, forget_pictures, miss, want, wanted
from tests.web import samples
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator

GREYS: dict[Role, int] = {"before": 60, "at": 120, "after": 180}


def jpeg(grey: int) -> bytes:
    """A scene that is darker or brighter."""
    scene = np.full((180, 320, 3), grey, dtype=np.uint8)
    cv2.circle(scene, (grey, 90), 40, (40, 90, 220), -1)
    body: bytes = cv2.imencode(".jpg", scene)[1].tobytes()
    return body


def fallen(desk: Desk, *cameras: str, after: timedelta = timedelta(seconds=-30)) -> int:
    """An incident that opened three minutes ago, with what its cameras sent."""
    fell = samples.present() - timedelta(minutes=3)
    number = desk.happen("rtr-dinkes", at=fell)
    with desk.records.engine.begin() as connection:
        due: dict[Role, datetime] = {"before": fell, "at": fell, "after": samples.present() + after}
        wishes = [
            Wish(camera=camera, role=role, fell_at=fell, at=at)
            for camera in cameras
            for role, at in due.items()
        ]
        want(connection, number, wishes)
    send(desk, fell)
    return number


def send(desk: Desk, fell: datetime, until: timedelta = timedelta()) -> None:
    """The cameras send what is due by then, from now."""
    taken: dict[Role, timedelta] = {
        "before": timedelta(seconds=-42),
        "at": timedelta(seconds=-2),
        "after": timedelta(seconds=95),
    }
    with desk.records.engine.begin() as connection:
        for one in wanted(connection, samples.present() + until):
            fill(connection, one.id, fell + taken[one.role], jpeg(GREYS[one.role]))


def test_before_at_and_after_stand_side_by_side_with_their_distance_from_the_fall(
    desk: Desk, operator: Operator
) -> None:
    desk.site.publish("cameras", [samples.camera(1)])
    number = fallen(desk, "simpang-1", "simpang-2")
    page = operator.open().take_up(number).page
    stills = page.locator(".stills section").first.locator("figure")
    expect(stills).to_have_count(3)
    for still, text in zip(stills.all(), ("42 dtk", "2 dtk", "1 mnt 35 dtk"), strict=True):
        expect(still.locator("figcaption")).to_contain_text("WIB")
        expect(still.locator("figcaption span").last).to_contain_text(text)
    tops = stills.evaluate_all("all => all.map((e) => e.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
    expect(page.locator(".stills h3")).to_have_text(["Simpang 1", "simpang-2"])
    loaded = "() => [...document.querySelectorAll('.stills img')].every((e) => e.naturalWidth)"
    page.wait_for_function(loaded)
    file = page.locator(".evidence .file a")
    expect(file).to_have_attribute("href", f"/console/incidents/{number}/evidence.zip")


def test_a_press_enlarges_arrows_lead_on_and_escape_back(desk: Desk, operator: Operator) -> None:
    number = fallen(desk, "simpang-1")
    page = operator.open().take_up(number).page
    page.locator(".stills [data-role=before] .still").click()
    large = page.locator("dialog .large img")
    expect(large).to_be_visible()
    addresses = [page.locator(f".stills [data-role={r}] img").get_attribute("src") for r in GREYS]
    for key, place in (("", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowRight", 0)):
        if key:
            page.keyboard.press(key)
        expect(large).to_have_attribute("src", addresses[place] or "")
    page.keyboard.press("ArrowLeft")
    expect(large).to_have_attribute("src", addresses[2] or "")
    expect(page.locator("dialog .large code")).to_contain_text("SHA-256 ")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("ArrowRight")  # nobody listens any more
    assert operator.complaints == []


def test_what_is_not_there_says_why(desk: Desk, operator: Operator) -> None:
    number = fallen(desk, "simpang-1", after=timedelta(seconds=30))
    now = samples.present()
    with desk.records.engine.begin() as connection:
        want(connection, number, [Wish(camera="mati", role="at", fell_at=now, at=now)])
        [one] = wanted(connection, now)
        miss(connection, one.id)
    desk.did(number, act="resolve", cause="power")
    with desk.records.engine.begin() as connection:
        forget_pictures(connection, now, now)
    page = operator.open(f"/console?incident={number}").page
    states = {"before": "forgotten", "at": "forgotten", "after": "wanted"}
    first = page.locator(".stills section").first
    for role, state in states.items():
        expect(first.locator(f"[data-role={role}]")).to_have_attribute("data-state", state)
    expect(first.locator("[data-role=before]")).to_contain_text("SHA-256 ")
    expect(first.locator("[data-role=after] .absent")).to_contain_text("WIB")
    missed = page.locator('[data-camera-of="mati"] figure')
    expect(missed).to_have_attribute("data-state", "missed")
    expect(missed.locator("figcaption span")).to_have_count(0)  # the time of nothing


def test_a_still_that_comes_later_is_seen_without_a_touch(desk: Desk, operator: Operator) -> None:
    number = fallen(desk, "simpang-1", after=timedelta(seconds=30))
    operator.page.clock.install()
    page = operator.open().take_up(number).page
    still = page.locator(".stills [data-role=after]")
    expect(still).to_have_attribute("data-state", "wanted")
    send(desk, samples.present() - timedelta(minutes=3), until=timedelta(minutes=1))
    page.clock.fast_forward(10_000)
    expect(still).to_have_attribute("data-state", "kept")
    expect(still.locator("img")).to_be_visible()
