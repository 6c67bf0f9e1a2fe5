"""Presence: what is told of the displays, and what is done with what displays tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from commandcenter.board import Board
from commandcenter.bus import Bus, BusDown
from commandcenter.reading import Reading
from commandcenter.records.database import Records
from commandcenter.records.pairing import ask
from commandcenter.staging.scenes import Scene, Wall
from commandcenter.web.displays import Displays
from commandcenter.web.presence import Presence
from commandcenter.web.stages import Stages
from tests.conftest import Clock, RedisProcess, Tray

WALL = Wall(name="utama", picture=("map",), scene=(Scene(name="kamera", picture=("cctv",)),))
REPORT = {
    "w": 1920,
    "h": 1080,
    "dpr": 1,
    "memory": 20_000_000,
    "offset": -12,
    "scene": "utama",
    "sound": "on",
    "stalls": 0,
}


@dataclass
class Room:
    """Displays, the bus and the records, with pages that come and go."""

    presence: Presence
    displays: Displays
    bus: Bus
    clock: Clock
    tray: Tray
    pages: dict[str, float] = field(default_factory=dict)

    async def pair(self, name: str = "Layar depan") -> int:
        asking = await self.displays.records.write(ask, self.clock.now, address="10.0.0.7")
        where = name, "Ruang komando", "utama"
        found = await self.displays.pair(asking.code, *where, "operator 1", "127.0.0.1")
        return found.id

    def come(self, number: int) -> None:
        """A page is heard just now."""
        self.pages[f"display/{number}"] = asyncio.get_running_loop().time()

    def say(self, number: int, **told: Any) -> None:
        self.come(number)
        self.presence.told(f"display/{number}", "10.0.0.7", json.dumps(REPORT | told))

    async def told(self) -> dict[str, Any]:
        """What lies on the bus after a look; a key that was forgotten is not there."""
        await self.presence.look()
        return {k: r.value for k, r in (await self.bus.latest("displays")).items() if r.value}


@pytest.fixture
def pages() -> dict[str, float]:
    return {}


@pytest.fixture
async def room(
    redis_process: RedisProcess,
    sqlite_records: Records,
    clock: Clock,
    tray: Tray,
    pages: dict[str, float],
) -> AsyncIterator[Room]:
    displays = Displays(sqlite_records, clock)
    await displays.load()
    bus = Bus(redis_process.url)
    stages = Stages(
        walls=[WALL],
        display=displays.get,
        board=Board(patience={}),
        panels={"map", "cctv"},
        wellness=lambda names: dict.fromkeys(names, "well"),
        guests=lambda: displays.guests,
        now=clock,
    )
    presence = Presence(
        displays=displays,
        stages=stages,
        here=lambda: pages,
        bus=bus,
        now=clock,
        reject=tray,
    )
    yield Room(presence, displays, bus, clock, tray, pages)
    await bus.close()


async def test_a_display_is_told_as_its_page_the_records_and_the_stage_have_it(
    room: Room,
) -> None:
    number = await room.pair()
    assert (await room.told())[f"display/{number}"]["state"] == "never"
    room.say(number, w=960, h=540, dpr=2)
    told = (await room.told())[f"display/{number}"]
    assert (told["state"], told["name"], told["room"]) == ("lit", "Layar depan", "Ruang komando")
    assert (told["width"], told["height"]) == (1920, 1080)  # the screen's own pixels
    assert (told["scene"], told["wall"], told["held"]) == ("utama", "utama", False)
    assert (told["memory_bytes"], told["clock_offset_ms"]) == (20_000_000, -12)
    assert (told["sound"], told["stalls"], told["address"]) == ("on", 0, "10.0.0.7")
    assert told["heard_at"] is not None


async def test_a_page_that_went_leaves_its_display_silent_since_it_was_last_heard(
    room: Room,
) -> None:
    number = await room.pair()
    room.say(number)
    heard_at = (await room.told())[f"display/{number}"]["heard_at"]
    room.clock.forward(60)
    room.pages.clear()
    room.presence.told(f"display/{number}", "", "")
    told = (await room.told())[f"display/{number}"]
    assert (told["state"], told["heard_at"]) == ("gone", heard_at)


async def test_a_page_that_has_not_said_how_it_is_yet_is_here_all_the_same(room: Room) -> None:
    number = await room.pair()
    room.come(number)
    told = (await room.told())[f"display/{number}"]
    assert (told["state"], told["memory_bytes"]) == ("lit", None)


async def test_what_an_operator_told_a_display_is_told_of_it(room: Room) -> None:
    number = await room.pair()
    room.come(number)
    control = {"scene": "kamera", "dark": True, "message": "Rapat", "muted": True}
    await room.displays.control(number, control, "operator 1", "", "hold")
    told = (await room.told())[f"display/{number}"]
    shown = {key: told[key] for key in ("state", "scene", "held", "dark", "message", "muted")}
    assert shown == {"state": "dark", "held": True} | control
    await room.displays.revoke(number, "operator 1", "")
    assert (await room.told())[f"display/{number}"]["state"] == "revoked"


async def test_memory_is_compared_with_what_the_same_page_had_at_first(room: Room) -> None:
    number = await room.pair()
    key = f"display/{number}"
    room.say(number, memory=20_000_000)
    room.say(number, memory=50_000_000)
    assert (await room.told())[key]["memory_grown_bytes"] == 30_000_000
    room.pages.clear()  # it loads itself anew
    await room.told()
    room.say(number, memory=21_000_000)
    assert (await room.told())[key]["memory_grown_bytes"] == 0


@pytest.mark.parametrize(
    "said",
    [
        "nonsense",
        "[]",
        "null",
        '{"w": 1920}',
        json.dumps(REPORT | {"w": 0}),
        json.dumps(REPORT | {"w": "wide"}),
        json.dumps(REPORT | {"dpr": 1e9}),
        '{"w": 1920, "h": 1080, "dpr": NaN}',
        json.dumps(REPORT | {"memory": -1}),
        json.dumps(REPORT | {"memory": 10**30}),
        json.dumps(REPORT | {"sound": "loud"}),
        json.dumps(REPORT | {"scene": "x" * 121}),
        json.dumps(REPORT | {"stalls": 10**12}),
    ],
)
async def test_a_report_that_nobody_understands_is_put_aside_and_disturbs_nothing(
    room: Room, said: str
) -> None:
    number = await room.pair()
    room.say(number)
    before = await room.told()
    room.presence.told(f"display/{number}", "10.0.0.7", said)
    assert await room.told() == before
    source, reason, body = room.tray.kept[0]
    assert source == f"display/{number} 10.0.0.7"
    assert (bool(reason), body) == (True, said.encode())


async def test_only_paired_displays_are_told_of(room: Room) -> None:
    room.presence.told("wall/utama", "127.0.0.1", json.dumps(REPORT))
    room.presence.told("", "", "")
    assert await room.told() == {"room/guests": {"on": False}}
    assert room.tray.kept == []


async def test_presets_and_guests_are_told_and_what_was_deleted_is_forgotten(room: Room) -> None:
    number = await room.pair()
    control = {"scene": "kamera", "panel": "", "thing": "", "dark": False}
    control |= {"message": "", "muted": False}
    settings = {str(number): {"wall": "utama", "control": control}}
    await room.displays.save_preset("Rapat", settings, "operator 1", "")
    await room.displays.set_guests(True, "operator 1", "")
    told = await room.told()
    assert told["room/guests"] == {"on": True}
    assert told["preset/Rapat"] == {"name": "Rapat", "displays": 1, "active": False}
    await room.displays.control(number, control, "operator 1", "", "hold")
    assert (await room.told())["preset/Rapat"]["active"] is True
    await room.displays.delete_preset("Rapat", "operator 1", "")
    assert "preset/Rapat" not in await room.told()


async def test_what_an_earlier_process_left_on_the_bus_is_forgotten(room: Room) -> None:
    left = Reading(feed="displays", key="preset/Lama", at=room.clock.now, value={"name": "Lama"})
    await room.bus.publish("displays", [left])
    assert "preset/Lama" not in await room.told()


async def test_after_an_outage_what_lies_on_the_bus_is_looked_at_anew(
    room: Room, redis_process: RedisProcess
) -> None:
    await room.told()
    redis_process.stop()
    room.clock.forward(10)
    with pytest.raises(BusDown):
        await room.presence.look()
    redis_process.start()  # with an older picture than ours
    left = Reading(feed="displays", key="preset/Lama", at=room.clock.now, value={"name": "Lama"})
    await room.bus.publish("displays", [left])
    assert "preset/Lama" not in await room.told()


async def test_before_the_records_were_read_nothing_is_told_and_nothing_forgotten(
    room: Room,
) -> None:
    await room.pair()
    before = await room.told()
    room.displays.loaded.clear()
    room.displays._kept.displays.clear()
    assert await room.told() == before


async def test_everything_is_told_again_so_that_the_feed_stays_fresh(room: Room) -> None:
    number = await room.pair()
    await room.presence.look()
    first = (await room.bus.latest("displays"))[f"display/{number}"]
    room.clock.forward(5)
    await room.presence.look()
    assert (await room.bus.latest("displays"))[f"display/{number}"] == first
    room.clock.forward(5)
    await room.presence.look()
    assert (await room.bus.latest("displays"))[f"display/{number}"].at == room.clock.now


@pytest.fixture
def running(room: Room) -> Iterator[asyncio.Task[None]]:
    task = asyncio.get_event_loop().create_task(room.presence.run())
    yield task
    task.cancel()


async def until_told(room: Room, number: int, **facts: Any) -> None:
    """Until the bus says so of a display."""
    async with asyncio.timeout(10):
        while True:
            with suppress(BusDown):
                kept = (await room.bus.latest("displays")).get(f"display/{number}")
                value = (kept.value if kept else None) or {}
                if all(value.get(key) == fact for key, fact in facts.items()):
                    return
            await asyncio.sleep(0.01)


async def test_a_bus_that_was_away_and_lost_everything_is_told_everything_again(
    room: Room, redis_process: RedisProcess, running: asyncio.Task[None]
) -> None:
    number = await room.pair()
    room.say(number, stalls=1)
    await until_told(room, number, stalls=1)
    redis_process.stop()
    redis_process.forget()
    room.say(number, stalls=2)
    redis_process.start()
    await until_told(room, number, stalls=2, name="Layar depan")


async def test_a_display_that_is_here_is_written_down(
    room: Room, running: asyncio.Task[None]
) -> None:
    number = await room.pair()
    room.say(number, w=3840, h=2160)
    async with asyncio.timeout(10):
        while (display := room.displays.get(number)) and display.last_seen_at is None:
            await room.displays.load()
    assert display is not None
    assert (display.width, display.height, display.address) == (3840, 2160, "10.0.0.7")
    assert display.last_seen_at == room.clock.now


async def test_a_change_is_told_at_once_and_not_at_the_next_look(
    room: Room, running: asyncio.Task[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commandcenter.web.presence.LOOK_EVERY", 60.0)
    number = await room.pair()
    room.say(number)
    await until_told(room, number, state="lit")
    room.displays.listeners.append(room.presence.wake)
    await room.displays.control(number, {"dark": True}, "operator 1", "", "dark")
    await until_told(room, number, state="dark")
