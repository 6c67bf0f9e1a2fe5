"""Bad input, kept aside with its reason until newer bad input pushes it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from commandcenter.records.tables import reject

_MOST_KEPT = 10_000
_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One piece of bad input. `body` is its head (64 kB at most), `size` what it had in bytes."""

    id: int
    at: datetime
    feed: str
    source: str
    reason: str
    body: bytes
    size: int


def keep(
    connection: sa.Connection,
    *,
    at: datetime,
    feed: str,
    source: str,
    reason: str,
    body: bytes = b"",
    most: int = _MOST_KEPT,
) -> None:
    """Put one aside; of all that are kept only the newest `most` stay."""
    row = {
        "at": at,
        "feed": _text(feed, 80),
        "source": _text(source, 200),
        "reason": _text(reason, 500),
        "body": body[:_HEAD_BYTES],
        "size": len(body),
    }
    number = connection.execute(reject.insert().values(row)).inserted_primary_key
    if number is not None:
        connection.execute(reject.delete().where(reject.c.id <= number[0] - most))


def latest(connection: sa.Connection, limit: int = 100) -> list[Reject]:
    """The newest `limit`, newest first."""
    query = sa.select(reject).order_by(reject.c.id.desc()).limit(limit)
    return [Reject(**row) for row in connection.execute(query).mappings()]


def rewrite(connection: sa.Connection, feed: str, change: Callable[[bytes], bytes]) -> int:
    """Give the bodies that were kept for a feed another form. Returns how many it was.

    For what an earlier version kept and should not have. SQLite is told to overwrite the old ones.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    of_feed = sa.select(reject.c.id).where(reject.c.feed == feed, sa.func.length(reject.c.body) > 0)
    changed = 0
    for number in connection.execute(of_feed).scalars().all():  # not all of their bodies at once
        one = reject.c.id == number
        old = connection.execute(sa.select(reject.c.body).where(one)).scalar_one()
        if (new := change(old)) != old:
            connection.execute(reject.update().where(one).values(body=new))
            changed += 1
    return changed


def _text(told: str, length: int) -> str:
    # PostgreSQL keeps no NUL in texts, and neither database a lone surrogate.
    return told.replace("\0", "�").encode(errors="replace").decode()[:length]
