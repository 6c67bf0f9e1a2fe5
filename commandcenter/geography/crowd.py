"""Points that sit on each other, nudged apart so that every one of them can be seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import cos, hypot, sin

from commandcenter.geography.plane import Point

ROUNDS = 16
GOLDEN_ANGLE = 2.39996  # turns of it never meet, so points at one place leave it in all directions


def spread(points: Sequence[Point], distance: float, most: float) -> list[Point]:
    """The points, moved until each two are `distance` apart or one has gone `most` from its place.

    The same points always give the same picture.
    """
    here = list(points)
    for _ in range(ROUNDS):
        pushes = _pushes(here, distance)
        if not pushes:
            break
        for n, (dx, dy) in pushes.items():
            here[n] = _near(points[n], (here[n][0] + dx, here[n][1] + dy), most)
    return here


def _pushes(here: Sequence[Point], distance: float) -> dict[int, Point]:
    """How far each crowded point wants to go: half of what is missing, from each neighbour."""
    found: dict[int, Point] = defaultdict(lambda: (0.0, 0.0))
    for i, j in _neighbours(here, distance):
        dx, dy = here[j][0] - here[i][0], here[j][1] - here[i][1]
        apart = hypot(dx, dy)
        if apart >= distance * 0.999:
            continue
        if apart < distance * 1e-3:
            dx, dy, apart = cos(GOLDEN_ANGLE * j), sin(GOLDEN_ANGLE * j), 1.0
            share = distance / 2
        else:
            share = (distance - apart) / 2
        x, y = dx / apart * share, dy / apart * share
        found[i] = found[i][0] - x, found[i][1] - y
        found[j] = found[j][0] + x, found[j][1] + y
    return found


def _neighbours(here: Sequence[Point], distance: float) -> Iterator[tuple[int, int]]:
    """Every pair that may be nearer than `distance`, once: those of one or two touching squares."""
    squares: dict[tuple[int, int], list[int]] = defaultdict(list)
    for n, (x, y) in enumerate(here):
        squares[int(x // distance), int(y // distance)].append(n)
    for (column, row), members in squares.items():
        for place, i in enumerate(members):
            yield from ((i, j) for j in members[place + 1 :])
        for beside in ((1, -1), (1, 0), (1, 1), (0, 1)):
            others = squares.get((column + beside[0], row + beside[1]), ())
            yield from ((i, j) for i in members for j in others)


def _near(home: Point, wanted: Point, most: float) -> Point:
    dx, dy = wanted[0] - home[0], wanted[1] - home[1]
    far = hypot(dx, dy)
    return wanted if far <= most else (home[0] + dx / far * most, home[1] + dy / far * most)
