"""The bell: what the records know of incidents, told on the bus as the feed "incidents".

The records are the truth, and several processes ring: watch, and the web after every step of an
operator. The bell of watch also listens to what lies on the bus: whatever it did not tell itself
is compared with the records. So it does not matter who published what in which order, nor what
the bus kept of incidents that ended while nobody watched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, time, tzinfo
from typing import Any

from commandcenter.bus import Bus
from commandcenter.reading import Origin, Reading
from commandcenter.records.database import Records
from commandcenter.records.incidents import (
    IncidentRow,
    Totals,
    incidents_of,
    totals,
    unclosed,
)
from commandcenter.vocabulary import Incident, IncidentTotals

FEED = "incidents"
TOTALS = "totals/all"
KINDS = ("incident", "aside")  # those that need somebody, and the others that are not closed


class Bell:
    """Tells incidents on a bus. `origin` marks the totals, which belong to no single source."""

    def __init__(
        self,
        bus: Bus,
        records: Records,
        now: Callable[[], datetime],
        origin: Origin = Origin.LIVE,
        zone: tzinfo = UTC,
    ) -> None:
        self.bus, self.records, self.now = bus, records, now
        self.origin, self.zone = origin, zone
        self.maintained: Collection[int] = ()
        """Numbers of the incidents whose thing is under maintenance."""
        self._on_bus: dict[str, Any] | None = None  # None: we do not listen

    def hear(self, told: Reading) -> int | None:
        """Note what lies on the bus now; the number of the incident if it is news to us."""
        if told.kind not in KINDS or not told.identity.isdecimal():
            return None
        on_bus = self._on_bus = {} if self._on_bus is None else self._on_bus
        news = on_bus.get(told.key) != told.value
        if told.value is None:
            on_bus.pop(told.key, None)  # whatever has ended is not remembered for ever
        else:
            on_bus[told.key] = told.value
        return int(told.identity) if news else None

    async def ring(self, numbers: Iterable[int]) -> None:
        """Tell what differs of these incidents, and the totals, which also say that we are there.
        Raises BusDown, RecordsDown."""
        rows = await self.records.read(incidents_of, numbers)
        changes = [reading for row in rows for reading in self._changes(row)]
        await self._tell([*changes, await self._totals()])

    async def ring_all(self) -> None:
        """Tell everything again. Raises BusDown, RecordsDown."""
        rows = await self.records.read(unclosed)
        told = [self._reading(row) for row in rows]
        stray = (self._on_bus or {}).keys() - {reading.key for reading in told}
        due = [*map(self._nothing, sorted(stray)), *told, await self._totals()]
        await self.bus.publish(FEED, due)
        self._note(due)

    async def _tell(self, due: list[Reading]) -> None:
        if await self.bus.publish(FEED, due):
            self._note(due)
        else:  # the bus has lost what it kept
            await self.ring_all()

    def _note(self, due: Iterable[Reading]) -> None:
        if self._on_bus is not None:
            for reading in due:
                self.hear(reading)

    def _changes(self, row: IncidentRow) -> Iterable[Reading]:
        """Under its key its value, under the other key nothing."""
        told = self._reading(row)
        rest = [f"{kind}/{row.id}" for kind in KINDS if f"{kind}/{row.id}" != told.key]
        due = [told, *map(self._nothing, rest)]
        if self._on_bus is None:
            return due
        return [one for one in due if self._on_bus.get(one.key) != one.value]

    def _reading(self, row: IncidentRow) -> Reading:
        value = dict(incident_value(row, maintenance=row.id in self.maintained))
        return Reading(
            feed=FEED,
            key=key_of(row),
            at=self.now(),
            value=None if row.closed_at is not None else value,
            origin=Origin(row.origin),
        )

    def _nothing(self, key: str) -> Reading:
        return Reading(feed=FEED, key=key, at=self.now(), value=None)

    async def _totals(self) -> Reading:
        now = self.now()
        today = datetime.combine(now.astimezone(self.zone).date(), time(), self.zone)
        value = dict(totals_value(await self.records.read(totals, today)))
        return Reading(feed=FEED, key=TOTALS, at=now, value=value, origin=self.origin)


def key_of(row: IncidentRow) -> str:
    """Under which key an incident is told."""
    aside = row.state in ("shelved", "resolved", "closed")
    return f"{'aside' if aside else 'incident'}/{row.id}"


def incident_value(row: IncidentRow, *, maintenance: bool = False) -> Incident:
    """An incident as it is told."""
    return Incident(
        number=row.id,
        title=row.title,
        detail=row.detail,
        level="critical" if row.level == "critical" else "warning",
        state=row.state,  # type: ignore[typeddict-item]
        feed=row.feed,
        about=row.key,
        source=row.source,
        owner=row.owner,
        assignee=row.assignee,
        office=row.office,
        kecamatan=row.kecamatan,
        provider=row.provider,
        runbook=row.runbook,
        opened_at=row.opened_at.isoformat(),
        last_seen_at=row.last_seen_at.isoformat(),
        count=row.count,
        flapping=row.flapping,
        affected=len(row.affected),
        maintenance=maintenance,
        acknowledged_at=_iso(row.acknowledged_at),
        acknowledged_by=row.acknowledged_by,
        acknowledged_until=_iso(row.acknowledged_until),
        shelved_until=_iso(row.shelved_until),
        resolved_at=_iso(row.resolved_at),
        resolved_by=row.resolved_by,
        cause=row.cause,
        escalated=row.escalated,
        version=row.version,
        revision=row.revision,
    )


def totals_value(found: Totals) -> IncidentTotals:
    """All of them together, as they are told."""
    return IncidentTotals(
        open=found.open,
        acknowledged=found.acknowledged,
        unacknowledged=found.unacknowledged,
        critical=found.critical,
        oldest_at=_iso(found.oldest_at),
        shelved=found.shelved,
        resolved=found.resolved,
        resolved_today=found.resolved_today,
    )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
