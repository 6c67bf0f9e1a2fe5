"""The life of an incident in the hands of people:

    open → acknowledged → working → resolved → closed, and shelved until a time

`take_step` is the one function behind the page, the keyboard, a link in a message, the API and
acting on many at once; `lapse` does what the passing of time does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from commandcenter.records import chain
from commandcenter.records.chain import LogRow, log_of, wait_for_turn
from commandcenter.records.incidents import (
    ACTIVE,
    NOT_RESOLVED,
    NOT_TAKEN,
    REOPEN_WITHIN,
    WATCH,
    IncidentRow,
    active_of,
    change,
    close,
    incident_of,
    rows,
    select_incident,
)
from commandcenter.records.tables import incident

Act: TypeAlias = Literal[
    "acknowledge", "work", "resolve", "close", "reopen", "shelve", "unshelve", "assign", "note",
    "undo",
]  # fmt: skip
LONGEST_SHELVING = timedelta(days=31)

# Why a step cannot be taken: sentences for translation.
CANNOT = "This step is not possible: the incident is {state}"
YOURS = "You have taken it already"
NEEDS_CAUSE = "A cause is needed"
NEEDS_TIME = "Until when? At most 31 days from now"
NEEDS_ASSIGNEE = "To whom?"
NEEDS_NOTE = "The note is empty"
TOO_LATE = "It is too late to undo this"
ANOTHER_OPEN = "Meanwhile a new incident of the same thing has opened"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The times of a life, in seconds: [incidents] of config.toml."""

    reopen_within: float = REOPEN_WITHIN
    """A thing that falls again so soon after its recovery goes on with the same incident."""
    acknowledged_for: float = 0.0
    """How long an acknowledgement holds while nobody works on it; 0: for ever."""
    undo_within: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a person wants done with an incident as it was at `version`."""

    incident: int
    version: int
    act: Act
    who: str
    via: str = "page"
    """page, key, bulk, link or api."""
    address: str = ""
    """From where."""
    note: str = ""
    cause: str = ""
    until: datetime | None = None
    assignee: str = ""


class StaleIncident(Exception):
    """Somebody was first: `steps` were taken since, and `row` is what the incident is now."""

    def __init__(self, row: IncidentRow, steps: list[LogRow]) -> None:
        super().__init__(f"incident {row.id} has changed since: it is at version {row.version}")
        self.row, self.steps = row, steps


class NotPossible(Exception):
    """This step cannot be taken with this incident. `why` is a sentence for translation."""

    def __init__(self, why: str, row: IncidentRow) -> None:
        super().__init__(why.format(state=row.state))
        self.why, self.row = why, row


@dataclass(frozen=True, slots=True)
class _Move:
    """Where an act may begin, where it leads, and what the log calls it."""

    start: tuple[str, ...]
    end: str
    name: str


_MOVES: Mapping[Act, _Move] = {
    "acknowledge": _Move(ACTIVE, "acknowledged", "acknowledged"),
    "work": _Move(("open", "acknowledged", "shelved"), "working", "working"),
    "resolve": _Move(ACTIVE, "resolved", "resolved"),
    "close": _Move(("resolved",), "closed", "closed"),
    "reopen": _Move(("resolved",), "open", "reopened"),
    "shelve": _Move(ACTIVE, "shelved", "shelved"),
    "unshelve": _Move(("shelved",), "open", "unshelved"),
    "assign": _Move(ACTIVE, "", "assigned"),
}


def take_step(connection: sa.Connection, step: Step, at: datetime, terms: Terms) -> IncidentRow:
    """Take one step; the incident as it is afterwards.

    Raises StaleIncident when something was done with it since `step.version`, NotPossible and
    NoIncident.
    """
    wait_for_turn(connection)
    row = incident_of(connection, step.incident)
    if step.act == "note":  # a word to the others never comes too late
        _note(connection, row, step, at)
    elif step.version != row.version:
        raise StaleIncident(row, _since(connection, row, step.version))
    elif step.act == "undo":
        _undo(connection, row, step, at)
    else:
        _move(connection, row, step, at, terms)
    return incident_of(connection, step.incident)


def _move(
    connection: sa.Connection, row: IncidentRow, step: Step, at: datetime, terms: Terms
) -> None:
    move = _MOVES[step.act]
    if row.state not in move.start:
        raise NotPossible(CANNOT, row)
    values = _values(row, step, at, terms) | ({"state": move.end} if move.end else {})
    before = {name: _plain(getattr(row, name)) for name in values}
    until = at + timedelta(seconds=terms.undo_within)
    undo = {"who": step.who, "until": until.isoformat(), "step": move.name, "before": before}
    _log(connection, row, step, at, move.name, values, undo)


def _values(row: IncidentRow, step: Step, at: datetime, terms: Terms) -> dict[str, Any]:
    """What an act changes besides the state. Raises NotPossible for what it lacks."""
    taken = {"acknowledged_at": at, "acknowledged_by": step.who, "shelved_until": None}
    holds = timedelta(seconds=terms.acknowledged_for)
    values: Mapping[Act, dict[str, Any]] = {
        "acknowledge": {**taken, "acknowledged_until": at + holds if holds else None},
        "work": {
            **taken,
            "acknowledged_at": row.acknowledged_at or at,
            "acknowledged_until": None,
            "assignee": row.assignee or step.who,
        },
        "resolve": {
            "resolved_at": at,
            "resolved_by": step.who,
            "cause": step.cause,
            "shelved_until": None,
            "acknowledged_until": None,
        },
        "close": {"closed_at": at},
        "reopen": {**NOT_TAKEN, **NOT_RESOLVED, "escalated": 0},
        "shelve": {**NOT_TAKEN, "shelved_until": step.until},
        "unshelve": {"shelved_until": None},
        "assign": {"assignee": step.assignee},
    }
    _check(row, step, at)
    return values[step.act]


def _check(row: IncidentRow, step: Step, at: datetime) -> None:
    match step.act:
        case "acknowledge":
            mine = row.acknowledged_by == step.who and row.state == "acknowledged"
            _must(not mine, YOURS, row)
        case "resolve":
            _must(bool(step.cause), NEEDS_CAUSE, row)
        case "shelve":
            right = step.until is not None and at < step.until <= at + LONGEST_SHELVING
            _must(right, NEEDS_TIME, row)
        case "assign":
            _must(bool(step.assignee), NEEDS_ASSIGNEE, row)


def _note(connection: sa.Connection, row: IncidentRow, step: Step, at: datetime) -> None:
    _must(bool(step.note.strip()), NEEDS_NOTE, row)
    told = incident.update().where(incident.c.id == row.id).values(revision=row.revision + 1)
    connection.execute(told)
    chain.append(
        connection,
        row.id,
        at,
        step.who,
        "note",
        version=row.version,
        note=step.note,
        facts={"via": step.via},
        address=step.address,
    )


def _undo(connection: sa.Connection, row: IncidentRow, step: Step, at: datetime) -> None:
    kept = connection.execute(sa.select(incident.c.undo).where(incident.c.id == row.id)).scalar()
    if not kept or kept["who"] != step.who:
        raise NotPossible(TOO_LATE, row)
    _must(at <= datetime.fromisoformat(kept["until"]), TOO_LATE, row)
    if row.closed_at is not None:
        _must(active_of(connection, row.thing) is None, ANOTHER_OPEN, row)
    before = {name: _typed(name, value) for name, value in kept["before"].items()}
    _log(connection, row, step, at, "undone", before, None, undoes=kept["step"])


def _log(
    connection: sa.Connection,
    row: IncidentRow,
    step: Step,
    at: datetime,
    name: str,
    values: Mapping[str, Any],
    undo: Mapping[str, Any] | None,
    **more: str,
) -> None:
    facts: dict[str, Any] = {"via": step.via, **more}
    if step.act == "resolve":
        facts["cause"] = step.cause
    if step.act == "shelve" and step.until is not None:
        facts["until"] = step.until.isoformat()
    if step.act == "assign":
        facts["assignee"] = step.assignee
    change(
        connection,
        row,
        values,
        at,
        step.who,
        name,
        note=step.note,
        facts=facts,
        address=step.address,
        undo=undo,
    )


def _since(connection: sa.Connection, row: IncidentRow, version: int) -> list[LogRow]:
    """What changed it since; a version that never was is told the newest step."""
    steps = [one for one in log_of(connection, row.id) if one.step != "note"]
    return [one for one in steps if one.version > version] or steps[-1:]


def _must(true: bool, why: str, row: IncidentRow) -> None:
    if not true:
        raise NotPossible(why, row)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(name: str, value: Any) -> Any:
    moment = value is not None and name.endswith(("_at", "_until"))
    return datetime.fromisoformat(value) if moment else value


# --- the passing of time --------------------------------------------------------------------------


def lapse(connection: sa.Connection, at: datetime, terms: Terms) -> list[int]:
    """Do what is due by now; the numbers of the incidents that changed.

    An acknowledgement or a shelving that is over opens the incident again, one that its sender
    gave an end is resolved then, and one that was resolved long enough ago is closed.
    """
    c = incident.c
    old = at - timedelta(seconds=terms.reopen_within)
    due = (
        ((c.state == "acknowledged") & (c.acknowledged_until <= at))
        | ((c.state == "shelved") & (c.shelved_until <= at))
        | (c.state.in_(ACTIVE) & (c.expires_at <= at))
        | ((c.state == "resolved") & (c.resolved_at <= old))
    )
    query = select_incident().where(c.closed_at.is_(None), due)
    if not rows(connection, query.limit(1)):
        return []  # nothing is locked while nothing is due
    wait_for_turn(connection)
    found = rows(connection, query)
    for row in found:
        _lapse(connection, row, at)
    return [row.id for row in found]


def _lapse(connection: sa.Connection, row: IncidentRow, at: datetime) -> None:
    if row.state == "resolved":
        close(connection, row, at)
    elif row.expires_at is not None and row.expires_at <= at:
        ended = {"resolved_at": at, "resolved_by": WATCH, "cause": None, "shelved_until": None}
        values = {**ended, "state": "resolved", "acknowledged_until": None}
        change(connection, row, values, at, WATCH, "resolved", note="berakhir menurut pengirimnya")
    elif row.state == "shelved":
        values = {**NOT_TAKEN, "state": "open", "shelved_until": None, "escalated": 0}
        change(connection, row, values, at, WATCH, "unshelved")
    else:
        values = {**NOT_TAKEN, "state": "open", "escalated": 0}
        note = row.acknowledged_by or ""
        change(connection, row, values, at, WATCH, "expired", note=note)
