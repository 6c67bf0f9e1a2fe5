"""Clocks that are wrong: who notices, what is shown meanwhile, and what puts it right.

After public reports: saifulcoder/adms-server-ZKTeco#14 (two and a half hours ahead after
connecting), coding-libs/zkteco-php#7, fananimi/pyzk#211, vodvud/php_zklib#39 (2000-01-01).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.attendance.clock import Clock
from commandcenter.feed import Desk
from commandcenter.intake import Intake
from feeds.attendance import Attendance
from tests.attendance.conftest import look
from tests.attendance.test_iclock import upload
from tests.conftest import NOW
from tests.conftest import Clock as Time
from tests.intake.listener import listening, say

HOUR = timedelta(hours=1)


def uploads(*stamps: tuple[float, timedelta]) -> Clock:
    """After uploads at these seconds, of which the last scan was off by so much."""
    clock = Clock()
    for seconds, off in stamps:
        now = NOW + timedelta(seconds=seconds)
        clock = Clock.kept(clock.heard(now + off, now).as_row())
    return clock


def test_a_clock_that_is_ahead_shows_at_once() -> None:
    clock = uploads((0, 2.5 * HOUR))
    assert clock.ahead == 9000
    assert clock.sentence() == "jam mesin 150 menit lebih cepat"


def test_an_old_scan_of_a_backlog_does_not_clear_it_and_a_scan_of_now_does() -> None:
    assert uploads((0, 2.5 * HOUR), (60, -3 * HOUR)).ahead == 9000
    assert uploads((0, 2.5 * HOUR), (60, -3 * HOUR), (120, timedelta())).ahead is None


def test_a_clock_that_begins_at_2000_shows_at_once() -> None:
    then = NOW.replace(year=2000, month=1, day=1)
    clock = Clock().heard(then, NOW)
    assert not clock.tells_of_day(NOW - 9 * HOUR)
    assert clock.sentence() == "jam mesin 9821 hari lebih lambat"


def test_a_clock_that_is_behind_shows_when_uploads_go_on_late_by_the_same() -> None:
    late = -3 * HOUR
    assert uploads((0, late), (40, late)).ahead is None
    clock = uploads((0, late), (40, late), (95, late - timedelta(seconds=3)))
    assert clock.sentence() == "jam mesin 180 menit lebih lambat"


def test_a_backlog_that_comes_at_once_is_no_clock_that_is_behind() -> None:
    batches = [(second, -20 * HOUR + second * HOUR) for second in range(19)]
    assert uploads(*batches).ahead is None
    burst = [(second, -3 * HOUR + timedelta(seconds=second)) for second in range(5)]
    assert uploads(*burst).ahead is None  # a rush of three hours ago, sent one by one


def test_a_backlog_after_long_is_no_wrong_clock_either() -> None:
    assert uploads((0, -900 * 24 * HOUR), (30, -600 * 24 * HOUR)).ahead is None


def test_what_was_wrong_today_is_remembered_after_it_is_right() -> None:
    clock = uploads((0, 2 * HOUR), (600, timedelta()))
    assert clock.wrong_since(NOW)
    assert not clock.wrong_since(NOW + HOUR)
    assert not uploads((0, timedelta())).wrong_since(NOW - HOUR)


def line(at: datetime, pin: int = 1) -> bytes:
    local = at + timedelta(hours=7)
    return f"{pin}\t{local:%Y-%m-%d %H:%M:%S}\t0\t1\n".encode()


@pytest.fixture
async def told(app: Intake, feed: Attendance, desk: Desk) -> Any:
    """After an upload: the office, the machine, and the note of its clock."""

    async def after(*lines: bytes) -> tuple[dict[str, Any], dict[str, Any], str]:
        async with listening(app) as port:
            await say(port, upload(b"".join(lines)))
        readings = await look(feed, desk)
        office, machine = readings["office/dinkes"].value, readings["machine/DK1"].value
        assert office is not None
        assert machine is not None
        return office, machine, desk.note.get("clock DK1", "")

    return after


async def test_hours_ahead_the_office_is_marked_and_nobody_is_late_by_that_clock(
    told: Any, desk: Desk, clock: Time
) -> None:
    office, machine, note = await told(line(NOW + 2.5 * HOUR, 1), line(NOW + 2.5 * HOUR, 2))
    assert (office["present"], office["late"], office["clocks_wrong"]) == (2, None, 1)
    assert (machine["state"], machine["detail"]) == ("clock wrong", note)
    assert note == "jam mesin 150 menit lebih cepat"

    clock.forward(10)
    for nothing in (b"", line(desk.now() - 3 * HOUR)):
        assert (await told(nothing))[2] == note

    office, machine, note = await told(line(desk.now(), 3))
    assert (office["present"], office["late"], office["clocks_wrong"]) == (3, None, 0)
    assert (machine["state"], note) == ("online", "")  # who came late is known again tomorrow


async def test_with_a_clock_that_died_the_office_is_unknown_and_not_empty(told: Any) -> None:
    dead = b"".join(f"{pin}\t2000-01-01 00:0{pin}:07\t0\t1\n".encode() for pin in range(1, 9))
    office, machine, note = await told(dead)
    assert (office["present"], office["late"], office["clocks_wrong"]) == (None, None, 1)
    assert machine["state"] == "clock wrong"
    assert "hari lebih lambat" in note


async def test_a_clock_that_died_into_another_year_leaves_the_office_unknown_too(
    told: Any, desk: Desk, clock: Time
) -> None:
    office, machine, _ = await told(b"1\t2018-01-01 00:03:00\t0\t1\n")  # or it is a backlog
    assert (office["present"], machine["state"]) == (None, "online")
    clock.forward(60)
    office, *_ = await told(line(desk.now(), 2))
    assert office["present"] == 1


async def test_hours_behind_the_office_is_marked_too(told: Any, desk: Desk, clock: Time) -> None:
    for pin in range(1, 4):
        office, machine, note = await told(line(desk.now() - 3 * HOUR, pin))
        clock.forward(40)
    assert (office["present"], office["late"], office["clocks_wrong"]) == (3, None, 1)
    assert (machine["state"], note) == ("clock wrong", "jam mesin 180 menit lebih lambat")


async def test_what_is_sent_again_says_nothing_of_the_clock(
    told: Any, desk: Desk, clock: Time
) -> None:
    dead = b"1\t2000-01-01 00:04:15\t0\t1\n"
    await told(dead)
    await told(line(desk.now(), 2))
    clock.forward(60)
    assert (await told(dead))[2] == ""
