"""Events by API: the same incidents as through the signed webhook, safe to send again."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, open_incidents, unclosed
from tests.web.api.conftest import CONFIG, House, MakeHouse, told


def there(house: House, *, also_over: bool = False) -> list[IncidentRow]:
    with house.records.engine.begin() as connection:
        return unclosed(connection) if also_over else open_incidents(connection)


async def push(program: httpx.AsyncClient, *events: dict[str, Any], status: int = 200) -> Any:
    return told(await program.post("/events", json=list(events)), status)


BACKUP = {"id": "backup-1", "title": "Pencadangan gagal", "severity": "critical"}


async def test_an_event_is_an_incident_before_the_answer(house: House) -> None:
    event = BACKUP | {
        "detail": "disk penuh", "office": "Dinas Kesehatan", "owner": "noc", "provider": "Telkom",
        "runbook": "https://wiki.example.go.id/backup", "expires_at": "2026-11-21T12:00:00+07:00",
    }  # fmt: skip
    answer = told(await (await house.program()).post("/events", json=event))
    assert answer == {"taken": 1, "refused": []}
    (row,) = there(house)
    assert (row.title, row.level, row.detail) == ("Pencadangan gagal", "critical", "disk penuh")
    assert (row.feed, row.source, row.owner, row.provider) == ("alerts", "webhook", "noc", "Telkom")
    assert (row.office, row.runbook) == ("dinkes", "https://wiki.example.go.id/backup")
    assert row.expires_at is not None
    assert row.expires_at.isoformat() == "2026-11-21T05:00:00+00:00"


async def test_the_same_id_again_counts_up_and_resolved_ends_it(house: House) -> None:
    program = await house.program()
    await push(program, BACKUP)
    await push(program, BACKUP | {"severity": "warning"})
    (row,) = there(house)
    assert (row.count, row.level) == (2, "warning")
    await push(program, {"id": "backup-1", "status": "resolved"})
    assert there(house) == []
    (row,) = there(house, also_over=True)
    assert row.state == "resolved"


async def test_the_same_event_many_times_at_once_is_one_incident(house: House) -> None:
    program = await house.program()
    await asyncio.gather(*(push(program, BACKUP) for _ in range(8)))
    (row,) = there(house)
    assert row.count == 8


async def test_a_list_is_taken_in_its_order(house: House) -> None:
    over = {"id": "backup-1", "status": "resolved"}
    answer = await push(await house.program(), BACKUP, over, BACKUP | {"id": "other"})
    assert answer["taken"] == 3
    assert [row.key for row in there(house)] == ["alert/webhook:other"]


async def test_a_bad_one_is_told_by_its_place_and_put_aside_and_the_others_are_taken(
    house: House,
) -> None:
    program = await house.program("token skrip")
    late = BACKUP | {"id": "x", "expires_at": "2029-01-01T00:00:00Z"}
    answer = await push(program, {"id": "nameless"}, BACKUP, late)
    assert answer["taken"] == 1
    assert [one["index"] for one in answer["refused"]] == [0, 2]
    assert "title" in answer["refused"][0]["detail"]
    assert "expires_at" in answer["refused"][1]["detail"]
    assert len(there(house)) == 1
    first, _ = house.aside
    assert first[:2] == ("alerts", "token skrip")
    assert first[3] == b'{"id":"nameless"}'


async def test_when_none_is_good_the_answer_is_an_error(one_house: House) -> None:
    events = {"id": "nameless"}, {"id": "  ", "title": "x"}
    answer = await push(await one_house.program(), *events, status=422)
    assert [one["index"] for one in answer["refused"]] == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"id": 7}, "/id"),
        ({"id": ""}, "/id"),
        ({"status": "gone"}, "/status"),
        ({"title": "x" * 301}, "/title"),
        ({"runbook": "javascript:alert(1)"}, "/runbook"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"titel": "x"}, "/titel"),
        ({"detail": "a\x00b"}, "/detail"),
    ],
)
async def test_a_mistake_is_named_by_its_place(
    one_house: House, wrong: dict[str, Any], where: str
) -> None:
    program = await one_house.program()
    answer = told(await program.post("/events", json=BACKUP | wrong), 422)
    assert [one["where"] for one in answer["mistakes"]] == [where]
    listed = await push(program, BACKUP, BACKUP | wrong, status=422)
    assert [one["where"] for one in listed["mistakes"]] == ["/1" + where]
    assert there(one_house) == []
    assert len(one_house.aside) == 2


@pytest.mark.parametrize("count", [0, 201])
async def test_a_list_has_one_to_two_hundred_events(one_house: House, count: int) -> None:
    await push(await one_house.program(), *[BACKUP] * count, status=422)


async def test_without_a_feed_for_alerts_the_answer_says_what_to_add(
    make_house: MakeHouse, sqlite_records: Records, redis_url: str
) -> None:
    house = make_house(sqlite_records, redis_url, CONFIG.replace("[feed.alerts]", ""))
    answer = await push(await house.program(), BACKUP, status=409)
    assert "[feed.alerts]" in answer["detail"]
    assert there(house) == []


async def test_a_token_speaks_only_of_its_offices_and_domains(house: House) -> None:
    everybody = await house.program()
    await push(everybody, BACKUP | {"office": "disdik"})
    program = await house.program(offices=("dinkes",))
    answer = await push(
        program,
        {"id": "mine", "title": "Listrik padam", "office": "Dinas Kesehatan"},
        {"id": "nobody's", "title": "Listrik padam"},
        {"id": "backup-1", "status": "resolved", "office": "dinkes"},
        BACKUP | {"office": "dinkes"},
        {"id": "never was", "status": "resolved"},
    )
    assert answer["taken"] == 2
    assert [one["index"] for one in answer["refused"]] == [1, 2, 3]
    assert {(row.key, row.office, row.count) for row in there(house)} == {
        ("alert/webhook:backup-1", "disdik", 1),
        ("alert/webhook:mine", "dinkes", 1),
    }
    await push(program, {"id": "mine", "status": "resolved"})
    assert [row.key for row in there(house)] == ["alert/webhook:backup-1"]
    await push(await house.program(domains=("network",)), BACKUP, status=404)
