"""What citizens complain about, and what becomes of it: a pure function of seed and time.

Every twenty minutes somebody complains. Most of it is answered within the hour; every seventh
takes days, and some of those longer than the five days they should.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commandcenter.demo.region import Grievance

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_PACE = timedelta(minutes=20)
_LONG = 7  # every so many takes days
LONGEST = timedelta(days=7)
"""No complaint is open for longer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint; closed after `closed_at`. `door` is "webhook" or "open311"."""

    number: int
    about: Grievance
    door: str
    received_at: datetime
    closed_at: datetime

    def stage(self, now: datetime) -> str:
        """received, forwarded, in_work or closed."""
        if now >= self.closed_at:
            return "closed"
        share = (now - self.received_at) / (self.closed_at - self.received_at)
        return "received" if share < 0.2 else "forwarded" if share < 0.45 else "in_work"


@dataclass(frozen=True, slots=True)
class Casebook:
    """All complaints that there ever were."""

    grievances: Sequence[Grievance]
    seed: int = 0

    def case(self, number: int) -> Case:
        """The complaint of this number."""
        chance = random.Random(f"{self.seed} {number}")
        received = _FIRST + number * _PACE + timedelta(seconds=chance.randrange(600))
        about = self.grievances[(number // _LONG * 5 + number) % len(self.grievances)]
        door = "webhook" if chance.random() < 0.53 else "open311"
        return Case(number, about, door, received, received + _life(chance, number % _LONG == 0))

    def received(self, since: datetime, until: datetime) -> Iterator[Case]:
        """The complaints received after `since` and until `until`, newest first."""
        for number in range((until - _FIRST) // _PACE, -1, -1):
            case = self.case(number)
            if case.received_at <= since:
                return
            if case.received_at <= until:
                yield case

    def open(self, now: datetime) -> list[Case]:
        """The complaints that are open, newest first."""
        return [case for case in self.received(now - LONGEST, now) if now < case.closed_at]


def _life(chance: random.Random, long: bool) -> timedelta:
    if not long:
        return timedelta(minutes=chance.uniform(60, 100))
    days = chance.uniform(4.5, 6.99) if chance.random() < 0.6 else chance.uniform(1, 3.5)
    return timedelta(days=days)
