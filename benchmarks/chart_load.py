"""A wall with a chart, until the chart is drawn; the rival is the same wall with all of Plotly.
Main thread in CPU-time, as Chromium tells it (Performance.getMetrics)."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Route

from benchmarks.chromium import display
from benchmarks.machine import Server, running
from benchmarks.report import Effort, Row
from benchmarks.visitor import sign_in
from benchmarks.wall import charted_wall

DRAWN = "() => document.querySelector('.js-plotly-plot .main-svg')"
SETTLED = 500  # ms


class Load(NamedTuple):
    """One load by a browser that has never been here."""

    ms: float
    main_thread: float  # ms
    heap: float  # MB of JavaScript
    kilobytes: float


def run(effort: Effort) -> Iterator[Row]:
    """By turns with a third of Plotly and with all of it."""
    ours: list[Load] = []
    rivals: list[Load] = []
    with display() as browser, running(charted_wall) as wall:
        for _ in range(effort.pages):
            ours.append(_load(browser, wall))
            rivals.append(_load(browser, wall, whole=True))
    for field, what, unit in (
        ("ms", "until its chart is drawn", "ms"),
        ("main_thread", "main thread", "ms"),
        ("heap", "heap", "MB"),
        ("kilobytes", "on the wire", "kB"),
    ):
        yield Row(
            figure=f"a wall with a chart, {what} (rival: all of Plotly)",
            ours=median(getattr(load, field) for load in ours),
            rival=median(getattr(load, field) for load in rivals),
            unit=unit,
        )


def _load(browser: Browser, wall: Server, *, whole: bool = False) -> Load:
    with browser.new_context(viewport={"width": 1920, "height": 1080}) as context:
        page = sign_in(context.new_page(), wall.port)
        address, fetched = f"http://127.0.0.1:{wall.port}/wall/bench", list[float]()
        if whole:
            page.route(address, _with_all_of_plotly)
        session = context.new_cdp_session(page)
        session.on("Network.loadingFinished", lambda e: fetched.append(e["encodedDataLength"]))
        session.send("Network.enable")
        session.send("Performance.enable")
        page.goto(address)
        page.wait_for_function(DRAWN)
        ms = float(page.evaluate("performance.now()"))
        page.wait_for_timeout(SETTLED)
        told: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        figures = {one["name"]: float(one["value"]) for one in told}
        worked, heap = 1000 * figures["TaskDuration"], figures["JSHeapUsedSize"] / 1e6
        return Load(ms, worked, heap, sum(fetched) / 1000)


def _with_all_of_plotly(route: Route) -> None:
    """The page, without naming the smaller one."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('name="plotly"', 'name="none"'))
