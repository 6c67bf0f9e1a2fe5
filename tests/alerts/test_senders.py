"""What is wrong with a sender itself is told: silence, words, clocks, payloads."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import orjson
import pytest

from commandcenter.alerts.severity import level_of
from commandcenter.feed import Desk
from commandcenter.records.alerts import told_of
from commandcenter.records.life import Step, Terms, take_step
from feeds.alerts import Alerts
from tests.alerts.conftest import Senders, incidents, knocking, look, the_incident
from tests.alerts.samples import FIRING, GRAFANA_ALERT, notification
from tests.conftest import Clock, Tray


def severe(word: str) -> dict[str, Any]:
    return notification({**FIRING, "labels": {**FIRING["labels"], "severity": word}})


@pytest.mark.parametrize(
    "word",
    [
        "emergency",
        "fatal",
        "P1",
        "SEV-1",
        "Disaster",
        "page",
        "crit",
        "high",
        "KRITIS",
        "darurat",
        "awas",
    ],
)
def test_words_for_the_worst_are_critical(word: str) -> None:
    assert level_of(word) == ("critical", "")


@pytest.mark.parametrize("word", ["", "info", "P3", "Not_classified", "sedang", "warn"])
def test_milder_words_are_warnings(word: str) -> None:
    assert level_of(word)[0] == "warning"


async def test_a_word_that_nobody_knows_is_told_once_and_can_be_explained(
    senders: Senders, feed: Alerts, desk: Desk, clock: Clock, tray: Tray
) -> None:
    await senders.tell("alertmanager", severe("Merah"))
    await senders.tell("alertmanager", severe("Merah"))
    alarm, about = await incidents(desk)
    assert (alarm.level, alarm.detail[:31]) == ("warning", "keparahan tidak dikenal: Merah ")
    assert about.title == "Alertmanager: keparahan tidak dikenal: Merah"
    assert about.count == 1
    explained = replace(feed, severities={"Merah": "critical"})
    async with knocking(explained, desk, clock, tray) as others:
        await others.tell("alertmanager", severe("merah"))
    assert (await incidents(desk))[0].level == "critical"


async def test_an_alert_from_the_future_is_taken_and_its_senders_clock_is_told(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("alertmanager", notification({**FIRING, "startsAt": "2026-11-24T02:42:17Z"}))
    alarm, about = await incidents(desk)
    assert alarm.detail.startswith("jam pengirim 3 hari di depan")
    assert about.title == "Alertmanager: jam pengirim 3 hari di depan"
    await senders.tell("alertmanager", notification(FIRING))
    assert (await incidents(desk))[1].state == "resolved"


async def test_what_a_person_decided_of_a_lasting_fault_holds_while_it_is_the_same(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", severe("Merah"))
    about = (await incidents(desk))[1]
    step = Step(incident=about.id, version=about.version, act="resolve", who="Siti", cause="power")
    await desk.records.write(take_step, step, clock.now, Terms())
    await senders.tell("alertmanager", severe("Merah"))
    assert (await incidents(desk))[1].state == "resolved"


async def test_a_sender_that_is_expected_and_was_never_heard_is_an_incident_in_time(
    feed: Alerts, desk: Desk, clock: Clock, tray: Tray
) -> None:
    feed = replace(feed, expected={"alertmanager": 900.0})
    state = (await look(feed, desk))["sender/alertmanager"].value
    assert state is not None
    assert state["state"] == "unknown"
    clock.forward(901)
    state = (await look(feed, desk))["sender/alertmanager"].value
    assert state is not None
    assert state["state"] == "silent"
    row = await the_incident(desk)
    assert (row.title, row.level) == ("Alertmanager belum pernah terdengar", "critical")
    async with knocking(feed, desk, clock, tray) as senders:
        await senders.tell("alertmanager", notification())
    await look(feed, desk)
    assert (await the_incident(desk)).state == "resolved"
    clock.forward(901)
    await look(feed, desk)
    row = await the_incident(desk)
    assert (row.state, row.title) == ("open", "Alertmanager tidak terdengar lagi")


# --- odd but real payloads ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "\ufeff".encode() + orjson.dumps(notification(FIRING)),
        orjson.dumps(notification(FIRING)).decode().encode("utf-16"),
        orjson.dumps(notification(FIRING)).replace(b"dinkes", b"dinkes \xe9", 1),
        orjson.dumps(notification(FIRING)).replace(b"dinkes", b"dinkes \\ud83d", 1),
        orjson.dumps(notification(FIRING)).replace(b'"4"', b"NaN"),
        orjson.dumps(notification({**FIRING, "startsAt": "0001-01-01T00:00:00Z"}, version="3")),
        orjson.dumps(notification({**FIRING, "startsAt": "kemarin", "endsAt": None})),
        orjson.dumps(notification({**FIRING, "fingerprint": None, "status": "Firing"})),
        orjson.dumps(notification({**FIRING, "labels": {"a": None, **FIRING["labels"]}})),
        orjson.dumps(notification(FIRING, truncatedAlerts=None, groupKey=9876543210)),
    ],
)
async def test_a_payload_that_is_odd_but_real_is_taken(
    senders: Senders, desk: Desk, body: bytes
) -> None:
    assert (await senders.tell("alertmanager", body)).status_code == 200
    row = await the_incident(desk)
    assert (row.state, row.level) == ("open", "critical")


async def test_a_message_without_alerts_is_a_sign_of_life(senders: Senders, desk: Desk) -> None:
    answer = await senders.tell("alertmanager", notification())
    assert (answer.status_code, answer.json()["taken"]) == (200, 0)
    assert await incidents(desk) == []


async def test_markup_in_annotations_is_read_as_text(senders: Senders, desk: Desk) -> None:
    told = {"summary": '<b>Disk</b> &gt; 90 %<br/>x < 5 <span style="c">/var</span>'}
    await senders.tell("alertmanager", notification({**FIRING, "annotations": told}))
    assert (await the_incident(desk)).title == "Disk > 90 % x < 5 /var"


async def test_of_labels_that_differ_in_case_the_plain_one_counts(
    senders: Senders, desk: Desk
) -> None:
    labels = {"severity": "critical", "Severity": "info", "alertname": "Suhu"}
    await senders.tell("alertmanager", notification({**FIRING, "labels": labels}))
    assert (await the_incident(desk)).level == "critical"


async def test_what_the_sender_told_is_kept_for_people_with_links_to_the_web_only(
    senders: Senders, desk: Desk
) -> None:
    alarm = {**GRAFANA_ALERT, "panelURL": "javascript:alert(1)"}
    await senders.tell("alertmanager", notification(alarm))
    row = await the_incident(desk)
    told = await desk.records.read(told_of, row.id)
    assert told["sender"] == "http://vm:9193"
    assert told["began_at"] == "2026-11-21T02:40:00+00:00"
    assert told["labels"]["grafana_folder"] == "Ruang"
    assert told["links"].keys() == {"source", "silence", "sender"}


@pytest.mark.parametrize(
    ("labels", "notes", "called"),
    [
        ({"job": "ups"}, {"description": "Baterai lemah"}, "Baterai lemah"),
        ({"job": "ups", "instance": "10.1.1.1"}, {}, "job: ups, instance: 10.1.1.1"),
    ],
)
async def test_an_alert_without_a_name_or_a_status_of_its_own_is_not_lost(
    senders: Senders, desk: Desk, labels: dict[str, str], notes: dict[str, str], called: str
) -> None:
    """prometheus/alertmanager wants no label alertname; grafana/grafana#112672: payloads of one's
    own making leave fields out."""
    told = {"labels": labels, "annotations": notes, "startsAt": FIRING["startsAt"]}
    await senders.tell("alertmanager", notification(told))
    assert (await the_incident(desk)).title == called
    await senders.tell("alertmanager", notification(told, status="resolved"))
    assert (await the_incident(desk)).state == "resolved"


async def test_a_script_that_puts_lines_into_a_text_is_understood(
    senders: Senders, desk: Desk
) -> None:
    """muokata/zabbix-mattermost-alertscript#1: a macro of several lines between quotes."""
    body = b'{"id": "a", "status": "FIRING", "title": "Disk penuh", "detail": "satu\n\tdua"}'
    assert (await senders.sign(body)).json() == {"taken": 1, "refused": []}
    assert (await the_incident(desk)).detail == "satu dua"


@pytest.mark.asvs("5.2.3")
async def test_a_packed_message_is_unpacked_and_a_bomb_is_not(senders: Senders, desk: Desk) -> None:
    """TracecatHQ/tracecat#1289."""
    packed = gzip.compress(orjson.dumps(notification(FIRING)))
    assert (await senders.tell("alertmanager", packed)).json()["taken"] == 1
    bomb = gzip.compress(bytes(5 * 2**20))
    for body, status in ((packed[:-9], 400), (packed[:30] + b"x" * 20, 400), (bomb, 413)):
        answer = await senders.tell("alertmanager", body)
        assert (answer.status_code, "packed" in answer.json()["error"]) == (status, True)
    alarm, _ = await incidents(desk)
    assert alarm.title == "Situs dinkes tidak menjawab"
