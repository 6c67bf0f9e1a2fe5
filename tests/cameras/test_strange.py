"""Whatever a camera sends is answered with a state and a reason, and nobody else suffers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from commandcenter.video.process import SPARE
from commandcenter.video.supervisor import WorkerView
from tests.cameras.conftest import Room
from tests.cameras.strange_camera import StrangeCamera

Wanted = Mapping[str, tuple[str, str]]
"""By what a camera does: the state it gets ("live or late" are two), and words of the reason."""
HEALTHY = ("healthy-1", "healthy-2")
AT_THE_DOOR: Wanted = {
    "redirect": ("unsupported", "mengalihkan ke alamat lain"),
    "locked": ("unauthorized", "401"),
    "forbidden": ("unauthorized", "403"),
    "missing": ("not_found", "404"),
    "busy": ("unreachable", "503"),
    "garbage": ("unsupported", "bukan RTSP"),
    "drip": ("unreachable", "tidak menjawab"),
    "silent": ("unreachable", "tidak menjawab"),
    "dead": ("unreachable", "diputus"),
    "leaves": ("unreachable", "tidak dapat dibuka"),
    "medias": ("unsupported", "tidak berisi video"),
    "medias_and_video": ("live or unreachable", ""),
    "verbose": ("unsupported", "terlalu panjang"),
    "mjpeg": ("unsupported", "JPEG"),
    "audio": ("unsupported", "tidak berisi video"),
}
BY_HTTP: Wanted = {
    "picture": ("live", ""),
    "progressive": ("live", ""),
    "yesterday": ("live", ""),
    "cut": ("unsupported", "terpotong"),
    "gigantic": ("unsupported", "rusak"),
    "heavy": ("unsupported", "16 MB"),
    "dot": ("unsupported", "rusak"),
    "png": ("unsupported", "bukan gambar JPEG"),
    "empty": ("unsupported", "kosong"),
    "multipart": ("unsupported", "MJPEG"),
    "chunks": ("unsupported", "16 MB"),
    "trickle": ("unreachable", "tidak menjawab"),
    "moved_away": ("unsupported", "mengalihkan"),
}
AT_ONCE: Wanted = {
    "truncated": ("unsupported", "tidak dapat dibaca"),
    "giant": ("unsupported", "8 MB"),
    "keyless": ("late", "keyframe"),
    "keys_only": ("live", ""),
    "tiny": ("live", ""),
    "back": ("live", ""),
    "resized": ("live", ""),
}
IN_TIME: Wanted = {
    "h265": ("live", ""),
    "four_k": ("live", ""),
    "eight_k": ("live", ""),
    "hollow": ("unsupported or unreachable or late", ""),
    "late_key": ("live", ""),
    "backlog": ("live", ""),
    "wrapping": ("live", ""),
    "hangs": ("late", "putus berulang kali"),
}


@pytest.fixture(scope="module")
def strange() -> Iterator[StrangeCamera]:
    """The camera that misbehaves."""
    camera = StrangeCamera()
    yield camera
    camera.stop()


@pytest.fixture(scope="module")
def good() -> Iterator[StrangeCamera]:
    """Healthy ones, in a process of their own: a flood must not slow them down at their end."""
    camera = StrangeCamera()
    yield camera
    camera.stop()


@dataclass
class Wall:
    """Strange cameras and two healthy ones in one room, and what became of them."""

    room: Room
    urls: dict[str, str]
    good: StrangeCamera
    largest: int = 0
    """Resident bytes of the largest worker at any time."""
    seen: dict[str, set[str]] = field(default_factory=dict)
    """All that was said of each camera."""

    def watch(self, **options: Any) -> None:
        """Begin; everybody is in one of few workers."""
        healthy = {name: self.good.rtsp(name) for name in HEALTHY}
        rows = [f"{name},X,{url},," for name, url in (self.urls | healthy).items()]
        # A machine that runs a test suite is slow; what is judged here is not how slow.
        patient: dict[str, Any] = {"late_after": 10.0, "frozen_after": 60.0, "per_worker": 10}
        self.room.watch(*rows, **patient | options)

    async def until_all(self, wanted: Wanted, seconds: float = 50.0) -> None:
        """Wait until each has been told so, and both healthy ones are live after that."""
        try:
            await self.room.until(lambda: self._all(wanted), "all were told", seconds)
        except pytest.fail.Exception:
            pytest.fail(f"these were told otherwise: {self.missing(wanted)}")
        counts = {name: self.room.count(name) for name in HEALTHY}
        await self.room.until(
            lambda: all(self.room.count(name) > n for name, n in counts.items()),
            "the healthy ones go on",
            seconds,
        )
        assert {self.room.state(name) for name in HEALTHY} == {"live"}

    def workers(self) -> list[WorkerView]:
        feed = self.room.feed
        assert feed is not None
        assert feed._supervisor is not None
        return feed._supervisor.view()

    def sizes(self, name: str) -> set[tuple[int, int]]:
        """All the sizes that a camera's pictures have had."""
        told = [r.value for r in self.room.told if r.identity == name and r.value]
        return {(one["width"], one["height"]) for one in told if one["width"]}

    def missing(self, wanted: Wanted) -> dict[str, set[str]]:
        """Of whom what is wanted was not said yet, and what was said instead."""
        for reading in self.room.told:
            told = reading.value or {}
            self.seen.setdefault(reading.identity, set()).add(f"{told['state']}: {told['detail']}")
        return {
            name: self.seen.get(name, set())
            for name, (states, words) in wanted.items()
            if not any(
                one.partition(":")[0] in states.split(" or ") and words in one
                for one in self.seen.get(name, set())
            )
        }

    def _all(self, wanted: Wanted) -> bool:
        self.largest = max([self.largest, *map(_resident, self.room.workers())])
        return not self.missing(wanted) and all(self.room.count(name) for name in HEALTHY)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


async def test_whatever_a_camera_answers_has_a_state_and_a_reason(
    room: Room, strange: StrangeCamera, good: StrangeCamera
) -> None:
    urls = {name: strange.rtsp(name) for name in AT_THE_DOOR}
    urls |= {name: strange.http(name) for name in BY_HTTP}
    wall = Wall(room, urls, good)
    wall.watch()
    await wall.until_all({**AT_THE_DOOR, **BY_HTTP})
    assert strange.counted("locked")["DESCRIBE"] == 1  # without a password none is tried
    assert {worker.restarts for worker in wall.workers()} == {0}


async def test_whatever_a_stream_contains_has_a_state_and_a_reason(
    room: Room, strange: StrangeCamera, good: StrangeCamera
) -> None:
    wall = Wall(room, {name: strange.rtsp(name) for name in AT_ONCE}, good)
    wall.watch(keyframe_timeout=2.0)
    await wall.until_all(AT_ONCE)
    await room.until(lambda: len(wall.sizes("resized")) == 3, "it was seen in three sizes", 40)
    assert {worker.restarts for worker in wall.workers()} == {0}


@pytest.mark.long
async def test_large_late_and_odd_streams_have_a_state_and_a_reason(
    room: Room, good: StrangeCamera
) -> None:
    strange = StrangeCamera("h265", "four_k", "eight_k")
    try:
        wall = Wall(room, {name: strange.rtsp(name) for name in IN_TIME}, good)
        wall.watch()
        await wall.until_all(IN_TIME, 100)
        assert {worker.restarts for worker in wall.workers()} == {0}
        assert wall.largest < SPARE * 2
    finally:
        strange.stop()


@pytest.mark.long
async def test_pictures_that_are_damaged_or_of_another_codec_crash_nobody(
    room: Room, strange: StrangeCamera, good: StrangeCamera
) -> None:
    urls = {name: strange.rtsp(name) for name in ("recoded", "flipped", "flipped_later", "lossy")}
    wall = Wall(room, urls, good)
    wall.watch()
    live = ("live or unsupported or late or moved or covered or defocused", "")
    await wall.until_all(dict.fromkeys(urls, live), 60)
    await asyncio.sleep(10)  # nothing tells that nothing more will come
    await wall.until_all(dict.fromkeys(urls, live))
    assert {worker.restarts for worker in wall.workers()} == {0}


@pytest.mark.long
@pytest.mark.parametrize("flood", ["endless_unit", "endless_pictures"])
async def test_a_camera_that_sends_without_end_is_told_so_and_sent_away(
    room: Room, strange: StrangeCamera, good: StrangeCamera, flood: str
) -> None:
    wall = Wall(room, {flood: strange.rtsp(flood)}, good)
    wall.watch(read_timeout=20.0)
    await wall.until_all({flood: ("unsupported or unreachable or late", " ")}, 110)
    assert wall.largest < SPARE * 2
    feed = room.feed
    assert feed is not None
    assert feed._supervisor is not None
    together = [cameras for cameras in feed._supervisor.pids.values() if set(HEALTHY) <= {*cameras}]
    assert together, "a healthy one was taken for the culprit"
    if flood == "endless_unit":
        assert not wall.missing({flood: ("unsupported", "satu gambar tanpa akhir")})
        assert not any(flood in cameras for cameras in feed._supervisor.pids.values())  # it rests
