"""Real cameras: RTSP servers, HTTP cameras, and a wall that keeps their pictures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from commandcenter.bus.pictures import Pictures
from commandcenter.feed import Desk
from commandcenter.reading import Reading
from feeds.cameras import Cameras
from tests.cameras.strange_camera import StrangeCamera
from tests.conftest import Tray, free_port
from tests.leaks import secret
from tests.tcp import serving

PASSWORD = secret("p@ss:w/or#d?%40 é")  # every character that an address reserves


@dataclass
class RtspServer:
    """A real RTSP server that a test may freeze, kill and start again."""

    user: str = ""
    password: str = ""
    options: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        script = Path(__file__).with_name("rtsp_server.py")
        command = ["/usr/bin/python3", str(script), str(self.port), *self.options]
        command += ["--user", self.user] if self.user else []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(self.password + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ready\n"

    def url(self, path: str) -> str:
        return f"rtsp://{self.host}:{self.port}/{path}"

    def signal(self, what: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, what)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture(scope="session")
def rtsp() -> Iterator[RtspServer]:
    """A camera that asks for no password."""
    server = RtspServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def guarded_rtsp() -> Iterator[RtspServer]:
    """A camera that asks for a password, by Digest."""
    server = RtspServer(user="operator", password=PASSWORD)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def udp_rtsp() -> Iterator[RtspServer]:
    """A camera that sends by UDP alone."""
    server = RtspServer(options=("--only", "udp"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def ipv6_rtsp() -> Iterator[RtspServer]:
    """A camera on IPv6 that asks for a password, by Basic."""
    options = ("--address", "::1", "--basic")
    server = RtspServer(user="operator", password=PASSWORD, options=options, host="[::1]")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_rtsp() -> Iterator[RtspServer]:
    """A camera of the test's own, to be maltreated."""
    server = RtspServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def strange() -> Iterator[StrangeCamera]:
    """A camera that misbehaves as the names of its streams say."""
    camera = StrangeCamera()
    yield camera
    camera.stop()


class Listener:
    """A TCP listener that answers each request with the same bytes, or never."""

    def __init__(self, answer: bytes | None) -> None:
        self.requests: list[bytes] = []
        self.port = 0
        self._answer = answer

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(65536):
            self.requests.append(request)
            if self._answer is not None:
                writer.write(self._answer)


@pytest.fixture
async def listen() -> AsyncIterator[Callable[[bytes | None], Awaitable[Listener]]]:
    """await listen(answer): a listener that answers so, or with None is silent for ever."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(answer: bytes | None) -> Listener:
            listener = Listener(answer)
            listener.port = await stack.enter_async_context(serving(listener.talk))
            return listener

        yield start


class Album(Pictures):
    """The pictures in a real Redis, and a list of all that were ever kept there: time and JPEG."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.kept: defaultdict[str, list[tuple[datetime, bytes]]] = defaultdict(list)

    async def keep(
        self, camera: str, small: bytes, large: bytes, captured_at: datetime, ttl: timedelta
    ) -> int:
        self.kept[camera].append((captured_at, large))
        return await super().keep(camera, small, large, captured_at, ttl)


@dataclass
class Room:
    """A feed of cameras that is read whenever it wakes, and what it told."""

    folder: Path
    desk: Desk
    tray: Tray
    woken: asyncio.Event
    album: Album
    feed: Cameras | None = None
    told: list[Reading] = field(default_factory=list)

    @property
    def pictures(self) -> dict[str, list[tuple[datetime, bytes]]]:
        """Every picture of every camera so far: when it was taken, and the large JPEG."""
        return self.album.kept

    def write(self, *rows: str, more: str = "") -> Path:
        """Write the list; `more`: further columns, ",way,every"."""
        path = self.folder / "cameras.csv"
        lines = ["id,name,url,user,password" + more, *rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def watch(self, *rows: str, more: str = "", **options: Any) -> Cameras:
        """Watch the cameras of these rows, with a test's short times."""
        quick: dict[str, Any] = {"every": 0.4, "open_timeout": 3.0, "read_timeout": 3.0}
        quick["networks"] = ("127.0.0.0/8", "::1/128")
        quick["history"] = self.folder / "history"
        self.feed = Cameras(name="cameras", cameras=self.write(*rows, more=more), **quick | options)
        return self.feed

    async def look(self) -> None:
        assert self.feed is not None
        self.told += [reading async for reading in self.feed.read(self.desk)]

    async def until(self, true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Look whenever something came, until `true()`; fail the test when it never is."""
        try:
            async with asyncio.timeout(seconds):
                await self.look()
                while not true():
                    self.woken.clear()
                    await asyncio.wait([asyncio.create_task(self.woken.wait())], timeout=0.2)
                    await self.look()
        except TimeoutError:
            pytest.fail(f"waited {seconds:.0f} s in vain until {what}; now {self.told[-5:]}")

    def now(self, camera: str) -> dict[str, Any]:
        """What is known of a camera."""
        of_it = [r.value for r in self.told if r.key == f"camera/{camera}"]
        return of_it[-1] or {} if of_it else {}

    def state(self, camera: str) -> str:
        return str(self.now(camera).get("state"))

    def states(self) -> dict[str, str]:
        return {r.identity: self.state(r.identity) for r in self.told}

    def workers(self) -> set[int]:
        """The process ids of the running workers."""
        assert self.feed is not None
        supervisor = self.feed._supervisor
        return set(supervisor.pids) if supervisor is not None else set()

    async def kill_workers(self) -> None:
        """kill -9 every worker, and wait until others stand in their places."""
        old = self.workers()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while len(self.workers() - old) < len(old):
                await asyncio.sleep(0.01)

    def count(self, camera: str) -> int:
        return len(self.pictures[camera])


@pytest.fixture
async def room(tmp_path: Path, desk: Desk, tray: Tray, redis_url: str) -> AsyncIterator[Room]:
    """A room whose workers end with the test. Its clock is the machine's, as the workers' is."""
    woken = asyncio.Event()
    album = Album(redis_url)
    real = replace(desk, now=lambda: datetime.now(UTC), wake=woken.set, pictures=album)
    room = Room(tmp_path, real, tray, woken, album)
    yield room
    if room.feed is not None:
        await room.feed.close()
    await album.close()
