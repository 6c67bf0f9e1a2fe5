"""What somebody may see of incidents, as a part of a query: `access.sees` in the words of SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from commandcenter.access.sees import CAMERA, NO_LIMITS, Limits
from commandcenter.records.chain import LogRow, log_of
from commandcenter.records.tables import incident


def within(limits: Limits) -> list[sa.ColumnElement[bool]]:
    """What holds of the incidents that they see."""
    c = incident.c
    found: list[sa.ColumnElement[bool]] = []
    if limits.offices:
        found.append(c.office.in_(limits.offices))
    if limits.feeds:
        found.append(c.feed.in_(limits.feeds))
    if limits.hidden:
        found.append(c.key.not_in(limits.hidden))
    if limits.shown is not None:
        found.append(~c.key.startswith(CAMERA) | c.key.in_(limits.shown))
    return found


def seen(connection: sa.Connection, numbers: Collection[int], limits: Limits) -> set[int]:
    """Those of these incidents that they see."""
    if limits == NO_LIMITS:
        return set(numbers)
    query = sa.select(incident.c.id).where(incident.c.id.in_(numbers), *within(limits))
    return set(connection.execute(query).scalars())


def log_seen(connection: sa.Connection, number: int, limits: Limits) -> list[LogRow]:
    """Every step of an incident. One that went into another is noted with the other's title, which
    is not told to whoever does not see that."""
    steps = log_of(connection, number)
    theirs = seen(connection, {into_of(step.facts) for step in steps}, limits)
    return [s if into_of(s.facts) in {0, *theirs} else replace(s, note="") for s in steps]


def into_of(facts: Mapping[str, Any]) -> int:
    """The incident that a step says another one is part of; 0: none."""
    return int(facts.get("into") or 0)
