"""Incidents that are over, on each database; many steps at once, and links that count once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.records.bulk import take_steps
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, NoIncident, incident_of, open_incident
from commandcenter.records.life import NotPossible, StaleIncident, Step, Terms, take_step
from commandcenter.records.links import LinkUsed, acknowledge_once, is_used
from commandcenter.records.past import Search, figures, history, similar
from commandcenter.records.signatures import use_once
from tests.conftest import NOW


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


async def fallen(records: Records, key: str, at: datetime = NOW, **more: Any) -> int:
    told = {"level": "critical", "title": f"Tautan {key} putus"} | more
    return await records.write(open_incident, ("link-down", "network", key), at, **told)


def step_of(number: int, act: Any, version: int = 1, **more: Any) -> Step:
    return Step(incident=number, version=version, act=act, who="operator 1", **more)


async def over(
    records: Records,
    key: str,
    minutes: float,
    *,
    begin: float = 0,
    cause: str = "power",
    **more: Any,
) -> int:
    """Something that was acknowledged after a minute and resolved after some."""
    number = await fallen(records, key, later(begin), **more)
    await records.write(take_step, step_of(number, "acknowledge"), later(begin + 1), Terms())
    end = step_of(number, "resolve", 2, cause=cause, note="genset")
    await records.write(take_step, end, later(begin + minutes), Terms())
    return number


async def test_the_newest_end_comes_first_with_what_was_noted_then(records: Records) -> None:
    slow = await over(records, "a", 90)
    quick = await over(records, "b", 5, begin=10)
    await fallen(records, "c")
    found = await records.read(history, Search())
    assert [one.row.id for one in found] == [slow, quick]
    assert (found[0].note, found[0].who, found[0].minutes) == ("genset", "operator 1", 90.0)
    assert [e.row.id for e in await records.read(history, Search(), limit=1, offset=1)] == [quick]


async def test_the_figures_are_the_same_on_each_database(records: Records) -> None:
    for key, minutes in (("a", 10.5), ("b", 20), ("c", 60)):
        await over(records, key, minutes)
    odd = await records.read(figures, Search())
    assert (odd.count, odd.minutes_to_acknowledge, odd.minutes_to_resolve) == (3, 1.0, 20.0)
    await over(records, "d", 40, cause="device")
    even = await records.read(figures, Search())
    assert even.minutes_to_resolve == 30.0
    assert even.causes == {"device": 1, "power": 3}
    none = await records.read(figures, Search(text="tidak ada"))
    assert (none.count, none.minutes_to_resolve) == (0, None)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(text="KUMAI"), {"kumai"}),
        (Search(text="50%"), {"diskon 50%"}),
        (Search(text="_"), set()),
        (Search(office="dinkes"), {"kumai"}),
        (Search(begin=later(20)), {"diskon 50%"}),
        (Search(end=later(20)), {"kumai"}),
        (Search(state="closed"), set()),
    ],
)
async def test_it_is_searched_literally(records: Records, search: Search, found: set[str]) -> None:
    await over(records, "kumai", 10, office="dinkes")
    await over(records, "diskon 50%", 30)
    assert {e.row.key for e in await records.read(history, search)} == found


async def test_similar_are_the_same_thing_then_the_same_office(records: Records) -> None:
    place: dict[str, Any] = {"office": "dinkes"}
    neighbour = await over(records, "tetangga", 5, **place)
    numbers = [await over(records, "sama", 5, begin=2000.0 * n, **place) for n in range(1, 3)]
    await over(records, "jauh", 5)
    row = await records.read(incident_of, await fallen(records, "sama", later(9000), **place))
    found = await records.read(similar, row)
    assert [one.row.id for one in found] == [*reversed(numbers), neighbour]
    assert [e.row.id for e in await records.read(similar, row, 1)] == [numbers[-1]]


async def test_in_one_transaction_each_step_is_taken_or_refused_for_itself(
    records: Records,
) -> None:
    free, taken = await fallen(records, "a"), await fallen(records, "b")
    await records.write(take_step, step_of(taken, "acknowledge"), NOW, Terms())
    steps = [
        step_of(free, "acknowledge"),
        step_of(taken, "acknowledge"),
        step_of(987, "acknowledge"),
        step_of(free, "close", 2),
    ]
    outcomes = await records.write(take_steps, steps, NOW, Terms())
    assert [type(one) for one in outcomes] == [IncidentRow, StaleIncident, NoIncident, NotPossible]
    assert (await records.read(incident_of, free)).state == "acknowledged"


async def test_a_link_counts_once_and_not_at_all_when_its_step_was_refused(
    records: Records,
) -> None:
    number = await fallen(records, "a")
    end = later(24 * 60)

    async def press(version: int) -> IncidentRow:
        step = step_of(number, "acknowledge", version, via="link")
        return await records.write(acknowledge_once, "ack:abc", end, step, NOW, Terms())

    with pytest.raises(StaleIncident):
        await press(7)
    assert not await records.read(is_used, "ack:abc")
    assert (await press(1)).state == "acknowledged"
    with pytest.raises(LinkUsed):
        await press(2)
    await records.write(use_once, "a webhook's, much later", later(23 * 60))
    assert await records.read(is_used, "ack:abc")  # it is not forgotten before it expires
