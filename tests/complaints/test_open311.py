"""The Open311 client against a real server at the other end of a socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import uvicorn

from commandcenter.complaints import open311
from commandcenter.feed import Desk, SourceDown
from commandcenter.reading import Reading
from commandcenter.secret import Secret
from feeds.complaints import Complaints
from tests.complaints.conftest import look, look_in_vain, on_both
from tests.complaints.open311_server import Register, entry
from tests.conftest import NOW, Clock, Tray, free_port
from tests.leaks import secret

PASSWORD = secret("s3cret-of-an-address")


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
async def base(register: Register) -> AsyncIterator[str]:
    """The address of the running server."""
    port = free_port()
    config = uvicorn.Config(register.app(), port=port, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}/open311/v2"
    server.should_exit = True
    await serving


@pytest.fixture
def asking(base: str) -> Complaints:
    return Complaints(name="complaints", open311=base)


def keys(readings: dict[str, Reading]) -> set[str]:
    return {r.identity for r in readings.values() if r.kind == "complaint" and r.value}


@on_both
async def test_open_ones_are_taken_and_closures_found_by_their_ids(
    asking: Complaints, desk: Desk, register: Register, clock: Clock
) -> None:
    register.entries = [entry(638344), entry("A-2", agency_responsible="Dinas PUPR")]
    readings = await look(asking, desk)
    assert keys(readings) == {"open311:638344", "open311:A-2"}
    value = readings["complaint/open311:A-2"].value
    assert value is not None
    assert (value["title"], value["stage"]) == ("Jalan rusak", "forwarded")
    assert value["received_at"] == "2026-11-19T23:37:38+00:00"
    register.entries[0]["status"] = "closed"
    clock.forward(30)
    readings = await look(asking, desk)
    assert readings["complaint/open311:638344"].value is None
    assert register.asked[-1]["service_request_id"] == "638344"
    totals = readings["totals/all"].value
    assert totals == {"open": 1, "overdue": 0, "new_today": 0, "closed_today": 1}


async def test_many_are_read_page_by_page(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.page = 50
    register.entries = [entry(number) for number in range(120)]
    assert len(keys(await look(asking, desk))) == 120
    assert [asked["page"] for asked in register.asked] == ["1", "2", "3"]


async def test_a_server_that_knows_no_pages_is_not_asked_for_ever(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.entries = [entry(number) for number in range(120)]
    assert len(keys(await look(asking, desk))) == 120
    assert len(register.asked) == 2


async def test_entries_without_a_number_wait_until_they_have_one(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.entries = [entry(None), entry(""), entry(3)]
    assert keys(await look(asking, desk)) == {"open311:3"}
    assert desk.note["open311"] == "2 entri tanpa nomor dilewati"


async def test_the_bare_zeros_of_the_specification_are_read(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.raw = b'[{"service_request_id":007,"status":"open","service_code":006}]'
    readings = await look(asking, desk)
    assert keys(readings) == {"open311:007"}
    value = readings["complaint/open311:007"].value
    assert value is not None
    assert value["title"] == "Aduan 007"


async def test_one_entry_that_cannot_be_read_does_not_hide_the_others(
    asking: Complaints, desk: Desk, register: Register, tray: Tray
) -> None:
    register.entries = [entry(1, requested_datetime="once"), entry(2)]
    assert keys(await look(asking, desk)) == {"open311:2"}
    [(source, reason, _)] = tray.kept
    assert source == "open311"
    assert reason.startswith("service_request_id 1: a date is not")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((b"<html>", 200), "tidak menjawab dengan JSON"),
        ((b"{}", 200), "daftar aduan"),
        ((b'[{"code":403}]', 403), "menjawab HTTP 403"),
        ((b"", 301), "menjawab HTTP 301"),
    ],
)
async def test_what_it_answers_wrongly_is_said_in_a_sentence(
    asking: Complaints, desk: Desk, register: Register, answer: tuple[bytes, int], sentence: str
) -> None:
    register.raw, register.status = answer
    with pytest.raises(SourceDown, match=sentence):
        await look(asking, desk)


async def test_an_endless_answer_is_cut_off(
    asking: Complaints,
    desk: Desk,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open311, "_MOST_BYTES", 1000)
    register.raw = b" " * 1001
    with pytest.raises(SourceDown, match="terlalu panjang"):
        await look(asking, desk)


async def test_while_it_is_away_its_complaints_grow_old_and_the_others_do_not(
    asking: Complaints, desk: Desk, register: Register, clock: Clock
) -> None:
    register.entries = [entry(1)]
    await look(asking, desk)
    register.status = 500
    clock.forward(60)
    for feed in (asking, replace(asking)):  # the same after a restart
        found, why = await look_in_vain(feed, desk)
        assert "periksa alamat" in why
        ages = {key: reading.at for key, reading in found.items()}
        assert ages == {"complaint/open311:1": NOW, "totals/all": NOW}
    register.status = 200
    readings = await look(asking, desk)
    assert readings["totals/all"].at == NOW + timedelta(seconds=60)


async def test_where_nobody_listens_is_said_without_the_password(desk: Desk) -> None:
    feed = Complaints(name="c", open311=f"http://user:{PASSWORD}@127.0.0.1:{free_port()}/v2")
    with pytest.raises(SourceDown, match="sambungan ditolak") as caught:
        await look(feed, desk)
    assert PASSWORD not in str(caught.value)


async def test_the_key_is_sent_and_never_logged(
    asking: Complaints,
    desk: Desk,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("KEY", "key-of-ours")
    caplog.set_level(logging.DEBUG)
    keyed = replace(asking, open311_key=Secret("env:KEY"), jurisdiction="kobar.go.id")
    await look(keyed, desk)
    assert register.asked[0]["api_key"] == "key-of-ours"
    assert register.asked[0]["jurisdiction_id"] == "kobar.go.id"
    assert "requests.json" in caplog.text
    assert "key-of-ours" not in caplog.text
