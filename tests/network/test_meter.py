"""Rates from look to look, of agents that copy their counters seldom, jump or tell nonsense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from commandcenter.network.counters import Rates, Sample
from commandcenter.network.meter import Meter
from tests.network.test_counters import QUIET

RATE = 20e6


def sample(at: float, octets: int, **more: object) -> Sample:
    ticks = 90_000_000 + round(at * 100)
    told = replace(QUIET, uptime_ticks=ticks, at=at, in_octets=octets, out_octets=octets // 4)
    return replace(told, **more)  # type: ignore[arg-type]


def run(
    meter: Meter, looks: int, octets: Callable[[float], float], every: float = 10.0
) -> list[float | None]:
    """What so many looks tell of a counter that is a function of the time, in Mb/s."""
    told = (meter.take(sample(n * every, int(octets(n * every)))) for n in range(looks))
    return [None if r is None or r.in_bps is None else r.in_bps / 1e6 for r in told]


@pytest.mark.parametrize("phase", [0, 1, 4, 5, 9, 10, 14])
@pytest.mark.parametrize("cache", [3, 6, 15, 30, 60])
def test_a_steady_flow_looks_steady_whenever_the_agent_copies_its_counters(
    cache: int, phase: int
) -> None:
    """net-snmp/net-snmp#1029: 0 and 30 Mb/s in turn for a steady 20."""
    told = run(Meter(), 40, lambda t: 5e9 + (t + phase) // cache * cache * RATE / 8)
    known = [mbps for mbps in told if mbps is not None]
    assert len(known) >= 20
    assert 12 < min(known) <= max(known) < 29


@pytest.mark.parametrize("cache", [1, 15])
def test_a_line_that_falls_idle_comes_to_zero(cache: int) -> None:
    told = run(Meter(), 40, lambda t: 5e9 + min(t // cache * cache, 150) * RATE / 8)
    assert told[15]
    assert told[-1] == 0


def test_a_line_that_was_idle_all_the_time_is_told_as_such_after_a_minute() -> None:
    told = run(Meter(), 12, lambda _: 7)
    assert told[:7] == [None] * 7
    assert told[8:] == [0] * 4


def test_traffic_after_an_idle_hour_is_not_spread_over_the_hour() -> None:
    told = run(Meter(), 380, lambda t: 5e9 + max(0, t - 3600) * RATE / 8)
    assert told[360] == 0
    assert told[-1] == pytest.approx(20)


def live(looks: int = 10) -> Meter:
    """An agent that counts at every look, for so many of them."""
    meter = Meter()
    run(meter, looks, lambda t: 5e9 + t * RATE / 8)
    return meter


def test_a_look_without_an_answer_is_a_gap_and_the_next_goes_on() -> None:
    meter = live()
    assert meter.take(None) is None
    found = meter.take(sample(110, int(5e9 + 110 * RATE / 8)))
    assert found is not None
    assert found.in_bps == pytest.approx(RATE)


def test_after_a_restart_there_is_one_gap() -> None:
    meter = live()
    assert meter.take(sample(100, 0, uptime_ticks=500)) is None
    found = meter.take(sample(110, int(10 * RATE / 8), uptime_ticks=1500))
    assert found is not None
    assert found.in_bps == pytest.approx(RATE)


def test_a_jump_of_the_counters_that_the_agent_tells_is_a_gap() -> None:
    assert live().take(sample(100, 6_000_000_000, discontinuity_ticks=77)) is None


def test_a_discontinuity_at_every_look_means_nothing() -> None:
    meter = Meter()
    told = [
        meter.take(sample(n * 10, int(5e9 + n * 10 * RATE / 8), discontinuity_ticks=n))
        for n in range(20)
    ]
    assert told[-1]


def test_no_rate_is_more_than_the_line_can_carry() -> None:
    meter = Meter()
    speed = {"speed_bps": 10e6}
    told: list[Rates | None] = [
        meter.take(sample(n * 10, int(n * 10 * 4e6 / 8) + (n > 9) * 60_000_000, **speed))
        for n in range(14)
    ]
    known = [r.in_bps for r in told if r and r.in_bps is not None]
    assert known
    assert max(known) <= 11e6


def test_a_line_that_is_always_faster_than_its_speed_has_a_wrong_speed() -> None:
    """Tunnels tell the 9 kb/s of an ancient default."""
    meter = Meter()
    told = [meter.take(sample(n * 10, int(n * 10 * RATE / 8), speed_bps=9e3)) for n in range(20)]
    assert told[3] is None
    assert told[-1] is not None
    assert told[-1].in_bps == pytest.approx(RATE)


def test_counters_that_may_have_wrapped_twice_tell_no_rate() -> None:
    """700 Mb/s looked like 127 on a line of 1 Gb/s asked once a minute (Cacti/cacti#3732)."""
    counts = [sample(n * 60.0, int(n * 60 * 700e6 / 8) % 2**32) for n in range(12)]
    told = [replace(one, octet_bits=32, speed_bps=1e9) for one in counts]
    meter = Meter()
    assert [meter.take(one) for one in told] == [None] * 12
    assert run(Meter(), 12, lambda t: t * 700e6 / 8, every=60.0)[-1] == pytest.approx(700)
