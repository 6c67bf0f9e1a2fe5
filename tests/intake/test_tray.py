"""A flood of bad input is counted, and no honest mistake is lost in it."""

from __future__ import annotations

import asyncio

import pytest

from commandcenter.feed import Desk
from commandcenter.records.rejects import Reject, latest
from commandcenter.tray import Tray
from tests.conftest import Clock


@pytest.fixture
def tray(desk: Desk) -> Tray:
    return Tray(desk.records, desk.now)


async def test_of_one_source_a_hundred_are_kept_and_the_others_told_together(
    tray: Tray, clock: Clock
) -> None:
    for number in range(5_000):
        tray.put("attendance", "10.6.6.6", f"bad {number}", b"x" * 100_000)
    tray.put("attendance", "DK1", "an honest mistake")
    *flood, honest, told = await _kept(tray)
    assert [reject.reason for reject in flood] == [f"bad {number}" for number in range(100)]
    assert {(len(reject.body), reject.size) for reject in flood} == {(65_536, 100_000)}
    assert (honest.source, honest.reason) == ("DK1", "an honest mistake")
    assert told.source == "10.6.6.6"
    assert told.reason == "and 4900 more of the same source, which are not kept"
    assert tray.counts == {"attendance": 5_001}
    clock.forward(60)
    for number in range(31):
        tray.put("attendance", "10.6.6.6", f"later {number}")
    assert [reject.reason for reject in (await _kept(tray))[102:]] == [
        *(f"later {number}" for number in range(30)),
        "and 1 more of the same source, which are not kept",
    ]


async def test_invented_sources_share_what_a_feed_may_put_aside(tray: Tray) -> None:
    for number in range(5_000):
        tray.put("intake", f"10.6.0.0 /{number}", "bad")
    tray.put("attendance", "DK1", "an honest mistake")
    kept = [(reject.source, reject.reason) for reject in await _kept(tray)]
    assert kept[:501] == [
        *((f"10.6.0.0 /{number}", "bad") for number in range(500)),
        ("DK1", "an honest mistake"),
    ]
    assert len(kept[501:]) == 201
    assert {reason for _, reason in kept[501:-1]} == {
        "and 1 more of the same source, which are not kept"
    }
    assert kept[-1] == ("*", "and 4300 more of other sources, which are not kept")
    assert tray.counts == {"attendance": 1, "intake": 5_000}


async def test_what_is_too_much_for_the_memory_is_counted_and_told_when_there_is_room(
    tray: Tray,
) -> None:
    for number in range(tray.MOST_WAITING + 5):
        tray.put(f"feed {number // 50}", f"{number}", "bad")
    assert tray._waiting.qsize() == tray.MOST_WAITING
    kept = await _kept(tray)
    assert len(kept) == tray.MOST_WAITING + 5
    assert {r.reason for r in kept[-5:]} == {"and 1 more of the same source, which are not kept"}


async def test_while_it_runs_the_tray_tells_now_and_then_what_it_left_out(
    tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tray, "PAUSE", 0.01)
    for _ in range(102):
        tray.put("bus", "x", "bad")
    running = asyncio.create_task(tray.run())
    try:
        async with asyncio.timeout(30):
            while len(await tray.records.read(latest, 200)) < 101:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
    [newest, *_] = await tray.records.read(latest)
    assert newest.reason == "and 2 more of the same source, which are not kept"


async def _kept(tray: Tray) -> list[Reject]:
    """What is kept in the end, oldest first."""
    await tray.drain()
    return (await tray.records.read(latest, 5_000))[::-1]
