"""How much goes through a link: a curve over the day with waves on it, integrated exactly.

The octet counters are the integral in closed form, so a counter is a pure function of the time:
nothing has to run between two looks, and a restart of the demo continues where it was.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Self

DAY = 86_400.0
_BUSIEST = 10.5 * 3600 - 7 * 3600  # 10:30 WIB, in seconds of the UTC day
_PERIODS = (DAY, DAY / 2, 3_631.0, 541.0, 127.0, 31.0)
_HEIGHTS = (0.45, 0.12, 0.09, 0.08, 0.08, 0.06)  # their sum is below 1: a rate is never negative


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of a link; `mean` in bit/s over the whole day."""

    mean: float
    phases: tuple[float, ...]

    @classmethod
    def of(cls, mean: float, chance: random.Random) -> Self:
        """A flow with waves of its own; all flows share the hours of the office day."""
        own = tuple(chance.uniform(0, 2 * pi) for _ in _PERIODS[2:])
        return cls(mean, (-2 * pi * _BUSIEST / DAY, -4 * pi * _BUSIEST / DAY, *own))

    def rate(self, at: float) -> float:
        """bit/s at an instant (seconds since 1970)."""
        return self.mean * (1 + sum(h * cos(2 * pi * at / t + f) for t, h, f in self._waves()))

    def octets(self, since: float, until: float) -> int:
        """Octets that went through between two instants (seconds since 1970)."""
        return int((self._total(until) - self._total(since)) / 8)

    def _total(self, at: float) -> float:
        waves = sum(h * t / (2 * pi) * sin(2 * pi * at / t + f) for t, h, f in self._waves())
        return self.mean * (at + waves)

    def _waves(self) -> zip[tuple[float, float, float]]:
        return zip(_PERIODS, _HEIGHTS, self.phases, strict=True)
