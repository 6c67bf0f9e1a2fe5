"""Following the feeds through every outage: nothing twice, nothing out of order, no silent loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.backoff import EqualJitterBackoff
from redis.exceptions import ConnectionError as ConnectionLost

from commandcenter.bus.link import LOST
from commandcenter.bus.memory import ANSWER, CHUNK, Bell, Memory, Recent, Told, answered
from commandcenter.reading import Reading

BELL = "cc:bell:"
_PINGS = 3  # that may stay without answer, one a second, until a connection is given up
_BACKOFF = EqualJitterBackoff(cap=2.0, base=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a follower is told. The numbers of a feed's readings only ever rise.

    A reading whose value is None: the thing is forgotten.
    """

    readings: tuple[Reading, ...] = ()
    connected: bool = True
    """False is told once when Redis is lost; whatever comes after it is connected again."""
    snapshot: bool = False
    """After each (re)connection one News says so: now everything that is kept has been told."""
    skipped: int = 0
    """Readings that were not told, as newer ones of the same keys had taken their places."""
    memory_lost: bool = False
    """Redis came back empty or with an older memory. What vanished with it is not forgotten by
    its feed, which will publish it again; how many readings were missed is not known."""
    why: str = ""
    """Why the connection was lost."""

    def __add__(self, later: News) -> News:
        return News(
            readings=self.readings + later.readings,
            skipped=self.skipped + later.skipped,
            memory_lost=self.memory_lost or later.memory_lost,
        )


@dataclass(slots=True)
class _Place:
    """How far a follower is with a feed. `count` -1: nowhere, it begins with what is kept."""

    epoch: str = ""
    number: int = 0
    count: int = 0
    keys: set[str] = field(default_factory=set)  # told and not forgotten

    def begin(self, epoch: str) -> None:
        self.epoch, self.number, self.count = epoch, 0, min(self.count, 0)
        self.keys.clear()

    def advance(self, number: int, count: int, readings: tuple[Reading, ...]) -> News:
        self.number, self.count = number, count
        for reading in readings:
            (self.keys.discard if reading.value is None else self.keys.add)(reading.key)
        return News(readings=readings)


class Follower:
    """One follower of some feeds, or of all. See Bus.follow."""

    def __init__(
        self,
        redis: Redis,
        memory: Memory,
        feeds: Collection[str] | None,
        history: bool,
        why: Callable[[BaseException], str],
    ) -> None:
        self._redis = redis
        self._memory = memory
        self._feeds = feeds
        self._history = history
        self._why = why
        self._places: dict[str, _Place] = {}
        self._begun = False

    async def news(self) -> AsyncGenerator[News, None]:
        """Everything, for ever. It reads only when asked: a slow consumer costs no memory."""
        connected, failures = None, 0
        while True:
            try:
                async with aclosing(self._connection()) as connection:
                    async for news in connection:
                        connected, failures = True, 0
                        yield news
            except LOST as error:
                if connected is not False:
                    connected = False
                    yield News(connected=False, why=self._why(error))
            failures += 1
            await asyncio.sleep(_BACKOFF.compute(failures))

    async def _connection(self) -> AsyncGenerator[News, None]:
        """What is kept, then what rings, until the connection is lost."""
        async with self._subscribed() as pubsub:
            async with aclosing(self._resumed()) as resumed:
                async for news in resumed:
                    yield news
            while True:
                channel, data = await ring(pubsub)
                async for news in self._heard(channel[len(BELL) :], data):
                    yield news

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[PubSub]:
        pubsub = self._redis.pubsub()
        try:
            if self._feeds is None:
                await answered(pubsub.psubscribe(BELL + "*"))
            else:
                await answered(pubsub.subscribe(*(BELL + feed for feed in self._feeds)))
            for _ in self._feeds or ("all",):
                if await pubsub.get_message(timeout=ANSWER) is None:
                    raise ConnectionLost("no answer to the subscription")
            yield pubsub
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _resumed(self) -> AsyncGenerator[News, None]:
        """What was missed of every feed, in as few News as is sensible."""
        told = News()
        try:
            for feed in await self._wanted():
                async for news in self._missed(feed):
                    told += news
                    if len(told.readings) >= CHUNK:
                        ready, told = told, News()
                        yield ready
        except LOST:
            if told != News():
                yield told  # the places have moved on already
            raise
        self._begun = True
        yield replace(told, snapshot=True)

    async def _wanted(self) -> Collection[str]:
        if self._feeds is not None:
            return self._feeds
        return self._places.keys() | await answered(self._memory.feeds())

    async def _heard(self, feed: str, data: bytes) -> AsyncIterator[News]:
        try:
            bell = Bell.parse(data)
        except ValueError as error:
            self._memory.put_aside(feed, f"not a bell: {error}", data)
            return
        place = self._places.get(feed) or _Place()
        if bell.epoch == place.epoch and bell.last <= place.number:
            return  # rung before the memory was read
        if (bell.epoch, bell.previous) != (place.epoch, place.number):
            async for news in self._missed(feed):
                if news != News():
                    yield news
            return
        yield self._advanced(feed, place, bell.told)

    async def _missed(self, feed: str) -> AsyncIterator[News]:
        """Read from the memory until it has no more: the stream, where it reaches back so far."""
        place = self._places.setdefault(feed, _Place(count=0 if self._begun else -1))
        while True:
            recent = await answered(self._memory.recent(feed, place.number))
            if recent.state.epoch != place.epoch:
                if place.epoch:
                    yield News(memory_lost=True)
                place.begin(recent.state.epoch)
            elif recent.trimmed > place.count:
                yield await self._conflated(feed, place)
            elif recent.told:
                yield self._advanced(feed, place, recent.told)
            else:
                yield _settled(feed, place, recent)
                return

    def _advanced(self, feed: str, place: _Place, told: tuple[Told, ...]) -> News:
        readings = self._memory.decode(feed, told)
        return place.advance(told[-1][0], place.count + len(told), readings)

    async def _conflated(self, feed: str, place: _Place) -> News:
        """The latest of every key, in place of what the stream no longer has."""
        latest = await answered(self._memory.latest(feed))
        if latest.state.epoch != place.epoch:
            return News()  # lost its memory just now, which is for the caller to find
        _, end, count = latest.state
        if self._history and latest.oldest is not None:
            end, count = latest.oldest - 1, latest.trimmed
        readings = tuple(r for r in latest.readings if place.number < r.number <= end)
        skipped = count - place.count - len(readings) if place.count >= 0 else 0
        return replace(place.advance(end, count, readings), skipped=skipped)


def _settled(feed: str, place: _Place, recent: Recent) -> News:
    """Compare with the memory, now that all of it is told: what is no longer kept is forgotten.

    A count that differs is an older memory (a replica took over, or the last second of the file
    was lost), of which nothing can be concluded.
    """
    _, number, count = recent.state
    if (number, count) != (place.number, place.count):
        place.keys &= recent.keys
        place.number, place.count = number, count
        return News(memory_lost=True)
    at = datetime.fromtimestamp(number / 1e6, UTC)  # not later than this
    gone = sorted(place.keys - recent.keys)
    forgotten = (Reading(feed=feed, key=key, at=at, value=None, number=number) for key in gone)
    return place.advance(number, count, tuple(forgotten))


async def ring(pubsub: PubSub) -> tuple[str, bytes]:
    """The next ring: channel and data. Raises ConnectionLost: an answer that does not come is the
    only sign of a half-open connection, and a second confirmation the only one of a silent
    reconnection."""
    silent = 0
    while silent < _PINGS:
        message = await pubsub.get_message(timeout=1.0)
        if message is None:
            silent += 1
            await answered(pubsub.ping())
        elif message["type"] in ("message", "pmessage"):
            return message["channel"].decode(errors="replace"), message["data"]
        elif message["type"] != "pong":
            raise ConnectionLost("the subscription was made anew")
        else:
            silent = 0
    raise ConnectionLost(f"no answer for {_PINGS} s")
