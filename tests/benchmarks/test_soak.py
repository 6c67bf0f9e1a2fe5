"""The soak's own parts: its plan, its network, its arithmetic. The run itself is `make soak`."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest

from benchmarks.soak.claims import Claims
from benchmarks.soak.figures import Row, Sample, growth, longest_life, more_nodes, slope
from benchmarks.soak.plan import FULL, KEEPS, LOSES, Cut, Day, Kind, plan
from benchmarks.soak.proxy import Proxy
from benchmarks.soak.region import AT_REST, Region
from tests.tcp import serving

NOW = datetime(2026, 11, 21, 2, 42, tzinfo=UTC)


# --- the plan ------------------------------------------------------------------------------------


def test_a_full_run_has_20_restarts_of_each_and_50_cuts_20_of_them_black_holes() -> None:
    faults = plan(7, FULL)
    assert Counter(f.kind for f in faults) == {Kind.SERVER: 20, Kind.REDIS: 20, Kind.NETWORK: 50}
    hows = Counter(f.how for f in faults)
    assert hows[Cut.SWALLOW] == 20
    assert hows[Cut.REFUSE] == hows[Cut.RESET] == hows[Cut.HOLD] == 10
    assert hows[KEEPS] == hows[LOSES] == 10


@pytest.mark.parametrize("seed", range(20))
def test_no_fault_begins_before_the_one_before_it_has_ended(seed: int) -> None:
    faults = plan(seed, FULL)
    assert all(one.at + one.seconds + 4 < next_.at for one, next_ in pairwise(faults))
    assert faults[-1].at + faults[-1].seconds < FULL
    for fault in faults:
        shortest, longest = (1, 20) if fault.kind is Kind.NETWORK else (0.5, 8)
        assert shortest <= fault.seconds <= longest


def test_the_same_seed_plans_the_same_and_another_one_does_not() -> None:
    assert plan(7, FULL) == plan(7, FULL)
    assert plan(7, FULL) != plan(8, FULL)


def test_a_short_run_has_its_share_of_faults_and_a_too_short_one_says_so() -> None:
    assert Counter(f.kind for f in plan(7, 360)) == {
        Kind.SERVER: 4,
        Kind.REDIS: 4,
        Kind.NETWORK: 10,
    }
    with pytest.raises(ValueError, match="a run of 30 s is too short for"):
        plan(7, 30)


def test_all_events_of_the_day_happen_and_the_morning_is_busier_than_the_night() -> None:
    day = Day(hours=24, seconds=FULL)
    an_hour = FULL / 24
    assert day.due(0) == 0
    assert day.due(FULL) == day.due(2 * FULL) == 86_400
    night, morning = day.due(an_hour), day.due(8 * an_hour) - day.due(7 * an_hour)
    assert morning > 3 * night > 0
    assert day.hour(7.5 * an_hour) == pytest.approx(7.5)


# --- the region ----------------------------------------------------------------------------------


def test_the_region_is_the_same_whenever_it_rests() -> None:
    region = Region(random.Random(7))
    before = {r.key: r.value for r in region.rest(NOW)}
    for n in range(2000):
        region.event(NOW, n / 100)
    assert len(region.incidents) > 1
    after = {r.key: r.value for r in region.rest(NOW)}
    assert before == {key: value for key, value in after.items() if value is not None}
    assert len(region.incidents) == AT_REST
    assert sum(key.startswith("office/") for key in before) == 61


# --- the network ---------------------------------------------------------------------------------


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)


@asynccontextmanager
async def _network() -> AsyncIterator[Proxy]:
    """A server that says everything again, behind the proxy."""
    async with serving(_echo) as port:
        proxy = Proxy(port)
        await proxy.start()
        yield proxy
        await proxy.stop()


class Caller:
    """A browser's connection."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    async def __aenter__(self) -> Caller:
        told = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        self.reader, self.writer = told
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def say(self, word: bytes) -> None:
        self.writer.write(word)
        await self.writer.drain()

    async def hears(self, seconds: float = 5.0) -> bytes | None:
        """What comes next; None when it is silent for so long."""
        with suppress(TimeoutError):
            return await asyncio.wait_for(self.reader.read(1024), seconds)
        return None


async def test_the_proxy_passes_everything_on() -> None:
    async with _network() as proxy, Caller(proxy) as caller:
        await caller.say(b"hello")
        assert await caller.hears() == b"hello"


async def test_a_refusing_network_closes_what_is_open_and_takes_nobody_in() -> None:
    async with _network() as proxy, Caller(proxy) as caller:
        await caller.say(b"hello")
        assert await caller.hears() == b"hello"
        await proxy.cut(Cut.REFUSE)
        assert await caller.hears() == b""
        with pytest.raises(ConnectionRefusedError):
            await Caller(proxy).__aenter__()
        await proxy.mend()
        async with Caller(proxy) as again:
            await again.say(b"back")
            assert await again.hears() == b"back"


async def test_a_resetting_network_resets_old_and_new_connections() -> None:
    async with _network() as proxy, Caller(proxy) as caller:
        await caller.say(b"hello")
        assert await caller.hears() == b"hello"
        await proxy.cut(Cut.RESET)
        with pytest.raises(ConnectionResetError):
            await caller.hears()
        with pytest.raises(ConnectionResetError):
            async with Caller(proxy) as new:
                await new.hears()


async def test_a_black_hole_swallows_in_silence_and_old_connections_stay_dead() -> None:
    async with _network() as proxy, Caller(proxy) as old:
        await old.say(b"hello")
        assert await old.hears() == b"hello"
        await proxy.cut(Cut.SWALLOW)
        await old.say(b"is anybody there?")
        assert await old.hears(0.2) is None  # neither an answer nor an end
        async with Caller(proxy) as new:
            await new.say(b"and now?")
            assert await new.hears(0.2) is None
            await proxy.mend()
            assert await new.hears() == b"and now?"  # its first packet was sent again
            await old.say(b"still not?")
            assert await old.hears(0.2) is None


async def test_a_held_network_delivers_late_but_everything_and_in_order() -> None:
    async with _network() as proxy, Caller(proxy) as caller:
        await caller.say(b"one ")
        assert await caller.hears() == b"one "
        await proxy.cut(Cut.HOLD)
        await caller.say(b"two ")
        assert await caller.hears(0.2) is None
        await caller.say(b"three")
        await proxy.mend()
        heard = b""
        while heard != b"two three":
            more = await caller.hears()
            assert more, heard
            heard += more


# --- what the page claims ------------------------------------------------------------------------


def _look(at: float, **told: Any) -> str:
    usual = {
        "at": at,
        "life": 1,
        "gap": 0,
        "connection": "live",
        "scene": "ringkasan",
        "pulse": at,
        "drawings": 3,
        "card": [0, ""],
        "picture": [0, ""],
    }
    return orjson.dumps(usual | told).decode()


def test_live_with_an_old_pulse_is_a_lie_as_long_as_it_stands() -> None:
    claims = Claims(moment=lambda: "at 3 s")
    for at in range(10_000, 16_001, 100):
        claims.hear(_look(at, pulse=10_000))
    assert claims.worst["live"][0] == 1000  # it was too old from 15,000 on
    claims.hear(_look(16_100, pulse=16_000))
    claims.hear(_look(30_000, pulse=16_000, connection="lost"))
    assert claims.worst["live"][0] == 1000


def test_the_worst_of_each_kind_is_remembered_with_its_place() -> None:
    claims = Claims(moment=lambda: "at 3 s")
    for ms in (200, 900, 100):
        claims.hear(_look(ms, card=[ms, "panel map"]))
    assert claims.worst["card"] == (900, "panel map at 3 s")


def test_drawings_are_counted_over_a_reload() -> None:
    claims = Claims()
    claims.hear(_look(1, drawings=30))
    claims.hear(_look(2, drawings=4, life=2))
    assert claims.drawings == 34


async def test_who_waits_for_a_look_gets_the_first_of_which_it_is_true() -> None:
    claims = Claims()
    waiting = asyncio.create_task(claims.until(lambda look: look.pulse > 5, 5))
    await asyncio.sleep(0)
    for at in (4, 6, 7):
        claims.hear(_look(at))
    look = await waiting
    assert look is not None
    assert look.at == 6
    assert await claims.until(lambda look: look.pulse > 9, 0.01) is None


# --- figures -------------------------------------------------------------------------------------


def _sample(share: float, **told: Any) -> Sample:
    usual: dict[str, Any] = {
        "life": 1,
        "scene": "ringkasan",
        "updates": round(share * 86_400),
        "drawings": 0,
        "heap": 1e7,
        "nodes": 1000,
        "listeners": 100,
        "renderer": 200.0,
        "browser": 800.0,
        "witness": 140.0,
    }
    return Sample(share=share, **usual | told)


TWENTIETHS = [n / 20 for n in range(21)]


def test_a_leak_of_60_bytes_an_update_has_this_slope() -> None:
    points = [(n, 1e7 + 60 * n + (n % 2) * 1e5) for n in range(0, 86_400, 900)]
    assert slope(points) == pytest.approx(60, abs=1)


def test_what_was_never_measured_is_not_met() -> None:
    assert not Row(figure="heap", value=slope([(1, 1)]), unit="B", most=60).met
    assert not Row(figure="nodes", value=more_nodes([]), unit="", most=0).met


def test_growth_is_counted_after_the_warm_up() -> None:
    samples = [_sample(x, renderer=150.0 if x < 0.1 else 200 + 10 * x) for x in TWENTIETHS]
    assert growth(samples, lambda s: s.renderer) == pytest.approx(8.25)


def test_nodes_are_compared_at_the_same_scene() -> None:
    scenes = ["ringkasan", "kamera"]
    samples = [
        _sample(x, scene=scenes[n % 2], nodes=1000 + 500 * (n % 2))
        for n, x in enumerate(TWENTIETHS)
    ]
    assert more_nodes(samples) == 0
    leaking = [_sample(s.share, scene=s.scene, nodes=s.nodes + s.share * 100) for s in samples]
    assert more_nodes(leaking) > 50


def test_a_reload_begins_a_life_of_its_own() -> None:
    samples = [_sample(x, life=1 if x < 0.4 else 2) for x in TWENTIETHS]
    assert {s.share for s in longest_life(samples)} == {x for x in TWENTIETHS if x >= 0.4}


def test_a_row_says_whether_its_goal_is_met() -> None:
    row = Row(figure="reloads", value=1, unit="", most=0, note="at 90 s during network swallow")
    assert str(row) == "| reloads (at 90 s during network swallow) | 1  | ≤ 0 | **missed** |"
