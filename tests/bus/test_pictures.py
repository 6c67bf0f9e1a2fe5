"""The latest pictures of every camera, and who is looking at them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from redis.asyncio import Redis

from commandcenter.bus import Bus, BusDown, Pictures
from commandcenter.bus.pictures import superfluous
from commandcenter.redis_server import RedisServer
from tests.bus.conftest import listening
from tests.conftest import NOW, RedisProcess

SMALL, LARGE = b"\xff\xd8 small \n\xff\xd9", b"\xff\xd8 large \xff\xd9"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
async def pictures(redis_url: str) -> AsyncIterator[Pictures]:
    found = Pictures(redis_url)
    yield found
    await found.close()


async def keep(
    pictures: Pictures, at: datetime = NOW, camera: str = "simpang", ttl: timedelta = 5 * MINUTE
) -> int:
    return await pictures.keep(camera, SMALL, LARGE, at, ttl)


# --- keeping -------------------------------------------------------------------------------------


async def test_a_picture_is_kept_in_two_sizes_under_its_time(pictures: Pictures) -> None:
    number = await keep(pictures, NOW)
    assert datetime.fromtimestamp(number / 1e6, UTC) == NOW
    small, large = [await pictures.still("simpang", number, size) for size in ("small", "large")]
    assert small is not None
    assert large is not None
    assert (small.jpeg, large.jpeg, large.captured_at) == (SMALL, LARGE, NOW)
    assert timedelta(minutes=4) < large.left <= timedelta(minutes=5)


async def test_the_latest_is_the_newest_and_earlier_ones_stay_under_their_numbers(
    pictures: Pictures,
) -> None:
    numbers = [await keep(pictures, NOW + n * SECOND) for n in range(3)]
    latest = await pictures.latest("simpang", "small")
    assert latest is not None
    assert latest.number == numbers[2]
    assert await pictures.numbers("simpang") == numbers == sorted(numbers)
    assert await pictures.still("simpang", numbers[0], "large") is not None


async def test_a_camera_without_picture_has_none(pictures: Pictures) -> None:
    assert await pictures.latest("alun-alun", "small") is None
    assert await pictures.still("alun-alun", 17, "small") is None
    assert await pictures.numbers("alun-alun") == []


async def test_nothing_is_kept_beyond_its_time(pictures: Pictures, raw: Redis) -> None:
    for n in range(4):
        await keep(pictures, NOW + n * 5 * SECOND, ttl=20 * SECOND)
    left = {key: await raw.pttl(key) for key in await raw.keys("cc:*")}
    assert len(left) == 5
    assert all(0 < ms <= 20_000 for ms in left.values()), left
    assert sorted(left.values())[0] > 4_000  # the first, which is fifteen seconds old


async def test_what_was_kept_is_gone_when_its_time_is_over(pictures: Pictures) -> None:
    number = await keep(pictures, ttl=timedelta(milliseconds=30))
    async with asyncio.timeout(5):
        while await pictures.still("simpang", number, "small"):
            await asyncio.sleep(0.01)
    assert await pictures.numbers("simpang") == []


def test_of_what_is_past_ever_less_is_kept() -> None:
    second, kept = 1_000_000, list[int]()
    for at in range(0, 600 * second, second // 5):  # five a second, for ten minutes
        gone = set(superfluous(kept, at, 300 * second))
        kept = [number for number in kept if number not in gone] + [at]
    ages = [(kept[-1] - number) / second for number in kept]
    assert len([age for age in ages if age <= 5]) == 26
    assert 24 <= len([age for age in ages if 5 < age <= 30]) <= 26
    assert 4 <= len([age for age in ages if age > 30]) <= 5
    assert max(ages) < 300


def test_of_a_picture_every_five_seconds_all_of_the_last_half_minute_are_kept() -> None:
    second, kept = 1_000_000, list[int]()
    for at in range(0, 600 * second, 5 * second):
        gone = set(superfluous(kept, at, 300 * second))
        kept = [number for number in kept if number not in gone] + [at]
    ages = [(kept[-1] - number) // second for number in reversed(kept)]
    assert ages[:7] == [0, 5, 10, 15, 20, 25, 30]
    assert {later - age for age, later in pairwise(ages[7:])} == {60}


async def test_a_clock_that_is_set_back_does_not_stop_the_pictures(pictures: Pictures) -> None:
    await keep(pictures, NOW + timedelta(hours=1))
    number = await keep(pictures, NOW)
    latest = await pictures.latest("simpang", "small")
    assert latest is not None
    assert latest.number == number


async def test_of_a_camera_that_was_forgotten_nothing_is_left(
    pictures: Pictures, raw: Redis
) -> None:
    for n in range(3):
        await keep(pictures, NOW + n * SECOND)
    await keep(pictures, camera="other")
    await pictures.forget("simpang")
    assert [key for key in await raw.keys("*") if b"simpang" in key] == []
    assert await pictures.latest("other", "small") is not None


async def test_pictures_ring_no_bell_of_the_bus(pictures: Pictures, redis_url: str) -> None:
    bus = Bus(redis_url)
    async with listening(bus) as listener:
        await keep(pictures)
        await bus.publish("cameras", [])
        assert listener.told == []
    await bus.close()


# --- waiting -------------------------------------------------------------------------------------


async def test_whoever_waits_has_the_next_picture_at_once(pictures: Pictures) -> None:
    number = await keep(pictures)
    waiting = asyncio.create_task(pictures.next("simpang", number, "large", 10))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    began = time.monotonic()
    later = await keep(pictures, NOW + SECOND)
    found = await asyncio.wait_for(waiting, 5)
    assert found is not None
    assert (found.number, found.jpeg) == (later, LARGE)
    assert time.monotonic() - began < 1


async def test_whoever_has_an_older_one_does_not_wait(pictures: Pictures) -> None:
    number = await keep(pictures)
    async with asyncio.timeout(1):
        found = await pictures.next("simpang", 0, "small", 60)
    assert found is not None
    assert found.number == number


async def test_whoever_waits_in_vain_is_told_nothing(pictures: Pictures) -> None:
    number = await keep(pictures)
    assert await pictures.next("simpang", number, "small", 0.05) is None


async def test_a_hundred_wait_on_one_connection(pictures: Pictures, raw: Redis) -> None:
    waiting = [asyncio.create_task(pictures.next("simpang", 0, "small", 10)) for _ in range(100)]
    async with asyncio.timeout(5):
        while not await _listeners(raw):
            await asyncio.sleep(0.01)
    assert await _listeners(raw) == 1
    await keep(pictures)
    async with asyncio.timeout(5):
        assert all(await asyncio.gather(*waiting))


async def test_waiting_goes_on_over_a_restart_of_redis(redis_process: RedisProcess) -> None:
    pictures = Pictures(redis_process.url)
    number = await keep(pictures)
    assert await pictures.next("simpang", number, "small", 0.05) is None  # it listens now
    waiting = asyncio.create_task(pictures.next("simpang", number, "small", 20))
    await asyncio.sleep(0.1)  # it has looked, and waits
    redis_process.stop()
    with pytest.raises(BusDown):
        await pictures.latest("simpang", "small")
    redis_process.start()
    await keep(pictures, NOW + SECOND)
    found = await asyncio.wait_for(waiting, 10)
    assert found is not None
    await pictures.close()


# --- who looks, who asks -------------------------------------------------------------------------


async def test_a_camera_is_looked_at_for_as_long_as_was_said(pictures: Pictures) -> None:
    await pictures.look("simpang", 0.2)
    await pictures.look("alun-alun", 60)
    await pictures.look("alun-alun", 0.1)  # another one who looks takes nothing away
    assert await pictures.looked_at() == {"simpang", "alun-alun"}
    async with asyncio.timeout(5):
        while "simpang" in await pictures.looked_at():
            await asyncio.sleep(0.02)
    assert await pictures.looked_at() == {"alun-alun"}


async def test_what_somebody_asked_stays_until_it_is_heard(pictures: Pictures) -> None:
    assert await pictures.asked() == frozenset()
    for camera in ("simpang", "simpang", "alun-alun"):
        await pictures.ask(camera)
    assert await pictures.asked() == {"simpang", "alun-alun"}
    await pictures.heard({"simpang"})
    assert await pictures.asked() == {"alun-alun"}


# --- nothing on a disk ---------------------------------------------------------------------------


async def test_pictures_are_never_on_a_disk(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "pictures", lasting=False)
    pictures = Pictures(server.start())
    for n in range(50):
        await pictures.keep("simpang", b"SECRET" * 1000, LARGE, NOW + n * SECOND, MINUTE)
    assert await pictures.latest("simpang", "small") is not None
    await pictures.close()
    assert (await _setting(server, "maxmemory-policy")) == "volatile-ttl"
    server.stop()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.name for file in files} <= {"redis.log", "redis.pid", "lock"}
    assert not any(b"SECRET" in file.read_bytes() for file in files)


async def test_pictures_are_gone_with_their_server(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "pictures", lasting=False)
    for there in (False, False):
        pictures = Pictures(server.start())
        assert (await pictures.latest("simpang", "small") is not None) == there
        await keep(pictures)
        await pictures.close()
        server.stop()


async def _listeners(raw: Redis) -> int:
    return sum(int(client["psub"]) for client in await raw.client_list())


async def _setting(server: RedisServer, name: str) -> str:
    raw = Redis.from_url(server.url)
    try:
        return str((await raw.config_get(name))[name])
    finally:
        await raw.aclose()
