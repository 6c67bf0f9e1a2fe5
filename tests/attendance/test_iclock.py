"""Conversations of ZKTeco machines, byte by byte (PUSH protocol V5.8)."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from commandcenter.feed import Desk
from commandcenter.intake import Intake, intake_app
from commandcenter.records import attendance as kept
from commandcenter.records.tables import scan
from feeds.attendance import Attendance
from tests.attendance.conftest import LIST, look, on_both
from tests.conftest import NOW, Clock, Tray
from tests.intake.listener import body, listening, say, status

HANDSHAKE = (
    b"GET /iclock/cdata?SN=DK1&options=all&pushver=2.2.14&language=83"
    b"&pushcommkey=4a9594af164f2b9779b59e8554b5df26 HTTP/1.1\r\n"
    b"Host: 58.250.50.81:8011\r\nUser-Agent: iClock Proxy/1.09\r\n"
    b"Connection: close\r\nAccept: */*\r\n\r\n"
)


def upload(
    text: bytes, *, sn: str = "DK1", table: str = "ATTLOG", stamp: str = "9999", more: str = ""
) -> bytes:
    """A POST as the document shows it: without a Content-Type."""
    target = f"/iclock/cdata?SN={sn}&table={table}&Stamp={stamp}{more}"
    return (
        f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text
    )


def get(what: str) -> bytes:
    return f"GET /iclock/{what} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


PUNCHES = b"101\t2026-11-21 07:01:12\t0\t1\t0\t0\t0\n102\t2026-11-21 07:36:55\t0\t15\t\t0\t0\n"


async def test_the_handshake_sets_the_clock_and_asks_for_no_photos_and_no_fingers(
    app: Intake,
) -> None:
    async with listening(app) as port:
        said = await say(port, HANDSHAKE)
    assert b"\r\ncontent-type: text/plain\r\n" in said
    assert b"\r\ndate: " in said
    assert body(said).decode().split("\n") == [
        "GET OPTION FROM: DK1",
        "ATTLOGStamp=None",
        "OPERLOGStamp=None",
        "ATTPHOTOStamp=None",
        "ErrorDelay=30",
        "Delay=30",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        "TransFlag=TransData AttLog\tOpLog",
        "TimeZone=7",
        "Realtime=1",
        "Encrypt=None",
        "",
    ]


@on_both
async def test_scans_are_kept_and_counted_before_the_answer(
    app: Intake, desk: Desk, bells: list[str]
) -> None:
    async with listening(app) as port:
        assert body(await say(port, upload(PUNCHES))) == b"OK: 2"
        found = await desk.records.read(
            lambda c: [tuple(r) for r in c.execute(sa.select(scan.c.pin, scan.c.device_time))]
        )
    assert sorted(found) == [("101", "2026-11-21 07:01:12"), ("102", "2026-11-21 07:36:55")]
    assert bells == ["ring"]


@on_both
async def test_a_scan_shows_at_the_next_look(app: Intake, feed: Attendance, desk: Desk) -> None:
    async with listening(app) as port:
        await say(port, upload(PUNCHES))
    office = (await look(feed, desk))["office/dinkes"]
    assert office.at == NOW
    assert office.value == {
        "name": "Dinas Kesehatan",
        "kecamatan": "Arut Selatan",
        "expected": 4,
        "present": 2,
        "late": 1,  # 07:36:55 is later than 07:30 and five minutes
        "machines": 2,
        "machines_silent": 1,  # DK2 has never spoken
        "clocks_wrong": 0,
        "machines_unreadable": 0,
        "working": True,
        "last_scan_at": "2026-11-21T00:36:55+00:00",
    }


@on_both
async def test_what_is_sent_again_is_answered_the_same_and_counted_once(
    app: Intake, desk: Desk, bells: list[str]
) -> None:
    async with listening(app) as port:
        for _ in range(3):
            assert body(await say(port, upload(PUNCHES))) == b"OK: 2"
        twice = b"101\t2026-11-21 07:01:12\t0\t15\n" * 2  # the same second by another finger
        assert body(await say(port, upload(twice))) == b"OK: 2"
    assert await desk.records.read(_count) == 2
    assert bells == ["ring"]


async def test_a_line_that_cannot_be_read_is_counted_and_put_aside(
    app: Intake, desk: Desk, tray: Tray
) -> None:
    text = b"101\t2026-11-21 07:01:12\nrubbish\n\n103\tyesterday\t0\t1\n"
    text += b"\xff\xff\t2026-11-21 07:02:00\n"
    async with listening(app) as port:
        assert body(await say(port, upload(text))) == b"OK: 4"
    assert await desk.records.read(_count) == 1
    assert tray.kept == [
        ("DK1", "it has no TAB between pin and time", b"[7 bytes]"),
        ("DK1", "the time is not YYYY-MM-DD HH:MM:SS", b"103\t[13 bytes]"),
        ("DK1", "it is neither UTF-8 nor GB2312", b"[22 bytes]"),
    ]


async def test_absurd_clocks_are_put_aside(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    text = b"1\t1999-12-31 23:59:59\n2\t2026-11-23 09:00:00\n3\t2026-11-22 09:00:00\n"
    async with listening(app) as port:
        assert body(await say(port, upload(text))) == b"OK: 3"
    assert await desk.records.read(_count) == 1
    assert ["clock is wrong" in reason for _, reason, _ in tray.kept] == [True, True]
    await look(feed, desk)
    assert desk.note["clock DK1"] == "jam mesin 1398 menit lebih cepat"


async def test_a_backlog_counts_on_the_day_it_was_made(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    text = b"7\t2026-11-20 07:00:00\n8\t2026-11-20 23:59:59\n9\t2026-11-21 00:00:00\n"
    async with listening(app) as port:
        assert body(await say(port, upload(text))) == b"OK: 3"
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"]) == (1, 0)
    assert await desk.records.read(_count) == 3


async def test_one_person_at_two_machines_is_one_person_and_the_first_scan_decides(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    async with listening(app) as port:
        await say(port, upload(b"7\t2026-11-21 08:00:00\n", sn="DK1"))
        await say(port, upload(b"7\t2026-11-21 07:00:00\n", sn="DK2"))
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"], office["machines_silent"]) == (1, 0, 0)


async def test_the_other_requests_of_the_document(app: Intake, tray: Tray) -> None:
    oplog = b"OPLOG 4\t0\t2026-11-21 07:00:00\t1\nUSER PIN=1\tName=X\tPasswd=1234\n"
    ours = [
        (upload(oplog, table="OPERLOG"), b"OK: 2"),
        (upload(b"", table="OPERLOG"), b"OK: 0"),
        (upload(b"", table="ATTLOG"), b"OK: 0"),
        (upload(b"BIODATA Pin=1\n", table="BIODATA"), b"OK: 1"),
        (upload(b"ERRORLOG ErrCode=D\n", table="ERRORLOG"), b"OK: 1"),
        (upload(b"IDCARD PIN=1\n", table="IDCARD"), b"OK: 1"),
        (upload(b"PIN=1\nCMD=uploadphoto\0\xff\xd8", table="ATTPHOTO"), b"OK"),
        (upload(b"FWVersion=Ver 8.0.4,~DeviceName=X", table="options"), b"OK"),
        (get("getrequest?SN=DK1"), b"OK"),
        (get("getrequest?SN=DK1&INFO=Ver%208.0.4,3,6,128,10.1.2.3,10,7,0,0,111"), b"OK"),
        (get("ping?SN=DK1"), b"OK"),
        (get("cdata?SN=DK1&table=RemoteAtt&PIN=1"), b"OK"),
        (
            b"POST //iclock/devicecmd?SN=DK1 HTTP/1.0\r\nContent-Length: 23\r\n\r\n"
            b"ID=1&Return=0&CMD=DATA\n",
            b"OK",
        ),
    ]
    async with listening(app) as port:
        for raw, told in ours:
            assert body(await say(port, raw)) == told, raw
    assert tray.kept == []


async def test_the_machine_tells_its_firmware_and_address(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    async with listening(app) as port:
        await say(port, get("getrequest?SN=DK1&INFO=Ver%208.0.4,3,6,128,10.1.2.3,10"))
    value = (await look(feed, desk))["machine/DK1"].value
    assert value == {
        "office": "dinkes",
        "office_name": "Dinas Kesehatan",
        "behind": "",
        "state": "online",
        "detail": "",
        "last_seen_at": NOW.isoformat(),
        "firmware": "Ver 8.0.4",
        "address": "10.1.2.3",
    }


async def test_rebadged_machines_spell_the_paths_in_other_ways(app: Intake, desk: Desk) -> None:
    """eSSL X2008 and K30 Pro with PUSH 2.x: their handshake is all that comes until it is
    answered."""
    said = {}
    async with listening(app) as port:
        for path in ("cdata.aspx", "CData/", "cdata.php"):
            said[path] = await say(port, HANDSHAKE.replace(b"cdata", path.encode()))
        spelt = HANDSHAKE.replace(b"/iclock/", b"/iClock/").replace(b"SN=", b"sn=")
        said["/iClock/"] = await say(port, spelt)
        for path in ("cdata.aspx", "edata", "edata.aspx"):  # edata: Solution machines
            raw = upload(PUNCHES).replace(b"cdata", path.encode())
            assert body(await say(port, raw)) == b"OK: 2"
        raw = upload(b"ID=1&Return=0&CMD=CHECK").replace(b"cdata", b"devicemd.aspx")
        assert body(await say(port, raw)) == b"OK"
        assert body(await say(port, get("getrequest.aspx?SN=DK1"))) == b"OK"
    assert {path for path, told in said.items() if b"GET OPTION FROM: DK1" not in told} == set()
    assert await desk.records.read(_count) == 2


async def test_nobody_has_the_pin_0(app: Intake, desk: Desk, tray: Tray) -> None:
    """vodvud/php_zklib#23: records of nobody."""
    async with listening(app) as port:
        await say(port, upload(b"0\t2026-11-21 07:01:12\t0\t1\n"))
    assert await desk.records.read(_count) == 0
    assert [reason for _, reason, _ in tray.kept] == ["the pin is 0, which is nobody"]


async def test_a_handshake_without_options_is_one(app: Intake) -> None:
    async with listening(app) as port:
        assert b"GET OPTION FROM: DK1" in await say(port, get("cdata?SN=DK1&pushver=2.4.1"))


async def test_a_request_that_nobody_knows_leaves_one_trace_however_often_it_comes(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    async with listening(app) as port:
        for _ in range(4):
            assert status(await say(port, get("exchange?SN=DK1&type=publickey"))) == 404
    told = [reason for source, reason, _ in tray.kept if source == "DK1"]
    assert told == ["asks for /iclock/exchange, unknown here (0 records, 0 bytes)"]
    assert await _states(feed, desk) == {"DK1": "never", "DK2": "never"}


async def test_oddly_written_scans_are_scans(app: Intake, desk: Desk, tray: Tray) -> None:
    text = (
        b"PIN=1\tDateTime=2026-11-21 07:01:12\tVerified=1\tStatus=1\n"  # rebadged eSSL
        b"2\t2026/11/21 07:01:12\tI\tFP\n"
        b"3\t2026-11-21T07:01:12\t-1\t1\n"
        b"         4\t2026-11-21 07:01:12\t0\t1\t\t0\t0\t\t\r\n"
        b"5\t2026-11-21 08:01:12\t0\t15\t0\t0\t0\t0\t36.4\t0\t+28800\t\n"  # tells its own zone
    )
    async with listening(app) as port:
        assert body(await say(port, upload(text))) == b"OK: 5"
    columns = (scan.c.pin, scan.c.status, scan.c.scanned_at)
    found = await desk.records.read(lambda c: c.execute(sa.select(*columns)).all())
    assert {(pin, number) for pin, number, _ in found} == {
        ("1", 1), ("2", 255), ("3", 255), ("4", 0), ("5", 0),
    }  # fmt: skip
    assert {f"{at:%H:%M:%S}" for *_, at in found} == {"00:01:12"}
    assert tray.kept == []


async def test_lines_may_end_in_cr_alone_and_have_spaces_for_tabs(
    app: Intake, desk: Desk, tray: Tray
) -> None:
    """So do parsers of others expect it of SenseFace 3A and of firmware unknown."""
    text = (
        b"1\t2026-11-21 07:01:12\t0\t1\r2\t2026-11-21 07:01:12\t0\t1\r"
        b"3 2026-11-21 07:01:12 1 15   0 0\n"
        b"4,2026-11-21 07:01:12,1,1\n"
        b"ATTLOG\t5\t2026-11-21 07:01:12\t1\t1\nATTLOG 6 2026-11-21 07:01:12\n"
    )
    async with listening(app) as port:
        assert body(await say(port, upload(text))) == b"OK: 6"
    columns = (scan.c.pin, scan.c.status)
    found = await desk.records.read(lambda c: {tuple(r) for r in c.execute(sa.select(*columns))})
    assert found == {("1", 0), ("2", 0), ("3", 1), ("4", 1), ("5", 1), ("6", 0)}
    assert tray.kept == []


async def test_scans_without_a_length_are_not_acknowledged(
    app: Intake, desk: Desk, tray: Tray
) -> None:
    """What follows such a head is no body for HTTP: an answer "OK: 0" would lose it."""
    head = b"POST /iclock/cdata?SN=DK1&table=ATTLOG&Stamp=1 HTTP/1.0\r\n\r\n"
    async with listening(app) as port:
        for _ in range(3):
            assert status(await say(port, head + PUNCHES)) == 411
    assert await desk.records.read(_count) == 0
    told = [reason for source, reason, _ in tray.kept if source == "DK1"]
    assert told == ["its scans come without a length, and cannot be read (0 records, 0 bytes)"]


async def test_a_machine_of_which_nothing_can_be_read_is_not_well_and_its_office_unknown(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    async with listening(app) as port:
        await say(port, upload(b"101|2026-11-21 07:01:12|0\n"))
        readings = await look(feed, desk)
        await say(port, upload(PUNCHES))
        later = await look(feed, desk)
    office, machine = readings["office/dinkes"].value, readings["machine/DK1"].value
    assert office is not None
    assert machine is not None
    assert (office["present"], office["machines_unreadable"]) == (None, 1)
    assert machine["state"] == "unreadable"
    assert machine["detail"] == "kirimannya tidak terbaca: it has no TAB between pin and time"
    assert (later["office/dinkes"].value or {})["present"] == 2


async def test_a_machine_that_only_says_hello_tells_of_nobody(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    async with listening(app) as port:
        await say(port, HANDSHAKE)
        assert ((await look(feed, desk))["office/dinkes"].value or {})["present"] is None


async def test_an_office_of_which_nothing_was_heard_since_yesterday_is_unknown(
    app: Intake, feed: Attendance, desk: Desk, clock: Clock
) -> None:
    async with listening(app) as port:
        await say(port, upload(PUNCHES))
    clock.forward(24 * 3600)
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"], office["machines_silent"]) == (None, None, 2)


async def test_a_stranger_that_asks_no_more_is_forgotten_after_a_day(
    app: Intake, feed: Attendance, desk: Desk, clock: Clock
) -> None:
    async with listening(app) as port:
        await say(port, get("ping?SN=NEW9"))
    assert (await look(feed, desk))["machine/NEW9"].value is not None
    clock.forward(24 * 3600 + 1)
    assert (await look(feed, desk))["machine/NEW9"].value is None


async def test_packed_scans_are_not_unpacked_and_the_machine_keeps_them(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    """89 bytes of it made `tarfile` read for ever (CVE-2025-8194)."""
    member = tarfile.TarInfo("a").tobuf()
    bomb = gzip.compress(member[:124] + b"\xff" * 12 + member[136:])
    async with listening(app) as port:
        for sn in ("DK1", "DK1", "NEW9"):
            assert status(await say(port, upload(bomb, sn=sn, more="&ContentType=tgz"))) == 415
        raw = upload(bomb, table="rtlog", more="&ContentType=TGZ")
        assert status(await say(port, raw)) == 415
        machine = (await look(feed, desk))["machine/DK1"].value
        assert body(await say(port, upload(PUNCHES))) == b"OK: 2"
        healed = (await look(feed, desk))["machine/DK1"].value
    why = "its scans come packed (tgz), and cannot be read"
    assert [reason.removeprefix("NEW9: ").startswith(why) for _, reason, _ in tray.kept] == [
        True, True,
    ]  # fmt: skip
    assert [kept for *_, kept in tray.kept] == [b"", b""]
    assert machine is not None
    assert (machine["state"], machine["detail"]) == (
        "unreadable", f"kirimannya tidak terbaca: {why}",
    )  # fmt: skip
    assert (healed or {})["state"] == "online"


async def test_a_package_of_what_is_not_kept_anyway_is_acknowledged(
    app: Intake, tray: Tray
) -> None:
    """As in the document, 9.13: users, fingers and photographs."""
    async with listening(app) as port:
        raw = upload(b"\x1f\x8b\n\n\n", table="OPERLOG", more="&ContentType=tgz")
        assert body(await say(port, raw)) == b"OK: 1"
    assert tray.kept == []


@on_both
async def test_the_stamp_of_each_table_is_echoed(app: Intake) -> None:
    async with listening(app) as port:
        await say(port, upload(PUNCHES, stamp="82983982"))
        await say(port, upload(b"", table="OPERLOG", stamp="9999"))
        await say(port, upload(b"", stamp="bad%0AErrorDelay=1"))
        said = body(await say(port, HANDSHAKE)).split(b"\n")
    assert said[1:3] == [b"ATTLOGStamp=82983982", b"OPERLOGStamp=9999"]


async def test_an_unknown_machine_is_pending_and_its_scans_are_put_aside(
    app: Intake, feed: Attendance, desk: Desk, tray: Tray
) -> None:
    async with listening(app) as port:
        assert b"GET OPTION FROM: NEW9" in await say(port, HANDSHAKE.replace(b"DK1", b"NEW9"))
        assert body(await say(port, upload(PUNCHES, sn="NEW9"))) == b"OK: 2"
        assert body(await say(port, get("getrequest?SN=NEW9"))) == b"OK"
    readings = await look(feed, desk)
    value = readings["machine/NEW9"].value
    assert value is not None
    assert (value["state"], value["office"]) == ("pending", "")
    assert await desk.records.read(_count) == 0
    outlines = (
        b"101\t2026-11-21 07:01:12\t0\t1\t[5 bytes]\n102\t2026-11-21 07:36:55\t0\t15\t[4 bytes]"
    )
    assert tray.kept == [("127.0.0.1", "NEW9: the machine is not in the list: 2 records", outlines)]


async def test_what_invents_serials_is_one_source_of_rejected_input(
    app: Intake, tray: Tray
) -> None:
    async with listening(app) as port:
        for number in range(20):
            for table in ("ATTLOG", "rtlog", "USERINFO"):
                await say(port, upload(PUNCHES, sn=f"X{number}", table=table))
            await say(port, get(f"exchange?SN=X{number}"))
    assert len(tray.kept) > 60
    assert {source.partition(" ")[0] for source, *_ in tray.kept} == {"127.0.0.1"}


async def test_who_asks_for_much_nonsense_does_not_silence_another_machine(
    app: Intake, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commandcenter.attendance.door._MOST_TOLD", 100)
    async with listening(app) as port:
        for number in range(150):
            await say(port, get(f"nonsense{number}?SN=X{number}"))
        await say(port, get("exchange?SN=DK1"))
        await say(port, get("exchange?SN=DK1"))
    assert [reason for source, reason, _ in tray.kept if source == "DK1"] == [
        "asks for /iclock/exchange, unknown here (0 records, 0 bytes)"
    ]


@on_both
async def test_a_pending_machine_that_is_listed_sends_everything_again(
    app: Intake, desk: Desk, machines: Path
) -> None:
    async with listening(app) as port:
        await say(port, upload(PUNCHES, sn="NEW9", stamp="500"))
        machines.write_text(LIST + "NEW9,camat-utara,Depan\n")
        assert body(await say(port, get("getrequest?SN=NEW9"))) == b"C:1:CHECK\n"
        assert body(await say(port, get("getrequest?SN=NEW9"))) == b"OK"
        live = upload(b"9\t2026-11-21 09:00:00\n", sn="NEW9", stamp="501")
        assert body(await say(port, live)) == b"OK: 1"
        again = HANDSHAKE.replace(b"DK1", b"NEW9")
        assert b"ATTLOGStamp=None" in await say(port, again)
        assert body(await say(port, upload(PUNCHES, sn="NEW9", stamp="501"))) == b"OK: 2"
        assert b"ATTLOGStamp=501" in await say(port, again)
    assert await desk.records.read(_count) == 3


@on_both
async def test_strangers_cannot_fill_the_records(app: Intake, desk: Desk) -> None:
    def crowd(connection: sa.Connection) -> None:
        for number in range(1_250):
            at = f"10.0.{number % 25}.1"
            stranger = kept.Contact(serial=f"X{number}", at=NOW, accepted=False, address=at)
            kept.meet(connection, stranger)

    await desk.records.write(crowd)
    async with listening(app) as port:
        assert body(await say(port, get("getrequest?SN=DK1"))) == b"OK"
    known = await desk.records.read(kept.machines)
    assert len(known) == 201
    assert "DK1" in {m.serial for m in known}


@on_both
async def test_invented_machines_do_not_hide_a_real_one_of_another_address(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    def invent(connection: sa.Connection) -> None:
        for number in range(500):
            at = f"10.6.6.{number % 10}"
            stranger = kept.Contact(serial=f"X{number}", at=NOW, accepted=False, address=at)
            kept.meet(connection, stranger)

    await desk.records.write(invent)
    async with listening(app) as port:
        await say(port, get("getrequest?SN=NEW9&INFO=Ver,1,1,1,10.6.6.1"))
    assert len(await desk.records.read(kept.machines)) == 200
    assert (await look(feed, desk))["machine/NEW9"].value is not None


@on_both
async def test_invented_machines_of_the_same_address_do_not_hide_one_that_goes_on_asking(
    app: Intake, feed: Attendance, desk: Desk, clock: Clock, machines: Path
) -> None:
    async with listening(app) as port:
        for number in range(30):
            await say(port, get(f"ping?SN=X{number}"))
        await say(port, get("ping?SN=NEW9"))
        assert "machine/NEW9" not in await look(feed, desk)
        assert desk.note["strangers"] == "11 mesin lain di luar daftar tidak ditampilkan"
        clock.forward(30)
        await say(port, get("ping?SN=NEW9"))
        for number in range(30, 60):
            await say(port, get(f"ping?SN=X{number}"))
        assert (await look(feed, desk))["machine/NEW9"].value is not None
        await say(port, get("ping?SN=NEW10"))
        machines.write_text(LIST + "NEW10,camat-utara,Depan\n")
        assert body(await say(port, get("getrequest?SN=NEW10"))) == b"C:1:CHECK\n"
        clock.forward(601)
        for number in range(60, 80):  # those before have gone
            await say(port, get(f"ping?SN=X{number}"))
    readings = await look(feed, desk)
    assert {f"machine/X{number}" for number in range(60, 80)} <= readings.keys()
    assert "strangers" not in desk.note


async def test_without_a_serial_nothing_is_taken(app: Intake, tray: Tray) -> None:
    async with listening(app) as port:
        assert status(await say(port, get("cdata?options=all"))) == 400
        assert status(await say(port, upload(PUNCHES, sn="a%20b"))) == 400
    assert [source for source, *_ in tray.kept] == ["127.0.0.1"]


@on_both
async def test_when_we_cannot_keep_them_the_machine_keeps_its_scans(
    app: Intake, desk: Desk, tray: Tray
) -> None:
    with desk.records.engine.begin() as connection:
        scan.drop(connection)
    async with listening(app) as port:
        assert status(await say(port, upload(PUNCHES))) in (500, 503)
        scan.create(desk.records.engine)
        assert await desk.records.read(_count) == 0
        assert body(await say(port, upload(PUNCHES))) == b"OK: 2"
    assert await desk.records.read(_count) == 2


async def test_a_broken_list_makes_machines_wait_and_never_loses_a_scan(
    desk: Desk, tray: Tray, tmp_path: Path
) -> None:
    feed = Attendance(name="attendance", machines=str(tmp_path / "missing.csv"))
    async with listening(intake_app(feed.routes(desk), tray)) as port:
        assert status(await say(port, upload(PUNCHES))) == 503
        (tmp_path / "missing.csv").write_text(LIST)
        assert body(await say(port, upload(PUNCHES))) == b"OK: 2"


async def test_gb2312_in_a_line_does_no_harm(app: Intake, desk: Desk, tray: Tray) -> None:
    line = "101\t2026-11-21 07:01:12\t0\t1\t打卡\n".encode("gb2312")
    async with listening(app) as port:
        assert body(await say(port, upload(line))) == b"OK: 1"
    assert tray.kept == []
    assert await desk.records.read(_count) == 1


async def test_silence_is_judged_by_when_we_last_heard_it(
    app: Intake, feed: Attendance, desk: Desk, clock: Clock
) -> None:
    async with listening(app) as port:
        await say(port, get("ping?SN=DK1"))
        clock.forward(120)
        assert await _states(feed, desk) == {"DK1": "online", "DK2": "never"}
        clock.forward(1)
        assert await _states(feed, desk) == {"DK1": "silent", "DK2": "never"}
        await say(port, get("ping?SN=DK1"))
        assert await _states(feed, desk) == {"DK1": "online", "DK2": "never"}


async def _states(feed: Attendance, desk: Desk) -> dict[str, str]:
    readings = await look(feed, desk)
    machines = [r for r in readings.values() if r.kind == "machine"]
    return {r.identity: r.value["state"] for r in machines if r.value}


def _count(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(scan)).scalar_one()
