"""Publishing and following."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Iterable

from commandcenter.bus.follower import BELL, Follower, News
from commandcenter.bus.link import Link
from commandcenter.bus.memory import Encoded, Memory
from commandcenter.reading import Reading

_BATCH = 500  # readings at once: Redis serves nobody else while the script runs


class Bus:
    """A Redis (6.2 or later, maxmemory-policy noeviction) by URL: redis://, rediss:// or unix://.

    About `keep` readings of every feed are kept for those who were away. What is found on the bus
    and cannot be read is counted in `rejected` and told to `reject(source, reason, body)`.
    Serves one event loop; end its followers before closing it. Raises ValueError when the URL
    cannot be understood.
    """

    def __init__(
        self, url: str, *, keep: int = 20_000, reject: Callable[..., None] | None = None
    ) -> None:
        self._link = Link(url)
        self.url, self._redis = self._link.url, self._link.redis
        self._memory = Memory(self._redis, keep, reject)
        self._given: dict[str, tuple[str, int]] = {}
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def rejected(self) -> int:
        """How many readings or rings could not be used."""
        return self._memory.rejected

    async def publish(self, feed: str, readings: Iterable[Reading]) -> bool:
        """Number, keep and tell readings under `feed`, a batch at once. Raises BusDown.

        False: Redis has lost something this bus had published of the feed, and the latest of
        every key must be published again. Publishing nothing only asks whether it has. A runner,
        whose `latest` has also the readings with value None, does this after every look:

            latest |= {reading.key: reading for reading in looked}
            if not await bus.publish(feed, looked):
                await bus.publish(feed, latest.values())

        After BusDown nobody knows what arrived: publish `latest` when Redis is back. A reading
        that cannot be written as JSON is put aside, and the others are published.
        """
        encoded = [one for reading in readings for one in self._memory.encode(feed, reading)]
        kept = True
        async with (
            self._link.asking(),
            self._turn[feed],
        ):  # in turn, or `_given` would seem to go back
            for start in range(0, len(encoded) or 1, _BATCH):
                kept &= await self._publish(feed, encoded[start : start + _BATCH])
        return kept

    def follow(
        self, feeds: Collection[str] | None = None, *, history: bool = False
    ) -> AsyncGenerator[News, None]:
        """The latest reading of every key, then every one that comes, through any outage.

        `feeds` are names, or None for all. With `history` the recent readings are told one by one
        instead of the latest only, at the start and after an outage. Redis is read no faster than
        the consumer asks: it cuts off one that is too slow, which is one more lost connection.
        Silence is noticed within 4 s. Wrap it in contextlib.aclosing when it may be left early.
        """
        names = None if feeds is None else frozenset(feeds)
        return Follower(self._redis, self._memory, names, history, self._link.why).news()

    async def latest(self, feed: str) -> dict[str, Reading]:
        """What is kept of a feed: the latest reading of every key. Raises BusDown."""
        async with self._link.asking():
            return {reading.key: reading for reading in (await self._memory.latest(feed)).readings}

    async def ping(self) -> float:
        """How long Redis takes to answer, in seconds. Raises BusDown."""
        began = time.perf_counter()
        async with self._link.asking():
            await self._redis.ping()
        return time.perf_counter() - began

    async def close(self) -> None:
        """Let go of Redis."""
        await self._redis.aclose()

    async def _publish(self, feed: str, encoded: list[Encoded]) -> bool:
        receipt = await self._memory.publish(feed, BELL + feed, encoded)
        epoch, number = self._given.get(feed, (receipt.epoch, 0))
        self._given[feed] = receipt.epoch, receipt.number
        return receipt.epoch == epoch and receipt.previous >= number
