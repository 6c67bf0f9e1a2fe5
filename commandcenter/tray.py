"""The tray: bad input on its way to the records, where an operator reads it with its reason."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from commandcenter.rates import Rates
from commandcenter.reading import Reading
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.rejects import HEAD_BYTES, keep
from commandcenter.secret import redact

log = logging.getLogger(__name__)

_MOST_NAMED = 200  # sources of which it is counted how much was left out; the others together
_OTHERS = "*"
_LONGEST = 4_000  # characters of a text that are looked at; the records keep less
RETRY = 1.0  # seconds between attempts to write what the records did not take


class Entry(NamedTuple):
    """One bad input. `body` is its head, `size` what it had in bytes."""

    at: datetime
    feed: str
    source: str
    reason: str
    body: bytes
    size: int


class Tray:
    """Bad input of one process. Bounded: a flood must not fill the memory, nor push what others
    sent out of the records. What is too much is counted, and told once a minute."""

    MOST_WAITING = 1_000
    PAUSE = 60.0
    """Seconds after which it is told how many were left out."""

    def __init__(self, records: Records, now: Callable[[], datetime]) -> None:
        self.records = records
        self.now = now
        self.counts: Counter[str] = Counter()
        """How much came, by feed ("intake" and "bus" are feeds here, too)."""
        self._waiting: asyncio.Queue[Entry] = asyncio.Queue(self.MOST_WAITING)
        self._told = False
        self._sources = Rates(rate=0.5, burst=100)  # a batch of a machine has 51 at most
        self._feeds = Rates(rate=5.0, burst=500)  # sources can be invented, feeds cannot
        self._left_out: Counter[tuple[str, str]] = Counter()

    def put(self, feed: str, source: str, reason: str, body: bytes = b"") -> None:
        """Count bad input and keep it aside; when it is too much it is only counted."""
        self.counts[feed] += 1
        source = redact(source[:_LONGEST])
        now = self.now().timestamp()
        calm = self._sources.take(f"{feed} {source}", now).allowed
        if not (calm and self._feeds.take(feed, now).allowed and not self._waiting.full()):
            self._leave_out(feed, source)
            return
        self._keep(feed, source, redact(reason[:_LONGEST]), body)

    def tell(self) -> None:
        """Put aside how many were left out, one line for each source."""
        for feed, source in [*self._left_out]:
            if self._waiting.full():
                return  # the others wait with it
            more = self._left_out.pop((feed, source))
            self._keep(feed, source, _too_many(source, more))

    def _leave_out(self, feed: str, source: str) -> None:
        known = (feed, source) in self._left_out or len(self._left_out) < _MOST_NAMED
        self._left_out[feed, source if known else _OTHERS] += 1

    def _keep(self, feed: str, source: str, reason: str, body: bytes = b"") -> None:
        head = body[:HEAD_BYTES]
        self._waiting.put_nowait(Entry(self.now(), feed, source, reason, head, len(body)))

    def reading(self, process: str) -> Reading:
        """The counts, for the metrics."""
        key = f"rejects/{process}"
        return Reading(feed="system", key=key, at=self.now(), value=dict(self.counts))

    async def run(self) -> None:
        """Write what waits, and tell what was left out, for ever."""
        await asyncio.gather(self._write(), self._tell())

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(self.PAUSE)
            self.tell()

    async def _write(self) -> None:
        while True:
            entry = await self._waiting.get()
            kept = await self._kept(entry)
            while not kept:
                await asyncio.sleep(RETRY)
                kept = await self._kept(entry)

    async def drain(self) -> None:
        """Write what still waits, at the end of the process; what cannot be written is told."""
        self.tell()
        while not self._waiting.empty():
            entry = self._waiting.get_nowait()
            if not await self._kept(entry):
                log.warning("%d bad inputs are not kept", self._waiting.qsize() + 1)
                return
            self.tell()

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


def _too_many(source: str, more: int) -> str:
    if source == _OTHERS:
        return f"and {more} more of other sources, which are not kept"
    return f"and {more} more of the same source, which are not kept"
