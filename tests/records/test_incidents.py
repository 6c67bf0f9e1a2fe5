"""Incidents in the records, on SQLite and on PostgreSQL: what judges and senders say of a thing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.records.database import Records
from commandcenter.records.incidents import (
    NoIncident,
    close,
    incident_of,
    incidents_of,
    log_of,
    merge,
    open_incident,
    open_incidents,
    recover,
    totals,
    touch,
    unclosed,
)
from commandcenter.records.life import Step, Terms, take_step
from tests.conftest import NOW

LINK = ("link-down", "network", "device/rtr")
CORE = ("link-down", "network", "device/core")
DOWN: dict[str, Any] = {
    "level": "critical",
    "title": "Tautan Dinkes putus",
    "detail": "a",
    "origin": "demo",
}
SAID: dict[str, Any] = {"level": "critical", "title": "Tautan Dinkes putus", "detail": "a"}


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def steps(records: Records, number: int) -> list[tuple[str, str, str]]:
    return [(s.who, s.step, s.note) for s in await records.read(log_of, number)]


async def test_an_incident_from_its_opening_to_its_recovery(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    await records.write(touch, LINK, later(10), **SAID | {"detail": "b"})
    await records.write(touch, LINK, later(20), **SAID, again=True)
    assert await records.write(recover, LINK, later(50), reason="sudah pulih") == number
    assert await records.read(open_incidents) == []
    [row] = await records.read(unclosed)
    assert (row.id, row.state, row.resolved_at, row.resolved_by, row.closed_at) == (
        number,
        "resolved",
        later(50),
        "watch",
        None,
    )
    assert (row.count, row.detail, row.opened_at, row.last_seen_at) == (2, "a", NOW, later(20))
    assert await steps(records, number) == [
        ("watch", "opened", "Tautan Dinkes putus"),
        ("watch", "again", "Tautan Dinkes putus"),
        ("watch", "resolved", "sudah pulih"),
    ]


async def test_what_falls_again_within_the_window_goes_on_with_the_same_incident(
    records: Records,
) -> None:
    first = await records.write(open_incident, LINK, NOW, **DOWN)
    assert await records.write(open_incident, LINK, later(1), **DOWN) == first
    await records.write(recover, LINK, later(2), reason="")
    assert await records.write(open_incident, LINK, later(1802), **DOWN) == first
    row = await records.read(incident_of, first)
    assert (row.state, row.count, row.opened_at, row.resolved_at) == ("open", 2, NOW, None)
    assert [step for _, step, _ in await steps(records, first)][-1] == "reopened"


async def test_what_falls_again_after_the_window_is_a_new_incident(records: Records) -> None:
    first = await records.write(open_incident, LINK, NOW, **DOWN)
    await records.write(recover, LINK, later(2), reason="")
    second = await records.write(open_incident, LINK, later(1803), **DOWN)
    assert second != first
    assert (await records.read(incident_of, first)).state == "closed"


async def test_who_took_it_before_it_recovered_has_to_take_it_again(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    step = Step(incident=number, version=1, act="acknowledge", who="operator 1")
    await records.write(take_step, step, later(1), Terms())
    await records.write(recover, LINK, later(2), reason="")
    await records.write(open_incident, LINK, later(3), **DOWN)
    row = await records.read(incident_of, number)
    assert (row.state, row.acknowledged_by) == ("open", None)


async def test_a_worse_level_is_logged_and_counts_as_a_new_version(records: Records) -> None:
    warned = SAID | {"level": "warning"}
    number = await records.write(open_incident, LINK, NOW, **warned)
    await records.write(touch, LINK, later(5), **SAID)
    row = await records.read(incident_of, number)
    assert (row.level, row.version) == ("critical", 2)
    assert [step for _, step, _ in await steps(records, number)] == ["opened", "changed"]


async def test_flapping_and_what_is_affected_are_noted_once(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    behind = [{"feed": "attendance", "key": "machine/1", "name": "Mesin camat"}]
    for second in (1, 2):
        told: dict[str, Any] = {"flapping": True, "affected": behind}
        await records.write(touch, LINK, later(second), **SAID, **told)
    row = await records.read(incident_of, number)
    assert (row.flapping, row.affected) == (True, behind)
    assert [step for _, step, _ in await steps(records, number)] == [
        "opened",
        "flapping",
        "affected",
    ]


async def test_a_child_is_merged_into_the_incident_of_what_it_hangs_on(records: Records) -> None:
    child = await records.write(open_incident, LINK, NOW, **DOWN)
    above = await records.write(open_incident, CORE, later(1), **DOWN | {"title": "Inti putus"})
    await records.write(merge, LINK, later(2), into=CORE)
    assert [row.id for row in await records.read(open_incidents)] == [above]
    [*_, last] = await records.read(log_of, child)
    assert (last.step, last.note, last.facts["into"]) == ("merged", "Inti putus", above)


async def test_two_watchers_that_open_at_the_same_moment_open_one(records: Records) -> None:
    other = Records(records.url)
    numbers = await asyncio.gather(
        *(
            at.write(open_incident, ("r", "f", f"k/{n}"), NOW, **DOWN)
            for n in range(20)
            for at in (records, other)
        )
    )
    other.close()
    assert len(set(numbers)) == 20
    assert [len(await steps(records, n)) for n in set(numbers)] == [1] * 20


async def test_the_totals_count_what_needs_somebody_apart_from_the_rest(records: Records) -> None:
    numbers = [
        await records.write(open_incident, ("r", "f", f"k/{n}"), later(n), **DOWN) for n in range(4)
    ]
    acknowledge = Step(incident=numbers[1], version=1, act="acknowledge", who="operator 1")
    shelve = Step(incident=numbers[2], version=1, act="shelve", who="operator 1", until=later(99))
    for step in (acknowledge, shelve):
        await records.write(take_step, step, later(5), Terms())
    await records.write(recover, ("r", "f", "k/3"), later(6), reason="")
    told = await records.read(totals, NOW)
    assert (told.open, told.acknowledged, told.unacknowledged, told.critical) == (2, 1, 1, 2)
    assert (told.oldest_at, told.shelved, told.resolved, told.resolved_today) == (NOW, 1, 1, 1)


async def test_many_are_found_by_their_numbers(records: Records) -> None:
    def open_many(connection: Any) -> list[int]:
        return [open_incident(connection, ("r", "f", f"k/{n}"), NOW, **DOWN) for n in range(700)]

    numbers = await records.write(open_many)
    found = await records.read(incidents_of, [*numbers, 10_000])
    assert [row.id for row in found] == numbers


async def test_what_is_not_there_is_said_so(records: Records) -> None:
    assert await records.write(touch, LINK, NOW, **SAID) is None
    assert await records.write(recover, LINK, NOW, reason="") is None
    with pytest.raises(NoIncident):
        await records.read(incident_of, 7)


async def test_words_that_a_database_cannot_hold_are_made_to_fit(records: Records) -> None:
    wild = {"title": "a\x00b" + "x" * 1000, "detail": "\ud800" + "y" * 1000}
    number = await records.write(open_incident, LINK, NOW, **DOWN | wild)
    row = await records.read(incident_of, number)
    assert (row.title[:3], len(row.title), row.detail[:2]) == ("abx", 300, "?y")
    endless = ("r" * 100, "f", "k" * 300)
    first = await records.write(open_incident, endless, NOW, **DOWN)
    assert await records.write(open_incident, endless, NOW, **DOWN) == first


async def test_a_closed_incident_is_left_alone(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    await records.write(recover, LINK, later(1), reason="")
    await records.write(close, await records.read(incident_of, number), later(2))
    assert await records.write(touch, LINK, later(3), **SAID) is None
    assert await records.read(unclosed) == []
