"""Publishing events at a rate, in a process of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeAlias

from redis.asyncio import Redis

from benchmarks.machine import Line
from benchmarks.region import region
from benchmarks.rivals import CHANNEL
from benchmarks.stamp import stamp
from benchmarks.wall import FEED
from commandcenter.bus import Bus
from commandcenter.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to publish: `rate` events a second of `size` bytes."""

    rate: float
    seconds: float
    size: int
    first: int = 1


Publish: TypeAlias = Callable[[Line, str, Plan], Coroutine[Any, Any, None]]


async def to_bus(line: Line, url: str, plan: Plan) -> None:
    """Publish readings on our bus; tells when it is ready and, at the end, the last number."""
    async with _bus(url) as tell:
        await _publish(line, plan, tell)


async def to_channel(line: Line, url: str, plan: Plan) -> None:
    """Publish texts with a bare PUBLISH, for the rivals."""
    async with Redis.from_url(url) as redis:
        await _publish(line, plan, lambda text: redis.publish(CHANNEL, text))


async def region_to_bus(line: Line, url: str, plan: Plan) -> None:
    """Publish the readings of a whole region of 61 offices at the plan's rate."""
    bus = Bus(url)

    async def tell(_: str) -> None:
        by_feed = attrgetter("feed")
        for feed, readings in groupby(sorted(region(61, datetime.now(UTC)), key=by_feed), by_feed):
            await bus.publish(feed, readings)

    await _publish(line, plan, tell)


async def _publish(line: Line, plan: Plan, tell: Callable[[str], Awaitable[object]]) -> None:
    await tell(stamp(plan.first, plan.size))  # connects, and loads the script
    line.send("ready")
    last = plan.first + round(plan.rate * plan.seconds)
    began = time.monotonic()
    for number in range(plan.first + 1, last + 1):
        due = began + (number - plan.first) / plan.rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await tell(stamp(number, plan.size))
    line.send(last)


@asynccontextmanager
async def _bus(url: str) -> AsyncIterator[Callable[[str], Awaitable[object]]]:
    bus = Bus(url)

    async def tell(text: str) -> None:
        value = {"text": text}
        reading = Reading(feed=FEED, key="event/newest", at=datetime.now(UTC), value=value)
        await bus.publish(FEED, [reading])

    yield tell
    await bus.close()
