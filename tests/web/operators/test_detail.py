"""One incident in full: what happened, how it looked, how similar ones ended, what is typed."""

from __future__ import annotations

from datetime import timedelta

import cv2
import numpy as np
import orjson
from playwright.sync_api import expect

from commandcenter.records.evidence import keep
from tests.web import samples
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator


def test_the_timeline_says_in_words_what_happened_when_and_by_whom(
    desk: Desk, operator: Operator
) -> None:
    number = desk.happen("rtr-dinkes")
    desk.did(number, act="acknowledge", who="operator 2", via="link")
    desk.did(number, act="work", who="operator 2")
    desk.did(number, act="resolve", who="operator 2", cause="power", note="genset menyala")
    page = operator.open(f"/console?incident={number}").page
    steps = page.locator(".log .step .says")
    expect(steps).to_contain_text(
        [
            "dibuka: Tautan rtr-dinkes putus · kritis",
            "sudah ditangani · operator 2, lewat tautan pesan",
            "mulai dikerjakan · operator 2",
            "selesai: Listrik · operator 2",
        ]
    )
    expect(steps.last).to_contain_text("genset menyala")


def test_what_else_is_affected_and_how_it_is_now(desk: Desk, operator: Operator) -> None:
    there = [
        {"feed": "network", "key": "device/rtr-1", "name": "Puskesmas Riam"},
        {"feed": "cameras", "key": "camera/pangkut", "name": "Kamera Simpang Pangkut"},
    ]
    desk.site.publish("network", [samples.device(1)])
    number = desk.happen("rtr-utara", affected=there)
    operator.open().take_up(number)
    lines = operator.page.locator(".affected .pair-of")
    expect(lines).to_have_text(["Puskesmas Riamnormal", "Kamera Simpang Pangkuttidak diketahui"])


def test_the_picture_of_the_fall_and_the_lines_before_it(desk: Desk, operator: Operator) -> None:
    number = desk.happen("pelabuhan", feed="cameras", rule="camera-bad")
    at = samples.present()
    grey = cv2.imencode(".jpg", np.full((36, 64, 3), 90, dtype=np.uint8))[1].tobytes()
    points = [
        {"at": (at - timedelta(minutes=9 - n)).isoformat(), "name": name, "value": value}
        for n in range(10)
        for name, value in (("rtt_ms", None if n == 5 else 10 + n), ("loss_percent", n))
    ]
    with desk.records.engine.begin() as connection:
        keep(connection, number, at, "picture", grey)
        keep(connection, number, at, "series", orjson.dumps(points))
    page = operator.open().take_up(number).page
    page.wait_for_function("() => document.querySelector('.evidence img')?.naturalWidth === 64")
    lines = page.locator(".evidence .plot")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("Waktu tempuh, mdtk · 0 – 19")
    path = lines.first.locator("path").get_attribute("d")
    assert path is not None
    assert path.count("M") == 2  # nothing was measured in between: the line is broken


def test_similar_ones_before_and_how_they_ended(desk: Desk, operator: Operator) -> None:
    end = {"cause": "provider", "note": "BTS diperbaiki"}
    before = desk.over("rtr-serupa", ago=3000, minutes=40, **end)
    number = desk.happen("rtr-serupa")
    operator.open().take_up(number)
    past = operator.page.locator(".similar .past")
    expect(past).to_contain_text("Penyedia · operator 1 · 40 mnt")
    expect(past.locator("q")).to_have_text("BTS diperbaiki")
    past.get_by_role("button").click()
    expect(operator.page.locator(".detail header")).to_contain_text(f"{before:04d}")


def test_a_note_that_is_being_typed_survives_whatever_happens_meanwhile(
    desk: Desk, operator: Operator
) -> None:
    number, other = desk.happen("rtr-dinkes"), desk.happen("rtr-lain")
    page = operator.open().take_up(number).press("c").page
    page.keyboard.type("teknisi be")
    desk.step("acknowledge", number, who="operator 2")
    expect(page.locator(".log")).to_contain_text("operator 2")
    page.keyboard.type("rangkat")
    note = page.locator(".notes textarea")
    expect(note).to_have_value("teknisi berangkat")
    expect(note).to_be_focused()
    operator.row(other).click()
    expect(note).to_have_value("")
    page.reload()
    operator.row(number).click()
    expect(note).to_have_value("teknisi berangkat")


def test_the_address_opens_an_incident_also_one_that_is_closed(
    desk: Desk, operator: Operator
) -> None:
    number = desk.over("rtr-lama", ago=100)
    desk.did(number, act="close")
    operator.open(f"/console?incident={number}")
    expect(operator.title).to_have_text("Tautan rtr-lama putus")
    expect(operator.button("note")).to_be_visible()
    assert operator.button("acknowledge").count() == 0


def test_an_incident_that_is_opened_is_named_in_the_address(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number)
    expect(operator.page).to_have_url(f"{desk.site.address}/console?incident={number}")


def test_an_incident_that_never_was_is_told_so(operator: Operator) -> None:
    operator.open("/console?incident=987654")
    expect(operator.page.locator(".side > .none")).to_have_text("Insiden itu tidak ada")
    operator.complaints.clear()  # the browser itself notes the 404


def test_what_others_do_is_seen_without_a_touch(desk: Desk, operator: Operator) -> None:
    number = desk.happen("rtr-dinkes")
    operator.open().take_up(number)
    desk.step("acknowledge", number, who="operator 2")
    expect(operator.page.locator(".detail .now")).to_contain_text("ditangani oleh operator 2")
    expect(operator.button("work")).to_be_visible()
