"""What a channel sends next: one message, or many joined into one. Pure.

A channel sends at most `most_per_minute` in any minute. While as many are left as wait, each goes
by itself; when more wait they go together, and further ones a share of a minute later: so a flood
of any size makes that many messages, evenly spaced, and all of it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from commandcenter.notify.roster import Roster
from commandcenter.notify.settings import Channel
from commandcenter.records.outbox import Message

MINUTE = timedelta(minutes=1)


def next_sending(
    channel: Channel,
    waiting: Sequence[Message],
    recent: Sequence[datetime],
    roster: Roster,
    now: datetime,
) -> list[Message]:
    """What goes out now as one message. `recent` are the sendings of the last minute, oldest
    first. What was begun before a crash goes again as it was."""
    if in_doubt := [message for message in waiting if message.in_doubt]:
        return in_doubt
    units = _units(channel, _ready(channel, waiting, roster, now))
    free = channel.most_per_minute - len(recent)
    if not units or free <= 0:
        return []
    if len(units) <= free:
        return min(units, key=_tries)  # one that is refused again and again holds up no other
    if recent and now - recent[-1] < MINUTE / channel.most_per_minute:
        return []
    return sorted((message for unit in units for message in unit), key=lambda one: one.id)


def last_words(messages: Iterable[Message]) -> list[Message]:
    """Of each incident its newest message: it speaks for those before it."""
    newest = {message.incident_id: message for message in messages}
    return sorted(newest.values(), key=lambda one: one.id)


def back_off(failures: int, jitter: float) -> timedelta:
    """The rest after so many failures in a row: 10 s, 20 s, … 15 min; `jitter` is 0 to 1."""
    seconds = min(900.0, 10.0 * 2 ** min(failures - 1, 10))
    return timedelta(seconds=seconds * (0.8 + 0.2 * jitter))


def _tries(unit: Sequence[Message]) -> int:
    return max(message.attempts for message in unit)


def _ready(
    channel: Channel, waiting: Sequence[Message], roster: Roster, now: datetime
) -> list[Message]:
    """What is due, with all else that waits of the same incidents: it need not be told apart."""
    quiet = roster.quiet(channel, now)
    free = [one for one in waiting if not quiet or (one.urgent and channel.critical_always)]
    due = [one for one in free if one.due_at <= now]
    if channel.digest and not all(one.urgent for one in due):
        due += [one for one in free if not one.urgent and not one.attempts]  # the digest goes now
    incidents = {one.incident_id for one in due}
    return [one for one in waiting if one.incident_id in incidents]


def _units(channel: Channel, ready: Sequence[Message]) -> list[list[Message]]:
    """The messages that it takes, urgent ones first: one an incident; warnings of a digest
    together."""
    urgent, others = dict[int, list[Message]](), dict[int, list[Message]]()
    pressing = {one.incident_id for one in ready if one.urgent}
    for one in ready:
        kind = urgent if one.incident_id in pressing else others
        kind.setdefault(one.incident_id, []).append(one)
    digest = [message for unit in others.values() for message in unit]
    calm = [digest] if channel.digest and digest else list(others.values())
    return [*urgent.values(), *calm]
