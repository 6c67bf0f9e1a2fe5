"""Cameras as they are met: live, dead, locked, frozen, strange. All by real streams."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeds.cameras import Cameras
from tests.cameras.conftest import PASSWORD, Listener, Room, RtspServer
from tests.cameras.strange_camera import StrangeCamera
from tests.conftest import free_port

CHALLENGE = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
Listen = Callable[[bytes | None], Awaitable[Listener]]


async def test_a_wall_of_cameras_tells_each_ones_state(
    room: Room,
    rtsp: RtspServer,
    udp_rtsp: RtspServer,
    ipv6_rtsp: RtspServer,
    listen: Listen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mute, web = await listen(None), await listen(HTTP)
    monkeypatch.setenv("RIGHT", PASSWORD)
    room.watch(
        f"h264,Simpang,{rtsp.url('moving')},,",
        f"h265,Pasar,{rtsp.url('hevc')},,",
        f"udp,Dermaga,{udp_rtsp.url('moving')},,",
        f"ipv6,Alun-alun,{ipv6_rtsp.url('moving')},operator,env:RIGHT",
        f"seldom,Bukit,{rtsp.url('moving')},,,snap",
        f"gone,Taman,{rtsp.url('nothing-here')},,",
        f"off,Terminal,rtsp://127.0.0.1:{free_port()}/x,,",
        f"mute,Pelabuhan,rtsp://127.0.0.1:{mute.port}/x,,",
        f"web,Kantor,rtsp://127.0.0.1:{web.port}/x,,",
        f"old,Gudang,{rtsp.url('mjpeg')},,",
        more=",way",
        open_timeout=1.5,
    )
    live = ("h264", "h265", "udp", "ipv6", "seldom")
    wanted = dict.fromkeys(live, "live") | {
        "gone": "not_found",
        "off": "unreachable",
        "mute": "unreachable",
        "web": "unsupported",
        "old": "unsupported",
    }
    await room.until(lambda: room.states() == wanted, f"the states are {wanted}")
    assert room.now("gone")["detail"] == "alamat aliran tidak ada di kamera (404)"
    assert room.now("off")["detail"] == "sambungan ditolak; periksa alamat dan port"
    assert room.now("mute")["detail"] == "tidak menjawab dalam 2 detik"
    assert room.now("web")["detail"] == "jawabannya bukan RTSP"
    assert "JPEG" in room.now("old")["detail"]
    at, jpeg = room.pictures["h264"][0]
    assert jpeg.startswith(b"\xff\xd8")
    assert (room.now("h264")["width"], room.now("h264")["height"]) == (640, 360)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 20
    assert {camera for camera, kept in room.pictures.items() if kept} == set(live)


async def test_dead_cameras_do_not_delay_a_live_one(
    room: Room, rtsp: RtspServer, listen: Listen
) -> None:
    silent = await listen(None)
    dead = [f"dead{n},Mati,rtsp://127.0.0.1:{silent.port}/{n},," for n in range(5)]
    room.watch(*dead, f"good,Hidup,{rtsp.url('moving')},,", open_timeout=30.0)
    await room.until(lambda: room.count("good") > 0, "the live one shows a picture")
    assert {room.state(f"dead{n}") for n in range(5)} == {"starting"}  # still waiting, all of them


async def test_a_refused_password_is_not_tried_again_but_one_with_reserved_characters_opens(
    room: Room, guarded_rtsp: RtspServer, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = await listen(CHALLENGE)
    monkeypatch.setenv("WRONG", "guess")
    monkeypatch.setenv("RIGHT", PASSWORD)
    gate = f"gate,Gerbang,{guarded_rtsp.url('moving')},operator"
    room.watch(f"{gate},env:WRONG", f"safe,Brankas,rtsp://127.0.0.1:{locked.port}/x,a,env:WRONG")
    refused = {"gate": "unauthorized", "safe": "unauthorized"}
    await room.until(lambda: room.states() == refused, "both are refused")
    assert room.now("gate")["detail"] == "kata sandi ditolak kamera (401)"
    assert len(locked.requests) == 2  # asked without a password, then with it, once
    room.write(f"{gate},env:RIGHT", f"safe,Brankas,rtsp://127.0.0.1:{locked.port}/x,a,env:WRONG")
    await room.until(lambda: room.state("gate") == "live", "the right password opens it")
    await room.kill_workers()
    before = room.count("gate")
    await room.until(lambda: room.count("gate") > before, "the new worker shows a picture")
    assert len(locked.requests) == 2  # neither the list nor the new worker tried again


async def refused(
    room: Room, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> tuple[Listener, str, Cameras]:
    """A camera whose password was refused, its row, and who watches it."""
    locked = await listen(CHALLENGE)
    monkeypatch.setenv("WRONG", "guess")
    row = f"safe,Brankas,rtsp://127.0.0.1:{locked.port}/x,a,env:WRONG"
    feed = room.watch(row)
    await room.until(lambda: room.state("safe") == "unauthorized", "it is refused")
    return locked, row, feed


async def test_a_restart_takes_nothing_that_was_asked_before_for_a_new_wish(
    room: Room, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, row, feed = await refused(room, listen, monkeypatch)
    assert room.desk.pictures is not None
    await room.desk.pictures.look("heard")
    await room.until(lambda: "heard" in feed._opened, "the feed listens")
    await room.desk.pictures.ask("safe")
    await room.until(lambda: len(locked.requests) == 4, "it is tried again, once")
    await feed.close()
    room.told.clear()
    again = room.watch(row)
    await room.until(lambda: "heard" in again._opened, "the new feed listens")
    await room.until(lambda: room.state("safe") == "unauthorized", "it is known to be refused")
    assert again._asked == {}
    assert len(locked.requests) == 4


async def test_a_password_that_was_taken_before_is_tried_again_by_itself_and_says_since_when(
    room: Room, strange: StrangeCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """maciej-or/hikvision_next#289, home-assistant/core#109989: a camera that starts refuses."""
    monkeypatch.setattr("commandcenter.video.refusals.FIRST", timedelta(seconds=2))
    monkeypatch.setenv("RIGHT", "b")
    strange.tell("starts", "modern")
    room.watch(f"gate,Gerbang,{strange.rtsp('starts')},ops,env:RIGHT")
    await room.until(lambda: room.state("gate") == "live", "it is live")
    strange.tell("starts", "locked")
    await room.until(lambda: room.state("gate") == "unauthorized", "it is refused")
    assert "; diterima sampai " in room.now("gate")["detail"]
    assert "dicoba lagi " in room.now("gate")["detail"]
    strange.tell("starts", "modern")
    await room.until(lambda: room.state("gate") == "live", "it is back, and nobody did anything")


async def test_what_was_asked_while_nobody_listened_is_done_by_who_comes_next(
    room: Room, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, row, feed = await refused(room, listen, monkeypatch)
    assert room.desk.pictures is not None
    await feed.close()
    await room.desk.pictures.ask("safe")
    room.watch(row)
    await room.until(lambda: len(locked.requests) == 4, "it is tried again, once")
    await room.until(lambda: room.state("safe") == "unauthorized", "it is refused again")
    assert await room.desk.pictures.asked() == frozenset()
    assert len(locked.requests) == 4


@pytest.mark.long
async def test_a_frozen_picture_is_found_though_its_clock_runs(
    room: Room, rtsp: RtspServer
) -> None:
    rows = [f"{name},Kamera,{rtsp.url(name)},," for name in ("frozen", "clock", "hevc")]
    room.watch(*rows, frozen_after=2.0)
    wanted = {"frozen": "frozen", "clock": "frozen", "hevc": "live"}
    await room.until(lambda: room.states() == wanted, f"the states are {wanted}", 60.0)
    told = room.now("frozen")
    still = datetime.fromisoformat(told["captured_at"]) - datetime.fromisoformat(told["changed_at"])
    assert still.total_seconds() >= 1.5  # and stood still already at some time in the 0.4 s before


async def test_a_camera_that_was_switched_off_and_on_comes_back(
    room: Room, own_rtsp: RtspServer
) -> None:
    room.watch(f"cam,Kamera,{own_rtsp.url('moving')},,")
    await room.until(lambda: room.state("cam") == "live", "it is live")
    own_rtsp.stop()
    await room.until(lambda: room.state("cam") == "unreachable", "it is missed")
    last = room.pictures["cam"][-1][0]
    assert room.now("cam")["captured_at"] == last.isoformat()  # the last picture keeps its time
    own_rtsp.start()
    await room.until(lambda: room.state("cam") == "live", "it is back")


async def test_a_camera_that_hangs_grows_late_and_its_old_frames_are_not_taken_for_new(
    room: Room, own_rtsp: RtspServer
) -> None:
    quick: dict[str, Any] = {"late_after": 1.0, "open_timeout": 1.0, "read_timeout": 1.5}
    room.watch(f"cam,Kamera,{own_rtsp.url('moving')},,", **quick)
    await room.until(lambda: room.count("cam") > 2, "it is live, and its keyframes are counted")
    own_rtsp.signal(signal.SIGSTOP)
    stopped = datetime.now(UTC)
    await room.until(lambda: room.state("cam") == "late", "it is late")
    await room.until(lambda: room.state("cam") == "unreachable", "it is missed")
    assert room.now("cam")["detail"].startswith("tidak menjawab")
    assert (room.pictures["cam"][-1][0] - stopped).total_seconds() < 0.5
