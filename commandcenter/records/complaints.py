"""Complaints of all sources, in one table.

There is no field for a complainant: names and telephone numbers of a payload are never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from commandcenter.records.signatures import use_once
from commandcenter.records.tables import complaint
from commandcenter.records.upsert import insert_missing

Stage = Literal["received", "forwarded", "in_work", "closed"]
_ENDED = ("closed", "gone")  # gone: its source no longer knows it, and does not say that it is done

_PLAIN = ("title", "description", "category", "agency", "address", "latitude", "longitude")
_MOMENTS = ("received_at", "due_at")
_OPEN = ("received", "forwarded", "in_work")
_ended = complaint.c.stage.in_(_ENDED)
Due = Callable[[str, datetime], datetime]
"""When a complaint of a category, received then, is due."""


class BadComplaint(ValueError):
    """A complaint cannot be taken. The sentence names the field and repeats no content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One complaint in the words of one source. None: it does not say."""

    source: Literal["webhook", "open311", "import"]
    external_id: str
    title: str | None = None
    description: str | None = None
    category: str | None = None
    agency: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    stage: Stage | None = None
    received_at: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    updated_at: datetime
    """When the source said so; what it said earlier never overrides what it said later."""


class Outdated(Exception):
    """The source has said something newer about this complaint already."""


class Reopened(Exception):
    """A file says that a closed complaint is open: more likely it is an older file once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenComplaint:
    """A complaint that is not closed."""

    source: Any
    external_id: str
    title: str
    category: str
    agency: str
    address: str
    stage: Any
    received_at: datetime | None
    due_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over all complaints of one origin."""

    open: int
    overdue: int
    new_today: int
    closed_today: int
    undated: int
    """Open ones of which nobody knows whether they are overdue."""
    from_file: int
    """Open ones that were typed in: of a spreadsheet."""
    gone: int
    """Those that their source has ceased to know today."""


def put(connection: sa.Connection, told: Told, due: Due, origin: str) -> None:
    """Take what a source says: a new complaint, or changes of a known one. What it does not say is
    left as it was.

    Raises Outdated, Reopened, and BadComplaint for a new one without a title.
    """
    known = _known(connection, [told])
    if not known and insert_missing(connection, complaint, [_new(told, due, origin)]):
        return
    if not known:  # another process was faster by a moment
        known = _known(connection, [told])
    _change(connection, known[told.external_id], told, due, origin)


def put_all(
    connection: sa.Connection, all_told: Sequence[Told], due: Due, origin: str
) -> list[Told]:
    """Take what one source says of many, each once; outdated words are passed over. Returns those
    that it would reopen and may not. Raises BadComplaint."""
    known = _known(connection, all_told)
    new = [_new(told, due, origin) for told in all_told if told.external_id not in known]
    if insert_missing(connection, complaint, new) != len(new):
        known = _known(connection, all_told)  # another process was faster by a moment
    refused = []
    for told in all_told:
        if told.external_id not in known:
            continue
        try:
            _change(connection, known[told.external_id], told, due, origin)
        except Reopened:
            refused.append(told)
        except Outdated:
            continue
    return refused


def _known(connection: sa.Connection, all_told: Sequence[Told]) -> dict[str, sa.RowMapping]:
    """What the records hold of these, by their numbers; all are of one source."""
    if not all_told:
        return {}
    numbers = [told.external_id for told in all_told]
    theirs = (complaint.c.source == all_told[0].source) & complaint.c.external_id.in_(numbers)
    query = sa.select(complaint).where(theirs).with_for_update()
    return {row["external_id"]: row for row in connection.execute(query).mappings()}


def _change(
    connection: sa.Connection, known: sa.RowMapping, told: Told, due: Due, origin: str
) -> None:
    if known["updated_at"] > told.updated_at:
        raise Outdated
    if told.source == "import" and known["stage"] == "closed" and told.stage in _OPEN:
        raise Reopened
    changes = _changes(known, told, due) | {"origin": origin}
    connection.execute(complaint.update().where(complaint.c.id == known["id"]).values(**changes))


def put_gone(
    connection: sa.Connection, source: str, numbers: Sequence[str], origin: str, now: datetime
) -> None:
    """Note that a source no longer knows these complaints: neither as open nor as closed."""
    theirs = (complaint.c.source == source) & (complaint.c.origin == origin)
    for number in numbers:
        one = theirs & (complaint.c.external_id == number) & ~_ended
        connection.execute(complaint.update().where(one).values(stage="gone", updated_at=now))


def put_signed(
    connection: sa.Connection, signature: str, told: Told, due: Due, origin: str, *, now: datetime
) -> bool:
    """Take what a signed message says, once. False: this very message was taken before.

    Raises Outdated or BadComplaint, and then the signature stays unused.
    """
    if not use_once(connection, signature, now):
        return False
    put(connection, told, due, origin)
    return True


def open_by_due(connection: sa.Connection, origin: str, limit: int) -> list[OpenComplaint]:
    """The open complaints that are due soonest; those without a due time come last."""
    table = complaint.c
    names = OpenComplaint.__dataclass_fields__
    query = (
        sa.select(*(table[name] for name in names))
        .where(~_ended, table.origin == origin)
        .order_by(table.due_at.is_(None), table.due_at, table.id)
        .limit(limit)
    )
    return [OpenComplaint(**row) for row in connection.execute(query).mappings()]


def closed_since(connection: sa.Connection, origin: str, since: datetime) -> list[tuple[str, str]]:
    """Source and id of those that closed, or were gone, lately."""
    table = complaint.c
    query = sa.select(table.source, table.external_id).where(
        _ended, table.origin == origin, table.updated_at >= since
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def open_ids(connection: sa.Connection, source: str, origin: str) -> list[str]:
    """The source's own numbers of its open complaints."""
    table = complaint.c
    query = sa.select(table.external_id).where(
        table.source == source, table.origin == origin, ~_ended
    )
    return list(connection.execute(query.order_by(table.id)).scalars())


def heard_at(connection: sa.Connection, source: str, origin: str) -> datetime | None:
    """When the source last said anything of any complaint."""
    table = complaint.c
    query = sa.select(sa.func.max(table.updated_at)).where(
        table.source == source, table.origin == origin
    )
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def totals(connection: sa.Connection, origin: str, now: datetime, today: datetime) -> Totals:
    """The counts at `now`; `today` is when the local day began."""
    table = complaint.c
    counts = (
        ~_ended,
        ~_ended & (table.due_at < now),
        table.received_at >= today,
        (table.stage == "closed") & (table.closed_at >= today),
        ~_ended & table.due_at.is_(None),
        ~_ended & (table.source == "import"),
        (table.stage == "gone") & (table.updated_at >= today),
    )
    ones = (sa.func.coalesce(sa.func.sum(sa.case((count, 1), else_=0)), 0) for count in counts)
    return Totals(*connection.execute(sa.select(*ones).where(table.origin == origin)).one())


def _new(told: Told, due: Due, origin: str) -> dict[str, Any]:
    texts = {name: getattr(told, name) or "" for name in _PLAIN[:5]}
    received = told.received_at
    return {
        **texts,
        "title": _title(told),
        "source": told.source,
        "external_id": told.external_id,
        "latitude": told.latitude,
        "longitude": told.longitude,
        "stage": told.stage or "received",
        "received_at": received,
        "due_at": told.due_at or (due(texts["category"], received) if received else None),
        "updated_at": told.updated_at,
        # Never seen open here: it closed who knows when, but not today because we heard of it now.
        "closed_at": told.closed_at if told.stage == "closed" else None,
        "origin": origin,
    }


def _title(told: Told) -> str:
    """Open311 has no titles; whoever has them must tell one. Raises BadComplaint."""
    if told.title is None and told.source != "open311":
        raise BadComplaint("title or description is needed for a new complaint")
    return (
        told.title or told.category or (told.description or "")[:80] or f"Aduan {told.external_id}"
    )


def _changes(known: sa.RowMapping, told: Told, due: Due) -> dict[str, Any]:
    said = {name: getattr(told, name) for name in (*_PLAIN, *_MOMENTS)}
    changes = {name: value for name, value in said.items() if value is not None}
    stage = _stage(known["stage"], told)
    if known["due_at"] is None and told.due_at is None and told.received_at is not None:
        changes["due_at"] = due(told.category or known["category"], told.received_at)
    return changes | {
        "stage": stage,
        "updated_at": told.updated_at,
        "closed_at": _closed_at(known["closed_at"], told) if stage == "closed" else None,
    }


def _stage(known: str, told: Told) -> str:
    """Open311 knows open and closed only: its "open" does not undo what was known better."""
    if told.source == "open311" and told.stage == "received" and known in _OPEN:
        return known
    return told.stage or known


def _closed_at(known: datetime | None, told: Told) -> datetime | None:
    """Who tells of a change as it happens need not say when. A file does not: it closed some time
    before."""
    heard = None if told.source == "import" else told.updated_at
    return told.closed_at or known or heard
