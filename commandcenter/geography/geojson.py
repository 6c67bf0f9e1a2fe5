"""The operator's own outline: a GeoJSON file with the borders of the kecamatan (RFC 7946)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import orjson
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from commandcenter.geography.plane import Box, Point, Ring

MEGABYTES = 20  # largest file: every process that reads config.toml reads it
FINENESS = 1200  # corners lie on a grid of so many steps: finer than any screen shows a region
NAMES = ("kecamatan", "wadmkc", "nm_kecamatan", "nama_kecamatan", "namobj", "nama", "name")
CODES = ("kode_kecamatan", "kd_kecamatan", "kdcpum", "kode_kemendagri", "kode", "code", "id")
"""Properties that are looked at, in this order. WADMKC, KDCPUM and NAMOBJ are the names in the
boundary data of Badan Informasi Geospasial (catalogue of geographic elements, KUGI)."""
_PREFIX = re.compile(r"^(kecamatan|kec\.?|distrik)\s+")


@dataclass(frozen=True, slots=True)
class Border:
    """One kecamatan of the file: `keys` are its name and code as `key` writes them."""

    keys: tuple[str, ...]
    rings: tuple[Ring, ...]


class Outline:
    """The borders in a file; made from its path when config.toml is read.

    Raises ValueError with a sentence that names the file, the feature and what to do.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        try:
            self.borders = _snapped(_borders(_features(self.path)))
        except _Wrong as wrong:
            raise ValueError(f"{path}: {wrong}") from wrong

    def __repr__(self) -> str:
        return f"Outline({str(self.path)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def key(told: str) -> str:
    """A name or a Kemendagri code as it is compared: "Kec. Arut Utara" is "arut utara", and
    "62.01.02" is "620102"."""
    plain = " ".join(told.split()).casefold()
    digits = plain.replace(".", "")
    return digits if digits.isdigit() else _PREFIX.sub("", plain)


class _Wrong(Exception):
    """What is wrong with the file, without its name."""


def _features(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > MEGABYTES * 1_000_000:
            raise _Wrong(f"larger than {MEGABYTES} MB; simplify it (mapshaper -simplify) first")
        told = orjson.loads(path.read_bytes())
    except OSError as error:
        raise _Wrong(f"cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise _Wrong(f"not JSON: {error}") from error
    features = told.get("features") if isinstance(told, dict) else None
    if not isinstance(features, list) or not features:
        raise _Wrong('not GeoJSON: it needs "type": "FeatureCollection" with "features"')
    return features


def _borders(features: list[Any]) -> list[Border]:
    found = [_border(number, feature) for number, feature in enumerate(features, 1)]
    if not any(border.keys for border in found):
        raise _Wrong(
            'no feature tells its kecamatan; put its name into the property "kecamatan" '
            'or its Kemendagri code into "code"'
        )
    return found


def _border(number: int, feature: Any) -> Border:
    told = feature if isinstance(feature, dict) else {}
    try:
        rings = tuple(_rings(told.get("geometry")))
        if not rings:
            raise ValueError("it is empty")
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise _Wrong(f"feature {number}: not a Polygon or MultiPolygon: {error}") from error
    for longitude, latitude in (point for ring in rings for point in ring):
        if abs(longitude) > 180 or abs(latitude) > 90:
            raise _Wrong(
                f"feature {number}: {longitude:g}, {latitude:g} are not degrees; "
                "export it as WGS 84 (EPSG:4326)"
            )
    return Border(_keys(told), rings)


def _keys(feature: dict[str, Any]) -> tuple[str, ...]:
    properties = feature.get("properties")
    told = {"id": feature.get("id")} | (properties if isinstance(properties, dict) else {})
    plain = {str(k).casefold(): v for k, v in told.items() if isinstance(v, str | int)}
    found = (next((str(plain[n]) for n in names if plain.get(n)), "") for names in (NAMES, CODES))
    return tuple(key(word) for word in found if word.strip())


def _rings(geometry: Any) -> Iterator[Ring]:
    """The rings of RFC 7946 §3.1.6 and §3.1.7; the last corner repeats the first."""
    if not isinstance(geometry, dict):
        raise TypeError("it has no geometry")
    match geometry.get("type"):
        case "Polygon":
            polygons = [geometry["coordinates"]]
        case "MultiPolygon":
            polygons = geometry["coordinates"]
        case other:
            raise TypeError(f"it is a {other}")
    for ring in (ring for polygon in polygons for ring in polygon):
        corners = tuple(_corner(position) for position in ring)
        if len(corners) < 4:
            raise ValueError(f"a ring of {len(corners)} corners; the least is 4")
        yield corners[:-1] if corners[0] == corners[-1] else corners


def _corner(position: Any) -> Point:
    longitude, latitude = float(position[0]), float(position[1])
    if not (isfinite(longitude) and isfinite(latitude)):
        raise ValueError("a coordinate is no number")
    return longitude, latitude


def _snapped(borders: list[Border]) -> tuple[Border, ...]:
    """Corners on a common grid, so that neighbours still share their border when it has fewer."""
    box = Box.of(point for border in borders for ring in border.rings for point in ring)
    step = max(box.width, box.height) / FINENESS
    return tuple(
        Border(border.keys, tuple(kept for ring in border.rings if (kept := _snap(ring, step))))
        for border in borders
    )


def _snap(ring: Ring, step: float) -> Ring:
    """Empty where nothing is left of it: a rock in the sea."""
    snapped = [(round(x / step) * step, round(y / step) * step) for x, y in ring] if step else []
    kept = tuple(point for n, point in enumerate(snapped) if point != snapped[n - 1])
    return kept if len(kept) > 2 else ()
