"""The highest rate that 100 browsers can be given, and what happens at twice that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from benchmarks.browsers import Seen, live_crowd
from benchmarks.machine import Server, Worker, running
from benchmarks.publisher import Plan, to_bus
from benchmarks.report import Effort, Row, percentile
from benchmarks.wall import stamp_wall

BROWSERS, SIZE = 100, 5_000
RATES = (750, 550, 400, 300, 200, 100, 50)  # events a second, tried in turn
STEP = 3.0  # seconds of each
LATEST, LEAST = 20.0, 0.95  # sustainable: p99 in ms, and the share of events that each is shown
SETTLED = 1.0  # seconds after the last event within which it must have arrived everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What came of publishing as planned."""

    seen: Seen
    last: int  # number of the last event
    rate: float  # that was reached, events a second
    share: float  # of the events, that every browser was shown at least
    grown: float  # the server's memory at its peak, in MB above what it was


def run(effort: Effort) -> Iterator[Row]:
    """First the search, then twice what was found."""
    with running(stamp_wall) as server, Worker(live_crowd, server.port, BROWSERS) as crowd:
        crowd.hear()
        highest = _sustainable(server, crowd, effort)
        yield Row(figure="100 browsers × 5 kB, sustainable", ours=highest * BROWSERS, unit="msg/s")
        yield from _twice(server, crowd, highest, effort.overload)


def _sustainable(server: Server, crowd: Worker, effort: Effort) -> int:
    """The highest rate that holds. One that fails is tried once more: the machine may have been
    busy with something else. The lowest is taken as it is."""
    seconds, first = min(STEP, effort.seconds), count(1, 100_000)
    for rate in RATES[:-1]:
        plans = (Plan(rate=rate, seconds=seconds, size=SIZE, first=next(first)) for _ in range(2))
        if any(_holds(server, crowd, plan) for plan in plans):
            return rate
    return RATES[-1]


def _holds(server: Server, crowd: Worker, plan: Plan) -> bool:
    flood = _flood(server, crowd, plan)
    return percentile(flood.seen.ms, 0.99) <= LATEST and flood.share >= LEAST


def _flood(server: Server, crowd: Worker, plan: Plan) -> Flood:
    before = peak = server.resident
    with Worker(to_bus, server.redis, plan) as publisher:
        publisher.hear()
        began = time.monotonic()
        while not publisher.line.poll(0.1):
            peak = max(peak, server.resident)
        last: int = publisher.hear()
        rate = (last - plan.first) / (time.monotonic() - began)
    time.sleep(SETTLED)
    seen: Seen = crowd.ask()
    return Flood(
        seen=seen,
        last=last,
        rate=rate,
        share=seen.fewest / (last - plan.first + 1),
        grown=(max(peak, server.resident) - before) / 1024,
    )


def _twice(server: Server, crowd: Worker, highest: int, seconds: float) -> Iterator[Row]:
    plan = Plan(rate=2 * highest, seconds=seconds, size=SIZE, first=10_000_000)
    flood = _flood(server, crowd, plan)
    name = f"overload, {flood.rate * BROWSERS:,.0f} msg/s for {seconds:.0f} s"
    yield Row(figure=f"{name}, memory grows by", ours=flood.grown, unit="MB", most=20)
    p99 = percentile(flood.seen.ms, 0.99)
    yield Row(figure=f"{name}, p99 of what is shown", ours=p99, unit="ms")
    skipped = 100 * (1 - flood.share)
    yield Row(figure=f"{name}, older states skipped", ours=skipped, unit="%")
    newest = 100.0 * (flood.seen.newest == flood.last)
    yield Row(figure=f"{name}, newest state on all browsers", ours=newest, unit="%", least=100)
