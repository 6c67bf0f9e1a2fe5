"""Who may come in, what is refused with which sentence, and what a look at the doors tells."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from commandcenter.alerts import alert
from commandcenter.feed import Desk, SourceDown
from commandcenter.reading import Origin
from commandcenter.records.chain import verify
from commandcenter.records.tables import incident_chain
from commandcenter.secret import Secret
from feeds.alerts import Alerts
from tests.alerts.conftest import (
    TOKEN,
    Senders,
    incidents,
    knocking,
    look,
    on_both,
    the_incident,
)
from tests.alerts.samples import FIRING, PROBLEM, cap, notification
from tests.conftest import NOW, Clock, Tray

# --- who may come in ------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["alertmanager", "zabbix", "cap"])
async def test_strangers_are_counted_and_what_they_send_is_not_kept(
    senders: Senders, desk: Desk, tray: Tray, source: str
) -> None:
    token = TOKEN.encode()
    wrong = [
        b"",
        b"Basic " + token,
        b"Bearer guess",
        b"Bearer",
        b"Bearer x" + token,
        b"Bearer \xe9",
    ]
    raw = orjson.dumps(notification(FIRING))
    for one in wrong:
        given = {b"Authorization": one}
        answer = await senders.client.post(f"/alerts/{source}", content=raw, headers=given)
        assert answer.status_code == 401
        assert "token" in answer.json()["error"]
    assert [(kept[0], kept[2]) for kept in tray.kept] == [(source, b"")] * 6
    assert await incidents(desk) == []


async def test_the_generic_webhook_wants_a_signature_and_no_token(
    senders: Senders, desk: Desk
) -> None:
    assert (await senders.tell("webhook", {"id": 1, "title": "x"})).status_code == 401
    assert (await senders.sign({"id": 1, "title": "x"}, secret="guess")).status_code == 401
    assert await incidents(desk) == []


async def test_a_door_without_its_secret_does_not_exist(
    feed: Alerts, desk: Desk, clock: Clock, tray: Tray
) -> None:
    async with knocking(replace(feed, webhook_secret=None), desk, clock, tray) as senders:
        assert (await senders.sign({"id": 1, "title": "x"})).status_code == 404
        assert (await senders.tell("zabbix", PROBLEM)).status_code == 200


async def test_an_empty_secret_lets_nobody_in(
    desk: Desk, clock: Clock, tray: Tray, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("\n")
    empty = Secret(f"file:{tmp_path}/token")
    feed = Alerts(name="alerts", token=empty, webhook_secret=empty)
    async with knocking(feed, desk, clock, tray) as senders:
        assert (await senders.tell("zabbix", PROBLEM, token="x")).status_code == 503
        assert (await senders.sign({"id": 1, "title": "x"}, secret="")).status_code == 503
    with pytest.raises(SourceDown, match="it is empty"):
        await look(feed, desk)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "body", "sentence"),
    [
        ("alertmanager", b'{"alerts": [{"sta', "not JSON in UTF-8"),
        ("zabbix", b"null", "not a JSON object"),
        ("cap", cap()[:-20], "not XML: line 27"),
    ],
)
async def test_what_cannot_be_read_is_answered_with_a_sentence_and_put_aside(
    senders: Senders, desk: Desk, tray: Tray, source: str, body: bytes, sentence: str
) -> None:
    answer = await senders.tell(source, body)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert [(kept[0], kept[2]) for kept in tray.kept] == [(source, body)]
    row = await the_incident(desk)
    assert row.title.endswith("satu pesan ditolak, isinya tidak diketahui")
    told = desk.reason(answer.json()["error"])
    assert (row.level, row.source, row.detail) == ("critical", source, told)


async def test_when_no_alert_of_a_group_is_good_the_sender_is_told_why(
    senders: Senders, tray: Tray
) -> None:
    answer = await senders.tell("alertmanager", notification({**FIRING, "status": 7}))
    assert answer.status_code == 400
    why = "alerts[0]: status must be firing or resolved"
    assert answer.json() == {"taken": 0, "refused": [why]}
    assert tray.kept[0][1] == why


async def test_of_too_many_alerts_the_worst_are_taken_and_the_rest_is_told(
    senders: Senders, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert, "MOST_ALERTS", 3)
    mild = {**FIRING, "labels": {"alertname": "Disk", "severity": "warning"}}
    many = [{**mild, "fingerprint": f"mild{n}"} for n in range(4)]
    worse = [{**FIRING, "fingerprint": f"bad{n}"} for n in range(2)]
    answer = await senders.tell("alertmanager", notification(*many, *worse))
    assert (answer.status_code, answer.json()["taken"]) == (200, 3)
    rows = await incidents(desk)
    assert [row.key[-4:] for row in rows[:3]] == ["bad0", "bad1", "ild0"]
    assert rows[3].title == "Alertmanager: 3 dari 6 peringatan tidak diketahui"


@on_both
async def test_a_storm_of_alerts_becomes_incidents_in_a_moment(
    senders: Senders, desk: Desk
) -> None:
    storm = [{**FIRING, "fingerprint": f"f{n}"} for n in range(300)]
    answer = await senders.tell("alertmanager", notification(*storm))
    assert answer.json() == {"taken": 300, "refused": []}
    assert len(await incidents(desk)) == 300
    assert (await desk.records.read(verify)).mistakes == ()


async def test_what_the_listener_refuses_on_its_own_is_told_too(
    senders: Senders, feed: Alerts, desk: Desk, tray: Tray
) -> None:
    huge = b" " * (4 * 2**20 + 1)
    stranger = await senders.tell("alertmanager", huge, token="guess")
    assert (stranger.status_code, await incidents(desk)) == (413, [])
    assert (await senders.tell("alertmanager", huge)).status_code == 413
    row = await the_incident(desk)
    assert row.title == "Alertmanager: satu pesan ditolak, isinya tidak diketahui"
    value = (await look(feed, desk))["sender/alertmanager"].value
    assert value is not None
    assert (value["state"], value["refused"]) == ("refused", 2)
    signed = {"X-Timestamp": "1", "X-Signature-256": "sha256=of a body that nobody has read"}
    assert (await senders.client.post("/alerts/webhook", content=huge)).status_code == 413
    assert len(await incidents(desk)) == 1
    await senders.client.post("/alerts/webhook", content=huge, headers=signed)
    assert (await incidents(desk))[1].title.startswith("Webhook: satu pesan ditolak")


async def test_a_refusal_does_not_repeat_what_was_sent(senders: Senders, tray: Tray) -> None:
    await senders.tell("zabbix", {**PROBLEM, "event_value": "password=rahasia", "event_status": ""})
    assert "rahasia" not in tray.kept[0][1]


@on_both
async def test_texts_that_no_database_can_hold_are_made_harmless(
    senders: Senders, desk: Desk
) -> None:
    poison = {"id": "a\0b" * 99, "title": "x\0y" * 500, "office": "z" * 900, "detail": "é" * 5000}
    assert (await senders.sign({**poison, "runbook": "javascript:alert(1)"})).status_code == 200
    row = await the_incident(desk)
    assert "\0" not in row.title
    assert (len(row.title), len(row.detail), row.runbook) == (300, 500, "")
    assert (await senders.sign({**poison, "status": "resolved"})).status_code == 200
    assert (await the_incident(desk)).state == "resolved"


async def test_passwords_in_addresses_do_not_reach_the_wall(senders: Senders, desk: Desk) -> None:
    url = "https://admin:rahasia@10.0.0.1/x"
    await senders.sign({"id": 1, "title": f"{url} mati", "detail": url, "runbook": url})
    assert "rahasia" not in str(await the_incident(desk))


# --- when the records are away --------------------------------------------------------------------


async def test_when_the_records_are_away_the_sender_is_asked_to_try_again(
    senders: Senders, desk: Desk, tray: Tray
) -> None:
    with desk.records.engine.begin() as connection:
        incident_chain.drop(connection)
    answer = await senders.tell("alertmanager", notification(FIRING))
    assert (answer.status_code, answer.json()) == (503, {"error": "not now, try again"})
    assert tray.kept == []


@on_both
async def test_many_senders_at_once_lose_nothing(senders: Senders, desk: Desk) -> None:
    async def flap(number: int) -> list[int]:
        alert = {**FIRING, "fingerprint": f"{number % 4}"}
        said = [notification(alert), notification(FIRING, alert), notification(alert, FIRING)]
        answers = [await senders.tell("alertmanager", one) for one in said]
        return [answer.status_code for answer in answers]

    async with asyncio.TaskGroup() as tasks:
        flapping = [tasks.create_task(flap(number)) for number in range(8)]
    assert {status for task in flapping for status in task.result()} == {200}
    counts = {row.key[-4:]: row.count for row in await incidents(desk)}
    assert counts == {"8e0a": 16} | {f"er:{number}": 6 for number in range(4)}


# --- what a look tells ----------------------------------------------------------------------------


async def test_a_look_tells_how_each_sender_is(
    senders: Senders, feed: Alerts, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING, "nonsense"))
    await senders.tell("zabbix", b"nonsense")
    clock.forward(90)
    readings = await look(feed, desk)
    assert list(readings) == [f"sender/{s}" for s in ("alertmanager", "zabbix", "cap", "webhook")]
    assert readings["sender/alertmanager"].value == {
        "name": "alertmanager",
        "state": "refused",
        "problem": "alerts[1]: it is not a JSON object",
        "firing": 1,
        "heard_at": NOW.isoformat(),
        "quiet_seconds": 90.0,
        "taken": 1,
        "refused": 1,
    }
    assert readings["sender/zabbix"].value == {
        "name": "zabbix",
        "state": "refused",
        "problem": "the body is not JSON in UTF-8: line 1, column 1",
        "firing": 0,
        "heard_at": NOW.isoformat(),
        "quiet_seconds": 90.0,
        "taken": 0,
        "refused": 1,
    }
    never = readings["sender/cap"].value
    assert never is not None
    assert (never["heard_at"], never["quiet_seconds"]) == (None, None)
    assert never["state"] == "unknown"
    assert readings["sender/cap"].at == clock.now


async def test_after_a_restart_a_sender_is_not_as_if_it_had_never_been_heard(
    senders: Senders, feed: Alerts, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    clock.forward(60)
    readings = await look(replace(feed), desk)
    value = readings["sender/alertmanager"].value
    assert value is not None
    assert (value["heard_at"], value["firing"], value["taken"]) == (NOW.isoformat(), 1, 0)


async def test_a_stranger_is_no_sign_of_life(senders: Senders, feed: Alerts, desk: Desk) -> None:
    await senders.tell("cap", cap(), token="guess")
    value = (await look(feed, desk))["sender/cap"].value
    assert value is not None
    assert (value["heard_at"], value["refused"]) == (None, 1)


async def test_a_feed_without_any_door_says_what_to_do(desk: Desk) -> None:
    with pytest.raises(SourceDown, match="isi token atau webhook_secret"):
        await look(Alerts(name="alerts"), desk)


async def test_alerts_of_the_demo_are_marked_as_such(
    feed: Alerts, desk: Desk, clock: Clock, tray: Tray
) -> None:
    async with knocking(replace(feed, origin=Origin.DEMO), desk, clock, tray) as senders:
        await senders.tell("zabbix", PROBLEM)
    assert (await the_incident(desk)).origin == "demo"
