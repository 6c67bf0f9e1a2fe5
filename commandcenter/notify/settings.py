"""Who is told of incidents, and how: [notify], [[channel]], [[duty]] and [[escalation]] of
config.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from typing import ClassVar, Literal, Protocol, TypeAlias

from pydantic import ConfigDict

from commandcenter.secret import Secret

Level: TypeAlias = Literal["warning", "critical"]
Step: TypeAlias = Literal["opened", "reopened", "critical", "resolved", "escalated"]

EVERYBODY = "*"
_LEVELS: tuple[Level, ...] = ("warning", "critical")
_STEPS: tuple[Step, ...] = ("opened", "reopened", "critical", "resolved", "escalated")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LINK = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


class BadNotify(ValueError):
    """A table that cannot be used. `mistakes` are sentences that name the key."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class Named(Protocol):
    """A [[person]]."""

    @property
    def name(self) -> str:
        """As rosters name it."""


class _Checked:
    """A table that raises BadNotify with every mistake as soon as it is built."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        if mistakes := list(self._mistakes()):
            raise BadNotify(mistakes)

    def _mistakes(self) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True, kw_only=True)
class Notify(_Checked):
    """[notify]: what all messages have in common. Times are in seconds."""

    link: str = ""
    """Where people reach this system, for the links in messages: "https://pusat.example.go.id"."""
    secret: Secret | None = None
    """Signs the links with which one acknowledges from a message: 32 random characters or more."""
    role: str = ""
    """Who is told of incidents whose rule names no owner."""
    give_up_after: float = 86_400.0
    """A message that could not be delivered for so long is given up, and the log says so."""

    def _mistakes(self) -> Iterator[str]:
        if self.link and not _LINK.fullmatch(self.link):
            yield 'link: an address such as "https://pusat.example.go.id", without user or query'
        if not 60 <= self.give_up_after < float("inf"):
            yield "give_up_after: must be 60 seconds or more"


@dataclass(frozen=True, kw_only=True)
class Channel(_Checked):
    """[[channel]]: one way to reach somebody. Times are in seconds, hours in the region's zone."""

    name: str
    url: Secret
    """Where an Apprise URL is kept: tgram://…, mailtos://…, whatsapp://…, jsons://…"""
    roles: tuple[str, ...] = ()
    """Whose messages it gets when nobody of the role is on duty; "*" is everybody's."""
    levels: tuple[Level, ...] = _LEVELS
    steps: tuple[Step, ...] = _STEPS
    """What it tells: opened, reopened, critical (it got worse), resolved, escalated."""
    quiet_from: time | None = None
    """From when messages are held back; may be later than `quiet_until`: over midnight."""
    quiet_until: time | None = None
    critical_always: bool = True
    """Whether critical ones pass in the quiet hours."""
    digest: float = 0.0
    """How long warnings are gathered, to be sent as one."""
    most_per_minute: int = 5
    """When more would go they are joined."""
    acknowledge_link: bool = False
    """Whether its messages carry a link with which one acknowledges, without signing in."""
    time_limit: float = 30.0
    """How long the gateway may take for one message."""

    def _mistakes(self) -> Iterator[str]:
        if not _NAME.fullmatch(self.name):
            yield "name: 1 to 40 letters, digits, - and _: it is part of an address"
        if (self.quiet_from is None) is not (self.quiet_until is None):
            yield "quiet_from: quiet hours need both quiet_from and quiet_until"
        elif self.quiet_from is not None and self.quiet_from == self.quiet_until:
            yield "quiet_until: must differ from quiet_from"
        if not 0 <= self.digest <= 3600:
            yield "digest: must be 0 to 3600 seconds"
        if not 1 <= self.most_per_minute <= 60:
            yield "most_per_minute: must be 1 to 60"
        if not 1 <= self.time_limit <= 300:
            yield "time_limit: must be 1 to 300 seconds"
        for key, told in (("levels", self.levels), ("steps", self.steps)):
            if not told:
                yield f"{key}: must name at least one"


@dataclass(frozen=True, kw_only=True)
class Duty(_Checked):
    """[[duty]]: when somebody answers for a role. Hours are in the region's zone."""

    role: str
    person: str
    """The name of a [[person]]."""
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """1 is Monday: the day on which the duty begins."""
    starts: time = time(0)
    ends: time = time(0)
    """The first minute that is somebody else's. Not after `starts`: on the next day."""
    channels: tuple[str, ...]
    """Names of [[channel]]s on which the person is reached."""

    def _mistakes(self) -> Iterator[str]:
        if not self.role.strip() or self.role == EVERYBODY:
            yield "role: a word of your own, such as noc"
        if not self.days or not set(self.days) <= set(range(1, 8)):
            yield "days: numbers from 1 (Monday) to 7 (Sunday)"
        if not self.channels:
            yield "channels: must name at least one"


@dataclass(frozen=True, kw_only=True)
class Escalation(_Checked):
    """[[escalation]]: whom to tell when nobody acknowledges in time."""

    after: float
    """Seconds since the incident opened, opened again, or its acknowledgement ran out."""
    role: str
    levels: tuple[Level, ...] = ("critical",)

    def _mistakes(self) -> Iterator[str]:
        if not 1 <= self.after <= 7 * 86_400:
            yield "after: must be 1 second to 7 days"
        if not self.role.strip():
            yield "role: must be told"
        if not self.levels:
            yield "levels: must name at least one"


def mistakes(
    notify: Notify,
    channels: Sequence[Channel],
    duties: Sequence[Duty],
    escalations: Sequence[Escalation],
    people: Iterable[Named],
) -> Iterator[str]:
    """What does not fit together, as sentences that name table and key."""
    reached = {word for channel in channels for word in channel.roles}
    reached |= {duty.role for duty in duties}
    yield from _of_duties(channels, duties, {person.name for person in people})
    yield from _of_channels(notify, channels, duties)
    for number, escalation in enumerate(escalations, 1):
        if escalation.role not in reached and EVERYBODY not in reached:
            yield f"[[escalation]] {number} role: no channel or duty reaches {escalation.role!r}"
    if channels and EVERYBODY not in reached and notify.role not in reached:
        yield (
            "[notify] role: incidents without an owner would reach nobody; name a role that a"
            ' channel or duty has, or give a channel roles = ["*"]'
        )


def _of_duties(
    channels: Sequence[Channel], duties: Sequence[Duty], people: set[str]
) -> Iterator[str]:
    names = {channel.name for channel in channels}
    for number, duty in enumerate(duties, 1):
        if duty.person not in people:
            yield f'[[duty]] {number} person: there is no [[person]] "{duty.person}"'
        for name in sorted(set(duty.channels) - names):
            yield f'[[duty]] {number} channels: there is no [[channel]] "{name}"'


def _of_channels(
    notify: Notify, channels: Sequence[Channel], duties: Sequence[Duty]
) -> Iterator[str]:
    on_duty = {name for duty in duties for name in duty.channels}
    for channel in channels:
        where = f'[[channel]] "{channel.name}"'
        if not channel.roles and channel.name not in on_duty:
            yield f'{where} roles: nobody uses it; name roles, "*", or it in a [[duty]]'
        if channel.acknowledge_link and not (notify.link and notify.secret):
            yield f"{where} acknowledge_link: needs link and secret in [notify]"
