"""Incidents in the records, and the log of every step taken with each.

A thing is (rule, feed, key); the partial unique index lets it have one open incident, so two
watchers may write the same decision and it is still done once. `version` rises with every step
that changes what a person decides on (level, acknowledgement, closing), not with each new detail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from commandcenter.records.tables import incident, incident_log

WATCH = "watch"  # who writes what no person decided
LONGEST_NOTE = 2000

_OPEN = incident.c.closed_at.is_(None)
_Thing: TypeAlias = tuple[str, str, str]
Step: TypeAlias = Callable[[sa.Connection], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident as the records have it."""

    id: int
    rule: str
    feed: str
    key: str
    level: str
    title: str
    detail: str
    origin: str
    opened_at: datetime
    last_seen_at: datetime
    count: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    version: int


class NoIncident(LookupError):
    """There is no incident with this number."""


class StaleIncident(Exception):
    """Somebody was first. `who` did `step` at `at`; `row` is the incident as it is now."""

    def __init__(self, row: IncidentRow, step: str, who: str, at: datetime) -> None:
        done = _DONE.get(step, "berubah")
        super().__init__(f"Insiden #{row.id} sudah {done} oleh {who} ({at:%d-%m-%Y %H:%M:%S} UTC)")
        self.row, self.step, self.who, self.at = row, step, who, at


_DONE = {"acknowledged": "diterima", "closed": "ditutup", "changed": "diubah"}


def open_incident(
    connection: sa.Connection,
    thing: _Thing,
    at: datetime,
    *,
    level: str,
    title: str,
    detail: str,
    origin: str,
) -> int:
    """Open an incident; its number. If the thing has an open one already, that one's number."""
    rule, feed, key = thing
    facts = {
        "rule": rule,
        "feed": feed,
        "key": key,
        "level": level,
        "title": _fit(title, 300),
        "detail": _fit(detail, 500),
        "origin": origin,
        "opened_at": at,
        "last_seen_at": at,
    }
    while True:  # the one that was in the way may have been closed before we could look
        number = connection.execute(_insert(connection, facts)).scalar()
        if number is not None:
            _log(connection, number, at, WATCH, "opened", note=title)
            return int(number)
        there = _open_one(connection, thing)
        if there is not None:
            return there.id


def touch(
    connection: sa.Connection,
    thing: _Thing,
    at: datetime,
    *,
    level: str,
    title: str,
    detail: str,
    again: bool = False,
) -> int | None:
    """Note what the open incident says now; `again`: its thing was good and is bad once more.

    A new detail alone is no step of the log: it may change with every reading.
    """
    row = _open_one(connection, thing)
    if row is None:
        return None
    title = _fit(title, 300)
    values = {"last_seen_at": at, "level": level, "title": title, "detail": _fit(detail, 500)}
    counted = {"count": incident.c.count + int(again)}
    changed = {"version": incident.c.version + int(level != row.level)}
    connection.execute(
        incident.update().where(incident.c.id == row.id).values(values | counted | changed)
    )
    if (level, title) != (row.level, row.title):
        note = f"{row.level} {row.title} → {level} {title}"
        _log(connection, row.id, at, WATCH, "changed", note=note)
    if again:
        _log(connection, row.id, at, WATCH, "again", note=title)
    return row.id


def close(
    connection: sa.Connection, thing: _Thing, at: datetime, *, reason: str, who: str = WATCH
) -> int | None:
    """Close the thing's open incident; its number, or None when there is none."""
    closing = (
        incident.update()
        .where(_OPEN, _is(thing))
        .values(closed_at=at, version=incident.c.version + 1)
        .returning(incident.c.id)
    )
    number = connection.execute(closing).scalar()
    if number is None:
        return None
    _log(connection, number, at, who, "closed", note=reason)
    return int(number)


def acknowledge(
    connection: sa.Connection,
    incident_id: int,
    version: int,
    who: str,
    at: datetime,
    *,
    source_address: str = "",
    note: str = "",
) -> IncidentRow:
    """Take an incident over, as the person saw it at `version`; as it is afterwards.

    Raises StaleIncident when something was done with it since, and NoIncident.
    """
    taking = (
        incident.update()
        .where(
            _OPEN,
            incident.c.id == incident_id,
            incident.c.version == version,
            incident.c.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=at, acknowledged_by=_fit(who, 120), version=incident.c.version + 1)
        .returning(incident.c.id)
    )
    if connection.execute(taking).scalar() is None:
        raise _stale(connection, incident_id)
    _log(connection, incident_id, at, who, "acknowledged", note=note, source_address=source_address)
    return incident_of(connection, incident_id)


def add_note(
    connection: sa.Connection,
    incident_id: int,
    who: str,
    at: datetime,
    *,
    note: str,
    source_address: str = "",
) -> None:
    """Write a note into an incident's log. Raises NoIncident."""
    incident_of(connection, incident_id)
    _log(connection, incident_id, at, who, "note", note=note, source_address=source_address)


def together(connection: sa.Connection, steps: Iterable[Step]) -> None:
    """Take several steps in one transaction."""
    for step in steps:
        step(connection)


def open_incidents(connection: sa.Connection) -> list[IncidentRow]:
    """Every open incident, oldest first."""
    return _rows(connection, sa.select(incident).where(_OPEN).order_by(incident.c.id))


def recent_closed(connection: sa.Connection, limit: int) -> list[IncidentRow]:
    """The incidents that were closed last, newest first."""
    closed = sa.select(incident).where(~_OPEN)
    newest = closed.order_by(incident.c.closed_at.desc(), incident.c.id.desc())
    return _rows(connection, newest.limit(limit))


def incident_of(connection: sa.Connection, incident_id: int) -> IncidentRow:
    """One incident by its number. Raises NoIncident."""
    found = _rows(connection, sa.select(incident).where(incident.c.id == incident_id))
    if not found:
        raise NoIncident(f"there is no incident {incident_id}")
    return found[0]


def log_of(connection: sa.Connection, incident_id: int) -> Sequence[sa.Row[Any]]:
    """Every step of an incident, oldest first: at, who, step, note, source_address."""
    steps = sa.select(incident_log).where(incident_log.c.incident_id == incident_id)
    return connection.execute(steps.order_by(incident_log.c.id)).all()


def _insert(connection: sa.Connection, facts: dict[str, Any]) -> sa.Executable:
    insert: sqlite.Insert | postgresql.Insert = (
        sqlite.insert(incident)
        if connection.dialect.name == "sqlite"
        else postgresql.insert(incident)
    )
    return insert.values(facts).on_conflict_do_nothing().returning(incident.c.id)


def _open_one(connection: sa.Connection, thing: _Thing) -> IncidentRow | None:
    return next(iter(_rows(connection, sa.select(incident).where(_OPEN, _is(thing)))), None)


def _is(thing: _Thing) -> sa.ColumnElement[bool]:
    rule, feed, key = thing
    return sa.and_(incident.c.rule == rule, incident.c.feed == feed, incident.c.key == key)


def _rows(connection: sa.Connection, wanted: sa.Select[Any]) -> list[IncidentRow]:
    return [IncidentRow(**row) for row in connection.execute(wanted).mappings()]


def _stale(connection: sa.Connection, incident_id: int) -> StaleIncident:
    row = incident_of(connection, incident_id)
    steps = [step for step in log_of(connection, incident_id) if step.step in _DONE]
    if not steps:  # the version in the request never was
        return StaleIncident(row, "opened", WATCH, row.opened_at)
    return StaleIncident(row, steps[-1].step, steps[-1].who, steps[-1].at)


def _log(
    connection: sa.Connection,
    incident_id: int,
    at: datetime,
    who: str,
    step: str,
    *,
    note: str,
    source_address: str = "",
) -> None:
    values = {
        "incident_id": incident_id,
        "at": at,
        "who": _fit(who, 120),
        "step": step,
        "note": _fit(note, LONGEST_NOTE),
        "source_address": _fit(source_address, 64),
    }
    connection.execute(incident_log.insert().values(values))


def _fit(text: str, longest: int) -> str:
    """As both databases can hold it: PostgreSQL refuses NUL and what is too long."""
    text = text.replace("\x00", "").encode(errors="replace").decode()
    return text if len(text) <= longest else text[: longest - 1] + "…"
