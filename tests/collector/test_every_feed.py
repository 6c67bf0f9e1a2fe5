"""What nobody foresaw in one thing costs that thing alone, in every feed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commandcenter.alerts import alert as alerts
from commandcenter.attendance.look import Look
from commandcenter.complaints import open311_answer, sheet
from commandcenter.complaints.words import identity
from commandcenter.feed import Desk, NotSeen, SourceDown
from commandcenter.lists import Office
from commandcenter.records.database import Records
from feeds.attendance import Attendance
from feeds.complaints import Complaints
from tests.conftest import Tray


@pytest.fixture
def desk(desk: Desk, sqlite_records: Records) -> Desk:
    return replace(desk, records=sqlite_records, wake=lambda: None)


def stumbling(over: str, real: Any) -> Any:
    """The real thing, that stumbles over what has this in it."""

    def work(*told: Any, **more: Any) -> Any:
        if over in repr(told):
            raise LookupError(over)
        return real(*told, **more)

    return work


def test_one_thing_that_cannot_be_told_is_put_aside_once(desk: Desk, tray: Tray) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    assert desk.one(lambda: 7, "a") == 7
    for _ in range(3):
        assert isinstance(desk.one(fail, "b"), NotSeen)
    assert [source for source, _, _ in tray.kept] == ["b"]


def test_one_entry_of_open311(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open311_answer, "_complaint", stumbling("'bad'", open311_answer._complaint))
    entries = [{"service_request_id": name, "status": "open"} for name in ("1", "bad", "2")]
    found = open311_answer.read_entries(entries, desk.zone, desk.now())
    assert [told.external_id for told in found.good] == ["1", "2"]
    assert [why for why, _ in found.bad] == [
        "service_request_id bad: our own failure (LookupError)"
    ]


def test_one_alert_of_a_message() -> None:
    def read_one(entry: dict[str, Any]) -> None:
        if "bad" in entry:
            raise LookupError

    message = alerts.each([{}, {"bad": 1}, {}], b"", read_one)
    assert message.taken == 2
    assert message.bad == (("alerts[1]: our own failure (LookupError)", b""),)


def test_one_row_of_a_list_of_complaints(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commandcenter.complaints.sheet.identity", stumbling("'13'", identity))
    rows = "".join(f"{number},Lampu padam,2026-10-05\n" for number in (11, 13, 17))
    raw = f"nomor,judul,tanggal\n{rows}".encode()
    found = sheet.read_sheet("list.csv", raw, desk.zone, desk.now())
    assert [told.external_id for told in found.good] == ["11", "17"]
    assert [row.reason for row in found.bad] == ["our own failure (LookupError)"]


async def test_one_door_of_the_complaints(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tray: Tray
) -> None:
    feed = Complaints(name="complaints", inbox=str(tmp_path), open311="http://127.0.0.1:9")
    asked = []

    async def ask(_: Desk) -> str:
        asked.append(True)
        return ""

    async def fail(_: Desk) -> str:
        raise LookupError

    monkeypatch.setattr(feed, "_import", fail)
    monkeypatch.setattr(feed, "_ask", ask)
    with pytest.raises(SourceDown, match="LookupError"):
        [_ async for _ in feed.read(desk)]
    assert asked


async def test_one_office_of_the_attendance(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Look, "office", stumbling("'bad'", Look.office))
    path = tmp_path / "machines.csv"
    path.write_text("serial,office\nA1,dinkes\n")
    offices = [Office(code=code, name=code, kecamatan="") for code in ("one", "bad", "two")]
    feed = Attendance(name="attendance", machines=str(path))
    told = [r.key async for r in feed.read(replace(desk, offices=offices))]
    assert told == ["office/one", "office/two", "machine/A1"]
