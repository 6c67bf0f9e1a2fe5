"""Following while all goes well: the latest first, then everything, each exactly once."""

from __future__ import annotations

import asyncio
import itertools

import orjson
import pytest
from redis.asyncio import Redis

from commandcenter.bus import Bus
from tests.bus.conftest import counted, listening, opened, reading
from tests.conftest import NOW, Tray


async def test_a_follower_that_starts_late_is_told_the_latest_of_every_key(bus: Bus) -> None:
    await bus.publish("network", counted(range(100), keys=3))
    await bus.publish("complaints", [reading("totals/all", {"n": 100})])

    async with listening(bus) as listener:
        assert sorted(listener.counts) == [97, 98, 99, 100]
        assert [news.snapshot for news in listener.news] == [True]


async def test_with_history_it_is_told_the_recent_ones_too(bus: Bus) -> None:
    await bus.publish("network", counted(range(2500), keys=3))

    async with listening(bus, history=True) as listener:
        assert listener.counts == list(range(2500))


async def test_with_history_a_quiet_key_is_told_though_the_stream_has_lost_it(
    redis_url: str,
) -> None:
    async with opened(redis_url, keep=200) as bus:
        await bus.publish("network", [reading("device/quiet", {"n": -1})])
        await bus.publish("network", counted(range(3000)))

        async with listening(bus, history=True) as listener:
            assert listener.counts[0] == -1
            assert listener.counts[1:] == list(range(3000))[-len(listener.counts[1:]) :]
            assert len(listener.counts) > 200
            assert sum(news.skipped for news in listener.news) == 0


async def test_what_is_published_is_told_as_it_was(bus: Bus) -> None:
    async with listening(bus) as listener:
        await bus.publish("network", [reading("device/a\nb", {"name": "Dinas\nKesehatan"})])
        await listener.until_told(1)

    told = listener.told[0]
    assert (told.feed, told.key, told.at) == ("network", "device/a\nb", NOW)
    assert told.value == {"name": "Dinas\nKesehatan"}
    assert told.number > 0


async def test_a_follower_of_one_feed_is_told_of_no_other(bus: Bus) -> None:
    async with listening(bus, ["network", "complaints"]) as listener:
        await bus.publish("attendance", counted([1], feed="attendance"))
        await bus.publish("complaints", counted([2], feed="complaints"))
        await bus.publish("network", counted([3]))
        await listener.until_told(2)

    assert listener.counts == [2, 3]


async def test_a_feed_that_nobody_knew_is_told_from_its_first_reading(bus: Bus) -> None:
    async with listening(bus) as listener:
        await bus.publish("network", counted([1, 2, 3], keys=1))
        await listener.until_told(3)

    assert listener.counts == [1, 2, 3]


async def test_a_thing_that_is_forgotten_is_told_once(bus: Bus) -> None:
    await bus.publish("network", [reading("device/a", {"n": 1}), reading("device/b", {"n": 2})])
    async with listening(bus) as listener:
        await bus.publish("network", [reading("device/a", None)])
        await bus.publish("network", counted([3]))
        await listener.until_told(4)

    assert [(one.key, one.value) for one in listener.told[2:3]] == [("device/a", None)]


async def test_several_publishers_of_a_feed_are_all_told_in_order(bus: Bus, redis_url: str) -> None:
    async def publish(one: Bus, name: str) -> None:
        for n in range(200):
            await one.publish("system", [reading(f"feed/{name}", {"n": n}, "system")])

    async with opened(redis_url) as other, listening(bus) as listener:
        await asyncio.gather(publish(bus, "network"), publish(other, "cameras"))
        await listener.until_told(400)

    for name in ("network", "cameras"):
        mine = [one.value for one in listener.told if one.identity == name]
        assert mine == [{"n": n} for n in range(200)]
    numbers = [one.number for one in listener.told]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("history", [False, True])
async def test_nothing_is_missed_or_repeated_by_those_who_come_in_the_middle(
    bus: Bus, history: bool
) -> None:
    async def publish() -> None:
        for n in itertools.count(0, 5):
            await bus.publish("network", counted(range(n, n + 5), keys=1))

    publishing = asyncio.create_task(publish())
    for _ in range(10):
        async with listening(bus, history=history) as listener:
            await listener.until_told(len(listener.told) + 20)
        first = 0 if history else listener.counts[0]
        assert listener.counts == list(range(first, listener.counts[-1] + 1))
    publishing.cancel()


async def test_a_ring_that_was_not_heard_is_made_up_for_by_the_next(bus: Bus) -> None:
    async with listening(bus) as listener:
        await bus.publish("network", counted([1]))
        await listener.until_told(1)
        unheard = [told for one in counted([2, 3]) for told in bus._memory.encode("network", one)]
        await bus._memory.publish("network", "elsewhere", unheard)
        await bus.publish("network", counted([4]))
        await listener.until_told(4)

    assert listener.counts == [1, 2, 3, 4]
    assert listener.connected == [True]


async def test_ten_thousand_readings_a_second_are_each_told_once(bus: Bus) -> None:
    loop = asyncio.get_running_loop()
    async with listening(bus) as listener:
        began = loop.time()
        for tick in range(150):  # 200 readings every 20 ms for 3 s
            await bus.publish("network", counted(range(tick * 200, tick * 200 + 200), keys=300))
            await asyncio.sleep(began + (tick + 1) * 0.02 - loop.time())
        await listener.until_told(30_000)

    assert listener.counts == list(range(30_000))
    assert listener.connected == [True]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\xff\xfe\x00",
        b"ring ring ring\na\nb",
        b"1 2 3",
        b"1 2 3\nonly a key",
        b"99999999999999999999 99999999999999999999 99999999999999999999\nx\ny",
        b"{}" * 100_000,
    ],
)
async def test_rubbish_on_the_bell_is_counted_and_harms_nothing(
    redis_url: str, raw: Redis, tray: Tray, rubbish: bytes
) -> None:
    async with opened(redis_url, reject=tray) as bus, listening(bus) as listener:
        await bus.publish("network", counted([1]))
        await raw.publish("cc:bell:network", rubbish)
        await raw.publish(b"cc:bell:\xff", rubbish)
        await bus.publish("network", counted([2]))
        await listener.until_told(2)
        assert listener.counts == [1, 2]
        assert listener.connected == [True]
        assert bus.rejected == len(tray.kept)
        assert bus.rejected == (0 if rubbish.startswith(b"9999") else 2)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (b"no json", b"{}"),
        (b"7", b"{}"),
        (b'"device/x"', b"[]"),
        (b'"device/x"', b'{"at":"0001-01-01T00:00:00+14:00","value":{},"origin":"live"}'),
        (b'"device/x"', b'{"at":"2026-11-21T02:42:17Z","value":7,"origin":"live"}'),
    ],
)
async def test_a_reading_that_cannot_be_read_is_counted_and_the_others_are_told(
    redis_url: str, raw: Redis, tray: Tray, key: bytes, told: bytes
) -> None:
    async with opened(redis_url, reject=tray) as bus:
        await bus.publish("network", counted([1]))
        number = (await bus.latest("network"))["device/1"].number
        async with listening(bus) as listener:
            epoch = (await raw.hget("cc:{network}:state", "epoch")).decode()  # type: ignore[union-attr]
            good = orjson.dumps({"at": NOW, "value": {"n": 2}, "origin": "live"})
            head = f"{epoch} {number} {number + 1}".encode()
            await raw.publish("cc:bell:network", b"\n".join([head, key, told, b'"device/2"', good]))
            await listener.until_told(2)
        assert listener.counts == [1, 2]
        assert (bus.rejected, len(tray.kept)) == (1, 1)


async def test_what_cannot_be_read_among_the_kept_is_counted_and_the_others_are_told(
    bus: Bus, raw: Redis
) -> None:
    await bus.publish("network", counted([1]))
    await raw.hset("cc:{network}:latest", "no json", "5\n{}")

    async with listening(bus) as listener:
        assert listener.counts == [1]
    assert bus.rejected == 1
