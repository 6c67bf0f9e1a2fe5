"""The cameras: a process of their own that draws, encodes and streams, while somebody watches.

Run as `python -m commandcenter.demo.cameras`; it ends when its standard input is closed, so that
it never outlives the demo that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from commandcenter.demo.encoder import FRAMES_A_SECOND, IDR, Encoder, kind, parameter_sets
from commandcenter.demo.mishaps import Kind, Script, write_script
from commandcenter.demo.paint import Picture
from commandcenter.demo.pictures import View
from commandcenter.demo.region import DemoCamera, read_region
from commandcenter.demo.rtp import Packetizer, interleaved
from commandcenter.demo.rtsp import Connection, session_description

PORT = 8554
_MOST_WAITING = 256 * 1024  # octets a slow watcher may lag behind
_PREROLL = 24  # pictures that a new watcher gets at once


@dataclass
class Watcher:
    """One connection that gets the pictures, from a keyframe on."""

    channel: int
    rtp: Packetizer
    greeted: bool = False
    ready: bool = False

    def send(self, writer: asyncio.StreamWriter, units: Sequence[bytes], seconds: float) -> None:
        """One picture; to nobody when the connection is lost and its end not yet read."""
        if writer.is_closing():
            return
        packets = self.rtp.packets(units, seconds)
        writer.write(b"".join(interleaved(self.channel, packet) for packet in packets))


@dataclass
class CameraStream:
    """One camera: one encoder for all who watch it."""

    camera: DemoCamera
    login: tuple[str, str] | None
    sets: tuple[bytes, bytes]
    wrong_since: Callable[[Kind], float | None]
    """For how many seconds the camera has been wrong in this way; None: it is not."""
    now: Callable[[], datetime]
    watchers: dict[asyncio.StreamWriter, Watcher] = field(default_factory=dict)
    view: View = field(init=False)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.view = View(self.camera)

    def dead(self) -> bool:
        """Whether the script has killed it just now."""
        return self.wrong_since(Kind.CAMERA_DEAD) is not None

    def describe(self) -> str:
        """Its session description."""
        return session_description(self.camera.id, *self.sets, FRAMES_A_SECOND)

    def join(self, writer: asyncio.StreamWriter, channel: int) -> None:
        """Send pictures to this connection from the next one on, which will be a keyframe."""
        self.watchers[writer] = Watcher(channel, Packetizer(secrets.randbits(32)))
        self.wanted.set()

    def leave(self, writer: asyncio.StreamWriter) -> None:
        """Send no more; without watchers the encoder rests."""
        self.watchers.pop(writer, None)
        if not self.watchers:
            self.wanted.clear()

    async def run(self) -> None:
        """Make pictures for ever, while somebody watches."""
        encoder = Encoder()
        while True:
            await self.wanted.wait()
            if self.dead():
                self._hang_up()
                continue
            started = time.monotonic()
            planes = self.view.picture(self.seen(), self.spoilt())
            fresh = self._preroll(planes, started)
            self._send(encoder.encode(planes, key=fresh), started)
            await asyncio.sleep(max(0.0, 1 / FRAMES_A_SECOND - (time.monotonic() - started)))

    def seen(self) -> datetime:
        """The instant that the picture shows; it stands still while the camera is frozen."""
        frozen = self.wrong_since(Kind.CAMERA_FROZEN)
        return self.now() - timedelta(seconds=frozen or 0.0)

    def spoilt(self) -> Kind | None:
        """What hides its view just now."""
        ways = (Kind.CAMERA_COVERED, Kind.CAMERA_MOVED)
        return next((way for way in ways if self.wrong_since(way) is not None), None)

    def _preroll(self, planes: Picture, seconds: float) -> bool:
        """Help new watchers to start; whether there are any.

        FFmpeg looks at twenty pictures before it opens a stream (avformat_find_stream_info). At
        our pace that would be seven seconds, so a newcomer gets the picture of now that many
        times at once, dated back.
        """
        new = [(writer, w) for writer, w in self.watchers.items() if not w.greeted]
        for writer, watcher in new:
            encoder = Encoder()
            for back in range(_PREROLL, 0, -1):
                watcher.send(writer, encoder.encode(planes), seconds - back / FRAMES_A_SECOND)
            watcher.greeted = True
        return any(not watcher.ready for watcher in self.watchers.values())

    def _send(self, units: Sequence[bytes], seconds: float) -> None:
        key = any(kind(unit) == IDR for unit in units)
        for writer, watcher in self.watchers.items():
            behind = writer.transport.get_write_buffer_size() > _MOST_WAITING
            watcher.ready = not behind and (watcher.ready or key)
            if watcher.ready:
                watcher.send(writer, units, seconds)

    def _hang_up(self) -> None:
        for writer in list(self.watchers):
            writer.transport.abort()
            self.leave(writer)


@dataclass(frozen=True)
class Trouble:
    """What the script says of one camera."""

    script: Script
    camera: str
    elapsed: Callable[[], float]
    speed: float = 1.0

    def since(self, way: Kind) -> float | None:
        """For how many real seconds it has been wrong in this way; None: it is not."""
        seconds = self.elapsed()
        begun = self.script.since(way, self.camera, seconds)
        return None if begun is None else (seconds - begun) / self.speed


def make_streams(
    cameras: Sequence[DemoCamera],
    script: Script,
    elapsed: Callable[[], float],
    now: Callable[[], datetime],
    speed: float = 1.0,
) -> dict[str, CameraStream]:
    """A stream for every camera, by its id."""
    sets = parameter_sets()
    return {
        camera.id: CameraStream(
            camera, _login(camera), sets, Trouble(script, camera.id, elapsed, speed).since, now
        )
        for camera in cameras
    }


async def serve(streams: dict[str, CameraStream], port: int = PORT) -> asyncio.Server:
    """Open the RTSP port on loopback. Raises OSError."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # At the end of the program asyncio 3.11 would print a traceback for every open stream.
        with suppress(asyncio.CancelledError):
            await Connection(streams, reader, writer).serve()

    return await asyncio.start_server(client, "127.0.0.1", port)


async def main(arguments: argparse.Namespace) -> None:
    """Stream until standard input is closed."""
    region = read_region()
    streams = make_streams(
        region.cameras,
        write_script(arguments.seed, region),
        partial(_elapsed, arguments.started, arguments.speed),
        partial(datetime.now, UTC),
        arguments.speed,
    )
    async with await serve(streams), asyncio.TaskGroup() as group:
        running = [group.create_task(stream.run()) for stream in streams.values()]
        print("cameras ready", flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
        for task in running:
            task.cancel()


def _login(camera: DemoCamera) -> tuple[str, str] | None:
    if not camera.user:
        return None
    password = Path(camera.password.removeprefix("file:")).read_text(encoding="utf-8")
    return camera.user, password.strip()


def _elapsed(started: float, speed: float) -> float:
    return (time.time() - started) * speed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m commandcenter.demo.cameras")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--started", type=float, default=time.time(), help="seconds since 1970")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except OSError as error:
        sys.exit(f"demo: no cameras: {error}")
