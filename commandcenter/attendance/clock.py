"""Whether a machine's clock is right, judged by the stamps of the scans that it sends.

A push machine tells no time but that of its scans. A clock that is ahead shows at once: nobody
scans in the future. One that is behind looks like a backlog, until several uploads come in the
course of time and all are late by the same. One whose battery died begins at 2000-01-01 (public
reports: coding-libs/zkteco-php#7, fananimi/pyzk#211; ahead after connecting:
saifulcoder/adms-server-ZKTeco#14).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

RIGHT = 120.0  # seconds: an upload in which the last scan is so old or so new shows a right clock
_BEHIND = 600.0  # less may be an upload that waited
_FIRST_YEAR = 2010  # no machine of this kind is older; dead clocks begin before it
_UPLOADS, _SPAN = 3, 10.0  # that many uploads, over so many seconds, must be late by the same
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of one clock; moments are seconds since 1970 by our own clock."""

    ahead: float | None = None
    """Seconds; below zero it is behind. None: it is not known to be wrong."""
    wrong_at: float | None = None
    """When it was last known to be wrong."""
    late_by: float | None = None
    """Of the newest uploads, those that were late by the same: how much, and since when."""
    late_since: float = 0.0
    late_at: float = 0.0
    """When the newest of them came,"""
    uploads: int = 0
    """and how many they are."""

    @classmethod
    def kept(cls, row: Mapping[str, Any]) -> Clock:
        """As it was put into the records by `as_row`."""
        return cls(**row)

    def as_row(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)

    def heard(self, stamped: datetime, now: datetime) -> Clock:
        """After an upload whose last scan was stamped so."""
        ahead, at = (stamped - now).total_seconds(), now.timestamp()
        if abs(ahead) <= RIGHT:
            return Clock(wrong_at=self.wrong_at if self.ahead is None else at)
        if ahead > 0 or stamped.year < _FIRST_YEAR:
            return Clock(ahead=ahead, wrong_at=at)
        return self._late(-ahead, at)

    def told(self, stamped: datetime, now: datetime) -> Clock:
        """After the machine told what its clock says at this moment."""
        ahead = (stamped - now).total_seconds()
        if abs(ahead) <= RIGHT:
            return self.heard(stamped, now)
        return Clock(ahead=ahead, wrong_at=now.timestamp())

    def _late(self, late_by: float, at: float) -> Clock:
        """A backlog, or a clock that is behind: then it goes on as fast as ours."""
        span = at - self.late_since
        if self.late_by is None or abs(late_by - self.late_by) > max(2.0, min(60.0, span / 5)):
            return replace(self, late_by=late_by, late_since=at, late_at=at, uploads=1)
        found = replace(self, late_at=at, uploads=self.uploads + 1)
        if found.uploads < _UPLOADS or span < _SPAN or late_by < _BEHIND:
            return found
        return replace(found, ahead=-late_by, wrong_at=at)

    def tells_of_day(self, start: datetime) -> bool:
        """Whether what it sends is of the day that began at `start`, but for scans near midnight.

        It is not where the clock is off by a day, nor where today only older scans came: of a
        clock that died, or of a backlog that has not reached today.
        """
        if self.ahead is not None:
            return abs(self.ahead) < _DAY / 2
        began = start.timestamp()
        return self.late_by is None or self.late_at < began or self.late_at - self.late_by >= began

    def wrong_since(self, start: datetime) -> bool:
        """Whether it was wrong at any time from `start` on."""
        return self.wrong_at is not None and self.wrong_at >= start.timestamp()

    def sentence(self) -> str:
        """For people, in Indonesian; "" when nothing is known to be wrong."""
        if self.ahead is None:
            return ""
        amount = abs(self.ahead)
        told = f"{amount / 60:.0f} menit" if amount < 2 * _DAY else f"{amount / _DAY:.0f} hari"
        return f"jam mesin {told} lebih {'cepat' if self.ahead > 0 else 'lambat'}"
