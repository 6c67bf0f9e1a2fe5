"""The cameras process of ours as it is run, and somebody who sees what it tells."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cameras.pinned import OURS, THEIRS, Meter, on, started
from commandcenter.bus import Bus, Pictures
from commandcenter.reading import Reading
from commandcenter.redis_server import RedisServer

HISTORY = Path("var/cameras")
_SAMPLE = 0.25  # seconds
_CONFIG = """
[region]
name = "Bench"
initials = "B"
office = "Bench"
[feed.cameras]
every = {every}
cameras = "cameras.csv"
networks = ["127.0.0.0/8"]
open_timeout = {open_timeout}
read_timeout = {read_timeout}
keyframe_timeout = {keyframe_timeout}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was told of a camera, when it was."""

    at: float
    state: str
    detail: str
    captured_at: float | None


@dataclass
class House:
    """The process, and all that it has told."""

    meter: Meter
    pictures: Pictures
    told: defaultdict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @staticmethod
    def now() -> float:
        """In seconds since 1970, as all times here."""
        return time.time()

    def state(self, camera: str) -> str:
        """The last one that was told."""
        return self.told[camera][-1].state if self.told[camera] else ""

    def age(self, camera: str) -> float:
        """Of the newest picture, in seconds; infinite without one."""
        captured = self.told[camera][-1].captured_at if self.told[camera] else None
        return float("inf") if captured is None else time.time() - captured

    def shown(self, camera: str, since: float) -> bool:
        """Whether a picture is shown that was taken after this moment."""
        captured = self.told[camera][-1].captured_at if self.told[camera] else None
        return captured is not None and captured >= since

    def arrivals(self, cameras: Iterable[str], since: float) -> list[float]:
        """How old each new picture was when it was told, in seconds."""
        ages = []
        for camera in cameras:
            last: float | None = None
            for seen in self.told[camera]:
                if seen.captured_at not in (None, last) and seen.at >= since:
                    ages.append(seen.at - (seen.captured_at or 0.0))
                last = seen.captured_at
        return ages

    async def until(self, true: Callable[[], bool], what: str, seconds: float = 120.0) -> float:
        """Wait until it is true; when it was, in seconds since 1970. Raises TimeoutError."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            states = {camera: self.state(camera) for camera in self.told}
            raise TimeoutError(f"waited {seconds:.0f} s in vain until {what}: {states}") from None
        return time.time()

    async def sample(self, cameras: Sequence[str], seconds: float) -> list[float]:
        """The ages that somebody sees who looks at these cameras for so long."""
        ages: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ages += [self.age(camera) for camera in cameras]
            await asyncio.sleep(_SAMPLE)
        return ages

    async def ask(self, camera: str) -> None:
        """Ask for another attempt at a camera that refused the password."""
        await self.pictures.ask(camera)

    def hear(self, readings: Iterable[Reading]) -> None:
        """What the bus brings."""
        for reading in readings:
            if reading.kind == "camera" and reading.value is not None:
                self.told[reading.identity].append(_seen(reading.value))
        self.news.set()


@asynccontextmanager
async def house(
    urls: Mapping[str, str],
    *,
    every: float = 5.0,
    open_timeout: float = 5.0,
    read_timeout: float = 20.0,
    keyframe_timeout: float = 60.0,
    looks: bytes | None = None,
) -> AsyncIterator[House]:
    """A house whose cameras are at these addresses. `looks`: what it remembers of each."""
    settings = {
        "every": every,
        "open_timeout": open_timeout,
        "read_timeout": read_timeout,
        "keyframe_timeout": keyframe_timeout,
    }
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-cameras-")))
        rows = [f"{camera},{camera},{url}" for camera, url in urls.items()]
        (folder / "cameras.csv").write_text("\n".join(["id,name,url", *rows]) + "\n")
        if looks is not None:
            (folder / HISTORY).mkdir(parents=True)
            for camera in urls:
                (folder / HISTORY / f"{camera}.looks").write_bytes(looks)
        (folder / "config.toml").write_text(_CONFIG.format(**settings))
        redis, pictures = (stack.enter_context(_redis(folder / name)) for name in ("r", "p"))
        environment = {**os.environ, "REDIS_URL": redis, "PICTURES_URL": pictures}
        command = [sys.executable, "-m", "commandcenter", "cameras"]
        log = stack.enter_context((folder / "log").open("w"))
        process = stack.enter_context(started(command, OURS, log, cwd=folder, env=environment))
        bus = Bus(redis)
        stack.push_async_callback(bus.close)
        kept = Pictures(pictures)
        stack.push_async_callback(kept.close)
        made = House(Meter([process.pid]), kept)
        listener = asyncio.create_task(_listen(bus, made))
        stack.push_async_callback(_end, listener)
        yield made


@contextmanager
def _redis(folder: Path) -> Any:
    server = RedisServer(folder, lasting=False)
    with on(THEIRS), ExitStack() as stack:
        url = server.start()
        stack.callback(server.stop)
        yield url


async def _listen(bus: Bus, made: House) -> None:
    async with aclosing(bus.follow({"cameras"})) as news:
        async for one in news:
            made.hear(one.readings)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _seen(value: Mapping[str, Any]) -> Seen:
    captured = value["captured_at"]
    return Seen(
        at=datetime.now(UTC).timestamp(),
        state=value["state"],
        detail=value["detail"],
        captured_at=datetime.fromisoformat(captured).timestamp() if captured else None,
    )
