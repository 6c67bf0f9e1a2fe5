"""Running feeds: looking in time, publishing, telling each fall and each recovery once."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from commandcenter.bus import Bus, BusDown
from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.reading import Origin, Reading
from commandcenter.records.database import RecordsDown
from commandcenter.secret import SecretMissing, redact
from commandcenter.vocabulary import FeedStatus

log = logging.getLogger(__name__)

GATHER = 0.2  # seconds: readings that come one by one travel together
RETRY = 1.0  # seconds between attempts to publish what the bus did not take
SLOWEST = 6  # looks that one look may last before it is given up


class Publisher:
    """What one feed wants on the bus. Nothing is lost while the bus is away: the latest reading
    of every key waits, and everything is told again to a bus that lost its memory."""

    MOST_GONE = 1_000

    def __init__(self, bus: Bus, feed: str) -> None:
        self.bus = bus
        self.feed = feed
        self._latest: dict[str, Reading] = {}
        self._waiting: dict[str, Reading] = {}
        self._one_at_a_time = asyncio.Lock()

    @property
    def keys(self) -> set[str]:
        """What the feed has told and not forgotten."""
        told = self._latest | self._waiting
        return {key for key, reading in told.items() if reading.value is not None}

    def put(self, reading: Reading) -> None:
        """Remember a reading for the next flush."""
        self._waiting[reading.key] = reading

    async def flush(self) -> None:
        """Publish what waits. What the bus does not take goes on waiting."""
        async with self._one_at_a_time:
            batch, self._waiting = self._waiting, {}
            if not batch and not self._latest:
                return
            try:  # an empty batch asks whether the bus still has what it was told
                kept = await self.bus.publish(self.feed, list(batch.values()))
            except BusDown:
                self._waiting = batch | self._waiting
                return
            except BaseException:  # given up in the middle of it: nobody knows what arrived
                self._waiting = batch | self._waiting
                raise
            forgotten = not kept and bool(self._latest)
            self._remember(batch)
            if forgotten:
                self._waiting = self._latest | self._waiting

    def _remember(self, batch: Mapping[str, Reading]) -> None:
        """What was forgotten is remembered as such for a while: a board that lived through the
        loss of the bus's memory would keep it as a ghost."""
        self._latest |= batch
        gone = [key for key, reading in self._latest.items() if reading.value is None]
        for key in gone[: -self.MOST_GONE]:
            del self._latest[key]


class Runner:
    """One feed, for ever."""

    def __init__(self, feed: Feed, desk: Desk, bus: Bus) -> None:
        self.feed = feed
        self.desk = desk
        self.publisher = Publisher(bus, feed.name)
        self.system = Publisher(bus, "system")
        self.error: str | None = None
        self.since = desk.now()
        self.last_success: datetime | None = None
        self.looks = self.readings = self.rejects = 0
        self.seconds = 0.0
        self._ghosts_gone = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look again now: something was pushed."""
        self._woken.set()

    def reject(
        self, keep: Callable[..., None], source: str, reason: str, body: bytes = b""
    ) -> None:
        """Count bad input and have it kept aside."""
        self.rejects += 1
        keep(self.feed.name, source, reason, body)

    async def run(self) -> None:
        """Look, publish, tell, wait; until cancelled."""
        await asyncio.gather(self._look_for_ever(), self._flush_for_ever())

    async def _look_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            self._woken.clear()
            await self.look()
            self.seconds = loop.time() - began
            self._tell()
            await self.system.flush()
            pause = self.feed.every - self.seconds
            # A little unevenness keeps many feeds from looking in step.
            await self._sleep(max(0.05, pause) * random.uniform(0.97, 1.03))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER / 4)  # a burst of pushes is one look

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RETRY)
            try:
                await self.publisher.flush()
                await self.system.flush()
            except Exception:  # whatever it is, it must not end the other feeds
                log.exception("feed %s cannot publish", self.feed.name)

    async def _forget_ghosts(self) -> None:
        """Things that went out of a list while nobody ran are still kept on the bus: after the
        first good look whatever of its kinds was not seen is forgotten."""
        try:
            kept = await self.publisher.bus.latest(self.feed.name)
        except BusDown:
            return
        self._ghosts_gone = True
        seen = self.publisher.keys
        kinds = {key.partition("/")[0] for key in seen}
        for key, reading in kept.items():
            if reading.identity in self.desk.left_out:
                continue  # its row has a mistake: the thing is still there
            if key not in seen and reading.kind in kinds:
                self.publisher.put(self.feed.reading(key, None, self.desk.now()))
        await self.publisher.flush()

    async def look(self) -> None:
        """Read the source once and publish what it says."""
        self.looks += 1
        try:
            async with asyncio.timeout(max(60.0, self.feed.every * SLOWEST)):
                await self._publish(self.feed.read(self.desk))
        except (SourceDown, SecretMissing, RecordsDown, BusDown) as error:
            self._fell(redact(str(error)))
        except TimeoutError:
            self._fell("the source took too long to read")
        except Exception as error:  # a fault in one feed must not stop the others
            if self.error is None:
                log.exception("feed %s stumbled", self.feed.name)
            self._fell(f"fault in the feed: {redact(repr(error))}")
        else:
            await self._stands()

    async def _publish(self, readings: AsyncGenerator[Reading, None]) -> None:
        loop = asyncio.get_running_loop()
        flushed_at = loop.time()
        try:
            async with aclosing(readings) as found:
                async for reading in found:
                    self.readings += 1
                    self.publisher.put(reading)
                    if loop.time() - flushed_at > GATHER:
                        await self.publisher.flush()
                        flushed_at = loop.time()
        finally:
            await self.publisher.flush()

    def _fell(self, why: str) -> None:
        if self.error is None:
            self.since = self.desk.now()
            log.warning("feed %s is down: %s", self.feed.name, why)
        self.error = why

    async def _stands(self) -> None:
        if not self._ghosts_gone:
            await self._forget_ghosts()
        self.last_success = self.desk.now()
        if self.error is not None:
            log.info("feed %s is back", self.feed.name)
            self.since = self.last_success
        self.error = None

    def _tell(self) -> None:
        notes = dict(self.desk.note)
        status = FeedStatus(
            ok=self.error is None,
            error=self.error or "",
            since=self.since.isoformat(),
            last_success_at=self.last_success.isoformat() if self.last_success else None,
            looks=self.looks,
            readings=self.readings,
            rejects=self.rejects,
            list_mistakes=list(self.desk.list_mistakes),
            seconds=round(self.seconds, 3),
            notes=notes,
        )
        key = f"feed/{self.feed.name}"
        value: dict[str, Any] = dict(status)
        now = self.desk.now()
        self.system.put(Reading(feed="system", key=key, at=now, value=value, origin=Origin.LIVE))
