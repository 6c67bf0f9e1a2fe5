"""An outline where nobody has drawn one: the areas of kecamatan, found from their own points.

The cells of the kecamatan's middles (Voronoi) come first; then the borders are moved until every
point lies in the area of its own kecamatan, where straight borders can do that. A border is always
a straight line between two linear functions (Aurenhammer, "Power diagrams", 1987), so that areas
stay convex and share their borders exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, TypeAlias

import numpy as np

from commandcenter.geography.plane import Point, Ring, cut

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
ROUNDS = 300
STEP = 0.05


def territories(
    points: Sequence[Point], owners: Sequence[str], whole: Ring, margin: float
) -> dict[str, Ring]:
    """Owner -> its part of the convex polygon `whole`; each point `margin` inside where possible.
    An owner for whom no room is left has no part."""
    if not points:
        return {}
    names = sorted(set(owners))
    mine = np.array([names.index(owner) for owner in owners])
    placed = np.array(points)
    middle = placed.mean(axis=0)
    size = max(1e-9, float(np.abs(placed - middle).max()))
    unit = np.column_stack([(placed - middle) / size, np.ones(len(points))])
    borders = _separate(unit, mine, _middles(unit, mine, len(names)), margin / size)
    borders[:, :2] /= size
    borders[:, 2] -= borders[:, :2] @ middle
    parts = {name: _part(n, borders, whole) for n, name in enumerate(names)}
    return {name: part for name, part in parts.items() if part}


def _middles(points: Array, mine: Any, count: int) -> Array:
    """The linear functions of the cells of nearest middles: 2·c·p − |c|² is largest in c's cell."""
    middles = np.array([points[mine == n, :2].mean(axis=0) for n in range(count)])
    return np.column_stack([2 * middles, -(middles**2).sum(axis=1)])


def _separate(points: Array, mine: Any, borders: Array, margin: float) -> Array:
    """Move borders towards points on the wrong side (the perceptron rule). The best that leaves
    room for everybody is kept; where kecamatan interlock that may be the cells as they were."""
    best, least = borders, inf
    every = np.arange(len(points))
    for n in range(ROUNDS if len(borders) > 1 else 0):
        lead, rival = _lead(points @ borders.T, every, mine)
        steepness = np.linalg.norm(borders[mine, :2] - borders[rival, :2], axis=1)
        near = lead < margin * steepness
        cost = (lead <= 0).sum() * len(points) + near.sum()  # a point elsewhere is worse than all
        everybody = len(np.unique(mine[lead > 0])) == len(borders)
        if cost < least and (everybody or n == 0):
            best, least = borders, cost
        if not near.any():
            break
        pull = STEP / (1 + n / 40) / np.sqrt(near.sum()) * points[near]
        borders = borders.copy()
        np.add.at(borders, mine[near], pull)
        np.subtract.at(borders, rival[near], pull)
    return best.copy()


def _lead(scores: Array, every: Any, mine: Any) -> tuple[Array, Any]:
    """By how much each point belongs to its own rather than to the strongest rival, and to whom."""
    own = scores[every, mine]
    scores[every, mine] = -np.inf
    rival = scores.argmax(axis=1)
    return own - scores[every, rival], rival


def _part(mine: int, borders: Array, whole: Ring) -> Ring:
    part = whole
    for other, border in enumerate(borders):
        difference = borders[mine] - border
        if other == mine or not part:
            continue
        if not difference[:2].any():  # two middles at one place: the first of them has it all
            difference = np.array([0.0, 0.0, other - mine])
        part = cut(part, *(float(d) for d in difference))
    return part
