"""What machines bring: their scans are taken, of everything else only its size is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

Reader = Callable[[bytes, tzinfo, datetime], Scan | None]


@dataclass(slots=True)
class Batch:
    """The lines of one upload, read."""

    scans: list[Scan] = field(default_factory=list)
    bad: list[tuple[bytes, BadLine]] = field(default_factory=list)
    stamped: datetime | None = None
    """The time of the last line that has one: machines tell their scans in order."""
    absurd: bool = False
    """Whether that time cannot be true."""

    @classmethod
    def read(cls, lines: Sequence[bytes], read: Reader, zone: tzinfo, now: datetime) -> Batch:
        """Reads every line; those that cannot be read stand in `bad`."""
        batch = cls()
        for line in filter(None, lines):
            try:
                scan = read(line, zone, now)
            except BadLine as error:
                batch.bad.append((line, error))
                if isinstance(error, BadClock):
                    batch.stamped, batch.absurd = error.stamped, True
                continue
            if scan is not None:
                batch.scans.append(scan)
                batch.stamped, batch.absurd = scan.scanned_at, False
        return batch

    @property
    def trouble(self) -> str:
        """Why nothing of it could be read; "" when something was, or its clock alone is wrong."""
        unread = [error for _, error in self.bad if not isinstance(error, BadClock)]
        return str(unread[0]) if unread and self.stamped is None else ""

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
        self, contact: Contact, lines: Sequence[bytes], read: Reader = iclock.read_scan
    ) -> None:
        """Keep the scans of a machine in the list; put aside those of another one."""
        if not contact.accepted:
            await self.desk.records.write(kept.meet, contact)
            reason = f"the machine is not in the list: {len(lines)} records"
            self.desk.reject(contact.serial, reason, outline(b"\n".join(lines)))
            return
        batch = Batch.read(lines, read, self.desk.zone, contact.at)

        def judge(known: Mapping[str, Any], new: int) -> Mapping[str, Any]:
            return batch.judge(known, new, contact.at)

        new = await self.desk.records.write(
            kept.take, contact, batch.scans, judge, trouble=batch.trouble
        )
        self._set_aside(contact.serial, batch.bad)
        if new or batch.bad:
            self.desk.wake()

    async def miss(self, contact: Contact, trouble: str) -> None:
        """A machine brought scans in a form that cannot be read; it still has them."""
        if not contact.accepted:
            await self.desk.records.write(kept.meet, contact)
            return
        await self.desk.records.write(kept.take, contact, (), _unchanged, trouble=trouble)
        self.desk.wake()

    def _set_aside(self, serial: str, bad: Sequence[tuple[bytes, BadLine]]) -> None:
        for line, error in bad[:_MOST_LINES_APART]:
            self.desk.reject(serial, str(error), outline(line))
        if rest := bad[_MOST_LINES_APART:]:
            reason = f"{len(rest)} more bad lines of the same batch"
            self.desk.reject(serial, reason, outline(b"\n".join(line for line, _ in rest)))


def _unchanged(known: Mapping[str, Any], _: int) -> Mapping[str, Any]:
    return known
