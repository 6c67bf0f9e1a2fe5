"""What machines bring: their scans are taken, of everything else only its size is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from commandcenter.attendance import iclock
from commandcenter.attendance.clock import Clock
from commandcenter.attendance.iclock import BadClock, BadLine
from commandcenter.attendance.outline import outline
from commandcenter.feed import Desk
from commandcenter.records import attendance as kept
from commandcenter.records.attendance import Contact, Scan

_MOST_LINES_APART = 50  # bad lines of one batch that are put aside one by one, the rest together
_SHORTEST = len("event=0")  # of all that can be read; less need not be looked at
_HEAD_BYTES = 64 * 1024  # of the rest are put aside
_PORTION = 2_000  # scans that are kept in one transaction

Reader = Callable[[bytes, tzinfo, datetime], Scan | None]


@dataclass(slots=True)
class Batch:
    """The lines of one upload, read page after page."""

    read_line: Reader
    zone: tzinfo
    now: datetime
    scans: list[Scan] = field(default_factory=list)
    """Those that are not kept yet."""
    bad: list[tuple[bytes, BadLine]] = field(default_factory=list)
    """The first lines that cannot be read;"""
    more_bad: int = 0
    """how many came after them,"""
    more_head: bytearray = field(default_factory=bytearray)
    """and the outline of some of those."""
    stamped: datetime | None = None
    """The time of the last line that has one: machines tell their scans in order."""
    absurd: bool = False
    """Whether that time cannot be true."""
    unread: str = ""
    """Why the first line cannot be read for which its clock is not to blame."""

    def read(self, lines: Iterable[bytes]) -> None:
        """Every line: also behind thousands of bad ones may come a good one."""
        for line in lines:
            if len(line) < _SHORTEST and len(self.bad) == _MOST_LINES_APART:
                self._count(line)
                continue
            try:
                scan = self.read_line(line, self.zone, self.now)
            except BadLine as error:
                self._put_by(line, error)
                continue
            if scan is not None:
                self.scans.append(scan)
                self.stamped, self.absurd = scan.scanned_at, False

    def _put_by(self, line: bytes, error: BadLine) -> None:
        if isinstance(error, BadClock):
            self.stamped, self.absurd = error.stamped, True
        else:
            self.unread = self.unread or str(error)
        if len(self.bad) < _MOST_LINES_APART:
            self.bad.append((line, error))
        else:
            self._count(line)

    def _count(self, line: bytes) -> None:
        self.more_bad += 1
        if len(self.more_head) < _HEAD_BYTES:
            self.more_head += outline(line) + b"\n"

    @property
    def trouble(self) -> str:
        """Why nothing of it could be read; "" when something was, or its clock alone is wrong."""
        return self.unread if self.stamped is None else ""

    def judge(self, known: Mapping[str, Any], new: int, now: datetime) -> dict[str, Any]:
        """What is known of the machine's clock after it."""
        clock = Clock.kept(known)
        if self.stamped is not None and (new or self.absurd):  # what is sent again tells nothing
            clock = clock.heard(self.stamped, now)
        return clock.as_row()


@dataclass(slots=True)
class Uploads:
    """Takes what machines and Fingerspot's cloud bring."""

    desk: Desk

    async def take(
        self, contact: Contact, pages: Iterable[Sequence[bytes]], read: Reader = iclock.read_scan
    ) -> None:
        """Keep the scans of a machine in the list; put aside those of another one."""
        if not contact.accepted:
            await self._turn_away(contact, pages)
            return
        batch, new = Batch(read, self.desk.zone, contact.at), 0
        async for page in _in_turn(pages):
            batch.read(page)
            if len(batch.scans) > _PORTION:  # in parts of which no other machine feels anything
                portion, batch.scans = batch.scans[:_PORTION], batch.scans[_PORTION:]
                new += await self.desk.records.write(kept.add, contact, portion)

        def judge(known: Mapping[str, Any], more: int) -> Mapping[str, Any]:
            return batch.judge(known, new + more, contact.at)

        new += await self.desk.records.write(
            kept.take, contact, batch.scans, judge, trouble=batch.trouble
        )
        self._set_aside(contact.serial, batch)
        if new or batch.bad:
            self.desk.wake()

    async def _turn_away(self, contact: Contact, pages: Iterable[Sequence[bytes]]) -> None:
        await self.desk.records.write(kept.meet, contact)
        count, head = 0, b""
        async for page in _in_turn(pages):
            count += len(page)
            head = head or outline(b"\n".join(page))
        reason = f"{contact.serial}: the machine is not in the list: {count} records"
        self.desk.reject(contact.address, reason, head)  # a serial can be invented

    async def miss(self, contact: Contact, trouble: str) -> None:
        """A machine brought scans in a form that cannot be read; it still has them."""
        if not contact.accepted:
            await self.desk.records.write(kept.meet, contact)
            return
        await self.desk.records.write(kept.take, contact, (), _unchanged, trouble=trouble)
        self.desk.wake()

    def _set_aside(self, serial: str, batch: Batch) -> None:
        for line, error in batch.bad:
            self.desk.reject(serial, str(error), outline(line))
        if batch.more_bad:
            reason = f"{batch.more_bad} more bad lines of the same batch"
            self.desk.reject(serial, reason, bytes(batch.more_head))


async def _in_turn(pages: Iterable[Sequence[bytes]]) -> AsyncIterator[Sequence[bytes]]:
    """The pages; after each of them others have their turn."""
    for page in pages:
        yield page
        await asyncio.sleep(0)


def _unchanged(known: Mapping[str, Any], _: int) -> Mapping[str, Any]:
    return known
