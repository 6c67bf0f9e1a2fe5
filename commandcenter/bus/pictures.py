"""The pictures of the cameras: the latest ones, in memory only, and who is looking at them.

They lie in a Redis of their own that writes nothing to disk: 64 cameras would write 60 GB a day
into an append-only file, and what is on a disk is kept longer than it may be.

    cc:{camera:<id>}:numbers     sorted set: the pictures that are kept, by their numbers
    cc:{camera:<id>}:<number>    hash: small, large; gone when its time is over
    cc:picture:<id>              channel: rings when a picture came
    cc:{cameras}:looked          sorted set: camera -> until when somebody looks at it alone
    cc:{cameras}:wishes          set: cameras for which an operator asks for a new attempt
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, cast

from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as ConnectionLost

from commandcenter.bus.follower import ring
from commandcenter.bus.link import LOST, Link
from commandcenter.bus.memory import ANSWER, answered

Size: TypeAlias = Literal["small", "large"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_SECOND = 1_000_000  # in ticks
_SPACING = ((5 * _SECOND, 0), (30 * _SECOND, int(0.9 * _SECOND)))  # age up to, distance at least
_MINUTE = 60 * _SECOND
_BELL = "cc:picture:"
_LOOKED, _ASKED = "cc:{cameras}:looked", "cc:{cameras}:wishes"
_LINES = 16  # questions to Redis at once
_AGAIN = 0.5  # seconds until a lost connection is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """One picture of a camera in one size. `number`, its capture time in µs, is its address."""

    camera: str
    number: int
    captured_at: datetime
    jpeg: bytes
    left: timedelta = timedelta()
    """How much longer it may be kept."""


class Pictures:
    """Pictures by URL of a Redis. Serves one event loop. Raises BusDown from every method.

    `remember`: how long earlier pictures of a camera are kept beside its latest: all of the last
    5 s, one a second of the last 30 s, and one a minute of the time before.
    """

    def __init__(self, url: str, *, remember: timedelta = timedelta(minutes=5)) -> None:
        self._link = Link(url)
        self._redis = self._link.redis
        self._remember = remember
        self._bells = _Bells(self._link)
        self._lines = asyncio.Semaphore(_LINES)

    async def keep(
        self, camera: str, small: bytes, large: bytes, captured_at: datetime, ttl: timedelta
    ) -> int:
        """Keep a picture, for `ttl` at most; its number. One process only keeps those of a
        camera; one that is no newer than the last means that a clock was set back."""
        number = (captured_at - _EPOCH) // _TICK
        span = min(ttl, self._remember) // _TICK
        async with self._asking():
            kept = await self._kept(camera)
            drop = superfluous(kept, number, span)
            async with self._redis.pipeline(transaction=True) as pipe:
                if drop:
                    pipe.delete(*(_key(camera, n) for n in drop))
                    pipe.zrem(_numbers(camera), *drop)
                if kept and 0 < number - kept[-1] < span:  # it is the latest no longer
                    left = span - (number - kept[-1])
                    pipe.pexpire(_key(camera, kept[-1]), left * _TICK)
                pipe.hset(_key(camera, number), mapping={"small": small, "large": large})
                pipe.pexpire(_key(camera, number), ttl)
                pipe.zadd(_numbers(camera), {str(number): number})
                pipe.pexpire(_numbers(camera), ttl)
                pipe.publish(_BELL + camera, number)
                await pipe.execute()
        return number

    async def still(self, camera: str, number: int, size: Size) -> Still | None:
        """This very picture; None when it is not kept any more."""
        async with self._asking(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(_key(camera, number), size)
            pipe.pttl(_key(camera, number))
            jpeg, left = await pipe.execute()
        if jpeg is None:
            return None
        at = _EPOCH + number * _TICK
        keeps = timedelta(milliseconds=max(0, left))
        return Still(camera=camera, number=number, captured_at=at, jpeg=jpeg, left=keeps)

    async def latest(self, camera: str, size: Size) -> Still | None:
        """The newest; None when there is none."""
        number = await self._newest(camera)
        return None if number is None else await self.still(camera, number, size)

    async def next(self, camera: str, after: int, size: Size, wait: float) -> Still | None:
        """The newest if it is another than `after`, else the next one within `wait` seconds."""
        until = asyncio.get_running_loop().time() + wait
        with self._bells.heard(camera) as bell:
            while True:
                bell.clear()
                number = await self._newest(camera)
                if number is not None and number != after:
                    found = await self.still(camera, number, size)
                    if found is not None:
                        return found
                try:
                    async with asyncio.timeout_at(until):
                        await bell.wait()
                except TimeoutError:
                    return None

    async def numbers(self, camera: str) -> list[int]:
        """All that are kept, oldest first."""
        async with self._asking():
            kept = await self._kept(camera)
            async with self._redis.pipeline(transaction=False) as pipe:
                for number in kept:
                    pipe.exists(_key(camera, number))
                there = await pipe.execute()
        return [number for number, found in zip(kept, there, strict=True) if found]

    async def forget(self, camera: str) -> None:
        """Forget all of a camera's pictures."""
        async with self._asking():
            kept = await self._kept(camera)
            await self._redis.delete(_numbers(camera), *(_key(camera, n) for n in kept))

    async def look(self, camera: str, seconds: float = 10.0) -> None:
        """Somebody looks at this camera alone: it should send more pictures for so long."""
        async with self._asking():
            until = await self._clock() + seconds
            await self._redis.zadd(_LOOKED, {camera: until}, gt=True)

    async def looked_at(self) -> Collection[str]:
        """The cameras that somebody looks at alone."""
        async with self._asking():
            await self._redis.zremrangebyscore(_LOOKED, "-inf", await self._clock())
            found = cast("list[bytes]", await self._redis.zrange(_LOOKED, 0, -1))
        return frozenset(camera.decode() for camera in found)

    async def ask(self, camera: str) -> None:
        """An operator asks for a new attempt at a camera that refused the password."""
        async with self._asking():
            await self._redis.sadd(_ASKED, camera)

    async def asked(self) -> Collection[str]:
        """The cameras for which that was asked; each stays so until it is `heard`."""
        async with self._asking():
            found = cast("set[bytes]", await self._redis.smembers(_ASKED))
        return frozenset(camera.decode() for camera in found)

    async def heard(self, cameras: Collection[str]) -> None:
        """What was asked for these cameras is being done."""
        async with self._asking():
            await self._redis.srem(_ASKED, *cameras)

    async def close(self) -> None:
        """Let go of Redis."""
        await self._bells.close()
        await self._redis.aclose()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """In turn: a bell may wake hundreds at once."""
        async with self._lines, self._link.asking():
            yield

    async def _newest(self, camera: str) -> int | None:
        async with self._asking():
            found = await self._redis.zrange(_numbers(camera), -1, -1)
        return int(cast("bytes", found[0])) if found else None

    async def _kept(self, camera: str) -> list[int]:
        found = cast("list[bytes]", await self._redis.zrange(_numbers(camera), 0, -1))
        return [int(number) for number in found]

    async def _clock(self) -> float:
        seconds, microseconds = await self._redis.time()
        return seconds + microseconds / _SECOND


class _Bells:
    """Rings all who wait for a camera's next picture, over one connection for all of them."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None

    @contextmanager
    def heard(self, camera: str) -> Iterator[asyncio.Event]:
        """An event that is set when it is worth looking again."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        bell = asyncio.Event()
        self._waiting[camera].add(bell)
        try:
            yield bell
        finally:
            self._waiting[camera].discard(bell)
            if not self._waiting[camera]:
                del self._waiting[camera]

    async def close(self) -> None:
        """Listen no longer."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with suppress(*LOST):
                async with self._subscribed() as pubsub:
                    self._ring(*list(self._waiting))  # for what was missed meanwhile
                    while True:
                        channel, _ = await ring(pubsub)
                        self._ring(channel[len(_BELL) :])
            await asyncio.sleep(_AGAIN)

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[PubSub]:
        pubsub = self._link.redis.pubsub()
        try:
            await answered(pubsub.psubscribe(_BELL + "*"))
            if await pubsub.get_message(timeout=ANSWER) is None:
                raise ConnectionLost("no answer to the subscription")
            yield pubsub
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    def _ring(self, *cameras: str) -> None:
        for camera in cameras:
            for bell in self._waiting.get(camera, ()):
                bell.set()


def superfluous(kept: Sequence[int], newest: int, span: int) -> list[int]:
    """Which of the pictures that are `kept`, oldest first, need not be kept beside the `newest`:
    those that are too close to each other for their age, those older than `span`, and those from a
    future that is none any more."""
    drop: list[int] = []
    last = -_MINUTE
    for number in kept:
        age = newest - number
        distance = next((d for most, d in _SPACING if age <= most), _MINUTE)
        if age < 0 or age >= span or number - last < distance:
            drop.append(number)
        else:
            last = number
    return drop


def _numbers(camera: str) -> str:
    return f"cc:{{camera:{camera}}}:numbers"


def _key(camera: str, number: int) -> str:
    return f"cc:{{camera:{camera}}}:{number}"
