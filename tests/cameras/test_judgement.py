"""A camera that is judged for minutes and days: frozen or not, and what its history says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest

from commandcenter.video.capture import Frame, decode_keyframe
from commandcenter.video.habits import Habits
from commandcenter.video.judge import HOLD, Hold, Judge
from tests.cameras.footage import film
from tests.cameras.street import Encoder, Street, stamp
from tests.conftest import NOW

STREET = Street(3)
NIGHT: dict[str, Any] = {"light": 0.04, "lamps": True, "noise": 4.0}
DAYTIME, EVENING = NOW.replace(hour=3, minute=0), NOW.replace(hour=12, minute=0)
moments = count()


def judge(**options: Any) -> Judge:
    """A judge with the times that cameras have when the list says nothing else."""
    return Judge(**{"frozen_after": 10.0, "every": 5.0, "history": None} | options)


def states(
    court: Judge,
    frames: Iterable[Frame],
    at: datetime,
    every: float = 5.0,
    *,
    patient: bool = False,
) -> list[tuple[float, str]]:
    """What is told after each of these frames, and how many seconds after the first."""
    times = (n * every for n in count())
    looks = zip(times, frames, strict=False)
    moments = [(s, at + timedelta(seconds=s), frame) for s, frame in looks]
    return [(s, court.judge(frame, moment, patient=patient).state) for s, moment, frame in moments]


def first(told: list[tuple[float, str]], state: str) -> float | None:
    """After how many seconds this state was told first."""
    return next((seconds for seconds, one in told if one == state), None)


def street(looks: int, **what: Any) -> Iterator[Frame]:
    """So many looks at the street, each with its own noise and traffic."""
    for n in range(looks):
        yield STREET.look(**{"cars": n % 3, **what}, moment=next(moments))


# --- how long -------------------------------------------------------------------------------------


def keyframes(look: Literal["town", "blurred"]) -> list[Frame]:
    made = film(look=look)
    coded = [b"".join(b"\0\0\0\1" + unit for unit in made.pictures[n]) for n in range(0, 120, 4)]
    frames = [decode_keyframe(one) for one in coded]
    return [frame for frame in frames if frame is not None]


@pytest.mark.parametrize("first_look", range(5))
def test_a_look_that_says_nothing_does_not_begin_the_wait_anew(first_look: int) -> None:
    """One of the thirty blurred keyframes has too few edges to measure how sharp they are."""
    court = judge(every=2.0, frozen_after=600.0)
    town, blurred = keyframes("town"), keyframes("blurred")
    order = [(first_look + 5 * n) % 30 for n in range(30)]
    for days in range(2):
        at = NOW + timedelta(days=days)
        assert {state for _, state in states(court, [town[n] for n in order], at, 60.0)} == {"live"}
    told = states(court, [blurred[n] for n in order], at + timedelta(hours=0.5), 2.0)
    assert first(told, "defocused") in (30, 32)


def test_what_was_seen_long_ago_waits_for_nothing() -> None:
    hold = Hold("live")
    assert hold.take("defocused", NOW) == "live"
    assert hold.is_open(NOW + HOLD / 2)
    assert not hold.is_open(NOW + HOLD)


# --- frozen ---------------------------------------------------------------------------------------


def clip(
    frames: int, *, seed: int, night: bool, clock: str, noise: float | None
) -> Iterator[Frame]:
    """A street in which nothing happens; without `noise` it is one picture, encoded anew."""
    view = Street(seed)
    once = view.look(**(NIGHT if night else {}))
    for n in range(frames):
        live = {**NIGHT, "noise": noise} if night else {"noise": noise}
        frame = once.copy() if noise is None else view.look(**live, moment=n)
        if clock:
            stamp(frame, f"21-11-2026 09:42:{n:02d}", clock)
        yield frame


CLIPS = [
    pytest.param("libx264", kilobits, seed, night, clock, marks=[pytest.mark.long] if seed else [])
    for seed, kilobits in enumerate((1000, 1500, 2000))
    for night in (False, True)
    for clock in ("", "top", "foot")
]


@pytest.mark.parametrize(("codec", "kilobits", "seed", "night", "clock"), CLIPS)
def test_a_frozen_picture_is_told_after_ten_seconds_or_soon_after_and_a_quiet_street_never(
    codec: str, kilobits: int, seed: int, night: bool, clock: str
) -> None:
    encoder = Encoder(codec, kilobits, keep=2, rate=2, preset="ultrafast")
    frozen = encoder.keyframes(clip(48, seed=seed, night=night, clock=clock, noise=None))
    after = first(states(judge(), islice(frozen, 0, None, 3), NOW), "frozen")
    assert after is not None
    assert 10 <= after <= 25  # the encoder has to settle first
    quiet = encoder.keyframes(clip(12, seed=seed, night=night, clock=clock, noise=0.5))
    assert {state for _, state in states(judge(), quiet, NOW)} == {"live"}


@pytest.mark.long
@pytest.mark.parametrize("clock", ["", "top", "foot"])
@pytest.mark.parametrize("kilobits", [500, 2000])
def test_a_frozen_picture_in_h265_is_told_within_a_minute_and_a_half(
    kilobits: int, clock: str
) -> None:
    encoder = Encoder("libx265", kilobits, keep=4, rate=4, preset="ultrafast")
    frozen = encoder.keyframes(clip(160, seed=5, night=True, clock=clock, noise=None))
    after = first(states(judge(), islice(frozen, 0, None, 4), NOW), "frozen")
    assert after is not None
    assert after <= 90
    quiet = encoder.keyframes(clip(20, seed=5, night=True, clock=clock, noise=0.5))
    assert {state for _, state in states(judge(), quiet, NOW)} == {"live"}


def test_a_picture_that_repeats_to_the_last_bit_is_told_after_two_looks() -> None:
    frame = STREET.look()
    assert first(states(judge(), [frame] * 5, NOW), "frozen") == 10
    assert first(states(judge(every=30.0), [frame] * 5, NOW, every=30), "frozen") == 60
    assert first(states(judge(frozen_after=60.0), [frame] * 20, NOW), "frozen") == 55


@pytest.mark.parametrize("text", ["", "VIDEO LOSS"])
@pytest.mark.parametrize("colour", [(128, 128, 128), (0, 135, 0), (200, 60, 20), (255, 0, 0)])
def test_a_picture_of_one_colour_is_no_live_one(colour: tuple[int, int, int], text: str) -> None:
    """Motion#558, frigate#11886: what a recorder sends of a channel without a signal."""
    plain = np.full((360, 640, 3), colour, np.uint8)
    cv2.putText(plain, text, (240, 190), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    court = judge()
    assert states(court, [plain.copy() for _ in range(6)], NOW)[-1] == (25.0, "frozen")
    assert "tanpa sinyal" in court.judge(plain, NOW + timedelta(seconds=30)).detail


def test_fog_in_which_nothing_is_seen_is_not_taken_for_a_lost_signal() -> None:
    fog = (np.full((360, 640, 3), 180, np.uint8) for _ in range(24))
    dice = np.random.default_rng(5)
    noisy = (frame + dice.integers(0, 3, (360, 640, 1), np.uint8) for frame in fog)
    looks = Encoder(kilobits=150, keep=2, rate=2).keyframes(noisy)
    assert {state for _, state in states(judge(), looks, NOW)} == {"live"}


def test_what_seems_to_stand_still_is_looked_at_again_before_its_turn() -> None:
    court, frame = judge(), STREET.look()

    def look(seconds: float, shown: Frame) -> tuple[str, bool]:
        return court.judge(shown, NOW + timedelta(seconds=seconds)).state, court.doubts

    assert look(0, frame) == ("live", False)
    assert look(2, STREET.look(cars=3, moment=7)) == ("live", False)  # too soon: not looked at
    assert look(5, frame) == ("live", True)
    assert look(7, frame) == ("frozen", False)


def test_what_repeats_and_is_not_frozen_yet_is_not_looked_at_more_often_for_ever() -> None:
    court, frame = judge(frozen_after=600.0), STREET.look()
    doubts = []
    for seconds in range(0, 60, 5):
        court.judge(frame, NOW + timedelta(seconds=seconds))
        doubts.append(court.doubts)
    assert doubts == [False, True, True, True] + [False] * 8


def test_a_jpeg_that_is_handed_out_for_seven_seconds_is_not_frozen() -> None:
    court, made = judge(), [STREET.look(cars=2, moment=n) for n in range(9)]
    told = [
        court.judge(made[second // 7], NOW + timedelta(seconds=second), patient=True).state
        for second in range(60)
    ]
    assert set(told) == {"live"}


def test_what_moves_elsewhere_than_at_an_edge_is_no_clock() -> None:
    """Not even where nothing else changes, as in a drawing."""
    looks = []
    for n in range(12):
        look = STREET.look(noise=0)
        look[120:150, n * 30 : n * 30 + 25] = 255
        looks.append(look)
    assert first(states(judge(), looks, NOW), "frozen") is None


def test_a_film_that_begins_again_is_not_frozen() -> None:
    film = list(street(6))
    assert first(states(judge(), film * 5, NOW), "frozen") is None


def test_a_camera_that_gives_each_picture_twice_is_not_frozen() -> None:
    twice = [frame for frame in street(10, cars=0) for _ in range(2)]
    assert first(states(judge(), twice, NOW), "frozen") is None


def test_a_picture_that_thaws_is_live_at_once() -> None:
    court = judge()
    assert states(court, [STREET.look()] * 4, NOW)[-1] == (15.0, "frozen")
    verdict = court.judge(STREET.look(cars=4, moment=9), NOW + timedelta(seconds=20))
    assert (verdict.state, verdict.changed_at) == ("live", NOW + timedelta(seconds=20))


def test_what_comes_in_a_burst_is_not_judged_as_if_time_had_passed() -> None:
    court, frame = judge(), STREET.look()
    burst = states(court, [frame] * 24, NOW, every=0.4, patient=True)
    assert first(burst, "frozen") is None
    assert len(court._stillness._looks) == 4  # one in half an interval


def test_a_camera_that_changes_its_resolution_goes_on() -> None:
    sizes = [Street(0, wide, tall).look() for wide, tall in ((640, 360), (352, 288))]
    sizes.append(np.zeros((1, 1, 3), np.uint8))
    assert {state for _, state in states(judge(), sizes * 3, NOW)} <= {"live", "dark"}


# --- against its history --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a camera over the street has learnt on a day before: a morning and an evening."""
    path = tmp_path_factory.mktemp("cameras") / "simpang.npz"
    court = judge(history=path)
    for hour, what in ((DAYTIME, {}), (EVENING, NIGHT)):
        told = states(court, street(12, **what), hour - timedelta(days=1), every=100)
        assert {state for _, state in told} == {"live"}
    court.close()
    return path


@pytest.fixture
def learnt(history: Path, tmp_path: Path) -> Path:
    """The same, for a test of its own."""
    path = tmp_path / "simpang.npz"
    path.write_bytes(history.read_bytes())
    return path


BAD: list[tuple[str, dict[str, Any]]] = [
    ("moved", {"turned": 0.3}),
    ("covered", {"covered": 1.0}),
    ("defocused", {"blur": 4.0}),
    ("dark", {"light": 0.0}),
]


@pytest.mark.parametrize(("state", "what"), BAD)
def test_a_bad_picture_is_told_after_half_a_minute_and_taken_back_likewise(
    learnt: Path, state: str, what: dict[str, Any]
) -> None:
    court = judge(history=learnt)
    assert first(states(court, street(8, **what), DAYTIME), state) == 30
    again = states(court, street(8), DAYTIME + timedelta(minutes=1))
    assert first(again, "live") == 30


def test_what_passes_within_half_a_minute_is_not_told(learnt: Path) -> None:
    court = judge(history=learnt)
    hidden, seen = list(street(5, covered=1.0)), list(street(2))
    assert {state for _, state in states(court, [*hidden, *seen] * 3, DAYTIME)} == {"live"}


def test_on_its_first_day_nothing_is_told(tmp_path: Path) -> None:
    court = judge(history=tmp_path / "new.npz")
    states(court, street(12), DAYTIME, every=100)
    later = DAYTIME + timedelta(minutes=25)
    assert {s for _, s in states(court, street(9, turned=0.5), later)} == {"live"}


def test_a_trouble_outlives_a_restart(learnt: Path) -> None:
    states(judge(history=learnt), street(8, turned=0.3), DAYTIME)  # and is never closed
    court = judge(history=learnt)
    told = states(court, street(2, turned=0.3), DAYTIME + timedelta(minutes=2))
    assert [state for _, state in told] == ["moved", "moved"]


def test_a_turned_camera_is_not_taken_back_by_a_night_that_does_not_show_where_it_looks(
    learnt: Path,
) -> None:
    court = judge(history=learnt)
    states(court, street(8, turned=0.3), DAYTIME)
    unknown = DAYTIME + timedelta(hours=5)  # an hour of which nothing has been learnt
    told = states(court, street(9, turned=0.3, **NIGHT), unknown)
    assert {state for _, state in told} == {"moved"}


def test_a_turned_camera_is_told_for_two_days_and_then_it_is_meant_to_look_there(
    learnt: Path,
) -> None:
    court = judge(history=learnt)
    away = street(100, turned=0.3)
    seen = {n: states(court, _take(away, 8), DAYTIME + timedelta(days=n))[-1] for n in range(3)}
    assert [state for _, state in seen.values()] == ["moved", "moved", "live"]
    states(court, _take(away, 12), DAYTIME + timedelta(days=2, minutes=5), every=100)
    court.close()
    back = states(judge(history=learnt), street(8), DAYTIME + timedelta(days=3))
    assert back[-1][1] == "moved"  # the old direction is the strange one now


def test_a_restart_in_the_middle_of_an_hour_blinds_nobody_for_the_rest_of_it(learnt: Path) -> None:
    before = judge(history=learnt)
    states(before, street(12), DAYTIME, every=60)
    before.close()
    told = states(judge(history=learnt), street(8, covered=1.0), DAYTIME + timedelta(minutes=20))
    assert told[-1][1] == "covered"


def test_a_cover_never_becomes_usual(learnt: Path) -> None:
    court = judge(history=learnt)
    for day in range(5):
        told = states(court, street(8, covered=1.0), DAYTIME + timedelta(days=day))
        assert told[-1][1] == "covered"


def test_a_camera_without_lamps_has_its_nights_but_no_dark_days(tmp_path: Path) -> None:
    court = judge(history=tmp_path / "pier.npz")
    for hour, light in ((DAYTIME, 1.0), (EVENING, 0.0)):
        states(court, street(12, light=light, cars=0), hour - timedelta(days=1), every=100)
    night = [court.judge(f, EVENING + timedelta(seconds=n)) for n, f in _clock(street(9, light=0))]
    assert (night[-1].state, night[-1].detail) == ("live", "gelap seperti biasa pada jam ini")
    day = states(court, street(9, light=0.0), DAYTIME + timedelta(days=1))
    assert day[-1][1] == "dark"


def test_a_lens_that_is_capped_from_the_first_day_is_dark_for_ever(tmp_path: Path) -> None:
    court = judge(history=tmp_path / "capped.npz")
    for day in range(3):
        told = states(court, street(12, light=0.0), DAYTIME + timedelta(days=day), every=100)
        assert told[-1][1] == "dark"


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04junk", b"\x93NUMPY", "pickle"])
def test_a_broken_history_is_put_aside_and_begun_anew(tmp_path: Path, junk: bytes | str) -> None:
    path = tmp_path / "simpang.npz"
    if isinstance(junk, str):
        np.savez(path, days=np.array([{"an": "object"}], object))
    else:
        path.write_bytes(junk)
    court = judge(history=path)
    assert {state for _, state in states(court, street(3), DAYTIME)} == {"live"}
    assert (tmp_path / "simpang.broken").exists()
    court.close()
    assert Habits.load(path).trouble == ""


def test_a_history_that_cannot_be_written_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    court = judge(history=tmp_path / "file" / "simpang.npz")
    states(court, street(2), DAYTIME)
    court.close()
    assert "cannot be saved" in caplog.text


def _take(frames: Iterator[Frame], n: int) -> list[Frame]:
    return [next(frames) for _ in range(n)]


def _clock(frames: Iterable[Frame]) -> Iterator[tuple[int, Frame]]:
    yield from ((n * 5, frame) for n, frame in enumerate(frames))
