"""A browser that reads nothing while 1 MB/s is drawn: what it costs, and when it is cut."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import httpx

from benchmarks.browsers import HELLO, LIVE, live_crowd
from benchmarks.machine import Server, Worker, running
from benchmarks.publisher import Plan, to_bus
from benchmarks.report import Effort, Row, percentile
from benchmarks.wall import stamp_wall

RATE, SIZE = 200.0, 5_000  # 1 MB/s
WARM = 5.0  # seconds of drawing before the browser comes
_CUT = re.compile(r"^commandcenter_cut_total (\d+)", re.MULTILINE)


def run(effort: Effort) -> Iterator[Row]:
    """A healthy browser beside it shows that nobody else suffers."""
    plan = Plan(rate=RATE, seconds=3600, size=SIZE)
    with (
        running(stamp_wall) as server,
        Worker(live_crowd, server.port, 1) as healthy,
        Worker(to_bus, server.redis, plan) as publisher,
    ):
        healthy.hear()
        publisher.hear()
        time.sleep(min(WARM, effort.stalled))
        before = healthy.ask()
        with _stalled(server):
            peak, cut_after = _watch(server, effort.stalled)
        after = healthy.ask()
    yield Row(figure="stalled browser at 1 MB/s, memory grows by", ours=peak, unit="MB", most=2)
    yield Row(figure="stalled browser, cut after", ours=cut_after, unit="s", most=30)
    yield Row(
        figure="healthy browser beside it, p99 (rival: before it came)",
        ours=percentile(after.ms, 0.99),
        unit="ms",
        rival=percentile(before.ms, 0.99),
    )


def _stalled(server: Server) -> socket.socket:
    browser = socket.create_connection(("127.0.0.1", server.port))
    browser.sendall(HELLO.format(path=LIVE, port=server.port).encode())
    return browser


def _watch(server: Server, seconds: float) -> tuple[float, float]:
    """By how many MB it grew at most, and after how many seconds the browser was cut."""
    before = peak = server.resident
    began, cut_after = time.monotonic(), float("inf")
    while (passed := time.monotonic() - began) < seconds:
        peak = max(peak, server.resident)
        if cut_after > seconds and _cut(server):
            cut_after = passed
        time.sleep(0.25)
    return (peak - before) / 1024, cut_after


def _cut(server: Server) -> bool:
    told = _CUT.search(httpx.get(f"http://127.0.0.1:{server.port}/metrics").text)
    return told is not None and int(told[1]) > 0
