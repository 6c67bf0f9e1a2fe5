"""The feed: options, lists, honesty about what is not known; Fingerspot's webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from pathlib import Path

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from commandcenter.feed import Desk, SourceDown
from commandcenter.intake import intake_app
from commandcenter.secret import Secret
from feeds.attendance import Attendance
from tests.attendance.conftest import LIST, look
from tests.conftest import NOW, Tray
from tests.intake.listener import listening


async def test_where_no_machine_has_spoken_nobody_is_counted_as_absent(
    feed: Attendance, desk: Desk
) -> None:
    readings = await look(feed, desk)
    for key in ("office/dinkes", "office/camat-utara"):  # never reported; has no machine
        value = readings[key].value
        assert value is not None
        assert (value["present"], value["late"]) == (None, None)
        assert readings[key].at == NOW
    assert readings["machine/DK1"].value == {
        "office": "dinkes",
        "office_name": "Dinas Kesehatan",
        "behind": "",
        "state": "never",
        "detail": "",
        "last_seen_at": None,
        "firmware": "",
        "address": "",
    }


async def test_a_machine_may_hang_on_another_device_than_the_link_of_its_office(
    feed: Attendance, desk: Desk, machines: Path
) -> None:
    machines.write_text("serial,office,behind\nDK1,dinkes,rtr-gudang\n")
    value = (await look(feed, desk))["machine/DK1"].value
    assert value is not None
    assert value["behind"] == "rtr-gudang"


def test_its_options_are_read_from_the_table_in_config(machines: Path) -> None:
    table = {"machines": str(machines), "workday_starts": "07:30", "fingerspot_secret": "env:F"}
    feed = TypeAdapter(Attendance).validate_python(table)
    assert feed.workday_starts == time(7, 30)
    with pytest.raises(ValidationError, match="colour"):
        TypeAdapter(Attendance).validate_python({**table, "colour": "red"})


async def test_a_missing_list_is_told_with_its_name(desk: Desk, tmp_path: Path) -> None:
    feed = Attendance(machines=str(tmp_path / "none.csv"))
    with pytest.raises(SourceDown, match=r"Daftar mesin.*none\.csv"):
        await look(feed, desk)


async def test_a_list_that_breaks_later_leaves_the_last_good_one_in_use(
    feed: Attendance, desk: Desk, machines: Path
) -> None:
    await look(feed, desk)
    machines.write_text("something else\n")
    assert "machine/DK1" in await look(feed, desk)
    assert "tidak ada kolom serial" in desk.list_mistakes[0]


async def test_offices_that_nobody_knows_are_noted(
    feed: Attendance, desk: Desk, machines: Path
) -> None:
    machines.write_text(LIST + "Z1,nowhere,\n")
    await look(feed, desk)
    assert desk.note["machines"] == "kantor tidak dikenal: nowhere"


@pytest.fixture
async def cloud(
    feed: Attendance, desk: Desk, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client in the place of Fingerspot's cloud."""
    monkeypatch.setenv("FINGERSPOT", "long-secret")
    app = intake_app(replace(feed, fingerspot_secret=Secret("env:FINGERSPOT")).routes(desk), tray)
    async with (
        listening(app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


def told(**data: object) -> dict[str, object]:
    return {"type": "attlog", "cloud_id": "DK1", "data": data}


async def test_a_scan_from_fingerspots_cloud_counts(
    cloud: httpx.AsyncClient, feed: Attendance, desk: Desk
) -> None:
    photo = "https://example.org/a.jpg"
    new = told(pin="0004", scan="2026-11-21 07:00:46", verify="4", status_scan="0", photo_url=photo)
    old = told(pin=5, scan="2026-11-21 07:59", verify=1, status_scan=0)
    for message in (new, old, new):
        answer = await cloud.post("/fingerspot/long-secret", json=message)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"]) == (2, 1)


async def test_without_the_secret_there_is_no_such_door(
    cloud: httpx.AsyncClient, tray: Tray
) -> None:
    answer = await cloud.post("/fingerspot/guess", json=told(pin="1", scan="2026-11-21 07:00"))
    assert answer.status_code == 404
    assert not any("guess" in str(kept) for kept in tray.kept)


async def test_other_messages_of_the_cloud_are_answered_and_left(
    cloud: httpx.AsyncClient, tray: Tray
) -> None:
    message = {"type": "get_userinfo", "cloud_id": "DK1", "data": {"name": "…", "template": "…"}}
    assert (await cloud.post("/fingerspot/long-secret", json=message)).status_code == 200
    assert tray.kept == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"type":"attlog"}', b'{"type":"attlog","data":3}'])
async def test_what_is_no_message_is_refused_and_only_its_size_is_told(
    cloud: httpx.AsyncClient, tray: Tray, raw: bytes
) -> None:
    answer = await cloud.post("/fingerspot/long-secret", content=raw)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert tray.kept[0][1].endswith(f"({len(raw)} bytes)")
    assert tray.kept[0][2] == b""


async def test_a_scan_without_a_time_is_put_aside(cloud: httpx.AsyncClient, tray: Tray) -> None:
    assert (await cloud.post("/fingerspot/long-secret", json=told(pin="1"))).status_code == 200
    assert tray.kept[0][1] == "the time is not YYYY-MM-DD HH:MM:SS"
