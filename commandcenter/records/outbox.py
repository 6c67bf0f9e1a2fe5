"""Messages on their way to a channel: kept until the gateway has taken them.

From the log of incidents to the outbox each step comes exactly once: how far the log was read is
kept in the same transaction as the messages. From the outbox to the gateway each message goes at
least once: what was begun and not finished (`attempts` counted, no `error` noted) is in doubt, and
goes out again after a restart. A channel has one sender, so what is in doubt is one sending.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from commandcenter.records import chain
from commandcenter.records.chain import LogRow, wait_for_turn
from commandcenter.records.incidents import IncidentRow, incidents_of
from commandcenter.records.tables import incident, incident_log, outbox, setting
from commandcenter.records.upsert import insert_missing

NOTIFY = "notify"  # who writes what this process decided
ENDED = ("resolved", "merged")  # kinds of messages, and steps, that end an incident
BEGAN = ("opened", "reopened")
MOST = 10_000  # messages that one sending joins

_CURSOR = "notify.cursor"
_TICK = timedelta(microseconds=1)

_c = outbox.c
_WAITING = _c.sent_at.is_(None) & _c.given_up_at.is_(None)
_IN_DOUBT = _WAITING & (_c.attempts > 0) & (_c.error == "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message for a channel. `due_at` is when it may go at the earliest."""

    key: str
    """The same step makes the same key for the same channel, so it is kept once."""
    channel: str
    incident_id: int
    kind: str
    subject: str
    body: str
    urgent: bool
    created_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Draft):
    """A message in the outbox."""

    id: int
    attempts: int
    error: str

    @property
    def in_doubt(self) -> bool:
        """Whether it was given to the gateway and nobody knows what became of it."""
        return self.attempts > 0 and not self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A step of an incident that may be worth a message."""

    step: LogRow
    row: IncidentRow
    """The incident as it is now."""
    began_at: datetime
    """When it opened, or opened again, for the last time before this step."""
    told: frozenset[str]
    """The channels that were told of it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How it stands with a channel. `sent` and `given_up` are of the last day."""

    waiting: int = 0
    sent: int = 0
    given_up: int = 0
    error: str = ""
    failing_since: datetime | None = None
    last_sent_at: datetime | None = None


Write: TypeAlias = Callable[[Happening], Iterable[Draft]]


# --- from the log to the outbox -----------------------------------------------------------------


def begin_at_the_end(connection: sa.Connection, at: datetime) -> None:
    """The very first time: what happened before is not told any more."""
    row = {"key": _CURSOR, "value": chain.head(connection).length}
    insert_missing(connection, setting, [row | {"changed_at": at, "changed_by": NOTIFY}])


def behind(connection: sa.Connection) -> int:
    """How many steps of the log were not looked at yet."""
    return max(0, chain.head(connection).length - _cursor(connection))


def plan(connection: sa.Connection, at: datetime, write: Write, limit: int = 500) -> int:
    """Turn the log's next steps into messages; how many messages."""
    cursor = _cursor(connection, lock=True)
    steps = chain.log_since(connection, cursor, limit)
    if not steps:
        return 0
    drafts = list(_drafts(connection, steps, write))
    kept = insert_missing(connection, outbox, [asdict(draft) for draft in drafts])
    moved = {"value": steps[-1].number, "changed_at": at, "changed_by": NOTIFY}
    connection.execute(setting.update().where(setting.c.key == _CURSOR).values(**moved))
    return kept


def _drafts(connection: sa.Connection, steps: Sequence[LogRow], write: Write) -> Iterable[Draft]:
    numbers = {step.incident_id for step in steps}
    incidents = {row.id: row for row in incidents_of(connection, numbers)}
    ended = {step.incident_id for step in steps if step.step in ENDED}
    told = _told(connection, ended)
    began = _began(connection, numbers, before=steps[0].number)
    for step in steps:
        number = step.incident_id
        if step.step in BEGAN:
            began[number] = step.at
        happening = Happening(
            step=step,
            row=incidents[number],
            began_at=began.get(number, incidents[number].opened_at),
            told=frozenset(told[number]),
        )
        for draft in write(happening):
            told[number].add(draft.channel)
            yield draft
        if step.step in ENDED:
            told[number].clear()


def _told(connection: sa.Connection, numbers: Collection[int]) -> defaultdict[int, set[str]]:
    """The channels that were told of these incidents since they last ended."""
    told: defaultdict[int, set[str]] = defaultdict(set)
    columns = sa.select(_c.incident_id, _c.channel, _c.kind)
    for some in chunks(numbers):
        for number, channel, kind in connection.execute(
            columns.where(_c.incident_id.in_(some)).order_by(_c.id)
        ):
            if kind in ENDED:
                told[number].clear()
            else:
                told[number].add(channel)
    return told


def _began(
    connection: sa.Connection, numbers: Collection[int], *, before: int
) -> dict[int, datetime]:
    began: dict[int, datetime] = {}
    log = incident_log.c
    for some in chunks(numbers):
        these = log.incident_id.in_(some) & log.step.in_(BEGAN) & (log.number < before)
        query = sa.select(log.incident_id, log.at).where(these).order_by(log.number)
        began.update((number, at) for number, at in connection.execute(query))
    return began


def _cursor(connection: sa.Connection, *, lock: bool = False) -> int:
    query = sa.select(setting.c.value).where(setting.c.key == _CURSOR)
    found = connection.execute(query.with_for_update() if lock else query).scalar()
    return 0 if found is None else int(found)


# --- from the outbox to the gateway -------------------------------------------------------------


def waiting(connection: sa.Connection, channel: str) -> list[Message]:
    """What a channel has to send, oldest first, due or not."""
    mine = _WAITING & (_c.channel == channel)
    columns = [_c[name] for name in _FIELDS]
    query = sa.select(*columns).where(mine).order_by(_c.id).limit(MOST)
    return [Message(**row) for row in connection.execute(query).mappings()]


def recently_sent(connection: sa.Connection, channel: str, since: datetime) -> list[datetime]:
    """When a channel sent something after `since`, oldest first; joined messages count once."""
    mine = (_c.channel == channel) & (_c.sent_at > since)
    query = sa.select(_c.sent_at).where(mine).distinct().order_by(_c.sent_at)
    return list(connection.execute(query).scalars())


def begin(connection: sa.Connection, numbers: Collection[int]) -> None:
    """These are given to the gateway now, as one sending."""
    begun = {"attempts": _c.attempts + 1, "error": ""}
    for some in chunks(numbers):
        connection.execute(outbox.update().where(_c.id.in_(some)).values(**begun))


def sent(connection: sa.Connection, channel: str, at: datetime) -> None:
    """The gateway has taken what was begun. No two sendings of a channel have the same time."""
    mine = _c.channel == channel
    last = connection.execute(sa.select(sa.func.max(_c.sent_at)).where(mine)).scalar()
    moment = at if last is None else max(at, last + _TICK)
    connection.execute(outbox.update().where(mine, _IN_DOUBT).values(sent_at=moment))


def failed(connection: sa.Connection, channel: str, error: str, again_at: datetime) -> None:
    """The gateway has not taken what was begun; it is due again at `again_at`."""
    begun = outbox.update().where(_IN_DOUBT, _c.channel == channel)
    connection.execute(begun.values(error=error or "?", due_at=again_at))


def bring_forward(connection: sa.Connection, channel: str, at: datetime) -> None:
    """The gateway takes messages again: those that rest after a failure are due now."""
    resting = _WAITING & (_c.channel == channel) & (_c.error != "") & (_c.due_at > at)
    connection.execute(outbox.update().where(resting).values(due_at=at))


def give_up(
    connection: sa.Connection, channel: str, older_than: datetime, at: datetime, note: str
) -> int:
    """Give up what has waited too long, and say so in the incidents' logs; how many messages."""
    wait_for_turn(connection)
    late = _WAITING & (_c.channel == channel) & (_c.created_at < older_than)
    lost = connection.execute(
        outbox.update().where(late).values(given_up_at=at).returning(_c.incident_id)
    )
    numbers = [number for (number,) in lost if number is not None]
    for row in incidents_of(connection, numbers):
        noted = {"revision": incident.c.revision + 1}
        connection.execute(incident.update().where(incident.c.id == row.id).values(**noted))
        facts = {"via": "notify", "channel": channel}
        told: dict[str, Any] = {"version": row.version, "note": note, "facts": facts}
        chain.append(connection, row.id, at, NOTIFY, "note", **told)
    return len(numbers)


def drop_others(connection: sa.Connection, channels: Collection[str], at: datetime) -> int:
    """Give up what waits for channels other than these; how many messages."""
    others = _WAITING & _c.channel.not_in(list(channels))
    return connection.execute(outbox.update().where(others).values(given_up_at=at)).rowcount


def figures(connection: sa.Connection, at: datetime) -> dict[str, Figures]:
    """How it stands with every channel that ever had a message."""
    day = at - timedelta(days=1)
    failing = _WAITING & (_c.error != "")
    query = sa.select(
        _c.channel,
        _count(_WAITING),
        _count(_c.sent_at > day),
        _count(_c.given_up_at > day),
        sa.func.coalesce(sa.func.max(sa.case((failing, _c.error))), ""),
        sa.func.min(sa.case((failing, _c.created_at))),
        sa.func.max(_c.sent_at),
    ).group_by(_c.channel)
    names = ("waiting", "sent", "given_up", "error", "failing_since", "last_sent_at")
    found = connection.execute(query).all()
    return {row[0]: Figures(**dict(zip(names, row[1:], strict=True))) for row in found}


def forget(connection: sa.Connection, before: datetime) -> None:
    """Throw away what was sent or given up before this."""
    old = (_c.sent_at < before) | (_c.given_up_at < before)
    connection.execute(outbox.delete().where(old))


def _count(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((which, 1), else_=0)), 0)


def chunks(numbers: Collection[int]) -> Iterable[list[int]]:
    """Databases take only so many parameters."""
    ordered = sorted(set(numbers))
    return (ordered[start : start + 500] for start in range(0, len(ordered), 500))


_FIELDS = tuple(Message.__dataclass_fields__)
