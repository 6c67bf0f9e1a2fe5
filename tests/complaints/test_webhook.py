"""The signed webhook: who may speak, what is kept, and what a repetition does."""

from __future__ import annotations

import orjson
import pytest
import sqlalchemy as sa

from commandcenter.feed import Desk
from commandcenter.records.tables import complaint, used_signature
from feeds.complaints import Complaints
from tests.complaints.conftest import Portal, look, on_both, totals
from tests.conftest import NOW, Clock, Tray

HOLE = {
    "id": "LP-1",
    "title": "Lubang di Jl. Iskandar",
    "description": "Sedalam lutut",
    "category": "Jalan rusak",
    "agency": "Dinas PUPR",
    "address": "Jl. Iskandar",
    "lat": -2.68,
    "long": 111.62,
    "stage": "Diterima",
    "received_at": "2026-11-21T08:00:00+07:00",
    "name": "Siti Rahma",
    "phone": "0812-000",
}


@on_both
async def test_a_signed_complaint_is_kept_and_shows(
    portal: Portal, feed: Complaints, desk: Desk, bells: list[str]
) -> None:
    answer = await portal.tell(HOLE)
    assert (answer.status_code, answer.json()) == (202, {"id": "webhook:LP-1"})
    assert bells == ["ring"]
    readings = await look(feed, desk)
    assert readings["complaint/webhook:LP-1"].value == {
        "number": "LP-1",
        "source": "webhook",
        "title": "Lubang di Jl. Iskandar",
        "category": "Jalan rusak",
        "agency": "Dinas PUPR",
        "address": "Jl. Iskandar",
        "stage": "received",
        "received_at": "2026-11-21T01:00:00+00:00",
        "due_at": "2026-12-05T01:00:00+00:00",  # 14 days for this category
        "overdue": False,
        "file_at": None,
    }
    assert readings["totals/all"].value == totals(open=1, new_today=1)
    assert readings["totals/all"].at == NOW


@pytest.mark.asvs("14.2.4")
async def test_who_complained_is_never_stored(portal: Portal, desk: Desk, tray: Tray) -> None:
    await portal.tell(HOLE)
    await portal.tell({**HOLE, "stage": "???"})
    rows = await desk.records.read(lambda c: c.execute(sa.select(complaint)).all())
    assert "Siti" not in f"{rows}{tray.kept}"
    assert "0812" not in f"{rows}{tray.kept}"
    assert len(tray.kept) == 1


async def test_of_a_body_that_is_put_aside_only_its_form_is_kept(
    portal: Portal, tray: Tray
) -> None:
    told = {"id": "6201011234567890", "stage": "Siti 0812", "received_at": "21/11/2026"}
    await portal.tell({**told, "agency": "siti@example.com", "0812345678": 1})
    [(_, _, body)] = tray.kept
    assert orjson.loads(body) == {
        "id": "0000000000000000",
        "stage": "xxxx 0000",
        "received_at": "00/00/0000",
        "agency": "xxxx@xxxxxxx.xxx",
        "0000000000": "0",
    }


async def test_a_portal_that_never_spoke_is_unknown_and_not_without_complaints(
    portal: Portal, feed: Complaints, desk: Desk
) -> None:
    assert await look(feed, desk) == {}
    await portal.tell(HOLE)
    assert "totals/all" in await look(feed, desk)


async def test_a_complaint_without_a_date_has_no_deadline_and_is_not_new_today(
    portal: Portal, feed: Complaints, desk: Desk, clock: Clock
) -> None:
    await portal.tell({**HOLE, "received_at": "0000-00-00 00:00:00"})
    readings = await look(feed, desk)
    assert readings["totals/all"].value == totals(open=1, undated=1)
    clock.forward(10)
    await portal.tell({"id": "LP-1", "received_at": "21 Nov 2026 08.00"})  # then it has both
    value = (await look(feed, desk))["complaint/webhook:LP-1"].value
    assert value is not None
    assert value["due_at"] == "2026-12-05T01:00:00+00:00"


@on_both
async def test_stages_move_on_and_a_closed_one_leaves_the_wall(
    portal: Portal, feed: Complaints, desk: Desk, clock: Clock
) -> None:
    await portal.tell(HOLE)
    for word, stage in (("diteruskan", "forwarded"), ("Sedang diproses", "in_work")):
        clock.forward(10)
        assert (await portal.tell({"id": "LP-1", "stage": word})).status_code == 202
        value = (await look(feed, desk))["complaint/webhook:LP-1"].value
        assert value is not None
        assert (value["stage"], value["agency"]) == (stage, "Dinas PUPR")
    clock.forward(10)
    await portal.tell({"id": "LP-1", "stage": "Selesai"})
    readings = await look(feed, desk)
    assert readings["complaint/webhook:LP-1"].value is None
    assert readings["totals/all"].value == totals(new_today=1, closed_today=1)
    assert "complaint/webhook:LP-1" not in await look(feed, desk)


async def test_one_that_closed_while_nobody_looked_is_unsaid_by_the_next_to_look(
    portal: Portal, feed: Complaints, desk: Desk
) -> None:
    await portal.tell({**HOLE, "stage": "selesai"})
    assert (await look(feed, desk))["complaint/webhook:LP-1"].value is None


@on_both
async def test_the_same_message_again_gets_the_same_answer_and_changes_nothing(
    portal: Portal, feed: Complaints, desk: Desk, clock: Clock, bells: list[str]
) -> None:
    raw = b'{"id":"LP-1","title":"Lubang","stage":"diterima"}'
    headers = portal.sign(raw)
    first = await portal.send(raw, headers)
    clock.forward(1)
    await portal.tell({"id": "LP-1", "stage": "diproses"})
    again = await portal.send(raw, headers)
    assert (again.status_code, again.json()) == (202, first.json())
    value = (await look(feed, desk))["complaint/webhook:LP-1"].value
    assert value is not None
    assert value["stage"] == "in_work"
    assert len(bells) == 2


async def test_a_message_that_was_overtaken_is_refused(portal: Portal, clock: Clock) -> None:
    await portal.tell(HOLE)
    answer = await portal.tell({"id": "LP-1", "stage": "diproses"}, late=60)
    assert answer.status_code == 409
    assert "newer" in answer.json()["error"]


async def test_signatures_are_forgotten_when_their_window_is_over(
    portal: Portal, desk: Desk, clock: Clock
) -> None:
    await portal.tell(HOLE)
    clock.forward(700)
    await portal.tell(HOLE)
    count = sa.select(sa.func.count()).select_from(used_signature)
    assert await desk.records.read(lambda c: c.execute(count).scalar_one()) == 1


@pytest.mark.parametrize("late", [301, -301])
async def test_a_message_from_another_time_is_refused(portal: Portal, late: float) -> None:
    answer = await portal.tell(HOLE, late=late)
    assert answer.status_code == 401
    assert "300 s" in answer.json()["error"]


async def test_a_wrong_secret_is_refused(portal: Portal, tray: Tray) -> None:
    answer = await portal.tell(HOLE, secret="guess")
    assert answer.status_code == 401
    assert tray.kept[0][0] == "webhook"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Timestamp": "1e9", "X-Signature-256": "sha256=" + "0" * 64},
        {"X-Timestamp": str(int(NOW.timestamp())), "X-Signature-256": "0" * 64},
    ],
)
async def test_a_message_without_proper_headers_is_refused(
    portal: Portal, headers: dict[str, str]
) -> None:
    answer = await portal.send(b"{}", headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ([], "not a JSON object"),
        ({}, "id must be given"),
        ({"id": "x" * 129}, "id must be given"),
        ({"id": 7}, "title or description"),
        ({**HOLE, "stage": "entah"}, "stage is not a word"),
        ({**HOLE, "received_at": "kemarin"}, "a date is not like"),
        ({**HOLE, "received_at": "2027-01-01"}, "in the future"),
    ],
)
async def test_a_message_that_cannot_be_read_is_answered_with_a_sentence(
    portal: Portal, tray: Tray, message: object, sentence: str
) -> None:
    answer = await portal.tell(message)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert len(tray.kept) == 1


@on_both
async def test_texts_that_no_database_can_hold_are_made_harmless(
    portal: Portal, feed: Complaints, desk: Desk
) -> None:
    poison = {"id": 7, "title": "a\0b" * 200, "category": "x" * 500, "lat": "north", "long": 0}
    assert (await portal.tell(poison)).status_code == 202
    value = (await look(feed, desk))["complaint/webhook:7"].value
    assert value is not None
    assert "\0" not in value["title"]
    assert len(value["title"]) <= 300


async def test_too_long_a_message_is_refused_in_json(portal: Portal) -> None:
    answer = await portal.tell(b" " * (4 * 2**20 + 1))
    assert answer.status_code == 413
    assert "limit" in answer.json()["error"]


async def test_when_the_records_are_away_the_sender_is_asked_to_try_again(
    portal: Portal, desk: Desk, tray: Tray
) -> None:
    with desk.records.engine.begin() as connection:
        complaint.drop(connection)
    assert (await portal.tell(HOLE)).status_code == 503
    complaint.create(desk.records.engine)
    assert (await portal.tell(HOLE)).status_code == 202


async def test_without_a_secret_there_is_no_webhook(desk: Desk) -> None:
    assert Complaints(name="complaints").routes(desk) == ()


async def test_overdue_is_judged_by_the_clock(
    portal: Portal, feed: Complaints, desk: Desk, clock: Clock
) -> None:
    await portal.tell({**HOLE, "category": "Air bersih"})
    clock.forward(5 * 86_400)
    readings = await look(feed, desk)
    value = readings["complaint/webhook:LP-1"].value
    assert value is not None
    assert value["overdue"]
    assert readings["totals/all"].value == totals(open=1, overdue=1)
