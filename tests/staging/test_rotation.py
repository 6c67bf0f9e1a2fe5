"""Scenes take turns, whatever happens to one of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from commandcenter.staging.rotation import Rotation
from commandcenter.staging.scenes import Scene, Wall
from tests.conftest import NOW

NAMES = ("satu", "dua", "tiga")
WALL = Wall(
    name="utama",
    seconds=30,
    scene=tuple(
        Scene(name=n, picture=(n,), seconds=90 if n == "dua" else 0, title=n.title()) for n in NAMES
    ),
)
START = Rotation(scene="satu", since=NOW)


def after(
    seconds: float,
    start: Rotation = START,
    usable: Collection[str] = NAMES,
    pinned: Collection[str] = (),
    held: bool = False,
) -> Rotation:
    now = NOW + timedelta(seconds=seconds)
    return start.step(WALL, now, usable=usable, pinned=pinned, held=held)


def test_a_scene_stays_for_the_time_of_the_wall() -> None:
    assert after(29.9) is START
    assert after(30) == Rotation(scene="dua", since=NOW + timedelta(seconds=30))


def test_a_scene_with_a_time_of_its_own_stays_for_that() -> None:
    second = Rotation(scene="dua", since=NOW)
    assert after(89, second) is second
    assert after(90, second).scene == "tiga"


def test_after_the_last_comes_the_first() -> None:
    assert after(30, Rotation(scene="tiga", since=NOW)).scene == "satu"


def test_a_scene_that_cannot_be_shown_is_passed_over() -> None:
    assert after(30, usable=["satu", "tiga"]).scene == "tiga"


def test_a_scene_that_cannot_be_shown_any_more_is_left_at_once() -> None:
    assert after(1, usable=["dua", "tiga"]).scene == "dua"


def test_a_single_scene_that_can_be_shown_stays() -> None:
    assert after(3600, usable=["satu"]).scene == "satu"


def test_when_no_scene_has_anything_to_show_all_take_turns() -> None:
    assert after(29, usable=[]).scene == "satu"
    assert after(30, usable=[]).scene == "dua"


def test_a_pinned_scene_comes_at_once_and_stays() -> None:
    pinned = after(1, pinned=["tiga"])
    assert pinned.scene == "tiga"
    assert after(3600, pinned, pinned=["tiga"]).scene == "tiga"
    assert after(3600, pinned).scene == "satu"


def test_several_pinned_scenes_take_turns() -> None:
    assert after(30, pinned=["satu", "tiga"]).scene == "tiga"


def test_a_pinned_scene_is_shown_even_if_its_panels_have_nothing_to_show() -> None:
    assert after(0, usable=["satu"], pinned=["dua"]).scene == "dua"


def test_a_held_scene_stays_also_against_a_pin() -> None:
    assert after(3600, held=True, pinned=["tiga"]) is START


def test_a_scene_that_config_toml_no_longer_has_gives_way_to_the_first() -> None:
    assert after(0, Rotation(scene="lama", since=NOW), held=True).scene == "satu"
