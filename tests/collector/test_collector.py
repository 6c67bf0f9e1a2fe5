"""Running feeds against a real Redis and real records, with sources that fall, crash and flood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from commandcenter.bus import Bus, BusDown
from commandcenter.collector import Runner
from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.reading import Reading
from commandcenter.records.database import Records
from commandcenter.records.rejects import latest
from commandcenter.tray import Tray
from tests.conftest import Clock, RedisProcess
from tests.leaks import secret

PASSWORD = secret("s3cret-of-an-address")

Story = list[Any]


@dataclass(kw_only=True)
class Told(Feed):
    """A source that tells, look by look, what the test says: keys, or an exception to raise."""

    name: str = "told"
    every: float = 3600.0
    story: Story = field(default_factory=list)
    looks: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        self.looks += 1
        self.looked.set()
        chapter = self.story.pop(0) if self.story else {}
        if isinstance(chapter, Exception):
            raise chapter
        for key, value in chapter.items():
            if isinstance(value, Exception):
                raise value
            yield self.reading(key, value, desk.now())


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    found = Bus(redis_url)
    yield found
    await found.close()


@pytest.fixture
async def own_bus(redis_process: RedisProcess) -> AsyncIterator[Bus]:
    """A bus whose Redis the test may kill."""
    found = Bus(redis_process.url)
    yield found
    await found.close()


@asynccontextmanager
async def running(*work: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.run()) for one in work]
    try:
        yield
        for task in tasks:
            assert not task.done(), task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for something that tells nobody when it happens."""
    async with asyncio.timeout(seconds):
        while True:
            with suppress(BusDown):
                found = true()
                if (await found) if asyncio.iscoroutine(found) else found:
                    return
            await asyncio.sleep(0.01)


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (r.levelname, r.message) for r in caplog.records if r.name.endswith(("collector", "tray"))
    ]


async def values(bus: Bus, feed: str = "told") -> dict[str, Any]:
    """What lies on the bus: key -> value."""
    return {key: reading.value for key, reading in (await bus.latest(feed)).items()}


async def status(bus: Bus, feed: str = "told") -> dict[str, Any]:
    reading = (await bus.latest("system"))[f"feed/{feed}"]
    assert reading.value is not None
    return reading.value


async def test_what_a_look_finds_is_on_the_bus(desk: Desk, bus: Bus) -> None:
    feed = Told(story=[{"device/a": {"n": 1}, "device/b": {"n": 2}}])
    async with running(Runner(feed, desk, bus)):
        await until(lambda: _has(bus, {"device/a": {"n": 1}, "device/b": {"n": 2}}))


async def _has(bus: Bus, wanted: dict[str, Any], feed: str = "told") -> bool:
    return await values(bus, feed) == wanted


async def test_a_fall_is_told_once_and_so_is_the_recovery(
    desk: Desk, bus: Bus, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    down = SourceDown("the switch refuses: set its community")
    runner = Runner(Told(story=[{}, down, down, SourceDown("otherwise"), {}, {}, down]), desk, bus)
    for _ in range(7):
        await runner.look()
        clock.forward(10)
    assert said(caplog) == [
        ("WARNING", "feed told is down: the switch refuses: set its community"),
        ("INFO", "feed told is back"),
        ("WARNING", "feed told is down: the switch refuses: set its community"),
    ]


async def test_how_a_feed_is_doing_is_told_on_the_bus_with_the_time_of_its_fall(
    desk: Desk, bus: Bus, clock: Clock
) -> None:
    began = clock.now
    feed = Told(every=0.05, story=[{"device/a": {}}, SourceDown("gone: look at its cable")])
    feed.story += [SourceDown("gone: look at its cable")] * 10_000
    desk.note["probe"] = "icmp"
    async with running(Runner(feed, desk, bus)):
        await until(lambda: _told(bus, ok=False))
        told = await status(bus)
        assert told["error"] == "gone: look at its cable"
        assert told["last_success_at"] == began.isoformat()
        assert told["readings"] == 1
        assert told["notes"] == {"probe": "icmp"}
        feed.story.clear()
        clock.forward(60)
        await until(lambda: _told(bus, ok=True))
        assert (await status(bus))["since"] == clock.now.isoformat()


async def _told(bus: Bus, *, ok: bool) -> bool:
    kept = await bus.latest("system")
    return "feed/told" in kept and (await status(bus))["ok"] is ok


async def test_a_password_in_a_fall_is_neither_logged_nor_told(
    desk: Desk, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    story: Story = [SourceDown(f"rtsp://admin:{PASSWORD}@10.0.0.1/ does not answer")]
    runner = Runner(Told(story=story), desk, bus)
    await runner.look()
    other = Runner(Told(story=[ValueError(f"rtsp://admin:{PASSWORD}@10.0.0.1/")]), desk, bus)
    await other.look()
    told = [m for _, m in said(caplog)] + [str(runner.error), str(other.error)]
    assert PASSWORD not in " ".join(told)
    assert "rtsp://***@10.0.0.1/" in str(runner.error)


@pytest.mark.asvs("16.3.4")
async def test_a_fault_in_one_feed_does_not_stop_another_nor_itself(
    desk: Desk, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    bad = Told(name="bad", every=0.02, story=[ZeroDivisionError("oops")] * 5 + [{"x/1": {}}])
    good = Told(name="good", every=0.02, story=[{"x/1": {"n": n}} for n in range(5)])
    runners = [Runner(feed, replace(desk, note={}), bus) for feed in (bad, good)]
    async with running(*runners):
        await until(lambda: _has(bus, {"x/1": {"n": 4}}, "good"))
        await until(lambda: _has(bus, {"x/1": {}}, "bad"))
    assert sum("stumbled" in message for _, message in said(caplog)) == 1
    assert runners[1].error is None


async def test_what_was_read_before_a_fall_is_published(desk: Desk, bus: Bus) -> None:
    story: Story = [{"device/a": {"n": 1}, "device/b": SourceDown("in the middle")}]
    runner = Runner(Told(story=story), desk, bus)
    await runner.look()
    assert await values(bus) == {"device/a": {"n": 1}}
    assert runner.error == "in the middle"


async def test_while_redis_is_away_the_latest_of_every_key_waits(
    desk: Desk, own_bus: Bus, redis_process: RedisProcess
) -> None:
    feed = Told(story=[{"device/a": {"n": 0}, "device/b": {"n": 0}, "device/c": {"n": 0}}])
    runner = Runner(feed, desk, own_bus)
    await runner.look()
    redis_process.stop()
    for n in range(1, 4):
        feed.story.append({"device/a": {"n": n}})
        await runner.look()
    feed.story.append({"device/b": None, "device/d": {"n": 9}})
    await runner.look()
    redis_process.start()
    wanted = {"device/a": {"n": 3}, "device/c": {"n": 0}, "device/d": {"n": 9}}
    async with running(runner):
        await until(lambda: _has(own_bus, wanted))


@pytest.mark.parametrize("news", [{}, {"device/a": {"n": 2}}], ids=["nothing new", "one new"])
async def test_a_redis_that_lost_its_memory_is_told_everything_again(
    desk: Desk, own_bus: Bus, redis_process: RedisProcess, news: dict[str, Any]
) -> None:
    first = {"device/a": {"n": 1}, "device/b": {"n": 1}}
    feed = Told(story=[first, news])
    runner = Runner(feed, desk, own_bus)
    await runner.look()
    assert await values(own_bus) == first
    redis_process.stop()
    redis_process.forget()
    redis_process.start()
    async with running(runner):
        await until(lambda: _has(own_bus, first | news))
        await until(lambda: _told(own_bus, ok=True))


async def test_waking_a_feed_makes_it_look_at_once(desk: Desk, bus: Bus) -> None:
    feed = Told(every=3600)
    runner = Runner(feed, desk, bus)
    async with running(runner):
        await asyncio.wait_for(feed.looked.wait(), 5)
        feed.looked.clear()
        feed.story.append({"device/a": {"pushed": True}})
        runner.wake()
        await until(lambda: _has(bus, {"device/a": {"pushed": True}}), seconds=2)
    assert feed.looks == 2


async def test_a_burst_of_pushes_is_few_looks(desk: Desk, bus: Bus) -> None:
    feed = Told(every=3600)
    runner = Runner(feed, desk, bus)
    async with running(runner):
        await asyncio.wait_for(feed.looked.wait(), 5)
        for _ in range(1000):
            runner.wake()
            await asyncio.sleep(0)
        await until(lambda: feed.looks >= 2)
    assert feed.looks <= 3


@pytest.mark.asvs("16.3.3")
async def test_bad_input_is_counted_and_kept_with_its_reason(
    desk: Desk, bus: Bus, records: Records
) -> None:
    tray = Tray(records, desk.now)
    runner = Runner(Told(), desk, bus)
    runner.reject(tray.put, "10.1.2.3", "not an ATTLOG line", b"\x00\xff?")
    runner.reject(tray.put, f"http://kominfo:{PASSWORD}@x/", f"rtsp://a:{PASSWORD}@b/ is wrong")
    async with running(tray):
        await until(lambda: _kept(records, 2))
    with records.engine.begin() as connection:
        newest, oldest = latest(connection)
    assert (oldest.feed, oldest.source, oldest.reason, oldest.body, oldest.at) == (
        "told", "10.1.2.3", "not an ATTLOG line", b"\x00\xff?", desk.now(),
    )  # fmt: skip
    assert PASSWORD not in newest.source + newest.reason
    assert runner.rejects == 2


async def _kept(records: Records, count: int) -> bool:
    return len(await records.read(latest)) == count


async def test_bad_input_waits_while_the_records_are_away(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, away = tmp_path / "here", tmp_path / "away"
    folder.mkdir()
    records = Records(f"sqlite:///{folder}/records.db")
    records.migrate()
    records.engine.dispose()
    folder.rename(away)
    tray = Tray(records, desk.now)
    async with running(tray):
        tray.put("told", "a", "first")
        tray.put("told", "b", "second")
        await until(lambda: said(caplog))
        away.rename(folder)
        await until(lambda: _kept(records, 2))
    assert [level for level, _ in said(caplog)] == ["WARNING"]
    records.close()


async def test_a_thing_whose_row_has_a_mistake_is_not_forgotten_at_a_restart(
    bus: Bus, desk: Desk
) -> None:
    await Runner(Told(story=[{"device/a": {"n": 1}, "device/b": {"n": 1}}]), desk, bus).look()
    again = Runner(Told(story=[{"device/a": {"n": 2}}]), desk, bus)
    desk.left_out = frozenset({"b"})
    await again.look()
    kept = await bus.latest("told")
    assert {key: reading.value for key, reading in kept.items()} == {
        "device/a": {"n": 2},
        "device/b": {"n": 1},
    }
