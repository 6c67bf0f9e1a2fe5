"""Other systems' alerts live as incidents: they fire, repeat, change, recover and come back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commandcenter.feed import Desk
from commandcenter.records.chain import log_of, verify
from commandcenter.records.life import Step, Terms, lapse, take_step
from tests.alerts.conftest import Senders, incidents, on_both, the_incident
from tests.alerts.samples import FIRING, FIRING_AGAIN, GRAFANA, PROBLEM, RESOLVED, cap, notification
from tests.conftest import NOW, Clock, Tray


async def steps(desk: Desk, number: int) -> list[str]:
    return [row.step for row in await desk.records.read(log_of, number)]


@on_both
async def test_a_firing_alert_is_an_incident_with_all_that_its_labels_say(
    senders: Senders, desk: Desk, bells: list[str]
) -> None:
    answer = await senders.tell("alertmanager", notification(FIRING))
    assert (answer.status_code, answer.json()) == (200, {"taken": 1, "refused": []})
    row = await the_incident(desk)
    assert row.thing == ("alert/alertmanager", "alerts", "alert/alertmanager:8c6f6f82ce888e0a")
    assert (row.source, row.state, row.level) == ("alertmanager", "open", "critical")
    assert row.title == "Situs dinkes tidak menjawab"
    assert row.detail == "Tiga kali berturut-turut · http://127.0.0.1:9777/ok"
    assert row.runbook == "https://wiki.example.go.id/situs"
    assert (row.office, row.kecamatan, row.provider) == ("dinkes", "Arut Selatan", "Telkom")
    assert (row.opened_at, row.count) == (NOW, 1)
    assert bells == ["ring"]


@on_both
async def test_a_repeat_counts_up_and_a_new_severity_updates_the_incident(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    clock.forward(60)
    milder = {**FIRING, "labels": {**FIRING["labels"], "severity": "warning"}}
    await senders.tell("alertmanager", notification(milder))
    row = await the_incident(desk)
    assert (row.count, row.level, row.last_seen_at) == (2, "warning", clock.now)
    assert await steps(desk, row.id) == ["opened", "changed", "again"]


@on_both
async def test_resolved_resolves_and_firing_again_goes_on_with_the_same_incident(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    clock.forward(60)
    await senders.tell("alertmanager", notification(RESOLVED))
    row = await the_incident(desk)
    assert (row.state, row.resolved_by, row.cause) == ("resolved", "watch", None)
    clock.forward(60)
    await senders.tell("alertmanager", notification(FIRING_AGAIN))
    again = await the_incident(desk)
    assert (again.id, again.state, again.count) == (row.id, "open", 2)
    assert await steps(desk, row.id) == ["opened", "resolved", "reopened"]
    assert (await desk.records.read(verify)).mistakes == ()


async def test_after_the_incident_is_closed_a_new_one_opens(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    first = await the_incident(desk)
    await senders.tell("alertmanager", notification(RESOLVED))
    clock.forward(1801)
    await desk.records.write(lapse, clock.now, Terms())
    await senders.tell("alertmanager", notification(FIRING_AGAIN))
    assert (await the_incident(desk)).id > first.id


async def test_how_long_a_resolved_one_goes_on_is_up_to_the_watch_alone(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    first = await the_incident(desk)
    await senders.tell("alertmanager", notification(RESOLVED))
    clock.forward(7200)  # longer than usual, but its [incidents] reopen_within may say so
    await senders.tell("alertmanager", notification(FIRING_AGAIN))
    assert (await the_incident(desk)).id == first.id


async def test_what_a_person_resolved_stays_so_for_the_episode_and_the_next_one_opens_again(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    row = await the_incident(desk)
    step = Step(incident=row.id, version=row.version, act="resolve", who="Siti", cause="power")
    await desk.records.write(take_step, step, clock.now, Terms())
    clock.forward(4 * 3600)
    await senders.tell("alertmanager", notification(FIRING))
    assert (await the_incident(desk)).state == "resolved"
    await senders.tell("alertmanager", notification(FIRING_AGAIN))
    assert (await the_incident(desk)).state == "open"


async def test_a_repeat_leaves_an_acknowledgement_as_it_is(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    row = await the_incident(desk)
    step = Step(incident=row.id, version=row.version, act="acknowledge", who="Siti")
    await desk.records.write(take_step, step, clock.now, Terms())
    await senders.tell("alertmanager", notification(FIRING))
    row = await the_incident(desk)
    assert (row.state, row.acknowledged_by, row.count) == ("acknowledged", "Siti", 2)


async def test_the_end_of_an_alert_that_we_never_heard_of_is_taken_and_changes_nothing(
    senders: Senders, desk: Desk
) -> None:
    answer = await senders.tell("alertmanager", notification(RESOLVED))
    assert (answer.status_code, answer.json()["taken"]) == (200, 1)
    assert await incidents(desk) == []


async def test_a_firing_group_may_hold_a_resolved_alert(senders: Senders, desk: Desk) -> None:
    other = {**FIRING, "fingerprint": "1d2a"}
    await senders.tell("alertmanager", notification(FIRING, other))
    await senders.tell("alertmanager", notification({**other, "status": "resolved"}, FIRING))
    states = {row.key[-4:]: row.state for row in await incidents(desk)}
    assert states == {"8e0a": "open", "1d2a": "resolved"}


async def test_one_bad_alert_of_a_group_does_not_lose_the_others(
    senders: Senders, desk: Desk, tray: Tray
) -> None:
    bad = {**FIRING, "status": "perhaps"}
    answer = await senders.tell("alertmanager", notification(bad, FIRING, "nonsense"))
    assert answer.status_code == 200
    assert answer.json() == {
        "taken": 1,
        "refused": [
            "alerts[0]: status must be firing or resolved",
            "alerts[2]: it is not a JSON object",
        ],
    }
    assert [(row.title, row.level) for row in await incidents(desk)] == [
        ("Situs dinkes tidak menjawab", "critical"),
        ("Alertmanager: 2 peringatan tidak dapat dibaca", "warning"),
    ]
    assert [(source, body[:19]) for source, _, body in tray.kept] == [
        ("alertmanager", b'{"status":"perhaps"'),
        ("alertmanager", b'"nonsense"'),
    ]


async def test_alerts_that_the_sender_left_out_are_told_until_its_group_comes_whole(
    senders: Senders, desk: Desk, tray: Tray
) -> None:
    answer = await senders.tell("alertmanager", notification(FIRING, truncatedAlerts=7))
    assert answer.status_code == 200
    assert "7 alerts were left out" in answer.json()["refused"][0]
    assert "max_alerts" in tray.kept[0][1]
    about = (await incidents(desk))[1]
    assert about.title == "Alertmanager: 7 dari 8 peringatan tidak diketahui"
    assert (about.level, about.state) == ("critical", "open")
    await senders.tell("alertmanager", notification(FIRING, groupKey="another"))
    assert (await incidents(desk))[1].state == "open"
    await senders.tell("alertmanager", notification(FIRING))
    assert (await incidents(desk))[1].state == "resolved"


async def test_a_dead_mans_switch_is_a_sign_of_life_and_no_incident(
    senders: Senders, desk: Desk
) -> None:
    watchdog = {**FIRING, "labels": {"alertname": "Watchdog", "severity": "none"}}
    answer = await senders.tell("alertmanager", notification(watchdog))
    assert answer.json() == {"taken": 1, "refused": []}
    assert await incidents(desk) == []


async def test_grafanas_alerts_come_through_the_same_door(senders: Senders, desk: Desk) -> None:
    assert (await senders.tell("alertmanager", GRAFANA)).status_code == 200
    row = await the_incident(desk)
    assert (row.title, row.level, row.office) == ("Suhu ruang server", "warning", "dinkes")


# --- Zabbix ---------------------------------------------------------------------------------------


@on_both
async def test_a_zabbix_problem_is_an_incident_until_it_recovers(
    senders: Senders, desk: Desk
) -> None:
    assert (await senders.tell("zabbix", PROBLEM)).status_code == 200
    row = await the_incident(desk)
    assert (row.title, row.detail) == ("Situs tidak menjawab", "rtr-kec-01 · 1")
    assert (row.level, row.office, row.runbook) == ("critical", "dinkes", "")
    await senders.tell("zabbix", {**PROBLEM, "event_value": "0"})
    assert (await the_incident(desk)).state == "resolved"


async def test_a_zabbix_problem_that_comes_back_as_another_event_goes_on(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("zabbix", PROBLEM)
    await senders.tell("zabbix", {**PROBLEM, "event_value": "0"})
    await senders.tell("zabbix", {**PROBLEM, "event_id": "19"})
    row = await the_incident(desk)
    assert (row.state, row.count) == ("open", 2)


async def test_two_problems_of_one_zabbix_trigger_do_not_recover_for_each_other(
    senders: Senders, desk: Desk
) -> None:
    first = {**PROBLEM, "event_name": "Port 1 putus"}
    second = {**PROBLEM, "event_name": "Port 2 putus", "event_id": "19"}
    await senders.tell("zabbix", first)
    await senders.tell("zabbix", second)
    await senders.tell("zabbix", {**first, "event_value": "0"})
    assert [row.state for row in await incidents(desk)] == ["resolved", "open"]


async def test_a_changed_zabbix_severity_is_no_repeat(senders: Senders, desk: Desk) -> None:
    await senders.tell("zabbix", {**PROBLEM, "severity": "2"})
    await senders.tell("zabbix", {**PROBLEM, "severity": "5", "update_status": "1"})
    row = await the_incident(desk)
    assert (row.level, row.count) == ("critical", 1)


async def test_zabbix_macros_that_nobody_resolved_are_missing(senders: Senders, desk: Desk) -> None:
    unresolved = {
        "host_name": "{HOST.NAME}",
        "host": "*UNKNOWN*",
        "opdata": "{EVENT.OPDATA}",
        "tags": "{EVENT.TAGSJSON}",
        "event_time": "{EVENT.DATE} {EVENT.TIME}",
        "trigger_id": "{TRIGGER.ID}",
    }
    assert (await senders.tell("zabbix", {**PROBLEM, **unresolved})).status_code == 200
    row = await the_incident(desk)
    assert (row.detail, row.office, row.key) == ("", "", "alert/zabbix:18")


# --- CAP ------------------------------------------------------------------------------------------


@on_both
async def test_a_warning_is_an_incident_in_indonesian_until_it_expires(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    assert (await senders.tell("cap", cap())).status_code == 200
    row = await the_incident(desk)
    assert (row.title, row.level) == ("Hujan lebat di Arut Selatan", "critical")
    assert row.detail == "Arut Selatan · sampai 11.00 · Disertai kilat dan angin kencang"
    assert (row.kecamatan, row.source) == ("Arut Selatan", "cap")
    assert row.runbook == "https://nowcasting.bmkg.go.id/infografis/1"
    assert row.expires_at == NOW.replace(hour=4, minute=0, second=0)
    clock.forward(7200)
    await desk.records.write(lapse, clock.now, Terms())
    assert (await the_incident(desk)).state == "resolved"


@on_both
async def test_an_update_goes_on_with_the_incident_of_the_warning_it_refers_to(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("cap", cap("bmkg-1"))
    first = await the_incident(desk)
    update = cap(
        "bmkg-2",
        kind="Update",
        refers_to="bmkg-0 bmkg-1",
        severity="Moderate",
        expires="2026-11-21T12:00:00+07:00",
        headline="Hujan mereda",
    )
    await senders.tell("cap", update)
    row = await the_incident(desk)
    assert (row.id, row.title, row.level) == (first.id, "Hujan mereda", "warning")
    assert row.expires_at == NOW.replace(hour=5, minute=0, second=0)
    await senders.tell("cap", cap("bmkg-3", kind="Cancel", refers_to="bmkg-2"))
    assert (await the_incident(desk)).state == "resolved"
    assert (await desk.records.read(verify)).mistakes == ()


async def test_an_update_of_several_warnings_leaves_one_incident(
    senders: Senders, desk: Desk
) -> None:
    flood = cap("bmkg-2").replace(b"Hujan lebat</event>", b"Banjir</event>")
    await senders.tell("cap", cap("bmkg-1"))
    await senders.tell("cap", flood)
    assert len(await incidents(desk)) == 2
    await senders.tell("cap", cap("bmkg-3", kind="Update", refers_to="bmkg-1 bmkg-2"))
    assert [row.state for row in await incidents(desk)] == ["open", "resolved"]


async def test_an_update_of_a_warning_that_we_never_heard_of_is_a_warning(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("cap", cap("bmkg-2", kind="Update", refers_to="bmkg-1"))
    assert (await the_incident(desk)).state == "open"


async def test_an_update_that_is_over_ends_what_it_refers_to(senders: Senders, desk: Desk) -> None:
    await senders.tell("cap", cap("bmkg-1"))
    over = cap("bmkg-2", kind="Update", refers_to="bmkg-1", expires="2026-11-21T09:31:00+07:00")
    await senders.tell("cap", over)
    assert (await the_incident(desk)).state == "resolved"


async def test_a_warning_that_has_expired_opens_nothing(senders: Senders, desk: Desk) -> None:
    answer = await senders.tell("cap", cap(expires="2026-11-21T09:00:00+07:00"))
    assert (answer.status_code, await incidents(desk)) == (200, [])


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
async def test_a_rehearsal_never_reaches_the_wall(
    senders: Senders, desk: Desk, status: str
) -> None:
    answer = await senders.tell("cap", cap(status=status))
    assert (answer.status_code, answer.json()["taken"]) == (200, 0)
    assert await incidents(desk) == []
    assert desk.note["cap"] == f"1 pesan tanpa tindakan, terakhir status {status}"


async def test_of_several_areas_the_one_in_most_danger_is_told(
    senders: Senders, desk: Desk
) -> None:
    first, _, last = cap(severity="Minor").decode().rpartition("<info>")
    other = last.replace("Hujan lebat di Arut Selatan", "Banjir di Kumai")
    worse = other.replace("Minor", "Extreme").replace("</alert>", "")
    body = f"{first}<info>{last.replace('</alert>', '')}<info>{worse}</alert>"
    assert (await senders.tell("cap", body.encode())).status_code == 200
    row = await the_incident(desk)
    assert (row.title, row.level) == ("Banjir di Kumai", "critical")


# --- the generic webhook --------------------------------------------------------------------------


@on_both
async def test_a_script_tells_of_an_alert_and_of_its_end(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    backup = {"id": "cadangan", "title": "Pencadangan gagal", "office": "dinkes"}
    answer = await senders.sign({**backup, "severity": "error", "detail": "disk penuh"})
    assert (answer.status_code, answer.json()) == (200, {"taken": 1, "refused": []})
    row = await the_incident(desk)
    assert (row.source, row.level, row.detail) == ("webhook", "critical", "disk penuh")
    clock.forward(1)
    await senders.sign({"id": "cadangan", "status": "resolved"})
    assert (await the_incident(desk)).state == "resolved"


@on_both
async def test_the_same_signed_message_again_changes_nothing(senders: Senders, desk: Desk) -> None:
    message = {"id": "cadangan", "title": "Pencadangan gagal"}
    first = await senders.sign(message)
    again = await senders.sign(message)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await the_incident(desk)).count == 1


async def test_several_alerts_are_one_message_and_one_transaction(
    senders: Senders, desk: Desk
) -> None:
    many = [{"id": number, "title": f"Server {number} mati"} for number in range(40)]
    assert (await senders.sign(many)).json()["taken"] == 40
    assert len(await incidents(desk)) == 40


async def test_an_alert_with_an_end_of_its_own_resolves_then(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    until = (NOW + timedelta(minutes=5)).isoformat()
    await senders.sign({"id": "uji", "title": "Uji genset", "expires_at": until})
    clock.forward(301)
    await desk.records.write(lapse, clock.now, Terms())
    assert (await the_incident(desk)).state == "resolved"
