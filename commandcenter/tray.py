"""The tray: bad input on its way to the records, where an operator reads it with its reason."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from commandcenter.reading import Reading
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.rejects import keep
from commandcenter.secret import redact

log = logging.getLogger(__name__)

RETRY = 1.0  # seconds between attempts to write what the records did not take


class Entry(NamedTuple):
    """One bad input."""

    at: datetime
    feed: str
    source: str
    reason: str
    body: bytes


class Tray:
    """Bad input of one process. Bounded: a flood must not fill the memory."""

    MOST_WAITING = 1_000

    def __init__(self, records: Records, now: Callable[[], datetime]) -> None:
        self.records = records
        self.now = now
        self.counts: Counter[str] = Counter()
        """How much came, by feed ("intake" and "bus" are feeds here, too)."""
        self._waiting: asyncio.Queue[Entry] = asyncio.Queue(self.MOST_WAITING)
        self._told = False

    def put(self, feed: str, source: str, reason: str, body: bytes = b"") -> None:
        """Count bad input and keep it aside. When too much waits the newest is only counted."""
        self.counts[feed] += 1
        try:
            self._waiting.put_nowait(Entry(self.now(), feed, redact(source), redact(reason), body))
        except asyncio.QueueFull:
            log.warning("feed %s: too much bad input to keep it all", feed)

    def reading(self, process: str) -> Reading:
        """The counts, for the metrics."""
        key = f"rejects/{process}"
        return Reading(feed="system", key=key, at=self.now(), value=dict(self.counts))

    async def run(self) -> None:
        """Write what waits, for ever."""
        while True:
            entry = await self._waiting.get()
            kept = await self._kept(entry)
            while not kept:
                await asyncio.sleep(RETRY)
                kept = await self._kept(entry)

    async def drain(self) -> None:
        """Write what still waits, at the end of the process; what cannot be written is told."""
        while not self._waiting.empty():
            entry = self._waiting.get_nowait()
            if not await self._kept(entry):
                log.warning("%d bad inputs are not kept", self._waiting.qsize() + 1)
                return

    async def _kept(self, entry: Entry) -> bool:
        try:
            await self.records.write(keep, **entry._asdict())
        except RecordsDown as error:
            if not self._told:
                log.warning("bad input waits for the records: %s", error)
            self._told = True
            return False
        self._told = False
        return True
