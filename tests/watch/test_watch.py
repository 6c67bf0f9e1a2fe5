"""The watch with a real Redis and real databases: from a reading to the wall's incident."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from commandcenter.bus import Bus
from commandcenter.bus.pictures import Pictures
from commandcenter.incidents.bell import incident_value
from commandcenter.incidents.rules import Rule
from commandcenter.incidents.watch import HEARTBEAT, Settings, Watcher
from commandcenter.reading import Origin, Reading
from commandcenter.records import life, maintenance
from commandcenter.records.database import Records
from commandcenter.records.evidence import evidence_of, piece
from commandcenter.records.incidents import (
    IncidentRow,
    incident_of,
    log_of,
    open_incident,
    open_incidents,
    recover,
    unclosed,
)
from commandcenter.records.life import Step, Terms, take_step
from tests.conftest import NOW, Clock, RedisProcess

DOWN = Rule(
    name="link-down",
    feed="network",
    when="state == 'down'",
    level="critical",
    text="Tautan {name} putus",
    detail="{detail}",
    hold_close=0,
)
LINK = ("link-down", "network", "device/rtr")
FEEDS = {"network": Origin.DEMO}


@dataclass
class Wall:
    """What a screen knows of incidents, by following the bus."""

    feed: str = "incidents"
    values: dict[str, Any] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self, bus: Bus) -> None:
        async with aclosing(bus.follow([self.feed])) as follower:
            async for news in follower:
                async with self.heard:
                    for reading in news.readings:
                        self.take(reading)
                    self.heard.notify_all()

    def take(self, reading: Reading) -> None:
        self.readings[reading.key] = reading
        self.values[reading.key] = reading.value
        if reading.value is None:
            del self.values[reading.key]

    async def until(self, true: Callable[[dict[str, Any]], object], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds), self.heard:
            await self.heard.wait_for(lambda: true(self.values))

    @property
    def incidents(self) -> list[Any]:
        return [value for key, value in self.values.items() if key.startswith("incident/")]


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    bus = Bus(redis_url)
    yield bus
    await bus.close()


def watcher(bus: Bus, records: Records, clock: Clock, *rules: Rule) -> Watcher:
    settings = Settings(terms=Terms(acknowledged_for=3600))
    none = Pictures(bus.url)  # without cameras it is asked for nothing, so it opens no connection
    watcher = Watcher(bus, records, rules or (DOWN,), FEEDS, clock, settings, pictures=none)
    watcher.every = 0.02
    return watcher


def link(clock: Clock, state: str, key: str = "device/rtr", **value: Any) -> Reading:
    told = {"name": "Dinkes", "state": state, "detail": "no answer"} | value
    return Reading(feed="network", key=key, at=clock.now, value=told, origin=Origin.DEMO)


async def test_a_link_goes_down_and_comes_back(bus: Bus, records: Records, clock: Clock) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 0)
        await bus.publish("network", [link(clock, "down"), link(clock, "up", "device/other")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        key = f"incident/{row.id}"
        assert wall.values[key] == incident_value(row)
        told = {"number", "title", "detail", "level", "state", "feed", "about", "version"}
        assert {name: wall.values[key][name] for name in told} == {
            "number": row.id,
            "title": "Tautan Dinkes putus",
            "detail": "no answer",
            "level": "critical",
            "state": "open",
            "feed": "network",
            "about": "device/rtr",
            "version": 1,
        }
        assert wall.values["totals/all"] == {
            "open": 1,
            "acknowledged": 0,
            "unacknowledged": 1,
            "critical": 1,
            "oldest_at": NOW.isoformat(),
            "shelved": 0,
            "resolved": 0,
            "resolved_today": 0,
        }
        assert wall.readings[key].origin is wall.readings["totals/all"].origin is Origin.DEMO
        await bus.publish("network", [link(clock, "down", detail="ifOperStatus down")])
        await wall.until(lambda v: v[key]["detail"] == "ifOperStatus down")
        await bus.publish("network", [link(clock, "up")])
        await wall.until(lambda v: key not in v and v["totals/all"]["open"] == 0)
        assert wall.values[f"aside/{row.id}"]["state"] == "resolved"
        clock.forward(1800)
        await wall.until(lambda v: f"aside/{row.id}" not in v)
    steps = await records.read(log_of, row.id)
    assert [step.step for step in steps] == ["opened", "resolved", "closed"]


async def test_a_fall_that_was_told_before_the_watcher_started_is_judged(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    await bus.publish("network", [link(clock, "down")])
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)


async def test_a_restart_does_not_open_again_and_closes_what_is_good(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    both = [link(clock, "down"), link(clock, "down", "device/two")]
    await bus.publish("network", both)
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 2)
    clock.forward(60)
    await bus.publish("network", [link(clock, "up", "device/two")])
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
    [row] = await records.read(open_incidents)
    assert (row.key, row.opened_at, row.count) == ("device/rtr", NOW, 1)
    assert await resolved(records) == ["device/two"]


async def test_two_watchers_open_one_incident(bus: Bus, records: Records, clock: Clock) -> None:
    wall, other = Wall(), watcher(bus, records, clock)
    async with running(watcher(bus, records, clock).run(), other.run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down", f"device/{n}") for n in range(30)])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 30)
        await bus.publish("network", [link(clock, "up", f"device/{n}") for n in range(30)])
        await wall.until(lambda v: v["totals/all"]["open"] == 0 and not wall.incidents)
    assert len(await resolved(records)) == 30


async def resolved(records: Records) -> list[str]:
    return [row.key for row in await records.read(unclosed) if row.state == "resolved"]


async def step(
    records: Records, row: IncidentRow, act: life.Act, clock: Clock, **more: Any
) -> IncidentRow:
    """What an operator does, in another process."""
    row = await records.read(incident_of, row.id)
    taken = Step(incident=row.id, version=row.version, act=act, who="operator 1", **more)
    return await records.write(take_step, taken, clock.now, Terms(acknowledged_for=3600))


async def test_whatever_another_process_does_with_an_incident_is_told(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        key = f"incident/{row.id}"
        await step(records, row, "acknowledge", clock)
        await wall.until(lambda v: v[key]["acknowledged_by"] == "operator 1")
        await wall.until(lambda v: v["totals/all"]["unacknowledged"] == 0)
        await bus.publish("network", [link(clock, "down", detail="b")])
        await wall.until(lambda v: v[key]["detail"] == "b")
        assert wall.values[key]["acknowledged_by"] == "operator 1"
        until = clock.now + timedelta(minutes=30)
        await step(records, row, "shelve", clock, until=until)
        await wall.until(lambda v: key not in v and f"aside/{row.id}" in v)
        assert wall.values["totals/all"]["shelved"] == 1


async def test_older_facts_on_the_bus_are_put_right(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    await bus.publish("network", [link(clock, "down")])
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        late = wall.readings[f"incident/{row.id}"]
        await step(records, row, "acknowledge", clock)
        await wall.until(lambda v: v[late.key]["acknowledged_by"] == "operator 1")
        await bus.publish("incidents", [late])
        await wall.until(lambda v: v[late.key]["acknowledged_by"] is None)
        await wall.until(lambda v: v[late.key]["acknowledged_by"] == "operator 1")
        await records.write(recover, LINK, clock.now, reason="")
        await wall.until(lambda v: late.key not in v)
        await bus.publish("incidents", [late])
        await wall.until(lambda v: late.key in v)
        await wall.until(lambda v: late.key not in v)


async def test_an_acknowledgement_expires_and_the_wall_hears_of_it(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        await step(records, row, "acknowledge", clock)
        await wall.until(lambda v: v["totals/all"]["acknowledged"] == 1)
        clock.forward(3600)
        await wall.until(lambda v: v["totals/all"]["unacknowledged"] == 1)


async def test_what_a_person_resolved_and_is_still_bad_opens_again(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        await step(records, row, "resolve", clock, cause="false alarm")
        await wall.until(lambda v: v["totals/all"]["open"] == 0)
        clock.forward(299)
        await bus.publish("network", [link(clock, "down")])
        clock.forward(2)
        await wall.until(lambda v: v["totals/all"]["open"] == 1)
    steps = [one.step for one in await records.read(log_of, row.id)]
    assert steps == ["opened", "resolved", "reopened"]


async def test_a_resolving_that_was_taken_back_recovers_by_itself(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        await step(records, row, "resolve", clock, cause="power")
        await wall.until(lambda v: v["totals/all"]["open"] == 0)
        await step(records, row, "undo", clock)
        await wall.until(lambda v: v["totals/all"]["open"] == 1)
        await bus.publish("network", [link(clock, "up")])
        await wall.until(lambda v: v["totals/all"]["open"] == 0)


async def test_an_alert_of_another_system_is_told_and_left_to_its_sender(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    alert = ("alert/zabbix", "alerts", "alert/zabbix:18")
    told: Any = {"level": "critical", "title": "Situs tidak menjawab", "source": "zabbix"}
    await records.write(open_incident, alert, clock.now, **told)
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        await records.write(recover, alert, clock.now, reason="pengirim menyatakan selesai")
        await wall.until(lambda v: v["totals/all"]["open"] == 0)


async def test_nothing_opens_under_maintenance_and_what_is_open_says_so(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        await records.write(
            maintenance.plan,
            kind="feed",
            scope="network",
            title="Ganti router",
            note="",
            starts_at=clock.now,
            ends_at=clock.now + timedelta(hours=1),
            zone="Asia/Jakarta",
            who="operator 1",
            at=clock.now,
        )
        await wall.until(lambda v: v[f"incident/{row.id}"]["maintenance"])
        await bus.publish("network", [link(clock, "down", "device/two")])
        clock.forward(3601)
        await wall.until(lambda v: not v[f"incident/{row.id}"]["maintenance"])
        assert len(await records.read(open_incidents)) == 1
        await bus.publish("network", [link(clock, "down", "device/two")])
        await wall.until(lambda v: v["totals/all"]["open"] == 2)


async def test_what_was_measured_before_it_happened_is_kept(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: "totals/all" in v)
        for rtt in (4.0, 90.0):
            await bus.publish("network", [link(clock, "up", rtt_ms=rtt)])
        await bus.publish("network", [link(clock, "down", rtt_ms=None)])
        await wall.until(lambda v: v["totals/all"]["open"] == 1)
        [row] = await records.read(open_incidents)
    kinds = {one.kind: one.id for one in await records.read(evidence_of, row.id)}
    assert kinds.keys() == {"reading", "series"}
    series = await records.read(piece, kinds["series"])
    assert series is not None
    assert [point["value"] for point in orjson.loads(series.body)] == [4.0, 90.0]


async def test_a_ghost_that_the_bus_kept_over_a_restart_is_forgotten(
    bus: Bus, records: Records, clock: Clock
) -> None:
    ghost = Reading(feed="incidents", key="incident/77", at=NOW, value={"number": 77})
    await bus.publish("incidents", [ghost])
    wall = Wall()
    async with running(wall.follow(bus)):
        await wall.until(lambda v: "incident/77" in v)
        async with running(watcher(bus, records, clock).run()):
            await wall.until(lambda v: "incident/77" not in v)


async def test_what_is_no_incident_on_the_bus_disturbs_nobody(
    bus: Bus, records: Records, clock: Clock
) -> None:
    odd = Reading(feed="incidents", key="incident/nonsense", at=NOW, value={"number": "?"})
    await bus.publish("incidents", [odd])
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)


async def test_the_totals_are_told_again_so_that_everybody_knows_watch_is_there(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall = Wall()
    async with running(watcher(bus, records, clock).run(), wall.follow(bus)):
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 0)
        clock.forward(15)
        await wall.until(lambda v: wall.readings["totals/all"].at == clock.now)


@pytest.mark.parametrize("with_its_data", [True, False])
async def test_while_redis_is_away_the_record_stands_and_the_bell_rings_later(
    redis_process: RedisProcess, sqlite_records: Records, clock: Clock, with_its_data: bool
) -> None:
    records, bus, wall = sqlite_records, Bus(redis_process.url), Wall()
    silent = Rule(name="feed-silent", feed="*", silent=180, text="Sumber {feed} diam")
    async with running(watcher(bus, records, clock, DOWN, silent).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down")])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        [row] = await records.read(open_incidents)
        redis_process.stop()
        if not with_its_data:
            redis_process.forget()
        await step(records, row, "acknowledge", clock)
        await asyncio.to_thread(redis_process.start)
        await wall.until(lambda v: v["totals/all"]["acknowledged"] == 1)
        assert wall.values[f"incident/{row.id}"]["acknowledged_by"] == "operator 1"
        assert len(await records.read(open_incidents)) == 1
    await bus.close()


async def test_what_the_records_cannot_take_is_told_and_written_when_they_are_back(
    bus: Bus, records: Records, clock: Clock
) -> None:
    wall, system = Wall(), Wall("system")
    works = watcher(bus, records, clock).run(), wall.follow(bus), system.follow(bus)
    async with running(*works):
        await system.until(lambda v: v.get("process/watch", {}).get("ok") is True)
        statement(records, "ALTER TABLE incident_log RENAME TO away")
        await bus.publish("network", [link(clock, "down"), link(clock, "down", "device/two")])
        await system.until(lambda v: v["process/watch"]["ok"] is False)
        assert "incident_log" in system.values["process/watch"]["error"]
        await bus.publish("network", [link(clock, "down", detail="b")])
        await bus.publish("network", [link(clock, "up", "device/two")])
        statement(records, "ALTER TABLE away RENAME TO incident_log")
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)
        await system.until(lambda v: v["process/watch"]["ok"] is True)
    [row] = await records.read(open_incidents)
    assert (row.key, row.detail) == ("device/rtr", "b")
    assert await resolved(records) == ["device/two"]


async def test_one_incident_that_cannot_be_written_does_not_hold_up_the_others(
    bus: Bus, sqlite_records: Records, clock: Clock
) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON incident WHEN NEW.key = 'device/1'"
        " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    statement(sqlite_records, refuse)
    wall = Wall()
    async with running(watcher(bus, sqlite_records, clock).run(), wall.follow(bus)):
        await bus.publish("network", [link(clock, "down", f"device/{n}") for n in range(3)])
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 2)
        statement(sqlite_records, "DROP TRIGGER refuse")
        await wall.until(lambda v: v["totals/all"]["open"] == 3)


def statement(records: Records, sql: str) -> None:
    with records.engine.begin() as connection:
        connection.execute(sa.text(sql))


async def test_a_watcher_that_starts_without_its_records_waits_for_them(
    bus: Bus, sqlite_records: Records, clock: Clock
) -> None:
    wall, system = Wall(), Wall("system")
    await bus.publish("network", [link(clock, "down")])
    statement(sqlite_records, "ALTER TABLE incident RENAME TO away")
    work = watcher(bus, sqlite_records, clock).run()
    async with running(work, wall.follow(bus), system.follow(bus)):
        await system.until(lambda v: v.get("process/watch", {}).get("ok") is False)
        statement(sqlite_records, "ALTER TABLE away RENAME TO incident")
        await wall.until(lambda v: v.get("totals/all", {}).get("open") == 1)


async def test_a_watch_that_is_busy_says_as_often_that_it_watches(
    bus: Bus, sqlite_records: Records, clock: Clock
) -> None:
    """Screens say that nobody watches when they hear nothing of it for two minutes."""
    wall, system = Wall(), Wall("system")
    watch = watcher(bus, sqlite_records, clock)
    async with running(watch.run(), wall.follow(bus), system.follow(bus)):
        for number in range(20):  # 200 s in which something falls every ten
            clock.forward(10)
            await bus.publish("network", [link(clock, "down", f"device/rtr-{number}")])
            await wall.until(lambda v: f"incident/{number + 1}" in v)  # noqa: B023
        await system.until(lambda _: clock() - system.readings["process/watch"].at < HEARTBEAT)
