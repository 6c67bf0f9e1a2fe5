"""Who is told now: the roster of duties, quiet hours. Pure; clock times are local."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from commandcenter.notify.settings import EVERYBODY, Channel, Duty, Escalation, Notify


@dataclass(frozen=True, kw_only=True)
class Roster:
    """All who can be told, and how."""

    zone: ZoneInfo
    notify: Notify = field(default_factory=Notify)
    channels: Sequence[Channel] = ()
    duties: Sequence[Duty] = ()
    escalations: Sequence[Escalation] = ()

    def told(self, owners: Iterable[str], now: datetime) -> list[Channel]:
        """The channels of the first of these roles or offices that reaches anybody; else those of
        the role for what nobody owns; else everybody's."""
        for role in (*(owner for owner in owners if owner), self.notify.role):
            if role and (found := self._of_role(role, now)):
                return found
        return [channel for channel in self.channels if EVERYBODY in channel.roles]

    def on_duty(self, role: str, now: datetime) -> list[Duty]:
        """Who answers for a role at this moment."""
        local = now.astimezone(self.zone)
        return [duty for duty in self.duties if duty.role == role and serves(duty, local)]

    def person(self, channel: Channel, now: datetime) -> str:
        """Who is reached by a channel now, when the roster knows that it is one person; else the
        channel's name."""
        local = now.astimezone(self.zone)
        mine = [duty for duty in self.duties if channel.name in duty.channels]
        people = {duty.person for duty in mine if serves(duty, local)}
        return people.pop() if len(people) == 1 else channel.name

    def quiet(self, channel: Channel, now: datetime) -> bool:
        """Whether a channel's quiet hours are on."""
        if channel.quiet_from is None or channel.quiet_until is None:
            return False
        clock = now.astimezone(self.zone).time()
        if channel.quiet_from < channel.quiet_until:
            return channel.quiet_from <= clock < channel.quiet_until
        return clock >= channel.quiet_from or clock < channel.quiet_until

    def _of_role(self, role: str, now: datetime) -> list[Channel]:
        """Those on duty; when nobody is, the channels that stand in for the role."""
        names = {name for duty in self.on_duty(role, now) for name in duty.channels}
        if not names:
            return [channel for channel in self.channels if role in channel.roles]
        return [channel for channel in self.channels if channel.name in names]


def serves(duty: Duty, local: datetime) -> bool:
    """Whether a duty is on at a local time; one over midnight belongs to the day it begins."""
    return any(begins <= local.replace(tzinfo=None) < ends for begins, ends in _shifts(duty, local))


def _shifts(duty: Duty, local: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The shifts that may be on: today's, and yesterday's that passes midnight."""
    for day in (local.date(), local.date() - timedelta(days=1)):
        if day.isoweekday() in duty.days:
            over = timedelta(days=0 if _clock(duty.starts) < _clock(duty.ends) else 1)
            begins = datetime.combine(day, _clock(duty.starts))
            yield begins, datetime.combine(day, _clock(duty.ends)) + over


def _clock(told: time) -> time:
    return told.replace(tzinfo=None)
