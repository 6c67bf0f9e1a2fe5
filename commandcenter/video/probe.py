"""Examine one camera, step by step, as far as it goes: for whoever installs it.

What reads pictures runs in a process of its own (`python -m commandcenter.video.probe SECONDS`, the
task on stdin), as cv2 may hang or crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson

from commandcenter.video.addresses import Resolved, own_addresses, resolve
from commandcenter.video.keyframes import SHORTEN
from commandcenter.video.messages import CameraFault, Orders, Task
from commandcenter.video.relay import RelayThread
from commandcenter.video.route import ask, lead
from commandcenter.video.rtsp import Description

if TYPE_CHECKING:
    from commandcenter.video.capture import Frame, Packet

LOOKER = (sys.executable, "-m", "commandcenter.video.probe")
_SLACK = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What some seconds of a stream, or one JPEG, showed. None: it did not show so much."""

    width: int
    height: int
    brightness: float
    """Mean of the green channel, 0 to 255."""
    sharpness: float
    """Variance of the Laplacian of the green channel; below about 20 nothing has an edge."""
    bytes: int
    seconds: float
    """To the first picture: opening, and waiting for a keyframe; or fetching the JPEG."""
    age: float = 0.0
    """How old the first picture was when it came, in seconds."""
    fps: float | None = None
    bytes_per_second: float | None = None
    keyframe_every: float | None = None
    """Seconds from one keyframe to the next, the longest that was seen."""


@dataclass(kw_only=True)
class Probe:
    """What is known of a camera, up to the step at which it failed, if it did."""

    task: Task
    where: Resolved | None = None
    connected_in: float | None = None
    """Seconds that TCP took."""
    answered_in: float | None = None
    """Seconds that DESCRIBE took, with the password if it was asked for."""
    description: Description | None = None
    look: Look | None = None
    fault: CameraFault | None = None


async def probe(task: Task, seconds: float) -> Probe:
    """Examine a camera; its stream is watched for so many seconds. The password is offered as
    rarely as possible: once to learn whether it is right, and again only if it was."""
    found = Probe(task=task)
    try:
        await _examine(found, seconds)
    except CameraFault as fault:
        found.fault = fault
    return found


async def _examine(found: Probe, seconds: float) -> None:
    task = found.task
    found.where = where = await resolve(task.url, task.networks, own_addresses())
    found.connected_in = await _connect(where, task.open_timeout)
    if task.way != "http":
        began = time.monotonic()
        found.description = await ask(task, where)
        found.answered_in = time.monotonic() - began
    found.look = await _look_apart(task, seconds)


async def _connect(where: Resolved, timeout: float) -> float:
    """How long TCP takes, in seconds. Raises CameraFault."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(where.address, where.port)
    except TimeoutError as error:
        raise CameraFault("unreachable", f"tidak menjawab dalam {timeout:.0f} detik") from error
    except ConnectionRefusedError as error:
        raise CameraFault("unreachable", "sambungan ditolak; periksa alamat dan port") from error
    except OSError as error:
        raise CameraFault(
            "unreachable", "tidak dapat dijangkau; periksa jaringan dan listrik kamera"
        ) from error
    taken = time.monotonic() - began
    writer.close()
    return taken


async def _look_apart(task: Task, seconds: float) -> Look:
    """Have another process look. Raises CameraFault, also when that hangs or crashes."""
    process = await asyncio.create_subprocess_exec(
        *LOOKER, str(seconds), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(seconds + task.open_timeout + task.keyframe_timeout + _SLACK):
            out, _ = await process.communicate(Orders(tasks=(task,)).line())
    except TimeoutError as error:
        raise CameraFault("unreachable", "pembaca gambar tidak selesai membaca") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    told: dict[str, Any] = orjson.loads(out) if out else {}
    if "state" in told:
        raise CameraFault(told["state"], told["detail"])
    if not told:
        raise CameraFault("unsupported", "aliran ini menghentikan pembaca gambar")
    return Look(**told)


# --- in the process that looks --------------------------------------------------------------------


def main() -> None:
    """Look at the camera of the task on stdin; what was seen as JSON on stdout."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints
    (task,) = Orders.read(sys.stdin.buffer.readline()).tasks or ()
    try:
        seen = asdict(look(task, float(sys.argv[1])))
    except CameraFault as fault:
        seen = {"state": fault.state, "detail": fault.detail}
    pipe.write(orjson.dumps(seen))
    pipe.flush()
    os._exit(0)


def look(task: Task, seconds: float) -> Look:
    """Look at a camera for so many seconds, or at its JPEG. Blocks. Raises CameraFault."""
    return _look_at_jpeg(task) if task.way == "http" else _look_at_stream(task, seconds)


def _look_at_jpeg(task: Task) -> Look:
    from commandcenter.video import jpeg
    from commandcenter.video.snapshot import Fetched, Snapshot

    async def fetch() -> Fetched:
        camera = Snapshot(task)
        try:
            return await camera.fetch()
        finally:
            await camera.close()

    began = time.monotonic()
    fetched = asyncio.run(fetch())
    taken = time.monotonic() - began
    return _look(
        jpeg.read(fetched.jpeg), bytes=fetched.bytes, seconds=taken, age=fetched.age_seconds
    )


def _look_at_stream(task: Task, seconds: float) -> Look:
    where = asyncio.run(resolve(task.url, task.networks, own_addresses()))
    described = asyncio.run(ask(task, where))
    try:
        return _follow(task, seconds, where, interpreted=not described.plain)
    except CameraFault as fault:
        if fault.state != "unreachable":
            raise
    # It answered a moment ago: once more and the other way, as whoever reads the pictures does.
    return _follow(task, seconds, where, interpreted=described.plain)


def _follow(task: Task, seconds: float, where: Resolved, *, interpreted: bool) -> Look:
    from commandcenter.video.capture import Stream

    began = time.monotonic()
    frame, first, packets = None, 0.0, list[Any]()
    with (
        lead(RelayThread(), task, where, interpreted=interpreted) as route,
        contextlib.closing(Stream(route.task)) as stream,
    ):
        opened = time.monotonic()
        while True:
            packets.append(stream.wait())
            waited = time.monotonic() - opened
            if frame is None and packets[-1].keyframe:
                frame, first = stream.frame(), time.monotonic() - began
            if frame is not None and waited >= seconds:
                return _look(frame, seconds=first, **_measures(packets))
            _give_up_late(task, frame, waited)


def _give_up_late(task: Task, frame: Frame | None, waited: float) -> None:
    if frame is None and waited > task.keyframe_timeout:
        why = f"tidak ada keyframe dalam {task.keyframe_timeout:.0f} detik"
        raise CameraFault("late", f"{why}; {SHORTEN}")


def _measures(packets: list[Packet]) -> dict[str, Any]:
    """Rates of a stream. Packets that lay ready at the start are older than they seem, so spans
    are those of the camera's time stamps."""
    span = packets[-1].pts - packets[0].pts
    keyed = [packet.pts for packet in packets if packet.keyframe]
    gaps = [after - before for before, after in pairwise(keyed)]
    offsets = [packet.arrived - packet.pts for packet in packets]
    total = sum(packet.size for packet in packets)
    return {
        "bytes": total,
        "age": max(0.0, offsets[0] - min(offsets)),
        "fps": (len(packets) - 1) / span if span > 0 else None,
        "bytes_per_second": total / span if span > 0 else None,
        "keyframe_every": max(gaps) if gaps and max(gaps) > 0 else None,
    }


def _look(frame: Frame, **told: Any) -> Look:
    tall, wide = frame.shape[:2]
    step = max(1, wide // 1280)  # an 8K picture is judged by a part of its pixels
    green = frame[::step, ::step, 1].astype("f4")
    around = green[:-2, 1:-1] + green[2:, 1:-1] + green[1:-1, :-2] + green[1:-1, 2:]
    edges = around - 4 * green[1:-1, 1:-1]
    return Look(
        width=wide,
        height=tall,
        brightness=float(green.mean()),
        sharpness=float(edges.var()) if edges.size else 0.0,
        **told,
    )


if __name__ == "__main__":
    main()
