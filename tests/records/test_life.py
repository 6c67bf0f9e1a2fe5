"""What people do with incidents: every step, who was first, undo, and what lapses with time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.records.database import Records
from commandcenter.records.incidents import (
    IncidentRow,
    NoIncident,
    incident_of,
    log_of,
    open_incident,
    recover,
    touch,
)
from commandcenter.records.life import (
    NotPossible,
    StaleIncident,
    Step,
    Terms,
    lapse,
    take_step,
)
from tests.conftest import NOW

LINK = ("link-down", "network", "device/rtr")
TERMS = Terms(reopen_within=1800, acknowledged_for=3600, undo_within=10)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
async def number(records: Records) -> int:
    """An open incident."""
    return await records.write(
        open_incident, LINK, NOW, level="critical", title="Tautan Dinkes putus"
    )


async def do(
    records: Records,
    number: int,
    act: Any,
    seconds: float = 1,
    who: str = "operator 1",
    **more: Any,
) -> IncidentRow:
    """One step, with the incident as it is."""
    version = more.pop("version", None) or (await records.read(incident_of, number)).version
    step = Step(incident=number, version=version, act=act, who=who, **more)
    return await records.write(take_step, step, later(seconds), TERMS)


async def names(records: Records, number: int) -> list[str]:
    return [row.step for row in await records.read(log_of, number)]


async def test_the_whole_way_of_an_incident(records: Records, number: int) -> None:
    row = await do(records, number, "acknowledge", 1, address="127.0.0.1", note="dicek")
    assert (row.state, row.acknowledged_by, row.acknowledged_at) == (
        "acknowledged",
        "operator 1",
        later(1),
    )
    row = await do(records, number, "work", 2)
    assert (row.state, row.assignee, row.acknowledged_until) == ("working", "operator 1", None)
    row = await do(records, number, "resolve", 3, cause="power", note="genset mati")
    assert (row.state, row.cause, row.resolved_by) == ("resolved", "power", "operator 1")
    row = await do(records, number, "close", 4)
    assert (row.state, row.closed_at) == ("closed", later(4))
    log = await records.read(log_of, number)
    assert [(r.step, r.facts["from"], r.facts["to"], r.version) for r in log] == [
        ("opened", "", "open", 1),
        ("acknowledged", "open", "acknowledged", 2),
        ("working", "acknowledged", "working", 3),
        ("resolved", "working", "resolved", 4),
        ("closed", "resolved", "closed", 5),
    ]
    assert (log[1].who, log[1].note, log[1].source_address) == ("operator 1", "dicek", "127.0.0.1")
    assert (log[3].facts["cause"], log[3].facts["via"]) == ("power", "page")


@pytest.mark.asvs("2.3.4")
async def test_of_four_operators_one_is_first_and_the_others_hear_who(
    records: Records, number: int
) -> None:
    tried = await asyncio.gather(
        *(do(records, number, "acknowledge", n, f"operator {n}", version=1) for n in range(4)),
        return_exceptions=True,
    )
    stale = [told for told in tried if isinstance(told, StaleIncident)]
    [first] = [told for told in tried if not isinstance(told, BaseException)]
    assert len(stale) == 3
    for told in stale:
        [step] = told.steps
        assert (step.who, step.step) == (first.acknowledged_by, "acknowledged")
        assert told.row.state == "acknowledged"


async def test_who_looked_at_an_older_state_hears_everything_since(
    records: Records, number: int
) -> None:
    said: dict[str, Any] = {"level": "warning", "title": "terganggu", "detail": ""}
    await records.write(touch, LINK, later(1), **said)
    await records.write(recover, LINK, later(2), reason="sudah pulih")
    with pytest.raises(StaleIncident) as stale:
        await do(records, number, "acknowledge", 3, version=1)
    assert [step.step for step in stale.value.steps] == ["changed", "resolved"]


async def test_a_new_detail_does_not_make_an_operator_too_late(
    records: Records, number: int
) -> None:
    said: dict[str, Any] = {"level": "critical", "title": "Tautan Dinkes putus", "detail": "b"}
    await records.write(touch, LINK, later(1), **said)
    assert (await do(records, number, "acknowledge", version=1)).detail == "b"


async def test_another_operator_may_take_it_over_knowingly(records: Records, number: int) -> None:
    await do(records, number, "acknowledge")
    with pytest.raises(NotPossible, match="taken it already"):
        await do(records, number, "acknowledge")
    row = await do(records, number, "acknowledge", who="operator 2")
    assert row.acknowledged_by == "operator 2"


@pytest.mark.asvs("2.3.1")
@pytest.mark.parametrize(
    ("act", "more", "why"),
    [
        ("resolve", {}, "cause"),
        ("shelve", {}, "Until when"),
        ("shelve", {"until": NOW}, "Until when"),
        ("shelve", {"until": NOW + timedelta(days=32)}, "31 days"),
        ("assign", {}, "To whom"),
        ("note", {"note": "  "}, "empty"),
        ("close", {}, "not possible"),
        ("reopen", {}, "not possible"),
        ("unshelve", {}, "not possible"),
        ("undo", {}, "too late"),
    ],
)
async def test_a_step_that_lacks_something_says_what(
    records: Records, number: int, act: str, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        await do(records, number, act, **more)
    assert await names(records, number) == ["opened"]


async def test_a_note_never_comes_too_late(records: Records, number: int) -> None:
    await do(records, number, "acknowledge", who="operator 2")
    row = await do(records, number, "note", version=1, note="teknisi berangkat")
    assert (row.version, row.revision) == (2, 3)
    await records.write(recover, LINK, later(2), reason="")
    await do(records, number, "close", 3)
    await do(records, number, "note", 4, note="ternyata kabel digigit tikus")
    assert (await names(records, number))[-1] == "note"


async def test_there_is_nothing_to_do_with_what_is_not_there(records: Records) -> None:
    with pytest.raises(NoIncident):
        await records.write(
            take_step, Step(incident=7, version=1, act="acknowledge", who="x"), NOW, TERMS
        )


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("acknowledge", {}),
        ("work", {}),
        ("resolve", {"cause": "power"}),
        ("shelve", {"until": NOW + timedelta(hours=1)}),
        ("assign", {"assignee": "dinkes"}),
    ],
)
async def test_a_step_can_be_taken_back_for_ten_seconds(
    records: Records, number: int, act: str, more: dict[str, Any]
) -> None:
    before = await records.read(incident_of, number)
    await do(records, number, act, 1, **more)
    with pytest.raises(NotPossible, match="too late"):
        await do(records, number, "undo", 2, "operator 2")
    await do(records, number, "undo", 11)
    after = await records.read(incident_of, number)
    names_ = ("state", "acknowledged_at", "acknowledged_by", "assignee", "cause", "shelved_until")
    assert [getattr(after, n) for n in names_] == [getattr(before, n) for n in names_]
    assert (await names(records, number))[-1] == "undone"
    with pytest.raises(NotPossible, match="too late"):
        await do(records, number, "undo", 11)


async def test_after_eleven_seconds_it_is_too_late_to_undo(records: Records, number: int) -> None:
    await do(records, number, "acknowledge", 1)
    with pytest.raises(NotPossible, match="too late"):
        await do(records, number, "undo", 11.5)


async def test_closing_cannot_be_undone_past_a_new_incident(records: Records, number: int) -> None:
    await records.write(recover, LINK, later(1), reason="")
    await do(records, number, "close", 2)
    await records.write(open_incident, LINK, later(3), level="critical", title="lagi")
    with pytest.raises(NotPossible, match="new incident"):
        await do(records, number, "undo", 4)


async def test_an_acknowledgement_expires_and_the_incident_is_open_again(
    records: Records, number: int
) -> None:
    await do(records, number, "acknowledge", 0)
    assert await records.write(lapse, later(3599), TERMS) == []
    assert await records.write(lapse, later(3600), TERMS) == [number]
    row = await records.read(incident_of, number)
    assert (row.state, row.acknowledged_by) == ("open", None)
    assert (await records.read(log_of, number))[-1].note == "operator 1"
    assert await records.write(lapse, later(9999), TERMS) == []


async def test_what_somebody_works_on_does_not_expire(records: Records, number: int) -> None:
    await do(records, number, "acknowledge", 0)
    await do(records, number, "work", 1)
    assert await records.write(lapse, later(10**6), TERMS) == []


async def test_a_shelved_incident_comes_back_at_its_time(records: Records, number: int) -> None:
    await do(records, number, "shelve", until=later(1800))
    assert await records.write(lapse, later(1799), TERMS) == []
    assert await records.write(lapse, later(1800), TERMS) == [number]
    assert (await records.read(incident_of, number)).state == "open"


async def test_an_alert_ends_when_its_sender_said(records: Records) -> None:
    alert = ("alert/cap", "alerts", "alert/cap:1")
    number = await records.write(
        open_incident, alert, NOW, level="warning", title="Hujan lebat", expires_at=later(60)
    )
    assert await records.write(lapse, later(60), TERMS) == [number]
    assert (await records.read(incident_of, number)).state == "resolved"


async def test_a_resolved_incident_is_closed_when_its_window_is_over(
    records: Records, number: int
) -> None:
    await do(records, number, "resolve", 0, cause="power")
    assert await records.write(lapse, later(1799), TERMS) == []
    assert await records.write(lapse, later(1800), TERMS) == [number]
    row = await records.read(incident_of, number)
    assert (row.state, row.closed_at, row.cause) == ("closed", later(1800), "power")
