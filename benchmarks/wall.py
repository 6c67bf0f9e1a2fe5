"""The wall under test: the real web process, with a panel that shows a text as it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import Line
from benchmarks.visitor import let_in
from commandcenter.board import View
from commandcenter.config import Address, Config, Web
from commandcenter.drawing import Drawing, div
from commandcenter.feed import Desk, Feed
from commandcenter.panel import Panel
from commandcenter.plugins import panel_class
from commandcenter.processes import web
from commandcenter.reading import Reading
from commandcenter.region import Region
from commandcenter.staging.scenes import Wall

FEED = "bench"
SHIPPED = ("masthead", "summary", "attendance", "complaints", "incidents", "cctv")
FEEDS = ("network", "attendance", "complaints", "applications", "cameras", "incidents")


@dataclass(kw_only=True)
class Stamp(Panel):
    """The newest event, drawn as fast as the hub can."""

    feeds: tuple[str, ...] = (FEED,)
    pace: float = 0.0

    def render(self, view: View) -> Drawing:
        """The text as it is."""
        return Drawing(body=div("stamp", *(value["text"] for value in view.values("event"))))


@dataclass(kw_only=True)
class Silent(Feed):
    """A feed that the configuration knows: the benchmark itself publishes under its name."""

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:  # noqa: ARG002
        """Nothing."""
        nothing: tuple[Reading, ...] = ()
        for reading in nothing:
            yield reading


async def stamp_wall(_: Line, port: int, redis: str, folder: Path) -> None:
    """A wall of the one panel `Stamp`."""
    await _serve({"stamp": Stamp(name="stamp")}, (FEED,), port, redis, folder)


async def shipped_wall(_: Line, port: int, redis: str, folder: Path) -> None:
    """A wall of every shipped panel that has no chart."""
    panels: dict[str, Panel] = {name: panel_class(name)(name=name) for name in SHIPPED}
    panels["masthead"].feeds = FEEDS
    await _serve(panels, FEEDS, port, redis, folder)


async def charted_wall(_: Line, port: int, redis: str, folder: Path) -> None:
    """A wall of the network's panel, which has a chart."""
    panels: dict[str, Panel] = {"network": panel_class("network")(name="network")}
    await _serve(panels, FEEDS, port, redis, folder)


async def _serve(
    panels: dict[str, Panel], feeds: tuple[str, ...], port: int, redis: str, folder: Path
) -> None:
    """As `commandcenter web` does."""
    for name in ("REDIS_URL", "RECORDS_URL"):
        os.environ.pop(name, None)
    config = Config(
        region=Region(name="Benchmark"),
        web=Web(port=port, pages=5_000, connections=5_000),  # all browsers are one person
        redis=Address(url=redis),
        records=Address(url=f"sqlite:///{folder}/records.db"),
        walls=(Wall(name="bench", picture=tuple(panels)),),
        panels=panels,
        feeds={name: Silent(name=name) for name in feeds},
    )
    await asyncio.to_thread(let_in, config.records.url)
    await web(config)
