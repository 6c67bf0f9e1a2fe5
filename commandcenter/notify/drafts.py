"""From a step of an incident's log to the messages it makes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commandcenter.language import Language
from commandcenter.notify import messages
from commandcenter.notify.discretion import Discretion
from commandcenter.notify.roster import Roster
from commandcenter.notify.settings import Channel
from commandcenter.records.outbox import ENDED, Draft, Happening


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the messages of each step, for those who are to be told at `now`."""

    roster: Roster
    say: Language
    discretion: Discretion
    now: datetime

    def __call__(self, happening: Happening) -> Iterator[Draft]:
        kind = kind_of(happening)
        if not kind:
            return
        wanted = "resolved" if kind in ENDED else kind
        for channel in self._told(kind, happening):
            if wanted in channel.steps:
                told = replace(happening, row=self.discretion.told(channel, happening.row))
                yield self._draft(kind, told, channel)

    def _told(self, kind: str, now: Happening) -> Iterable[Channel]:
        """Who was told of the fall is told of its end."""
        if kind in ENDED:
            return [one for one in self.roster.channels if one.name in now.told]
        row = now.row
        if kind == "escalated":
            channels = self.roster.told([str(now.step.facts.get("role", ""))], self.now)
        else:
            channels = self.roster.told([row.owner, row.office], self.now)
        return [one for one in channels if row.level in one.levels]

    def _draft(self, kind: str, now: Happening, channel: Channel) -> Draft:
        urgent = now.row.level == "critical"
        wait = 0.0 if urgent or kind == "escalated" else channel.digest
        return Draft(
            key=f"{now.step.number}/{channel.name}",
            channel=channel.name,
            incident_id=now.row.id,
            kind=kind,
            subject=messages.subject(self.say, kind, now),
            body=messages.body(self.say, kind, now, self.roster.notify.link),
            urgent=urgent,
            created_at=self.now,
            due_at=self.now + timedelta(seconds=wait),
        )


def kind_of(now: Happening) -> str:
    """What a step is to those who are told: opened, reopened, critical, escalated, resolved,
    merged; "" when it is nothing to them."""
    step, facts = now.step.step, now.step.facts
    if step == "changed":
        worse = facts.get("level") == "critical" != facts.get("before")
        return "critical" if worse else ""
    return step if step in ("opened", "reopened", "escalated", *ENDED) else ""
