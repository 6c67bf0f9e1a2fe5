"""Complaints by signed webhook and by Open311, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from defusedxml import ElementTree

from commandcenter.demo.__main__ import listening, serve_pages
from commandcenter.demo.applications import ApplicationPages
from commandcenter.demo.complaints import Casebook
from commandcenter.demo.open311 import Open311
from commandcenter.demo.region import Region
from commandcenter.demo.webhook import Portal
from tests.conftest import NOW, Clock
from tests.demo.conftest import SEED, Recorder


@pytest.fixture
def book(region: Region) -> Casebook:
    return Casebook(region.grievances, SEED)


@asynccontextmanager
async def pages(*parts: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The parts behind a real server."""
    here = listening(0)
    routes = [route for part in parts for route in part.routes()]
    serving = asyncio.create_task(serve_pages(routes, [here]))
    base = f"http://127.0.0.1:{here.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=base) as client:
        yield client
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    here.close()


@pytest.mark.parametrize("hours", [0, 7, 31, 77, 500])
def test_about_47_are_open_some_overdue_some_nearly(book: Casebook, hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    found = book.open(now)
    ages = [now - case.received_at for case in found]
    assert 38 <= len(found) <= 60
    assert 15 <= sum(case.door == "open311" for case in found) <= 35
    assert 2 <= sum(age > timedelta(days=5) for age in ages) <= 14
    assert any(timedelta(days=4) < age < timedelta(days=5) for age in ages)


def test_a_complaint_goes_through_its_stages_and_never_back(book: Casebook) -> None:
    case = book.case(23_387)
    life = case.closed_at - case.received_at
    stages = [case.stage(case.received_at + life * share / 10) for share in range(11)]
    order = ["received", "forwarded", "in_work", "closed"]
    assert sorted(stages, key=order.index) == stages
    assert set(stages) == set(order)


async def test_the_portal_signs_what_it_posts(
    book: Casebook, clock: Clock, recorder: Recorder, tmp_path: Path
) -> None:
    async with recorder.listening(), httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{recorder.port}/complaints"
        portal = Portal(book, url, "rahasia", clock, tmp_path / "open.json")
        case, stage = next(portal.untold({}))
        await portal.post(client, case, stage)
    head, _, body = recorder.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    stamp = headers["X-Timestamp"]
    assert int(stamp) == NOW.timestamp()
    right = hmac.new(b"rahasia", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Signature-256"] == f"sha256={right}"
    told = orjson.loads(body)
    assert told["id"] == str(case.number)
    assert told.keys() == {
        "id",
        "title",
        "description",
        "category",
        "agency",
        "address",
        "lat",
        "long",
        "stage",
        "received_at",
    } | ({"closed_at"} if stage == "closed" else set())


def test_the_portal_tells_a_change_of_stage_once(
    book: Casebook, clock: Clock, tmp_path: Path
) -> None:
    portal = Portal(book, "", "rahasia", clock, tmp_path / "open.json")
    told = {case.number: stage for case, stage in portal.untold({})}
    assert len(told) >= 20
    assert list(portal.untold(told)) == []
    clock.forward(3600)
    changed = {case.number: stage for case, stage in portal.untold(told)}
    assert changed
    assert all(told.get(number) != stage for number, stage in changed.items())


def test_after_a_pause_the_portal_closes_what_it_had_told_as_open(
    book: Casebook, clock: Clock, tmp_path: Path
) -> None:
    memory = tmp_path / "open.json"
    old = next(c for c in book.open(NOW) if c.door == "webhook")
    memory.write_bytes(orjson.dumps([old.number]))
    clock.forward(30 * 86_400)
    portal = Portal(book, "", "rahasia", clock, memory)
    assert (old, "closed") in list(portal.untold({}))


async def test_open311_lists_open_requests_as_json(book: Casebook, clock: Clock) -> None:
    async with pages(Open311(book, clock)) as client:
        answer = await client.get("/open311/v2/requests.json", params={"status": "open"})
    rows = answer.json()
    expected = [str(c.number) for c in book.open(NOW) if c.door == "open311"]
    assert [row["service_request_id"] for row in rows] == expected
    assert {row["status"] for row in rows} == {"open"}
    assert all(row["requested_datetime"].endswith("+00:00") for row in rows)


async def test_open311_has_pages(book: Casebook, clock: Clock) -> None:
    async with pages(Open311(book, clock)) as client:
        asked = {"status": "open", "page_size": "3"}
        found = [
            (await client.get("/open311/v2/requests.json", params={**asked, "page": page})).json()
            for page in ("1", "2", "99")
        ]
    numbers = [[row["service_request_id"] for row in rows] for rows in found]
    expected = [str(c.number) for c in book.open(NOW) if c.door == "open311"]
    assert numbers == [expected[:3], expected[3:6], []]


async def test_open311_tells_that_a_request_was_closed(book: Casebook, clock: Clock) -> None:
    case = next(c for c in book.open(NOW) if c.door == "open311")
    path = f"/open311/v2/requests/{case.number}.json"
    async with pages(Open311(book, clock)) as client:
        before = (await client.get(path)).json()
        clock.now = case.closed_at
        after = (await client.get(path)).json()
    assert (before[0]["status"], after[0]["status"]) == ("open", "closed")


async def test_open311_speaks_xml_too(book: Casebook, clock: Clock) -> None:
    async with pages(Open311(book, clock)) as client:
        services = await client.get("/open311/v2/services.xml")
        requests = await client.get("/open311/v2/requests.xml", params={"status": "open"})
    root = ElementTree.fromstring(services.content)
    assert root.tag == "services"
    assert root.findtext("service/metadata") == "false"
    found = ElementTree.fromstring(requests.content)
    assert found.tag == "service_requests"
    assert len(found) == sum(case.door == "open311" for case in book.open(NOW))


async def test_open311_answers_mistakes_in_its_own_way(book: Casebook, clock: Clock) -> None:
    async with pages(Open311(book, clock)) as client:
        unknown = await client.get("/open311/v2/requests/999999.json")
        dated = await client.get("/open311/v2/requests.json", params={"start_date": "kemarin"})
    assert (unknown.status_code, unknown.json()[0]["code"]) == (404, 404)
    assert (dated.status_code, dated.json()[0]["code"]) == (400, 400)


async def test_every_application_answers_with_its_name(region: Region) -> None:
    part = ApplicationPages(region.applications, random.Random(SEED))
    async with pages(part) as client:
        paths = [application.url.rsplit("/", 1)[1] for application in region.applications]
        answers = await asyncio.gather(*(client.get(f"/{path}") for path in paths))
    assert all(answer.status_code == 200 for answer in answers)
    names = zip(answers, region.applications, strict=True)
    assert all(application.name in answer.text for answer, application in names)
