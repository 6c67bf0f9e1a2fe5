"""Names on a sheet: put one by one where they are free, and where they hide the fewest points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from math import cos, hypot, inf, sin, tau
from typing import Any

import numpy as np

from commandcenter.geography.plane import Box, Point, Ring, inside, surface

SMALL, CAPITAL = 0.56, 0.7  # width of a letter of Inter in its size, on the safe side
LINE = 1.25
HIDING = 3.0
LEADERS = (2.0, 3.2, 4.5, 6.0, 8.0)  # lengths that are tried
COMPASS = tuple((cos(tau * n / 16), sin(tau * n / 16)) for n in range(16))
DOTS = 12  # points of a leader that are looked at
STEPS = 14  # places that are tried across and down an area


@dataclass(frozen=True, slots=True)
class Label:
    """Where a text may stand: its box, and the side of it that its text is set against."""

    box: Box
    anchor: str = "middle"
    cost: float = 0.0
    """How unwelcome the place is; a hidden point costs HIDING."""
    leader: tuple[Point, Point] | None = None
    """The line from the point to its name."""

    @property
    def line(self) -> list[Point]:
        """Points along the leader, close enough that no name fits between two of them."""
        if not self.leader:
            return []
        (x1, y1), (x2, y2) = self.leader
        return [(x1 + (x2 - x1) * n / DOTS, y1 + (y2 - y1) * n / DOTS) for n in range(DOTS)]


class Labels:
    """The names that stand on a sheet so far."""

    def __init__(self, sheet: Box, points: Sequence[Point], radius: float) -> None:
        self._sheet = sheet
        self._points: Any = np.array(points, dtype=float).reshape(-1, 2)
        self._radius = radius
        self.taken: list[Box] = []
        self._leaders: list[Point] = []

    def copy(self) -> Labels:
        """The same names, to put more beside them."""
        other = copy(self)
        other.taken, other._leaders = list(self.taken), list(self._leaders)
        return other

    def put(self, choices: Iterable[Label], most: float = inf) -> Label | None:
        """The best of the free places that hide `most` points at most; it is taken from now on.
        The choices come with the least cost first. None: no place is free."""
        best, least = None, inf
        for choice in choices:
            if choice.cost >= least:
                break  # none of those that follow can be better
            if self._free(choice) and (hidden := self._hidden(choice.box)) <= most:
                cost = choice.cost + HIDING * hidden
                best, least = (choice, cost) if cost < least else (best, least)
        if best:
            self.taken.append(best.box)
            self._leaders += best.line
        return best

    def _free(self, label: Label) -> bool:
        box = label.box
        if not self._sheet.holds(box) or any(box.meets(other) for other in self.taken):
            return False
        struck = any(other.has(point) for point in label.line for other in self.taken)
        return not struck and not any(box.has(point) for point in self._leaders)

    def _hidden(self, box: Box) -> int:
        wide = box.grown(self._radius)
        x, y = self._points[:, 0], self._points[:, 1]
        across = (x > wide.left) & (x < wide.right)
        return int((across & (y > wide.top) & (y < wide.bottom)).sum())


def width(text: str, size: float) -> float:
    """How wide a text of this size is at most."""
    return size * sum(SMALL if letter.islower() else CAPITAL for letter in text)


def within(rings: Sequence[Ring], wide: float, high: float) -> list[Label]:
    """Places in an area, best in its middle; corners that reach over its border cost."""
    largest = max(rings, key=surface)
    box = Box.of(largest)
    x0, y0 = box.middle
    found = []
    for x, y in _lattice(box):
        if inside((x, y), rings):
            place = Box.around((x, y), wide, high)
            outside = sum(not inside(corner, rings) for corner in place.corners)
            found.append(Label(place, cost=1.5 * outside + 0.12 * hypot(x - x0, y - y0)))
    return sorted(found, key=lambda label: label.cost)


def _lattice(box: Box) -> Iterator[Point]:
    shares = [n / STEPS for n in range(1, STEPS)]
    return ((box.left + box.width * a, box.top + box.height * b) for a in shares for b in shares)


def beside(point: Point, wide: float, high: float, gap: float) -> Iterator[Label]:
    """Places for the name of a point: next to it, or farther off at the end of a leader."""
    (x, y), off = point, gap + high / 2
    yield _from((x + gap, y), 1, wide, high, 0.0)
    yield _from((x - gap, y), -1, wide, high, 0.2)
    yield Label(Box.around((x, y - off), wide, high), cost=0.4)
    yield Label(Box.around((x, y + off), wide, high), cost=0.4)
    for far in LEADERS:
        for dx, dy in COMPASS:
            end = x + far * dx, y + far * dy
            yield _from(end, 1 if dx > 0 else -1, wide, high, 1.0 + 0.3 * far, (point, end))


def _from(
    end: Point,
    side: int,
    wide: float,
    high: float,
    cost: float,
    leader: tuple[Point, Point] | None = None,
) -> Label:
    box = Box.around((end[0] + side * wide / 2, end[1]), wide, high)
    return Label(box, "start" if side > 0 else "end", cost, leader)
