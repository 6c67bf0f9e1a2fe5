"""The judge, with a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.incidents.decision import Close, Open, Standing, Update
from commandcenter.incidents.judge import REMOVED, RULE_GONE
from commandcenter.incidents.rules import RULE_FAILED, Rule, Thing, Words
from commandcenter.reading import Origin
from tests.conftest import NOW
from tests.watch.court import closed, court, opened, reading

LINK = Rule(
    name="link-down",
    feed="network",
    kind="device",
    when="state == 'down'",
    hold=20,
    level="critical",
    text="Tautan {name} putus",
    detail="{detail}",
)
SLOW = Rule(name="slow", feed="network", when="rtt_ms > 200", text="{name} lambat")
SILENT = Rule(name="feed-silent", feed="*", silent=180, level="critical", text="Sumber {feed} diam")
QUIET = Rule(name="quiet", feed="network", kind="device", silent=60, text="{name} tidak terdengar")
ROUTER = Thing("link-down", "network", "device/rtr")


def test_an_incident_opens_when_it_has_been_bad_for_the_hold() -> None:
    at = court(LINK)
    assert at.hears(state="down", detail="no answer") == []
    assert at.waits(19) == []
    assert at.waits(1) == [
        Open(ROUTER, at.now, Words("critical", "Tautan Dinkes putus", "no answer"), Origin.DEMO)
    ]
    assert at.hears(state="down", detail="no answer") == []


def test_a_short_fall_is_no_incident() -> None:
    at = court(LINK)
    at.hears(state="down")
    at.waits(15)
    at.hears(state="up")
    at.waits(15)
    at.hears(state="down")
    assert at.waits(15) == []


def test_it_closes_after_the_good_time_when_the_source_was_still_heard() -> None:
    at = court(LINK)
    at.hears(state="down")
    at.waits(20)
    assert at.hears(state="up") == []
    assert at.waits(30) == []  # good once, and then nothing was heard: that is not known as good
    assert at.hears(key="device/other") == []
    assert at.waits(1) == [Close(ROUTER, at.now, "sudah pulih")]


def test_flapping_is_one_incident_that_came_again() -> None:
    at = court(LINK)
    at.hears(state="down")
    at.waits(20)
    at.hears(state="up")
    at.waits(5)
    [update] = at.hears(state="down")
    assert isinstance(update, Update)
    assert update.again
    at.waits(60)
    assert len(opened(at.decided)) == 1
    assert closed(at.decided) == []


def test_a_new_detail_is_told_and_the_same_one_is_not() -> None:
    at = court(LINK)
    at.hears(state="down", detail="a")
    at.waits(20)
    assert at.hears(state="down", detail="a") == []
    words = Words("critical", "Tautan Dinkes putus", "b")
    assert at.hears(state="down", detail="b") == [Update(ROUTER, at.now, words, again=False)]


def test_the_unknown_neither_opens_nor_closes() -> None:
    at = court(SLOW)
    assert opened(at.hears(rtt_ms=300.0))
    at.hears(rtt_ms=3.0)
    at.waits(5)
    at.hears(rtt_ms=None)  # the good time is broken
    at.waits(60)
    at.hears(rtt_ms=None)
    assert at.waits(60) == []
    other = court(SLOW)
    assert other.hears(rtt_ms=None) == other.waits(60) == []


def test_a_thing_that_was_removed_closes_with_that_reason() -> None:
    at = court(SLOW)
    at.hears(rtt_ms=300.0)
    assert at.removes() == [Close(Thing("slow", "network", "device/rtr"), NOW, REMOVED)]
    assert at.removes() == []


def test_a_vanished_series_closes_nothing() -> None:
    at = court(SLOW, SILENT)
    at.hears(rtt_ms=300.0)
    at.waits(100_000)
    assert closed(at.decided) == []


def test_a_source_that_falls_silent_is_told_once_and_keeps_its_incidents() -> None:
    at = court(SLOW, SILENT, feeds={"network": Origin.DEMO})
    at.hears(rtt_ms=300.0)
    at.waits(179)
    assert at.waits(1) == [
        Open(
            Thing("feed-silent", "network", "feed/network"),
            at.now,
            Words("critical", "Sumber network diam", ""),
            Origin.DEMO,
        )
    ]
    assert at.waits(1000) == []
    at.hears(rtt_ms=300.0)
    at.waits(10)
    at.hears(rtt_ms=300.0)
    at.waits(1)
    assert closed(at.decided) == [Thing("feed-silent", "network", "feed/network")]


def test_a_source_that_never_said_anything_is_silent_from_our_start() -> None:
    at = court(SILENT)
    assert at.waits(179) == []
    assert [thing.feed for thing in opened(at.waits(1))] == ["network", "cameras"]


def test_a_look_that_succeeded_counts_as_heard_though_nothing_changed() -> None:
    at = court(SILENT, feeds={"network": Origin.LIVE})
    for _ in range(5):
        at.waits(100)
        success = at.now.isoformat()
        at.hears(feed="system", key="feed/network", ok=True, last_success_at=success)
    for _ in range(3):  # the runner lives, the source is down
        at.waits(100)
        at.hears(feed="system", key="feed/network", ok=False, last_success_at=success)
    assert len(opened(at.decided)) == 1


def test_what_the_bus_kept_of_a_dead_source_does_not_count_as_heard_now() -> None:
    at = court(SLOW, SILENT, feeds={"network": Origin.LIVE})
    old = reading(NOW - timedelta(hours=3), rtt_ms=3.0)
    at.take(at.judge.see(old, NOW, kept=True))
    assert at.waits(179) == []
    assert len(opened(at.waits(1))) == 1


def test_a_blind_watcher_accuses_nobody_and_absolves_nobody() -> None:
    at = court(SLOW, SILENT, feeds={"network": Origin.LIVE})
    at.hears(rtt_ms=300.0)
    at.waits(170)
    at.judge.blind()
    assert at.waits(10_000) == []
    at.judge.wake(at.now)
    at.hears(kept=True, rtt_ms=300.0)
    at.judge.blind()
    at.judge.wake(at.now)
    assert at.waits(179) == []
    assert opened(at.waits(1)) == [Thing("feed-silent", "network", "feed/network")]
    at.judge.blind()
    at.judge.wake(at.now)
    assert at.waits(100) == []  # we were away: that is no sign that the source is back


def test_good_before_the_bus_went_away_is_not_good_throughout() -> None:
    at = court(SLOW)
    at.hears(rtt_ms=300.0)
    at.hears(rtt_ms=3.0)
    at.judge.blind()
    at.waits(60)
    at.judge.wake(at.now)
    at.waits(9)
    at.hears(key="device/other")
    assert at.waits(0) == []
    at.waits(1)
    at.hears(key="device/other")
    assert closed(at.waits(0)) == [Thing("slow", "network", "device/rtr")]


def test_a_thing_is_silent_by_the_age_of_its_reading_while_its_source_speaks() -> None:
    at = court(QUIET)
    for second in range(0, 70, 10):
        at.hears(key="device/other")
        if second < 10:
            at.hears(key="device/rtr")
        at.waits(10)
    assert opened(at.decided) == [Thing("quiet", "network", "device/rtr")]
    at.hears(key="device/rtr")
    at.waits(10)
    at.hears(key="device/other")
    at.waits(1)
    assert closed(at.decided) == [Thing("quiet", "network", "device/rtr")]


def test_behind_a_silent_source_things_are_unknown_not_silent() -> None:
    at = court(QUIET)
    at.hears()
    assert at.waits(1000) == []


def test_a_rule_that_fails_is_one_incident_and_disturbs_no_other() -> None:
    wrong = Rule(name="wrong", feed="network", when="state > 3", text="{name}")
    at = court(wrong, SLOW)
    for number in range(3):
        at.hears(key=f"device/{number}", rtt_ms=300.0)
    failed = Thing(RULE_FAILED, "network", "rule/wrong")
    assert [thing for thing in opened(at.decided) if thing.rule != "slow"] == [failed]
    assert len(opened(at.decided)) == 4
    [words] = [d.words for d in at.decided if isinstance(d, Open) and d.thing == failed]
    assert words.title == "Aturan wrong gagal"
    assert words.detail == "network device/0: 'state > 3' membandingkan kata dengan angka"


def test_a_failed_rule_is_well_again_when_it_can_judge_everything() -> None:
    wrong = Rule(name="wrong", feed="network", when="state > 3", text="{name}")
    at = court(wrong)
    at.hears(key="device/a")
    at.hears(key="device/b")
    at.hears(key="device/a", state=1)
    at.waits(20)
    at.hears(key="device/a", state=1)
    at.waits(20)
    assert closed(at.decided) == []
    at.hears(key="device/b", state=1)
    at.waits(20)
    at.hears(key="device/b", state=1)
    assert closed(at.decided) == [Thing(RULE_FAILED, "network", "rule/wrong")]


def test_what_is_open_in_the_records_does_not_open_again() -> None:
    at = court(LINK)
    words = Words("critical", "Tautan Dinkes putus", "–")
    assert at.judge.restore({ROUTER: Standing(words, Origin.DEMO)}, NOW) == []
    at.hears(kept=True, state="down")
    assert at.waits(60) == []
    at.hears(state="up")
    at.waits(10)
    at.hears(state="up")
    assert closed(at.decided) == [ROUTER]


@pytest.mark.parametrize(
    "thing",
    [
        Thing("gone", "network", "device/rtr"),
        Thing("link-down", "cameras", "device/rtr"),
        Thing("link-down", "network", "provider/x"),
        Thing("feed-silent", "sold", "feed/sold"),
        Thing(RULE_FAILED, "network", "rule/gone"),
    ],
)
def test_an_incident_that_no_rule_judges_any_more_is_closed_at_start(thing: Thing) -> None:
    at = court(LINK, SILENT)
    words = Words("critical", "x", "")
    assert at.judge.restore({thing: Standing(words, Origin.LIVE)}, NOW) == [
        Close(thing, NOW, RULE_GONE)
    ]


def test_a_key_that_is_too_long_for_the_records_is_told_apart_by_its_digest() -> None:
    at = court(SLOW)
    at.hears(key="device/" + "x" * 300 + "1", rtt_ms=300.0)
    at.hears(key="device/" + "x" * 300 + "2", rtt_ms=300.0)
    keys = [thing.key for thing in opened(at.decided)]
    assert len(set(keys)) == 2
    assert all(len(key) == 200 for key in keys)


KEYS = ("device/a", "device/b")
EVENTS = st.one_of(
    st.tuples(st.just("hear"), st.sampled_from(KEYS), st.sampled_from(["up", "down", None, 7])),
    st.tuples(st.just("remove"), st.sampled_from(KEYS), st.none()),
    st.tuples(st.just("wait"), st.floats(0.1, 200), st.none()),
    st.tuples(st.just("blind"), st.none(), st.none()),
)


@given(st.lists(EVENTS, max_size=60))
def test_never_two_open_for_one_thing_and_never_closed_without_a_good_reading(
    events: list[tuple[str, Any, Any]],
) -> None:
    at = court(LINK, SILENT, QUIET)
    last: dict[str, Any] = {}
    open_now: set[Thing] = set()
    for event, what, state in events:
        match event:
            case "hear":
                last[what] = state
                decisions = at.hears(key=what, state=state)
            case "remove":
                last.pop(what, None)
                decisions = at.removes(what)
            case "wait":
                decisions = at.waits(what)
            case _:
                at.judge.blind()
                assert at.waits(50) == []
                at.judge.wake(at.now)
                decisions = []
        for decision in decisions:
            thing = decision.thing
            if isinstance(decision, Open):
                assert thing not in open_now
                open_now.add(thing)
            else:
                assert thing in open_now
            if isinstance(decision, Close):
                open_now.discard(thing)
                if thing.rule == "link-down":
                    assert last.get(thing.key, "removed") in ("up", "removed")
