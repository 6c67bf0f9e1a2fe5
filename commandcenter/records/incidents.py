"""Incidents in the records: what judges and senders say of a thing. What people do is in life.py.

A thing is (rule, feed, key); a partial unique index lets it have one incident that is not closed.
`version` rises with every step that changes what a person decides on (level, state, assignee),
`revision` with every change of the row. Every step is a row of the sealed log (chain.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from commandcenter.records import chain
from commandcenter.records.chain import log_of, wait_for_turn
from commandcenter.records.tables import fitted, incident

__all__ = ["IncidentRow", "NoIncident", "log_of"]

WATCH = "watch"  # who writes what no person decided
REOPEN_WITHIN = 1800.0  # seconds
MOST_AFFECTED = 500
ACTIVE = ("open", "acknowledged", "working", "shelved")

_UNCLOSED = incident.c.closed_at.is_(None)
_Thing: TypeAlias = tuple[str, str, str]
Act: TypeAlias = Callable[[sa.Connection], int | None]

NOT_RESOLVED: Mapping[str, Any] = {"resolved_at": None, "resolved_by": None, "cause": None}
NOT_TAKEN: Mapping[str, Any] = {
    "acknowledged_at": None,
    "acknowledged_by": None,
    "acknowledged_until": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident as the records have it."""

    id: int
    rule: str
    feed: str
    key: str
    source: str
    level: str
    title: str
    detail: str
    origin: str
    state: str
    owner: str
    office: str
    kecamatan: str
    provider: str
    runbook: str
    flapping: bool
    affected: list[dict[str, str]]
    opened_at: datetime
    last_seen_at: datetime
    count: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    shelved_until: datetime | None
    expires_at: datetime | None
    assignee: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    cause: str | None
    closed_at: datetime | None
    escalated: int
    version: int
    revision: int

    @property
    def thing(self) -> _Thing:
        """What it is about."""
        return self.rule, self.feed, self.key

    @property
    def is_active(self) -> bool:
        """Whether it still needs somebody, now or when its shelving ends."""
        return self.state in ACTIVE


class NoIncident(LookupError):
    """There is no incident with this number."""


def open_incident(
    connection: sa.Connection,
    thing: _Thing,
    at: datetime,
    *,
    level: str,
    title: str,
    detail: str = "",
    origin: str = "live",
    source: str = "rule",
    owner: str = "",
    office: str = "",
    kecamatan: str = "",
    provider: str = "",
    runbook: str = "",
    flapping: bool = False,
    affected: Sequence[Mapping[str, str]] = (),
    expires_at: datetime | None = None,
    who: str = WATCH,
    reopen_within: float = REOPEN_WITHIN,
) -> int:
    """Open an incident; its number.

    One that was resolved within `reopen_within` seconds goes on instead; one that is active is
    left as it is.
    """
    wait_for_turn(connection)
    says: dict[str, Any] = {
        "level": level,
        "title": title,
        "detail": detail,
        "origin": origin,
        "owner": owner,
        "office": office,
        "kecamatan": kecamatan,
        "provider": provider,
        "runbook": runbook,
        "flapping": flapping,
        "affected": [dict(one) for one in affected[:MOST_AFFECTED]],
        "expires_at": expires_at,
        "last_seen_at": at,
    }
    row = active_of(connection, thing)
    if row is not None and row.is_active:
        return row.id
    if row is not None:
        if row.resolved_at is not None and at - row.resolved_at <= timedelta(seconds=reopen_within):
            return _reopen(connection, row, at, says, who)
        close(connection, row, at)
    rule, feed, key = thing
    names = {"rule": rule, "feed": feed, "key": key, "source": source, "opened_at": at}
    insert = incident.insert().values(**says, **names).returning(incident.c.id)
    number = int(connection.execute(insert).scalar_one())
    facts = {"from": "", "to": "open", "level": level}
    chain.append(connection, number, at, who, "opened", version=1, note=title, facts=facts)
    return number


def _reopen(
    connection: sa.Connection, row: IncidentRow, at: datetime, says: Mapping[str, Any], who: str
) -> int:
    values = {**says, **NOT_TAKEN, **NOT_RESOLVED, "count": row.count + 1, "escalated": 0}
    change(connection, row, {**values, "state": "open"}, at, who, "reopened", note=says["title"])
    return row.id


def touch(
    connection: sa.Connection,
    thing: _Thing,
    at: datetime,
    *,
    level: str,
    title: str,
    detail: str,
    again: bool = False,
    flapping: bool | None = None,
    affected: Sequence[Mapping[str, str]] | None = None,
    expires_at: datetime | None = None,
    endless: bool = False,
    who: str = WATCH,
) -> int | None:
    """Note what the active incident says now; `again`: it happened once more. None: there is none.
    `endless`: without `expires_at` it has no end any more; else the one it had holds.

    A new detail alone is no step of the log: it may change with every reading.
    """
    wait_for_turn(connection)
    row = active_of(connection, thing)
    if row is None or not row.is_active:
        return None
    title = fitted(title, 300)
    values: dict[str, Any] = {"last_seen_at": at, "level": level, "title": title, "detail": detail}
    values["count"] = row.count + int(again)
    if expires_at is not None or endless:
        values["expires_at"] = expires_at
    told = []
    if (level, title) != (row.level, row.title):
        told.append(("changed", f"{row.level} {row.title} → {level} {title}"))
    if again:
        told.append(("again", title))
    if flapping is not None and flapping != row.flapping:
        values["flapping"] = flapping
        told.append(("flapping" if flapping else "calm", ""))
    if affected is not None and len(affected) != len(row.affected):
        values["affected"] = [dict(one) for one in affected[:MOST_AFFECTED]]
        told.append(("affected", str(len(affected))))
    version = row.version + int(level != row.level)
    _write(connection, row, {**values, "version": version})
    for step, note in told:
        facts = {"level": level, "before": row.level}
        chain.append(connection, row.id, at, who, step, version=version, note=note, facts=facts)
    return row.id


def recover(
    connection: sa.Connection,
    thing: _Thing,
    at: datetime,
    *,
    reason: str,
    who: str = WATCH,
    cause: str | None = None,
) -> int | None:
    """The thing is well again, or its sender says so: resolve its incident. None: there is none."""
    wait_for_turn(connection)
    row = active_of(connection, thing)
    if row is None or not row.is_active:
        return None
    return _resolve(connection, row, at, who, "resolved", reason, {"cause": cause})


def merge(connection: sa.Connection, thing: _Thing, at: datetime, *, into: _Thing) -> int | None:
    """What was told of a thing is part of the incident of what it hangs on."""
    wait_for_turn(connection)
    row, above = active_of(connection, thing), active_of(connection, into)
    if row is None or not row.is_active:
        return None
    number = above.id if above else 0
    note = above.title if above else ""
    return _resolve(connection, row, at, WATCH, "merged", note, {"into": number, "cause": None})


def _resolve(
    connection: sa.Connection,
    row: IncidentRow,
    at: datetime,
    who: str,
    step: str,
    note: str,
    facts: Mapping[str, Any],
) -> int:
    values = {"resolved_at": at, "resolved_by": who, "cause": facts["cause"], "flapping": False}
    values |= {"state": "resolved", "shelved_until": None, "acknowledged_until": None}
    change(connection, row, values, at, who, step, note=note, facts=facts)
    return row.id


def close(connection: sa.Connection, row: IncidentRow, at: datetime, who: str = WATCH) -> None:
    """Close a resolved incident: from now on a new fall is a new incident."""
    change(connection, row, {"state": "closed", "closed_at": at}, at, who, "closed")


def change(
    connection: sa.Connection,
    row: IncidentRow,
    values: Mapping[str, Any],
    at: datetime,
    who: str,
    step: str,
    *,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    address: str = "",
    undo: Mapping[str, Any] | None = None,
) -> None:
    """Take one step with an incident, and log it. Call `wait_for_turn` first."""
    version = row.version + 1
    _write(connection, row, {**values, "version": version, "undo": undo})
    moved = {"from": row.state, "to": values.get("state", row.state), **(facts or {})}
    chain.append(
        connection,
        row.id,
        at,
        who,
        step,
        version=version,
        note=note,
        facts=moved,
        address=address,
    )


def _write(connection: sa.Connection, row: IncidentRow, values: Mapping[str, Any]) -> None:
    told = {**values, "revision": row.revision + 1}
    connection.execute(incident.update().where(incident.c.id == row.id).values(told))


def together(connection: sa.Connection, acts: Iterable[Act]) -> list[int]:
    """Do several things in one transaction; the numbers of the incidents that they touched."""
    wait_for_turn(connection)
    return [number for act in acts if (number := act(connection)) is not None]


# --- reading ------------------------------------------------------------------------------------


def open_incidents(connection: sa.Connection) -> list[IncidentRow]:
    """Every active incident, oldest first."""
    active = incident.c.state.in_(ACTIVE)
    return rows(connection, select_incident().where(_UNCLOSED, active).order_by(incident.c.id))


def unclosed(connection: sa.Connection) -> list[IncidentRow]:
    """Every incident that is not closed, the resolved ones too; oldest first."""
    return rows(connection, select_incident().where(_UNCLOSED).order_by(incident.c.id))


def incident_of(connection: sa.Connection, incident_id: int) -> IncidentRow:
    """One incident by its number. Raises NoIncident."""
    found = rows(connection, select_incident().where(incident.c.id == incident_id))
    if not found:
        raise NoIncident(f"there is no incident {incident_id}")
    return found[0]


def incidents_of(connection: sa.Connection, numbers: Iterable[int]) -> list[IncidentRow]:
    """Those of these numbers that there are."""
    wanted, found = sorted(set(numbers)), list[IncidentRow]()
    for start in range(0, len(wanted), 500):  # databases take only so many parameters
        some = incident.c.id.in_(wanted[start : start + 500])
        found += rows(connection, select_incident().where(some))
    return found


def active_of(connection: sa.Connection, thing: _Thing) -> IncidentRow | None:
    """The thing's incident that is not closed; it may be a resolved one."""
    return next(iter(rows(connection, select_incident().where(_UNCLOSED, _its(thing)))), None)


def latest_of(connection: sa.Connection, thing: _Thing) -> IncidentRow | None:
    """The thing's newest incident, closed or not."""
    newest = select_incident().where(_its(thing)).order_by(incident.c.id.desc()).limit(1)
    return next(iter(rows(connection, newest)), None)


def _its(thing: _Thing) -> sa.ColumnElement[bool]:
    rule, feed, key = (
        fitted(part, longest) for part, longest in zip(thing, (80, 80, 200), strict=True)
    )
    return (incident.c.rule == rule) & (incident.c.feed == feed) & (incident.c.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All incidents that are not closed, in figures. `open` needs somebody, taken or not."""

    open: int
    acknowledged: int
    unacknowledged: int
    critical: int
    oldest_at: datetime | None
    shelved: int
    resolved: int
    resolved_today: int


def totals(connection: sa.Connection, today: datetime) -> Totals:
    """The figures; `today` is when the local day began."""
    c = incident.c
    groups = sa.select(c.state, c.level, sa.func.count(), sa.func.min(c.opened_at))
    found = connection.execute(groups.where(_UNCLOSED).group_by(c.state, c.level)).all()

    def count(*states: str, level: str = "") -> int:
        return sum(n for state, its, n, _ in found if state in states and level in ("", its))

    needs = ("open", "acknowledged", "working")
    ended = sa.select(sa.func.count()).where(c.resolved_at >= today)
    return Totals(
        open=count(*needs),
        acknowledged=count("acknowledged", "working"),
        unacknowledged=count("open"),
        critical=count(*needs, level="critical"),
        oldest_at=min((oldest for state, _, _, oldest in found if state in needs), default=None),
        shelved=count("shelved"),
        resolved=count("resolved"),
        resolved_today=connection.execute(ended).scalar_one(),
    )


def select_incident() -> sa.Select[Any]:
    """A query for whole rows."""
    return sa.select(*(incident.c[name] for name in IncidentRow.__dataclass_fields__))


def rows(connection: sa.Connection, wanted: sa.Select[Any]) -> list[IncidentRow]:
    """What a query made by `select_incident` finds."""
    return [IncidentRow(**row) for row in connection.execute(wanted).mappings()]
