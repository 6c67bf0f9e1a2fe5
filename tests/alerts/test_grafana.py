"""Grafana: that data are missing is told as that, and never as the alarm."""

from __future__ import annotations

from typing import Any

import pytest

from commandcenter.feed import Desk
from commandcenter.records.life import Terms, lapse
from tests.alerts.conftest import Senders, incidents, the_incident
from tests.alerts.samples import GRAFANA_ALERT, notification
from tests.conftest import Clock


def missing(name: str = "DatasourceNoData", **notes: str) -> dict[str, Any]:
    """As Grafana 9 to 12 send it (grafana/grafana#90447)."""
    labels = {"alertname": name, "rulename": "UPS", "grafana_folder": "Ruang", "ref_id": "A"}
    return {**GRAFANA_ALERT, "labels": {**labels, "severity": "critical"}, "annotations": notes}


def reasoned(reason: str, **more: Any) -> dict[str, Any]:
    notes = {"summary": "Suhu di atas 30 °C", "grafana_state_reason": reason}
    return {**GRAFANA_ALERT, "annotations": notes, **more}


async def test_without_data_the_rule_is_named_and_its_alarm_is_not_claimed(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("alertmanager", notification(missing(summary="Baterai di bawah 20 %")))
    row = await the_incident(desk)
    assert (row.title, row.level) == ("Tidak ada data: UPS", "critical")
    assert "Baterai" not in row.detail


async def test_a_contact_point_that_is_tried_leaves_nothing_behind(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    """Grafana never says that its test alert is over (keephq/keep#6506 has a capture)."""
    labels = {"alertname": "TestAlert", "instance": "Grafana"}
    trial = {**GRAFANA_ALERT, "labels": labels, "annotations": {"summary": "Notification test"}}
    await senders.tell("alertmanager", notification(trial, alerts=[trial]))
    old = {"ruleId": 0, "ruleName": "Test notification", "state": "alerting", "evalMatches": []}
    words = "Someone is testing the alert notification within Grafana."
    await senders.tell("alertmanager", {**old, "message": words, "evalMatches": [{"value": 100}]})
    found = await incidents(desk)
    assert {row.title[:18] for row in found} == {"Uji coba Grafana: "}
    clock.forward(601)
    await desk.records.write(lapse, clock.now, Terms())
    assert {row.state for row in await incidents(desk)} == {"resolved"}


async def test_an_error_of_the_source_is_told_with_its_reason(senders: Senders, desk: Desk) -> None:
    told = missing("DatasourceError", Error="dial tcp 10.1.2.3:9090: connection refused")
    await senders.tell("alertmanager", notification(told))
    row = await the_incident(desk)
    assert row.title == "Data tidak dapat dibaca: UPS"
    assert "connection refused" in row.detail


@pytest.mark.parametrize(
    ("reason", "title", "detail"),
    [
        ("NoData", "Tidak ada data: Suhu ruang server", "Ruang"),
        ("Error", "Data tidak dapat dibaca: Suhu ruang server", "Ruang"),
        ("NoData, KeepLast", "Tidak ada data: Suhu ruang server", "keadaan terakhir dipertahankan"),
        ("", "Suhu di atas 30 °C", ""),
    ],
)
async def test_a_rule_that_fires_for_want_of_data_says_so(
    senders: Senders, desk: Desk, reason: str, title: str, detail: str
) -> None:
    await senders.tell("alertmanager", notification(reasoned(reason)))
    row = await the_incident(desk)
    assert row.title == title
    assert detail in row.detail


async def test_an_alarm_whose_series_went_away_is_not_known_to_be_over(
    senders: Senders, desk: Desk
) -> None:
    gone = notification(reasoned("MissingSeries", status="resolved"))
    await senders.tell("alertmanager", gone)
    assert await incidents(desk) == []
    await senders.tell("alertmanager", notification(reasoned("")))
    await senders.tell("alertmanager", gone)
    row = await the_incident(desk)
    assert (row.state, row.title) == ("open", "Tidak ada data: Suhu ruang server")
    await senders.tell("alertmanager", notification(reasoned("Paused", status="resolved")))
    assert (await the_incident(desk)).state == "resolved"


async def test_the_old_alerting_of_grafana_is_understood(senders: Senders, desk: Desk) -> None:
    old = {
        "ruleId": 7,
        "orgId": 1,
        "ruleName": "Suhu",
        "state": "alerting",
        "message": "31 °C",
        "evalMatches": [{"value": 31.0, "metric": "suhu", "tags": None}],
        "tags": {"severity": "critical"},
        "title": "[Alerting] Suhu",
        "ruleUrl": "https://grafana.example.go.id/d/1",
    }
    await senders.tell("alertmanager", old)
    row = await the_incident(desk)
    assert (row.title, row.detail, row.level) == ("Suhu", "31 °C", "critical")
    await senders.tell("alertmanager", {**old, "evalMatches": []})  # its source is away
    assert (await the_incident(desk)).title == "Tidak ada data: Suhu"
    await senders.tell("alertmanager", {**old, "state": "no_data"})
    assert (await the_incident(desk)).title == "Tidak ada data: Suhu"
    await senders.tell("alertmanager", {**old, "state": "ok"})
    assert (await the_incident(desk)).state == "resolved"
