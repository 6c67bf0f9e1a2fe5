"""What a drawing costs the server: every shipped panel, and a chart as a dict or as go.Figure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import plotly.graph_objects as go

from benchmarks.region import past, region
from benchmarks.report import Effort, Row
from benchmarks.wall import FEEDS
from commandcenter.board import HISTORY, Board, Patience, View
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.plugins import panel_class, types
from commandcenter.region import Region

NOW = datetime(2026, 11, 21, 2, 42, 17, tzinfo=UTC)
OFFICES = (61, 1000)
POINTS = 600  # of each of the two lines of the compared chart
TIMES = 20  # a round


def run(effort: Effort) -> Iterator[Row]:
    """Panel by panel with the demo's region and with a province's, then the chart."""
    for name in types("panels"):
        panel = panel_class(name)(name=name)
        for offices in OFFICES:
            view = _view(panel, offices)
            yield Row(
                figure=f"drawing {name}, {offices:,} offices",
                ours=_milliseconds(partial(_draw, panel, view), effort),
                unit="ms",
            )
    lines = _lines()
    ours = _milliseconds(partial(_as_dict, lines), effort)
    rival = _milliseconds(partial(_as_figure, lines), effort)
    name = "chart of 2 × 600 points as dict, rival go.Figure"
    yield Row(figure=name, ours=ours, unit="ms", rival=rival, most=0.1)


def _view(panel: Panel, offices: int) -> View:
    if panel.feeds == ("*",):
        panel.feeds = FEEDS
    patience = {feed: Patience(late_after=30, stale_after=90) for feed in FEEDS}
    board = Board(patience=patience, series=panel.series)
    board.take(past(HISTORY, NOW), NOW)
    board.take(region(offices, NOW), NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    return View(board=board, feeds=panel.feeds, now=NOW, say=say, region=Region(name="Benchmark"))


def _draw(panel: Panel, view: View) -> None:
    drawing = panel.render(view)
    orjson.dumps([drawing.body, drawing.figure], option=orjson.OPT_NON_STR_KEYS)


def _milliseconds(act: Callable[[], object], effort: Effort) -> float:
    """The median over some repetitions; the first is not counted."""
    act()
    took = []
    for _ in range(TIMES * effort.rounds):
        began = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - began))
    return median(took)


def _lines() -> list[dict[str, Any]]:
    x = [(NOW + timedelta(seconds=n)).isoformat() for n in range(POINTS)]
    return [{"type": "scatter", "mode": "lines", "x": x, "y": list(range(POINTS))}] * 2


LAYOUT = {"margin": {"l": 4, "r": 4, "t": 6, "b": 4}, "showlegend": False}


def _as_dict(lines: list[dict[str, Any]]) -> bytes:
    return orjson.dumps({"data": lines, "layout": LAYOUT})


def _as_figure(lines: list[dict[str, Any]]) -> str:
    return str(go.Figure(data=lines, layout=LAYOUT).to_json())
