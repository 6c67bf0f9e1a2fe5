"""The stills around a fall: which cameras, which pictures, fetched once and through any restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.bus import Bus
from commandcenter.bus.pictures import Pictures, Size, Still
from commandcenter.incidents.decision import Open, Place
from commandcenter.incidents.rules import Rule, Thing, Words
from commandcenter.incidents.stills import Cameras, Holds, Stills, choice
from commandcenter.incidents.watch import Watcher
from commandcenter.reading import Origin, Reading
from commandcenter.records import evidence
from commandcenter.records.database import Records
from commandcenter.records.evidence import Evidence, Role, Wish, evidence_of, piece
from commandcenter.records.incidents import IncidentRow, open_incident, open_incidents
from tests.conftest import NOW, Clock, RedisProcess
from tests.watch.test_watch import Wall, running

BAD = Rule(
    name="camera-bad",
    feed="cameras",
    kind="camera",
    when="state != 'live'",
    text="Kamera {name} bermasalah",
    hold=30,
)
DOWN = Rule(name="link-down", feed="network", when="state == 'down'", text="Tautan {name} putus")
FEEDS = {"cameras": Origin.LIVE, "network": Origin.LIVE}


def camera(at: datetime, key: str = "pelabuhan", **value: Any) -> Reading:
    told = {"name": key, "state": "live", "picture": 1, "place": 0, "office": "", "behind": ""}
    return Reading(feed="cameras", key=f"camera/{key}", at=at, value=told | value)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def kept_until(records: Records, number: int, true: Callable[[dict[str, Any]], bool]) -> Any:
    """The stills of an incident by role, as soon as they are so."""
    async with asyncio.timeout(10):
        while True:
            pieces = await records.read(evidence_of, number)
            stills: dict[str, Evidence] = {p.role: p for p in pieces if p.kind == "picture"}
            if true(stills):
                return stills
            await asyncio.sleep(0.01)


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    bus = Bus(redis_url)
    yield bus
    await bus.close()


@pytest.fixture
async def pictures(redis_url: str) -> AsyncIterator[Pictures]:
    pictures = Pictures(redis_url)
    yield pictures
    await pictures.close()


async def take(pictures: Pictures, *seconds: float, key: str = "pelabuhan") -> None:
    """The camera sends pictures, so long after the fall; each says when."""
    for at in seconds:
        ttl = timedelta(minutes=10)
        await pictures.keep(key, b"small", f"taken at {at:+g} s".encode(), after(at), ttl)


def watcher(bus: Bus, records: Records, clock: Clock, pictures: Pictures, *rules: Rule) -> Watcher:
    found = Watcher(bus, records, rules or (BAD,), FEEDS, clock, pictures=pictures)
    found.every = found.stills.every = 0.02
    return found


async def the_camera_falls(watching: Watcher, wall: Wall) -> IncidentRow:
    """Its incident, which opens when the rule's hold is over."""
    clock: Any = watching.now
    await wall.until(lambda v: "totals/all" in v)
    fallen = camera(clock.now, state="frozen")
    await watching.bus.publish("cameras", [fallen])
    async with asyncio.timeout(10):
        while watching.memory.value("cameras", fallen.key) is None:
            await asyncio.sleep(0.01)
    clock.forward(30)
    await wall.until(lambda v: v["totals/all"]["open"] == 1)
    [row] = await watching.records.read(open_incidents)
    return row


# ------------------------------------------------------------------ from the fall to the records


async def test_an_incident_keeps_a_still_from_before_at_and_after_the_fall(
    bus: Bus, records: Records, clock: Clock, pictures: Pictures
) -> None:
    wall, watching = Wall(), watcher(bus, records, clock, pictures)
    await take(pictures, -80, -40, -3, 4)
    async with running(watching.run(), wall.follow(bus)):
        row = await the_camera_falls(watching, wall)
        stills = await kept_until(records, row.id, lambda s: s["at"].state == "kept")
        assert stills["after"].state == "wanted"
        assert stills["after"].at == row.opened_at + timedelta(seconds=60)
        await take(pictures, 85, 95, 100)
        clock.forward(70)
        stills = await kept_until(records, row.id, lambda s: s["after"].state == "kept")
    bodies = {role: await records.read(piece, one.id) for role, one in stills.items()}
    told = {role: one.body for role, one in bodies.items() if one}
    assert told == {
        "before": b"taken at -80 s",
        "at": b"taken at -3 s",
        "after": b"taken at +95 s",
    }
    assert stills["before"].at == after(-80)
    assert stills["at"].fell_at == row.opened_at - timedelta(seconds=30)


async def test_what_is_still_to_come_survives_a_restart_and_nothing_is_fetched_twice(
    bus: Bus, records: Records, clock: Clock, pictures: Pictures
) -> None:
    wall, watching = Wall(), watcher(bus, records, clock, pictures)
    await take(pictures, -65, -3)
    async with running(watching.run(), wall.follow(bus)):
        row = await the_camera_falls(watching, wall)
        first = await kept_until(records, row.id, lambda s: s["at"].state == "kept")
    await take(pictures, 70, 93)
    clock.forward(120)
    async with running(watcher(bus, records, clock, pictures).run()):
        then = await kept_until(records, row.id, lambda s: s["after"].state == "kept")
    assert then["after"].at == after(93)
    assert (then["before"], then["at"]) == (first["before"], first["at"])


async def test_a_camera_that_stays_away_is_given_up_after_ten_minutes_and_that_is_said(
    records: Records, clock: Clock, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stills = Stills(records, pictures, clock, Holds([BAD]))
    number = await fell(records, stills, clock, "camera/pelabuhan")
    await stills.fetch()
    told = await by_role(records, number)
    assert {role: one.state for role, one in told.items()} == {
        "before": "missed",  # the past brings no new pictures
        "at": "wanted",
        "after": "wanted",
    }
    clock.forward(599)
    await stills.fetch()
    assert (await by_role(records, number))["at"].state == "wanted"
    clock.forward(61)
    await stills.fetch()
    told = await by_role(records, number)
    assert (told["at"].state, told["after"].state) == ("missed", "missed")
    assert f"incident {number}: camera pelabuhan has no picture from after the fall" in caplog.text


async def test_while_the_pictures_are_away_nothing_is_given_up(
    redis_process: RedisProcess, sqlite_records: Records, clock: Clock
) -> None:
    pictures = Pictures(redis_process.url)
    stills = Stills(sqlite_records, pictures, clock, Holds([BAD]))
    number = await fell(sqlite_records, stills, clock, "camera/pelabuhan")
    redis_process.stop()
    await stills.fetch()
    assert stills.error
    assert {one.state for one in (await by_role(sqlite_records, number)).values()} == {"wanted"}
    redis_process.start()
    await take(pictures, -65, -1)
    await stills.fetch()
    assert not stills.error
    told = await by_role(sqlite_records, number)
    assert (told["before"].state, told["at"].state) == ("kept", "kept")
    await pictures.close()


class Slow(Pictures):
    """Pictures that never come."""

    async def numbers(self, camera: str) -> list[int]:
        await asyncio.Event().wait()
        return []


async def test_a_flood_of_stills_does_not_delay_the_judging(
    bus: Bus, sqlite_records: Records, clock: Clock, redis_url: str
) -> None:
    wall = Wall()
    pictures = Slow(redis_url)
    watching = watcher(bus, sqlite_records, clock, pictures, DOWN)
    near = [camera(clock.now, f"c{n}", behind="rtr-0") for n in range(4)]
    links = [
        Reading(feed="network", key=f"device/rtr-{n}", at=NOW, value={"state": "down"})
        for n in range(200)
    ]
    async with running(watching.run(), wall.follow(bus)):
        await wall.until(lambda v: "totals/all" in v)
        await bus.publish("cameras", near)
        await bus.publish("network", links[:1])
        await wall.until(lambda v: v["totals/all"]["open"] == 1)
        await bus.publish("network", links[1:])
        await wall.until(lambda v: v["totals/all"]["open"] == 200)
    await pictures.close()


class Counted(Pictures):
    """Counts what is fetched, and how much of it at the same time."""

    fetched = at_once = most = 0

    async def still(self, camera: str, number: int, size: Size) -> Still | None:
        self.at_once += 1
        self.most, self.fetched = max(self.most, self.at_once), self.fetched + 1
        try:
            return await super().still(camera, number, size)
        finally:
            self.at_once -= 1


async def test_pictures_come_one_by_one_and_one_that_many_incidents_want_comes_once(
    sqlite_records: Records, clock: Clock, redis_url: str
) -> None:
    pictures = Counted(redis_url)
    stills = Stills(sqlite_records, pictures, clock, Holds([DOWN]))
    for key in ("c1", "c2"):
        stills.cameras.hear(camera(NOW, key, office="dinkes"))
        await take(pictures, -65, -1, key=key)
    for n in range(50):
        await fell(sqlite_records, stills, clock, f"machine/{n}", office="dinkes")
    await stills.fetch()
    assert (pictures.fetched, pictures.most) == (4, 1)
    rows = await sqlite_records.read(open_incidents)
    kept = [one for row in rows for one in await sqlite_records.read(evidence_of, row.id)]
    assert len([one for one in kept if one.state == "kept"]) == 200
    await pictures.close()


async def fell(
    records: Records, stills: Stills, clock: Clock, key: str, *, office: str = ""
) -> int:
    """An incident opens, as the clerk writes it."""
    thing, words = Thing("camera-bad", "cameras", key), Words("warning", "", "")
    opened = Open(thing, clock.now, words, Origin.LIVE, Place(office=office))
    number = await records.write(open_incident, thing, clock.now, level="warning", title="")
    await records.write(evidence.want, number, stills.wishes(opened))
    return number


async def by_role(records: Records, number: int) -> dict[str, Evidence]:
    return {one.role: one for one in await records.read(evidence_of, number)}


# ------------------------------------------------------------------ which cameras


@pytest.fixture
def cameras() -> Cameras:
    found = Cameras()
    for reading in (
        camera(NOW, "jauh", office="setda"),
        camera(NOW, "putus", place=1, office="dinkes", behind="rtr-dinkes", state="unreachable"),
        camera(NOW, "belakang", place=2, behind="rtr-dinkes"),
        camera(NOW, "halaman", place=3, office="dinkes", state="late"),
        camera(NOW, "kosong", place=4, office="dinkes", state="unauthorized", picture=None),
    ):
        found.hear(reading)
    return found


@pytest.mark.parametrize(
    ("key", "office", "expected"),
    [
        ("camera/kosong", "dinkes", ["kosong"]),
        ("device/rtr-dinkes", "dinkes", ["belakang", "halaman", "putus"]),
        ("device/rtr-dinkes", "", ["belakang", "putus"]),
        ("office/dinkes", "dinkes", ["halaman", "putus"]),
        ("machine/CK1", "dinkes", ["halaman", "putus"]),
        ("machine/CK2", "", []),
        ("complaint/12", "dinkes", []),
    ],
)
def test_the_cameras_of_an_incident_are_those_near_it_that_have_pictures(
    cameras: Cameras, key: str, office: str, expected: list[str]
) -> None:
    assert cameras.of(key, office) == expected


def test_at_most_four_cameras_belong_to_an_incident_those_that_send_first(cameras: Cameras) -> None:
    for n in range(5, 10):
        cameras.hear(camera(NOW, f"c{n}", place=n, office="dinkes"))
    assert cameras.of("office/dinkes", "dinkes") == ["halaman", "c5", "c6", "c7"]
    gone = Reading(feed="cameras", key="camera/c5", at=NOW, value=None)
    cameras.hear(gone)
    assert cameras.of("office/dinkes", "dinkes") == ["halaman", "c6", "c7", "c8"]


# ------------------------------------------------------------------ which pictures


@pytest.mark.parametrize(
    ("role", "taken", "chosen"),
    [
        ("before", (-200, -95, -31, -29, -1), -31),
        ("before", (-29, -1), None),
        ("at", (-31, -20, -4, 6), -4),
        ("at", (-31, -20, 6), 6),
        ("at", (-31, 95), None),  # a later one is "after"
        ("after", (-1, 89, 91, 96), 91),
        ("after", (-1, 89), None),
    ],
)
def test_which_picture_is_taken(role: Role, taken: tuple[int, ...], chosen: int | None) -> None:
    opened = after(30)
    wish = Wish(
        camera="c", role=role, fell_at=NOW, at=opened + timedelta(seconds=60 * (role == "after"))
    )
    numbers = [round(after(seconds).timestamp() * 1e6) for seconds in taken]
    expected = None if chosen is None else round(after(chosen).timestamp() * 1e6)
    assert choice(as_piece(wish), numbers) == expected


def as_piece(wish: Wish) -> Evidence:
    """As the records tell it."""
    return Evidence(
        id=1,
        incident_id=1,
        at=wish.at,
        kind="picture",
        media_type="image/jpeg",
        camera=wish.camera,
        role=wish.role,
        fell_at=wish.fell_at,
        state="wanted",
        sha256="",
        forgotten_at=None,
        body=b"",
    )


@pytest.mark.parametrize(
    ("topic", "level", "flapping", "seconds"),
    [
        ("camera-bad", "warning", False, 30),
        ("camera-bad", "warning", True, 0),  # it opened at once
        ("feed-silent", "critical", False, 190),
        ("no-rule", "warning", False, 0),
    ],
)
def test_how_long_it_had_been_bad_is_what_the_rule_waited(
    topic: str, level: str, flapping: bool, seconds: float
) -> None:
    silent = Rule(name="feed-silent", feed="*", silent=180, hold=10, level="critical", text="diam")
    thing = Thing(topic, "cameras", "camera/c")
    opened = Open(thing, NOW, Words(level, "", ""), Origin.LIVE, flapping=flapping)
    assert Holds([BAD, silent]).of(opened) == timedelta(seconds=seconds)
