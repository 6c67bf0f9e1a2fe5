"""What the tests of the bus share: readings, a listener, a cable that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.asyncio import Redis

from commandcenter.bus import Bus, News
from commandcenter.reading import Reading
from tests.conftest import NOW, RedisProcess


def reading(key: str, value: dict[str, Any] | None, feed: str = "network") -> Reading:
    return Reading(feed=feed, key=key, at=NOW, value=value)


def counted(numbers: Iterable[int], keys: int = 10, feed: str = "network") -> list[Reading]:
    """Readings of a few devices that carry a count, so that a test sees what is missing."""
    return [reading(f"device/{n % keys}", {"n": n}, feed) for n in numbers]


@dataclass
class Listener:
    """Everything a follower was told, and a way to wait for more."""

    news: list[News] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def told(self) -> list[Reading]:
        return [reading for news in self.news for reading in news.readings]

    @property
    def counts(self) -> list[int]:
        return [reading.value["n"] for reading in self.told if reading.value is not None]

    @property
    def connected(self) -> list[bool]:
        """How the connection went, without repetitions: [True, False, True]."""
        states = [news.connected for news in self.news]
        return [s for i, s in enumerate(states) if i == 0 or s != states[i - 1]]

    async def until(self, true: Callable[[Listener], bool], seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while not true(self):
                self.changed.clear()
                await self.changed.wait()

    async def until_told(self, count: int) -> None:
        """Wait for so many readings; one too many is for the test's own comparison to see."""
        await self.until(lambda heard: len(heard.told) >= count)

    async def listen(self, bus: Bus, feeds: Collection[str] | None, history: bool) -> None:
        async for news in bus.follow(feeds, history=history):
            self.news.append(news)
            self.changed.set()


@asynccontextmanager
async def listening(
    bus: Bus, feeds: Collection[str] | None = None, *, history: bool = False
) -> AsyncIterator[Listener]:
    """A follower in the background, past its first snapshot."""
    listener = Listener()
    task = asyncio.create_task(listener.listen(bus, feeds, history))
    try:
        await listener.until(lambda heard: any(news.snapshot for news in heard.news))
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class Cable:
    """A TCP proxy before Redis that can fall silent both ways without closing anything."""

    port: int
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def cut(self) -> None:
        self.whole.clear()

    def tear(self) -> None:
        """Cut it and lose what is under way, with an end that both sides see."""
        self.cut()
        for task in self.tasks:
            task.cancel()

    def mend(self) -> None:
        self.whole.set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self.pass_on(source, sink))
            self.tasks.add(task)

    async def pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self.whole.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()


@pytest.fixture
async def cable(redis_process: RedisProcess) -> AsyncIterator[Cable]:
    found = Cable(redis_process.port)
    found.mend()
    server = await asyncio.start_server(found.accept, "127.0.0.1", 0)
    found.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    yield found
    server.close()
    for task in found.tasks:
        task.cancel()
    await asyncio.gather(*found.tasks, return_exceptions=True)
    await server.wait_closed()


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Bus]:
    bus = Bus(url, **options)
    try:
        yield bus
    finally:
        await bus.close()


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    async with opened(redis_url) as found:
        yield found


@pytest.fixture
async def raw(redis_url: str) -> AsyncIterator[Redis]:
    """The same Redis without the bus, to look and to meddle."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()
