"""The end of a shift in the records, on each database."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.records.chain import log_of, verify
from commandcenter.records.database import Records
from commandcenter.records.handover import (
    FIRST_SHIFT,
    Handover,
    NoHandover,
    Taken,
    give,
    past,
    refuse,
    shift_of,
    take,
    waiting_for,
)
from commandcenter.records.incidents import incident_of, open_incident, recover
from commandcenter.records.life import Step, Terms, take_step
from tests.conftest import NOW


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


async def fallen(records: Records, key: str, at: datetime = NOW, **more: Any) -> int:
    told = {"level": "critical", "title": f"{key} putus"} | more
    return await records.write(open_incident, ("link-down", "network", key), at, **told)


async def did(records: Records, number: int, act: Any, at: datetime = NOW, **more: Any) -> None:
    version = (await records.read(incident_of, number)).version
    step = Step(incident=number, version=version, act=act, who="operator 1", **more)
    await records.write(take_step, step, at, Terms())


async def given(records: Records, at: datetime = NOW, **told: Any) -> Handover:
    whole: dict[str, Any] = {"who": "operator 1", "to": "operator 2", "note": "", "since": NOW}
    return await records.write(give, at=at, **(whole | {"summary": {}} | told))


async def test_a_shift_counts_what_is_there_and_what_happened_since_it_began(
    records: Records,
) -> None:
    await fallen(records, "lama", NOW - 2 * FIRST_SHIFT)
    mine = await fallen(records, "milik")
    await did(records, mine, "assign", assignee="operator 1")
    shelved = await fallen(records, "tunda", level="warning")
    await did(records, shelved, "shelve", until=later(60))
    long = await fallen(records, "tunda-lama", level="warning")
    await did(records, long, "shelve", until=later(60 * 24 * 3))
    await fallen(records, "pulih")
    await records.write(recover, ("link-down", "network", "pulih"), later(1), reason="pulih")
    shift = await records.read(shift_of, "operator 1", later(2))
    assert shift.counts == {
        "open": {"critical": 2},
        "shelved": {"warning": 2},
        "resolved": {"critical": 1},
    }
    assert (shift.opened, shift.resolved) == (4, 1)
    assert [row.id for row in shift.mine] == [mine]
    assert [row.id for row in shift.shelved] == [shelved]
    assert len(shift.critical) == 2


async def test_a_shift_begins_where_the_last_one_was_handed_over(records: Records) -> None:
    at_first = await records.read(shift_of, "operator 1", NOW)
    assert at_first.since == NOW - FIRST_SHIFT
    one = await given(records, later(10))
    await records.write(take, one.id, "operator 2", later(12))
    assert (await records.read(shift_of, "operator 1", later(20))).since == later(10)
    assert (await records.read(shift_of, "operator 2", later(20))).since == later(12)


async def test_what_was_assigned_to_the_giver_goes_to_the_receiver_and_nothing_else(
    records: Records,
) -> None:
    mine, other, over = [await fallen(records, key) for key in ("a", "b", "c")]
    for number in (mine, over):
        await did(records, number, "assign", assignee="operator 1")
    await did(records, other, "assign", assignee="koordinator")
    await did(records, over, "resolve", cause="power")
    one = await given(records)
    taken = await records.write(take, one.id, "operator 2", later(5), "127.0.0.1")
    assert (taken.handover.taken_at, taken.moved, taken.left) == (later(5), [mine], 0)
    rows = [await records.read(incident_of, number) for number in (mine, other, over)]
    assert [row.assignee for row in rows] == ["operator 2", "koordinator", "operator 1"]
    last = (await records.read(log_of, mine))[-1]
    assert (last.step, last.who, last.version) == ("handed_over", "operator 2", rows[0].version)
    assert (await records.read(verify)).mistakes == ()


async def test_of_many_who_take_the_same_one_at_once_one_does(records: Records) -> None:
    one = await given(records)
    tries = (records.write(take, one.id, "operator 2", later(n)) for n in range(4))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, Taken) for answer in answers) == 1
    assert sum(isinstance(answer, NoHandover) for answer in answers) == 3


async def test_what_waits_is_answered_by_its_receiver_once(records: Records) -> None:
    one = await given(records, note="genset")
    assert [mail.id for mail in await records.read(waiting_for, "operator 2")] == [one.id]
    with pytest.raises(NoHandover):
        await records.write(refuse, one.id, "koordinator", NOW, "")
    told = await records.write(refuse, one.id, "operator 2", later(1), "belum datang")
    assert (told.refused_at, told.note) == (later(1), "genset\noperator 2: belum datang")
    assert await records.read(waiting_for, "operator 2") == []
    with pytest.raises(NoHandover):
        await records.write(take, one.id, "operator 2", later(2))


async def test_giving_again_renews_what_still_waits(records: Records) -> None:
    first = await given(records, summary={"opened": 1})
    second = await given(records, later(3), summary={"opened": 2}, note="PLN \x00datang")
    assert (second.id, second.summary, second.note) == (first.id, {"opened": 2}, "PLN datang")
    await records.write(take, first.id, "operator 2", later(4))
    third = await given(records, later(5))
    assert [one.id for one in await records.read(past)] == [third.id, first.id]
