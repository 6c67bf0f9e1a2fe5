"""When pictures were taken, and when the next is due: pure functions of times."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.video.clock import Clock, Drift, Pace
from commandcenter.video.keyframes import Keyframes

HOUR = 3600.0
AWAY = 1e6  # the camera's clock and ours began at different times


def ages(packets: Iterable[tuple[float, float]]) -> list[float]:
    """How old each packet is told to be at its arrival; of (time stamp, arrival) each."""
    clock, told = Clock(), []
    for pts, at in packets:
        clock.arrived(pts, at, 0.04)
        told.append(at - clock.taken(pts))
    return told


def test_what_a_server_kept_and_sends_first_is_as_old_as_it_is() -> None:
    clock = Clock()
    kept = [number / 10 for number in range(30)]  # three seconds, all at once
    for pts in kept:
        clock.arrived(pts, AWAY, 0.0001)
    assert not clock.settled
    clock.arrived(3.0, AWAY + 0.1, 0.1)  # this one had to be waited for: it is of now
    assert clock.settled
    assert AWAY + 0.1 - clock.taken(0.0) == pytest.approx(3.0)
    assert AWAY + 0.1 - clock.taken(3.0) == pytest.approx(0.0)


def test_a_stream_that_never_lets_one_wait_is_told_after_two_seconds() -> None:
    clock = Clock()
    settled = []
    for number in range(31):
        clock.arrived(number / 10, AWAY + number / 10, 0.0)
        settled.append(clock.settled)
    assert settled.index(True) == 20


def test_pictures_that_waited_in_a_slow_link_are_older_and_grow_young_again_after() -> None:
    smooth = [(n / 10, AWAY + n / 10) for n in range(50)]
    stalled = [(5 + n / 10, AWAY + 12) for n in range(70)]
    after = [(12 + n / 10, AWAY + 12 + n / 10) for n in range(10)]
    told = ages(smooth + stalled + after)
    assert told[50] == pytest.approx(7.0)  # it lay seven seconds in the link
    assert told[60] == pytest.approx(6.0)
    assert max(told[:50] + told[120:]) == pytest.approx(0.0)


@pytest.mark.parametrize("jump", [-10.0, -47_721.8])  # set back; RTP's 32 bits wrapped round
def test_a_clock_that_goes_back_begins_anew(jump: float) -> None:
    clock = Clock()
    for n in range(50):
        clock.arrived(n / 25, AWAY + n / 25, 0.04)
    assert clock.arrived(2.0 + jump, AWAY + 2.0, 0.04)
    assert not clock.settled  # until the next one has been waited for
    assert not clock.arrived(2.04 + jump, AWAY + 2.04, 0.04)
    assert clock.settled
    assert AWAY + 2.04 - clock.taken(2.04 + jump) == pytest.approx(0.0)


def test_pictures_that_are_not_sent_in_the_order_of_their_showing_are_no_jump() -> None:
    clock = Clock()
    order = [0, 4, 2, 1, 3, 8, 6, 5, 7]  # B-frames
    anew = [clock.arrived(n / 25, AWAY + at / 25, 0.04) for at, n in enumerate(order)]
    assert anew == [True] + [False] * 8


@pytest.mark.parametrize("drift", [1e-4, -1e-4])
def test_a_clock_that_is_off_by_100_ppm_does_not_make_pictures_ever_older(drift: float) -> None:
    hours = range(0, 4 * 3600, 5)
    assert max(ages((n, AWAY + n * (1 + drift)) for n in hours)) < 0.05


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(0, 1e4), st.floats(0, 30)), min_size=1))
def test_no_picture_is_from_the_future(packets: list[tuple[float, float, float]]) -> None:
    clock, at = Clock(), 0.0
    for pts, later, waited in packets:
        at += later
        clock.arrived(pts, at, waited)
        assert clock.taken(pts) <= at + 1e-6


@settings(max_examples=50)
@given(st.lists(st.floats(0, 20), min_size=2, max_size=200))
def test_a_picture_is_told_as_old_as_it_is_but_for_the_shortest_way(delays: list[float]) -> None:
    taken = [n / 25 for n in range(len(delays))]
    came, shortest, clock = AWAY, float("inf"), Clock()
    for pts, delay in zip(taken, delays, strict=True):
        came = max(came, AWAY + pts + delay)  # TCP: none overtakes another
        clock.arrived(pts, came, 0.04)
        shortest = min(shortest, came - AWAY - pts)
        truth = came - AWAY - pts
        assert came - clock.taken(pts) == pytest.approx(truth - shortest, abs=1e-6)


def times_taken(gop: float, every: float, hours: float = 0.5) -> list[float]:
    """When pictures are taken of a stream with a keyframe every `gop` seconds."""
    pace, taken = Pace(every), []
    for number in range(round(hours * HOUR / gop)):
        if pace.is_due(number * gop):
            pace.took(number * gop)
            taken.append(number * gop)
    return taken


@settings(max_examples=50)
@given(gop=st.floats(0.4, 5), every=st.floats(1, 30))
def test_on_average_pictures_are_taken_as_often_as_asked_for(gop: float, every: float) -> None:
    taken = times_taken(gop, max(gop, every))
    mean = (taken[-1] - taken[0]) / (len(taken) - 1)
    assert mean == pytest.approx(max(gop, every), rel=0.03, abs=0.01)


def test_where_keyframes_are_rarer_than_asked_for_every_one_is_taken() -> None:
    assert len(times_taken(10.0, 5.0)) == 180


def test_a_keyframe_that_is_a_little_early_is_taken() -> None:
    pace = Pace(5.0)
    pace.took(100.0)
    assert pace.rest(101.0) == 4.0
    assert not pace.is_due(103.9)
    assert pace.is_due(104.97)
    pace.took(104.97)
    assert pace.is_due(109.0)
    pace.took(106.0)  # one that nobody waited for, in a burst
    assert pace.is_due(109.0)


# --- clocks that do not run with ours, and keyframes that are seldom ------------------------------


def blamed(packets: Iterable[tuple[float, float, int]]) -> bool:
    """Whether the clock is blamed for a lag; of (time stamp, arrival, size) each."""
    clock, drift, before = Clock(), Drift(), None
    for pts, at, size in packets:
        clock.arrived(pts, at, 0.04)
        lag = at - clock.taken(pts)
        if drift.is_clock(lag, at - (before or at), size, at):
            return True
        before = at
    return False


def sizes(number: int) -> list[int]:
    """A keyframe of 40 kB and 23 pictures of 4 kB, over and over."""
    return [40_000 if n % 24 == 0 else 4_000 + n % 7 * 100 for n in range(number)]


@pytest.mark.parametrize("step", [1 / 25, 1 / 14, 0.0])
def test_a_camera_that_counts_25_pictures_and_sends_12_has_a_wrong_clock(step: float) -> None:
    assert blamed((n * step, AWAY + n / 12, size) for n, size in enumerate(sizes(500)))


def test_a_link_that_is_too_slow_is_told_as_one() -> None:
    """Half of what the camera sends comes through: large pictures take the longest."""
    sent = sizes(2000)
    rate = sum(sent) / len(sent) * 25 / 2
    arrivals = list(accumulate(size / rate for size in sent))
    assert not blamed((n / 25, AWAY + arrivals[n], size) for n, size in enumerate(sent))


def test_a_server_that_is_behind_by_a_steady_time_is_told_as_such() -> None:
    smooth = [(n / 25, AWAY + n / 25, 4_000) for n in range(250)]
    behind = [(10 + n / 25, AWAY + 20 + n / 25, 4_000 + n % 9) for n in range(2000)]
    assert not blamed(smooth + behind)


def test_pictures_of_a_wrong_clock_are_as_old_as_their_packets() -> None:
    clock = Clock()
    for n in range(100):
        clock.arrived(n / 25, AWAY + n / 12, 0.04)
    assert AWAY + 99 / 12 - clock.taken(99 / 25) > 3
    clock.wrong = True
    clock.arrived(100 / 25, AWAY + 100 / 12, 0.04)
    assert clock.taken(100 / 25) == pytest.approx(AWAY + 100 / 12)


def test_who_has_seen_how_seldom_keyframes_come_waits_for_them() -> None:
    """badbread/crumbvms#114, bluenviron/mediamtx#1825."""
    seen = Keyframes()
    assert (seen.longest(0), seen.patience(60, 0)) == (0, 60)
    for at, gap in ((24, 24), (26, 2), (76, 50), (78, 2)):
        seen.note(gap, at)
    assert (seen.longest(80), seen.patience(60, 80)) == (50, 100)
    seen.note(400, 500)
    assert seen.patience(60, 500) == 300  # but not for ever
    assert seen.longest(500 + HOUR + 1) == 0  # somebody has set it otherwise
