"""Names, passwords, cards, faces and fingers of staff are kept nowhere."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.attendance.outline import outline
from commandcenter.feed import Desk
from commandcenter.intake import Intake
from commandcenter.records import rejects
from feeds.attendance import Attendance
from tests.attendance.conftest import look, on_both
from tests.attendance.test_iclock import get, upload
from tests.conftest import NOW, Tray
from tests.intake.listener import body, listening, say

PHOTO = "/9j/4AAQSkZJRgABAQ" + "QUJD" * 30
USER = b"USER PIN=101\tName=BUDI-RAHASIA\tPri=14\tPasswd=SECRETPW1\tCard=7654321\tGrp=1\n"
SECRETS = (b"SECRETPW1", b"BUDI-RAHASIA", b"/9j/4AAQ", b"7654321")


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"103\tyesterday\t0\t1", b"103\t[13 bytes]"),
        (b"103\t21/11/2026 07:01\t0\t1\t0", b"103\t21/11/2026 07:01\t0\t1\t[1 bytes]"),
        (b"rubbish", b"[7 bytes]"),
        (b"101\tBUDI-RAHASIA\tSECRETPW1\t7654321", b"101\t[30 bytes]"),
        (b"101\t2026-11-21 07:00:00\t7654321\tx", b"101\t2026-11-21 07:00:00\t[9 bytes]"),
        (USER.rstrip(), b"[73 bytes]"),
        (b"", b""),
    ],
)
def test_of_a_line_only_what_a_scan_has_is_kept(line: bytes, kept: bytes) -> None:
    assert outline(line) == kept


@given(st.binary())
def test_an_outline_is_its_own_outline(raw: bytes) -> None:
    once = outline(raw)
    assert outline(once) == once


UPLOADS = [
    ("tabledata&tablename=user&count=1", USER.replace(b"USER PIN", b"user pin"), b"user=1"),
    ("tabledata&tablename=biophoto&count=1", f"pin=1\tcontent={PHOTO}\n".encode(), b"biophoto=1"),
    ("BIOPHOTO", f"BIOPHOTO PIN=1\tContent={PHOTO}\n".encode(), b"OK: 1"),
    ("USERINFO", USER, b"OK: 1"),
    ("FINGERTMP", f"FP PIN=1\tTMP={PHOTO}\n".encode(), b"OK: 1"),
    ("OPERLOG", USER, b"OK: 1"),
    ("ATTLOG", USER + b"101\tBUDI-RAHASIA\tSECRETPW1\t7654321\n", b"OK: 2"),
    (
        "ATTLOG&ContentType=tgz",
        PHOTO.encode(),
        b"its scans come packed (tgz), and cannot be read\n",
    ),
    ("OPERLOG&ContentType=tgz", PHOTO.encode(), b"OK: 1"),
    ("BIODATA&ContentType=tgz", PHOTO.encode(), b"OK: 1"),
    ("rtlog", f"pin=1\tevent=x\tname=BUDI-RAHASIA\ttmp={PHOTO}\n".encode(), b"OK"),
]


@pytest.mark.parametrize(("table", "raw", "answer"), UPLOADS)
async def test_whatever_table_a_machine_brings_nothing_of_staff_is_put_aside(
    app: Intake, tray: Tray, table: str, raw: bytes, answer: bytes
) -> None:
    async with listening(app) as port:
        assert body(await say(port, upload(raw, table=table))) == answer
        await say(port, upload(raw, table=table, sn="NEW9"))
        await say(port, upload(raw, table=table, sn="a%20b"))
    assert [secret for secret in SECRETS if secret in str(tray.kept).encode()] == []


async def test_of_a_table_that_nobody_asked_for_its_name_and_size_are_told(
    app: Intake, tray: Tray
) -> None:
    async with listening(app) as port:
        await say(port, upload(USER, table="USERINFO"))
    reason = f"table 'USERINFO' is not kept: 1 records, {len(USER)} bytes"
    assert tray.kept == [("DK1", reason, b"")]


async def test_answers_to_questions_that_nobody_asked_are_left(app: Intake, tray: Tray) -> None:
    async with listening(app) as port:
        raw = upload(USER, table="x", more="&type=tabledata&tablename=user&count=1")
        said = await say(port, raw.replace(b"cdata", b"querydata"))
        assert body(said) == b"user=1"
        photo = upload(PHOTO.encode()).replace(b"cdata", b"fdata")
        assert body(await say(port, photo)) == b"OK"
        assert body(await say(port, get("service/control?SN=DK1"))) == b"OK"
    assert [secret for secret in SECRETS if secret in str(tray.kept).encode()] == []


async def test_our_own_failure_keeps_nothing_of_what_was_sent(
    app: Intake, desk: Desk, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commandcenter.attendance.iclock.count", lambda _: 1 / 0)
    async with listening(app) as port:
        await say(port, upload(USER, table="USERINFO"))
    assert tray.kept == [("127.0.0.1", "our own failure (ZeroDivisionError)", b"")]


@on_both
async def test_what_an_earlier_version_kept_is_cleaned(feed: Attendance, desk: Desk) -> None:
    def keep_as_before(connection: sa.Connection) -> None:
        for of in ("attendance", "complaints"):
            rejects.keep(connection, at=NOW, feed=of, source="DK1", reason="x", body=USER)

    await desk.records.write(keep_as_before)
    await look(feed, desk)
    bodies = {r.feed: r.body for r in await desk.records.read(rejects.latest)}
    assert bodies == {"attendance": b"[73 bytes]\n", "complaints": USER}
