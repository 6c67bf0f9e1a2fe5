"""The operators' console with ten thousand open incidents; the rival is the same console
with a hundred.

First paint is until the first row stands in the page, of a browser that has never been here and of
one that has. A status change is from the click's request to the row of every screen: consoles, and
a wall, in contexts of their own. Page and clicker read the same clock.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from benchmarks.chromium import display
from benchmarks.machine import Line, Server, running
from benchmarks.report import Effort, Row, percentile
from benchmarks.visitor import HEADER, WHO, let_in, sign_in
from commandcenter.config import Address, Config, Web
from commandcenter.lifeline import die_with_parent
from commandcenter.plugins import panel_class
from commandcenter.processes import web
from commandcenter.records.database import Records
from commandcenter.records.incidents import open_incident
from commandcenter.region import Region
from commandcenter.staging.scenes import Wall

MANY, FEW = 10_000, 100
SCREENS = 4  # consoles, beside one wall
REST = 500  # ms between two changes: the rows of the one before have slid to their places
WATCHED = '[region]\nname = "Benchmark"\n'

PAINTED = """
const look = () => document.querySelector(".rows [data-incident]")
  ? (window.painted = performance.now()) : requestAnimationFrame(look);
requestAnimationFrame(look);
"""
# Until the row says who has it; one that left the part of the list that is seen has moved down.
SEEN = """({ place, number, who }) => {
  const row = () => document.querySelector(`${place} [data-incident="${number}"]`);
  if (!row()) throw new Error("not on this screen: " + number);
  const clock = () => performance.timeOrigin + performance.now();
  window.seen = new Promise((tell) => {
    const look = () => {
      const there = row();
      if (there && !there.querySelector(".who").textContent.includes(who)) return;
      observer.disconnect();
      tell(clock());
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  });
}"""


def run(effort: Effort) -> Iterator[Row]:
    """Both consoles, then what many at once cost."""
    with display() as browser, running(_console(FEW)) as few, running(_console(MANY)) as many:
        yield from _paints(browser, few, many, effort)
        yield from _changes(browser, few, many, effort)
        yield _bulk(many)


def _paints(browser: Browser, few: Server, many: Server, effort: Effort) -> Iterator[Row]:
    first: dict[tuple[int, str], list[float]] = {}
    for _ in range(effort.pages):
        for count, server in ((MANY, many), (FEW, few)):
            with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
                page = sign_in(context.new_page(), server.port)
                page.add_init_script(PAINTED)
                for cache in ("cold", "warm"):
                    page.goto(f"http://127.0.0.1:{server.port}/console")
                    page.wait_for_function("() => window.painted")
                    first.setdefault((count, cache), []).append(page.evaluate("window.painted"))
    for cache in ("cold", "warm"):
        yield Row(
            figure=f"console of {MANY:,} incidents, first row, {cache} cache",
            ours=percentile(first[MANY, cache], 0.5),
            rival=percentile(first[FEW, cache], 0.5),
            unit="ms",
            most=1000,
        )


def _changes(browser: Browser, few: Server, many: Server, effort: Effort) -> Iterator[Row]:
    rounds = max(3, round(4 * effort.seconds))
    with ExitStack() as stack:
        theirs = _Screens(browser, few, stack).changes(rounds)
        ours = _Screens(browser, many, stack).changes(rounds)
    name = f"status change to {SCREENS} consoles of {MANY:,} and a wall"
    for share in (0.5, 0.95):
        yield Row(
            figure=f"{name}, p{share * 100:.0f}",
            ours=percentile(ours, share),
            rival=percentile(theirs, share),
            unit="ms",
            most=200 if share > 0.9 else None,
        )


def _bulk(server: Server) -> Row:
    """A thousand acknowledged by one request."""
    chosen = [{"number": number, "version": 1} for number in range(5000, 6000)]
    clicker = _clicker(server)
    began = time.perf_counter()
    done = _step(clicker, chosen)
    assert done == len(chosen), f"{done} of {len(chosen)} were taken"
    took = time.perf_counter() - began
    return Row(figure="bulk acknowledgement of 1,000", ours=took * 1000, unit="ms")


class _Screens:
    """Consoles and a wall that show the same incidents."""

    def __init__(self, browser: Browser, server: Server, stack: ExitStack) -> None:
        self.clicker = _clicker(server)
        self.pages: list[tuple[Page, str]] = []
        for place in [".rows"] * SCREENS + ['[data-panel="incidents"]']:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = sign_in(stack.enter_context(context).new_page(), server.port)
            path = "/console" if place == ".rows" else "/wall/bench"
            page.goto(f"http://127.0.0.1:{server.port}{path}")
            page.wait_for_selector(f"{place} [data-incident]")
            self.pages.append((page, place))
        self.pages[0][0].wait_for_function("() => commandcenter.desk.rest === 0")

    def changes(self, rounds: int) -> list[float]:
        """How long each took to each screen, in ms; the topmost row is taken each time."""
        took: list[float] = []
        for number in range(1, rounds + 1):
            for page, place in self.pages:
                page.wait_for_selector(f'{place} [data-incident="{number}"]')
                page.evaluate(SEEN, {"place": place, "number": number, "who": WHO})
            clicked = time.time() * 1000
            assert _step(self.clicker, [{"number": number, "version": 1}]) == 1
            took += [page.evaluate("window.seen") - clicked for page, _ in self.pages]
            self.pages[0][0].wait_for_timeout(REST)
        return took


def _clicker(server: Server) -> httpx.Client:
    """Another page that is open already, as far as its requests go."""
    address = f"http://127.0.0.1:{server.port}"
    client = httpx.Client(
        base_url=address, headers={"Origin": address, "Cookie": HEADER}, timeout=60
    )
    client.get("/healthz").raise_for_status()
    return client


def _step(clicker: httpx.Client, incidents: list[dict[str, int]]) -> int:
    """How many were acknowledged."""
    body = {"via": "bulk", "act": "acknowledge", "incidents": incidents}
    told = clicker.post("/console/steps", json=body)
    return len(told.raise_for_status().json()["done"])


class _console:  # noqa: N801 (it stands for a function that a new process can be given)
    """Web and watch over so many open incidents, all critical, in the order of their numbers."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def __call__(self, _: Line, port: int, redis: str, folder: Path) -> None:
        for name in ("REDIS_URL", "RECORDS_URL"):
            os.environ.pop(name, None)
        url = f"sqlite:///{folder}/records.db"
        await asyncio.to_thread(let_in, url)
        await asyncio.to_thread(_fill, url, self.count)
        config = Config(
            region=Region(name="Benchmark"),
            web=Web(port=port),
            redis=Address(url=redis),
            records=Address(url=url),
            walls=(Wall(name="bench", picture=("incidents",)),),
            panels={"incidents": panel_class("incidents")(name="incidents")},
        )
        settings = folder / "config.toml"
        settings.write_text(WATCHED, encoding="utf-8")
        command = [sys.executable, "-m", "commandcenter", "--config", str(settings), "watch"]
        environment = os.environ | {"REDIS_URL": redis, "RECORDS_URL": url}
        watching = await asyncio.create_subprocess_exec(
            *command, env=environment, preexec_fn=die_with_parent()
        )
        await web(config)
        watching.terminate()


def _fill(url: str, count: int) -> None:
    records = Records(url)
    records.migrate()
    now = datetime.now(UTC)
    with records.engine.begin() as connection:
        for number in range(count):
            open_incident(
                connection,
                ("alert/webhook", "alerts", f"alert/webhook:{number}"),
                now,
                level="critical",
                title=f"Tautan kantor {number} putus",
                detail="tidak menjawab 3 kali berturut-turut",
                source="webhook",
                office=f"kantor-{number % 61}",
                provider=("Telkom", "Moratel", "Telkomsel")[number % 3],
            )
    records.close()
