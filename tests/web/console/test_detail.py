"""One incident in full, as the console's right side asks for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from commandcenter.records.alerts import Alert, take
from commandcenter.records.evidence import evidence_of, keep
from commandcenter.records.incidents import unclosed
from tests.web import samples
from tests.web.console.conftest import Desk

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


def test_the_detail_has_the_row_as_on_the_bus_and_every_step_with_its_place(desk: Desk) -> None:
    number = desk.happen("rtr-rinci", runbook="https://wiki.example.go.id/tautan", office="setda")
    desk.step("note", number, note="teknisi berangkat")
    desk.step("acknowledge", number)
    told = desk.get(f"incidents/{number}").json()
    row = told["incident"]
    assert (row["number"], row["state"], row["office"]) == (number, "acknowledged", "setda")
    assert row["revision"] == 3
    assert [step["step"] for step in told["log"]] == ["opened", "note", "acknowledged"]
    assert told["log"][-1]["facts"] == {"from": "open", "to": "acknowledged", "via": "page"}
    assert told["log"][-1]["address"] == "127.0.0.1"
    assert [(note["who"], note["note"]) for note in told["notes"]] == [
        ("operator 1", "teknisi berangkat")
    ]
    assert desk.get(f"incidents/{number}/log").json() == told["log"]


@pytest.mark.parametrize("number", [987_654, 10**17])
def test_an_incident_that_does_not_exist_is_answered_404(desk: Desk, number: int) -> None:
    answer = desk.get(f"incidents/{number}")
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "why": "Insiden itu tidak ada"}


def test_what_is_affected_is_told_with_its_state_in_a_word(desk: Desk) -> None:
    known, unheard = samples.device(41, state="down"), "camera/simpang-entah"
    desk.site.publish("network", [known])
    affected = [
        {"feed": "network", "key": known.key, "name": "Dinas Nomor 41"},
        {"feed": "cameras", "key": unheard, "name": "Simpang Entah"},
    ]
    number = desk.happen("rtr-induk", affected=affected)
    told = desk.get(f"incidents/{number}").json()["affected"]
    assert [(one["name"], one["word"]) for one in told] == [
        ("Dinas Nomor 41", "putus"),
        ("Simpang Entah", "tidak diketahui"),
    ]


def test_similar_ones_are_told_with_how_they_ended_the_same_thing_first(desk: Desk) -> None:
    office: dict[str, Any] = {"office": "bappeda", "rule": "diam"}
    elsewhere = desk.over("mesin-lain", ago=300, cause="device", **office)
    before = desk.over("mesin-ini", ago=200, minutes=25, note="adaptor diganti", **office)
    desk.over("mesin-jauh", ago=100, rule="diam", office="setwan")
    number = desk.happen("mesin-ini", **office)
    told = desk.get(f"incidents/{number}").json()["similar"]
    assert [one["number"] for one in told] == [before, elsewhere]
    assert told[0]["minutes"] == pytest.approx(25.0)
    assert (told[0]["cause"], told[0]["note"], told[0]["who"]) == (
        "power",
        "adaptor diganti",
        "operator 1",
    )


def test_the_evidence_is_fetched_as_it_was_kept(desk: Desk) -> None:
    number, at = desk.happen("rtr-bukti"), samples.present()
    series = [{"at": at.isoformat(), "name": "rtt_ms", "value": 12.5}]
    with desk.records.engine.begin() as connection:
        keep(connection, number, at, "picture", JPEG)
        keep(connection, number, at, "series", orjson.dumps(series))
        kept = evidence_of(connection, number)
    told = desk.get(f"incidents/{number}").json()["evidence"]
    assert [(one["id"], one["kind"]) for one in told] == [(e.id, e.kind) for e in kept]
    picture, points = (desk.get(f"evidence/{one['id']}") for one in told)
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert points.json() == series
    assert desk.get("evidence/987654").status_code == 404


def test_the_maintenance_that_holds_now_stands_beside_the_incident(desk: Desk) -> None:
    number = desk.happen("rtr-rawat", office="setwan")
    start, end = (samples.present() + timedelta(hours=h + 7) for h in (-1, 1))
    window = {"kind": "office", "scope": "setwan", "title": "Ganti kabel", "zone": "Asia/Jakarta"}
    times = {"starts": f"{start:%Y-%m-%dT%H:%M}", "ends": f"{end:%Y-%m-%dT%H:%M}"}
    answer = desk.post("maintenance", **window, **times)
    assert answer.status_code == 200, answer.text
    told = desk.get(f"incidents/{number}").json()
    assert [one["title"] for one in told["maintenance"]] == ["Ganti kabel"]
    assert told["incident"]["maintenance"] is True
    desk.post(f"maintenance/{answer.json()['window']['id']}/cancel")
    assert desk.get(f"incidents/{number}").json()["maintenance"] == []


def test_what_another_system_told_of_its_alert_stands_in_the_detail(desk: Desk) -> None:
    links = {"source": "https://grafana.example.go.id/d/1"}
    said = {"sender": "http://am:9093", "labels": {"job": "dc"}, "links": links}
    alarm = Alert(source="alertmanager", fingerprint="f1", firing=True, title="Suhu", told=said)
    with desk.records.engine.begin() as connection:
        take(connection, [alarm], samples.present(), feed="alerts", origin="live")
        (row,) = [one for one in unclosed(connection) if one.key == "alert/alertmanager:f1"]
    told = desk.get(f"incidents/{row.id}").json()["sender"]
    assert told == {**said, "began_at": ""}
    assert desk.get(f"incidents/{desk.happen('rtr-sendiri')}").json()["sender"] == {}
