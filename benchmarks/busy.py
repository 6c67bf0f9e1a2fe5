"""Walls on which everything changes every second, and the readings that change them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from benchmarks.machine import Line
from benchmarks.region import PROVIDERS, region
from benchmarks.visitor import let_in
from benchmarks.wall import Silent
from commandcenter.board import HISTORY
from commandcenter.bus import Bus, Pictures
from commandcenter.config import Address, Config, Web
from commandcenter.panel import Panel
from commandcenter.plugins import panel_class
from commandcenter.processes import web
from commandcenter.reading import Reading
from commandcenter.region import Region
from commandcenter.staging.scenes import Wall

CHARTS = tuple(f"traffic{n}" for n in range(1, 13))  # a panel each, over a feed of the same name
ROWS = 25  # of complaints, and as many of incidents
PICTURES = 16
OFFICES, CHANGING = 1000, 10
PAST = timedelta(minutes=30)
KEPT = timedelta(minutes=1)  # how long a picture is kept
PATIENCE = 600.0  # seconds: nothing turns late while the idle wall is measured

CROWDED = (
    "masthead " * 6,
    *(" ".join(CHARTS[at : at + 6]) for at in (0, 6)),  # high enough for their charts
    "cctv cctv cctv cctv complaints incidents",
)

Second: TypeAlias = Callable[[Bus, int], Coroutine[Any, Any, None]]


# --- the walls ------------------------------------------------------------------------------------


async def crowded_wall(_: Line, port: int, redis: str, folder: Path) -> None:
    """/wall/crowded: 12 charts, two lists of 25 rows and 16 pictures."""
    panels = {name: _panel("network", name, feeds=(name,)) for name in CHARTS}
    for name in ("masthead", "complaints", "incidents"):
        panels[name] = _panel(name, name)
    panels["cctv"] = _panel("cctv", "cctv", show=PICTURES, columns=PICTURES // 2)
    rows = ("auto", "1fr", "1fr", "0.8fr")
    wall = Wall(name="crowded", picture=CROWDED, rows=rows)
    await _serve([wall], panels, port, redis, folder)


async def wide_walls(_: Line, port: int, redis: str, folder: Path) -> None:
    """/wall/network and /wall/map: a thousand offices each."""
    panels = {name: _panel(name, name) for name in ("masthead", "network", "map")}
    walls = [
        Wall(name=name, picture=("masthead", name), rows=("auto", "1fr"))
        for name in ("network", "map")
    ]
    await _serve(walls, panels, port, redis, folder)


def _panel(kind: str, name: str, **options: Any) -> Panel:
    return panel_class(kind)(name=name, **options)


async def _serve(
    walls: Iterable[Wall], panels: dict[str, Panel], port: int, redis: str, folder: Path
) -> None:
    """As `commandcenter web` does."""
    feeds = sorted({feed for panel in panels.values() for feed in panel.feeds} - {"*"})
    panels["masthead"].feeds = tuple(feeds)
    config = Config(
        region=Region(name="Benchmark"),
        web=Web(port=port),
        redis=Address(url=redis),
        records=Address(url=f"sqlite:///{folder}/records.db"),
        walls=tuple(walls),
        panels=panels,
        feeds={f: Silent(name=f, late_after=PATIENCE, stale_after=PATIENCE) for f in feeds},
    )
    await asyncio.to_thread(let_in, config.records.url)
    await web(config)


# --- what changes them ----------------------------------------------------------------------------


async def crowded_to_bus(line: Line, url: str) -> None:
    """Half an hour of the past; then, from a word on until the next, everything once a second."""
    async with _bus(url) as bus, _pictures(url) as kept:
        for name in CHARTS:
            await bus.publish(name, list(_past(name, datetime.now(UTC))))
        pictures = [_jpeg(seed) for seed in range(8)]

        async def tell(bus: Bus, second: int) -> None:
            now = datetime.now(UTC)
            taken = [
                await kept.keep(str(camera), jpeg, jpeg, now, KEPT)
                for camera in range(PICTURES)
                for jpeg in [pictures[(second + camera) % 8]]
            ]
            await _publish(bus, [*_crowded(second, now, taken)])

        await _every_second(line, bus, tell)


async def wide_to_bus(line: Line, url: str) -> None:
    """All offices; then, from a word on until the next, ten others of them once a second."""
    offices = [*_offices(datetime.now(UTC))]
    async with _bus(url) as bus:
        await _publish(bus, offices)

        async def tell(bus: Bus, second: int) -> None:
            now = datetime.now(UTC)
            start = second * CHANGING % OFFICES
            await _publish(bus, [_flipped(o, now) for o in offices[start : start + CHANGING]])

        await _every_second(line, bus, tell)


async def _every_second(line: Line, bus: Bus, tell: Second) -> None:
    """Answers each word with the number of the last second that was told."""
    loop = asyncio.get_running_loop()
    second = 1
    await tell(bus, second)
    line.send("ready")
    while True:
        await loop.run_in_executor(None, line.recv)
        stop = loop.run_in_executor(None, line.recv)
        began, first = time.monotonic(), second
        while not stop.done():
            second += 1
            await tell(bus, second)
            due = began + second - first
            await asyncio.wait([stop], timeout=max(0.0, due - time.monotonic()))
        line.send(second)


async def _publish(bus: Bus, readings: list[Reading]) -> None:
    by_feed = attrgetter("feed")
    for feed, told in groupby(sorted(readings, key=by_feed), by_feed):
        await bus.publish(feed, told)


@asynccontextmanager
async def _bus(url: str) -> AsyncIterator[Bus]:
    bus = Bus(url)
    yield bus
    await bus.close()


@asynccontextmanager
async def _pictures(url: str) -> AsyncIterator[Pictures]:
    pictures = Pictures(url)
    yield pictures
    await pictures.close()


# --- the readings ---------------------------------------------------------------------------------


def _crowded(second: int, now: datetime, pictures: list[int]) -> Iterator[Reading]:
    """Every line of every chart, every row and every picture, otherwise than a second ago."""
    for name in CHARTS:
        yield from _traffic(name, now)
    for reading in region(10 * ROWS, now):
        if changed := _changed(reading, second, now, pictures):
            yield _with(reading, now, **changed)


def _changed(reading: Reading, second: int, now: datetime, pictures: list[int]) -> dict[str, Any]:
    """What is new in it; nothing when it is not shown."""
    match reading.kind, _number(reading):
        case "complaint", number if number < ROWS:
            return {"title": f"Lampu jalan padam, laporan {second}"}
        case "incident", _:
            return {"detail": f"Telkom · tidak ada jawaban atas {second} ping"}
        case "camera", number if number < PICTURES:
            return {"picture": pictures[number], "captured_at": now.isoformat()}
        case "totals", _:
            return {"open": ROWS}
    return {}


def _number(reading: Reading) -> int:
    return int(reading.identity) if reading.identity.isdigit() else 0


def _past(feed: str, now: datetime) -> Iterator[Reading]:
    """As many points as a board keeps."""
    for back in range(HISTORY, 0, -1):
        yield from _traffic(feed, now - back * PAST / HISTORY)


def _traffic(feed: str, at: datetime) -> Iterator[Reading]:
    for number, name in enumerate(PROVIDERS):
        wave = math.sin(at.timestamp() / 300 + number) + 0.2 * math.sin(at.timestamp() * 7)
        value = {"name": name, "devices": 20, "up": 19, "out_bps": 1e8, "loss_percent": 0.0}
        value |= {"in_bps": 4e8 + 2e8 * wave, "rtt_ms": 20 + 10 * wave}
        yield Reading(feed=feed, key=f"provider/{number}", at=at, value=value)


def _offices(now: datetime) -> Iterator[Reading]:
    """A golden spiral (Vogel 1979) of a degree around Pangkalan Bun."""
    devices = (r for r in region(OFFICES, now) if r.kind == "device")
    for number, reading in enumerate(devices):
        angle, away = number * 2.39996, math.sqrt(number / OFFICES)
        place = {"latitude": -2.7 + away * math.sin(angle), "longitude": 111.6}
        place["longitude"] += away * math.cos(angle)
        yield _with(reading, now, **place)


def _flipped(reading: Reading, now: datetime) -> Reading:
    state = "down" if (reading.value or {})["state"] == "up" else "up"
    return _with(reading, now, state=state)


def _with(reading: Reading, at: datetime, **changed: Any) -> Reading:
    return replace(reading, at=at, value=(reading.value or {}) | changed)


def _jpeg(seed: int) -> bytes:
    """640 × 360 with as much in it as a street has: about 20 kB."""
    coarse = np.random.default_rng(seed).integers(0, 255, (45, 80, 3), dtype=np.uint8)
    _, coded = cv2.imencode(".jpg", cv2.resize(coarse, (640, 360)), [cv2.IMWRITE_JPEG_QUALITY, 75])
    return bytes(coded)
