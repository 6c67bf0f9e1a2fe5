"""Rejected input: operators see what and why, administrators the input itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commandcenter.records import audit, rejects
from commandcenter.records.audit import Wanted
from tests.web import samples
from tests.web.console.conftest import Desk


@pytest.fixture
def put_aside(desk: Desk) -> None:
    """Three rows of one file and a packet."""
    now = samples.present()
    with desk.records.engine.begin() as connection:
        for row in (3, 9, 12):
            at = now + timedelta(seconds=row)
            reason = f"aduan.csv, row {row}: a date lies in the future"
            body, source = b"ADU-1;32 Januari", "import"
            rejects.keep(
                connection, at=at, feed="complaints", source=source, reason=reason, body=body
            )
        rejects.keep(connection, at=now, feed="network", source="10.0.0.1", reason="bukan SNMP")


def test_it_is_told_by_source_and_reason_with_the_newest_first(desk: Desk, put_aside: None) -> None:
    told = desk.get("rejects").json()
    network, complaints = told["groups"][:2]
    assert (network["feed"], network["source"], network["count"]) == ("network", "10.0.0.1", 1)
    assert complaints["count"] == 3
    assert complaints["reason"] == "aduan.csv, baris 12: tanggalnya di masa depan"
    assert [
        line["reason"].partition(", ")[2].partition(":")[0] for line in complaints["newest"]
    ] == ["baris 12", "baris 9", "baris 3"]
    assert told["kept"] >= 4
    assert "32 Januari" not in desk.get("rejects").text


def test_the_input_itself_is_for_administrators_and_reading_it_is_on_record(
    desk: Desk, put_aside: None
) -> None:
    number = desk.get("rejects").json()["groups"][1]["newest"][0]["id"]
    assert desk.get(f"rejects/{number}").status_code == 403
    desk.client("admin satu", "admin")
    answer = desk.get(f"rejects/{number}", "admin satu")
    assert answer.json() == {"body": "ADU-1;32 Januari", "size": 16}
    with desk.records.engine.begin() as connection:
        found = list(audit.search(connection, Wanted(who="admin satu", limit=5)))
    assert ("reject.read", f"reject/{number}") in {(line.act, line.thing) for line in found}
    assert desk.get("rejects/999999", "admin satu").status_code == 404
