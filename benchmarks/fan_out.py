"""What a browser costs the server: /live against pages with a one-second dcc.Interval."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.browsers import Crowd, Seen, live_crowd, polling_crowd
from benchmarks.machine import Server, ServerWork, Worker, running
from benchmarks.publisher import Plan, Publish, to_bus, to_channel
from benchmarks.report import Effort, Row, percentile
from benchmarks.rivals import interval_page
from benchmarks.wall import stamp_wall

SIZE = 5_000  # bytes of an event, one a second
WARM = 3.0  # seconds of events before a crowd comes, so that nothing is loaded for the first time


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one crowd in one round."""

    core: float  # % of one core
    kilobytes: float  # of resident memory, a browser
    p50: float
    p99: float


def run(effort: Effort) -> Iterator[Row]:
    """Every size of crowd, by turns with the rival; the median of the rounds."""
    for count in effort.crowds:
        ours, rivals = [], []
        for _ in range(effort.rounds):
            ours.append(_cost(stamp_wall, to_bus, live_crowd, count, effort))
            rivals.append(_cost(interval_page, to_channel, polling_crowd, count, effort))
        yield from _rows(count, _median(ours), _median(rivals))


def _cost(work: ServerWork, publish: Publish, crowd: Crowd, count: int, effort: Effort) -> Cost:
    plan = Plan(rate=1.0, seconds=3600, size=SIZE)
    with running(work) as server, Worker(publish, server.redis, plan) as publisher:
        publisher.hear()
        with Worker(crowd, server.port, 10) as few:
            few.hear()
            time.sleep(min(WARM, effort.seconds))
        before = server.resident
        with Worker(crowd, server.port, count) as many:
            many.hear()
            time.sleep(min(WARM, effort.seconds))
            return _measure(server, before, many, count, effort.seconds)


def _measure(server: Server, before: float, many: Worker, count: int, seconds: float) -> Cost:
    many.ask()
    began, worked = time.monotonic(), server.worked
    time.sleep(seconds)
    core = 100 * (server.worked - worked) / (time.monotonic() - began)
    seen: Seen = many.ask()
    return Cost(
        core=core,
        kilobytes=(server.resident - before) / count,
        p50=percentile(seen.ms, 0.5),
        p99=percentile(seen.ms, 0.99),
    )


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        core=median(c.core for c in costs),
        kilobytes=median(c.kilobytes for c in costs),
        p50=median(c.p50 for c in costs),
        p99=median(c.p99 for c in costs),
    )


def _rows(count: int, told: Cost, rival: Cost) -> Iterator[Row]:
    name, promised = f"{count:,} browsers", count == 1000
    yield Row(
        figure=f"{name}, server CPU",
        ours=told.core,
        unit="% of a core",
        rival=rival.core,
        most=4.0 if promised else None,
    )
    yield Row(
        figure=f"{name}, memory of each",
        ours=told.kilobytes,
        unit="kB",
        rival=rival.kilobytes,
        most=40.0 if promised else None,
    )
    yield Row(figure=f"{name}, event to browser p50", ours=told.p50, unit="ms", rival=rival.p50)
    yield Row(
        figure=f"{name}, event to browser p99",
        ours=told.p99,
        unit="ms",
        rival=rival.p99,
        most=50.0 if promised else None,
    )
