"""What an update costs the browser: bytes, and milliseconds of its main thread.

The page shows a real wall, fed over the real bus. What its main thread works is told by Chromium
(Performance.getMetrics: TaskDuration) and its longest task by Chromium's own trace, both in CPU
time, so that what else the machine does counts little; nothing here knows how the page draws.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from playwright.sync_api import Browser, Page, WebSocket

from benchmarks import busy
from benchmarks.chromium import display
from benchmarks.machine import Line, Server, ServerWork, Worker, running
from benchmarks.report import Effort, Row
from benchmarks.visitor import sign_in

Told: TypeAlias = Callable[[Line, str], Coroutine[Any, Any, None]]

IDLE = 0.5  # part of the measured time for which the same wall is measured without any change
WARM = 3.0  # seconds of changes before it counts
TRACED = 0.3  # part of the measured time for which Chromium's trace is written, apart from it
TASK = "RunTask"
# How often the first line of every chart changed. Looks four times a second, which costs nothing.
MOVES = """window.moves = 0; const seen = new Map();
setInterval(() => document.querySelectorAll(".js-plotly-plot").forEach((plot, at) => {
  const line = plot.querySelector(".js-line"), drawn = line && line.getAttribute("d");
  if (drawn && seen.get(at) !== drawn) { seen.set(at, drawn); window.moves += 1; }
}), 250)"""
CROWDED_IS_SHOWN = f"""(last) => {{
  const told = (name) => document.querySelector(`[data-panel="${{name}}"]`).textContent;
  const pictures = [...document.querySelectorAll("canvas[data-picture]")];
  return told("complaints").split(`laporan ${{last}}`).length - 1 === {busy.ROWS}
    && told("incidents").split(`atas ${{last}} ping`).length - 1 === {busy.ROWS}
    && pictures.filter((c) => c.dataset.shown === c.dataset.picture).length === {busy.PICTURES}
    && document.querySelectorAll(".js-plotly-plot .js-line").length === {3 * len(busy.CHARTS)};
}}"""
WIDE_IS_SHOWN = f"""() =>
  document.querySelectorAll(".cell, .site").length === {busy.OFFICES}"""


def run(effort: Effort) -> Iterator[Row]:
    """Each wall idle, then with everything changing."""
    with display() as chromium:
        with _told(busy.crowded_wall, busy.crowded_to_bus) as (server, teller):
            wall = _Wall(_page(chromium, server, "crowded"), teller, CROWDED_IS_SHOWN)
            yield from _crowded_rows(wall.cost(effort))
        with _told(busy.wide_walls, busy.wide_to_bus) as (server, teller):
            for name in ("network", "map"):
                wall = _Wall(_page(chromium, server, name), teller, WIDE_IS_SHOWN)
                yield from _wide_rows(name, wall.cost(effort))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a page cost over some seconds."""

    percent: float  # of the main thread
    idle_percent: float
    longest_ms: float
    updates: float  # a second
    bytes: float  # of an update
    moves: float  # charts that changed, a second

    @property
    def ms(self) -> float:
        """Of the main thread, an update; what the idle wall costs is in it."""
        return 10 * self.percent / self.updates


def _crowded_rows(cost: Cost) -> Iterator[Row]:
    name = f"{len(busy.CHARTS)} charts, {2 * busy.ROWS} rows, {busy.PICTURES} pictures at 1 Hz"
    yield from _rows(name, cost, most=30)
    yield Row(
        figure=f"{name}: charts that moved",
        ours=cost.moves,
        unit="/s",
        least=0.9 * len(busy.CHARTS),
    )


def _wide_rows(panel: str, cost: Cost) -> Iterator[Row]:
    name = f"{panel} of {busy.OFFICES:,} offices, {busy.CHANGING} changing a second"
    yield from _rows(name, cost, most=5)


def _rows(name: str, cost: Cost, most: float) -> Iterator[Row]:
    yield Row(
        figure=f"{name}: main thread (rival: the same wall idle)",
        ours=cost.percent,
        unit="%",
        rival=cost.idle_percent,
        most=most,
    )
    yield Row(figure=f"{name}: longest task", ours=cost.longest_ms, unit="ms", most=100)
    yield Row(figure=f"{name}: main thread an update", ours=cost.ms, unit="ms")
    yield Row(figure=f"{name}: an update", ours=cost.bytes / 1000, unit="kB")


# --- measuring ------------------------------------------------------------------------------------


@dataclass
class _Page:
    """A page, and the updates that came to it: every message but the server's heartbeat."""

    page: Page
    updates: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.on("websocket", self._listen)

    def busy_for(self, seconds: float) -> float:
        """How much of the main thread it needs, in %."""
        began, before = time.monotonic(), self._worked()
        self.page.wait_for_timeout(1000 * seconds)
        return 100 * (self._worked() - before) / (time.monotonic() - began)

    def _worked(self) -> float:
        told = self.session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in told if m["name"] == "TaskDuration"))

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._hear)

    def _hear(self, payload: str | bytes) -> None:
        raw = payload.encode() if isinstance(payload, str) else payload
        if b'"t":"beat"' not in raw:
            self.updates.append(len(raw))


@dataclass
class _Wall:
    """A wall on a page, and who changes what it shows."""

    page: _Page
    teller: Worker
    shown: str
    """A JavaScript function: whether the page shows what was told in the given second."""

    def cost(self, effort: Effort) -> Cost:
        """Idle, then changing. Raises playwright's TimeoutError when the page does not show it:
        drawing nothing would be cheap."""
        page, seconds = self.page.page, 5 * effort.seconds
        page.evaluate(MOVES)
        idle = self.page.busy_for(IDLE * seconds)
        self.teller.line.send("begin")
        page.wait_for_timeout(1000 * WARM)
        self.page.updates.clear()
        page.evaluate("window.moves = 0")
        percent = self.page.busy_for(seconds)
        updates, moves = [*self.page.updates], page.evaluate("window.moves")
        longest = _longest_task(page, TRACED * seconds)
        page.wait_for_function(self.shown, arg=self.teller.ask(), timeout=5000)
        page.close()
        return Cost(
            percent=percent,
            idle_percent=idle,
            longest_ms=longest,
            updates=len(updates) / seconds,
            bytes=sum(updates) / max(1, len(updates)),
            moves=moves / seconds,
        )


def _longest_task(page: Page, seconds: float) -> float:
    """In ms of CPU time, from Chromium's own trace."""
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=["toplevel"])
    page.wait_for_timeout(1000 * seconds)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (e["pid"], e["tid"])
        for e in events
        if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        e["tdur"] / 1000
        for e in events
        if (e["pid"], e["tid"]) in threads and TASK in e["name"] and "tdur" in e
    ]
    return float(max(tasks))


@contextmanager
def _told(wall: ServerWork, tell: Told) -> Iterator[tuple[Server, Worker]]:
    """A server, and a worker who has told everything once."""
    with running(wall) as server, Worker(tell, server.redis) as teller:
        teller.hear()
        yield server, teller


def _page(chromium: Browser, server: Server, wall: str) -> _Page:
    page = _Page(chromium.new_page(viewport={"width": 1920, "height": 1080}))
    sign_in(page.page, server.port).goto(f"http://127.0.0.1:{server.port}/wall/{wall}")
    page.page.wait_for_selector("[data-panel] .body > *, .js-plotly-plot", state="attached")
    page.page.wait_for_timeout(1000 * WARM)
    return page
