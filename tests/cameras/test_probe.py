"""`commandcenter camera test`: one camera examined step by step, without its secrets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commandcenter import camera_cli
from commandcenter.camera_cli import Refused
from commandcenter.config import Config
from commandcenter.region import Region
from commandcenter.video import capture
from commandcenter.video import probe as probing
from commandcenter.video.advice import advise, sub_stream
from commandcenter.video.messages import CameraFault, Task
from commandcenter.video.probe import Look, Probe, probe
from feeds.cameras import Cameras
from tests.cameras.conftest import PASSWORD, Listener, RtspServer

Listen = Callable[[bytes | None], Awaitable[Listener]]
HERE = ("127.0.0.0/8",)
LOOK = Look(width=640, height=360, brightness=120, sharpness=300, bytes=10**6, seconds=1.0)


def task(url: str, **more: Any) -> Task:
    return Task(camera="x", url=url, networks=HERE, open_timeout=2.0, **more)


def config(tmp_path: Path, *rows: str) -> Config:
    """A region in Bahasa Indonesia whose list of cameras has these rows."""
    listed = tmp_path / "cameras.csv"
    listed.write_text("\n".join(["id,name,url,user,password", *rows]) + "\n", encoding="utf-8")
    feed = Cameras(name="cameras", cameras=listed, networks=HERE, history=tmp_path / "history")
    return Config(region=Region(name="Kabupaten"), feeds={"cameras": feed})


def told(*arguments: str) -> argparse.Namespace:
    """The command line as argparse understands it."""
    parser = argparse.ArgumentParser()
    camera_cli.add_to(parser.add_subparsers(dest="command"))
    return parser.parse_args(["camera", *arguments])


def test_a_stream_that_does_not_open_is_tried_once_more_the_other_way(
    rtsp: RtspServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    class Balking(capture.Stream):
        def __init__(self, task: Task) -> None:
            tried.append(task.url)
            if len(tried) == 1:
                raise CameraFault("unreachable", "aliran video tidak dapat dibuka")
            super().__init__(task)

    monkeypatch.setattr(capture, "Stream", Balking)
    look = probing.look(task(rtsp.url("moving")), 0.5)
    assert (look.width, look.height) == (640, 360)
    assert len(tried) == 2
    assert tried[0] != tried[1]  # the second one leads through a relay


async def test_a_stream_is_measured(rtsp: RtspServer) -> None:
    found = await probe(task(rtsp.url("moving")), 1.2)
    assert found.fault is None
    assert found.description is not None
    assert (found.description.video.codec, found.description.login) == ("H264", "")
    look = found.look
    assert look is not None
    assert (look.width, look.height) == (640, 360)
    assert look.fps == pytest.approx(10, abs=1)
    assert look.keyframe_every == pytest.approx(0.4, abs=0.1)
    assert look.bytes_per_second is not None
    assert look.bytes_per_second > 1000


async def test_a_refused_password_is_offered_once_and_no_picture_is_looked_for(
    listen: Listen,
) -> None:
    answer = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'
    locked = await listen(answer)
    found = await probe(task(f"rtsp://127.0.0.1:{locked.port}/x", user="a", password=PASSWORD), 1)
    assert found.fault is not None
    assert found.fault.state == "unauthorized"
    assert found.connected_in is not None
    assert len([request for request in locked.requests if b"Authorization" in request]) == 1


async def test_a_jpeg_is_looked_at(listen: Listen) -> None:
    import cv2
    import numpy as np

    jpeg = cv2.imencode(".jpg", np.full((300, 400, 3), 90, np.uint8))[1].tobytes()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(jpeg)}\r\nConnection: close\r\n\r\n"
    camera = await listen(head.encode() + jpeg)
    found = await probe(task(f"http://127.0.0.1:{camera.port}/x.jpg", way="http"), 1)
    assert found.look is not None
    assert (found.look.width, found.look.height) == (400, 300)
    assert found.look.brightness == pytest.approx(90, abs=2)
    assert found.look.sharpness < 1


async def test_a_stream_that_crashes_its_reader_is_told(
    rtsp: RtspServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "LOOKER", (sys.executable, "-c", "import os; os.abort()"))
    found = await probe(task(rtsp.url("moving")), 1)
    assert str(found.fault) == "aliran ini menghentikan pembaca gambar"


async def test_this_machine_is_not_knocked_at(listen: Listen) -> None:
    redis = await listen(b"-ERR\r\n")
    one = replace(task(f"rtsp://127.0.0.1:{redis.port}/x"), networks=("10.0.0.0/8",))
    found = await probe(one, 1)
    assert found.fault is not None
    assert found.fault.state == "forbidden"
    assert redis.requests == []


# --- on one screen --------------------------------------------------------------------------------


def test_one_screen_tells_what_a_camera_is_like_and_never_its_password(
    guarded_rtsp: RtspServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", PASSWORD)
    url = guarded_rtsp.url("moving")
    there = config(tmp_path, f"gate,Gerbang,{url},operator,env:CAMERA_PASSWORD")
    listed = camera_cli.act(there, told("test", "--id", "gate", "--seconds", "0.5"))
    screen = "\n".join(listed.lines)
    assert listed.well
    assert "moving" not in screen  # of the list: a path may hold a password by any name
    for word in ("gate, rtsp://127.0.0.1:", "H.264", "640 × 360", "Digest MD5", "kbit/s"):
        assert word in screen
    assert PASSWORD not in screen
    assert "p%40ss" not in screen


def test_the_status_is_bad_when_no_picture_was_seen(
    rtsp: RtspServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", PASSWORD)
    asked = told("test", rtsp.url("nothing"), "--user", "me", "--password-env", "CAMERA_PASSWORD")
    screen = camera_cli.act(config(tmp_path), asked)
    assert not screen.well
    assert any("alamat aliran tidak ada di kamera (404)" in line for line in screen.lines)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "name one camera"),
        (("rtsp://10.0.0.1/x", "--id", "a"), "name one camera"),
        (("--id", "nobody"), "there is no camera 'nobody'"),
        (("rtsp://me:hidden@10.0.0.1/x",), "leave the password out of the address"),
        (("ftp://10.0.0.1/x",), "must be like rtsp"),
        (("rtsp://10.0.0.1/x", "--password-env", "NOT_SET"), "NOT_SET"),
        (("--id", "a"), "ALSO_NOT_SET"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NOT_SET", "ALSO_NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    there = config(tmp_path, "a,A,rtsp://10.0.0.1/x,me,env:ALSO_NOT_SET")
    with pytest.raises(Refused, match=why) as refused:
        camera_cli.act(there, told("test", *arguments))
    assert "hidden" not in str(refused.value)


# --- advice ---------------------------------------------------------------------------------------


def advice(url: str = "rtsp://10.0.0.1/x", every: float = 5.0, **seen: Any) -> list[str]:
    """What is said of a good camera of which only this is otherwise."""
    good = replace(LOOK, keyframe_every=2.0, fps=10.0, bytes_per_second=64_000.0)
    one = Task(camera="x", url=url, every=every, way="http" if url[:4] == "http" else "keep")
    found = Probe(task=one, look=replace(good, **seen))
    return [said.text.format(**said.values) for said in advise(found, read_timeout=20.0)]


def test_a_good_camera_is_told_only_how_it_will_be_read() -> None:
    assert advice() == ["way = keep: a picture each 5 s; snap pays from 30 s on"]
    assert advice(every=60.0) == ["way = snap: a picture each 60 s"]
    assert advice("http://10.0.0.1/x.jpg") == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"width": 1920}, "use the camera's sub-stream"),
        ({"brightness": 3.0}, "almost black"),
        ({"sharpness": 3.0}, "focus"),
        ({"age": 4.2}, "pictures come 4 s late"),
        ({"keyframe_every": None}, "no second keyframe was seen"),
        ({"keyframe_every": 25.0}, "read_timeout = 55"),
        ({"keyframe_every": 8.0}, "a keyframe interval of 2 s"),
    ],
)
def test_what_is_amiss_is_told_with_what_to_do(seen: dict[str, Any], said: str) -> None:
    assert said in advice(**seen)[0]


def test_the_sub_streams_of_vendors_are_known() -> None:
    hikvision, dahua = "rtsp://h/Streaming/Channels/", "rtsp://h/cam/realmonitor?channel=3&subtype="
    assert sub_stream(f"{hikvision}101") == f"{hikvision}102"
    assert sub_stream(f"{hikvision}1601") == f"{hikvision}1602"
    assert sub_stream(f"{dahua}0") == f"{dahua}1"
    assert sub_stream("rtsp://h/media/video1") == "rtsp://h/media/video2"
    assert sub_stream(f"{hikvision}102") == ""
    assert advice(f"{dahua}0", width=1920)[0].endswith("/cam/realmonitor?channel=3&subtype=1")
