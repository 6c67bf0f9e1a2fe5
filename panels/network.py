"""The network: traffic of each provider, and one square for each office by kecamatan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
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
AXIS = {"automargin": True, "nticks": 4, "zeroline": False, "gridcolor": "rgba(0,0,0,0)"}
VALUES = {
    "gridcolor": "#1b2836",
    "rangemode": "tozero",
    "ticksuffix": " Mb/s",
    "ticklabelposition": "inside top",
    "tickfont": {"color": "#8fa3b8"},
}
SLOW_MS, LOSSY_PERCENT = 100.0, 1.0


@dataclass(kw_only=True)
class Network(Panel):
    """Links of offices, kecamatan and providers."""

    heading: ClassVar[str] = "Network"
    chart: ClassVar[bool] = True
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
        tag("td", "", f"{say.number(_mega(value['in_bps']))} Mb/s"),
        tag("td", "warn" if rtt and rtt > SLOW_MS else "", f"{say.number(rtt)} {say('ms')}"),
        tag(
            "td",
            "warn" if loss and loss > LOSSY_PERCENT else "",
            f"{say.number(loss, 1)} % {say('lost')}",
        ),
        tag("td", "", f"{value['up']}/{value['devices']}"),
    )


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
    """The last half hour, a line a provider. Plotly knows no zones: local time is written here."""
    return {
        "data": [_line(view, r, COLOURS[i % len(COLOURS)]) for i, r in enumerate(providers)],
        "layout": {
            "margin": {"l": 4, "r": 4, "t": 6, "b": 4},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "font": {"family": "Inter, sans-serif", "size": 12, "color": "#8fa3b8"},
            "xaxis": AXIS | {"type": "date", "tickformat": "%H:%M"} | _span(view, providers),
            "yaxis": AXIS | VALUES,
            "uirevision": "fixed",
        },
    }  # fmt: skip


def _span(view: View, providers: list[Reading]) -> dict[str, Any]:
    """Always half an hour: a young line is short, it does not pretend to fill the time."""
    newest = max(r.at for r in providers)
    return {"range": [_local(view, newest - SPAN), _local(view, newest)]}


def _line(view: View, provider: Reading, colour: str) -> dict[str, Any]:
    oldest = provider.at - SPAN
    points = [
        (r.at, (r.value or {}).get("in_bps")) for r in view.history(provider) if r.at >= oldest
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [_local(view, at) for at, _ in points],
        "y": [_mega(bps) for _, bps in points],
        "line": {"color": colour, "width": 2},
        "connectgaps": False,
        "name": (provider.value or {}).get("name", ""),
    }


def _local(view: View, at: datetime) -> str:
    return at.astimezone(view.say.zone).replace(tzinfo=None).isoformat(timespec="seconds")
