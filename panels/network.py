"""The network: traffic of each provider, and one square for each office by kecamatan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import floor, log10
from statistics import fmean
from typing import Any, ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, mark, span, tag
from commandcenter.panel import Panel
from commandcenter.reading import Reading

LEVELS = {
    "up": "ok",
    "degraded": "warn",
    "down": "bad",
    "unknown": "unknown",
    "unconnected": "none",
}
WORDS = {
    "up": "normal",
    "degraded": "disturbed",
    "down": "down",
    "unknown": "unknown",
    "unconnected": "not connected yet",
}
COLOURS = ("#4db5ff", "#35c28d", "#f5b83d", "#b08cff", "#ff8fb1", "#7fd6d6")
SPAN = timedelta(minutes=30)
STEP = 12  # seconds of a point: 150 of them are one for two or three pixels
TICK = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
NICE = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)  # tops of an axis, times a power of ten
AXIS = {"nticks": 4, "zeroline": False, "gridcolor": "rgba(0,0,0,0)"}
TIMES = {"range": [0, SPAN.total_seconds()], "ticklabeloverflow": "hide past domain"}
VALUES = {
    "gridcolor": "#1b2836",
    "tickfont": {"color": "#8fa3b8"},
}
SLOW_MS, LOSSY_PERCENT = 100.0, 1.0


@dataclass(kw_only=True)
class Network(Panel):
    """Links of offices, kecamatan and providers."""

    heading: ClassVar[str] = "Network"
    chart: ClassVar[bool] = True
    traces: ClassVar[frozenset[str]] = frozenset({"scatter"})
    series: ClassVar[frozenset[str]] = frozenset({"provider"})

    feeds: tuple[str, ...] = ("network",)
    by_kecamatan: bool = True
    """One row of squares for each kecamatan; without it one square follows the other."""

    def render(self, view: View) -> Drawing:
        """Traffic on top, the providers' figures, then the offices."""
        providers = sorted(
            view.all("provider"), key=lambda r: -((r.value or {}).get("in_bps") or 0)
        )
        offices = [d for d in view.values("device") if d["role"] == "office"]
        kecamatan = {d["kecamatan"] for d in offices if d["kecamatan"]}
        return Drawing(
            subtitle=view.say("{n} kecamatan · {m} offices", n=len(kecamatan), m=len(offices))
            if self.by_kecamatan
            else view.say("one square one office"),
            figure=_traffic(view, providers) if providers else None,
            body=div(
                "network",
                tag("table", "providers", tag("tbody", "", *_rows(view, providers))),
                self._squares(view, offices),
                _legend(view, offices) if self.by_kecamatan else None,
            ),
        )

    def _squares(self, view: View, offices: list[dict[str, Any]]) -> Node:
        groups = _by_kecamatan(offices)
        if self.by_kecamatan:
            return div("squares", *(_group(view, *group) for group in groups))
        squares = [_square(view, device) for _, of_one in groups for device in of_one]
        return div("squares", div("cells", *squares))


def _rows(view: View, providers: list[Reading]) -> list[Node]:
    return [
        _provider(view, r.value or {}, COLOURS[i % len(COLOURS)]) for i, r in enumerate(providers)
    ]


def _provider(view: View, value: dict[str, Any], colour: str) -> Node:
    say = view.say
    rtt, loss = value["rtt_ms"], value["loss_percent"]
    return tag(
        "tr",
        "",
        tag("td", "", tag("i", "line", style={"background": colour}), value["name"]),
        tag("td", "", f"{say.number(_mega(value['in_bps']))} Mb/s", _part(view, value)),
        tag("td", "warn" if rtt and rtt > SLOW_MS else "", f"{say.number(rtt)} {say('ms')}"),
        tag(
            "td",
            "warn" if loss and loss > LOSSY_PERCENT else "",
            f"{say.number(loss, 1)} % {say('lost')}",
        ),
        tag("td", "", f"{value['up']}/{value['devices']}"),
    )


def _part(view: View, value: dict[str, Any]) -> Node:
    """Of how many links the traffic is, where some do not tell theirs."""
    leaves, telling = value.get("leaves", 0), value.get("telling", 0)
    if value["in_bps"] is None or telling >= leaves:
        return None
    return tag("small", "", " " + view.say("of {n}/{m} links", n=telling, m=leaves))


def _mega(bps: float | None) -> float | None:
    return None if bps is None else bps / 1e6


def _by_kecamatan(offices: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    ordered = sorted(offices, key=lambda d: (d["kecamatan"], d["name"]))
    return [(name, list(group)) for name, group in groupby(ordered, key=lambda d: d["kecamatan"])]


def _group(view: View, name: str, offices: list[dict[str, Any]]) -> Node:
    bad = sum(d["state"] == "down" for d in offices)
    return div(
        "group",
        div("name", name or "–", span("bad", view.say("{n} down", n=bad)) if bad else None),
        div("cells", *(_square(view, d) for d in offices)),
        key=name,
    )


def _square(view: View, device: dict[str, Any]) -> Node:
    word = view.say(WORDS[device["state"]])
    title = " · ".join(w for w in (device["name"], device["provider"], word, device["detail"]) if w)
    return tag("i", f"cell {LEVELS[device['state']]}", role="img", aria_label=title, title=title)


def _legend(view: View, offices: list[dict[str, Any]]) -> Node:
    states = [d["state"] for d in offices]
    shown = [s for s in LEVELS if s in states or s in ("up", "down")]
    return div(
        "legend",
        *(
            span("", mark(LEVELS[s], WORDS[s]), f"{view.say(WORDS[s])} {states.count(s)}")
            for s in shown
        ),
    )


def _traffic(view: View, providers: list[Reading]) -> dict[str, Any]:
    """The last half hour, a line a provider; x is in seconds. Everything but the lines changes once
    a minute at most, and assets/chart.js only moves lines: half the work of drawing a chart."""
    start = _whole(max(r.at for r in providers) + MINUTE, MINUTE) - SPAN
    lines = [list(_points(view, provider, start)) for provider in providers]
    highest = max((y for line in lines for _, y in line if y is not None), default=0.0)
    return {
        "data": [
            _line(provider, COLOURS[i % len(COLOURS)], line)
            for i, (provider, line) in enumerate(zip(providers, lines, strict=True))
        ],
        "layout": {
            "margin": {"l": 36, "r": 4, "t": 6, "b": 20},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "font": {"family": "Inter, sans-serif", "size": 12, "color": "#8fa3b8"},
            "xaxis": AXIS | TIMES | _clock(view, start),
            "yaxis": AXIS | VALUES | {"range": [0, _top(highest)]},
        },
    }


def _points(view: View, provider: Reading, start: datetime) -> Iterator[tuple[int, float | None]]:
    """Seconds since `start`, and Mb/s: the mean of a rate is the rate over the whole step."""
    told = ((int((r.at - start).total_seconds()), r.value or {}) for r in view.history(provider))
    for _, group in groupby((t for t in told if t[0] >= 0), key=lambda t: t[0] // STEP):
        points = list(group)
        known = [bps for _, value in points if (bps := value["in_bps"]) is not None]
        yield points[-1][0], round(fmean(known) / 1e6, 3) if known else None


def _line(
    provider: Reading, colour: str, points: Sequence[tuple[int, float | None]]
) -> dict[str, Any]:
    x, y = zip(*points, strict=True) if points else ((), ())
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": colour, "width": 2},
        "connectgaps": False,
        "name": (provider.value or {}).get("name", ""),
    }


def _clock(view: View, start: datetime) -> dict[str, Any]:
    """Every ten minutes. Plotly knows no zones: local time is written here."""
    first = _whole(start + TICK, TICK)
    ticks = [first + n * TICK for n in range(SPAN // TICK)]
    return {
        "tickvals": [(at - start).total_seconds() for at in ticks],
        "ticktext": [f"{at.astimezone(view.say.zone):%H:%M}" for at in ticks],
    }


def _top(highest: float) -> float:
    """A round value with some air above the highest."""
    wanted = 1.05 * highest or 1.0
    power = 10.0 ** floor(log10(wanted))
    return next(power * nice for nice in NICE if power * nice >= wanted)


def _whole(at: datetime, step: timedelta) -> datetime:
    """The last whole step at or before `at`."""
    return at - timedelta(seconds=at.timestamp() % step.total_seconds())
