"""What messages say: short and formal, in the region's language. Never the name of a complainant
or an employee: only what the incident itself says, which has none."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from commandcenter.language import Language
from commandcenter.notify.pacing import last_words
from commandcenter.records.incidents import IncidentRow
from commandcenter.records.outbox import ENDED, Happening, Message

Mood: TypeAlias = Literal["bad", "warn", "good", "none"]

LISTED = 8  # titles in a message that joins many
_LEVEL = {"critical": "CRITICAL", "warning": "WARNING"}
_DOMAIN = {
    "network": "Network",
    "attendance": "Attendance",
    "complaints": "Complaints",
    "applications": "Applications",
    "cameras": "CCTV",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as a gateway gets it. `mood` gives it a colour where the gateway knows colours."""

    title: str
    body: str
    mood: Mood = "none"


def subject(say: Language, kind: str, now: Happening) -> str:
    """The title of a message about one step: "[KRITIS] Tautan Kec. Arut Utara putus"."""
    row, at = now.row, now.step.at
    level = say(_LEVEL.get(row.level, "WARNING"))
    match kind:
        case "resolved":
            return recovered(say, row.title, now.began_at, at)
        case "merged":
            return say("[PART] {title}: part of incident #{n}", title=row.title, n=_upstream(now))
        case "reopened":
            return say("[{level}] Again: {title}", level=level, title=row.title)
        case "critical":
            return say("[{level}] Worse: {title}", level=level, title=row.title)
        case "escalated":
            waited = lasted(say, timedelta(seconds=float(now.step.facts.get("after", 0))))
            told = {"level": level, "title": row.title, "t": waited}
            return say("[{level}] Not acknowledged for {t}: {title}", **told)
        case _:
            return say("[{level}] {title}", level=level, title=row.title)


def body(say: Language, kind: str, now: Happening, link: str) -> str:
    """The lines below the title."""
    row = now.row
    since = now.step.at if kind in ("opened", "reopened") else now.began_at
    place = " · ".join(part for part in (row.office, row.kecamatan, row.provider) if part)
    lines = [row.detail, place]
    if kind not in ENDED:
        lines.append(say("since {clock}", clock=_clock(say, since, now.step.at)))
    if row.affected:
        lines.append(say("{n} things behind it are affected", n=say.number(len(row.affected))))
    if row.origin == "demo":
        lines.append(say("Simulated data"))
    if link:
        lines.append(f"{link.rstrip('/')}/console?incident={row.id}")
    return "\n".join(line for line in lines if line)


def single(say: Language, message: Message, row: IncidentRow | None, *more: str) -> Letter:
    """One message, with what is to be known by now; `more` are further lines."""
    lines = [message.body]
    if row is not None and row.acknowledged_at is not None and message.kind not in ENDED:
        clock = _clock(say, row.acknowledged_at, row.acknowledged_at)
        lines.append(say("Acknowledged at {clock}", clock=clock))
    text = "\n".join([*lines, *(line for line in more if line)])
    return Letter(title=message.subject, body=text, mood=_mood([message]))


def joined(
    say: Language, messages: Sequence[Message], rows: Mapping[int, IncidentRow], link: str = ""
) -> Letter:
    """Many messages as one that says how many there are, and of what."""
    mood = _mood(messages)
    title = say("[{level}] {n} events", level=say(_MOOD[mood]), n=say.number(len(messages)))
    newest = sorted(last_words(messages), key=lambda one: (not one.urgent, one.id))
    lines = [_counted(say, messages), _domains(say, messages, rows)]
    lines += [f"• {one.subject}" for one in newest[:LISTED]]
    if len(newest) > LISTED:
        lines.append(say("and {n} more incidents", n=say.number(len(newest) - LISTED)))
    text = "\n".join(line for line in [*lines, link] if line)
    return Letter(title=title, body=text, mood=mood)


def signed(letter: Letter, messages: Iterable[Message]) -> Letter:
    """With the short number of these messages at its end: who gets it twice can tell."""
    text = f"{letter.body}\n[{number_of(messages)}]"
    return Letter(title=letter.title, body=text, mood=letter.mood)


def number_of(messages: Iterable[Message]) -> str:
    """The same for the same messages, whenever they are sent."""
    keys = "\n".join(sorted(message.key for message in messages))
    return hashlib.sha256(keys.encode()).hexdigest()[:10]


def recovered(say: Language, title: str, began_at: datetime, ended_at: datetime) -> str:
    """ "[PULIH] Tautan Kec. Arut Utara putus 09:24–09:27 WIB, 3 mnt"."""
    span = f"{_local(say, began_at):%H:%M}–{_local(say, ended_at):%H:%M} {say.zone_name}"
    if _local(say, began_at).date() != _local(say, ended_at).date():
        span = f"{say.moment(began_at)} – {say.moment(ended_at)}"
    told = {"title": title, "span": span, "t": lasted(say, ended_at - began_at)}
    return say("[RECOVERED] {title} {span}, {t}", **told)


def lasted(say: Language, span: timedelta) -> str:
    """3 mnt."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return say("{n} s", n=seconds)
    if seconds < 3600:
        return say("{n} min", n=seconds // 60)
    if seconds < 172_800:
        return say("{n} h", n=seconds // 3600)
    return say("{n} d", n=seconds // 86_400)


_MOOD = {"bad": "CRITICAL", "warn": "WARNING", "good": "RECOVERED", "none": "WARNING"}


def _mood(messages: Iterable[Message]) -> Mood:
    open_ones = [one for one in messages if one.kind not in ENDED]
    if not open_ones:
        return "good"
    return "bad" if any(one.urgent for one in open_ones) else "warn"


def _counted(say: Language, messages: Sequence[Message]) -> str:
    """ "312 kejadian dalam 60 dtk: 40 kritis, 272 peringatan"."""
    times = [message.created_at for message in messages]
    ended = sum(message.kind in ENDED for message in messages)
    critical = sum(message.urgent and message.kind not in ENDED for message in messages)
    counts = [
        (critical, say("{n} critical", n=say.number(critical))),
        (
            warnings := len(messages) - ended - critical,
            say("{n} warnings", n=say.number(warnings)),
        ),
        (ended, say("{n} recovered", n=say.number(ended))),
    ]
    return say(
        "{n} events in {t}: {counts}",
        n=say.number(len(messages)),
        t=lasted(say, max(max(times) - min(times), timedelta(seconds=1))),
        counts=", ".join(text for count, text in counts if count),
    )


def _domains(say: Language, messages: Sequence[Message], rows: Mapping[int, IncidentRow]) -> str:
    """ "terbanyak: Jaringan 280, CCTV 32"."""
    feeds = Counter(rows[one.incident_id].feed for one in messages if one.incident_id in rows)
    return say("mostly: {domains}", domains=", ".join(_named(say, feeds))) if feeds else ""


def _named(say: Language, feeds: Counter[str]) -> Iterator[str]:
    for feed, count in feeds.most_common(3):
        name = say(_DOMAIN[feed]) if feed in _DOMAIN else feed
        yield f"{name} {say.number(count)}"


def _upstream(now: Happening) -> str:
    return str(now.step.facts.get("into") or "?")


def _clock(say: Language, at: datetime, now: datetime) -> str:
    """09:24:03 WIB, with the day when it is another than that of `now`."""
    if _local(say, at).date() != _local(say, now).date():
        return say.moment(at)
    return f"{_local(say, at):%H:%M:%S} {say.zone_name}"


def _local(say: Language, at: datetime) -> datetime:
    return at.astimezone(say.zone)
