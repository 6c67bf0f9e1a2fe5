"""The grid of cameras: which stand where, and what each of them says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import orjson
import pytest

from commandcenter.access.roles import Eyes
from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from commandcenter.vocabulary import CAMERA_AMBER, CAMERA_GREY, CameraState
from panels.cctv import Cctv
from tests.conftest import NOW


def camera(place: int, state: str = "live", **told: Any) -> Reading:
    value = {
        "name": f"Simpang {place}",
        "place": place,
        "state": state,
        "detail": "",
        "captured_at": NOW.isoformat(),
        "changed_at": (NOW - timedelta(hours=1)).isoformat(),
        "picture": 17,
        "latitude": None,
        "longitude": None,
        "seen_by": [],
        "patience": 15.0,
    }
    return Reading(feed="cameras", key=f"camera/{place}", at=NOW, value=value | told)


def view(*cameras: Reading, role: str = "") -> View:
    board = Board(patience={"cameras": Patience(late_after=15, stale_after=90)})
    board.take(cameras, NOW)
    return View(
        board=board,
        feeds=("cameras",),
        now=NOW,
        say=Language("en", ZoneInfo("Asia/Jakarta")),
        region=Region(name="Kabupaten Kotawaringin Barat"),
        eyes=Eyes(role=role),
    )


def tiles(panel: Cctv, seen: View) -> list[list[Any]]:
    body: Any = panel.render(seen).body
    found: list[list[Any]] = body[2][2:]
    return found


def places(panel: Cctv, *cameras: Reading) -> Sequence[int]:
    return [int(tile[1]["data-camera"]) for tile in tiles(panel, view(*cameras))]


def test_cameras_stand_in_the_order_of_the_list() -> None:
    assert places(Cctv(), camera(2), camera(0, "frozen"), camera(1)) == [0, 1, 2]


def test_or_those_first_that_need_a_person() -> None:
    told = (camera(0), camera(1, "late"), camera(2, "dark"), camera(3, "frozen"), camera(4))
    assert places(Cctv(order="bad-first"), *told) == [3, 2, 1, 0, 4]


def test_a_few_bad_ones_from_the_end_of_the_list_take_places_among_the_first() -> None:
    told = [camera(n, "unreachable" if n > 5 else "live") for n in range(9)]
    assert places(Cctv(show=4, bad=2), *told)[:4] == [0, 1, 6, 7]


def test_only_the_cameras_that_are_named_are_shown() -> None:
    assert places(Cctv(cameras=("2", "0")), *(camera(n) for n in range(4))) == [0, 2]


def test_a_camera_that_fills_the_screen_and_no_other_sends_picture_after_picture() -> None:
    (one,) = tiles(Cctv().only("1"), view(camera(0), camera(1)))
    assert one[1]["data-camera"] == "1"
    assert one[2][1]["data-burst"] == ""
    (other,) = tiles(Cctv(cameras=("1",), show=1), view(camera(0), camera(1)))
    assert "data-burst" not in other[2][1]


def test_a_camera_that_is_asked_seldom_is_not_late_between_its_pictures() -> None:
    often, seldom = (tile[1] for tile in tiles(Cctv(), view(camera(0), camera(1, patience=180.0))))
    now = NOW.timestamp()
    assert [often["data-late-at"] / 1000 - now, often["data-stale-at"] / 1000 - now] == [15, 90]
    assert [seldom["data-late-at"] / 1000 - now, seldom["data-stale-at"] / 1000 - now] == [180, 255]


def test_pages_turn_by_the_clock_alone() -> None:
    panel, seen = Cctv(page_every=20), view(camera(0))
    drawn: list[Any] = []
    for seconds in (0, 19, 20, 40):
        body: Any = panel.render(replace(seen, now=NOW + timedelta(seconds=seconds - 17))).body
        drawn.append(body[2][1]["data-turn"])
    assert [turn - drawn[0] for turn in drawn] == [0, 0, 1, 2]
    assert "data-turn" not in Cctv().render(seen).body[2][1]  # type: ignore[index]


@pytest.mark.parametrize("state", get_args(CameraState))
def test_every_state_but_live_has_a_sign_of_its_own(state: str) -> None:
    (tile,) = tiles(Cctv(), view(camera(0, state)))
    classes = [part[1].get("className") for part in tile[2:] if part]
    told = orjson.dumps(tile).decode()
    assert ("sign" in classes) == (state in CAMERA_GREY)
    assert ("caution" in classes) == (state in CAMERA_AMBER)
    if state != "live":
        assert (CAMERA_GREY.get(state) or CAMERA_AMBER[state]) in told
    assert tile[1]["data-state"] == ("stale" if state in CAMERA_GREY else "fresh")
    assert '"/snapshots/0/17"' in told  # also of a dead one: its last picture stays


def test_where_there_is_no_picture_there_is_the_reason() -> None:
    (tile,) = tiles(Cctv(), view(camera(0, "late", picture=None, detail="no keyframe in 60 s")))
    assert tile[2][1]["className"] == "nothing"
    assert "no keyframe in 60 s" in orjson.dumps(tile[2]).decode()
    (shown,) = tiles(Cctv(), view(camera(0, "unreachable", detail="no answer in 5 s")))
    assert "no answer" not in orjson.dumps(shown[2:]).decode()  # its last picture is left alone


def test_no_address_and_no_words_of_a_camera_are_written_on_a_wall() -> None:
    detail = "the camera redirects elsewhere: rtsp://10.0.0.9/HACKED"
    for picture in (None, 17):
        told = camera(0, "unsupported", picture=picture, detail=detail)
        drawn = orjson.dumps(tiles(Cctv(), view(told))).decode()
        assert "the camera redirects elsewhere" in drawn
        assert "10.0.0.9" not in drawn


def test_a_frozen_picture_is_as_old_as_its_last_change() -> None:
    (tile,) = tiles(Cctv(), view(camera(0, "frozen")))
    assert tile[1]["data-word"] == "FROZEN · 08:42 WIB"
    assert tile[1]["data-at"] == (NOW - timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(("role", "there"), [("", [0]), ("viewer", [0]), ("operator", [0, 1])])
def test_a_camera_is_drawn_for_those_only_who_may_see_it(role: str, there: list[int]) -> None:
    secret = camera(1, seen_by=["operator"])
    drawn = tiles(Cctv(), view(camera(0), secret, role=role))
    assert [int(tile[1]["data-camera"]) for tile in drawn] == there
