"""The cameras, looked at by a real RTSP client (FFmpeg in PyAV)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from commandcenter.demo.keys import make_keys
from commandcenter.demo.mishaps import Kind, Script
from commandcenter.demo.region import Region
from commandcenter.demo.rtp import fragments
from tests.conftest import NOW

av = pytest.importorskip("av")
pytest.importorskip("cv2")

from commandcenter.demo.cameras import CameraStream, make_streams, serve  # noqa: E402
from commandcenter.demo.encoder import IDR, PPS, SPS, Encoder, kind  # noqa: E402
from commandcenter.demo.pictures import View  # noqa: E402

LOCKED = "bandara-iskandar"


class Cameras:
    """A running RTSP server with the cameras of the regency; the test moves the script."""

    port: int
    streams: dict[str, CameraStream]
    elapsed: float = 0.0
    password: str

    async def keyframes(self, camera: str, number: int, login: str = "") -> list[Any]:
        """Pictures of the next keyframes, as RGB. Raises av.error.FFmpegError."""
        return await asyncio.to_thread(
            _read, f"rtsp://{login}127.0.0.1:{self.port}/{camera}", number
        )


def _read(url: str, number: int) -> list[npt.NDArray[np.uint8]]:
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=8) as stream:
        stream.streams.video[0].codec_context.skip_frame = "NONKEY"
        pictures = []
        for frame in stream.decode(video=0):
            pictures.append(frame.to_ndarray(format="rgb24"))
            if len(pictures) == number:
                break
        return pictures


@pytest.fixture
async def cameras(
    region: Region, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cameras]:
    monkeypatch.chdir(tmp_path)
    found = Cameras()
    found.password = make_keys().camera_password
    found.streams = make_streams(
        region.cameras, script, lambda: found.elapsed, lambda: datetime.now(UTC)
    )
    server = await serve(found.streams, 0)
    found.port = server.sockets[0].getsockname()[1]
    running = [asyncio.create_task(stream.run()) for stream in found.streams.values()]
    yield found
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    server.close()
    await server.wait_closed()


async def test_a_player_gets_a_picture_of_480_by_270_at_once(cameras: Cameras) -> None:
    (picture,) = await asyncio.wait_for(cameras.keyframes("istana-kuning", 1), 3)
    assert picture.shape == (270, 480, 3)
    assert picture.std() > 10  # not one flat colour


async def test_a_locked_camera_opens_with_its_password_only(cameras: Cameras) -> None:
    (picture,) = await cameras.keyframes(LOCKED, 1, f"demo:{cameras.password}@")
    assert picture.shape == (270, 480, 3)
    with pytest.raises(av.error.HTTPUnauthorizedError):
        await cameras.keyframes(LOCKED, 1, "demo:salah@")
    with pytest.raises(av.error.HTTPUnauthorizedError):
        await cameras.keyframes(LOCKED, 1)


async def test_a_camera_that_does_not_exist_is_not_found(cameras: Cameras) -> None:
    with pytest.raises(av.error.HTTPNotFoundError):
        await cameras.keyframes("tidak-ada", 1)


async def test_a_dead_camera_hangs_up_and_lives_again_later(
    cameras: Cameras, script: Script
) -> None:
    (dead,) = script.things(Kind.CAMERA_DEAD, 60)
    login = f"demo:{cameras.password}@"
    cameras.elapsed = 60
    with pytest.raises((av.error.FFmpegError, OSError)):
        await cameras.keyframes(dead, 1, login)
    cameras.elapsed = 0
    assert await cameras.keyframes(dead, 1, login)


async def test_a_camera_that_dies_hangs_up_on_those_who_watch(
    cameras: Cameras, script: Script
) -> None:
    (dead,) = script.things(Kind.CAMERA_DEAD, 60)
    watching = asyncio.create_task(cameras.keyframes(dead, 1000, f"demo:{cameras.password}@"))
    await cameras.streams[dead].wanted.wait()
    cameras.elapsed = 60
    (ended,) = await asyncio.wait_for(asyncio.gather(watching, return_exceptions=True), 8)
    assert isinstance(ended, OSError) or (isinstance(ended, list) and len(ended) < 1000)
    assert not cameras.streams[dead].watchers


async def test_the_encoder_rests_when_nobody_watches(cameras: Cameras) -> None:
    stream = cameras.streams["istana-kuning"]
    assert not stream.wanted.is_set()
    watching = asyncio.create_task(cameras.keyframes("istana-kuning", 2))
    await asyncio.wait_for(stream.wanted.wait(), 3)
    await watching
    while stream.watchers:
        await asyncio.sleep(0)
    assert not stream.wanted.is_set()


async def test_two_players_share_one_camera(cameras: Cameras) -> None:
    both = await asyncio.gather(*(cameras.keyframes("pelabuhan-kumai", 2) for _ in range(2)))
    assert [len(pictures) for pictures in both] == [2, 2]


def test_a_live_picture_moves_and_a_frozen_one_stands_still(
    region: Region, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_keys()
    (frozen,) = script.things(Kind.CAMERA_FROZEN, 60)
    started, elapsed = datetime(2026, 11, 21, 2, 42, tzinfo=UTC), 60.0
    streams = make_streams(
        region.cameras, script, lambda: elapsed, lambda: started + timedelta(seconds=elapsed)
    )
    stream = streams[frozen]
    before = stream.view.picture(stream.seen())
    elapsed = 90.0
    assert np.array_equal(before, stream.view.picture(stream.seen()))
    elapsed = 2000.0
    assert script.since(Kind.CAMERA_FROZEN, frozen, elapsed) is None
    assert not np.array_equal(before, stream.view.picture(stream.seen()))


@pytest.mark.parametrize("way", [Kind.CAMERA_COVERED, Kind.CAMERA_MOVED])
def test_a_covered_or_moved_camera_shows_something_else_with_its_name_and_clock(
    region: Region, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Kind
) -> None:
    monkeypatch.chdir(tmp_path)
    make_keys()
    at = next(t for t in range(0, 20_000, 10) if script.things(way, t))
    (camera,) = script.things(way, at)
    streams = make_streams(region.cameras, script, lambda: at, lambda: NOW)
    stream = streams[camera]
    assert stream.spoilt() is way
    usual, spoilt = (stream.view.picture(NOW, how)[:270].astype(int) for how in (None, way))
    differ = np.abs(usual - spoilt) > 24
    assert differ.mean() > 0.2
    assert (spoilt[4:24, 6:40] > 200).any()  # the name


@pytest.mark.parametrize("hour", [2, 9, 18])
def test_within_twenty_seconds_every_camera_shows_that_it_lives(region: Region, hour: int) -> None:
    now = datetime(2026, 11, 21, hour, 42, tzinfo=UTC)
    for camera in region.cameras:
        view = View(camera)
        first, later = view.picture(now), view.picture(now + timedelta(seconds=20))
        moved = np.abs(first[:270].astype(int) - later[:270].astype(int)) > 24
        assert moved[:235].sum() > 40  # pixels, without those of the clock


def test_a_large_nal_unit_is_cut_into_fragments_that_join_again() -> None:
    unit = bytes([0x65]) + os.urandom(4000)
    parts = list(fragments(unit))
    assert max(map(len, parts)) <= 1400
    assert (parts[0][1] & 0x80, parts[-1][1] & 0x40) == (0x80, 0x40)
    header = bytes([parts[0][0] & 0xE0 | parts[0][1] & 0x1F])
    assert header + b"".join(part[2:] for part in parts) == unit


def test_a_keyframe_brings_its_parameter_sets_every_two_seconds() -> None:
    encoder, blank = Encoder(), np.zeros((405, 480), np.uint8)
    kinds = [[kind(unit) for unit in encoder.encode(blank)] for _ in range(13)]
    assert [IDR in found for found in kinds].count(True) == 3
    assert {SPS, PPS, IDR} <= set(kinds[6])


@pytest.mark.asvs("13.2.3")
def test_secrets_are_kept_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    first, again = make_keys(tmp_path), make_keys(tmp_path)
    assert first == again
    assert len({first.snmp_community, first.webhook_secret, first.camera_password}) == 3
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert first.camera_password not in repr(first)
