"""Incidents that are over: the history with its figures, and what was similar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from commandcenter.access.sees import NO_LIMITS, Limits
from commandcenter.records.incidents import IncidentRow, rows, select_incident
from commandcenter.records.limits import into_of, seen, within
from commandcenter.records.tables import incident, incident_log

OVER = ("resolved", "closed")

_c = incident.c
# Before there was a resolution, an incident only closed.
_ended: sa.ColumnElement[datetime] = sa.func.coalesce(
    _c.resolved_at, _c.closed_at, type_=_c.closed_at.type
)
_newest_first = _ended.desc(), _c.id.desc()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which of them. "" and None: any."""

    begin: datetime | None = None
    """Ended at this moment or later, and before `end`."""
    end: datetime | None = None
    text: str = ""
    """In the title or the detail, in capitals or not."""
    feed: str = ""
    office: str = ""
    cause: str = ""
    state: str = ""
    limits: Limits = NO_LIMITS
    """Of whoever searches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the found ones have in common. Minutes are medians, None where there is none."""

    count: int
    causes: dict[str, int]
    """How many of each cause; "" without one."""
    minutes_to_acknowledge: float | None
    minutes_to_resolve: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an incident ended, as the person who ended it told."""

    row: IncidentRow
    note: str
    who: str

    @property
    def minutes(self) -> float:
        """From its opening until then."""
        end = self.row.resolved_at or self.row.closed_at or self.row.last_seen_at
        return (end - self.row.opened_at) / timedelta(minutes=1)


# --- history --------------------------------------------------------------------------------------


def history(
    connection: sa.Connection, search: Search, *, limit: int = 50, offset: int = 0
) -> list[Ended]:
    """Those that were found, newest first."""
    query = select_incident().where(*_which(search)).order_by(*_newest_first)
    found = rows(connection, query.limit(limit).offset(offset))
    return _ended_ones(connection, found, search.limits)


def figures(connection: sa.Connection, search: Search) -> Figures:
    """Over all that were found."""
    which = _which(search)
    cause = sa.func.coalesce(_c.cause, "")
    grouped = sa.select(cause, sa.func.count()).where(*which).group_by(cause)
    causes = {str(name): int(n) for name, n in connection.execute(grouped.order_by(cause))}
    return Figures(
        count=sum(causes.values()),
        causes=causes,
        minutes_to_acknowledge=_median(connection, _minutes(_c.acknowledged_at), which),
        minutes_to_resolve=_median(connection, _minutes(_ended), which),
    )


def _which(search: Search) -> list[sa.ColumnElement[bool]]:
    found = [_c.state.in_(OVER), *within(search.limits)]
    if search.begin is not None:
        found.append(_ended >= search.begin)
    if search.end is not None:
        found.append(_ended < search.end)
    if search.text:
        has = (_c.title + " " + _c.detail).icontains(search.text, autoescape=True)
        found.append(has)
    wanted = {"feed": search.feed, "office": search.office, "cause": search.cause}
    exact = wanted | {"state": search.state}
    return found + [_c[name] == value for name, value in exact.items() if value]


def _minutes(until: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    seconds = sa.extract("epoch", until) - sa.extract("epoch", _c.opened_at)
    return sa.cast(seconds, sa.Float) / 60.0


def _median(
    connection: sa.Connection,
    value: sa.ColumnElement[Any],
    which: Sequence[sa.ColumnElement[bool]],
) -> float | None:
    """The middle one, or the mean of the two in the middle; SQLite has no function for it."""
    numbered = sa.select(
        value.label("value"),
        sa.func.row_number().over(order_by=value).label("place"),
        sa.func.count().over().label("count"),
    ).where(*which, value.is_not(None))
    found = numbered.subquery().c
    middle = (found.place * 2).between(found.count, found.count + 2)
    told = connection.execute(sa.select(sa.func.avg(found.value)).where(middle)).scalar()
    return None if told is None else float(told)


# --- one incident ---------------------------------------------------------------------------------


def similar(
    connection: sa.Connection, row: IncidentRow, limit: int = 8, limits: Limits = NO_LIMITS
) -> list[Ended]:
    """Past incidents of the same thing, then of the same rule at the same office; newest first."""
    which = _c.state.in_(OVER), _c.id != row.id, *within(limits)
    others = select_incident().where(*which).order_by(*_newest_first)
    same_thing = (_c.rule == row.rule) & (_c.feed == row.feed) & (_c.key == row.key)
    found = rows(connection, others.where(same_thing).limit(limit))
    if row.office and len(found) < limit:
        same_place = (_c.rule == row.rule) & (_c.office == row.office) & ~same_thing
        found += rows(connection, others.where(same_place).limit(limit - len(found)))
    return _ended_ones(connection, found, limits)


def _ended_ones(
    connection: sa.Connection, found: Sequence[IncidentRow], limits: Limits
) -> list[Ended]:
    """With what was noted at the end of each; not with the title of an incident that it went into
    and that they do not see."""
    log = incident_log.c
    ends = sa.select(log.incident_id, log.who, log.note, log.facts).where(
        log.incident_id.in_([row.id for row in found]), log.step.in_(("resolved", "merged"))
    )
    steps = connection.execute(ends.order_by(log.number)).all()
    theirs = {0, *seen(connection, {into_of(facts) for *_, facts in steps}, limits)}
    told = {n: (who, note if into_of(facts) in theirs else "") for n, who, note, facts in steps}
    nobody = "", ""
    return [
        Ended(row=row, who=told.get(row.id, nobody)[0], note=told.get(row.id, nobody)[1])
        for row in found
    ]
