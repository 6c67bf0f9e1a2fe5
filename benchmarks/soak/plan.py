"""What will happen and when: the day's rhythm, and the faults; the same for the same seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WARM_UP = 0.1  # the share of the run after which memory may no longer grow
FULL = 1800.0  # seconds of a full run; a shorter one has proportionally fewer faults
START = 10.0  # seconds before the first fault
LEAST_CALM = 4.0  # seconds between the end of one fault's settling and the next fault
# Events an hour, as shares: people come at seven, complain until evening, and sleep.
RHYTHM = (3, 2, 2, 2, 3, 5, 9, 16, 14, 11, 10, 10, 8, 9, 10, 10, 13, 8, 6, 6, 5, 5, 4, 4)


class Kind(StrEnum):
    """What falls."""

    SERVER = "server"
    REDIS = "redis"
    NETWORK = "network"


class Cut(StrEnum):
    """How the network is cut."""

    REFUSE = "refuse"  # connections are closed and new ones refused
    RESET = "reset"  # connections are reset and new ones, too
    SWALLOW = "swallow"  # packets vanish; connections of before never come back to life
    HOLD = "hold"  # packets vanish, and are sent again when the way is free


COUNTS = {Kind.SERVER: 20, Kind.REDIS: 20, Kind.NETWORK: 50}
CUTS = (Cut.SWALLOW, Cut.REFUSE, Cut.SWALLOW, Cut.RESET, Cut.HOLD)  # in turn: 20 black holes of 50
# Seconds that the world may take to be itself again, start of the process included.
SETTLE = {Kind.SERVER: 9.0, Kind.REDIS: 5.0, Kind.NETWORK: 5.0}
KEEPS, LOSES = "keeps its data", "loses its data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fall, `at` so many seconds after the start; it lasts `seconds`."""

    at: float
    kind: Kind
    how: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.at:7.1f} s  {self.kind} {self.how}, {self.seconds:.1f} s"


def plan(seed: int, seconds: float) -> tuple[Fault, ...]:
    """The faults of a run of so many seconds, one after the other; never two at once.

    Raises ValueError when the run is too short for them.
    """
    chance = random.Random(seed)
    falls = [fall for kind in Kind for fall in _falls(kind, seconds, chance)]
    chance.shuffle(falls)
    gaps = _gaps(falls, seconds, chance)
    faults, at = [], START
    for gap, (kind, how, lasts) in zip(gaps, falls, strict=True):
        at += gap
        faults.append(Fault(at=at, kind=kind, how=how, seconds=lasts))
        at += lasts + SETTLE[kind]
    return tuple(faults)


Fall = tuple[Kind, str, float]


def _falls(kind: Kind, seconds: float, chance: random.Random) -> list[Fall]:
    number = max(1, round(COUNTS[kind] * seconds / FULL))
    if kind is Kind.NETWORK:  # many short ones and a few long ones, as networks have it
        return [
            (kind, CUTS[n % len(CUTS)], math.exp(chance.uniform(0, math.log(20))))
            for n in range(number)
        ]
    how = ("kill -9",) if kind is Kind.SERVER else (KEEPS, LOSES)
    return [(kind, how[n % len(how)], chance.uniform(0.5, 8)) for n in range(number)]


def _gaps(falls: Sequence[Fall], seconds: float, chance: random.Random) -> list[float]:
    """Calm before each fault, so that all of them together fill the time."""
    busy = sum(lasts + SETTLE[kind] for kind, _, lasts in falls)
    spare = seconds - START - busy - LEAST_CALM * (len(falls) + 1)
    if spare < 0:
        raise ValueError(f"a run of {seconds:.0f} s is too short for {len(falls)} faults")
    shares = [chance.expovariate(1) for _ in range(len(falls) + 1)]
    return [LEAST_CALM + spare * share / sum(shares) for share in shares[:-1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """So many hours of a region's life, one event a second of it, compressed into `seconds`."""

    hours: float
    seconds: float

    @property
    def events(self) -> int:
        """All of them."""
        return round(self.hours * 3600)

    def hour(self, passed: float) -> float:
        """The hour of the day, `passed` seconds after the start: 0 to 24."""
        return self.hours * passed / self.seconds % 24

    def due(self, passed: float) -> int:
        """How many events should have happened by now."""
        share = self._risen(self.hours * passed / self.seconds) / self._risen(self.hours)
        return round(self.events * min(1.0, share))

    @staticmethod
    def _risen(hours: float) -> float:
        """The rhythm, summed up over so many hours."""
        days, rest = divmod(hours, 24)
        whole = int(rest)
        begun = (rest - whole) * RHYTHM[whole] if whole < 24 else 0.0
        return days * sum(RHYTHM) + sum(RHYTHM[:whole]) + begun
