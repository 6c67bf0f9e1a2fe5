"""The Open311 client against a real server at the other end of a socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import uvicorn

from commandcenter.complaints import open311
from commandcenter.complaints.words import public
from commandcenter.feed import Desk, SourceDown
from commandcenter.reading import Reading
from commandcenter.records.complaints import Told, put_all
from commandcenter.secret import Secret
from feeds.complaints import Complaints
from tests.complaints.conftest import look, look_in_vain, on_both, totals
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
    assert readings["totals/all"].value == totals(open=1, closed_today=1)


async def test_many_are_read_page_by_page(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.page = 50
    register.entries = [entry(number) for number in range(120)]
    assert len(keys(await look(asking, desk))) == 120
    assert [asked.get("page") for asked in register.asked] == [None, "1", "2", "3", "4"]


async def test_a_server_that_knows_no_pages_is_not_asked_for_ever(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.entries = [entry(number) for number in range(120)]
    assert len(keys(await look(asking, desk))) == 120
    assert len(register.asked) == 3


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


async def test_one_entry_that_cannot_be_read_does_not_hide_the_others_and_is_told_once(
    asking: Complaints, desk: Desk, register: Register, tray: Tray
) -> None:
    register.entries = [entry("x" * 129, description="Siti 0812"), entry(2)]
    for _ in range(2):
        readings = await look(asking, desk)
        assert keys(readings) == {"open311:2"}
        assert readings["totals/all"].value == totals(open=1, refused={"Open311": 1})
    [(source, reason, body)] = tray.kept
    assert (source, reason[-45:]) == ("open311", "id must be given, with at most 128 characters")
    assert b"Siti" not in body
    assert b"0812" not in body


async def test_a_date_or_status_that_cannot_be_read_costs_itself_only(
    asking: Complaints, desk: Desk, register: Register, tray: Tray
) -> None:
    register.raw = orjson.dumps([entry(1, status="menguap", requested_datetime="once")])
    for _ in range(2):
        value = (await look(asking, desk))["complaint/open311:1"].value
    assert value is not None
    assert (value["stage"], value["received_at"], value["due_at"]) == ("received", None, None)
    assert sorted(reason.split(":")[1] for _, reason, _ in tray.kept) == [
        " taken without requested_datetime",
        " taken without status",
    ]


@pytest.mark.parametrize("epoch", ["1970-01-01T00:00:00Z", "0000-00-00 00:00:00", "", "null", 0])
async def test_a_date_before_2000_is_no_date(
    asking: Complaints, desk: Desk, register: Register, tray: Tray, epoch: object
) -> None:
    """mysociety/fms-endpoint#32: the epoch, where there is none."""
    register.entries = [entry(1, expected_datetime=epoch, updated_datetime=epoch)]
    value = (await look(asking, desk))["complaint/open311:1"].value
    assert value is not None
    assert value["due_at"] == "2026-11-24T23:37:38+00:00"  # as if none was told
    assert tray.kept == []


async def test_an_entry_without_a_date_is_not_of_today(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """codeforamerica/srtracker#76: requests without requested_datetime."""
    register.entries = [entry(1, requested_datetime=None)]
    assert (await look(asking, desk))["totals/all"].value == totals(open=1, undated=1)


async def test_the_envelope_of_fixmystreet_is_read(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """mysociety/fixmystreet: output_requests in Open311.pm, and single values in lists (#1672)."""
    told = entry(["1"], agency_responsible={"recipient": ["Dinas PUPR"]}, title=["Lubang"])
    register.raw = orjson.dumps({"requests": [{"request": [told, entry(2)]}]})
    readings = await look(asking, desk)
    assert keys(readings) == {"open311:1", "open311:2"}
    value = readings["complaint/open311:1"].value
    assert value is not None
    assert (value["agency"], value["stage"]) == ("Dinas PUPR", "forwarded")


async def test_xml_is_read_too(asking: Complaints, desk: Desk, register: Register) -> None:
    """The specification's own form, which some servers send whatever was asked for."""
    register.raw = (
        b"<?xml version='1.0'?><service_requests><request><service_request_id>7"
        b"</service_request_id><status>open</status><service_name>Jalan</service_name>"
        b"<agency_responsible/></request></service_requests>"
    )
    assert keys(await look(asking, desk)) == {"open311:7"}


async def test_a_byte_order_mark_and_words_for_nothing_are_passed_over(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    told = entry(1, agency_responsible="null", address="NULL")
    register.raw = b"\xef\xbb\xbf" + orjson.dumps([told])
    value = (await look(asking, desk))["complaint/open311:1"].value
    assert value is not None
    assert (value["agency"], value["address"], value["stage"]) == ("", "", "received")


NONE = b'[{"code":404,"description":"No Service requests found"}]'


async def test_404_that_means_none_empties_the_queue(
    asking: Complaints, desk: Desk, register: Register, clock: Clock
) -> None:
    """markaspot_open311: an empty list is answered with 404."""
    register.entries = [entry(1)]
    await look(asking, desk)
    register.raw, register.status = NONE, 404
    for _ in range(2):
        clock.forward(30)
        readings = await look(asking, desk)
    assert keys(readings) == set()
    assert readings["totals/all"].value == totals(gone=1)
    assert readings["totals/all"].at == clock.now


@pytest.mark.parametrize(
    "body",
    [
        b"<html>404</html>",
        b'{"message":"Not Found"}',
        b'[{"code":404,"description":"Not found."}]',
        b'[{"code":404,"description":"jurisdiction_id provided was not found"}]',
    ],
)
async def test_404_of_a_wrong_address_is_not_none(
    asking: Complaints, desk: Desk, register: Register, body: bytes
) -> None:
    register.raw, register.status = body, 404
    assert await look_in_vain(asking, desk) == (
        {},
        f"Server Open311 {asking.open311} menjawab HTTP 404; periksa alamat dan layanannya",
    )


async def test_an_error_with_status_200_is_no_empty_list(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.raw = b'[{"code":403,"description":"wrong api_key 1234"}]'
    _, why = await look_in_vain(asking, desk)
    assert "kesalahan 403" in why
    assert "1234" not in why


async def test_until_it_has_answered_nothing_is_known(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """bensheldon/open311status#92: a server that answers 500."""
    register.status = 500
    found, _ = await look_in_vain(asking, desk)
    assert found == {}


async def test_half_heard_is_told_as_at_least(
    asking: Complaints, desk: Desk, register: Register, clock: Clock
) -> None:
    """The webhook has spoken, Open311 never: no number claims to be all, nor to be of now."""
    asking = replace(asking, webhook_secret=Secret("env:HOOK"))
    told = Told(source="webhook", external_id="1", title="Lubang", updated_at=NOW)
    await desk.records.write(put_all, [told], lambda _, at: at, "live")
    register.status = 500
    clock.forward(60)
    found, _ = await look_in_vain(asking, desk)
    assert found["totals/all"].value == totals(open=1, undated=1, at_least=True)
    assert found["totals/all"].at == NOW


@pytest.mark.parametrize("size", [20, 25])
async def test_pages_are_read_until_one_is_empty(
    asking: Complaints, desk: Desk, register: Register, size: int
) -> None:
    """mysociety/fixmystreet#1313 (20 a page), markaspot_open311 (25), whatever was asked for."""
    register.page = size
    register.entries = [entry(number) for number in range(180)]
    readings = await look(asking, desk)
    assert readings["totals/all"].value == totals(open=180)
    assert len(register.asked) == 2 + -(-180 // size)


async def test_pages_may_be_counted_from_0(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """open311/open311.github.io#16: "page=4 and page_size=250 means results 1000 through 1250"."""
    register.page, register.first_page = 50, 0
    register.entries = [entry(number) for number in range(120)]
    assert (await look(asking, desk))["totals/all"].value == totals(open=120)


async def test_a_server_that_gives_its_last_page_again_is_read_to_its_end(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """City-of-Bloomington/uReport#31: behind the last page comes the last page."""
    register.page, register.repeats_last = 50, True
    register.entries = [entry(number) for number in range(120)]
    assert (await look(asking, desk))["totals/all"].value == totals(open=120)


async def test_a_round_number_of_a_server_that_knows_no_pages_is_at_least_so_many(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """open311/open311.github.io#82: 6,000 of New Haven's 100,000 were seen."""
    register.entries = [entry(number) for number in range(25)]
    assert (await look(asking, desk))["totals/all"].value == totals(open=25, at_least=True)
    register.entries = [entry(number) for number in range(3)]
    readings = await look(asking, desk)
    assert readings["totals/all"].value == totals(open=3, gone=22)


async def test_a_later_page_that_fails_leaves_what_came_and_says_that_it_is_a_part(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    register.page, register.entries = 50, [entry(number) for number in range(120)]
    register.broken_page = 2
    found, why = await look_in_vain(asking, desk)
    assert "HTTP 500" in why
    assert found["totals/all"].value == totals(open=50, at_least=True)


async def test_what_an_answer_lacks_is_left_as_it_was(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """CityOfBoston/311#587: nothing but number and "open" for a request that is not there."""
    full = entry(1, title="Pohon menutup jalan", agency_responsible="DLH")
    register.entries = [full]
    await look(asking, desk)
    register.raw = b'[{"service_request_id":1,"status":"open"}]'
    value = (await look(asking, desk))["complaint/open311:1"].value
    assert value is not None
    assert (value["title"], value["stage"], value["agency"]) == (
        "Pohon menutup jalan",
        "forwarded",
        "DLH",
    )


async def test_a_number_that_is_twice_in_one_answer_is_told_and_the_later_change_counts(
    asking: Complaints, desk: Desk, register: Register, tray: Tray
) -> None:
    older = entry(1, title="lama", updated_datetime="2026-11-20T06:00:00Z")
    register.raw = orjson.dumps([entry(1, title="baru"), older, entry(2), entry(2)])
    readings = await look(asking, desk)
    value = readings["complaint/open311:1"].value
    assert value is not None
    assert value["title"] == "baru"
    assert readings["totals/all"].value == totals(open=2, refused={"Open311": 1})
    assert [reason for _, reason, _ in tray.kept] == ["service_request_id 1: twice in one answer"]


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
    value = found["totals/all"].value
    assert value is not None
    assert value["at_least"]  # after a restart nobody knows whether it had told all
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


async def test_those_of_more_than_90_days_are_asked_for_too(
    asking: Complaints, desk: Desk, register: Register, clock: Clock
) -> None:
    """GeoReport v2: "default query limit is a span of 90 days"; o311 (CRAN) says the same."""
    register.days = 90
    old = "2026-03-05T08:00:00Z"
    register.entries = [entry(1), entry(2, requested_datetime=old)]
    assert keys(await look(asking, desk)) == {"open311:1", "open311:2"}
    register.asked_of_days.clear()
    clock.forward(30)
    assert keys(await look(asking, desk)) == {"open311:1", "open311:2"}
    assert register.asked_of_days == []  # not at every look


async def test_a_server_too_slow_to_tell_the_older_ones_has_told_at_least_so_many(
    asking: Complaints, desk: Desk, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look has its time; without an end of its own the whole source would be lost."""
    monkeypatch.setattr(open311, "_MOST_SECONDS", -1.0)
    register.entries = [entry(1)]
    found = await look(asking, desk)
    assert found["totals/all"].value == totals(open=1, at_least=True)
    assert register.asked_of_days == []


async def test_what_people_write_of_themselves_is_not_shown(
    asking: Complaints, desk: Desk, register: Register
) -> None:
    """mysociety/fixmystreet#4106."""
    text = "Hubungi 0812-3456-7890 atau siti@mail.id, NIK 6201010101010001, sejak 12-08-2025"
    register.entries = [entry(1, title=text, address="Rumah saya +62 812 3456 789")]
    value = (await look(asking, desk))["complaint/open311:1"].value
    assert value is not None
    assert value["title"] == "Hubungi ••• atau •••, NIK •••, sejak 12-08-2025"
    assert value["address"] == "Rumah saya •••"


def test_a_long_text_without_an_end_holds_up_nobody() -> None:
    assert public("a" * 1_000_000, 1_000_000) == "a" * 1_000_000


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "open311_key"), (429, "perbesar every"), (301, "alamatnya pindah")]
)
async def test_a_refusal_says_what_to_do(
    asking: Complaints, desk: Desk, register: Register, status: int, advice: str
) -> None:
    register.status = status
    _, why = await look_in_vain(asking, desk)
    assert advice in why
