"""Points and polygons of a plane, in any one unit; y grows downwards as on a screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, sin, tau
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Ring: TypeAlias = tuple[Point, ...]
CORNERS = 12  # of the polygon that stands for a circle


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its sides along the axes."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, middle: Point, width: float, height: float) -> Box:
        """The box of this size with its middle there."""
        x, y = middle
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @classmethod
    def of(cls, points: Iterable[Point]) -> Box:
        """The smallest box that holds all of `points`; there must be one at least."""
        xs, ys = zip(*points, strict=True)
        return cls(min(xs), min(ys), max(xs), max(ys))

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def corners(self) -> Ring:
        """Clockwise from the left top."""
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        return (left, top), (right, top), (right, bottom), (left, bottom)

    def grown(self, by: float) -> Box:
        """With `by` more on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def meets(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)

    def has(self, point: Point) -> bool:
        """Whether a point lies in it."""
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom

    def holds(self, other: Box) -> bool:
        """Whether `other` lies in it."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def padded_hull(points: Iterable[Point], pad: float) -> Ring:
    """The convex hull of a circle of radius `pad` around every point: a polygon with an inside also
    around a single point, or points that stand in line."""
    circle = [(pad * cos(tau * n / CORNERS), pad * sin(tau * n / CORNERS)) for n in range(CORNERS)]
    return hull((x + dx, y + dy) for x, y in hull(points) for dx, dy in circle)


def hull(points: Iterable[Point]) -> Ring:
    """The convex hull: Andrew's monotone chain."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return tuple(ordered)
    return (*_half(ordered), *_half(ordered[::-1]))


def _half(ordered: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain[:-1]


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def cut(ring: Ring, a: float, b: float, c: float) -> Ring:
    """What of a convex polygon lies where a·x + b·y + c ≥ 0: one step of Sutherland–Hodgman."""
    found: list[Point] = []
    sides = [a * x + b * y + c for x, y in ring]
    for n, (point, side) in enumerate(zip(ring, sides, strict=True)):
        before, side_before = ring[n - 1], sides[n - 1]
        if (side >= 0) != (side_before >= 0):
            share = side_before / (side_before - side)
            found.append(
                (
                    before[0] + share * (point[0] - before[0]),
                    before[1] + share * (point[1] - before[1]),
                )
            )
        if side >= 0:
            found.append(point)
    return tuple(found) if len(found) > 2 else ()


def inside(point: Point, rings: Iterable[Ring]) -> bool:
    """Whether a point lies in an area of one or more rings; a ring within a ring is a hole."""
    x, y = point
    crossings = 0
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                crossings += 1
    return crossings % 2 == 1


def surface(ring: Ring) -> float:
    """The area within a ring."""
    following = (*ring[1:], ring[0])
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True))) / 2
