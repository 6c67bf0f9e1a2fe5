"""What a single picture shows, against what the camera usually sees."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pytest

from commandcenter.video import scene
from commandcenter.video.capture import Frame
from commandcenter.video.habits import Hour
from commandcenter.video.judge import one_channel
from commandcenter.video.scene import View
from commandcenter.video.stills import shrink
from tests.cameras.street import Street
from tests.conftest import NOW as AT

STREETS = range(4)
DAY: dict[str, Any] = {"noise": 1.5}
NIGHT: dict[str, Any] = {"light": 0.04, "lamps": True, "noise": 4.0}
DUSK: dict[str, Any] = {"light": 0.15, "lamps": True, "noise": 3.0}

ORDINARY: list[tuple[str, dict[str, Any]]] = [
    ("day", {}),
    ("day", {"cars": 5}),
    ("day", {"light": 0.25, "noise": 3}),
    ("day", {"light": 0.6, "rain": 1.0, "cars": 2}),
    ("day", {"light": 0.4, "rain": 1.5}),
    ("day", {"shadow": True}),
    ("day", {"shadow": True, "light": 0.5}),
    ("day", {"lorry": 0.3}),
    ("day", {"lorry": 0.6}),
    ("day", {"lorry": 0.65, "cars": 1}),
    ("day", {"grey": True, "light": 0.5}),
    ("day", {"clock": "2026-11-21 09:42:17"}),
    ("day", {"turned": 0.01}),
    ("dusk", {"light": 0.4, "lamps": False}),
    ("dusk", {}),
    ("dusk", {"light": 0.3, "cars": 3, "headlights": True}),
    ("dusk", {"grey": True}),
    ("night", {}),
    ("night", {"noise": 8}),
    ("night", {"noise": 12, "grey": True}),
    ("night", {"cars": 4, "headlights": True}),
    ("night", {"cars": 2, "headlights": True, "rain": 1.0}),
    ("night", {"lorry": 0.35}),
    ("night", {"grey": True}),
    ("night", {"light": 0.06, "cars": 1, "headlights": True, "shadow": True}),
]
LOOKS = {"day": DAY, "night": NIGHT, "dusk": DUSK}


def view(frame: Frame) -> View:
    return scene.measure(shrink(one_channel(frame), scene.FINE))[0]


@lru_cache
def street(seed: int) -> Street:
    return Street(seed)


@lru_cache
def usual(seed: int, when: str) -> tuple[View, ...]:
    """What the camera over this street has seen in an hour of other days: ten looks at it."""
    if when == "dusk":
        return (hour(seed, "falling"), *usual(seed, "day"))
    return (hour(seed, when),)


def hour(seed: int, when: str) -> View:
    looks = [street(seed).look(**passing(when, n), moment=n) for n in range(10)]
    total = Hour(view(looks[0]), AT.replace(minute=0))
    for n, look in enumerate(looks):
        total.add(view(look), AT.replace(minute=n * 5))
    mean = total.mean()
    assert mean is not None
    return mean


def passing(when: str, n: int) -> dict[str, Any]:
    """One of ten moments of an hour."""
    if when == "falling":
        light = 0.6 * (1 - n / 10)
        return {"light": light, "lamps": light < 0.2, "noise": 2 + n / 5, "cars": n % 3}
    cars, rain = n % 4, float(n == 5)
    headlights = when == "night"
    return {**LOOKS[when], "cars": cars, "rain": rain, "headlights": headlights, "shadow": n == 7}


def told(seed: int, when: str, **what: Any) -> str:
    look = street(seed).look(**{**LOOKS[when], **what}, moment=100 + len(what))
    return scene.judge(view(look), usual(seed, when))


@pytest.mark.parametrize("seed", STREETS)
def test_nothing_is_told_of_what_happens_in_a_street(seed: int) -> None:
    wrong = [(when, what) for when, what in ORDINARY if told(seed, when, **what) != "live"]
    assert wrong == []


def found(state: str, variants: list[dict[str, Any]], when: str = "day") -> int:
    """In how many of these variants, in each street, the state is told."""
    return sum(told(seed, when, **what) == state for seed in STREETS for what in variants)


def test_a_camera_that_was_turned_is_found() -> None:
    turns = [{"turned": part, "cars": 2} for part in (-0.5, -0.1, 0.05, 0.2, 1.0)]
    assert found("moved", turns) == 20


def test_most_cameras_that_were_turned_are_found_at_night() -> None:
    turns = [{"turned": part} for part in (-0.5, -0.2, 0.1, 0.3, 1.0)]
    assert found("moved", turns, "night") >= 10


def test_a_lens_that_is_covered_is_found_whatever_the_tone_of_the_cover() -> None:
    covers = [{"covered": part, "light": light} for part, light in COVERS]
    assert found("covered", covers) == 20


COVERS = [(0.9, 1.0), (0.95, 0.5), (1.0, 1.0), (1.0, 0.7), (1.0, 0.45)]


def test_a_lens_out_of_focus_is_found() -> None:
    assert found("defocused", [{"blur": sigma} for sigma in (1.6, 2.5, 4.0, 6.0, 9.0)]) == 20


def test_a_lens_out_of_focus_in_rain_is_found() -> None:
    assert found("defocused", [{"blur": 3.0, "rain": 1.0, "light": 0.6, "cars": 2}]) == 4


def test_a_black_picture_is_dark_with_text_in_it_and_noise() -> None:
    black = [{"light": 0.0, "noise": noise, "clock": "09:42:17"} for noise in (0, 1, 2, 4, 8)]
    assert found("dark", black) == 20


def test_haze_takes_contrast_away_and_is_not_told() -> None:
    clear = street(0).look(noise=0).astype(np.float32)
    for left in (0.5, 0.3, 0.15):
        hazy = np.clip(clear * left + 190 * (1 - left), 0, 255).astype(np.uint8)
        assert scene.judge(view(hazy), usual(0, "day")) == "live"


def test_of_an_hour_that_is_not_known_only_black_is_told() -> None:
    for what, state in (
        ({"covered": 1.0}, "live"),
        ({"blur": 9.0}, "live"),
        ({"light": 0}, "dark"),
    ):
        assert scene.judge(view(street(0).look(**what)), ()) == state


def test_the_size_of_the_picture_does_not_matter() -> None:
    large = street(0).look(cars=1)
    large = np.asarray(cv2.resize(large, (1920, 1080), interpolation=cv2.INTER_CUBIC), np.uint8)
    small = np.asarray(cv2.resize(large, (704, 396), interpolation=cv2.INTER_AREA), np.uint8)
    for size in (large, small):
        assert scene.alike(view(size), usual(0, "day")[0]) > 0.8
        assert scene.judge(view(size), usual(0, "day")) == "live"


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900), (900, 1, 3), (2, 2, 4), (37, 5, 1), (3, 3)])
def test_no_shape_of_a_picture_is_too_odd(shape: tuple[int, ...]) -> None:
    odd = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert scene.judge(view(odd), usual(0, "day")) in ("live", "dark", "covered", "moved")
