"""The latest picture of every camera."""

from __future__ import annotations

from datetime import timedelta

from redis.asyncio import Redis

from commandcenter.bus import Bus
from tests.bus.conftest import listening
from tests.conftest import NOW

JPEG = b"\xff\xd8\x00\n\xff\xd9"


async def test_the_latest_picture_of_a_camera_is_kept_with_its_time(bus: Bus) -> None:
    await bus.keep_picture("simpang-4", b"before", NOW - timedelta(seconds=1), timedelta(minutes=1))
    number = await bus.keep_picture("simpang-4", JPEG, NOW, timedelta(minutes=1))

    picture = await bus.picture("simpang-4")
    assert picture is not None
    assert (picture.jpeg, picture.captured_at, picture.number) == (JPEG, NOW, number)


async def test_a_later_picture_has_a_higher_number(bus: Bus) -> None:
    moments = [NOW, NOW + timedelta(microseconds=1), NOW + timedelta(hours=1)]
    numbers = [await bus.keep_picture("a", JPEG, at, timedelta(minutes=1)) for at in moments]
    assert numbers == sorted(set(numbers))


async def test_a_camera_without_picture_has_none(bus: Bus) -> None:
    assert await bus.picture("alun-alun") is None


async def test_a_picture_ends_with_its_time_to_live(bus: Bus, raw: Redis) -> None:
    await bus.keep_picture("a", JPEG, NOW, timedelta(seconds=30))
    assert 29_000 < await raw.pttl("cc:{cameras}:picture:a") <= 30_000


async def test_pictures_ring_no_bell(bus: Bus) -> None:
    async with listening(bus) as listener:
        await bus.keep_picture("a", JPEG, NOW, timedelta(seconds=30))
        await bus.publish("cameras", [])
        assert listener.told == []
