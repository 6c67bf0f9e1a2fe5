"""Who has to make room for whom."""

from __future__ import annotations

import resource

import pytest

from commandcenter.connections import RESERVED, Connections, room


class Visit:
    """A connection that remembers whether it was cut."""

    def __init__(self, source: str, *, waits: bool = True) -> None:
        self.source, self.waits = source, waits
        self.gone = False

    def cut(self) -> None:
        self.gone = True


def test_the_oldest_that_waits_makes_room_for_another_of_its_address() -> None:
    connections = Connections(of_one=3)
    busy, silent = Visit("stranger", waits=False), [Visit("stranger") for _ in range(5)]
    machine = Visit("machine")
    for visit in (machine, busy, *silent):
        connections.came(visit)
    assert [visit.gone for visit in silent] == [True, True, True, False, False]
    assert not busy.gone
    assert not machine.gone
    assert len(connections) == 4


def test_who_has_most_makes_room_when_there_is_none_left() -> None:
    connections = Connections(most=5)
    few, many = [Visit("few") for _ in range(2)], [Visit("many") for _ in range(4)]
    for visit in (*few, *many):
        connections.came(visit)
    assert [visit.gone for visit in many] == [True, False, False, False]
    assert not any(visit.gone for visit in few)


def test_where_nobody_waits_the_newest_is_cut_itself() -> None:
    connections = Connections(most=2)
    busy = [Visit(name, waits=False) for name in "ab"]
    late = Visit("c")
    for visit in (*busy, late):
        connections.came(visit)
    assert late.gone
    assert not any(visit.gone for visit in busy)


def test_one_busy_crowd_does_not_hide_who_waits_elsewhere() -> None:
    connections = Connections(most=3)
    crowd, idle, new = [Visit("", waits=False) for _ in range(2)], Visit("a"), Visit("b")
    for visit in (*crowd, idle, new):
        connections.came(visit)
    assert idle.gone
    assert not new.gone


def test_a_proxy_speaks_for_many() -> None:
    connections = Connections(of_one=1, proxies=("10.0.0.0/24", "::1"))
    assert connections.source("10.0.0.7") == connections.source("::1") == ""
    assert connections.source("10.0.1.7") == "10.0.1.7"
    assert connections.source("2001:db8::1") == connections.source("2001:db8::2")
    through = [Visit("") for _ in range(3)]
    for visit in through:
        connections.came(visit)
    assert not any(visit.gone for visit in through)


def test_who_left_is_not_counted_and_may_leave_twice() -> None:
    connections, visit = Connections(most=1), Visit("a")
    connections.came(visit)
    connections.left(visit)
    connections.left(visit)
    assert len(connections) == 0


def test_descriptors_are_reserved_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    assert room(2000) == 1024 - RESERVED
    assert room(100) == 100
