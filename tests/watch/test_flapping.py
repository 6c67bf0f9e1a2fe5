"""What changes too often is told once, and told that it flaps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.incidents.decision import Close, Open, Standing
from commandcenter.incidents.flapping import Flapping
from commandcenter.incidents.rules import Rule, Thing, Words
from commandcenter.reading import Origin
from tests.conftest import NOW
from tests.watch.court import Court, Work, closed, court, opened, updates

LINK = Rule(
    name="link",
    feed="network",
    when="state == 'down'",
    hold=20,
    text="{name}",
    flaps=6,
    flap_window=900,
)
ROUTER = Thing("link", "network", "device/rtr")


def bounces(at: Court, times: int, seconds: float = 10) -> None:
    """Down and up again, so many times."""
    for _ in range(times):
        at.hears(state="down")
        at.waits(seconds)
        at.hears(state="up")
        at.waits(seconds)


def stays(at: Court, state: str, seconds: int) -> None:
    for _ in range(0, seconds, 10):
        at.hears(state=state)
        at.waits(10)


def test_what_bounces_too_fast_for_its_hold_is_told_all_the_same() -> None:
    at = court(LINK)
    bounces(at, 2)
    assert at.decided == []
    bounces(at, 20)
    assert opened(at.decided) == [ROUTER]
    [fall] = [decision for decision in at.decided if isinstance(decision, Open)]
    assert fall.flapping
    assert fall.words == Words("warning", "Dinkes", "")
    assert closed(at.decided) == []


def test_it_recovers_when_it_was_good_for_half_the_window() -> None:
    at = court(LINK)
    bounces(at, 10)
    stays(at, "up", 430)
    assert closed(at.decided) == []
    stays(at, "up", 30)
    assert closed(at.decided) == [ROUTER]
    stays(at, "down", 30)
    fall = at.decided[-1]
    assert isinstance(fall, Open)
    assert not fall.flapping  # what was told is counted from the beginning


def test_what_stays_bad_is_not_flapping_any_more() -> None:
    at = court(LINK)
    bounces(at, 10)
    stays(at, "down", 440)
    assert [update.flapping for update in updates(at.decided)].count(False) == 0
    stays(at, "down", 30)
    assert updates(at.decided)[-1].flapping is False
    stays(at, "up", 20)
    assert closed(at.decided) == [ROUTER]


def test_an_incident_that_opens_and_closes_again_and_again_is_marked() -> None:
    at = court(LINK)
    for _ in range(3):
        stays(at, "down", 30)
        stays(at, "up", 30)
    assert len(opened(at.decided)) == 3
    assert len(closed(at.decided)) == 2
    assert updates(at.decided)[-1].flapping is True


def test_few_changes_or_slow_ones_are_no_flapping() -> None:
    at = court(LINK)
    bounces(at, 2)
    at.waits(900)
    bounces(at, 2)
    assert at.decided == []


def test_it_can_be_turned_off() -> None:
    never = Rule(name="link", feed="network", when="state == 'down'", hold=20, text="x", flaps=0)
    at = court(never)
    bounces(at, 50)
    assert at.decided == []


def test_the_unknown_is_no_change() -> None:
    at = court(LINK)
    for _ in range(30):
        at.hears(state="down")
        at.waits(1)
        at.hears(state=None)
        at.waits(1)
    assert [fall.flapping for fall in at.decided if isinstance(fall, Open)] == [False]


def test_it_is_not_calm_when_nothing_is_heard() -> None:
    at = court(LINK)
    bounces(at, 10)
    told = len(at.decided)
    for _ in range(100):
        at.waits(10)
    assert len(at.decided) == told


def test_changes_before_a_time_of_not_knowing_do_not_count() -> None:
    at = court(LINK)
    bounces(at, 2)
    at.judge.maintain([Work("region", begins=40, ends=60)])
    bounces(at, 1)
    assert at.now == NOW + timedelta(seconds=60)
    bounces(at, 3)  # the first fall is from the unknown: five changes
    assert at.decided == []
    bounces(at, 1)
    assert opened(at.decided) == [ROUTER]


def test_a_restart_does_not_calm_it_down() -> None:
    at = court(LINK)
    words = Words("warning", "Dinkes", "")
    at.judge.restore({ROUTER: Standing(words, Origin.DEMO, NOW, flapping=True)}, NOW)
    stays(at, "up", 440)
    assert at.decided == []
    stays(at, "up", 30)
    assert at.decided == [Close(ROUTER, at.decided[0].at, "sudah pulih")]


def test_what_was_resolved_by_a_person_while_it_flapped_is_counted_anew() -> None:
    at = court(LINK)
    bounces(at, 4)
    at.judge.dismiss(ROUTER, at.now, 60)
    at.waits(60)
    bounces(at, 2)
    assert len(opened(at.decided)) == 1
    bounces(at, 1)
    assert len(opened(at.decided)) == 2


@pytest.mark.parametrize(("seconds", "on"), [(179, True), (180, True), (181, False)])
def test_the_window_counts_from_the_first_to_the_last_change(seconds: int, on: bool) -> None:
    flapping = Flapping(3, timedelta(seconds=180))
    for at in (0, 10, seconds):
        flapping.change(NOW + timedelta(seconds=at))
    assert flapping.on is on


@given(st.lists(st.floats(0.1, 600), max_size=40), st.integers(2, 6))
def test_it_flaps_exactly_when_so_many_changes_fit_into_the_window(
    gaps: list[float], limit: int
) -> None:
    flapping = Flapping(limit, timedelta(seconds=600))
    changes = [NOW]
    for gap in gaps:
        flapping.change(changes[-1])
        rows = zip(changes, changes[limit - 1 :], strict=False)
        assert flapping.on is any(last - first <= flapping.window for first, last in rows)
        changes.append(changes[-1] + timedelta(seconds=gap))
