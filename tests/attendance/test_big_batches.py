"""Whatever one machine sends, the others are heard meanwhile."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

import pytest
import sqlalchemy as sa

from commandcenter.attendance import iclock
from commandcenter.attendance.uploads import Batch
from commandcenter.feed import Desk
from commandcenter.intake import Intake
from commandcenter.records import attendance as kept
from commandcenter.records.tables import scan
from tests.attendance.conftest import on_both
from tests.attendance.test_iclock import get, upload
from tests.conftest import NOW, Clock, Tray
from tests.intake.listener import answer, body, listening, say, status

MOST = 4 * 2**20  # bytes that the listener takes
DEAF = 2.0  # seconds


def filled(line: bytes) -> bytes:
    return (line * (MOST // len(line) + 1))[:MOST]


@pytest.mark.parametrize("line", [b"x\n", b"1\tyesterday\n", b"\n", b" \n", b"\t", b"x", b"1\t"])
@pytest.mark.parametrize("sn", ["DK1", "NEW9"])
async def test_another_machine_is_answered_while_a_body_of_rubbish_is_read(
    app: Intake, tray: Tray, line: bytes, sn: str
) -> None:
    sent = filled(line)
    longest, said = await _longest_wait(app, upload(sent, sn=sn))
    assert body(said) == f"OK: {iclock.count(sent)}".encode()
    assert longest < DEAF
    assert len(tray.kept) <= 51  # the first fifty, and the others together
    assert sum(len(kept) for *_, kept in tray.kept) < 2**19


@pytest.mark.parametrize("table", ["options", "OPERLOG", "rtlog", "rtstate", "USERINFO"])
@pytest.mark.parametrize("line", [b",", b"=\t", b"a=1\n"])
async def test_no_other_table_makes_the_door_deaf(app: Intake, line: bytes, table: str) -> None:
    longest, said = await _longest_wait(app, upload(filled(line), table=table))
    assert status(said) == 200
    assert longest < DEAF


@on_both
async def test_a_good_line_behind_a_hundred_thousand_bad_ones_is_kept(
    app: Intake, desk: Desk
) -> None:
    good = b"7\t2026-11-21 07:00:00\n"
    async with listening(app) as port:
        await say(port, upload(b"x\n" * 100_000 + good + b"rubbish\n" * 100))
    known = {m.serial: m for m in await desk.records.read(kept.machines)}["DK1"]
    assert await desk.records.read(_count) == 1
    assert (known.trouble, known.read_at) == ("", NOW)


@on_both
async def test_a_memory_full_of_scans_is_kept_in_parts_and_nobody_waits_for_it(
    app: Intake, desk: Desk, bells: list[str], clock: Clock
) -> None:
    lines = [f"{1000 + n}\t2026-11-2{n % 2} 07:01:12\t0\t1\n".encode() for n in range(60_000)]
    longest, said = await _longest_wait(app, upload(b"".join(lines)))
    assert body(said) == b"OK: 60000"
    assert longest < DEAF
    assert await desk.records.read(_count) == 60_000
    assert bells == ["ring"]
    known = {m.serial: m for m in await desk.records.read(kept.machines)}["DK1"]
    assert known.clock["uploads"] == 1  # in parts, and yet one
    async with listening(app) as port:
        clock.forward(60)
        assert body(await say(port, upload(b"".join(lines)))) == b"OK: 60000"
    again = {m.serial: m for m in await desk.records.read(kept.machines)}["DK1"]
    assert again.clock == known.clock  # nothing of it was new


def test_bad_lines_take_no_more_memory_than_a_few_of_them(desk: Desk) -> None:
    sent = b"1\tyesterday\n" * 100_000
    batch = Batch(iclock.read_scan, desk.zone, NOW)
    tracemalloc.start()
    try:
        for page in iclock.pages(sent):
            batch.read(page)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(batch.bad), batch.more_bad) == (50, 99_950)
    assert most < 2**20


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-1-2 7:1", "2026-01-02T07:01:00+07:00"),
        ("2026/11/21 07:01:12", "2026-11-21T07:01:12+07:00"),
        ("2026-11-21T07:01:12", "2026-11-21T07:01:12+07:00"),
    ],
)
def test_times_in_the_forms_of_rebadged_machines(told: str, at: str, desk: Desk) -> None:
    assert iclock.read_time(told, desk.zone).isoformat() == at


@pytest.mark.parametrize("told", ["2026-02-30 07:00:00", "2026-11-21 24:00", "2026-11/21 07:00"])
def test_what_is_no_time(told: str, desk: Desk) -> None:
    with pytest.raises(iclock.BadLine):
        iclock.read_time(told, desk.zone)


def test_a_scan_is_read_out_of_a_line_however_long_it_is(desk: Desk) -> None:
    line = b"7\t2026-11-21 07:00:00\t1\t15\t" + b"0\t" * 10 + b"A" * MOST
    found = iclock.read_scan(line, desk.zone, NOW)
    assert (found.pin, found.status, found.verify) == ("7", 1, 15)


async def _longest_wait(app: Intake, raw: bytes) -> tuple[float, bytes]:
    """Of a second machine that polls on and on while the first one brings `raw`; and what that
    was answered."""
    async with listening(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(raw)
        brings = asyncio.create_task(answer(reader))
        longest = 0.0
        while not brings.done():
            asked = time.monotonic()
            assert body(await say(port, get("getrequest?SN=DK2"))) == b"OK"
            longest = max(longest, time.monotonic() - asked)
            await asyncio.sleep(0.05)
        writer.close()
        return longest, await brings


def _count(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(scan)).scalar_one()
