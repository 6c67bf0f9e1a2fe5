"""The senders of alerts in the records: when each was heard, and what is wrong with it.

A sender whose message could not be taken is told as an incident: what it wanted to say is not
known, and a wall that stayed green would say that all is well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from commandcenter.records import incidents
from commandcenter.records.chain import wait_for_turn
from commandcenter.records.incidents import ACTIVE, active_of
from commandcenter.records.tables import incident

_Thing: TypeAlias = tuple[str, str, str]
_WHILE_UNCLOSED = 3.2e8  # seconds, ten years
_WORDS = ("level", "title", "detail")

About: TypeAlias = Literal["refused", "unreadable", "left-out", "clock", "words", "silent"]
WELL = "sudah baik kembali"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFault:
    """Something is wrong with a sender, or (`over`) not any more."""

    source: str
    about: About
    which: str = ""
    """Of several the one that is meant: a group of alerts."""
    over: bool = False
    level: Literal["warning", "critical"] = "warning"
    title: str = ""
    detail: str = ""
    lasting: bool = False
    """A state and not a happening: it is told once, and what a person decided of it holds while it
    says the same."""


def tell(
    connection: sa.Connection, fault: SenderFault, at: datetime, *, feed: str, origin: str
) -> None:
    """Open, count up or end the incident about a sender."""
    thing = _about(feed, fault)
    row = active_of(connection, thing)
    if fault.over:
        if row is not None and row.is_active:
            incidents.recover(connection, thing, at, reason=WELL)
        return
    wait_for_turn(connection)
    words: dict[str, Any] = {name: getattr(fault, name) for name in _WORDS}
    if row is not None and row.is_active:
        if not fault.lasting or (row.title, row.detail) != (words["title"], words["detail"]):
            again = not fault.lasting
            incidents.touch(connection, thing, at, **words, again=again)
    elif row is None or not (fault.lasting and row.resolved_by != incidents.WATCH):
        more: dict[str, Any] = {"source": fault.source, "origin": origin}
        more["reopen_within"] = _WHILE_UNCLOSED
        incidents.open_incident(connection, thing, at, **words, **more)


def thing_of(feed: str, source: str, fingerprint: str) -> _Thing:
    """What an incident of an alert is about."""
    return f"alert/{source}", feed, f"alert/{source}:{fingerprint}"


def _about(feed: str, fault: SenderFault) -> _Thing:
    which = f":{fault.which}" if fault.which else ""
    return f"sender/{fault.about}", feed, f"sender/{fault.source}{which}"


def firing(connection: sa.Connection, feed: str) -> dict[str, int]:
    """How many active incidents each source of this feed has."""
    c = incident.c
    active = (c.feed == feed) & c.closed_at.is_(None) & c.state.in_(ACTIVE)
    active &= c.rule.like("alert/%")
    query = sa.select(c.source, sa.func.count()).where(active).group_by(c.source)
    return {row.source: row[1] for row in connection.execute(query)}


def heard_at(connection: sa.Connection, feed: str, sources: Sequence[str]) -> dict[str, datetime]:
    """When each of these sources last said that one of its alerts fires."""
    c = incident.c
    its = (c.feed == feed) & c.source.in_(sources) & c.rule.like("alert/%")
    query = sa.select(c.source, sa.func.max(c.last_seen_at)).where(its).group_by(c.source)
    return {row.source: row[1] for row in connection.execute(query)}
