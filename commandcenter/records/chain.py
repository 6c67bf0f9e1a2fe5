"""The log of incidents: append-only, every row sealed by a hash over itself and the row before.

Whoever changes, deletes or inserts a row afterwards breaks the chain at that place, and whoever
cuts off its end no longer fits an end that was noted down before (`commandcenter audit verify`).
The end of the chain is one row that every writer locks, so the log has one order, without gaps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.records.tables import fitted, incident, incident_chain, incident_log

START = "0" * 64  # what the first row is chained to
LONGEST_NOTE = 2000
MOST_MISTAKES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One step of one incident. `version` is that of the incident after it."""

    number: int
    incident_id: int
    at: datetime
    who: str
    step: str
    note: str
    facts: dict[str, Any]
    version: int
    source_address: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the log."""

    length: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look at the whole log found. `mistakes` name the number of the row."""

    head: Head
    mistakes: tuple[str, ...]


def wait_for_turn(connection: sa.Connection) -> None:
    """Let no other writer of incidents in before this transaction ends."""
    connection.execute(incident_chain.update().values(length=incident_chain.c.length))


def append(
    connection: sa.Connection,
    incident_id: int,
    at: datetime,
    who: str,
    step: str,
    *,
    version: int,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    address: str = "",
) -> int:
    """Write one step; its number."""
    told: dict[str, Any] = {"note": note, "facts": facts, "address": address}
    return append_all(connection, [row_of(incident_id, at, who, step, version=version, **told)])


def row_of(
    incident_id: int,
    at: datetime,
    who: str,
    step: str,
    *,
    version: int,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    address: str = "",
) -> dict[str, Any]:
    """One step, before it has its number and its seal."""
    return {
        "incident_id": incident_id,
        "at": at,
        "who": fitted(who, 120),
        "step": step,
        "note": fitted(note, LONGEST_NOTE),
        "facts": dict(facts or {}),
        "version": version,
        "source_address": fitted(address, 64),
    }


def append_all(connection: sa.Connection, steps: Iterable[Mapping[str, Any]]) -> int:
    """Write steps made by `row_of`, in their order; the number of the last."""
    before = head(connection, lock=True)
    length, seal, rows = before.length, before.hash, list[dict[str, Any]]()
    for step in steps:
        length += 1
        row = {"number": length, **step}
        seal = sealed(seal, row)
        rows.append({**row, "hash": seal})
    if rows:
        connection.execute(incident_log.insert(), rows)
        connection.execute(incident_chain.update().values(length=length, hash=seal))
    return length


def sealed(before: str, row: Mapping[str, Any]) -> str:
    """The hash of a row, as hexadecimal SHA-256: over the hash before it and its JSON."""
    told = {key: value for key, value in row.items() if key not in ("id", "hash")}
    told["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{text}".encode(errors="replace")).hexdigest()


def head(connection: sa.Connection, *, lock: bool = False) -> Head:
    """The end of the log."""
    query = sa.select(incident_chain.c.length, incident_chain.c.hash)
    length, told = connection.execute(query.with_for_update() if lock else query).one()
    return Head(length=length, hash=told)


def log_of(connection: sa.Connection, incident_id: int) -> list[LogRow]:
    """Every step of an incident, oldest first."""
    return list(_rows(connection, incident_log.c.incident_id == incident_id))


def log_since(connection: sa.Connection, number: int, limit: int = 1000) -> list[LogRow]:
    """The steps of all incidents after this number, oldest first."""
    return list(_rows(connection, incident_log.c.number > number, limit))


def verify(connection: sa.Connection, seen: str = "") -> Verdict:
    """Look at the whole log. `seen` is the hash of an end that was noted down earlier."""
    columns = [incident_log.c[name] for name in LogRow.__dataclass_fields__]
    query = sa.select(*columns).order_by(incident_log.c.number)
    verdict = judged(streamed(connection, query), head(connection), seen)
    mistakes = (*verdict.mistakes, *_unlogged(connection))
    return Verdict(head=verdict.head, mistakes=mistakes[:MOST_MISTAKES])


def streamed(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a log that may be longer than the memory."""
    found = connection.execute(query, execution_options={"yield_per": 1000})
    return map(dict, found.mappings())


def judged(rows: Iterable[Mapping[str, Any]], written: Head, seen: str = "") -> Verdict:
    """Whether the rows of a log, oldest first, are those that were sealed. `written` is where its
    end was noted down."""
    end, mistakes, found = Head(length=0, hash=START), list[str](), seen in ("", START)
    for row in rows:
        if row["number"] != end.length + 1:
            mistakes.append(f"{end.length + 1}: missing; {row['number']} follows {end.length}")
        elif sealed(end.hash, row) != row["hash"]:
            mistakes.append(f"{row['number']}: changed after it was written")
        found = found or row["hash"] == seen
        end = Head(length=row["number"], hash=row["hash"])
    if end != written:
        mistakes.append(f"{end.length}: the end of the log was cut off or added to")
    if not found:
        mistakes.append(f"no row of the log has the hash {seen}")
    return Verdict(head=end, mistakes=tuple(mistakes[:MOST_MISTAKES]))


def _unlogged(connection: sa.Connection) -> Iterator[str]:
    """Incidents whose state is not what their last step says: changed past the log."""
    newest: dict[int, str] = {}
    moved = sa.select(incident_log.c.incident_id, incident_log.c.facts)
    for number, facts in connection.execute(moved.order_by(incident_log.c.number)):
        newest[number] = facts.get("to", newest.get(number, ""))
    for number, state in connection.execute(sa.select(incident.c.id, incident.c.state)):
        told = newest.get(number, "")
        if told and told != state:
            yield f"incident {number} is {state}, but its log says {told}"


def _rows(
    connection: sa.Connection, which: sa.ColumnElement[bool], limit: int | None = None
) -> Iterator[LogRow]:
    columns = [incident_log.c[name] for name in LogRow.__dataclass_fields__]
    query = sa.select(*columns).where(which).order_by(incident_log.c.number).limit(limit)
    for row in connection.execute(query).mappings():
        yield LogRow(**row)
