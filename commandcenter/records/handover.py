"""The end of a shift in the records: who handed what over, and whether the next one took it.

Both sides confirm: the giver by giving, with the summary of that moment frozen beside the note;
the receiver by taking, and in the same transaction whatever was assigned to the giver becomes
theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from commandcenter.access.sees import NO_LIMITS, Limits
from commandcenter.records.chain import LONGEST_NOTE, wait_for_turn
from commandcenter.records.incidents import ACTIVE, IncidentRow, change, rows, select_incident
from commandcenter.records.limits import within
from commandcenter.records.tables import fitted, handover, incident

FIRST_SHIFT = timedelta(hours=12)  # what somebody looks back on who never handed over before
SOON = timedelta(hours=12)

_WAITING = handover.c.taken_at.is_(None) & handover.c.refused_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One hand-over. `opened_at` is when the shift began that it ends."""

    id: int
    opened_at: datetime
    from_who: str
    to_who: str
    summary: dict[str, Any]
    note: str
    given_at: datetime
    taken_at: datetime | None
    refused_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What there is to hand over."""

    since: datetime
    counts: dict[str, dict[str, int]]
    """State -> level -> how many, of what is not closed."""
    opened: int
    resolved: int
    mine: list[IncidentRow]
    """Assigned to the giver."""
    critical: list[IncidentRow]
    """Critical ones that nobody has resolved, the oldest first."""
    shelved: list[IncidentRow]
    """Whose shelving ends soon."""


class NoHandover(LookupError):
    """There is no such hand-over that waits for this person."""


def shift_of(
    connection: sa.Connection,
    who: str,
    at: datetime,
    most: int = 50,
    limits: Limits = NO_LIMITS,
) -> Shift:
    """What this person would hand over now, of what they see: `most` incidents of each list."""
    since = _began(connection, who, at)
    c = incident.c
    theirs = within(limits)
    oldest = select_incident().where(c.state.in_(ACTIVE), *theirs).order_by(c.id).limit(most)
    soon = (c.state == "shelved") & (c.shelved_until <= at + SOON)
    return Shift(
        since=since,
        counts=_counts(connection, theirs),
        opened=_how_many(connection, c.opened_at >= since, *theirs),
        resolved=_how_many(connection, c.resolved_at >= since, *theirs),
        mine=rows(connection, oldest.where(c.assignee == who)),
        critical=rows(connection, oldest.where(c.level == "critical", c.state != "shelved")),
        shelved=rows(connection, oldest.where(soon)),
    )


def give(
    connection: sa.Connection,
    *,
    who: str,
    to: str,
    summary: Mapping[str, Any],
    note: str,
    since: datetime,
    at: datetime,
) -> Handover:
    """Hand over; what still waits for the same receiver is told anew instead of twice."""
    words = {"summary": dict(summary), "note": fitted(note, LONGEST_NOTE)}
    told = words | {"opened_at": since, "given_at": at}
    again = (handover.c.from_who == who) & (handover.c.to_who == to) & _WAITING
    renewed = handover.update().where(again).values(told).returning(*handover.c)
    row = connection.execute(renewed).mappings().first()
    if row is None:
        written = handover.insert().values(**told, from_who=who, to_who=to)
        row = connection.execute(written.returning(*handover.c)).mappings().one()
    return Handover(**row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A hand-over that was taken, and what became of what was assigned to the giver."""

    handover: Handover
    moved: list[int]
    """These are now assigned to the receiver."""
    left: int
    """So many stay with the giver: the receiver does not see them."""


def take(
    connection: sa.Connection,
    handover_id: int,
    who: str,
    at: datetime,
    address: str = "",
    theirs: Callable[[IncidentRow], bool] | None = None,
) -> Taken:
    """Confirm; what was assigned to the giver is now assigned to the receiver, each with its step
    in the log. `theirs`: of incidents that the receiver does not see none is. Raises NoHandover."""
    wait_for_turn(connection)
    taken = _answer(connection, handover_id, who, taken_at=at)
    givers = (incident.c.assignee == taken.from_who) & incident.c.state.in_(ACTIVE)
    found = rows(connection, select_incident().where(givers).order_by(incident.c.id))
    moved = [row for row in found if theirs is None or theirs(row)]
    facts = {"assignee": who, "before": taken.from_who, "handover": taken.id}
    for row in moved:
        values = {"assignee": who}
        change(connection, row, values, at, who, "handed_over", facts=facts, address=address)
    numbers = [row.id for row in moved]
    return Taken(handover=taken, moved=numbers, left=len(found) - len(moved))


def refuse(
    connection: sa.Connection, handover_id: int, who: str, at: datetime, note: str
) -> Handover:
    """Do not take it; why is added to its note. Raises NoHandover."""
    before = sa.case((handover.c.note == "", ""), else_=handover.c.note + "\n")
    why = before + fitted(f"{who}: {note}", LONGEST_NOTE)
    return _answer(connection, handover_id, who, refused_at=at, note=why if note else None)


def waiting_for(connection: sa.Connection, who: str) -> list[Handover]:
    """What waits for this person's confirmation, oldest first."""
    mine = sa.select(handover).where(_WAITING, handover.c.to_who == who)
    return _all(connection, mine.order_by(handover.c.id))


def past(connection: sa.Connection, limit: int = 20) -> list[Handover]:
    """The newest of all, newest first."""
    return _all(connection, sa.select(handover).order_by(handover.c.id.desc()).limit(limit))


def _answer(connection: sa.Connection, handover_id: int, who: str, **values: Any) -> Handover:
    told = {name: value for name, value in values.items() if value is not None}
    mine = (handover.c.id == handover_id) & (handover.c.to_who == who) & _WAITING
    answered = handover.update().where(mine).values(told).returning(*handover.c)
    row = connection.execute(answered).mappings().first()
    if row is None:
        raise NoHandover(handover_id)
    return Handover(**row)


def _began(connection: sa.Connection, who: str, at: datetime) -> datetime:
    """When this person's shift began: as they took it over, or after they last handed over."""
    c = handover.c
    mine = sa.case((c.to_who == who, c.taken_at), (c.from_who == who, c.given_at))
    query = sa.select(sa.func.max(mine, type_=c.given_at.type))
    found: datetime | None = connection.execute(query).scalar()
    return found or at - FIRST_SHIFT


def _counts(
    connection: sa.Connection, theirs: Iterable[sa.ColumnElement[bool]]
) -> dict[str, dict[str, int]]:
    c = incident.c
    grouped = sa.select(c.state, c.level, sa.func.count()).where(c.closed_at.is_(None), *theirs)
    told: dict[str, dict[str, int]] = {}
    for state, level, count in connection.execute(grouped.group_by(c.state, c.level)):
        told.setdefault(state, {})[level] = count
    return told


def _how_many(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(incident).where(*which)
    return connection.execute(query).scalar_one()


def _all(connection: sa.Connection, query: sa.Select[Any]) -> list[Handover]:
    return [Handover(**row) for row in connection.execute(query).mappings()]
