"""Alerts of other systems in the records: each is an incident, of its sender instead of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from commandcenter.records import episodes, incidents, senders, storm
from commandcenter.records.chain import wait_for_turn
from commandcenter.records.episodes import Ends, Episode, Flaps, episode_of
from commandcenter.records.incidents import ACTIVE, IncidentRow, active_of, latest_of
from commandcenter.records.senders import SenderFault
from commandcenter.records.signatures import use_once
from commandcenter.records.tables import alert as alert_table
from commandcenter.records.tables import incident
from commandcenter.records.warnings import Part, as_one, ended, lasting, with_part, without

Source: TypeAlias = Literal["alertmanager", "zabbix", "cap", "webhook"]

ENDED = "pengirim menyatakan selesai"
_SAID = (
    "source", "level", "title", "detail", "owner", "office", "kecamatan", "provider", "runbook",
    "expires_at",
)  # fmt: skip
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
    corrects: bool = False
    """It says something of an incident that is open, and opens none."""
    episode: str = ""
    """The sender's own number of this fall; it belongs to no other alert."""
    began_at: datetime | None = None
    """On the sender's clock, as `ended_at`; together with the fingerprint it names the fall."""
    ended_at: datetime | None = None
    final: str = ""
    """Why its sender says no more of it, whether it flaps or not: closed there, not watched."""
    expires_at: datetime | None = None
    part: str = ""
    """The identifier of the message, where several together are the incident."""
    places: tuple[str, ...] = ()
    language: str = ""
    replaces: tuple[str, ...] = ()
    """Parts, here or in other incidents, whose place it takes."""
    unknown_severity: str = ""
    """A word of its sender that we do not know."""
    seconds_ahead: float = 0.0
    """How far its sender's clock is ahead of ours, when that is too far."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """Sender, labels and links, for the people who work on it."""

    @property
    def episode_names(self) -> tuple[tuple[str, ...], ...]:
        """What its sender calls this episode; nothing, where it does not."""
        if self.part or self.episode:
            return ((self.source, self.part or self.episode),)
        began_at = self.began_at.isoformat() if self.began_at else ""
        return ((self.source, self.fingerprint, began_at),) if began_at else ()


def take(
    connection: sa.Connection,
    alerts: Iterable[Alert],
    at: datetime,
    *,
    feed: str,
    origin: str,
    who: str = incidents.WATCH,
    flaps: Flaps | None = None,
    ends: Ends | None = None,
    faults: Iterable[SenderFault] = (),
) -> None:
    """Do what the alerts of one message say, in their order. `who` opens what they open. `ends`
    are those that came too early, `faults` what is to be told of their sender itself."""
    wait_for_turn(connection)
    taker = _Taker(connection, at, feed, origin, who, flaps or Flaps(), ends or Ends())
    for alert in taker.open_new(list(alerts)):
        if alert.firing:
            taker.fire(alert)
        else:
            taker.end(alert)
    for fault in faults:
        senders.tell(connection, fault, at, feed=feed, origin=origin)


def take_signed(
    connection: sa.Connection,
    signature: str,
    alerts: Iterable[Alert],
    at: datetime,
    *,
    feed: str,
    origin: str,
    flaps: Flaps | None = None,
    ends: Ends | None = None,
    faults: Iterable[SenderFault] = (),
) -> bool:
    """Do what a signed message says, once. False: this very message was taken before."""
    if not use_once(connection, signature, at):
        return False
    how: dict[str, Any] = {"feed": feed, "origin": origin, "flaps": flaps, "ends": ends}
    take(connection, alerts, at, **how, faults=faults)
    return True


@dataclass(frozen=True, slots=True)
class _Taker:
    """Does what alerts say, within one transaction."""

    connection: sa.Connection
    at: datetime
    feed: str
    origin: str
    who: str
    flaps: Flaps
    ends: Ends

    def open_new(self, alerts: list[Alert]) -> list[Alert]:
        """Open the incidents of alerts that nobody ever told of; the others are returned."""
        keys = [
            storm.fit_key(senders.thing_of(self.feed, a.source, a.fingerprint)[2]) for a in alerts
        ]
        seen = storm.known_keys(self.connection, self.feed, keys) if alerts else set()
        fresh, others = list[Alert](), list[Alert]()
        for key, alert in zip(keys, alerts, strict=True):
            simple = alert.firing and not (alert.corrects or alert.part or alert.episode)
            new = simple and key not in seen and not self.ends.have(alert.episode_names, self.at)
            (fresh if new else others).append(alert)
            seen.add(key)
        if fresh:
            rows = [self._values(alert) for alert in fresh]
            numbers = storm.open_all(self.connection, rows, self.at, self.who)
            begun = [self._begins(Episode(), alert, changed=True) for alert in fresh]
            episodes.keep_new(self.connection, dict(zip(numbers, begun, strict=True)))
        return others

    def fire(self, alert: Alert) -> None:
        """It fires: its incident opens, goes on, or is left as a person or its end left it."""
        if self.ends.have(alert.episode_names, self.at):
            return
        others = (name for name in alert.replaces if name != alert.part)
        self.ends.note(((alert.source, name) for name in others), self.at)
        thing = senders.thing_of(self.feed, alert.source, alert.fingerprint)
        row = self._standing(alert, thing)
        latest = row or latest_of(self.connection, thing)
        past = episode_of(self.connection, latest.id) if latest else Episode()
        active = row is not None and row.is_active
        if not active and (alert.corrects or (latest and self._is_over(latest, past, alert))):
            return
        now = self._begins(past, alert, changed=not active or past.well_since is not None)
        alert = self._in_its_words(alert, past, now)
        number = self._go_on(row, alert, now) if active and row else self._open(row, alert, now)
        episodes.keep(self.connection, number, now)
        self._end_others(alert, number)

    def end(self, alert: Alert) -> None:
        """It is over, its sender says."""
        thing = senders.thing_of(self.feed, alert.source, alert.fingerprint)
        if alert.part:
            self.ends.note(((alert.source, name) for name in alert.replaces), self.at)
            self._end_parts((alert.part, *alert.replaces), alert)
            return
        row = self._standing(alert, thing)
        if row is None or not row.is_active:
            self.ends.note(alert.episode_names, self.at)
        if row is not None:
            past = episode_of(self.connection, row.id)
            if not past.goes_on(alert.episode, alert.began_at, alert.ended_at):
                self._end_one(row, past, alert)

    # ------------------------------------------------------------------ which incident

    def _standing(self, alert: Alert, thing: tuple[str, str, str]) -> IncidentRow | None:
        """The incident that is not closed, also where the sender calls the alert otherwise now."""
        row = active_of(self.connection, thing)
        if row is not None and row.is_active:
            return row
        return next(iter(self._elsewhere(alert)), None) or row

    def _elsewhere(self, alert: Alert) -> list[IncidentRow]:
        """Active incidents under other names that the sender means."""
        names = (alert.part, *alert.replaces) if alert.part else ()
        if not names and not alert.episode:
            return []
        return [
            row
            for row in _active_of_source(self.connection, self.feed, alert)
            if alert.episode or any(n in episode_of(self.connection, row.id).parts for n in names)
        ]

    def _is_over(self, row: IncidentRow, past: Episode, alert: Alert) -> bool:
        if alert.part:
            return alert.part in past.parts
        told = alert.episode, alert.began_at, alert.level
        return past.is_over(row, *told, self.at)

    # ------------------------------------------------------------------ firing

    def _begins(self, past: Episode, alert: Alert, *, changed: bool) -> Episode:
        late = not changed and bool(alert.episode) and past.is_after(alert.episode, None)
        newest: Alert | Episode = past if late else alert
        facts: dict[str, Any] = {"episode": newest.episode, "began_at": newest.began_at}
        if alert.part:
            said = Part(
                level=alert.level,
                title=alert.title,
                detail=alert.detail,
                language=alert.language,
                places=alert.places,
                expires_at=alert.expires_at,
            )
            before = ended(past.parts, self.at) if changed else past.parts
            facts["parts"] = with_part(before, alert.part, said, alert.replaces)
        told = {**alert.told, "began_at": alert.began_at.isoformat() if alert.began_at else ""}
        return past.begins(self.at, changed=changed, most=self.flaps.limit, told=told, **facts)

    def _in_its_words(self, alert: Alert, past: Episode, now: Episode) -> Alert:
        """Of several messages what they say together; the same one once more is no news."""
        if not alert.part:
            return alert
        says = as_one(lasting(now.parts, self.at) or now.parts)
        return replace(alert, **says, again=alert.part not in past.parts)

    def _go_on(self, row: IncidentRow, alert: Alert, now: Episode) -> int:
        flapping = row.flapping or (not alert.part and self.flaps.begin(now.changes))
        incidents.touch(
            self.connection,
            row.thing,
            self.at,
            level=alert.level,
            title=alert.title,
            detail=alert.detail,
            again=alert.again,
            flapping=flapping,
            expires_at=alert.expires_at,
            endless=bool(alert.part),
        )
        return row.id

    def _values(self, alert: Alert) -> dict[str, Any]:
        rule, feed, key = senders.thing_of(self.feed, alert.source, alert.fingerprint)
        told = {name: getattr(alert, name) for name in _SAID}
        return {"rule": rule, "feed": feed, "key": key, "origin": self.origin, **told}

    def _open(self, row: IncidentRow | None, alert: Alert, now: Episode) -> int:
        return incidents.open_incident(
            self.connection,
            row.thing if row else senders.thing_of(self.feed, alert.source, alert.fingerprint),
            self.at,
            origin=self.origin,
            flapping=not alert.part and self.flaps.begin(now.changes),
            **{name: getattr(alert, name) for name in _SAID},
            reopen_within=_WHILE_UNCLOSED,
            who=self.who,
        )

    # ------------------------------------------------------------------ ending

    def _end_one(self, row: IncidentRow, past: Episode, alert: Alert) -> None:
        first = row.is_active and past.well_since is None
        now = past.ends(self.at, alert.ended_at, changed=first, most=self.flaps.limit)
        if row.is_active:
            flapping = row.flapping or self.flaps.begin(now.changes)
            if flapping and not alert.final:
                now = replace(now, well_since=past.well_since or self.at)
                _mark(self.connection, row, self.at, flapping=True)
            else:
                now = replace(now, well_since=None)
                reason = alert.final or ENDED
                incidents.recover(self.connection, row.thing, self.at, reason=reason)
        episodes.keep(self.connection, row.id, now)

    def _end_parts(self, names: tuple[str, ...], alert: Alert, but: int = 0) -> None:
        for row in _active_of_source(self.connection, self.feed, replace(alert, episode="")):
            past = episode_of(self.connection, row.id)
            if row.id != but and any(name in past.parts for name in names):
                left = replace(past, parts=without(past.parts, names))
                _say_the_rest(self.connection, row, left, self.at)

    def _end_others(self, alert: Alert, number: int) -> None:
        """What it takes the place of in other incidents is over."""
        if alert.part and alert.replaces:
            self._end_parts(alert.replaces, alert, but=number)


def settle(connection: sa.Connection, at: datetime, *, feed: str, flaps: Flaps) -> None:
    """Do what the passing of time does: what was flapping has calmed down, one of several warnings
    is over."""
    found = _unsettled(connection, feed)
    if not found:
        return  # nothing is locked while nothing can be due
    wait_for_turn(connection)
    for row in found:
        past = episode_of(connection, row.id)
        if past.parts:
            _say_the_rest(connection, row, past, at)
        elif row.flapping and not flaps.last(past.changes, at):
            _calm(connection, row, past, at)


def told_of(connection: sa.Connection, number: int) -> dict[str, Any]:
    """What the sender told of an incident for people: {"sender", "labels", "links", "began_at"};
    {} when it is none of another system."""
    return dict(episode_of(connection, number).told)


def _calm(connection: sa.Connection, row: IncidentRow, past: Episode, at: datetime) -> None:
    if past.well_since is not None:
        incidents.recover(connection, row.thing, at, reason=ENDED)
        episodes.keep(connection, row.id, replace(past, well_since=None))
    else:
        _mark(connection, row, at, flapping=False)


def _mark(connection: sa.Connection, row: IncidentRow, at: datetime, *, flapping: bool) -> None:
    words: dict[str, Any] = {"level": row.level, "title": row.title, "detail": row.detail}
    incidents.touch(connection, row.thing, at, **words, flapping=flapping)


def _say_the_rest(connection: sa.Connection, row: IncidentRow, past: Episode, at: datetime) -> None:
    """Of several warnings some are over."""
    if parts := lasting(past.parts, at):
        says = as_one(parts)
        if any(getattr(row, name) != told for name, told in says.items()):
            incidents.touch(connection, row.thing, at, **says, endless=True)
    else:
        incidents.recover(connection, row.thing, at, reason=ENDED)
    episodes.keep(connection, row.id, past)


def _unsettled(connection: sa.Connection, feed: str) -> list[IncidentRow]:
    """The active ones that time alone can change."""
    c = incident.c
    mine = (c.feed == feed) & c.closed_at.is_(None) & c.state.in_(ACTIVE) & c.rule.like("alert/%")
    mine &= c.flapping | (c.source == "cap")
    return incidents.rows(connection, incidents.select_incident().where(mine).order_by(c.id))


def _active_of_source(connection: sa.Connection, feed: str, alert: Alert) -> list[IncidentRow]:
    """The active incidents of a sender; only those of the episode, where the alert names one."""
    c = incident.c
    mine = (c.feed == feed) & c.closed_at.is_(None) & c.state.in_(ACTIVE)
    mine &= c.rule == f"alert/{alert.source}"
    if alert.episode:
        episode = alert_table.c.episode == alert.episode
        mine &= c.id.in_(sa.select(alert_table.c.incident_id).where(episode))
    return incidents.rows(connection, incidents.select_incident().where(mine).order_by(c.id))
