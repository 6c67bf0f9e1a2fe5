"""How old a JPEG over HTTP is: by Last-Modified, where that says anything about the picture.

Many servers send the time stamp of a file instead (1970 where a camera had no clock when it was
written, the day of the last start) or local time under the name of GMT: static-web-server#488,
security-cam#280. So it counts only where it goes on from one picture to the next, and lies within
minutes of Date: RFC 9110 sections 6.6.1 and 8.8.2. A cache between says by Age how long it has kept
the picture (RFC 9111 section 5.1; frigate#5902, ring#327).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MOST = timedelta(minutes=10)


class Ages:
    """The age of each picture of one camera, in their order."""

    def __init__(self) -> None:
        self._changed: datetime | None = None
        self._goes_on = False

    def of(self, headers: Mapping[str, str]) -> float:
        """Seconds by which the picture is older than its answer; 0 where nothing tells."""
        return max(self._kept(headers), self._by_change(headers))

    def _kept(self, headers: Mapping[str, str]) -> float:
        told = headers.get("age", "").strip()
        return float(told) if re.fullmatch(r"\d{1,9}", told, re.ASCII) else 0.0

    def _by_change(self, headers: Mapping[str, str]) -> float:
        date, changed = (_moment(headers.get(name, "")) for name in ("date", "last-modified"))
        before, self._changed = self._changed, changed
        if date is None or changed is None:
            return 0.0
        if before is not None and changed != before:
            self._goes_on = changed > before
        age = date - changed
        return age.total_seconds() if self._goes_on and timedelta(0) < age <= MOST else 0.0


def _moment(text: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)
