"""From the address to the first live value, in Chromium: a fresh profile, then a warm one."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

from benchmarks.chromium import fresh_chromium
from benchmarks.machine import Server, Worker, running
from benchmarks.publisher import Plan, region_to_bus, to_channel
from benchmarks.report import Effort, Row
from benchmarks.rivals import interval_page
from benchmarks.visitor import sign_in
from benchmarks.wall import shipped_wall

FIRST = ".stamp, .figures .number"
WARMING = 2  # loads before the warm one: Chromium keeps compiled scripts from the second on


class Load(NamedTuple):
    """One load of a page: ms until its first live value, and the kB it fetched."""

    ms: float
    kilobytes: float


def run(effort: Effort) -> Iterator[Row]:
    """A wall of every shipped panel without a chart, by turns with a plain Dash page."""
    ours: list[tuple[Load, Load]] = []
    rivals: list[tuple[Load, Load]] = []
    plan = Plan(rate=1.0, seconds=3600, size=127)
    with (
        running(shipped_wall) as wall,
        running(interval_page) as rival,
        Worker(region_to_bus, wall.redis, plan) as ours_told,
        Worker(to_channel, rival.redis, plan) as rival_told,
    ):
        ours_told.hear()
        rival_told.hear()
        for _ in range(effort.pages):
            ours.append(_cold_and_warm(wall, "/wall/bench"))
            rivals.append(_cold_and_warm(rival, "/"))
    yield from _rows(ours, rivals)


def _cold_and_warm(server: Server, path: str) -> tuple[Load, Load]:
    address = f"http://127.0.0.1:{server.port}{path}"
    with fresh_chromium() as chromium:
        cold = _load(chromium, address)
        for _ in range(WARMING):
            _load(chromium, address)
        return cold, _load(chromium, address)


def _load(chromium: BrowserContext, address: str) -> Load:
    page = sign_in(chromium.new_page(), urlsplit(address).port or 0)
    fetched = _count_bytes(chromium, page)
    page.goto(address)
    page.wait_for_selector(FIRST, state="attached")
    ms = float(page.evaluate("window.first"))
    page.wait_for_load_state("load")
    page.close()
    return Load(ms, sum(fetched) / 1000)


def _count_bytes(chromium: BrowserContext, page: Page) -> list[float]:
    fetched: list[float] = []

    def finished(event: dict[str, Any]) -> None:
        fetched.append(event["encodedDataLength"])

    session = chromium.new_cdp_session(page)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    return fetched


def _rows(ours: list[tuple[Load, Load]], rivals: list[tuple[Load, Load]]) -> Iterator[Row]:
    for kind, name, most in ((0, "cold", 650.0), (1, "warm", 200.0)):
        yield Row(
            figure=f"first live value, {name} cache",
            ours=median(loads[kind].ms for loads in ours),
            unit="ms",
            rival=median(loads[kind].ms for loads in rivals),
            most=most,
        )
    yield Row(
        figure="first load, before charts",
        ours=median(loads[0].kilobytes for loads in ours),
        unit="kB",
        rival=median(loads[0].kilobytes for loads in rivals),
        most=450,
    )
