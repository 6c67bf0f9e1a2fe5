"""Incidents of every state as a list that programs page through, the newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from commandcenter.access.sees import NO_LIMITS, Limits
from commandcenter.records.incidents import IncidentRow, rows, select_incident
from commandcenter.records.limits import within
from commandcenter.records.tables import incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of them. "" and None: any; so do no states."""

    states: Collection[str] = ()
    level: str | None = None
    feed: str = ""
    office: str = ""
    provider: str = ""
    text: str = ""
    """In the title or the detail, in capitals or not."""
    since: datetime | None = None
    """Opened at this moment or later."""
    limits: Limits = NO_LIMITS
    """Of whoever asks."""
    before: int | None = None
    """Only those with a smaller number: the next page."""


def page(connection: sa.Connection, wanted: Wanted, limit: int) -> list[IncidentRow]:
    """The newest `limit` of them. The number is the key: what opens meanwhile moves no page."""
    query = select_incident().where(*_which(wanted)).order_by(incident.c.id.desc())
    return rows(connection, query.limit(limit))


def _which(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    c = incident.c
    found = within(wanted.limits)
    if wanted.states:
        found.append(c.state.in_(wanted.states))
        if "closed" not in wanted.states:
            found.append(c.closed_at.is_(None))  # which has an index, for the many closed ones
    if wanted.since is not None:
        found.append(c.opened_at >= wanted.since)
    if wanted.before is not None:
        found.append(c.id < wanted.before)
    if wanted.text:
        found.append((c.title + " " + c.detail).icontains(wanted.text, autoescape=True))
    exact = {"level": wanted.level, "feed": wanted.feed, "office": wanted.office}
    exact["provider"] = wanted.provider
    return found + [c[name] == value for name, value in exact.items() if value]
