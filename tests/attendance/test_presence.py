"""Who is at work, by the scans of people as they are.

After public reports: horilla-hr#1242 and #358 and frappe/hrms#3298 (nights), horilla-hr#340 (out
pressed by mistake), horilla-hr#1115 (status 255), kurenai-ryu/pyzk#5 (one status for everything).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from commandcenter.feed import Desk
from commandcenter.intake import Intake
from feeds.attendance import Attendance
from tests.attendance.conftest import look, on_both
from tests.attendance.test_iclock import upload
from tests.conftest import Clock
from tests.intake.listener import listening, say

# Now is 09:42 of the 21st. Each person's scans as "day hour:minute status"; at work, and late.
PEOPLE = {
    "in": ("21 07:20 0", True, False),
    "in, late": ("21 08:20 0", True, True),
    "in and out": ("21 07:20 0, 21 09:05 1", False, False),
    "in, out and in again": ("21 07:20 0, 21 08:05 1, 21 09:00 0", True, False),
    "in and on a break": ("21 07:20 0, 21 09:30 2", True, False),
    "out and back from a break": ("21 07:20 0, 21 09:00 1, 21 09:30 3", True, False),
    "out for the overtime": ("21 04:20 4, 21 09:30 5", False, False),
    "out pressed by mistake, coming": ("21 07:20 1", True, False),
    "out pressed by mistake, coming late": ("21 08:20 1", True, True),
    "out pressed by mistake, a minute after in": ("21 07:20 0, 21 07:21 1", True, False),
    "always out": ("20 07:20 1, 20 16:05 1, 21 07:20 1", True, False),
    "no status": ("20 07:20 255, 20 16:05 255, 21 07:20 255, 21 09:00 255", True, False),
    "status 0 for everything": ("20 07:20 0, 20 16:05 0, 21 07:20 0, 21 09:00 0", True, False),
    "taps thrice": ("21 07:20 255, 21 07:21 255, 21 07:22 255", True, False),
    "out of the night": ("20 20:50 0, 21 07:05 1", False, False),
    "out of the second night": ("20 07:05 1, 20 20:50 0, 21 07:05 1", False, False),
    "out of the night, tapped twice": ("20 20:50 0, 20 20:51 0, 21 07:05 1", False, False),
    "out of the night, with a break": (
        "20 20:50 0, 21 00:30 2, 21 01:00 3, 21 07:05 1", False, False,
    ),
    "out of a day and a night": ("20 07:00 0, 21 07:05 1", False, False),
    "out of the night, and back": ("20 20:50 0, 21 07:05 1, 21 09:40 0", True, True),
    "still in the night": ("20 20:50 0", False, False),
    "yesterday in and out, today out by mistake": (
        "20 07:20 0, 20 16:05 1, 21 07:20 1", True, False,
    ),
    "yesterday twice without a status, today out by mistake": (
        "20 07:20 0, 20 16:05 0, 21 07:20 1", True, False,
    ),
    "yesterday": ("20 07:20 0, 20 16:05 1", False, False),
}  # fmt: skip


def lines(told: str, pin: int = 1) -> bytes:
    parts = (scan.split() for scan in told.split(", "))
    return b"".join(f"{pin}\t2026-11-{d} {t}:00\t{s}\t1\n".encode() for d, t, s in parts)


SOMEBODY = lines("21 07:00 0, 21 09:30 1", pin=999)
"""Has gone. Without a scan of today the machine would tell nothing of it."""


@pytest.mark.parametrize("who", PEOPLE)
async def test_who_is_at_work(app: Intake, feed: Attendance, desk: Desk, who: str) -> None:
    told, at_work, late = PEOPLE[who]
    async with listening(app) as port:
        await say(port, upload(lines(told) + SOMEBODY))
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"]) == (int(at_work), int(late))


@on_both
async def test_all_of_them_together(app: Intake, feed: Attendance, desk: Desk) -> None:
    raw = b"".join(lines(told, pin) for pin, (told, _, _) in enumerate(PEOPLE.values(), start=1))
    async with listening(app) as port:
        await say(port, upload(raw + SOMEBODY))
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert office["present"] == sum(at_work for _, at_work, _ in PEOPLE.values())
    assert office["late"] == sum(late for *_, late in PEOPLE.values())


async def test_who_comes_in_the_evening_comes_for_the_night_and_is_not_late(
    app: Intake, feed: Attendance, desk: Desk, clock: Clock
) -> None:
    clock.forward(12 * 3600)
    async with listening(app) as port:
        await say(port, upload(lines("21 20:50 0")))
    office = (await look(feed, desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"]) == (1, 0)


async def test_who_comes_by_one_machine_may_go_by_another(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    async with listening(app) as port:
        await say(port, upload(lines("21 07:20 0"), sn="DK1"))
        await say(port, upload(lines("21 09:00 1"), sn="DK2"))
    assert ((await look(feed, desk))["office/dinkes"].value or {})["present"] == 0


@on_both
async def test_a_pin_is_the_same_with_zeros_in_front(
    app: Intake, feed: Attendance, desk: Desk
) -> None:
    """Fingerspot writes "0004" (its webhook) where other machines of the office write 4."""
    async with listening(app) as port:
        await say(port, upload(b"0004\t2026-11-21 07:20:00\t0\t1\n", sn="DK1"))
        await say(port, upload(b"4\t2026-11-21 07:25:00\t0\t1\n", sn="DK2"))
    assert ((await look(feed, desk))["office/dinkes"].value or {})["present"] == 1


@pytest.mark.parametrize(
    "changed", [{"workdays": (1, 2, 3, 4, 5)}, {"days_off": (date(2026, 11, 21),)}]
)
async def test_on_a_day_off_nobody_is_late_and_few_are_no_worry(
    app: Intake, feed: Attendance, desk: Desk, changed: dict[str, Any]
) -> None:
    """frappe/hrms#1407: holidays are no absence."""
    async with listening(app) as port:
        await say(port, upload(lines("21 08:20 0")))
    office = (await look(replace(feed, **changed), desk))["office/dinkes"].value
    assert office is not None
    assert (office["present"], office["late"], office["working"]) == (1, 0, False)
