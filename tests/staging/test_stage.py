"""What a display shows: its wall's scene, unless an operator or an incident wants otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commandcenter.language import Language
from commandcenter.staging.control import Control, control_of
from commandcenter.staging.rotation import Rotation
from commandcenter.staging.scenes import Scene, Wall
from commandcenter.staging.stage import Situation, Stage, Wellness, set_stage
from tests.conftest import NOW
from tests.web import samples

SAY = Language("id", ZoneInfo("Asia/Jakarta"))
WALL = Wall(
    name="utama",
    scene=(
        Scene(name="ringkasan", title="Ringkasan", picture=("masthead masthead", "map incidents")),
        Scene(name="kamera", picture=("masthead", "cctv"), pinned_by=("cameras",)),
        Scene(name="aduan", picture=("masthead", "complaints"), pinned_by=("*",)),
    ),
)
WELL: dict[str, Wellness] = {
    "masthead": "frame", "map": "well", "incidents": "well", "cctv": "well", "complaints": "well",
}  # fmt: skip
FIRST = Rotation(scene="ringkasan", since=NOW)


def incident(feed: str, **facts: Any) -> dict[str, Any]:
    told = dict(samples.incident(1).value or {})
    return told | {"feed": feed, "level": "critical", "acknowledged_at": None} | facts


def stage(
    control: Control | None = None,
    rotation: Rotation = FIRST,
    wellness: dict[str, Wellness] | None = None,
    **situation: Any,
) -> Stage:
    told = Situation(now=NOW, wellness=WELL | (wellness or {}), **situation)
    return set_stage(WALL, rotation, control or Control(), told)[0]


def notes(found: Stage) -> list[str]:
    told: list[str] = found.told(SAY)["notes"]
    return told


def test_the_panels_of_the_scene_are_what_a_display_needs() -> None:
    found = stage()
    assert found.panels == ("masthead", "map", "incidents")
    assert found.told(SAY)["turn"] == [1, 3]
    assert notes(found) == []


def test_a_scene_whose_panels_have_nothing_to_show_is_skipped_and_the_corner_says_why() -> None:
    found = stage(wellness={"cctv": "empty", "complaints": "none"})
    assert notes(found) == ["kamera dilewati: tidak ada isinya", "aduan dilewati: belum ada data"]


def test_a_scene_whose_panels_cannot_be_drawn_is_skipped_and_never_the_end_of_the_rotation() -> (
    None
):
    before = Rotation(scene="ringkasan", since=NOW - timedelta(minutes=5))
    found = stage(rotation=before, wellness={"cctv": "broken"})
    assert found.scene.name == "aduan"
    assert notes(found) == ["kamera dilewati: kartunya gagal digambar"]


def test_one_bad_panel_among_others_is_no_reason_to_skip_a_scene() -> None:
    assert stage(wellness={"map": "broken"}).scene.name == "ringkasan"


def test_a_wall_without_any_data_explains_itself_instead_of_staying_dark() -> None:
    nothing: dict[str, Wellness] = {name: "none" for name in WELL if name != "masthead"}
    assert stage(wellness=nothing).scene.name == "ringkasan"


def test_a_critical_incident_keeps_its_scene_until_somebody_takes_it() -> None:
    broken = incident("network")
    kept = stage(incidents=[broken])
    assert kept.scene.name == "aduan"  # pinned by every feed
    assert notes(kept) == [f"tetap di sini karena: {broken['title']}"]
    taken = stage(incidents=[broken | {"acknowledged_at": NOW.isoformat()}])
    assert taken.scene.name == "ringkasan"
    assert stage(incidents=[broken | {"level": "warning"}]).scene.name == "ringkasan"


def test_guests_are_not_told_which_incident_keeps_a_scene() -> None:
    kept = stage(incidents=[incident("network")], guests=True)
    assert notes(kept) == ["tetap di sini karena insiden kritis"]


def test_an_incident_of_a_camera_keeps_the_scene_of_the_cameras() -> None:
    assert stage(incidents=[incident("cameras")]).scene.name == "kamera"


def test_what_an_operator_holds_stands_against_everything_else() -> None:
    held = stage(Control(scene="ringkasan"), incidents=[incident("cameras")])
    assert held.scene.name == "ringkasan"
    assert notes(held) == ["ditahan"]


def test_a_held_scene_that_the_wall_no_longer_has_counts_for_nothing() -> None:
    assert stage(Control(scene="lama")).scene.name == "ringkasan"


def test_a_panel_or_one_camera_fills_the_screen() -> None:
    panel = stage(Control(panel="map"))
    assert panel.panels == ("map",)
    assert 'grid-template-areas: "map"' in panel.told(SAY)["style"]
    camera = stage(Control(panel="cctv", thing="simpang"))
    assert camera.panels == ("focus:cctv:simpang",)
    assert 'grid-template-areas: "focus"' in camera.told(SAY)["style"]
    assert camera.told(SAY)["turn"] is None
    assert notes(camera) == ["layar penuh"]


@pytest.mark.parametrize(
    ("control", "wall", "sounds"),
    [
        (Control(), WALL, True),
        (Control(muted=True), WALL, False),
        (Control(dark=True), WALL, False),
        (Control(), replace(WALL, sound=False), False),
    ],
)
def test_a_display_sounds_unless_it_is_muted_or_dark_or_its_wall_is_quiet(
    control: Control, wall: Wall, sounds: bool
) -> None:
    situation = Situation(now=NOW, wellness=WELL, incidents=[incident("network")])
    found, _ = set_stage(wall, FIRST, control, situation)
    assert found.told(SAY)["alarms"] == 1
    assert found.told(SAY)["sound"] is sounds


def test_what_the_records_keep_is_what_an_operator_told() -> None:
    control = Control(scene="kamera", message="Rapat pukul 10", muted=True)
    assert control_of(control.told()) == control


@pytest.mark.parametrize("wrong", [{"dark": "maybe"}, {"message": "x" * 281}, {"scene": None}])
def test_what_the_records_keep_wrongly_counts_as_nothing_told(wrong: dict[str, Any]) -> None:
    assert control_of(wrong) == Control()


def test_what_another_version_kept_besides_is_passed_over() -> None:
    assert control_of({"dark": True, "brightness": 7}) == Control(dark=True)


def test_what_is_under_maintenance_neither_keeps_a_scene_nor_sounds() -> None:
    planned = incident("cameras", maintenance=True)
    found = stage(incidents=[planned])
    assert found.pinned is None
    assert found.told(SAY)["alarms"] == 0
