"""What goes wrong is written beforehand."""

from __future__ import annotations

from commandcenter.demo.mishaps import FIRST_ON_THE_WALL, Kind, Script, write_script
from commandcenter.demo.region import Region

DAY = range(0, 86_400, 10)


def test_the_same_seed_tells_the_same_story_and_another_seed_another(
    region: Region, script: Script
) -> None:
    again, other = write_script(1, region), write_script(2, region)
    assert [again.wrong(t) for t in DAY] == [script.wrong(t) for t in DAY]
    assert [other.wrong(t) for t in DAY] != [script.wrong(t) for t in DAY]


def test_nothing_is_wrong_for_twenty_seconds_and_four_things_after_a_minute(script: Script) -> None:
    assert script.wrong(19.9) == []
    assert [m.kind for m in script.wrong(20)] == [Kind.LINK_DOWN]
    assert {m.kind for m in script.wrong(60)} == {
        Kind.LINK_DOWN,
        Kind.CAMERA_FROZEN,
        Kind.MACHINE_SILENT,
        Kind.CAMERA_DEAD,
    }


def test_the_first_cameras_to_fail_are_those_that_the_wall_shows(
    region: Region, script: Script
) -> None:
    shown = {camera.id for camera in region.cameras[:FIRST_ON_THE_WALL]}
    assert script.things(Kind.CAMERA_FROZEN, 60) <= shown
    assert script.things(Kind.CAMERA_DEAD, 60) <= shown


def test_never_more_than_seven_things_are_wrong_and_each_heals_within_minutes(
    script: Script,
) -> None:
    for t in DAY:
        wrong = script.wrong(t)
        assert len(wrong) <= 7
        assert all(m.since <= t < m.until <= m.since + 600 for m in wrong)


def test_a_camera_is_never_wrong_in_two_ways(script: Script) -> None:
    for t in DAY:
        cameras = [m.thing for m in script.wrong(t) if m.kind.startswith("camera")]
        assert len(set(cameras)) == len(cameras)


def test_every_day_cameras_are_covered_and_moved_but_not_in_the_first_minutes(
    script: Script,
) -> None:
    for kind in (Kind.CAMERA_COVERED, Kind.CAMERA_MOVED):
        when = [t for t in DAY if script.things(kind, t)]
        assert when[0] > 1200
        assert len({t // 3600 for t in when}) > 5


def test_sooner_or_later_a_whole_kecamatan_is_cut_off(region: Region, script: Script) -> None:
    towns = {router.id for router in region.routers if router.role == "kecamatan"}
    first = next(t for t in DAY if script.things(Kind.LINK_DOWN, t) & towns)
    assert first < 600


def test_since_says_since_when(script: Script) -> None:
    (mishap,) = script.wrong(25)
    assert script.since(Kind.LINK_DOWN, mishap.thing, 25) == 20
    assert script.since(Kind.LINK_LOSSY, mishap.thing, 25) is None
