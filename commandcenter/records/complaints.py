"""Complaints of all sources, in one table.

There is no field for a complainant: names and telephone numbers of a payload are never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from commandcenter.records.signatures import use_once
from commandcenter.records.tables import complaint
from commandcenter.records.upsert import insert_missing

Stage = Literal["received", "forwarded", "in_work", "closed"]

_PLAIN = ("title", "description", "category", "agency", "address", "latitude", "longitude")
_MOMENTS = ("received_at", "due_at")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenComplaint:
    """A complaint that is not closed."""

    source: str
    external_id: str
    title: str
    category: str
    agency: str
    address: str
    stage: Any
    received_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over all complaints of one origin."""

    open: int
    overdue: int
    new_today: int
    closed_today: int


def put(connection: sa.Connection, told: Told, due: Due, origin: str) -> None:
    """Take what a source says: a new complaint, or changes of a known one.

    Raises Outdated, and BadComplaint for a new one without a title.
    """
    ours = (complaint.c.source == told.source) & (complaint.c.external_id == told.external_id)
    query = sa.select(complaint).where(ours).with_for_update()
    known = connection.execute(query).mappings().one_or_none()
    if known is None and insert_missing(connection, complaint, [_new(told, due, origin)]):
        return
    if known is None:  # another process was faster by a moment
        known = connection.execute(query).mappings().one()
    if known["updated_at"] > told.updated_at:
        raise Outdated
    connection.execute(
        complaint.update().where(ours).values(**_changes(known, told), origin=origin)
    )


def put_all(connection: sa.Connection, all_told: Sequence[Told], due: Due, origin: str) -> None:
    """Take what a source says of many; outdated words are passed over. Raises BadComplaint."""
    for told in all_told:
        with suppress(Outdated):
            put(connection, told, due, origin)


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
        .where(table.stage != "closed", table.origin == origin)
        .order_by(table.due_at.is_(None), table.due_at, table.id)
        .limit(limit)
    )
    return [OpenComplaint(**row) for row in connection.execute(query).mappings()]


def closed_since(connection: sa.Connection, origin: str, since: datetime) -> list[tuple[str, str]]:
    """Source and id of those that closed lately."""
    table = complaint.c
    query = sa.select(table.source, table.external_id).where(
        table.stage == "closed", table.origin == origin, table.updated_at >= since
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def open_ids(connection: sa.Connection, source: str, origin: str) -> list[str]:
    """The source's own numbers of its open complaints."""
    table = complaint.c
    query = sa.select(table.external_id).where(
        table.source == source, table.origin == origin, table.stage != "closed"
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
    is_open = table.stage != "closed"
    counts = (
        is_open,
        is_open & (table.due_at < now),
        table.received_at >= today,
        (table.stage == "closed") & (table.closed_at >= today),
    )
    ones = (sa.func.coalesce(sa.func.sum(sa.case((count, 1), else_=0)), 0) for count in counts)
    return Totals(*connection.execute(sa.select(*ones).where(table.origin == origin)).one())


def _new(told: Told, due: Due, origin: str) -> dict[str, Any]:
    if told.title is None:
        raise BadComplaint("title or description is needed for a new complaint")
    received = told.received_at or told.updated_at
    texts = {name: getattr(told, name) or "" for name in _PLAIN[:5]}
    return {
        **texts,
        "source": told.source,
        "external_id": told.external_id,
        "latitude": told.latitude,
        "longitude": told.longitude,
        "stage": told.stage or "received",
        "received_at": received,
        "due_at": told.due_at or due(texts["category"], received),
        "updated_at": told.updated_at,
        # Never seen open here: it closed who knows when, but not today because we heard of it now.
        "closed_at": (told.closed_at or received) if told.stage == "closed" else None,
        "origin": origin,
    }


def _changes(known: sa.RowMapping, told: Told) -> dict[str, Any]:
    said = {name: getattr(told, name) for name in (*_PLAIN, *_MOMENTS, "stage")}
    changes = {name: value for name, value in said.items() if value is not None}
    stage = told.stage or known["stage"]
    closed_at = told.closed_at or known["closed_at"] or told.updated_at
    changes |= {
        "updated_at": told.updated_at,
        "closed_at": closed_at if stage == "closed" else None,
    }
    return changes
