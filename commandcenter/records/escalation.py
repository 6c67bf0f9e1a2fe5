"""Incidents that nobody has acknowledged in time, and the steps by which others are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from commandcenter.records import chain
from commandcenter.records.chain import wait_for_turn
from commandcenter.records.incidents import (
    WATCH,
    IncidentRow,
    incidents_of,
    rows,
    select_incident,
)
from commandcenter.records.outbox import BEGAN, NOTIFY, chunks
from commandcenter.records.tables import incident, incident_log

_FROM_HERE = (*BEGAN, "expired", "unshelved")  # the steps that start the clock
_ATTENDED = ("acknowledged", "working", "shelved")
_COUNTED = (*_FROM_HERE, *_ATTENDED, "resolved", "escalated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """An open incident that nobody has acknowledged."""

    row: IncidentRow
    since: datetime
    told: tuple[dict[str, Any], ...]
    """The facts of the escalations since then."""


class _Step(NamedTuple):
    name: str
    at: datetime
    facts: dict[str, Any]
    who: str


def unattended(
    connection: sa.Connection, opened_before: datetime, level: str, steps: int
) -> list[Unattended]:
    """The open incidents of a level that were escalated fewer than `steps` times."""
    c = incident.c
    these = (c.state == "open") & c.acknowledged_at.is_(None) & (c.level == level)
    due = these & (c.escalated < steps) & (c.opened_at <= opened_before)
    found = rows(connection, select_incident().where(due).order_by(c.id))
    logs = _clock_of(connection, [row.id for row in found])
    return [_unattended(row, logs[row.id]) for row in found]


def escalate(
    connection: sa.Connection, at: datetime, due: Sequence[tuple[IncidentRow, dict[str, Any]]]
) -> int:
    """Note in the log of each incident that it is told further; `plan` then writes the messages.

    One that was changed since is left alone: it may have been acknowledged. How many were noted.
    """
    wait_for_turn(connection)
    now = {row.id: row for row in incidents_of(connection, {row.id for row, _ in due})}
    noted = [(row, facts) for row, facts in due if now[row.id].revision == row.revision]
    for row, facts in noted:
        counted = {"escalated": incident.c.escalated + 1, "revision": incident.c.revision + 1}
        connection.execute(incident.update().where(incident.c.id == row.id).values(**counted))
        chain.append(
            connection,
            row.id,
            at,
            NOTIFY,
            "escalated",
            version=row.version,
            note=str(facts["role"]),
            facts={**facts, "level": row.level},
        )
    return len(noted)


def _clock_of(connection: sa.Connection, numbers: Collection[int]) -> defaultdict[int, list[_Step]]:
    found: defaultdict[int, list[_Step]] = defaultdict(list)
    log = incident_log.c
    columns = sa.select(log.incident_id, log.step, log.at, log.facts, log.who)
    for some in chunks(numbers):
        these = log.incident_id.in_(some) & log.step.in_(_COUNTED)
        for number, *told in connection.execute(columns.where(these).order_by(log.number)):
            found[number].append(_Step(*told))
    return found


def _unattended(row: IncidentRow, log: Iterable[_Step]) -> Unattended:
    """What came back by itself and fell again was open before, too: of a thing that flaps nobody
    would ever be told if each short recovery started the clock anew (flapjack/flapjack#689). Those
    who had been told were also told of the recovery, so they are told again."""
    since, told = row.opened_at, list[dict[str, Any]]()
    open_for: timedelta | None = timedelta()  # until it came back by itself; None: it was attended
    for step, at, facts, who in log:
        if step == "escalated":
            told.append(facts)
        elif step == "resolved":
            open_for = at - since if who == WATCH and open_for is not None else None
        elif step in _ATTENDED:
            open_for = None
        else:
            before = open_for if step == "reopened" and open_for else timedelta()
            since, told, open_for = at - before, [], timedelta()
    return Unattended(row=row, since=since, told=tuple(told))
