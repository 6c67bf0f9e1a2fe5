"""Following through everything that can happen to Redis and to the way there."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import aclosing

import pytest
from redis.asyncio import Redis

from commandcenter.bus import Bus, BusDown, News
from tests.bus.conftest import Cable, Listener, counted, listening, opened, reading
from tests.conftest import RedisProcess, free_port


def back(listener: Listener) -> bool:
    """Lost once, and whole again."""
    return listener.connected == [True, False, True] and any(n.snapshot for n in listener.news[1:])


async def start_again(server: RedisProcess, *, forgetting: bool = False) -> None:
    server.stop()
    if forgetting:
        server.forget()
    await asyncio.to_thread(server.start)


async def test_killed_connections_lose_and_repeat_nothing(bus: Bus, raw: Redis) -> None:
    async with listening(bus) as listener:
        for n in range(0, 2000, 4):
            await bus.publish("network", counted(range(n, n + 4)))
            if n % 400 == 0:
                await raw.client_kill_filter(_type="pubsub")
        await listener.until_told(2000)

    assert listener.counts == list(range(2000))
    assert False in listener.connected
    assert sum(news.skipped for news in listener.news) == 0


async def test_redis_restarted_with_its_data(redis_process: RedisProcess) -> None:
    async with opened(redis_process.url) as bus, listening(bus) as listener:
        await bus.publish("network", counted(range(100)))
        await listener.until_told(100)
        await start_again(redis_process)
        assert await bus.publish("network", counted(range(100, 200)))
        await listener.until_told(200)
        await listener.until(back)

    assert listener.counts == list(range(200))
    assert not any(news.memory_lost for news in listener.news)


async def test_redis_restarted_without_its_data(redis_process: RedisProcess) -> None:
    """Nobody takes its empty memory for the feed's: the things stay until the feed tells them."""
    async with opened(redis_process.url) as bus, listening(bus) as listener:
        await bus.publish("network", counted(range(10)))
        await listener.until_told(10)
        await start_again(redis_process, forgetting=True)
        await listener.until(back)
        assert any(news.memory_lost for news in listener.news)
        assert len(listener.told) == 10

        assert not await bus.publish("network", [])  # the publisher learns it, too
        await bus.publish("network", counted(range(10)))
        await listener.until_told(20)

        assert listener.counts == [*range(10), *range(10)]
        numbers = [one.number for one in listener.told]
        assert numbers == sorted(set(numbers))
        assert not any(one.value is None for one in listener.told)


async def test_what_was_published_anew_while_away_is_told_after_a_loss_of_memory(
    redis_process: RedisProcess, cable: Cable
) -> None:
    async with opened(redis_process.url) as near, opened(cable.url) as far:
        await near.publish("network", [reading("device/lost", {"n": 0})])
        async with listening(far) as listener:
            cable.tear()
            async with opened(redis_process.url) as meddler:
                await meddler._redis.flushall()
            await near.publish("network", counted(range(1, 9), keys=2))
            cable.mend()
            await listener.until_told(9)
            assert listener.counts == list(range(9))
            assert any(news.memory_lost for news in listener.news)


async def test_a_half_open_connection_is_noticed_and_left(
    redis_process: RedisProcess, cable: Cable
) -> None:
    async with (
        opened(redis_process.url) as near,
        opened(cable.url) as far,
        listening(far) as listener,
    ):
        await near.publish("network", counted([0, 1]))
        await listener.until_told(2)
        cable.cut()
        began = time.monotonic()
        await near.publish("network", counted([2, 3]))
        await listener.until(lambda heard: heard.connected[-1] is False)
        assert time.monotonic() - began < 5
        assert listener.news[-1].why
        await near.publish("network", counted([4]))
        cable.mend()
        await listener.until(back)
        await near.publish("network", counted([5]))
        await listener.until_told(6)
    assert listener.counts == [0, 1, 2, 3, 4, 5]


async def test_a_frozen_redis_is_noticed_and_found_again(redis_process: RedisProcess) -> None:
    assert redis_process.process is not None
    async with opened(redis_process.url) as bus, listening(bus) as listener:
        await bus.publish("network", counted([1]))
        await listener.until_told(1)
        os.kill(redis_process.process.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(BusDown, match="no answer within 3 s"):
                await bus.ping()
            await listener.until(lambda heard: heard.connected[-1] is False)
            assert time.monotonic() - began < 5
        finally:
            os.kill(redis_process.process.pid, signal.SIGCONT)
        await listener.until(back)
        await bus.publish("network", counted([2]))
        await listener.until_told(2)
    assert listener.counts == [1, 2]


async def _cut_off_while_slow(bus: Bus, raw: Redis, size: int) -> tuple[list[News], int]:
    """A consumer that looks away for `size` large readings; what it is told after that."""
    await raw.config_set("client-output-buffer-limit", "pubsub 1mb 1mb 1")
    await bus.publish("network", [reading("device/gone", {"n": -1})])
    async with aclosing(bus.follow()) as follower:
        assert (await anext(follower)).snapshot
        await bus.publish("network", [reading("device/gone", None)])
        for n in range(size):
            value = {"n": n, "rubbish": "x" * 20_000}
            await bus.publish("network", [reading(f"device/{n % 10}", value)])
        async with asyncio.timeout(5):
            while await raw.client_list(_type="pubsub"):
                await asyncio.sleep(0.01)
        news: list[News] = []
        while not (news and news[-1].snapshot):
            news.append(await anext(follower))
    return news, size


async def test_a_slow_follower_is_cut_off_and_then_told_everything(
    redis_process: RedisProcess,
) -> None:
    async with opened(redis_process.url) as bus:
        raw = Redis.from_url(redis_process.url)
        news, size = await _cut_off_while_slow(bus, raw, 1500)
        await raw.aclose()

    told = [one.value["n"] for one in sum(news, News()).readings if one.value is not None]
    assert told == list(range(size))
    assert [n.connected for n in news if not n.connected] == [False]
    assert sum(n.skipped for n in news) == 0


async def test_a_follower_too_slow_for_what_is_kept_is_told_the_latest_and_how_many_it_missed(
    redis_process: RedisProcess,
) -> None:
    async with opened(redis_process.url, keep=50) as bus:
        raw = Redis.from_url(redis_process.url)
        news, size = await _cut_off_while_slow(bus, raw, 1500)
        await raw.aclose()

    readings = sum(news, News()).readings
    told = [one.value["n"] for one in readings if one.value is not None]
    assert told == sorted(set(told))
    assert told[-10:] == list(range(size - 10, size))  # the latest of every key
    skipped = sum(n.skipped for n in news)
    assert skipped > 0
    assert len(told) + skipped + 1 == size + 1  # and the one that says "gone", told or skipped


@pytest.mark.parametrize("history", [False, True])
async def test_what_was_forgotten_while_away_is_told_though_the_stream_has_lost_it(
    redis_process: RedisProcess, cable: Cable, history: bool
) -> None:
    async with opened(redis_process.url, keep=50) as near, opened(cable.url) as far:
        await near.publish("network", [reading("device/gone", {"n": -1})])
        async with listening(far, history=history) as listener:
            cable.tear()
            await near.publish("network", [reading("device/gone", None)])
            await near.publish("network", counted(range(2000)))
            cable.mend()
            await listener.until(lambda heard: 1999 in heard.counts)
            await listener.until(lambda heard: heard.told[-1].value is None)

    gone = [one.key for one in listener.told if one.value is None]
    assert gone == ["device/gone"]
    numbers = [one.number for one in listener.told]
    assert numbers == sorted(numbers)


async def test_an_older_memory_is_not_taken_for_forgetting(bus: Bus, raw: Redis) -> None:
    """As after a replica took over that had seen fewer writes."""
    await bus.publish("network", counted([1]))
    older = [(key, await raw.dump(key) or b"") for key in await raw.keys("cc:{network}:*")]
    async with listening(bus) as listener:
        await bus.publish("network", counted([2]))
        await listener.until_told(2)
        for key, dump in older:
            await raw.restore(key, 0, dump, replace=True)
        await raw.client_kill_filter(_type="pubsub")
        await listener.until(back)
        assert any(news.memory_lost for news in listener.news)

        assert not await bus.publish("network", counted([3]))
        await listener.until_told(3)
    assert listener.counts == [1, 2, 3]
    assert not any(one.value is None for one in listener.told)


async def test_a_follower_may_start_before_redis_does(redis_process: RedisProcess) -> None:
    redis_process.stop()
    async with opened(redis_process.url) as bus, aclosing(bus.follow()) as follower:
        assert not (await anext(follower)).connected
        await asyncio.to_thread(redis_process.start)
        news = await anext(follower)
        assert (news.connected, news.snapshot) == (True, True)


async def test_a_fall_is_told_once_and_says_why_without_the_password() -> None:
    url = f"redis://operator:geheim@127.0.0.1:{free_port()}/0"
    async with opened(url) as bus, aclosing(bus.follow()) as follower:
        news = await anext(follower)
        assert "redis://***@127.0.0.1" in news.why
        assert "geheim" not in news.why
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(follower)
