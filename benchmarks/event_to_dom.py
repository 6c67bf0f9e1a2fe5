"""From publishing to the page's DOM, in Chromium, against a bare WebSocket page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from playwright.sync_api import Page

from benchmarks.chromium import fresh_chromium
from benchmarks.machine import Server, Worker, running
from benchmarks.publisher import Plan, to_bus, to_channel
from benchmarks.report import Effort, Row, percentile
from benchmarks.rivals import plain_page
from benchmarks.visitor import sign_in
from benchmarks.wall import stamp_wall

SIZE = 127  # bytes of an event
RATES = (10.0, 100.0)


@dataclass
class Told:
    """What a page showed over all rounds of one rate."""

    ms: list[list[float]] = field(default_factory=list)
    published: int = 0
    rounds: int = 0
    final: int = 0  # rounds at whose end the newest event was on the page

    def ms_at(self, share: float) -> float:
        """A percentile, as the median of the rounds."""
        return median(percentile(ms, share) for ms in self.ms)

    @property
    def share(self) -> float:
        """How many of the published events stood in the DOM, in %."""
        return 100 * sum(map(len, self.ms)) / self.published


def run(effort: Effort) -> Iterator[Row]:
    """Both rates, the rounds of ours and of the rival by turns."""
    with running(stamp_wall) as ours, running(plain_page) as plain, fresh_chromium() as chromium:
        for rate in RATES:
            told, rival = Told(), Told()
            for _ in range(effort.pages):
                _round(chromium.new_page(), ours, rate, effort, told, ours_page=True)
                _round(chromium.new_page(), plain, rate, effort, rival, ours_page=False)
            yield from _rows(rate, told, rival)


def _round(
    page: Page, server: Server, rate: float, effort: Effort, told: Told, *, ours_page: bool
) -> None:
    path, publish = ("/wall/bench", to_bus) if ours_page else ("/", to_channel)
    sign_in(page, server.port).goto(f"http://127.0.0.1:{server.port}{path}")
    page.wait_for_selector(".stamp", state="attached")
    seconds = effort.seconds if rate < 50 else effort.seconds / 2
    first = 1_000_000 * told.rounds + 1
    plan = Plan(rate=rate, seconds=seconds, size=SIZE, first=first)
    with Worker(publish, server.redis, plan) as publisher:
        publisher.hear()
        last = publisher.hear()
    told.rounds += 1
    told.published += last - first
    told.final += _shows(page, last)
    told.ms.append([ms for number, ms in page.evaluate("window.seen") if first < number <= last])
    page.close()


def _shows(page: Page, last: int) -> bool:
    end = time.monotonic() + 3
    while time.monotonic() < end:
        if page.evaluate("Number(window.newest)") == last:
            return True
        time.sleep(0.02)
    return False


def _rows(rate: float, told: Told, rival: Told) -> Iterator[Row]:
    name = f"event to DOM, {rate:.0f}/s"
    yield Row(figure=f"{name}, p50", ours=told.ms_at(0.5), unit="ms", rival=rival.ms_at(0.5))
    yield Row(
        figure=f"{name}, p99",
        ours=told.ms_at(0.99),
        unit="ms",
        rival=rival.ms_at(0.99),
        twice_the_rival=True,
    )
    yield Row(
        figure=f"{name}, events that stood in the DOM",
        ours=told.share,
        unit="%",
        rival=rival.share,
    )
    yield Row(
        figure=f"{name}, final states shown",
        ours=100 * told.final / told.rounds,
        unit="%",
        rival=100 * rival.final / rival.rounds,
        least=100,
    )
