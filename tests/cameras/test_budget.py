"""A thin link: one camera takes at a time, each gets its turn, and what was taken is paid for."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.video.budget import Budget, Turns

RATE = 1000.0  # bytes a second


def turns_of(*cameras: str) -> Turns:
    """A link of 1,000 bytes a second for which these cameras wait, in this order."""
    turns = Turns(RATE)
    for camera in cameras:
        turns.ask(camera, 30.0, 0.0)
    return turns


def test_what_a_take_costs_is_owed_from_its_begin_on() -> None:
    budget = Budget(RATE)
    assert budget.may(100.0)
    budget.begin(100.0)
    budget.took(3000)
    assert not budget.may(102.9)
    assert budget.next_at() == 103.0
    assert budget.may(103.0)


def test_a_quiet_hour_is_not_saved_for_a_flood() -> None:
    budget = Budget(RATE)
    budget.begin(0.0)
    budget.begin(3600.0)
    budget.took(2000)
    assert budget.next_at() == 3602.0


def test_cameras_take_their_turns_in_the_order_in_which_they_asked() -> None:
    turns = turns_of("a", "b", "c")
    assert turns.grant(0.0) == "a"
    assert turns.grant(0.0) == ""  # one at a time
    turns.done("a")
    turns.ask("a", 30.0, 5.0)
    assert [turns.grant(5.0), turns.taking] == ["b", "b"]
    turns.done("b")
    assert turns.grant(6.0) == "c"
    turns.done("c")
    assert turns.grant(7.0) == "a"


def test_a_turn_begins_when_the_one_before_is_paid_for() -> None:
    turns = turns_of("a", "b")
    turns.grant(0.0)
    turns.took(4800)
    turns.done("a")
    assert turns.grant(4.9) == ""
    assert turns.next_at() == pytest.approx(5.0)  # 4.8 s, and a little room for what comes next
    assert turns.grant(5.01) == "b"


def test_a_camera_that_is_never_heard_of_again_loses_its_turn() -> None:
    turns = turns_of("dead", "b")
    turns.grant(0.0)
    assert turns.next_at() == 30.0
    assert turns.grant(29.0) == ""
    assert turns.grant(30.0) == "b"


def test_a_wish_that_crossed_the_grant_is_no_new_one_but_a_later_one_is() -> None:
    turns = turns_of("a", "b")
    turns.grant(0.0)
    turns.ask("a", 30.0, 0.01)
    assert turns.taking == "a"
    turns.ask("a", 30.0, 10.0)  # it broke off and wants to try again
    assert turns.grant(10.0) == "b"


def test_who_leaves_is_waited_for_no_longer() -> None:
    turns = turns_of("a", "b", "c")
    turns.grant(0.0)
    turns.leave("b")
    turns.leave("a")
    assert turns.grant(0.0) == "c"
    turns.leave("c")
    assert turns.next_at() == math.inf


@given(st.lists(st.integers(min_value=0, max_value=20_000), min_size=2, max_size=8))
def test_however_much_each_takes_nobody_starves_and_the_link_is_never_overdrawn(
    costs: list[int],
) -> None:
    cameras = [str(number) for number in range(len(costs))]
    turns, now, counted = turns_of(*cameras), 0.0, Counter[str]()
    begun, spent = [0.0], 0
    for _ in range(5 * len(costs)):
        now = max(now, turns.next_at())
        camera = turns.grant(now)
        assert spent <= RATE * (now - begun[0]) + 1e-3 * len(begun)
        begun.append(now)
        counted[camera] += 1
        turns.took(costs[int(camera)])
        spent += costs[int(camera)]
        turns.done(camera)
        turns.ask(camera, 30.0, now)
    assert counted == dict.fromkeys(cameras, 5)
