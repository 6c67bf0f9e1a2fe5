"""Maintenance windows in the records: what is worked on, from when until when, in UTC.

A window is never changed: it is cancelled, and another one is written. So it can always be told
why an incident did not open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.records.tables import maintenance

_NOT_CANCELLED = maintenance.c.cancelled_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A maintenance window. `kind` is thing, office, provider, kecamatan, feed or region; `scope`
    names one: the thing as "feed/key", the office by its code, "" for the whole region."""

    id: int
    kind: str
    scope: str
    title: str
    note: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    """In which it was typed in."""
    created_by: str
    created_at: datetime
    cancelled_by: str | None
    cancelled_at: datetime | None


class NoWindow(LookupError):
    """There is no such maintenance window, or it was cancelled or is over already."""


def plan(
    connection: sa.Connection,
    *,
    kind: str,
    scope: str,
    title: str,
    note: str,
    starts_at: datetime,
    ends_at: datetime,
    zone: str,
    who: str,
    at: datetime,
) -> Window:
    """Write a window down."""
    values: dict[str, Any] = {
        "kind": kind,
        "scope": scope,
        "title": title,
        "note": note,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "zone": zone,
        "created_by": who,
        "created_at": at,
    }
    written = maintenance.insert().values(values).returning(*maintenance.c)
    return Window(**connection.execute(written).mappings().one())


def cancel(connection: sa.Connection, window_id: int, who: str, at: datetime) -> Window:
    """End a window now, or before it began. Raises NoWindow."""
    ending = (
        maintenance.update()
        .where(maintenance.c.id == window_id, _NOT_CANCELLED, maintenance.c.ends_at > at)
        .values(cancelled_by=who, cancelled_at=at)
        .returning(*maintenance.c)
    )
    row = connection.execute(ending).mappings().first()
    if row is None:
        raise NoWindow(window_id)
    return Window(**row)


def windows(connection: sa.Connection, at: datetime) -> list[Window]:
    """Those that hold at this moment or later, the first to begin first."""
    return _windows(connection, _NOT_CANCELLED, maintenance.c.ends_at > at)


def windows_between(
    connection: sa.Connection, begin: datetime, end: datetime, *, cancelled: bool = False
) -> list[Window]:
    """Those that hold at any moment of this time; `cancelled`: those that were cancelled, too."""
    touching = (maintenance.c.starts_at < end) & (maintenance.c.ends_at > begin)
    return _windows(connection, touching, sa.true() if cancelled else _NOT_CANCELLED)


def _windows(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Window]:
    query = sa.select(maintenance).where(*which)
    rows = connection.execute(query.order_by(maintenance.c.starts_at, maintenance.c.id))
    return [Window(**row) for row in rows.mappings()]
