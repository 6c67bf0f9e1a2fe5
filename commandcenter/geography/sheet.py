"""A sheet: the region laid out once for all drawings of it, in units of about 1 rem on a wall."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, radians, sqrt

from commandcenter.geography.crowd import spread
from commandcenter.geography.geojson import Outline, key
from commandcenter.geography.labels import LINE, Label, Labels, width, within
from commandcenter.geography.plane import Box, Point, Ring, padded_hull, surface
from commandcenter.geography.territory import territories

SIDE = 36.0  # the longer side of a sheet
SHORTEST = 33.0  # and the shorter at least, so that names keep their size
EDGE = 0.6  # between the outline and the edge of the sheet
PAD = 2.2  # between points and an outline that is drawn around them
NAME = 1.05  # size of a kecamatan's name
NOTE = 1.0  # size of smaller texts
NOTE_WIDTH = 10.4  # room for "12 tidak diketahui" under a name
INDONESIA = Box(94.0, -12.0, 142.0, 7.0)
"""West, south, east, north. A place elsewhere is a typing mistake that would shrink all others to a
dot: latitude and longitude exchanged, a lost decimal point, 0/0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something that stands somewhere, in degrees of WGS 84."""

    id: str
    kecamatan: str
    latitude: float
    longitude: float

    @property
    def plausible(self) -> bool:
        """Whether it can be there at all."""
        south, north = INDONESIA.top, INDONESIA.bottom
        across = INDONESIA.left <= self.longitude <= INDONESIA.right
        return across and south <= self.latitude <= north


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A kecamatan; without a name a part of the outline that no place belongs to."""

    name: str
    rings: tuple[Ring, ...]
    path: str = ""
    """`rings` as the path of an SVG."""
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Where everything is drawn."""

    box: Box
    at: Mapping[str, Point]
    """Where each place is drawn, by its id."""
    radius: float
    """Of the sign of a place."""
    areas: tuple[Area, ...]
    labels: Labels
    """The names that stand; a drawing puts more into a copy."""
    borderless: tuple[str, ...] = ()
    """Kecamatan that the operator's outline does not have."""
    project: Callable[[Point], Point]
    """Where a point of (longitude, latitude) lies."""


def lay_out(places: Sequence[Place], outline: Outline | None = None) -> Sheet:
    """Lay places out, over the operator's outline or over one that is drawn from them."""
    crowd = _crowd(len(places))
    degrees = [(place.longitude, place.latitude) for place in places]
    borders = [ring for border in outline.borders for ring in border.rings] if outline else []
    project = _Projection.of(
        [*degrees, *(point for ring in borders for point in ring)],
        SIDE - 2 * (EDGE if outline else PAD + EDGE),
    )
    apart = spread([project(point) for point in degrees], crowd, 1.5 * crowd)
    drawn = [(round(x, 2), round(y, 2)) for x, y in apart]
    areas = _given(places, outline, project) if outline else _found(places, drawn)
    box = _box([*drawn, *(point for area in areas for ring in area.rings for point in ring)])
    labels = Labels(box, drawn, crowd / 2)
    return Sheet(
        box=box,
        at={place.id: point for place, point in zip(places, drawn, strict=True)},
        radius=crowd * 0.36,
        areas=tuple(_ready(areas, labels)),
        labels=labels,
        borderless=tuple(sorted(_kecamatan(places) - {area.name for area in areas})),
        project=project,
    )


@dataclass(frozen=True, slots=True)
class _Projection:
    """Equal degrees, those of longitude shortened by the cosine of the latitude in the middle:
    true to a hundredth for a region of a few hundred kilometres."""

    origin: Point
    narrowing: float
    scale: float

    @classmethod
    def of(cls, degrees: Sequence[Point], side: float) -> _Projection:
        """The one in which the longer side of what is shown measures `side`."""
        box = Box.of(degrees) if degrees else Box(0, 0, 0, 0)
        narrowing = cos(radians(box.middle[1]))
        longer = max(box.width * narrowing, box.height)
        return cls((box.left, box.bottom), narrowing, side / longer if longer > 1e-9 else 1.0)

    def __call__(self, degrees: Point) -> Point:
        x = (degrees[0] - self.origin[0]) * self.narrowing * self.scale
        return x, (self.origin[1] - degrees[1]) * self.scale


def _crowd(count: int) -> float:
    """The distance that points should have: smaller signs where there are very many."""
    return min(0.95, max(0.5, 0.55 * SIDE / sqrt(max(1, count))))


def _kecamatan(places: Iterable[Place]) -> set[str]:
    return {place.kecamatan for place in places if place.kecamatan}


def _found(places: Sequence[Place], drawn: Sequence[Point]) -> list[Area]:
    """Areas drawn from the points; a place without a kecamatan stands in anybody's."""
    whole = padded_hull(drawn, PAD)
    known = [n for n, place in enumerate(places) if place.kecamatan]
    parts = territories(
        [drawn[n] for n in known], [places[n].kecamatan for n in known], whole, margin=0.6
    )
    if not parts:
        return [Area(name="", rings=(whole,))] if whole else []
    return [Area(name=name, rings=(ring,)) for name, ring in parts.items()]


def _given(places: Sequence[Place], outline: Outline, project: _Projection) -> list[Area]:
    """Areas from the operator's file, under the names that the places have for them."""
    name_of = {key(name): name for name in _kecamatan(places)}
    found: dict[str, list[Ring]] = {}
    for border in outline.borders:
        name = next((name_of[k] for k in border.keys if k in name_of), "")
        rings = (tuple(project(point) for point in ring) for ring in border.rings)
        found.setdefault(name, []).extend(rings)
    return [Area(name=name, rings=tuple(rings)) for name, rings in found.items() if rings]


def _box(points: Sequence[Point]) -> Box:
    """What is shown: everything, and never so little that names would look like headlines."""
    box = (Box.of(points) if points else Box(0, 0, 0, 0)).grown(EDGE)
    return Box.around(box.middle, max(box.width, SHORTEST), max(box.height, SHORTEST))


def _ready(areas: Iterable[Area], labels: Labels) -> Iterator[Area]:
    """The areas ready to draw, the smallest first: its name has the least choice."""
    for area in sorted(areas, key=lambda area: sum(surface(ring) for ring in area.rings)):
        wide = max(width(area.name, NAME), NOTE_WIDTH)
        places = within(area.rings, wide, (NAME + NOTE) * LINE) if area.name else ()
        yield replace(area, label=labels.put(places), path=_path(area.rings))


def _path(rings: Sequence[Ring]) -> str:
    return "".join(f"M{' '.join(f'{x:.2f},{y:.2f}' for x, y in ring)}Z" for ring in rings)
