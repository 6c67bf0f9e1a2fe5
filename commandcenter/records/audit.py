"""The audit log: everything that a person does and that matters, except steps with incidents, which
have their own log (commandcenter.records.chain). Append-only and sealed in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.records.chain import LONGEST_NOTE, Head, Verdict, judged, sealed, streamed
from commandcenter.records.tables import audit_chain, audit_log, fitted, incident_log

PROGRAM = "commandcenter"  # who did what no known person did


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act of somebody. `thing` is what it was done to: "account/3", "display/7", or ""."""

    number: int
    at: datetime
    who: str
    act: str
    thing: str
    note: str
    facts: dict[str, Any]
    source_address: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for; the empty ones ask nothing."""

    who: str = ""
    act: str = ""
    """Its beginning: "account." finds account.created."""
    thing: str = ""
    text: str = ""
    """Somewhere in who, thing, note or address."""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    """Only those with a smaller number: the next page."""
    limit: int = 100


def append(
    connection: sa.Connection,
    at: datetime,
    who: str,
    act: str,
    *,
    thing: str = "",
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    address: str = "",
) -> int:
    """Write one act; its number."""
    before = head(connection, lock=True)
    row = {
        "number": before.length + 1,
        "at": at,
        "who": fitted(who, 120),
        "act": act,
        "thing": fitted(thing, 200),
        "note": fitted(note, LONGEST_NOTE),
        "facts": dict(facts or {}),
        "source_address": fitted(address, 64),
    }
    seal = sealed(before.hash, row)
    connection.execute(audit_log.insert().values(**row, hash=seal))
    connection.execute(audit_chain.update().values(length=before.length + 1, hash=seal))
    return before.length + 1


def head(connection: sa.Connection, *, lock: bool = False) -> Head:
    """The end of the log. `lock`: nobody else writes to it before this transaction ends."""
    if lock:  # SQLite knows no FOR UPDATE: an update of its own takes the lock on both
        connection.execute(audit_chain.update().values(length=audit_chain.c.length))
    length, seal = connection.execute(sa.select(audit_chain.c.length, audit_chain.c.hash)).one()
    return Head(length=length, hash=seal)


def search(connection: sa.Connection, wanted: Wanted) -> list[Entry]:
    """The newest first."""
    log = audit_log.c
    columns = {name: log[name] for name in Entry.__dataclass_fields__}
    return _search(connection, sa.select(*columns.values()), columns, wanted)


def steps(connection: sa.Connection, wanted: Wanted) -> list[Entry]:
    """The steps with incidents in the same words: act "incident.resolved", thing "incident/12"."""
    log = incident_log.c
    columns: dict[str, sa.ColumnElement[Any]] = {
        "number": log.number,
        "at": log.at,
        "who": log.who,
        "act": sa.literal("incident.").concat(log.step),
        "thing": sa.literal("incident/").concat(sa.cast(log.incident_id, sa.String)),
        "note": log.note,
        "facts": log.facts,
        "source_address": log.source_address,
        "hash": log.hash,
    }
    named = [column.label(name) for name, column in columns.items()]
    kind, _, number = wanted.thing.partition("/")
    if kind == "incident" and number.isdecimal() and len(number) < 19:  # an index knows the number
        about = log.incident_id == int(number)
        return _search(connection, sa.select(*named), columns, replace(wanted, thing=""), about)
    return _search(connection, sa.select(*named), columns, wanted)


def verify(connection: sa.Connection, seen: str = "") -> Verdict:
    """Look at the whole log. `seen` is the hash of an end that was noted down earlier."""
    columns = [audit_log.c[name] for name in Entry.__dataclass_fields__]
    query = sa.select(*columns).order_by(audit_log.c.number)
    return judged(streamed(connection, query), head(connection), seen)


def _search(
    connection: sa.Connection,
    query: sa.Select[Any],
    columns: Mapping[str, sa.ColumnElement[Any]],
    wanted: Wanted,
    *more: sa.ColumnElement[bool],
) -> list[Entry]:
    query = query.order_by(columns["number"].desc()).limit(wanted.limit)
    query = query.where(*_conditions(columns, wanted), *more)
    return [Entry(**row) for row in connection.execute(query).mappings()]


def _conditions(
    columns: Mapping[str, sa.ColumnElement[Any]], wanted: Wanted
) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.who:
        yield columns["who"] == wanted.who
    if wanted.act:
        yield columns["act"].startswith(wanted.act, autoescape=True)
    if wanted.thing:
        yield columns["thing"] == wanted.thing
    if wanted.text:
        places = ("who", "thing", "note", "source_address")
        yield sa.or_(*(columns[name].icontains(wanted.text, autoescape=True) for name in places))
    if wanted.since is not None:
        yield columns["at"] >= wanted.since
    if wanted.until is not None:
        yield columns["at"] < wanted.until
    if wanted.before is not None:
        yield columns["number"] < wanted.before
