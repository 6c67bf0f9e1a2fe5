"""Readings by API: on the bus in the order they came, judged one by one, never a lie about time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from commandcenter.board import Board
from commandcenter.feed import Desk
from commandcenter.records.database import Records
from commandcenter.web.api.readings import MOST_THINGS
from commandcenter.web.health import _feed
from feeds.posted import Posted
from tests.conftest import NOW, Clock, RedisProcess
from tests.web.api.conftest import JSON, House, MakeHouse, told


def reading(key: str = "station/kumai", value: Any = None, ago: float = 0) -> dict[str, Any]:
    """As a program would write it, with the clock of Jakarta."""
    at = (NOW - timedelta(seconds=ago)).isoformat().replace("+00:00", "Z")
    return {"key": key, "at": at, "value": {"level_cm": 212.5} if value is None else value}


async def post(
    program: httpx.AsyncClient, *readings: dict[str, Any], feed: str = "pump"
) -> httpx.Response:
    return await program.post("/readings", json={"feed": feed, "readings": readings})


async def on_bus(house: House, feed: str = "pump") -> dict[str, Any]:
    return {key: one.value for key, one in (await house.bus.latest(feed)).items()}


async def test_what_is_posted_is_on_the_bus_before_the_answer(one_house: House) -> None:
    program = await one_house.program()
    answer = told(await post(program, reading(), reading("station/bun", {"level_cm": 99})))
    assert answer == {"taken": 2, "superseded": 0, "refused": []}
    latest = await one_house.bus.latest("pump")
    assert {key: one.value for key, one in latest.items()} == {
        "station/kumai": {"level_cm": 212.5},
        "station/bun": {"level_cm": 99},
    }
    assert latest["station/kumai"].at == NOW


async def test_a_zone_is_understood_and_a_feed_marks_its_origin(one_house: House) -> None:
    program = await one_house.program()
    one = reading() | {"at": "2026-11-21T09:42:17.25+07:00"}
    told(await post(program, one, feed="rain"))
    found = (await one_house.bus.latest("rain"))["station/kumai"]
    assert found.at == NOW + timedelta(seconds=0.25)
    assert found.origin == "manual"


async def test_null_forgets_a_thing(one_house: House) -> None:
    program = await one_house.program()
    told(await post(program, reading(), reading("station/bun")))
    told(await post(program, reading() | {"value": None}))
    assert list(await on_bus(one_house)) == ["station/bun"]


async def test_a_bad_one_is_told_by_its_place_and_put_aside_and_the_others_are_taken(
    one_house: House,
) -> None:
    program = await one_house.program("token pompa")
    answer = told(
        await post(program, reading(ago=-61), reading("station/ok"), reading("station/b", ago=1201))
    )
    assert answer["taken"] == 1
    assert answer["refused"] == [
        {"index": 0, "detail": "at lies 61 s ahead of our clock; look at yours"},
        {"index": 2, "detail": "at is 1201 s old; at most 1200 s"},
    ]
    assert list(await on_bus(one_house)) == ["station/ok"]
    first, second = one_house.aside
    assert first[:2] == ("pump", "token pompa")
    assert first[2] == "readings[0]: at lies 61 s ahead of our clock; look at yours"
    assert b"station/b" in second[3]


async def test_at_the_very_limits_a_reading_is_taken(one_house: House) -> None:
    program = await one_house.program()
    both = reading("station/a", ago=-60), reading("station/b", ago=1200)
    assert told(await post(program, *both))["taken"] == 2


async def test_when_none_is_good_the_answer_is_an_error(one_house: House) -> None:
    answer = told(await post(await one_house.program(), reading(ago=9999)), 422)
    assert [one["index"] for one in answer["refused"]] == [0]
    assert await on_bus(one_house) == {}


async def test_what_comes_late_does_not_replace_what_is_newer(one_house: House) -> None:
    program = await one_house.program()
    batch = [reading(value={"n": 1}, ago=30), reading(value={"n": 2}, ago=10)]
    assert told(await post(program, *batch))["taken"] == 2
    again = told(await post(program, *batch))
    assert (again["taken"], again["superseded"], again["refused"]) == (1, 1, [])
    assert await on_bus(one_house) == {"station/kumai": {"n": 2}}
    assert one_house.aside == []


async def test_two_posts_at_once_leave_the_newer_one(one_house: House) -> None:
    program = await one_house.program()
    posts = [post(program, reading(value={"ago": ago}, ago=ago)) for ago in (5, 1, 9, 3)]
    for answer in await asyncio.gather(*posts):
        told(answer)
    assert await on_bus(one_house) == {"station/kumai": {"ago": 1}}


async def test_after_a_restart_what_was_posted_before_is_still_known(
    make_house: MakeHouse, sqlite_records: Records, redis_url: str
) -> None:
    before = await make_house(sqlite_records, redis_url).program()
    told(await post(before, reading(value={"n": 2}, ago=1)))
    after = await make_house(sqlite_records, redis_url).program()
    assert told(await post(after, reading(value={"n": 1}, ago=60)))["superseded"] == 1


async def test_a_bus_that_lost_its_memory_is_told_everything_again(
    make_house: MakeHouse, sqlite_records: Records, redis_process: RedisProcess
) -> None:
    house = make_house(sqlite_records, redis_process.url)
    program = await house.program()
    told(await post(program, reading("station/quiet")))
    redis_process.stop()
    redis_process.forget()
    redis_process.start()
    told(await post(program, reading("station/lively")))
    assert set(await on_bus(house)) == {"station/quiet", "station/lively"}


async def test_while_the_bus_is_away_the_sender_is_told_to_try_again(
    make_house: MakeHouse, sqlite_records: Records, redis_process: RedisProcess
) -> None:
    house = make_house(sqlite_records, redis_process.url)
    program = await house.program()
    told(await post(program, reading(value={"n": 1}, ago=5)))
    redis_process.stop()
    answer = await post(program, reading(value={"n": 2}))
    assert told(answer, 503)["status"] == 503
    assert answer.headers["retry-after"] == "5"
    redis_process.start()
    assert told(await post(program, reading(value={"n": 2})))["taken"] == 1
    assert await on_bus(house) == {"station/kumai": {"n": 2}}


@pytest.mark.parametrize("feed", ["network", "alerts", "nowhere", "incidents", "system"])
async def test_only_feeds_of_type_posted_are_posted_to(one_house: House, feed: str) -> None:
    answer = told(await post(await one_house.program(), reading(), feed=feed), 404)
    assert answer["detail"].endswith("open: pump, rain")
    assert await on_bus(one_house, feed) == {}


async def test_a_token_posts_only_to_its_domains(one_house: House) -> None:
    program = await one_house.program(domains=("rain",))
    answer = told(await post(program, reading()), 404)
    assert answer["detail"].endswith("open: rain")
    told(await post(program, reading(), feed="rain"))


async def test_a_token_of_an_office_tells_only_of_its_things(one_house: House) -> None:
    everybody = await one_house.program()
    told(await post(everybody, reading("station/theirs", {"office": "disdik", "n": 1})))
    program = await one_house.program(offices=("dinkes",))
    answer = told(
        await post(
            program,
            reading("station/ours", {"office": "dinkes"}),
            reading("station/none", {}),
            reading("station/theirs", {"office": "dinkes"}),
            reading("station/theirs") | {"value": None},
        )
    )
    assert answer["taken"] == 1
    assert [one["index"] for one in answer["refused"]] == [1, 2, 3]
    assert (await on_bus(one_house))["station/theirs"] == {"office": "disdik", "n": 1}


async def test_a_feed_cannot_be_flooded_with_things(one_house: House) -> None:
    program = await one_house.program()
    for start in range(0, MOST_THINGS, 500):
        some = [reading(f"station/{n}", {}) for n in range(start, start + 500)]
        assert told(await post(program, *some))["taken"] == 500
    both = await post(program, reading("station/0"), reading("station/one-more"))
    answer = told(both)
    assert [one["index"] for one in answer["refused"]] == [1]
    told(await post(program, reading("station/7") | {"value": None}))
    assert told(await post(program, reading("station/one-more")))["taken"] == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"key": "kumai"}, "/readings/0/key"),
    ({"key": "station/"}, "/readings/0/key"),
    ({"key": "station/a\n"}, "/readings/0/key"),
    ({"key": "station/" + "x" * 200}, "/readings/0/key"),
    ({"key": "station/\u0000"}, "/readings/0/key"),
    ({"at": "2026-11-21T09:42:17"}, "/readings/0/at"),
    ({"at": 1763692937}, "/readings/0/at"),
    ({"at": "0000-01-01T00:00:00Z"}, "/readings/0/at"),
    ({"value": [1]}, "/readings/0/value"),
    ({"value": "high"}, "/readings/0/value"),
    ({"value": {"x": "y" * 5000}}, "/readings/0/value"),
    ({"value": {"x": 2**64}}, "/readings/0/value"),
    ({"value": {"x": float("nan")}}, "/readings/0/value"),
    ({"value": {"x": float("inf")}}, "/readings/0/value"),
    ({"value": {"x": "\ud800"}}, "/readings/0/value"),
    ({"value": {"\ud800": 1}}, "/readings/0/value"),
    ({"colour": "red"}, "/readings/0/colour"),
    ({"a/b~c": 1}, "/readings/0/a~1b~0c"),
]


@pytest.mark.parametrize(("wrong", "where"), BAD)
async def test_a_mistake_is_named_by_its_place_and_nothing_is_taken(
    one_house: House, wrong: dict[str, Any], where: str
) -> None:
    program = await one_house.program("token pompa")
    content = _json({"feed": "pump", "readings": [reading() | wrong, reading("station/good")]})
    answer = told(await program.post("/readings", content=content, headers=JSON), 422)
    assert [one["where"] for one in answer["mistakes"]] == [where]
    assert await on_bus(one_house) == {}
    ((feed, source, reason, body),) = one_house.aside
    assert (feed, source) == ("api", "token pompa /readings")
    assert reason.startswith(where)
    assert body == content


def _json(told: Any) -> bytes:
    import json

    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'{"feed": "pump", "readings": []}', 422),
        (b'{"feed": "pump", "readings": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"feed": "pump", "readings": [' + b"9" * 5000 + b"]}", 400),
        (b" " * 1_000_001, 413),
    ],
)
async def test_what_is_no_request_is_refused_in_words(
    one_house: House, body: bytes, status: int
) -> None:
    program = await one_house.program()
    answer = told(await program.post("/readings", content=body, headers=JSON), status)
    assert answer["status"] == status
    aside = [one[3] for one in one_house.aside]
    assert aside == ([] if status == 413 else [body])


async def test_a_body_that_does_not_say_its_length_is_cut_off_as_well(one_house: House) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 10_000

    program = await one_house.program()
    told(await program.post("/readings", content=endless(), headers=JSON), 413)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_of_another_kind_is_refused(one_house: House, kind: str) -> None:
    program = await one_house.program()
    headers = {"Content-Type": kind} if kind else {}
    told(await program.post("/readings", content=b"{}", headers=headers), 415)


async def test_more_readings_than_may_be_are_refused(one_house: House) -> None:
    answer = told(await post(await one_house.program(), *[reading()] * 501), 422)
    assert [one["where"] for one in answer["mistakes"]] == ["/readings"]


async def test_a_feed_of_which_nothing_was_posted_says_so_and_one_that_stops_turns_stale(
    one_house: House, clock: Clock
) -> None:
    board = Board(patience=one_house.api.doors.config.patience)
    assert _feed(board, "pump", clock())["error"] == "nothing heard yet"
    assert _feed(board, "pump", clock())["ok"] is False
    told(await post(await one_house.program(), reading()))
    board.take((await one_house.bus.latest("pump")).values(), clock())
    assert _feed(board, "pump", clock())["ok"] is True
    clock.forward(121)
    assert _feed(board, "pump", clock())["ok"] is False


async def test_the_feed_itself_claims_nothing(desk: Desk) -> None:
    assert [one async for one in Posted(name="pump").read(desk)] == []
    assert Posted.process not in ("feeds", "cameras")  # whose runners would say that it is well


def test_the_clock_of_the_samples_is_that_of_the_house() -> None:
    assert datetime.fromisoformat(reading()["at"]) == NOW
