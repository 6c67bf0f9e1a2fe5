"""Incidents by API: found, paged, read, and acted on as at the console."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from commandcenter.bus import BusDown
from commandcenter.records.database import Records
from tests.conftest import NOW, Clock, RedisProcess
from tests.web.api.conftest import JSON, House, MakeHouse, told


async def numbers(program: httpx.AsyncClient, **query: Any) -> list[int]:
    page = told(await program.get("/incidents", params=query))
    return [one["number"] for one in page["incidents"]]


async def test_incidents_are_listed_the_newest_first(house: House) -> None:
    first, second = house.happen("a"), house.happen("b")
    program = await house.program()
    page = told(await program.get("/incidents"))
    assert [one["number"] for one in page["incidents"]] == [second, first]
    assert page["next"] is None
    assert page["incidents"][1] == {
        "number": first, "version": 1, "title": "Tautan a putus", "detail": "",
        "level": "critical", "state": "open", "feed": "network", "about": "device/a",
        "source": "rule", "owner": "", "assignee": None, "office": "", "kecamatan": "",
        "provider": "", "runbook": "", "opened_at": "2026-11-21T02:42:17Z",
        "last_seen_at": "2026-11-21T02:42:17Z", "count": 1, "flapping": False, "affected": 0,
        "maintenance": False, "acknowledged_at": None, "acknowledged_by": None,
        "acknowledged_until": None, "shelved_until": None, "expires_at": None,
        "resolved_at": None, "resolved_by": None, "cause": None, "closed_at": None,
    }  # fmt: skip


async def test_pages_follow_each_other_whatever_opens_meanwhile(house: House) -> None:
    made = [house.happen(f"r{n}") for n in range(7)]
    program = await house.program()
    seen: list[int] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        query = {"limit": 3, "cursor": page["next"]}
        page = told(await program.get("/incidents", params=query))
        seen += [one["number"] for one in page["incidents"]]
        house.happen(f"meanwhile-{len(seen)}")
    assert seen == made[::-1]


async def test_a_filter_finds_what_it_says(house: House, clock: Clock) -> None:
    old = house.happen("old", at=NOW - timedelta(hours=2), provider="Telkom", level="warning")
    closed = house.happen("closed", office="dinkes", detail="50% rugi paket")
    house.did(closed, "resolve", cause="power")
    house.did(closed, "close")
    alert = house.happen("alert", feed="alerts", title="Banjir di Kumai")
    program = await house.program()
    assert await numbers(program, state="closed") == [closed]
    assert await numbers(program, state=["open", "closed"]) == [alert, closed, old]
    assert await numbers(program, state="open", level="warning") == [old]
    assert await numbers(program, feed="alerts") == [alert]
    assert await numbers(program, office="dinkes") == [closed]
    assert await numbers(program, provider="Telkom") == [old]
    assert await numbers(program, text="BANJIR") == [alert]
    assert await numbers(program, text="50%") == [closed]
    assert await numbers(program, since="2026-11-21T09:42:17+07:00") == [alert, closed]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"state": "gone"}, "?state.0"),
        ({"limit": "201"}, "?limit"),
        ({"limit": "0"}, "?limit"),
        ({"since": "2026-11-21T09:42:17"}, "?since"),
        ({"since": "2026-11-21T09:42:17 07:00"}, "?since"),
        ({"since": "1700000000"}, "?since"),
        ({"since": "2026-02-31T00:00:00Z"}, "?since"),
        ({"since": "9999-12-31T23:59:59-12:00"}, "?since"),
        ({"cursor": "-1"}, "?cursor"),
        ({"cursor": "9" * 30}, "?cursor"),
        ({"text": "a\x00b"}, "?text"),
        ({"colour": "red"}, "?colour"),
    ],
)
async def test_a_senseless_filter_is_named(
    one_house: House, query: dict[str, str], where: str
) -> None:
    answer = told(await (await one_house.program()).get("/incidents", params=query), 422)
    assert [mistake["where"] for mistake in answer["mistakes"]] == [where]
    assert answer["type"] == "/api/v1/docs#problem-422"


async def test_a_token_sees_only_its_offices_and_domains(house: House) -> None:
    mine = house.happen("mine", office="dinkes")
    by_name = house.happen("by-name", office="Dinas Kesehatan")  # as some feeds say it
    others = [house.happen("none"), house.happen("disdik", office="disdik")]
    others.append(house.happen("alert", office="dinkes", feed="alerts"))
    program = await house.program(offices=("dinkes",), domains=("network", "pump"))
    assert await numbers(program) == [by_name, mine]
    assert await numbers(program, office="disdik") == []
    told(await program.get(f"/incidents/{mine}/log"))
    for number in (*others, 999_999):
        for path in (f"/incidents/{number}", f"/incidents/{number}/log"):
            missing = told(await program.get(path), 404)
            assert missing["detail"] == f"there is no incident {number}"
        step = {"act": "acknowledge", "version": 1}
        told(await program.post(f"/incidents/{number}/steps", json=step), 404)
    assert all(house.row(number).version == 1 for number in others)


async def test_the_log_tells_every_step(house: House) -> None:
    number = house.happen("log")
    house.did(number, "note", note="teknisi berangkat")
    steps = told(await (await house.program()).get(f"/incidents/{number}/log"))["steps"]
    assert [(s["who"], s["step"], s["note"]) for s in steps] == [
        ("watch", "opened", "Tautan log putus"),
        ("operator 1", "note", "teknisi berangkat"),
    ]
    assert steps[0]["at"] == "2026-11-21T02:42:17Z"


async def test_a_program_takes_an_incident_through_its_life(house: House) -> None:
    number = house.happen("life")
    program = await house.program("token integrasi")

    async def step(act: str, **more: Any) -> dict[str, Any]:
        body = {"act": act, "version": house.row(number).version} | more
        return told(await program.post(f"/incidents/{number}/steps", json=body))

    assert (await step("acknowledge"))["acknowledged_by"] == "token integrasi"
    assert (await step("shelve", until_minutes=30))["shelved_until"] == "2026-11-21T03:12:17Z"
    assert (await step("assign", assignee="Siti Rahma"))["assignee"] == "Siti Rahma"
    assert (await step("note", note="genset jalan"))["state"] == "shelved"
    assert (await step("resolve", cause="power", note="PLN"))["cause"] == "power"
    assert (await step("close"))["closed_at"] == "2026-11-21T02:42:17Z"
    by_api = [(s.who, s.facts["via"], s.source_address) for s in house.log(number)[1:-1]]
    assert set(by_api) == {("token integrasi", "api", "127.0.0.9")}


async def test_a_step_is_told_on_the_bus_at_once(one_house: House) -> None:
    number = one_house.happen("bell")
    program = await one_house.program()
    body = {"act": "acknowledge", "version": 1}
    told(await program.post(f"/incidents/{number}/steps", json=body))
    value = (await one_house.bus.latest("incidents"))[f"incident/{number}"].value
    assert value is not None
    assert value["state"] == "acknowledged"


async def test_of_two_at_once_on_one_version_one_is_told_who_was_first(house: House) -> None:
    programs = [await house.program(f"token {n}") for n in (1, 2)]
    for turn in range(5):
        number = house.happen(f"race-{turn}")
        body = {"act": "acknowledge", "version": 1}
        path = f"/incidents/{number}/steps"
        both = await asyncio.gather(*(one.post(path, json=body) for one in programs))
        assert sorted(answer.status_code for answer in both) == [200, 409]
        lost = told(next(one for one in both if one.status_code == 409), 409)
        winner = "token 1" if both[0].status_code == 200 else "token 2"
        assert lost["detail"].startswith(f"{winner} menangani pukul 09:42 WIB; sekarang: ")
        assert (lost["incident"]["version"], lost["incident"]["acknowledged_by"]) == (2, winner)


async def test_the_same_step_sent_again_is_done_once(house: House) -> None:
    number = house.happen("again")
    program = await house.program()
    body = {"act": "acknowledge", "version": 1}
    path = f"/incidents/{number}/steps"
    told(await program.post(path, json=body))
    told(await program.post(path, json=body), 409)
    assert [step.step for step in house.log(number)] == ["opened", "acknowledged"]


@pytest.mark.parametrize(
    ("step", "status", "says"),
    [
        ({"act": "close"}, 409, "belum ditangani"),
        ({"act": "resolve", "cause": "sihir"}, 422, "sebab"),
        ({"act": "shelve"}, 422, "until_minutes"),
        ({"act": "assign", "assignee": "entah"}, 422, "entah"),
        ({"act": "note", "note": "  "}, 422, "kosong"),
        ({"act": "delete"}, 422, "/act"),
        ({"act": "note", "note": "x" * 2001}, 422, "/note"),
        ({"act": "note", "note": "a\x00b"}, 422, "/note"),
        ({"act": "note", "note": "\ud800"}, 422, "/note"),
        ({"act": "note", "nota": "x"}, 422, "/nota"),
        ({"act": "note", "x\ud800y": "x"}, 422, "unicode"),
        ({"act": "close", "version": 2**31}, 422, "/version"),
        ({"act": "close", "version": "1"}, 422, "/version"),
        ({"act": "close", "version": True}, 422, "/version"),
        ({"act": "shelve", "until_minutes": 10**30}, 422, "/until_minutes"),
    ],
)
async def test_a_senseless_step_changes_nothing_and_says_why(
    one_house: House, step: dict[str, Any], status: int, says: str
) -> None:
    number = one_house.happen("senseless")
    program = await one_house.program()
    body = json.dumps({"version": 1} | step)  # which also writes lone surrogates
    answer = await program.post(f"/incidents/{number}/steps", content=body, headers=JSON)
    problem = told(answer, status)
    assert says in problem["detail"] + str(problem.get("mistakes", ""))
    assert one_house.row(number).version == 1


@pytest.mark.asvs("1.4.2")
@pytest.mark.parametrize(
    ("number", "status"), [("0", 422), (str(2**63), 422), ("-1", 422), ("x", 422), ("1.5", 422)]
)
async def test_a_number_that_none_can_have_is_refused(
    one_house: House, number: str, status: int
) -> None:
    told(await (await one_house.program()).get(f"/incidents/{number}"), status)


async def test_while_the_bus_is_away_a_step_is_still_done(
    make_house: MakeHouse, sqlite_records: Records, redis_process: RedisProcess
) -> None:
    house = make_house(sqlite_records, redis_process.url)
    number = house.happen("alone")
    redis_process.stop()
    with pytest.raises(BusDown):
        await house.bus.ping()
    program = await house.program()
    body = {"act": "acknowledge", "version": 1}
    answer = told(await program.post(f"/incidents/{number}/steps", json=body))
    assert answer["state"] == house.row(number).state == "acknowledged"


async def test_without_the_records_the_answer_is_503_and_says_when_to_try_again(
    make_house: MakeHouse, redis_url: str
) -> None:
    nowhere = Records("postgresql://nobody:hush@127.0.0.1:1/none")
    program = await make_house(nowhere, redis_url).program()
    for answer in (
        await program.get("/incidents"),
        await program.post("/incidents/1/steps", json={"act": "close", "version": 1}),
        await program.post("/events", json={"id": "a", "title": "b"}),
    ):
        assert "database" in told(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "5"
        assert "hush" not in answer.text
    nowhere.close()
