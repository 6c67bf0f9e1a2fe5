"""Bad input, kept aside with its reason until newer bad input of its own kind pushes it out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from commandcenter.records.tables import reject

_MOST_KEPT = 10_000
HEAD_BYTES = 64 * 1024
"""Of a body that are kept."""
_NUMBERS = re.compile(r"\d+")  # rows, sizes, times: what differs between two of one kind


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
    size: int | None = None,
    most: int = _MOST_KEPT,
) -> None:
    """Put one aside; about `most` stay. `size` is that of the body when `body` is only its head.

    Room is made now and then, by the feed of which most is kept, and in it by the source.
    """
    row = {
        "at": at,
        "feed": _text(feed, 80),
        "source": _text(source, 200),
        "reason": _text(reason, 500),
        "body": body[:HEAD_BYTES],
        "size": len(body) if size is None else size,
    }
    number = connection.execute(reject.insert().values(row)).inserted_primary_key
    if number is not None and number[0] % max(1, most // 100) == 0:
        _make_room(connection, most)


def _make_room(connection: sa.Connection, most: int) -> None:
    """Take away what is one too many: the oldest of the source with most, in the feed with most.

    Each source has its rows counted from the newest one on, each feed first the newest row of each
    of its sources, then the second ones, ...: those with the highest numbers go.
    """
    kept = connection.execute(sa.select(sa.func.count()).select_from(reject)).scalar_one()
    if kept <= most:
        return
    of_source = sa.func.row_number().over(
        partition_by=(reject.c.feed, reject.c.source), order_by=reject.c.id.desc()
    )
    own = sa.select(reject.c.id, reject.c.feed, of_source.label("place")).subquery()
    of_feed = sa.func.row_number().over(
        partition_by=own.c.feed, order_by=(own.c.place, own.c.id.desc())
    )
    rows = sa.select(own.c.id, of_feed.label("place")).subquery()
    last = sa.select(rows.c.id).order_by(rows.c.place.desc(), rows.c.id).limit(kept - most)
    connection.execute(reject.delete().where(reject.c.id.in_(last)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectGroup:
    """Bad input of one source for one reason, numbers in it left aside; `newest` first."""

    feed: str
    source: str
    reason: str  # of the newest
    count: int
    first_at: datetime
    last_at: datetime
    newest: list[Headline]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One piece of bad input without its body, `size` in bytes."""

    id: int
    at: datetime
    reason: str
    size: int


def groups(connection: sa.Connection, named: int = 20) -> list[RejectGroup]:
    """All that is kept, by source and reason, the most recent first; of each group the `named`
    newest are told one by one."""
    query = sa.select(*(column for column in reject.c if column is not reject.c.body))
    found: dict[tuple[str, str, str], list[Headline]] = {}
    for row in connection.execute(query.order_by(reject.c.id.desc())):
        key = (row.feed, row.source, _NUMBERS.sub("#", row.reason))
        line = Headline(id=row.id, at=row.at, reason=row.reason, size=row.size)
        found.setdefault(key, []).append(line)
    return [
        RejectGroup(
            feed=feed,
            source=source,
            reason=lines[0].reason,
            count=len(lines),
            first_at=lines[-1].at,
            last_at=lines[0].at,
            newest=lines[:named],
        )
        for (feed, source, _), lines in found.items()
    ]


def one(connection: sa.Connection, number: int) -> Reject | None:
    """One piece of bad input with its body."""
    row = connection.execute(sa.select(reject).where(reject.c.id == number)).mappings().first()
    return Reject(**row) if row else None


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
