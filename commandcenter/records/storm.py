"""Many new incidents at once, with a handful of statements: a storm of alerts is written in a
second, and other writers do not wait for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.records import chain
from commandcenter.records.tables import fitted, incident

_LONGEST_KEY = 200


def known_keys(connection: sa.Connection, feed: str, keys: Collection[str]) -> set[str]:
    """Those of these keys that ever had an incident. Of at most some hundred at once."""
    c = incident.c
    wanted = [fit_key(key) for key in keys]
    query = sa.select(c.key).where((c.feed == feed) & c.key.in_(wanted)).distinct()
    return set(connection.execute(query).scalars())


def fit_key(key: str) -> str:
    """A key as the records have it."""
    return fitted(key, _LONGEST_KEY)


def open_all(
    connection: sa.Connection, rows: Sequence[Mapping[str, Any]], at: datetime, who: str
) -> list[int]:
    """Open an incident for each of `rows`, values of the table; their numbers, in that order. None
    of their things may have one that is not closed. Call `wait_for_turn` first."""
    whole = [{"affected": [], "opened_at": at, "last_seen_at": at, **row} for row in rows]
    insert = incident.insert().returning(incident.c.id, sort_by_parameter_order=True)
    numbers = [int(number) for number in connection.execute(insert, whole).scalars()]
    steps = [
        chain.row_of(
            number,
            at,
            who,
            "opened",
            version=1,
            note=row["title"],
            facts={"from": "", "to": "open", "level": row["level"]},
        )
        for number, row in zip(numbers, whole, strict=True)
    ]
    chain.append_all(connection, steps)
    return numbers
