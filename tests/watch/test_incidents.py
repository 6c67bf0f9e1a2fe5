"""Incidents in the records, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from commandcenter.records.database import Records
from commandcenter.records.incidents import (
    NoIncident,
    StaleIncident,
    acknowledge,
    add_note,
    close,
    incident_of,
    log_of,
    open_incident,
    open_incidents,
    recent_closed,
    touch,
)
from tests.conftest import NOW

LINK = ("link-down", "network", "device/rtr")
DOWN: dict[str, Any] = {
    "level": "critical",
    "title": "Tautan Dinkes putus",
    "detail": "a",
    "origin": "demo",
}
SAID: dict[str, Any] = {"level": "critical", "title": "Tautan Dinkes putus", "detail": "a"}


def later(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


async def steps(records: Records, number: int) -> list[tuple[str, str, str]]:
    return [(s.who, s.step, s.note) for s in await records.read(log_of, number)]


async def test_an_incident_from_its_opening_to_its_closing(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    await records.write(touch, LINK, later(10), **SAID | {"detail": "b"})
    await records.write(touch, LINK, later(20), **SAID, again=True)
    row = await records.write(acknowledge, number, 1, "operator 1", later(30), note="dicek")
    assert (row.acknowledged_by, row.acknowledged_at, row.version) == ("operator 1", later(30), 2)
    assert (row.count, row.detail, row.last_seen_at) == (2, "a", later(20))
    await records.write(add_note, number, "operator 2", later(40), note="teknisi berangkat")
    assert await records.write(close, LINK, later(50), reason="sudah pulih") == number
    assert await records.read(open_incidents) == []
    [row] = await records.read(recent_closed, 10)
    assert (row.id, row.closed_at, row.opened_at, row.origin) == (number, later(50), NOW, "demo")
    assert await steps(records, number) == [
        ("watch", "opened", "Tautan Dinkes putus"),
        ("watch", "again", "Tautan Dinkes putus"),
        ("operator 1", "acknowledged", "dicek"),
        ("operator 2", "note", "teknisi berangkat"),
        ("watch", "closed", "sudah pulih"),
    ]


async def test_a_thing_has_one_open_incident_and_later_another(records: Records) -> None:
    first = await records.write(open_incident, LINK, NOW, **DOWN)
    assert await records.write(open_incident, LINK, later(1), **DOWN) == first
    assert len(await steps(records, first)) == 1
    await records.write(close, LINK, later(2), reason="")
    assert await records.write(open_incident, LINK, later(3), **DOWN) != first
    assert len(await records.read(open_incidents)) == 1


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


async def test_of_two_operators_one_is_first_and_the_other_hears_who(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    tried = await asyncio.gather(
        *(records.write(acknowledge, number, 1, f"operator {n}", later(n)) for n in range(4)),
        return_exceptions=True,
    )
    stale = [told for told in tried if isinstance(told, StaleIncident)]
    [first] = [told for told in tried if not isinstance(told, BaseException)]
    assert len(stale) == 3
    assert {(told.who, told.step, told.at) for told in stale} == {
        (first.acknowledged_by, "acknowledged", first.acknowledged_at)
    }
    assert str(stale[0]).startswith(f"Insiden #{number} sudah diterima oleh operator")


async def test_who_looked_at_an_older_state_is_told_what_happened_since(records: Records) -> None:
    number = await records.write(
        open_incident, LINK, NOW, **SAID | {"level": "warning"}, origin="live"
    )
    await records.write(touch, LINK, later(5), **SAID)
    with pytest.raises(StaleIncident, match="diubah oleh watch"):
        await records.write(acknowledge, number, 1, "operator 1", later(6))
    await records.write(close, LINK, later(7), reason="sudah pulih")
    with pytest.raises(StaleIncident, match="ditutup oleh watch") as stale:
        await records.write(acknowledge, number, 2, "operator 1", later(8))
    assert stale.value.row.closed_at == later(7)
    assert [step for _, step, _ in await steps(records, number)] == ["opened", "changed", "closed"]


async def test_a_new_detail_does_not_make_an_operator_too_late(records: Records) -> None:
    number = await records.write(open_incident, LINK, NOW, **DOWN)
    await records.write(touch, LINK, later(5), **SAID | {"detail": "b"})
    assert (await records.write(acknowledge, number, 1, "operator 1", later(6))).detail == "b"


async def test_what_is_not_there_is_said_so(records: Records) -> None:
    assert await records.write(touch, LINK, NOW, **SAID) is None
    assert await records.write(close, LINK, NOW, reason="") is None
    with pytest.raises(NoIncident):
        await records.read(incident_of, 7)
    with pytest.raises(NoIncident):
        await records.write(acknowledge, 7, 1, "operator 1", NOW)
    with pytest.raises(NoIncident):
        await records.write(add_note, 7, "operator 1", NOW, note="x")


async def test_words_that_a_database_cannot_hold_are_made_to_fit(records: Records) -> None:
    wild = {"title": "a\x00b" + "x" * 1000, "detail": "\ud800" + "y" * 1000}
    number = await records.write(open_incident, LINK, NOW, **DOWN | wild)
    row = await records.read(incident_of, number)
    assert (row.title[:3], len(row.title), row.detail[:2]) == ("abx", 300, "?y")
