"""What a benchmark tells: rows of one table, each with its goal beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

HEADER = "| | ours | rival | ours / rival | goal | |\n|---|---:|---:|---:|---|---|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured. Rounds alternate between ours and the rival, so that what else the
    machine does meets both; the median of the rounds is told."""

    rounds: int = 2
    pages: int = 5  # rounds of what needs a real browser
    seconds: float = 6.0
    crowds: tuple[int, ...] = (100, 500, 1000)
    overload: float = 30.0
    stalled: float = 40.0


QUICK = Effort(rounds=1, pages=1, seconds=1.5, crowds=(20,), overload=2.0, stalled=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `most` is the goal: no more than this."""

    figure: str
    ours: float
    unit: str
    rival: float | None = None
    most: float | None = None
    least: float | None = None
    twice_the_rival: bool = False
    """The goal is no more than twice the rival's figure."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        most = 2 * self.rival if self.twice_the_rival and self.rival is not None else self.most
        if most is not None:
            return self.ours <= most
        return self.ours >= self.least if self.least is not None else None

    def __str__(self) -> str:
        ratio = "" if not self.rival else f"{self.ours / self.rival:.2f}"
        rival = "" if self.rival is None else f"{_short(self.rival)} {self.unit}"
        sign = {True: "met", False: "**missed**", None: ""}[self.met]
        cells = (self.figure, f"{_short(self.ours)} {self.unit}", rival, ratio, self._goal(), sign)
        return f"| {' | '.join(cells)} |"

    def _goal(self) -> str:
        if self.twice_the_rival:
            return "≤ 2 × rival"
        if self.most is not None:
            return f"≤ {_short(self.most)} {self.unit}"
        return f"≥ {_short(self.least)} {self.unit}" if self.least is not None else ""


def table(rows: Iterable[Row]) -> str:
    """All rows in Markdown."""
    return "\n".join([HEADER, *map(str, rows)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank)."""
    if not values:
        raise ValueError("nothing was measured: not one event arrived")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
