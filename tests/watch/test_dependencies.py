"""Behind a broken link things are unknown, and one incident tells of all of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.incidents.decision import Affected, Decision, Merge, Open, Standing
from commandcenter.incidents.dependencies import Dependencies, Node
from commandcenter.incidents.rules import Rule, Thing, Words
from commandcenter.reading import Origin, Reading
from tests.conftest import NOW
from tests.watch.court import Court, closed, court, merged, opened, reading, updates

LINK = Rule(
    name="link",
    feed="network",
    kind="device",
    when="state == 'down'",
    hold=20,
    level="critical",
    text="{name} putus",
    severs=True,
)
CAMERA = Rule(name="camera", feed="cameras", when="state == 'unreachable'", hold=30, text="{name}")
MACHINE = Rule(
    name="machine",
    feed="attendance",
    kind="machine",
    when="state == 'silent'",
    text="Mesin {office_name} diam",
)
QUIET = Rule(name="quiet", feed="cameras", kind="camera", silent=60, text="{name} diam")
SILENT = Rule(name="silent", feed="*", silent=180, text="Sumber {feed} diam")
FEEDS = {"network": Origin.DEMO, "cameras": Origin.DEMO, "attendance": Origin.DEMO}
LOBBY = Node("cameras", "camera/lobi")


def link(name: str) -> Thing:
    return Thing("link", "network", f"device/{name}")


def device(at: Court, name: str, state: str = "up", parent: str = "", **value: Any) -> None:
    at.hears(key=f"device/{name}", state=state, parent=parent, name=name, **value)


def camera(at: Court, name: str, state: str = "live", **value: Any) -> None:
    at.hears(feed="cameras", key=f"camera/{name}", state=state, name=name, **value)


def region(at: Court, *, core: str = "up", office: str = "up", eye: str = "live") -> None:
    """A core, an office on it, and a camera behind the office's link, told by their sources."""
    device(at, "core", core, role="core")
    device(at, "dinkes", office, "core", role="office", office="dinkes")
    camera(at, "lobi", eye, behind="dinkes")


def lasts(at: Court, seconds: int, **states: str) -> None:
    for _ in range(0, seconds, 5):
        region(at, **states)
        at.waits(5)


def test_when_the_core_falls_there_is_one_incident_with_everything_behind_it() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 10)
    at.hears(feed="attendance", key="office/dinkes", present=7)
    at.hears(feed="incidents", key="incident/7", office="dinkes")  # no source: nothing hangs
    lasts(at, 60, core="down", office="down", eye="unreachable")
    [fall] = at.decided
    assert isinstance(fall, Open)
    assert fall.thing == link("core")
    assert fall.affected == (
        Affected("attendance", "office/dinkes", "Dinkes"),
        Affected("cameras", "camera/lobi", "lobi"),
        Affected("network", "device/dinkes", "dinkes"),
    )


def test_200_devices_behind_one_link_are_one_incident() -> None:
    at = court(LINK)
    for state in ("up", "down", "down", "down"):
        device(at, "core", state)
        for number in range(200):
            device(at, f"rtr-{number:03}", state, "core")
        at.waits(10)
    [fall] = at.decided
    assert isinstance(fall, Open)
    assert [one.name for one in fall.affected] == [f"rtr-{number:03}" for number in range(200)]


def test_an_incident_names_at_most_500_things() -> None:
    at = court(LINK)
    for number in range(600):
        device(at, f"rtr-{number:03}", parent="core")
    for _ in range(2):
        device(at, "core", "down")
        at.waits(20)
    [fall] = at.decided
    assert isinstance(fall, Open)
    assert [one.name for one in fall.affected] == [f"rtr-{number:03}" for number in range(500)]


def test_what_fell_just_before_its_upstream_goes_into_its_incident() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 40, office="down", eye="unreachable")
    assert opened(at.decided) == [link("dinkes")]
    lasts(at, 25, core="down", office="down", eye="unreachable")
    assert opened(at.decided) == [link("dinkes"), link("core")]
    assert merged(at.decided) == [(link("dinkes"), link("core"))]
    assert isinstance(at.decided[-1], Merge)  # after that which it goes into


def test_an_older_incident_stays_what_it_is() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 300, office="down")
    lasts(at, 60, core="down", office="down")
    lasts(at, 60, core="down", office="unknown")
    assert merged(at.decided) == []
    assert closed(at.decided) == []
    lasts(at, 30)
    assert closed(at.decided) == [link("core"), link("dinkes")]


def test_after_the_recovery_children_are_judged_afresh() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 60, core="down", office="down", eye="unreachable")
    lasts(at, 15, office="down", eye="unreachable")
    assert opened(at.decided) == [link("core")]  # its own hold, from the recovery on
    lasts(at, 5, office="down", eye="unreachable")
    assert opened(at.decided) == [link("core"), link("dinkes")]
    lasts(at, 40, eye="unreachable")
    assert opened(at.decided) == [link("core"), link("dinkes"), Thing("camera", *LOBBY)]


def test_what_was_heard_before_the_recovery_says_nothing_afterwards() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 60, core="down", office="down", eye="unreachable")
    for _ in range(20):
        device(at, "core", role="core")
        device(at, "dinkes", parent="core", role="office", office="dinkes")
        at.waits(10)
    assert opened(at.decided) == [link("core")]  # of the camera nothing was heard since
    camera(at, "lobi", "unreachable", behind="dinkes")
    at.waits(30)
    assert opened(at.decided) == [link("core"), Thing("camera", *LOBBY)]


def test_a_link_that_bounces_too_fast_for_its_hold_tells_what_is_behind_it_too() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    for _ in range(20):
        lasts(at, 10, core="down", office="down", eye="unreachable")
        lasts(at, 10)
    assert opened(at.decided) == [link("core")]
    [update] = [update for update in updates(at.decided) if update.affected is not None]
    assert [one.name for one in update.affected or ()] == ["lobi", "dinkes"]


def test_a_fall_in_its_hold_already_makes_children_unknown() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 25, eye="unreachable")
    lasts(at, 10, core="down", eye="unreachable")
    assert at.decided == []
    lasts(at, 25, eye="unreachable")
    assert at.decided == []
    lasts(at, 10, eye="unreachable")
    assert opened(at.decided) == [Thing("camera", *LOBBY)]


def test_when_something_above_breaks_too_only_the_topmost_is_told() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 40, office="down", eye="unreachable")
    lasts(at, 60, core="down", office="down", eye="unreachable")
    assert opened(at.decided) == [link("dinkes"), link("core")]
    assert merged(at.decided) == [(link("dinkes"), link("core"))]
    assert [d.affected for d in at.decided if isinstance(d, Open)] == [
        (Affected(*LOBBY, "lobi"),),
        (Affected(*LOBBY, "lobi"), Affected("network", "device/dinkes", "dinkes")),
    ]


def test_what_is_behind_grows_while_the_incident_is_open_and_never_shrinks() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 30, core="down", office="down")
    camera(at, "pasar", "unreachable", behind="dinkes")
    assert updates(at.decided) == []
    [update] = updates(at.waits(1))
    assert [one.name for one in update.affected or ()] == ["lobi", "pasar", "dinkes"]
    at.removes(LOBBY.key, feed=LOBBY.feed)
    camera(at, "simpang", "unreachable", behind="dinkes")
    [update] = updates(at.waits(1))
    assert [one.name for one in update.affected or ()] == ["lobi", "pasar", "simpang", "dinkes"]
    assert at.waits(60) == []


def test_a_machine_hangs_on_the_links_of_its_office_and_is_cut_off_when_all_are_broken() -> None:
    at = court(LINK, MACHINE, feeds=FEEDS)

    def looks(one: str, two: str, state: str, times: int) -> None:
        for _ in range(times):
            device(at, "satu", one, role="office", office="dinkes")
            device(at, "dua", two, role="office", office="dinkes")
            at.hears(feed="attendance", key="machine/M1", state=state, office="dinkes")
            at.waits(10)

    looks("down", "up", "online", 3)
    assert opened(at.decided) == [link("satu")]
    looks("down", "down", "silent", 3)
    assert opened(at.decided) == [link("satu"), link("dua")]
    assert Affected("attendance", "machine/M1", "Dinkes") in [
        one for d in at.decided if isinstance(d, Open) for one in d.affected
    ]
    looks("up", "down", "silent", 1)
    assert opened(at.decided)[-1] == Thing("machine", "attendance", "machine/M1")


def test_the_silence_of_things_behind_a_broken_link_is_unknown_too() -> None:
    at = court(LINK, QUIET, feeds=FEEDS)
    region(at)
    for _ in range(20):
        device(at, "core", "down")
        camera(at, "lain")
        at.waits(10)
    assert opened(at.decided) == [link("core")]
    for _ in range(6):
        device(at, "core")
        camera(at, "lain")
        at.waits(10)
    assert opened(at.decided) == [link("core"), Thing("quiet", *LOBBY)]  # silent since then


def test_a_source_whose_things_are_all_behind_a_broken_link_is_not_accused_of_silence() -> None:
    at = court(LINK, SILENT, feeds={"network": Origin.DEMO, "cameras": Origin.DEMO})
    region(at)
    for _ in range(30):
        device(at, "core", "down")
        at.waits(10)
    assert opened(at.decided) == [link("core")]
    for _ in range(2):
        device(at, "core")
        at.waits(10)
    assert opened(at.decided)[1:] == [Thing("silent", "cameras", "feed/cameras")]


def test_what_is_taken_out_of_its_list_holds_nothing_down_any_more() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    lasts(at, 30, core="down", eye="unreachable")
    at.removes("device/core")
    for _ in range(4):
        camera(at, "lobi", "unreachable", behind="dinkes")
        at.waits(10)
    assert opened(at.decided) == [link("core"), Thing("camera", *LOBBY)]


def test_the_silence_behind_what_was_taken_out_counts_from_then() -> None:
    at = court(LINK, QUIET, feeds=FEEDS)
    region(at)
    for _ in range(10):
        device(at, "core", "down")
        camera(at, "lain")
        at.waits(10)
    at.removes("device/core")
    for seconds in range(0, 60, 10):
        assert Thing("quiet", *LOBBY) not in opened(at.decided), seconds
        camera(at, "lain")
        at.waits(10)
    assert opened(at.decided) == [link("core"), Thing("quiet", *LOBBY)]


def test_what_fell_between_two_breaks_of_one_outage_goes_into_it() -> None:
    slow = replace(LINK, hold_close=300)
    at = court(slow, CAMERA, feeds=FEEDS)
    lasts(at, 30, core="down", office="down")
    lasts(at, 30, office="down")
    assert opened(at.decided) == [link("core"), link("dinkes")]
    lasts(at, 30, core="down", office="down")
    assert merged(at.decided) == [(link("dinkes"), link("core"))]
    assert len(opened(at.decided)) == 2


def test_a_thing_that_moves_from_a_broken_link_to_a_good_one_is_judged_afresh() -> None:
    at = court(LINK, QUIET, feeds=FEEDS)
    device(at, "good")
    device(at, "dinkes")
    camera(at, "lobi", behind="dinkes")
    for _ in range(10):
        device(at, "dinkes", "down")
        camera(at, "lain")
        at.waits(10)
    at.take(at.judge.see(old(at, "lobi", behind="good"), at.now))
    for _ in range(6):
        assert opened(at.decided) == [link("dinkes")]
        camera(at, "lain")
        at.waits(10)
    assert opened(at.decided) == [link("dinkes"), Thing("quiet", *LOBBY)]


def old(at: Court, name: str, **value: Any) -> Reading:
    """Heard now, but as old as the beginning."""
    return replace(reading(at.now, f"camera/{name}", "cameras", name=name, **value), at=NOW)


def test_a_restart_amid_an_outage_opens_nothing_more_and_remembers_what_was_behind() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    before = (Affected("cameras", "camera/lama", "lama"),)
    words = Words("critical", "core putus", "")
    at.judge.restore({link("core"): Standing(words, Origin.DEMO, NOW, affected=before)}, NOW)
    camera(at, "lobi", "unreachable", behind="dinkes")  # heard before what it is behind
    lasts(at, 60, core="down", office="down", eye="unreachable")
    [update] = at.decided
    assert [one.name for one in updates([update])[0].affected or ()] == ["lama", "lobi", "dinkes"]


def test_a_restart_just_after_the_fall_still_finds_its_first_signs() -> None:
    at = court(LINK, CAMERA, feeds=FEEDS)
    fell, sign = NOW - timedelta(seconds=60), NOW - timedelta(seconds=150)
    words = Words("critical", "putus", "")
    standing = {
        "core": Standing(words, Origin.DEMO, fell),
        "dinkes": Standing(words, Origin.DEMO, sign),
    }
    at.judge.restore({link(name): one for name, one in standing.items()}, NOW)
    lasts(at, 10, core="down", office="down")
    assert merged(at.decided) == [(link("dinkes"), link("core"))]


def test_without_a_rule_that_severs_everybody_speaks_for_himself() -> None:
    plain = Rule(name="link", feed="network", when="state == 'down'", text="{name}")
    at = court(plain, CAMERA, feeds=FEEDS)
    region(at, core="down", office="down")
    assert opened(at.decided) == [link("core"), link("dinkes")]


def test_who_stands_in_a_circle_hangs_on_nobody() -> None:
    graph = Dependencies()
    a, b, c = (Node("network", f"device/{name}") for name in "abc")
    for node, parent in ((a, "b"), (b, "a"), (c, "a")):
        graph.note(node, {"parent": parent})
    graph.breaks(a, "link")
    graph.breaks(b, "link")
    assert [graph.is_severed(node) for node in (a, b, c)] == [False, False, True]
    assert graph.tops(c) == [b]
    assert graph.behind(a) == [b, c]
    itself = Node("network", "device/x")
    graph.note(itself, {"parent": "x"})
    graph.breaks(itself, "link")
    assert not graph.is_severed(itself)


def test_a_thing_may_move_to_another_link() -> None:
    graph, eye = Dependencies(), Node("cameras", "camera/lobi")
    for name in "ab":
        graph.note(Node("network", f"device/{name}"), {"parent": ""})
    assert not graph.note(eye, {"behind": "a"})
    graph.breaks(Node("network", "device/a"), "link")
    assert graph.is_severed(eye)
    assert graph.note(eye, {"behind": "b"})
    assert not graph.is_severed(eye)


# ------------------------------------------------------------------ any tree, any falls

PARENTS = (None, 0, 0, 1, 1, 2, 5)  # of seven devices


class Tree:
    """Seven devices, told every ten seconds by a source that cannot tell a broken device from one
    behind a broken one; and, reckoned apart, since when each has been broken by itself."""

    def __init__(self, order: random.Random | None = None) -> None:
        self.at = court(LINK)
        self.broken: set[int] = set()
        self.since: dict[int, int] = {}  # of the topmost broken ones, the look at which they fell
        self.good: dict[int, int] = {}  # of those that are good, the look since when
        self.open: set[int] = set()
        self.looks = 0
        self.order = order

    def above(self, number: int) -> list[int]:
        parent = PARENTS[number]
        return [] if parent is None else [parent, *self.above(parent)]

    def is_cut(self, number: int) -> bool:
        return any(above in self.broken for above in self.above(number))

    def look(self) -> None:
        numbers = list(range(len(PARENTS)))
        if self.order:
            self.order.shuffle(numbers)
        before = len(self.at.decided)
        for number in numbers:
            state = "down" if number in self.broken or self.is_cut(number) else "up"
            parent = PARENTS[number]
            device(self.at, str(number), state, "" if parent is None else str(parent))
        self.reckon()
        for _ in range(2):
            self.at.waits(5)
        for decision in self.at.decided[before:]:
            self.follow(decision)
        self.looks += 1

    def reckon(self) -> None:
        for number in range(len(PARENTS)):
            cut, broken = self.is_cut(number), number in self.broken
            self.since = _kept(self.since, number, broken and not cut, self.looks)
            self.good = _kept(self.good, number, not broken and not cut, self.looks)

    def follow(self, decision: Decision) -> None:
        number = int(decision.thing.key.removeprefix("device/"))
        if isinstance(decision, Open):
            assert number not in self.open
            assert not self.is_cut(number)
            self.open.add(number)
            if not decision.flapping:
                assert number in self.since
                behind = {n for n in range(len(PARENTS)) if number in self.above(n)}
                assert {int(one.name) for one in decision.affected} == behind
        else:
            assert number in self.open
        if isinstance(decision, Merge):
            into = int(decision.into.key.removeprefix("device/"))
            assert into in self.open
            assert into in self.above(number)
        if decision.thing in [*closed([decision]), *(one for one, _ in merged([decision]))]:
            self.open.discard(number)


def _kept(since: dict[int, int], number: int, holds: bool, now: int) -> dict[int, int]:
    rest = {other: at for other, at in since.items() if other != number}
    return rest | {number: since.get(number, now)} if holds else rest


FALLS = st.lists(st.tuples(st.integers(0, len(PARENTS) - 1), st.integers(1, 8)), max_size=12)


@settings(deadline=None, max_examples=60)
@given(FALLS)
def test_exactly_the_topmost_broken_ones_that_outlast_their_hold_are_told(
    falls: list[tuple[int, int]],
) -> None:
    tree = Tree()
    tree.look()
    for number, looks in falls:
        tree.broken ^= {number}
        for _ in range(looks):
            tree.look()
            for one, since in tree.since.items():
                if tree.looks - since >= 3:
                    assert one in tree.open
            for one, since in tree.good.items():
                if tree.looks - since >= 3 and one in tree.open:
                    assert flapping(tree.at, one)


def flapping(at: Court, number: int) -> bool:
    return any(
        decision.thing == link(str(number)) and decision.flapping
        for decision in at.decided
        if isinstance(decision, Open) or decision in updates([decision])
    )


@settings(deadline=None, max_examples=60)
@given(FALLS, st.integers(0, 10_000))
def test_in_whatever_order_they_are_told_nothing_opens_behind_what_is_known_to_be_broken(
    falls: list[tuple[int, int]], seed: int
) -> None:
    tree = Tree(random.Random(seed))
    tree.look()
    for number, looks in falls:
        tree.broken ^= {number}
        for _ in range(looks):
            tree.look()
    tree.broken = set()
    for _ in range(60):
        tree.look()
    assert tree.open == set()
