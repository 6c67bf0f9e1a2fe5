"""How a problem of Zabbix ends: recovered, closed by hand, watched no longer."""

from __future__ import annotations

import pytest

from commandcenter.feed import Desk
from commandcenter.records.chain import log_of
from tests.alerts.conftest import Senders, incidents, the_incident
from tests.alerts.samples import PROBLEM


@pytest.mark.parametrize(
    "message",
    [
        'NOTE: Escalation canceled: host "rtr-lama" disabled.\nrtr-lama: Tautan putus',
        "NOTE: Escalation cancelled: trigger 'Tautan putus' disabled.",  # before 6.0
        "NOTE: Escalation canceled",
    ],
)
async def test_what_zabbix_stops_to_watch_is_over(
    senders: Senders, desk: Desk, message: str
) -> None:
    await senders.tell("zabbix", PROBLEM)
    await senders.tell("zabbix", {**PROBLEM, "message": message})
    row = await the_incident(desk)
    assert (row.state, row.count) == ("resolved", 1)
    note = (await desk.records.read(log_of, row.id))[-1].note
    assert note.startswith("Zabbix tidak memantaunya lagi")


async def test_a_problem_that_zabbix_only_stops_to_tell_of_goes_on_and_says_so(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("zabbix", PROBLEM)
    message = "NOTE: Escalation canceled: action 'Pusat kendali' disabled."
    await senders.tell("zabbix", {**PROBLEM, "message": message})
    row = await the_incident(desk)
    assert (row.state, row.count) == ("open", 1)
    assert row.detail.startswith("Zabbix tidak memberi kabar lagi, keadaannya tidak diketahui")


async def test_a_problem_that_is_closed_by_hand_is_over_by_its_update_alone(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("zabbix", PROBLEM)
    closed = {"update_status": "1", "update_action": "acknowledged, closed"}
    await senders.tell("zabbix", {**PROBLEM, **closed})
    assert (await the_incident(desk)).state == "resolved"


async def test_a_recovery_ends_its_problem_though_name_and_tags_have_changed_since(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("zabbix", PROBLEM)
    renamed = {"event_name": "Situs dinkes tidak menjawab", "tags": "[]", "update_status": "1"}
    await senders.tell("zabbix", {**PROBLEM, **renamed})
    assert (await the_incident(desk)).title == "Situs dinkes tidak menjawab"
    await senders.tell("zabbix", {**PROBLEM, **renamed, "event_value": "0"})
    assert (await the_incident(desk)).state == "resolved"


async def test_a_recovery_that_repeats_the_value_of_its_problem_is_known_by_its_status(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("zabbix", PROBLEM)
    await senders.tell("zabbix", {**PROBLEM, "event_status": "RESOLVED"})
    assert (await the_incident(desk)).state == "resolved"


async def test_a_problem_message_that_waited_behind_its_recovery_changes_nothing(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("zabbix", PROBLEM)
    await senders.tell("zabbix", {**PROBLEM, "event_value": "0"})
    await senders.tell("zabbix", PROBLEM)
    assert (await the_incident(desk)).state == "resolved"


async def test_tags_that_cannot_be_read_cost_the_tags_and_not_the_alarm(
    senders: Senders, desk: Desk
) -> None:
    broken = {"tags": "opd:dinkes", "event_time": "kemarin", "event_name": "{EVENT.NAME}"}
    await senders.tell("zabbix", {**PROBLEM, **broken})
    (row,) = await incidents(desk)
    assert (row.title, row.office) == ("Situs tidak menjawab", "")


@pytest.mark.parametrize(
    ("number", "name", "level", "told"),
    [
        ("4", "Tinggi", "critical", ""),
        ("Disaster", "", "critical", ""),  # {EVENT.SEVERITY} where its number is expected
        ("{EVENT.NSEVERITY}", "High", "critical", ""),
        ("0", "Not classified", "warning", ""),
        ("Gawat Sekali", "", "warning", "Gawat Sekali"),  # keephq/keep#5139: names of their own
    ],
)
async def test_a_severity_is_known_by_its_number_and_else_by_its_name_or_told(
    senders: Senders, desk: Desk, number: str, name: str, level: str, told: str
) -> None:
    await senders.tell("zabbix", {**PROBLEM, "severity": number, "severity_name": name})
    alarm, *about = await incidents(desk)
    assert alarm.level == level
    assert [told in row.title for row in about] == ([True] if told else [])


async def test_the_test_of_a_media_type_is_a_sign_of_life_and_no_incident(
    senders: Senders, desk: Desk
) -> None:
    """haught/zbx_gchat#1: its dialog offers every macro as it is written."""
    literally = {name: f"{{{name.upper()}}}" for name in PROBLEM} | {"message": "{ALERT.MESSAGE}"}
    answer = await senders.tell("zabbix", literally)
    assert (answer.status_code, answer.json()["taken"]) == (200, 0)
    assert await incidents(desk) == []
