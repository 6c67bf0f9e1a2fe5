"""Access-control machines: Security PUSH 3.1.2 (`DeviceType=acc`).

After public reports: fananimi/pyzk#253 (SenseFace 3A), saifulcoder/adms-server-ZKTeco#17 (online,
and no attendance).
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from commandcenter.attendance import security
from commandcenter.attendance.iclock import BadLine
from commandcenter.feed import Desk
from commandcenter.intake import Intake
from commandcenter.records.attendance import Scan
from commandcenter.records.tables import scan
from feeds.attendance import Attendance
from tests.attendance.conftest import look
from tests.attendance.test_iclock import get, upload
from tests.conftest import NOW, Tray
from tests.intake.listener import body, listening, say, status

WIB = ZoneInfo("Asia/Jakarta")
EVENT = (
    "time=2026-11-21 07:01:12\tpin={pin}\tcardno=0\teventaddr=1\tevent={event}\t"
    "inoutstatus={way}\tverifytype=15\tindex=1\r\n"
)


def event(pin: str = "101", event: int = 3, way: int = 0) -> bytes:
    return EVENT.format(pin=pin, event=event, way=way).encode()


def read(line: bytes) -> Scan | None:
    return security.read_event(line.rstrip(), WIB, NOW)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 14, 15, 17, 207])
def test_who_is_let_through_has_come(code: int) -> None:
    found = read(event(event=code))
    assert found is not None
    assert (found.pin, found.status, found.verify) == ("101", 0, 15)
    assert found.scanned_at == datetime(2026, 11, 21, 0, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        event(event=22),  # a time at which this person may not enter
        event(event=29),  # no longer valid
        event(event=101),  # alarm: under duress
        event(event=12),  # a relay
        event(pin="0", event=27),  # an unknown card
        event(pin="0", event=206),  # the machine starts
        event(pin="0", event=0),
    ],
)
def test_doors_refusals_and_alarms_are_nobody(line: bytes) -> None:
    assert read(line) is None


def test_in_and_out_are_told_or_not() -> None:
    ways = [read(event(way=way)) for way in (0, 1, 2)]
    assert [found and found.status for found in ways] == [0, 1, 255]


def test_a_stored_event_has_its_time_packed() -> None:
    """As in public tests of the table transaction."""
    seconds = ((2026 - 2000) * 372 + 9 * 31 + 8) * 86400 + 9 * 3600
    line = f"transaction cardno=0\tpin=1001\teventtype=0\tinoutstate=0\ttime_second={seconds}"
    found = security.read_event(line.encode(), WIB, NOW)
    assert found is not None
    assert (found.pin, found.device_time) == ("1001", "2026-10-09 09:00:00")


def test_fields_may_be_parted_by_commas() -> None:
    found = read(event().replace(b"\t", b","))
    assert found is not None
    assert found.pin == "101"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"2026-11-21 07:01:12,0,1234567,1,0,0", "event is not a number"),
        (event().replace(b"event=3", b"event=x"), "event is not a number"),
        (event().replace(b"2026-11-21", b"21-11-2026"), "time is not"),
        (event("").replace(b"cardno=0", b"cardno=7654321"), "by a card only"),
        (b"pin=1\tevent=0", "no time"),
    ],
)
def test_what_cannot_be_read_says_why(line: bytes, why: str) -> None:
    with pytest.raises(BadLine, match=why):
        read(line)


def test_the_time_is_told_in_utc_and_packed() -> None:
    now = datetime(2000, 2, 3, 4, 5, 6, tzinfo=UTC)
    seconds = (31 + 2) * 86400 + 4 * 3600 + 5 * 60 + 6
    assert security.server_time(now, WIB) == f"DateTime={seconds},ServerTZ=+0700"


async def test_the_whole_conversation_of_such_a_machine(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    acc = "SN=DK1&options=all&pushver=3.1.2&DeviceType=acc&PushOptionsFlag=1"
    options = b"DeviceType=acc,~DeviceName=SenseFace 2A,FirmVer=ZAM70-NF24VA-Ver3.3.8"
    events = event("101") + event("102") + event("102", way=1) + event("0", event=27)
    async with listening(app) as port:
        greeting = body(await say(port, get(f"cdata?{acc}"))).decode()
        code = greeting.split("RegistryCode=")[1].split("\n")[0]
        registry = upload(options).replace(b"cdata", b"registry")
        assert body(await say(port, registry)).decode() == f"RegistryCode={code}"
        assert b"TransTables=Transaction\n" in await say(port, get("push?SN=DK1"))
        assert b"ServerTZ=+0700" in await say(port, get("rtdata?SN=DK1&type=time"))
        state = b"time=2026-11-21 09:42:00\tsensor=00\trelay=00"
        assert body(await say(port, upload(state, table="rtstate"))) == b"OK"
        assert body(await say(port, upload(events, table="rtlog"))) == b"OK"
    assert greeting.startswith("registry=ok\n")
    assert len(code) == 32
    readings = await look(feed, desk)
    office, machine = readings["office/dinkes"].value, readings["machine/DK1"].value
    assert office is not None
    assert machine is not None
    assert office["present"] == 2
    assert (machine["state"], machine["firmware"]) == ("online", "ZAM70-NF24VA-Ver3.3.8")
    assert tray.kept == []


async def test_its_door_state_tells_what_its_clock_says(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    async with listening(app) as port:
        await say(port, upload(b"time=2026-11-21 06:42:17\tsensor=00", table="rtstate"))
        await look(feed, desk)
        assert desk.note["clock DK1"] == "jam mesin 180 menit lebih lambat"
        await say(port, upload(b"time=2026-11-21 09:42:17\tsensor=00", table="rtstate"))
    await look(feed, desk)
    assert "clock DK1" not in desk.note


async def test_one_that_is_not_listed_keeps_its_events_and_leaves_one_trace(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    async with listening(app) as port:
        for _ in range(3):
            assert status(await say(port, upload(event(), sn="NEW9", table="rtlog"))) == 503
    count = await desk.records.read(
        lambda c: c.execute(sa.select(sa.func.count(scan.c.id))).scalar()
    )
    assert count == 0
    assert ((await look(feed, desk))["machine/NEW9"].value or {})["state"] == "pending"
    assert [source for source, *_ in tray.kept] == ["127.0.0.1"]


async def test_events_of_cards_alone_leave_the_office_unknown(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    raw = event("").replace(b"cardno=0", b"cardno=7654321")
    async with listening(app) as port:
        assert body(await say(port, upload(raw, table="rtlog"))) == b"OK"
    readings = await look(feed, desk)
    assert (readings["office/dinkes"].value or {})["present"] is None
    assert (readings["machine/DK1"].value or {})["state"] == "unreadable"
    assert "7654321" not in str(tray.kept)
