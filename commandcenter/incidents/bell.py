"""The bell: what the records know of open incidents, told on the bus as the feed "incidents".

The records are the truth. The bell also listens to what lies on the bus, and whenever the two
differ it rings: so it does not matter who published what in which order, a watcher or an
operator's request, nor what the bus kept of incidents that ended while nobody watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from commandcenter.bus import Bus
from commandcenter.reading import Origin, Reading
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, open_incidents
from commandcenter.vocabulary import Incident, IncidentTotals

FEED = "incidents"


class Bell:
    """Tells incidents on a bus. `origin` marks the totals, which belong to no single source."""

    def __init__(
        self,
        bus: Bus,
        records: Records,
        now: Callable[[], datetime],
        origin: Origin = Origin.LIVE,
    ) -> None:
        self.bus, self.records, self.now, self.origin = bus, records, now, origin
        self._on_bus: dict[str, dict[str, Any]] = {}

    def hear(self, told: Reading) -> None:
        """Note what lies on the bus now."""
        if told.value is None:
            self._on_bus.pop(told.key, None)
        elif told.kind in ("incident", "totals"):
            self._on_bus[told.key] = told.value

    async def ring(self, *, everything: bool = False) -> None:
        """Tell what differs, or everything again. Raises BusDown, RecordsDown."""
        now = self.now()
        rows = await self.records.read(open_incidents)
        wanted = [incident_reading(row, now) for row in rows]
        wanted.append(totals_reading(rows, now, self.origin))
        ended = self._on_bus.keys() - {reading.key for reading in wanted}
        due = [Reading(feed=FEED, key=key, at=now, value=None) for key in sorted(ended)]
        due += [r for r in wanted if everything or self._on_bus.get(r.key) != r.value]
        if due and not await self.bus.publish(FEED, due):
            await self.bus.publish(FEED, wanted)  # the bus has lost what it kept
        for reading in due:
            self.hear(reading)


def incident_reading(row: IncidentRow, now: datetime) -> Reading:
    """An incident as it is told; one that is closed is told as forgotten."""
    facts = Incident(
        number=row.id,
        title=row.title,
        detail=row.detail,
        level="critical" if row.level == "critical" else "warning",
        feed=row.feed,
        about=row.key,
        opened_at=row.opened_at.isoformat(),
        acknowledged_at=row.acknowledged_at.isoformat() if row.acknowledged_at else None,
        acknowledged_by=row.acknowledged_by,
        version=row.version,
    )
    value = dict(facts) if row.closed_at is None else None
    key, origin = f"incident/{row.id}", Origin(row.origin)
    return Reading(feed=FEED, key=key, at=now, value=value, origin=origin)


def totals_reading(rows: Iterable[IncidentRow], now: datetime, origin: Origin) -> Reading:
    """All open incidents together."""
    rows = list(rows)
    acknowledged = sum(row.acknowledged_at is not None for row in rows)
    oldest = min((row.opened_at for row in rows), default=None)
    facts = IncidentTotals(
        open=len(rows),
        acknowledged=acknowledged,
        unacknowledged=len(rows) - acknowledged,
        critical=sum(row.level == "critical" for row in rows),
        oldest_at=oldest.isoformat() if oldest else None,
    )
    return Reading(feed=FEED, key="totals/all", at=now, value=dict(facts), origin=origin)
