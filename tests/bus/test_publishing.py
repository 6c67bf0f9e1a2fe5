"""Publishing: numbered, kept and told in one step."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from commandcenter.bus import Bus, BusDown
from tests.bus.conftest import counted, opened, reading
from tests.conftest import Tray, free_port


async def test_the_latest_of_every_key_is_kept(bus: Bus) -> None:
    await bus.publish("network", [reading("device/a", {"n": 1}), reading("device/b", {"n": 2})])
    await bus.publish("network", [reading("device/a", {"n": 3})])

    kept = await bus.latest("network")
    assert {key: one.value for key, one in kept.items()} == {
        "device/a": {"n": 3},
        "device/b": {"n": 2},
    }


async def test_numbers_rise_by_the_clock_of_the_server(bus: Bus, raw: Redis) -> None:
    seconds, micros = await raw.time()
    await bus.publish("network", counted(range(1200)))

    numbers = sorted(one.number for one in (await bus.latest("network")).values())
    assert numbers[0] >= seconds * 1_000_000 + micros
    assert len(set(numbers)) == 10


async def test_numbers_rise_even_when_the_clock_of_the_server_is_behind(
    bus: Bus, raw: Redis
) -> None:
    await bus.publish("network", [])
    far = 4_000_000_000_000_000  # in the year 2096
    await raw.hset("cc:{network}:state", "number", str(far))
    await bus.publish("network", counted([1, 2]))

    assert [one.number for one in (await bus.latest("network")).values()] == [far + 1, far + 2]


async def test_a_thing_that_is_forgotten_is_no_longer_kept(bus: Bus) -> None:
    await bus.publish("network", [reading("device/a", {"n": 1}), reading("device/b", {"n": 2})])
    await bus.publish("network", [reading("device/a", None)])

    assert set(await bus.latest("network")) == {"device/b"}


async def test_what_is_published_last_is_the_latest_whatever_its_key_looks_like(bus: Bus) -> None:
    keys = ["complaint/a\nb", "complaint/…", 'complaint/"', "complaint/ {x}"]
    await bus.publish("complaints", [reading(key, {"n": 1}) for key in keys])

    assert sorted(await bus.latest("complaints")) == sorted(keys)


async def test_a_chatty_feed_does_not_push_out_a_quiet_one(redis_url: str) -> None:
    async with opened(redis_url, keep=100) as bus:
        await bus.publish("complaints", [reading("totals/all", {"open": 7})])
        await bus.publish("network", [reading("device/quiet", {"n": -1})])
        await bus.publish("network", counted(range(5000)))

        assert (await bus.latest("complaints"))["totals/all"].value == {"open": 7}
        assert (await bus.latest("network"))["device/quiet"].value == {"n": -1}


async def test_the_recent_ones_are_capped(redis_url: str, raw: Redis) -> None:
    async with opened(redis_url, keep=100) as bus:
        await bus.publish("network", counted(range(5000)))

    assert await raw.xlen("cc:{network}:recent") <= 200  # whole nodes of the stream are dropped


async def test_what_json_cannot_say_costs_itself_only_and_is_counted(
    redis_url: str, tray: Tray
) -> None:
    async with opened(redis_url, reject=tray) as bus:
        await bus.publish(
            "network", [reading("device/a", {"n": 2**70}), reading("device/b", {"n": 2})]
        )
        kept = await bus.latest("network")
        assert {key: told.value for key, told in kept.items()} == {
            "device/a": {"n": None},
            "device/b": {"n": 2},
        }
        assert bus.rejected == 1
    assert "device/a" in tray.kept[0][1]


async def test_the_script_is_loaded_again_when_redis_has_dropped_it(bus: Bus, raw: Redis) -> None:
    await bus.publish("network", counted([1]))
    await raw.script_flush()
    await bus.publish("network", counted([2]))

    assert len(await bus.latest("network")) == 2


async def test_a_publisher_learns_that_redis_lost_its_memory(bus: Bus, raw: Redis) -> None:
    assert await bus.publish("network", counted([1, 2]))
    assert await bus.publish("network", [])
    await raw.flushall()

    assert not await bus.publish("network", [])
    assert await bus.publish("network", counted([1, 2]))
    assert await bus.publish("network", [])


async def test_every_publisher_of_a_feed_learns_it(bus: Bus, redis_url: str, raw: Redis) -> None:
    async with opened(redis_url) as other:
        assert await bus.publish("system", [reading("feed/network", {"ok": True})])
        assert await other.publish("system", [reading("feed/cameras", {"ok": True})])
        await raw.flushall()

        assert not await bus.publish("system", [])
        assert not await other.publish("system", [])


async def test_a_publisher_learns_that_redis_lost_the_last_of_its_writes(
    bus: Bus, raw: Redis
) -> None:
    await bus.publish("network", counted([1]))
    older = [(key, await raw.dump(key) or b"") for key in await raw.keys("cc:{network}:*")]
    await bus.publish("network", counted([2]))
    for key, dump in older:  # as after a replica took over that had seen fewer writes
        await raw.restore(key, 0, dump, replace=True)

    assert not await bus.publish("network", [])


async def test_a_redis_that_is_away_is_told_without_its_password() -> None:
    port = free_port()
    async with opened(f"redis://operator:geheim@127.0.0.1:{port}/0?client_name=geheim") as bus:
        with pytest.raises(BusDown) as told:
            await bus.publish("network", counted([1]))
    assert f"redis://***@127.0.0.1:{port}/0" in str(told.value)
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize("url", ["http://:geheim@x", "redis://a:geheim/x@host", "geheim"])
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="redis://, rediss:// or unix://") as told:
        Bus(url)
    assert "geheim" not in str(told.value)


async def test_a_key_of_ours_that_another_program_has_written_is_told(bus: Bus, raw: Redis) -> None:
    await raw.set("cc:{network}:state", "mine")
    with pytest.raises(BusDown, match="WRONGTYPE"):
        await bus.publish("network", counted([1]))


async def test_ping_tells_how_long_redis_takes(bus: Bus) -> None:
    assert 0 < await bus.ping() < 3
