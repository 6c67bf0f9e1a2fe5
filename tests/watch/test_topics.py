"""Rules of one topic share an incident; a person's hand on it; what it says and where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from commandcenter.incidents.decision import Close, Decision, Open, Place, Standing, Update
from commandcenter.incidents.rules import Rule, Thing, Words
from commandcenter.reading import Origin
from tests.conftest import NOW
from tests.watch.court import Court, closed, court, opened, updates

DOWN = Rule(
    name="link-down",
    topic="link",
    feed="network",
    kind="device",
    when="state == 'down'",
    hold=20,
    level="critical",
    text="{name} putus",
    owner="noc",
    runbook="/runbook/link",
)
WEAK = Rule(
    name="link-degraded",
    topic="link",
    feed="network",
    kind="device",
    when="state == 'degraded'",
    hold=60,
    text="{name} terganggu",
)
LINK = Thing("link", "network", "device/rtr")
BROKEN = Words("critical", "Dinkes putus", "")
TROUBLED = Words("warning", "Dinkes terganggu", "")


def looks(at: Court, state: str, seconds: int, **value: Any) -> list[Decision]:
    """A source that tells the same every five seconds, for so long."""
    found: list[Decision] = []
    for _ in range(0, seconds, 5):
        found += at.hears(state=state, **value)
        found += at.waits(5)
    return found


def test_a_fall_from_degraded_to_down_is_the_same_incident_and_back() -> None:
    at = court(DOWN, WEAK)
    assert opened(looks(at, "degraded", 65)) == [LINK]
    assert looks(at, "down", 15) == []  # a worse word must last its hold, too
    [worse] = updates(looks(at, "down", 15))
    assert (worse.thing, worse.words, worse.again) == (LINK, BROKEN, False)
    assert looks(at, "degraded", 5) == []  # a better word must last the hold_close of the worse
    [better] = updates(looks(at, "degraded", 15))
    assert (better.thing, better.words, better.again) == (LINK, TROUBLED, False)
    assert closed(looks(at, "up", 20)) == [LINK]
    assert len(opened(at.decided)) == 1


def test_a_fall_straight_to_down_opens_at_that_level() -> None:
    at = court(WEAK, DOWN)
    [fall] = looks(at, "down", 60)
    assert isinstance(fall, Open)
    assert fall.words == BROKEN


def test_a_topic_is_not_good_while_one_of_its_rules_cannot_tell() -> None:
    slow = Rule(name="slow", topic="link", feed="network", when="rtt_ms > 200", text="{name}")
    at = court(DOWN, slow)
    looks(at, "up", 5, rtt_ms=300.0)
    looks(at, "down", 30, rtt_ms=None)
    assert looks(at, "up", 60, rtt_ms=None) == []
    assert closed(looks(at, "up", 20, rtt_ms=3.0)) == [LINK]


def test_what_a_source_calls_unknown_is_no_recovery() -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    assert looks(at, "unknown", 60) == []
    assert closed(looks(at, "up", 20)) == [LINK]


def test_silence_and_a_bad_word_may_be_one_topic() -> None:
    quiet = Rule(
        name="quiet", topic="link", feed="network", kind="device", silent=60, text="{name} diam"
    )
    at = court(DOWN, quiet)
    at.hears(state="up")
    for _ in range(7):
        at.hears(key="device/other")
        at.waits(10)
    assert opened(at.decided) == [LINK]
    assert [update.words for update in updates(looks(at, "down", 30))] == [BROKEN]
    assert closed(looks(at, "up", 20)) == [LINK]


def test_an_incident_says_where_it_is_and_whose() -> None:
    at = court(DOWN)
    place = {"office": "dinkes", "kecamatan": "Arut Selatan", "provider": "Telkom"}
    [fall] = looks(at, "down", 25, **place)
    assert isinstance(fall, Open)
    assert fall.place == Place("dinkes", "Arut Selatan", "Telkom")
    assert (fall.owner, fall.runbook) == ("noc", "/runbook/link")


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("complaint/lapor:7", {"agency": "Dinas Perhubungan"}, Place("Dinas Perhubungan")),
        ("office/disdik", {"kecamatan": "Kumai"}, Place("disdik", "Kumai")),
        ("application/x", {"office": None, "provider": 7}, Place()),
    ],
)
def test_the_place_is_what_the_reading_says(key: str, value: dict[str, Any], place: Place) -> None:
    assert Place.of(key, value) == place


def test_the_watch_goes_on_with_the_rule_whose_level_fits() -> None:
    at = court(DOWN, WEAK)
    standing = Standing(BROKEN, Origin.DEMO, NOW - timedelta(hours=1))
    assert at.judge.restore({LINK: standing}, NOW) == []
    assert looks(at, "down", 30) == []
    assert [update.words for update in updates(looks(at, "degraded", 20))] == [TROUBLED]


def test_the_topic_of_an_open_incident_may_leave_the_config() -> None:
    at = court(DOWN)
    gone = Thing("wireless", "network", "device/rtr")
    [end] = at.judge.restore({gone: Standing(BROKEN, Origin.LIVE)}, NOW)
    assert isinstance(end, Close)


def test_what_the_bus_kept_is_decided_at_the_next_tick() -> None:
    at = court(Rule(name="down", feed="network", when="state == 'down'", text="{name}"))
    assert at.hears(kept=True, state="down") == []
    assert opened(at.waits(0)) == [Thing("down", "network", "device/rtr")]


def test_what_a_person_resolved_opens_again_if_it_is_still_bad_later() -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    at.judge.dismiss(LINK, at.now, 300)
    assert looks(at, "down", 295) == []
    assert opened(looks(at, "down", 10)) == [LINK]


def test_for_that_nothing_new_need_be_heard() -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    at.judge.dismiss(LINK, at.now, 300)
    assert at.waits(299) == []
    assert opened(at.waits(1)) == [LINK]


def test_what_a_person_resolved_stays_so_if_it_is_good_by_then() -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    at.judge.dismiss(LINK, at.now, 300)
    looks(at, "down", 100)
    assert looks(at, "up", 300) == []
    assert opened(looks(at, "down", 30)) == [LINK]  # a new fall


def test_what_a_person_reopened_is_not_opened_twice_and_recovers() -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    at.judge.dismiss(LINK, at.now, 300)
    at.judge.reopened(LINK, BROKEN, Origin.DEMO)
    assert looks(at, "down", 400) == []
    assert closed(looks(at, "up", 20)) == [LINK]


@pytest.mark.parametrize("by_a_person", [False, True])
def test_reopening_what_is_good_is_not_undone_at_the_next_word(by_a_person: bool) -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    if by_a_person:
        at.judge.dismiss(LINK, at.now, 300)
    looks(at, "up", 20)
    at.judge.reopened(LINK, BROKEN, Origin.DEMO)
    assert looks(at, "up", 5) == []
    assert closed(looks(at, "up", 15)) == [LINK]


def test_what_no_rule_judges_can_be_neither_dismissed_nor_reopened() -> None:
    at = court(DOWN)
    alert = Thing("alert/zabbix", "zabbix", "alert/zabbix:1")
    at.judge.dismiss(alert, NOW, 300)
    at.judge.reopened(alert, BROKEN, Origin.LIVE)
    assert at.waits(1000) == []


def test_an_update_says_nothing_of_what_is_as_before() -> None:
    at = court(DOWN)
    looks(at, "down", 30)
    [update] = at.hears(state="down", name="Dinas Kesehatan")
    words = Words("critical", "Dinas Kesehatan putus", "")
    assert update == Update(LINK, at.now, words, again=False, flapping=None, affected=None)
