"""The map: what stands where, and what a person sees of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import orjson
import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.config import BadConfig, read_config
from commandcenter.geography.geojson import Outline
from commandcenter.geography.labels import beside
from commandcenter.geography.plane import Box, inside
from commandcenter.geography.sheet import Place, Sheet, lay_out
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.map import SHAPES, Map
from tests.conftest import NOW

NORTH, SOUTH = "Arut Utara", "Arut Selatan"


# --- a small regency ------------------------------------------------------------------------------


def device(identity: str, state: str = "up", **told: Any) -> Reading:
    value = {
        "name": identity.title(),
        "role": "office",
        "kecamatan": SOUTH,
        "parent": "",
        "state": state,
        "latitude": -2.70,
        "longitude": 111.60,
    }
    return Reading(feed="network", key=f"device/{identity}", at=NOW, value=value | told)


def view(*readings: Reading, language: str = "id") -> View:
    board = Board(patience={"network": Patience(late_after=30, stale_after=90)})
    board.take(readings, NOW)
    return View(
        board=board,
        feeds=("network",),
        now=NOW,
        say=Language(language, ZoneInfo("Asia/Jakarta")),
        region=Region(name="Kabupaten Kotawaringin Barat"),
    )


def place(identity: str, latitude: float, longitude: float, kecamatan: str = SOUTH) -> Place:
    return Place(id=identity, kecamatan=kecamatan, latitude=latitude, longitude=longitude)


def regency(count: int, seed: int = 7) -> list[Place]:
    """Offices around the middles of twelve kecamatan, most of them in one town."""
    chance = random.Random(seed)
    middles = [(chance.uniform(-2.8, -2.2), chance.uniform(111.3, 112.0)) for _ in range(12)]
    found = []
    for n in range(count):
        which = 0 if n % 2 else chance.randrange(12)
        latitude, longitude = (chance.gauss(middle, 0.03) for middle in middles[which])
        found.append(place(f"office-{n}", latitude, longitude, f"Kecamatan {which}"))
    return found


def nodes(tree: Any) -> Iterator[list[Any]]:
    """Every element of a drawing."""
    if isinstance(tree, list):
        yield tree
        for child in tree[2:]:
            yield from nodes(child)


def of_class(tree: Any, name: str) -> list[list[Any]]:
    return [n for n in nodes(tree) if name in n[1].get("className", "").split()]


def text(tree: Any) -> str:
    if not isinstance(tree, list):
        return tree or ""
    return " ".join(filter(None, (text(child) for child in tree[2:])))


def legend(drawing: Any) -> list[str]:
    [found] = of_class(drawing.body, "legend")
    return [text(entry) for entry in found[2:] if entry]


# --- states ---------------------------------------------------------------------------------------


def test_a_working_office_is_a_disc() -> None:
    [site] = of_class(Map().render(view(device("dinkes"))).body, "site")
    assert site[0] == "circle"
    assert site[1]["aria-label"] == "Dinkes · normal"


@pytest.mark.parametrize(
    ("state", "level", "word"),
    [
        ("degraded", "warn", "gangguan"),
        ("down", "bad", "putus"),
        ("unknown", "unknown", "tidak diketahui"),
        ("unconnected", "none", "belum terhubung"),
    ],
)
def test_every_other_state_has_a_shape_a_word_and_a_colour_of_its_own(
    state: str, level: str, word: str
) -> None:
    [site] = of_class(Map().render(view(device("dinkes", state))).body, "site")
    assert site[2:] == list(SHAPES[state])
    assert site[1]["className"] == f"site {level}"
    assert site[1]["aria-label"] == f"Dinkes · {word}"
    assert [s for s, shape in SHAPES.items() if shape == SHAPES[state]] == [state]


def test_the_legend_counts_the_offices_and_not_the_sites_they_hang_on() -> None:
    drawing = Map().render(
        view(
            device("dinkes"),
            device("disdik", "down"),
            device("kec", "unconnected"),
            device("core", role="core"),
            device("rtr", "down", role="kecamatan"),
        )
    )
    assert legend(drawing) == [
        "normal 1",
        "putus 1",
        "belum terhubung 1",
        "2 simpul, 1 putus",
    ]
    assert drawing.subtitle == "1 kecamatan · 3 kantor"


def test_a_broken_office_is_tied_to_the_site_it_hangs_on_and_a_working_one_is_not() -> None:
    drawing = Map().render(
        view(
            device("core", role="core", latitude=-2.5),
            device("dinkes", "down", parent="core"),
            device("disdik", parent="core", latitude=-2.6),
        )
    )
    [link] = of_class(drawing.body, "link")
    [ring] = of_class(drawing.body, "hub")
    assert (link[1]["x2"], link[1]["y2"]) == (ring[1]["cx"], ring[1]["cy"])
    assert link[1]["className"] == "link bad"


def test_a_link_to_a_site_without_coordinates_is_left_out() -> None:
    lost = device("core", role="core", latitude=None)
    drawing = Map().render(view(lost, device("dinkes", "down", parent="core")))
    assert of_class(drawing.body, "link") == []


def test_a_kecamatan_has_the_colour_of_its_worst_state_and_says_how_many() -> None:
    drawing = Map().render(
        view(
            device("a", "down"),
            device("b", "degraded", latitude=-2.71),
            device("c", latitude=-2.3, kecamatan=NORTH),
        )
    )
    areas = {n[1]["key"]: n[1]["className"] for n in of_class(drawing.body, "area")}
    assert areas == {NORTH: "area ok", SOUTH: "area bad"}
    [names] = of_class(drawing.body, "names")
    assert text(names).count("1 putus") == 1


def test_the_core_of_a_provider_does_not_colour_the_kecamatan_it_stands_in() -> None:
    drawing = Map().render(view(device("a"), device("core", "down", role="core")))
    assert [n[1]["className"] for n in of_class(drawing.body, "area")] == ["area ok"]


def test_the_broken_are_drawn_over_the_working() -> None:
    drawing = Map().render(view(device("a", "down"), device("b"), device("c", "degraded")))
    levels = [n[1]["className"] for n in of_class(drawing.body, "site")]
    assert levels == ["site ok", "site warn", "site bad"]


# --- places ---------------------------------------------------------------------------------------


def test_without_any_coordinates_it_says_so_and_still_counts() -> None:
    drawing = Map().render(view(device("a", "down", latitude=None, longitude=None)))
    assert "Belum ada kantor yang berkoordinat" in text(drawing.body)
    assert legend(drawing) == ["normal 0", "putus 1", "1 tanpa koordinat"]


def test_a_place_far_from_the_country_is_counted_and_does_not_shrink_the_others() -> None:
    swapped = device("b", latitude=111.6, longitude=-2.7)
    drawing = Map().render(view(device("a"), swapped, device("c", latitude=0.0, longitude=0.0)))
    assert len(of_class(drawing.body, "site")) == 1
    assert "2 berkoordinat salah" in legend(drawing)


def test_offices_at_one_address_are_nudged_apart() -> None:
    sheet = lay_out([place(f"floor-{n}", -2.7, 111.6) for n in range(6)])
    found = list(sheet.at.values())
    nearest = min(
        ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5
        for n, (x1, y1) in enumerate(found)
        for x2, y2 in found[n + 1 :]
    )
    assert nearest > 2 * sheet.radius


def test_north_is_up_and_a_degree_of_longitude_is_shorter_away_from_the_equator() -> None:
    sheet = lay_out([place("sw", -9.0, 120.0), place("ne", -8.0, 121.0)])
    (west, south), (east, north) = sheet.at["sw"], sheet.at["ne"]
    assert north < south
    assert (east - west) / (south - north) == pytest.approx(0.989, abs=0.001)  # cos 8.5°


def test_the_sheet_is_laid_out_once_for_the_same_places() -> None:
    panel = Map()
    with patch("panels.map.lay_out", wraps=lay_out) as laid:
        for state in ("up", "down", "up"):
            panel.render(view(device("a", state), device("b", latitude=-2.6)))
        assert laid.call_count == 1
        panel.render(view(device("a"), device("b", latitude=-2.5)))
        assert laid.call_count == 2


# --- an outline from the points -------------------------------------------------------------------


@pytest.mark.parametrize(
    "places",
    [
        [place("a", -2.7, 111.6)],
        [place("a", -2.7, 111.6), place("b", -2.7, 111.9, NORTH)],
        [place("a", -2.7, 111.6), place("b", -2.7, 111.6, NORTH)],
        [place(f"p{n}", -2.7 + n / 10, 111.6 + n / 10, f"K{n % 3}") for n in range(5)],
        [place("a", -2.7, 111.6, ""), place("b", -2.5, 111.6, "")],
        regency(1000),
    ],
    ids=["one", "two", "two at one place", "in line", "no kecamatan", "a thousand"],
)
def test_every_point_lies_in_an_outline_whatever_the_points_are(places: list[Place]) -> None:
    sheet = lay_out(places)
    rings = [area.rings for area in sheet.areas]
    for point in sheet.at.values():
        assert sum(inside(point, ring) for ring in rings) >= 1
        assert sheet.box.holds(Box.around(point, sheet.radius, sheet.radius))


def test_no_places_make_an_empty_sheet() -> None:
    assert lay_out([]).areas == ()


def test_an_office_lies_in_its_own_kecamatan_though_the_middle_of_another_is_nearer() -> None:
    spread_out = [place(f"w{n}", -2.7, 111.0 + n / 10, "Lebar") for n in range(11)]
    small = [place(f"n{n}", -2.45 + n / 100, 111.9 + n / 100, "Kecil") for n in range(3)]
    sheet = lay_out([*spread_out, *small])
    areas = {area.name: area.rings for area in sheet.areas}
    for office in (*spread_out, *small):
        assert inside(sheet.at[office.id], areas[office.kecamatan]), office


def test_areas_share_the_land_without_gaps_or_overlaps() -> None:
    sheet = lay_out(regency(120))
    whole = Box.of(point for area in sheet.areas for ring in area.rings for point in ring)
    counts = {
        sum(inside((x, y), area.rings) for area in sheet.areas)
        for x in _steps(whole.left, whole.right)
        for y in _steps(whole.top, whole.bottom)
    }
    assert counts == {0, 1}


def _steps(start: float, end: float) -> list[float]:
    return [start + (end - start) * (n + 0.37) / 40 for n in range(40)]


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [12, 61, 400])
def test_names_of_kecamatan_do_not_meet_and_stay_on_the_sheet(count: int) -> None:
    sheet = lay_out(regency(count))
    boxes = _boxes(sheet)
    assert len(boxes) >= 0.8 * len(sheet.areas)
    assert all(sheet.box.holds(box) for box in boxes)
    assert not any(a.meets(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])


def _boxes(sheet: Sheet) -> list[Box]:
    return [area.label.box for area in sheet.areas if area.label]


def test_a_name_moves_aside_for_the_points_of_its_kecamatan() -> None:
    town = [place(f"t{n}", -2.7 + n % 5 / 60, 111.6 + n // 5 / 60) for n in range(25)]
    far = [place("x", -3.2, 111.0), place("y", -2.3, 112.1), place("z", -2.2, 111.0)]
    sheet = lay_out([*town, *far])
    [box] = _boxes(sheet)
    assert not any(box.meets(Box.around(at, 0.1, 0.1)) for at in sheet.at.values())


def test_names_of_broken_offices_meet_neither_each_other_nor_those_of_kecamatan() -> None:
    sheet = lay_out(regency(200))
    labels = sheet.labels.copy()
    put = [labels.put(beside(at, 12, 1.1, 0.6)) for at in list(sheet.at.values())[:40]]
    boxes = _boxes(sheet) + [label.box for label in put if label]
    assert len(boxes) > len(_boxes(sheet)) + 10
    assert not any(a.meets(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
    assert len(sheet.labels.taken) == len(_boxes(sheet))  # the sheet itself is as it was


def test_the_name_of_a_broken_office_in_a_crowd_stands_outside_at_the_end_of_a_line() -> None:
    crowd = [
        device(f"d{n}", latitude=-2.7 + n % 7 / 70, longitude=111.6 + n // 7 / 70)
        for n in range(49)
    ]
    broken = device("d24", "down", latitude=-2.7 + 3 / 70, longitude=111.6 + 3 / 70)
    far = device("far", latitude=-2.0, longitude=112.2)
    drawing = Map().render(view(*crowd, far, broken))
    [leader] = of_class(drawing.body, "leader")
    [site] = of_class(drawing.body, "site")[-1:]
    assert f"translate({leader[1]['x1']} {leader[1]['y1']})" in site[1]["transform"]


def test_names_of_broken_offices_are_shortened_and_written_where_there_is_room() -> None:
    broken = device("a", "down", name="Dinas Pemberdayaan Perempuan dan Perlindungan Anak")
    drawing = Map().render(view(broken, device("b", latitude=-2.4)))
    [notes] = of_class(drawing.body, "notes")
    assert text(notes) == "Dinas Pemberdayaan Pere…"


# --- the operator's own outline -------------------------------------------------------------------


def feature(west: float, **properties: Any) -> dict[str, Any]:
    ring = [[west, -3], [west + 1, -3], [west + 1, -2], [west, -2], [west, -3]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def written(path: Path, *features: dict[str, Any]) -> str:
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def test_an_outline_is_matched_by_name_and_by_kemendagri_code(tmp_path: Path) -> None:
    path = written(
        tmp_path / "kobar.geojson",
        feature(111, WADMKC="Arut Selatan"),
        feature(112, kode="62.01.02"),
    )
    panel = Map(outline=Outline(path))
    here = device("a", "down", kecamatan="Kec. Arut Selatan", latitude=-2.5, longitude=111.5)
    there = device("b", kecamatan="620102", latitude=-2.5, longitude=112.5)
    drawing = panel.render(view(here, there))
    areas = {n[1]["key"]: n[1] for n in of_class(drawing.body, "area")}
    assert areas["Kec. Arut Selatan"]["className"] == "area bad"
    assert areas["620102"]["className"] == "area ok"
    assert areas["620102"]["d"].count(",") == 4  # its four corners, not a drawn cell


def test_a_kecamatan_that_the_outline_does_not_have_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "kobar.geojson", feature(111, kecamatan="Kumai"))
    drawing = Map(outline=Outline(path)).render(view(device("a")))
    assert "tanpa batas wilayah: Arut Selatan" in legend(drawing)
    assert len(of_class(drawing.body, "site")) == 1


def test_islands_may_be_features_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path / "i.json", feature(111, nama=SOUTH), feature(113, nama=SOUTH))
    drawing = Map(outline=Outline(path)).render(view(device("a")))
    [area] = of_class(drawing.body, "area")
    assert area[1]["d"].count("M") == 2


def test_a_fine_outline_is_thinned_and_neighbours_still_share_their_border(tmp_path: Path) -> None:
    shore = [[111 + n / 5000, -2.0] for n in range(5000)]
    upper = [*shore, [112, -1], [111, -1], [111, -2]]
    lower = [*shore, [112, -3], [111, -3], [111, -2]]
    features = [feature(0, kecamatan=SOUTH), feature(0, kecamatan=NORTH)]
    features[0]["geometry"]["coordinates"] = [lower]
    features[1]["geometry"]["coordinates"] = [upper]
    first, second = Outline(written(tmp_path / "fine.json", *features)).borders
    assert len(first.rings[0]) < 1000
    assert set(first.rings[0]) & set(second.rings[0]) >= set(first.rings[0][:500])


def _wrong(**geometry: Any) -> bytes:
    told = {"type": "Feature", "properties": {"kecamatan": "Kumai"}, "geometry": geometry or None}
    return orjson.dumps({"type": "FeatureCollection", "features": [told]})


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        (b"[1, 2]", "not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": []}', "not GeoJSON"),
        (b'{"features": [3]}', "feature 1: not a Polygon or MultiPolygon"),
        (_wrong(), "feature 1: not a Polygon or MultiPolygon: it has no geometry"),
        (_wrong(type="Point", coordinates=[1, 2]), "it is a Point"),
        (_wrong(type="Polygon", coordinates=[["a"] * 4]), "feature 1"),
        (_wrong(type="Polygon", coordinates=[[[1, 2]] * 3]), "the least is 4"),
        (_wrong(type="Polygon", coordinates=5), "feature 1"),
        (_wrong(type="Polygon", coordinates=[]), "feature 1"),
        (_wrong(type="Polygon", coordinates=[[[None, 1]] * 4]), "feature 1"),
        (_wrong(type="MultiPolygon", coordinates=[[[[500000, 9e6]] * 4]]), "export it as WGS 84"),
        (orjson.dumps({"features": [feature(111, desa="x")]}), "no feature tells its kecamatan"),
    ],
)
def test_a_bad_outline_is_told_at_the_door_by_table_and_key(
    tmp_path: Path, raw: bytes, sentence: str
) -> None:
    (tmp_path / "bad.geojson").write_bytes(raw)
    with pytest.raises(BadConfig) as told:
        read_config(_config(tmp_path))
    [mistake] = told.value.mistakes
    assert mistake.startswith(f"[panel.map] outline: {tmp_path}/bad.geojson: ")
    assert sentence in mistake


def test_an_outline_that_is_not_there_is_told_at_the_door(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"\[panel.map\] outline: .*cannot be read: No such file"):
        read_config(_config(tmp_path))


def _config(folder: Path) -> Path:
    path = folder / "config.toml"
    path.write_text(f'[region]\nname = "x"\n[panel.map]\noutline = "{folder}/bad.geojson"\n')
    return path
