"""Alerts of other systems in the records: each is an incident, of its sender instead of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import sqlalchemy as sa

from commandcenter.records import incidents
from commandcenter.records.chain import wait_for_turn
from commandcenter.records.incidents import ACTIVE, WATCH, IncidentRow, active_of
from commandcenter.records.signatures import use_once
from commandcenter.records.tables import incident

Source: TypeAlias = Literal["alertmanager", "zabbix", "cap", "webhook"]
_Thing: TypeAlias = tuple[str, str, str]

ENDED = "pengirim menyatakan selesai"
_WHILE_UNCLOSED = 3.2e8  # seconds, ten years: how long a resolved one goes on is the watch's affair


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a sender says of one of its alerts now."""

    source: Source
    fingerprint: str
    """By which the sender means the same alert again."""
    firing: bool
    level: Literal["warning", "critical"] = "warning"
    title: str = ""
    detail: str = ""
    owner: str = ""
    office: str = ""
    kecamatan: str = ""
    provider: str = ""
    runbook: str = ""
    again: bool = True
    """It happened once more, or still does; else the sender only corrects its words."""
    expires_at: datetime | None = None
    replaces: tuple[str, ...] = ()
    """Fingerprints of the sender's earlier words about it."""


def take(
    connection: sa.Connection,
    alerts: Iterable[Alert],
    at: datetime,
    *,
    feed: str,
    origin: str,
    who: str = incidents.WATCH,
) -> None:
    """Do what the alerts of one message say, in their order. `who` opens what they open."""
    wait_for_turn(connection)
    for alert in alerts:
        if alert.firing:
            _fire(connection, alert, at, feed, origin, who)
        else:
            _end(connection, alert, at, feed)


def take_signed(
    connection: sa.Connection,
    signature: str,
    alerts: Iterable[Alert],
    at: datetime,
    *,
    feed: str,
    origin: str,
) -> bool:
    """Do what a signed message says, once. False: this very message was taken before."""
    if not use_once(connection, signature, at):
        return False
    take(connection, alerts, at, feed=feed, origin=origin)
    return True


def _fire(
    connection: sa.Connection, alert: Alert, at: datetime, feed: str, origin: str, who: str
) -> None:
    thing = _thing(feed, alert.source, alert.fingerprint)
    row = active_of(connection, thing) or _succeed(connection, alert, thing, at)
    if row is not None and row.is_active:
        incidents.touch(
            connection,
            thing,
            at,
            level=alert.level,
            title=alert.title,
            detail=alert.detail,
            again=alert.again,
            expires_at=alert.expires_at,
        )
        return
    incidents.open_incident(
        connection,
        thing,
        at,
        source=alert.source,
        origin=origin,
        level=alert.level,
        title=alert.title,
        detail=alert.detail,
        owner=alert.owner,
        office=alert.office,
        kecamatan=alert.kecamatan,
        provider=alert.provider,
        runbook=alert.runbook,
        expires_at=alert.expires_at,
        reopen_within=_WHILE_UNCLOSED,
        who=who,
    )


def _end(connection: sa.Connection, alert: Alert, at: datetime, feed: str) -> None:
    for fingerprint in (alert.fingerprint, *alert.replaces):
        thing = _thing(feed, alert.source, fingerprint)
        incidents.recover(connection, thing, at, reason=ENDED)


def _succeed(
    connection: sa.Connection, alert: Alert, thing: _Thing, at: datetime
) -> IncidentRow | None:
    """The incident of what the alert replaces goes on as its own; further ones are over."""
    row: IncidentRow | None = None
    for fingerprint in alert.replaces:
        earlier = _thing(thing[1], alert.source, fingerprint)
        if row is None:
            row = rename(connection, earlier, thing, at)
        else:
            incidents.recover(connection, earlier, at, reason=ENDED)
    return row


def rename(connection: sa.Connection, old: _Thing, new: _Thing, at: datetime) -> IncidentRow | None:
    """The sender calls the thing otherwise now: its incident goes on. None: there is none.

    The new thing must have none of its own.
    """
    row = active_of(connection, old)
    if row is None:
        return None
    rule, feed, key = new
    values = {"rule": rule, "feed": feed, "key": key}
    incidents.change(connection, row, values, at, WATCH, "changed", note=f"{old[2]} → {key}")
    return active_of(connection, new)


def _thing(feed: str, source: Source, fingerprint: str) -> _Thing:
    return f"alert/{source}", feed, f"alert/{source}:{fingerprint}"


def firing(connection: sa.Connection, feed: str) -> dict[str, int]:
    """How many active incidents each source of this feed has."""
    c = incident.c
    active = (c.feed == feed) & c.closed_at.is_(None) & c.state.in_(ACTIVE)
    query = sa.select(c.source, sa.func.count()).where(active).group_by(c.source)
    return {row.source: row[1] for row in connection.execute(query)}


def heard_at(connection: sa.Connection, feed: str, sources: Sequence[str]) -> dict[str, datetime]:
    """When each of these sources last said that one of its alerts fires."""
    c = incident.c
    its = (c.feed == feed) & c.source.in_(sources)
    query = sa.select(c.source, sa.func.max(c.last_seen_at)).where(its).group_by(c.source)
    return {row.source: row[1] for row in connection.execute(query)}
