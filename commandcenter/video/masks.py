"""Parts of a picture that nobody may see: how they are written in a list, and painted over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from commandcenter.video.messages import Polygon

if TYPE_CHECKING:
    from commandcenter.video.capture import Frame

_GREY = (48, 48, 48, 255)  # dark, yet not taken for a hole in the picture
_RIM = 3  # pixels: the outline is drawn as well, since a filled shape ends half a pixel early

Corner = tuple[float, float]


def read_masks(text: str) -> tuple[Polygon, ...]:
    """The polygons of the column `mask`: "0,0 0.2,0 0.2,0.1; 0.5,0.5 …".

    Corners are x,y as parts of the width and height, from the upper left. Raises ValueError, which
    says what is wrong and where.
    """
    parts = [part.split() for part in text.split(";")]
    return tuple(_polygon(part, n) for n, part in enumerate(filter(None, parts), 1))


def burn(frame: Frame, polygons: Iterable[Polygon]) -> None:
    """Paint over every pixel of a frame that a polygon touches, in place."""
    import cv2  # here, because the process that reads the list has no other use for it
    import numpy as np

    polygons = tuple(polygons)
    if not polygons or not frame.size:
        return
    canvas = np.ascontiguousarray(frame)
    tall, wide = frame.shape[:2]
    for polygon in polygons:  # one by one: where two overlap, cv2 would leave a hole
        corners = np.floor(np.array(polygon) * (wide, tall)).astype(np.int32)
        cv2.fillPoly(canvas, [corners], _GREY, cv2.LINE_8)
        cv2.polylines(canvas, [corners], True, _GREY, _RIM, cv2.LINE_8)
    if canvas is not frame:
        frame[...] = canvas


def _polygon(corners: list[str], number: int) -> Polygon:
    polygon = tuple(_corner(corner, number) for corner in corners)
    if len(set(polygon)) < 3:
        raise ValueError(f"mask {number} has {len(set(polygon))} corners; it needs at least 3")
    if _crosses_itself(polygon):
        raise ValueError(
            f"mask {number}: its edges cross, which would leave a hole; "
            "give the corners in their order around it"
        )
    return polygon


def _corner(text: str, number: int) -> Corner:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"mask {number}: {text!r} is not a corner; write x,y as in 0.25,0.5"
        ) from None
    if not (0 <= x <= 1 and 0 <= y <= 1):  # nor is it true of NaN
        raise ValueError(f"mask {number}: {text!r} lies outside of the picture; write 0 to 1")
    return x, y


def _crosses_itself(polygon: Polygon) -> bool:
    return any(_cross(*one, *other) for one, other in combinations(_edges(polygon), 2))


def _edges(polygon: Polygon) -> Iterator[tuple[Corner, Corner]]:
    return zip(polygon, (*polygon[1:], polygon[0]), strict=True)


def _cross(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    """Whether a line from a to b and one from c to d cross at a point inside both."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Corner, b: Corner, point: Corner) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
