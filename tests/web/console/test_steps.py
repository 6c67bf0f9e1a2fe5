"""The one door for steps: done once, durably, in order; the second is told who was first."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest

from commandcenter.records.chain import log_of
from commandcenter.records.database import Records
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import Site
from tests.web.console.conftest import Desk, Rows, console


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def logged(desk: Desk, number: int) -> list[tuple[str, str, str]]:
    """Step, who and by what, oldest first."""
    with desk.records.engine.begin() as connection:
        return [(s.step, s.who, s.facts.get("via", "")) for s in log_of(connection, number)]


def test_an_incident_goes_through_its_whole_life_by_one_door(desk: Desk) -> None:
    number = desk.happen("rtr-hidup")
    assert told(desk.step("acknowledge", number, via="key")) == {
        "done": [{"number": number, "version": 2, "state": "acknowledged"}],
        "refused": [],
        "rung": True,
    }
    for act, state in (("work", "working"), ("resolve", "resolved"), ("close", "closed")):
        answer = told(desk.step(act, number, cause="power", note="genset"))
        assert answer["done"][0]["state"] == state
    row = desk.row(number)
    assert (row.acknowledged_by, row.cause, row.resolved_by) == ("operator 1",) * 1 + (
        "power",
        "operator 1",
    )
    assert logged(desk, number) == [
        ("opened", "watch", ""),
        ("acknowledged", "operator 1", "key"),
        ("working", "operator 1", "page"),
        ("resolved", "operator 1", "page"),
        ("closed", "operator 1", "page"),
    ]


def test_a_step_is_written_with_the_address_it_came_from(desk: Desk) -> None:
    number = desk.happen("rtr-asal")
    desk.step("note", number, note="teknisi berangkat")
    with desk.records.engine.begin() as connection:
        last = log_of(connection, number)[-1]
    assert (last.note, last.source_address) == ("teknisi berangkat", "127.0.0.1")


async def test_of_two_who_press_at_once_one_is_done_and_the_other_told_who_was_first(
    desk: Desk, site: Site
) -> None:
    for turn in range(5):
        number = desk.happen(f"rtr-balapan-{turn}", rung=False)
        body = {"act": "acknowledge", "incidents": [{"number": number, "version": 1}]}
        answers = await asyncio.gather(
            *(
                asyncio.to_thread(desk.client(who).post, "/console/steps", json=body)
                for who in ("operator 1", "operator 2")
            )
        )
        both = [told(answer) for answer in answers]
        (winner,) = [one for one in both if one["done"]]
        (loser,) = [one for one in both if one["refused"]]
        first = "operator 1" if winner is both[0] else "operator 2"
        (refused,) = loser["refused"]
        why = rf"{first} menangani pukul \d\d:\d\d WIB; sekarang: sudah ditangani"
        assert re.fullmatch(why, refused["why"])
        assert (refused["number"], refused["version"]) == (number, 2)
        assert desk.row(number).acknowledged_by == first


def test_a_stale_one_among_many_refuses_only_itself(desk: Desk) -> None:
    numbers = [desk.happen(f"rtr-banyak-{n}", rung=False) for n in range(4)]
    seen = [{"number": n, "version": 1} for n in numbers]
    desk.did(numbers[2], act="resolve", cause="power", who="operator 2")
    unknown = {"number": 987_654, "version": 1}
    answer = told(desk.post("steps", act="acknowledge", via="bulk", incidents=[*seen, unknown]))
    assert [one["number"] for one in answer["done"]] == [numbers[0], numbers[1], numbers[3]]
    stale, absent = answer["refused"]
    assert stale["number"] == numbers[2]
    assert stale["why"].startswith("operator 2 menyelesaikan pukul ")
    assert stale["why"].endswith("; sekarang: selesai")
    assert absent == {
        "number": 987_654,
        "why": "Insiden itu tidak ada",
        "version": None,
        "state": None,
    }


def test_hundreds_at_once_are_all_done_and_each_has_its_step_in_the_log(desk: Desk) -> None:
    numbers = [desk.happen(f"rtr-massal-{n}", rung=False) for n in range(450)]
    seen = [{"number": n, "version": 1} for n in numbers]
    answer = told(desk.post("steps", act="acknowledge", via="bulk", incidents=seen))
    assert [one["number"] for one in answer["done"]] == numbers
    assert answer["refused"] == []
    assert answer["rung"] is True
    assert logged(desk, numbers[-1])[-1] == ("acknowledged", "operator 1", "bulk")


def test_what_is_not_possible_is_refused_with_the_reason(desk: Desk) -> None:
    number = desk.happen("rtr-mustahil")
    (refused,) = told(desk.step("close", number))["refused"]
    assert refused["state"] == "open"
    assert desk.row(number).version == 1


def test_shelving_lasts_as_many_minutes_as_were_said(desk: Desk) -> None:
    number = desk.happen("rtr-tunda")
    before = samples.present()
    told(desk.step("shelve", number, until_minutes=30, note="menunggu PLN"))
    row = desk.row(number)
    assert row.state == "shelved"
    assert row.shelved_until is not None
    assert 1800 <= (row.shelved_until - before).total_seconds() < 1810


def test_an_incident_is_assigned_to_a_person_or_an_office(desk: Desk) -> None:
    number = desk.happen("rtr-tugas")
    for assignee in ("operator 2", "setda", "Sekretariat Daerah"):
        told(desk.step("assign", number, assignee=assignee))
        assert desk.row(number).assignee == assignee


def test_a_step_can_be_taken_back(desk: Desk) -> None:
    number = desk.happen("rtr-urung")
    told(desk.step("acknowledge", number))
    (done,) = told(desk.step("undo", number))["done"]
    assert done == {"number": number, "version": 3, "state": "open"}
    assert desk.row(number).acknowledged_by is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"act": "hapus"}, "act"),
        ({"via": "link"}, "via"),
        ({"incidents": []}, "incidents"),
        ({"incidents": [{"number": 1}]}, "version"),
        ({"incidents": [{"number": 10**30, "version": 1}]}, "number"),
        ({"incidents": [{"number": "satu", "version": 1}]}, "number"),
        ({"incidents": [{"number": 1, "version": 1}] * 10_001}, "incidents"),
        ({"act": "resolve"}, "sebab"),
        ({"act": "resolve", "cause": "sihir"}, "sebab"),
        ({"act": "shelve"}, "until_minutes"),
        ({"act": "shelve", "until_minutes": 0}, "until_minutes"),
        ({"act": "shelve", "until_minutes": 10**9}, "until_minutes"),
        ({"act": "assign", "assignee": "entah"}, "entah"),
        ({"act": "note", "note": "  "}, "kosong"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_a_senseless_request_changes_nothing_and_says_why(
    desk: Desk, body: dict[str, Any], says: str
) -> None:
    number = desk.happen("rtr-salah", rung=False)
    version = desk.row(number).version
    whole = {"act": "acknowledge", "incidents": [{"number": number, "version": version}]} | body
    answer = desk.post("steps", **whole)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False
    assert says in answer.json()["why"]
    assert desk.row(number).version == version


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null", b'{"act":"\\ud800"}']
)
def test_what_is_no_request_at_all_is_answered_400(desk: Desk, body: bytes) -> None:
    answer = desk.client().post("/console/steps", content=body)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False


def test_a_body_without_end_is_refused(desk: Desk) -> None:
    answer = desk.client().post("/console/steps", content=b" " * 1_000_001)
    assert answer.status_code == 413


async def test_a_step_is_seen_at_another_console(desk: Desk, site: Site) -> None:
    number = desk.happen("rtr-lihat")
    async with asyncio.timeout(10), console(site) as connection:
        rows = Rows(connection)
        await rows.until(number, state="open")
        await asyncio.to_thread(desk.step, "acknowledge", number)
        row = await rows.until(number, state="acknowledged")
    assert row["acknowledged_by"] == "operator 1"


def test_while_the_bus_is_away_a_step_is_still_written(
    redis_process: RedisProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = Site(tmp_path_factory.mktemp("site"), redis_process.url)
    site.start()
    desk = Desk(site, Records(site.records_url))
    try:
        number = desk.happen("rtr-sendiri")
        redis_process.stop()
        answer = told(desk.step("acknowledge", number))
        assert answer["rung"] is False
        assert [one["number"] for one in answer["done"]] == [number]
        assert desk.row(number).acknowledged_by == "operator 1"
    finally:
        desk.leave()
        site.stop()
