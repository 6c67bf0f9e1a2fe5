"""Whether a warning is for our region, and for which of its places.

BMKG names the kecamatan, in capitals, in the description, and draws up to 150 polygons; its
areaDesc is the whole province, and its identifiers carry the province's number at BPS
(2.49.0.1.360.0.<date>.<..>.<province>.<number>). Names of kecamatan occur more than once in the
country, so a name far from all of our points is that of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from commandcenter.alerts.alert import Scene
from commandcenter.geography.plane import Box, Point, Ring, inside
from commandcenter.lists import Office

_NEAR = 0.5  # degrees, about 55 km: a kecamatan of ours may reach so far from its points
_PROVINCE = re.compile(r"(?:urn:oid:)?2\.49\.0\.1\.360\.\d+(?:\.\d+){4}\.(\d{2})\.\d+", re.ASCII)
_CAPITALS = re.compile(r"\b(?!(?:WIB|WITA|WIT|BMKG|UTC|GMT)\b)[A-Z]{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a warning says of where it holds."""

    identifier: str
    names: str
    """Names of areas, and the headline."""
    description: str
    rings: tuple[Ring, ...] = ()

    def province(self) -> str:
        """BPS' number of the province, "" where the identifier has none."""
        found = _PROVINCE.fullmatch(self.identifier)
        return found[1] if found else ""

    def places(self, scene: Scene) -> tuple[str, ...]:
        """Our kecamatan that it names, and those it draws a line around."""
        told = f"{self.names}\n{self.description}"
        named = [name for name in _kecamatan(scene.offices) if _says(told, name)]
        drawn = [o.kecamatan for o in _located(scene.offices) if o.kecamatan and self._holds(o)]
        return tuple(dict.fromkeys(named if self._lists() else [*named, *drawn]))

    def concerns(self, scene: Scene) -> bool:
        """Whether it may be for us. What leaves that open is taken."""
        province = self.province()
        if province and scene.province and province != scene.province:
            return False
        if not self._is_near(scene.offices):
            return False
        if self.places(scene):
            return True
        if self._lists() and _kecamatan(scene.offices):
            return False
        return not self._misses(scene.offices)

    def _lists(self) -> bool:
        """Whether the description names every kecamatan that is meant, as BMKG's do."""
        return bool(self.province() and _CAPITALS.search(self.description))

    def _is_near(self, offices: Sequence[Office]) -> bool:
        points = [_point(office) for office in _located(offices)]
        if not points or not self.rings:
            return True
        boxes = [Box.of(ring).grown(_NEAR) for ring in self.rings]
        return any(box.has(point) for box in boxes for point in points)

    def _misses(self, offices: Sequence[Office]) -> bool:
        """Whether it draws its areas, and all of our points are outside."""
        located = _located(offices)
        return bool(self.rings and located) and not any(self._holds(one) for one in located)

    def _holds(self, office: Office) -> bool:
        return any(inside(_point(office), [ring]) for ring in self.rings)


def rings(polygons: Iterable[str], circles: Iterable[str] = ()) -> tuple[Ring, ...]:
    """CAP's polygons ("lat,lon lat,lon …") and circles ("lat,lon km"), as rings of (lon, lat). What
    cannot be read is left out."""
    found = []
    for told in polygons:
        with suppress(ValueError):
            found.append(tuple(_pair(one) for one in told.split()))
    for told in circles:
        with suppress(ValueError):
            middle, kilometres = told.split()
            wide = 2 * float(kilometres) / 111.2
            found.append(Box.around(_pair(middle), wide, wide).corners)
    return tuple(ring for ring in found if len(ring) > 2)


def _pair(told: str) -> Point:
    """Latitude first. Where that cannot be one, as with every longitude of Indonesia, the two were
    written the other way round."""
    latitude, longitude = map(float, told.split(","))
    return (longitude, latitude) if abs(latitude) <= 90 else (latitude, longitude)


def _says(text: str, name: str) -> bool:
    """Whether a text has a name, as words of their own."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _kecamatan(offices: Iterable[Office]) -> list[str]:
    return list(dict.fromkeys(office.kecamatan for office in offices if office.kecamatan))


def _located(offices: Iterable[Office]) -> list[Office]:
    return [one for one in offices if one.latitude is not None and one.longitude is not None]


def _point(office: Office) -> Point:
    return office.longitude or 0.0, office.latitude or 0.0
