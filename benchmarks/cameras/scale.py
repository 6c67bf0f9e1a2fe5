"""A still of 1 to 64 cameras every five seconds: processor, memory, age of what is shown."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cameras.effort import Effort
from benchmarks.cameras.films import Quality
from benchmarks.cameras.house import house
from benchmarks.cameras.rivals import EVERY_FRAME, FFMPEG, PYAV, available, rival
from benchmarks.cameras.studio import studio
from benchmarks.report import Row, percentile

_MOST_EVERY_FRAME = 3  # cameras of which one core can decode every frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of a wall of cameras: percent of one core, MB, and seconds."""

    percent: float
    megabytes: float
    ages: list[float]
    """What somebody sees who looks all the time."""
    arrivals: list[float]
    """How old each new picture was."""


def run(effort: Effort) -> Iterator[Row]:
    """Our own costs by number of cameras; then one camera's, beside the rivals'."""
    alone: Cost | None = None
    for quality, counts in ((effort.main, effort.counts), (effort.sub, effort.counts[-1:])):
        for count in counts:
            cost = _ours(quality, count, effort)
            if quality is effort.main and count == effort.beside:
                alone = cost
            yield from _rows(quality, count, cost)
    alone = alone or _ours(effort.main, effort.beside, effort)
    for name in (FFMPEG, PYAV, EVERY_FRAME):
        yield from _beside(name, alone, effort)


def _rows(quality: Quality, count: int, cost: Cost) -> Iterator[Row]:
    what = f"{count} cameras, {quality.height}p at {quality.kbit} kbit/s"
    goal = count == 64
    yield Row(figure=f"{what}: core", ours=cost.percent, unit="%", most=100.0 if goal else None)
    yield Row(
        figure=f"{what}: memory (PSS)",
        ours=cost.megabytes,
        unit="MB",
        most=600.0 if goal else None,
    )
    yield Row(
        figure=f"{what}: age of the shown picture, p50", ours=percentile(cost.ages, 0.5), unit="s"
    )
    yield Row(figure="… p99", ours=percentile(cost.ages, 0.99), unit="s", most=15.0)
    yield Row(figure="… when it is new, p99", ours=percentile(cost.arrivals, 0.99), unit="s")


def _beside(name: str, alone: Cost, effort: Effort) -> Iterator[Row]:
    if not available(name):
        yield Row(figure=f"a camera's part of a core (no {name} on this machine)", ours=0, unit="%")
        return
    count = min(effort.beside, _MOST_EVERY_FRAME) if name == EVERY_FRAME else effort.beside
    percent, megabytes = _theirs(name, count, effort)
    for what, ours, theirs, unit in (
        ("part of a core", alone.percent, percent, "%"),
        ("memory", alone.megabytes, megabytes, "MB"),
    ):
        yield Row(
            figure=f"a camera's {what}, of {effort.beside} (rival: {name}, of {count})",
            ours=ours / effort.beside,
            unit=unit,
            rival=theirs / count,
        )


def _ours(quality: Quality, count: int, effort: Effort) -> Cost:
    quality.make()
    with studio() as server:
        return asyncio.run(_watch(server.urls(quality, count), effort))


async def _watch(urls: Mapping[str, str], effort: Effort) -> Cost:
    async with house(urls, every=effort.every) as ours:
        with suppress(TimeoutError):  # then the ages tell
            await ours.until(lambda: all(ours.state(c) == "live" for c in urls), "all are live")
        await asyncio.sleep(effort.every)
        ours.meter.begin()
        since = ours.now()
        ages = await ours.sample(list(urls), effort.seconds)
        return Cost(
            percent=ours.meter.percent,
            megabytes=ours.meter.megabytes,
            ages=ages,
            arrivals=ours.arrivals(urls, since),
        )


def _theirs(name: str, count: int, effort: Effort) -> tuple[float, float]:
    with studio() as server, tempfile.TemporaryDirectory(prefix="bench-cameras-") as folder:
        urls = list(server.urls(effort.main, count).values())
        with rival(name, urls, effort.every, Path(folder)) as meter:
            asyncio.run(_until_pictures(Path(folder), count))
            meter.begin()
            asyncio.run(asyncio.sleep(effort.seconds))
            return meter.percent, meter.megabytes


async def _until_pictures(folder: Path, count: int) -> None:
    async with asyncio.timeout(60):
        while len(list(folder.glob("*.jpg"))) < count:
            await asyncio.sleep(0.1)
