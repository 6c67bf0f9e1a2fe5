"""Maintenance windows: while one is open nothing new is told of what it covers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from commandcenter.incidents.decision import Decision
from commandcenter.incidents.maintenance import Maintenance
from commandcenter.incidents.rules import Rule, Thing
from commandcenter.reading import Origin
from tests.conftest import NOW
from tests.watch.court import Court, Work, closed, court, opened

DOWN = "state == 'down'"
LINK = Rule(name="link", feed="network", when=DOWN, hold=20, text="{name}", severs=True)
MACHINE = Rule(name="machine", feed="attendance", when=DOWN, hold=20, text="{name}")
SILENT = Rule(name="silent", feed="*", silent=180, text="{feed}")
QUIET = Rule(name="quiet", feed="attendance", kind="machine", silent=60, text="{name}")
FEEDS = {"network": Origin.DEMO, "attendance": Origin.DEMO}
ROUTER = Thing("link", "network", "device/dinkes")
LOBBY = Thing("machine", "attendance", "machine/M1")


def maintained(*works: Work) -> Court:
    """A core, the link of an office on it, and a machine of that office; all is well."""
    at = court(LINK, MACHINE, feeds=FEEDS)
    at.judge.maintain(works)
    looks(at, 0)
    return at


def looks(at: Court, seconds: int, link: str = "up", machine: str = "up") -> list[Decision]:
    found: list[Decision] = []
    for _ in range(0, seconds + 1, 10):
        place: dict[str, Any] = {"office": "dinkes", "kecamatan": "Kumai", "provider": "Telkom"}
        core: dict[str, Any] = {"role": "core", "kecamatan": "Arut Selatan", "provider": "Telkom"}
        found += at.hears(key="device/core", state="up", parent="", **core)
        found += at.hears(key="device/dinkes", state=link, role="office", parent="core", **place)
        found += at.hears(feed="attendance", key="machine/M1", state=machine, office="dinkes")
        if seconds:
            found += at.waits(10)
    return found


@pytest.mark.parametrize(
    "work",
    [
        Work("thing", "network/device/dinkes"),
        Work("thing", "network/device/core"),  # inherited downwards
        Work("office", "dinkes"),
        Work("office", " DINKES "),
        Work("kecamatan", "Kumai"),
        Work("provider", "Telkom"),
        Work("feed", "network"),
        Work("region", "Kotawaringin Barat"),
    ],
)
def test_what_is_worked_on_opens_nothing_until_the_end(work: Work) -> None:
    at = maintained(work)
    assert at.judge.in_maintenance("network", "device/dinkes", at.now)
    assert looks(at, 290, link="down") == []
    assert opened(looks(at, 20, link="down")) == [ROUTER]


@pytest.mark.parametrize(
    "work",
    [
        Work("thing", "network/device/other"),
        Work("thing", "attendance/machine/M1"),  # nothing is inherited upwards
        Work("office", "disdik"),
        Work("office", ""),
        Work("kecamatan", "Arut Selatan"),  # where its provider's core stands
        Work("provider", "Moratel"),
        Work("feed", "attendance"),
        Work("planet", "dinkes"),
        Work("region", begins=100),
        Work("region", begins=-100, ends=0),
    ],
)
def test_other_work_covers_it_not(work: Work) -> None:
    at = maintained(work)
    assert not at.judge.in_maintenance("network", "device/dinkes", at.now)
    assert opened(looks(at, 30, link="down")) == [ROUTER]


def test_a_machine_inherits_the_work_on_the_link_of_its_office() -> None:
    at = maintained(Work("provider", "Telkom"))
    assert looks(at, 200, machine="down") == []
    assert not at.judge.in_maintenance("attendance", "machine/unknown", at.now)


def test_a_machine_with_two_links_inherits_only_the_work_on_both() -> None:
    at = maintained(Work("thing", "network/device/dinkes"))
    at.hears(key="device/second", state="up", role="office", office="dinkes")
    assert opened(looks(at, 60, machine="down")) == [LOBBY]


def test_what_is_open_stays_open_while_it_is_worked_on() -> None:
    at = maintained(Work("region", begins=100))
    assert opened(looks(at, 90, link="down")) == [ROUTER]
    assert looks(at, 150, link="up") == []
    assert closed(looks(at, 60, link="up")) == [ROUTER]


def test_afterwards_only_what_is_heard_then_counts() -> None:
    at = maintained(Work("feed", "network", begins=10, ends=100))
    looks(at, 0, link="down")
    assert at.waits(99) == []
    assert at.waits(100) == []  # its last word is from before the work
    assert opened(looks(at, 30, link="down")) == [ROUTER]


def test_behind_a_link_that_is_worked_on_and_down_things_are_unknown_after_the_work_too() -> None:
    at = maintained(Work("thing", "network/device/dinkes"))
    looks(at, 290, link="down", machine="down")
    assert opened(looks(at, 60, link="down", machine="down")) == [ROUTER]


def test_silence_counts_from_the_end_of_the_work() -> None:
    at = court(QUIET, SILENT, feeds=FEEDS)
    at.judge.maintain([Work("region", ends=300)])
    at.hears(feed="attendance", key="machine/M1")
    for _ in range(35):
        at.hears(feed="attendance", key="machine/M2")
        at.waits(10)
    assert opened(at.decided) == [Thing("silent", "network", "feed/network")]
    at.hears(feed="attendance", key="machine/M2")
    assert Thing("quiet", "attendance", "machine/M1") in opened(at.waits(10))


def test_work_may_be_called_off() -> None:
    at = maintained(Work("region"))
    looks(at, 50, link="down")
    at.judge.maintain([])
    assert opened(looks(at, 30, link="down")) == [ROUTER]


def test_a_rule_that_fails_is_told_during_work_too() -> None:
    wrong = Rule(name="wrong", feed="network", when="name > 3", text="x")
    at = court(wrong, feeds=FEEDS)
    at.judge.maintain([Work("region")])
    assert [thing.key for thing in opened(at.hears())] == ["rule/wrong"]


def test_windows_open_and_close_at_their_moments() -> None:
    works = [Work("office", "a", 10, 30), Work("region", "x", 20, 40)]
    windows = Maintenance(works)
    told = {s: sorted(windows.active(NOW + timedelta(seconds=s))) for s in (9, 10, 20, 30, 40)}
    both = [("office", "a"), ("region", "")]
    assert list(told.values()) == [[], both[:1], both, both[1:], []]
    assert sorted(windows.active(NOW + timedelta(seconds=25))) == both  # and back again
