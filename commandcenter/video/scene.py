"""What a camera's picture is made of, and what of it is no longer as it used to be.

The measures, each for 16 x 9 fields of the picture, brought to the same small size first:

- *edges*: how much structure there is;
- *layout*: which way the brightness rises, at 5 x 5 points of each field. Light and weather change
  how strongly it does; only what stands elsewhere changes the way;
- *sharpness*: how steep edges are in a fine picture against the same edges in a coarse one, which
  weather and contrast hardly touch.

Covered: the structure is gone, and what is left points elsewhere. Defocused: fields that point
where they ever did have lost their steepness. Moved: there is structure, but it points elsewhere.
Each is told against what is usual at this hour of the day (habits.py). Black needs no history,
save that a camera without lamps has its nights.

Measured on 8 painted streets of 640 x 360, noise of sigma 1.5 by day and 4 by night, four looks
each (lowest and highest part of the fields; sharpness and edges as parts of the usual):

    =========================== ========== ========== ========== ========== ==========
    what it sees                lost       alike      sharpness  edges      told
    =========================== ========== ========== ========== ========== ==========
    a day, cars, clouds, rain   0.00-0.07  0.87-1.00  0.97-1.23  0.55-1.44  0 of 96
    a lorry on 0.6 or 0.7 of it 0.27-0.60  0.17-0.52  0.96-0.99  0.59-1.01  0 of 64
    grey, dusk, a dark day      0.05-0.93  0.87-1.00  0.98-1.14  0.32-1.05  0 of 128
    haze, 0.3 to 0.08 contrast  0.09-1.00  0.88-1.00  0.99-1.08  0.11-0.41  0 of 96
    a night, headlights, rain   0.00-0.56  0.47-1.00  0.92-1.33  0.67-2.00  0 of 128
    turned by 0.01 of the width 0.00-0.06  0.65-1.00  0.95-0.99  1.22-1.45  0 of 64
    turned by 0.02              0.00-0.09  0.16-0.34  0.90-1.04  1.27-1.46  0 of 32
    turned by 0.03              0.02-0.12  0.06-0.22  0.89-1.17  1.30-1.49  22 of 32
    turned by 0.05 and more     0.05-0.46  0.00-0.14             1.27-2.03  192 of 192
    blur of sigma 1 to 8 pixels 0.00-0.48  0.81-1.00  0.29-0.64  0.36-1.34  192 of 192
    the same of 3 at night      0.10-0.56  0.62-1.00  0.53-0.72  0.59-0.79  26 of 32
    a cover over 0.6 of it      0.50-0.63  0.33-0.53  0.97-0.99  0.48-0.67  0 of 32
    a cover over 0.7            0.65-0.78  0.23-0.40  0.97-0.99  0.35-0.49  12 of 32
    a cover over 0.8 and more   0.73-1.00  0.01-0.25  0.97-0.99  0.03-0.35  96 of 96
    =========================== ========== ========== ========== ========== ==========

Not found: what comes as slowly as dirt; a turn by less than about the thirtieth part of the
picture's width; a lens that was covered before its first day; at night a blur or a turn where too
little is lit. Taken for a cover: a fog so dense that nothing is seen through it, and at night a
lorry that stands for half a minute before all that is lit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan, nan

import cv2
import numpy as np
from numpy.typing import NDArray

from commandcenter.vocabulary import CameraState

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

FIELDS = (16, 9)
POINTS = (80, 45)
SMALL = (160, 90)
FINE = 640  # pixels wide: what is finer than this is mostly noise

_BLACK, _FLAT = 30, 5.0  # levels of grey: the brightest hundredth, and the spread
_STRUCTURE = 2.0  # levels of grey from one point of SMALL to the next: a field with edges
_STEEP = 10.0  # the same, of the steepest edge of a field: its sharpness can be measured
_FEWEST = 14  # fields; a picture with fewer that have structure does not tell where it looks
_FEWEST_STEEP = 6
_GONE = 0.35  # of its usual edges: a field has lost its structure
_COVERED = 0.7  # of the fields have
_ALIKE = 0.5  # cosine: a field points the same way as ever
_ELSEWHERE = 0.4  # of the fields point where they used to, at most, behind a cover
_MOVED = 0.16  # of the fields do, at most, when the camera was turned
_LIVELY = 0.5  # of the usual edges: with fewer it is the air, not the camera
_SOFT = 0.66  # of the usual sharpness


@dataclass(frozen=True, slots=True)
class View:
    """The measures of one picture, or the usual ones of an hour."""

    edges: Floats
    layout: Floats
    sharpness: Floats
    """0 in a field without an edge that would tell."""
    black: float
    """1 for a black picture, 0 for another; of an hour, how often it was."""


def judge(view: View, usual: Sequence[View]) -> CameraState:
    """The state that a picture is in; "live" when nothing is wrong.

    `usual`: what is known of this hour of the day and of those beside it.
    """
    if view.black:
        return "dark"
    if not usual:
        return "live"
    likeness = _most(alike(view, one) for one in usual)
    if likeness <= _ELSEWHERE and _most(lost(view, one) for one in usual) >= _COVERED:
        return "covered"
    if _most(sharp(view, one) for one in usual) < _SOFT:
        return "defocused"
    if likeness <= _MOVED and max(lively(view, one) for one in usual) >= _LIVELY:
        return "moved"
    return "live"


def vouches(view: View, usual: Sequence[View], trouble: CameraState) -> bool:
    """Whether a picture shows that a trouble is over; a dark night, say, only does not show it."""
    if trouble == "defocused":
        return _most(sharp(view, one) for one in usual) >= _SOFT
    if trouble in ("covered", "moved"):
        return _most(alike(view, one) for one in usual) > _ELSEWHERE
    return True


def measure(fine: Grey) -> tuple[View, Grey]:
    """The measures of a picture that is no wider than FINE, and its thumbnail."""
    small = np.asarray(cv2.resize(fine, SMALL, interpolation=cv2.INTER_AREA), np.uint8)
    slopes = steepness(small)
    view = View(
        edges=np.asarray(cv2.resize(slopes, FIELDS, interpolation=cv2.INTER_AREA), np.float32),
        layout=_layout(small),
        sharpness=_sharpness(fine, slopes),
        black=float(_is_black(small)),
    )
    return view, small


def steepness(picture: Grey) -> Floats:
    """By how many levels of grey a picture changes from each pixel to the next."""
    across, down = _slopes(picture)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def lost(view: View, usual: View) -> float:
    """The part of the fields with structure that have none now; NaN if there are few."""
    known = usual.edges >= _STRUCTURE
    if np.count_nonzero(known) < _FEWEST:
        return nan
    return float((view.edges[known] < _GONE * usual.edges[known]).mean())


def alike(view: View, usual: View) -> float:
    """The part of the fields with structure that point where they used to; NaN if there are few."""
    known = usual.edges >= _STRUCTURE
    if np.count_nonzero(known) < _FEWEST:
        return nan
    return float((likenesses(view, usual)[known] >= _ALIKE).mean())


def sharp(view: View, usual: View) -> float:
    """The sharpness of what is where it ever was, as a part of the usual; NaN if there is little.

    Only there: the light of a car's lamps has no sharp edge.
    """
    both = (view.sharpness > 0) & (usual.sharpness > 0)
    known = both & (likenesses(view, usual) >= _ALIKE)
    if np.count_nonzero(known) < _FEWEST_STEEP:
        return nan
    return float(np.median(view.sharpness[known] / usual.sharpness[known]))


def lively(view: View, usual: View) -> float:
    """All the edges, as a part of the usual ones."""
    return float(view.edges.mean()) / (float(usual.edges.mean()) + 1e-6)


def likenesses(view: View, usual: View) -> Floats:
    """How much each field points the way it used to: the cosine, 1 for the same, 0 for another."""
    both = _per_field(view.layout * usual.layout)
    lengths = _per_field(view.layout**2) * _per_field(usual.layout**2)
    return np.asarray(both / np.sqrt(lengths + 1e-9), np.float32)


def _most(values: Iterable[float]) -> float:
    """The highest of those that are known; NaN, of which no comparison is true, if none is."""
    return max((value for value in values if not isnan(value)), default=nan)


def _is_black(small: Grey) -> bool:
    """Whether there is nothing to see but burned-in text at the upper and lower edge."""
    middle = small[len(small) // 5 : -(len(small) // 5)]
    bright = np.count_nonzero(middle >= _BLACK)
    return bool(bright < middle.size / 100 and middle.std() < _FLAT)


def _layout(small: Grey) -> Floats:
    points = np.asarray(cv2.resize(small, POINTS, interpolation=cv2.INTER_AREA), np.uint8)
    slopes = np.dstack(_slopes(points))
    height = np.sqrt((slopes**2).sum(axis=2, keepdims=True))
    return np.asarray(slopes / (height + max(2.0, float(height.mean()))), np.float32)


def _slopes(picture: Grey) -> tuple[Floats, Floats]:
    across = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _sharpness(fine: Grey, slopes: Floats) -> Floats:
    coarse = _highest(slopes)
    across, down = cv2.spatialGradient(fine)
    steep = cv2.add(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25))
    known = np.maximum(coarse, _STEEP)
    return np.where(coarse < _STEEP, 0, _highest(np.asarray(steep, np.uint8)) / known).astype(
        np.float32
    )


def _highest(slopes: Floats | Grey) -> Floats:
    """The steepest edge in each field."""
    across, down = FIELDS
    tall, wide = slopes.shape[0] // down, slopes.shape[1] // across
    if not tall or not wide:
        return np.zeros((down, across), np.float32)
    part = slopes[: down * tall, : across * wide].reshape(down, tall, across, wide)
    return np.asarray(part.max(axis=(1, 3)), np.float32)


def _per_field(points: Floats) -> Floats:
    """The sum over the points of each field."""
    (across, down), (wide, tall) = FIELDS, POINTS
    fields = points.reshape(down, tall // down, across, wide // across, 2)
    return np.asarray(fields.sum(axis=(1, 3, 4)), np.float32)
