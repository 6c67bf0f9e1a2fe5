"""Machines that nobody listed: who was heard lately, also those for which there is no room."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_LATELY = timedelta(minutes=10)  # a machine asks every 30 s
_MOST = 5_000  # serials can be invented: at 50 a second, who asks every 30 s is not forgotten


@dataclass(slots=True)
class Strangers:
    """Since when each of them is heard without a long pause, and when it was heard last.

    The one that is silent for longest stands first, and is forgotten first.
    """

    _heard: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def hear(self, serial: str, now: datetime) -> datetime:
        """It asks again. Returns since when it does."""
        since = self.since(serial, now) or now
        self._heard.pop(serial, None)
        self._heard[serial] = since, now
        if len(self._heard) > _MOST:
            del self._heard[next(iter(self._heard))]
        return since

    def since(self, serial: str, now: datetime) -> datetime | None:
        """Since when it is heard; None: it was not heard lately."""
        since, last = self._heard.get(serial, (now, datetime.min.replace(tzinfo=now.tzinfo)))
        return since if now - last <= _LATELY else None

    def others(self, shown: Collection[str], now: datetime) -> int:
        """How many were heard lately that are not among those."""
        lately = (serial for serial, (_, last) in self._heard.items() if now - last <= _LATELY)
        return sum(serial not in shown for serial in lately)
