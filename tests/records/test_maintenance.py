"""Maintenance windows in the records, on each database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commandcenter.records.database import Records
from commandcenter.records.maintenance import (
    NoWindow,
    Window,
    cancel,
    plan,
    windows,
    windows_between,
)
from tests.conftest import NOW

HOUR = timedelta(hours=1)


async def planned(records: Records, starts: float, ends: float, title: str = "PLN") -> Window:
    """From so many hours after NOW until so many."""
    return await records.write(
        plan,
        kind="office",
        scope="dinkes",
        title=title,
        note="",
        starts_at=NOW + starts * HOUR,
        ends_at=NOW + ends * HOUR,
        zone="Asia/Jakarta",
        who="operator 1",
        at=NOW,
    )


async def test_those_that_hold_now_or_later_are_found_until_they_end(records: Records) -> None:
    later = await planned(records, 5, 6)
    now = await planned(records, -1, 1)
    await planned(records, -3, -2)
    assert await records.read(windows, NOW) == [now, later]
    assert await records.read(windows, NOW + HOUR) == [later]  # the end is the first moment after
    assert (now.starts_at, now.ends_at, now.zone) == (NOW - HOUR, NOW + HOUR, "Asia/Jakarta")


async def test_a_month_has_all_that_touch_it(records: Records) -> None:
    over = await planned(records, -1, 1)
    inside = await planned(records, 2, 3)
    await planned(records, -2, 0)
    await planned(records, 4, 5)
    assert await records.read(windows_between, NOW, NOW + 4 * HOUR) == [over, inside]


async def test_a_cancelled_one_holds_no_longer_and_is_kept(records: Records) -> None:
    window = await planned(records, -1, 1)
    done = await records.write(cancel, window.id, "operator 2", NOW)
    assert (done.cancelled_by, done.cancelled_at) == ("operator 2", NOW)
    assert await records.read(windows, NOW) == []
    span = NOW - HOUR, NOW + HOUR
    assert await records.read(windows_between, *span) == []
    assert await records.read(windows_between, *span, cancelled=True) == [done]


async def test_what_is_over_cancelled_or_never_was_cannot_be_cancelled(records: Records) -> None:
    over = await planned(records, -2, -1)
    cancelled = await planned(records, 1, 2)
    await records.write(cancel, cancelled.id, "operator 1", NOW)
    for number in (over.id, cancelled.id, 987):
        with pytest.raises(NoWindow):
            await records.write(cancel, number, "operator 2", NOW)
