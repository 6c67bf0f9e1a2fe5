"""The row of big numbers: one card a domain, readable from six metres."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, since, span, tag
from commandcenter.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One card. `of` is dimmed behind the number; `aside` stands at the top right."""

    title: str
    number: str
    level: str  # ok, warn, bad, unknown: the colour of its edge
    of: str = ""
    aside: Node = None
    below: str = ""


@dataclass(kw_only=True)
class Summary(Panel):
    """Network, attendance, complaints, applications, cameras and incidents in figures."""

    frame: ClassVar[bool] = True

    feeds: tuple[str, ...] = (
        "network", "attendance", "complaints", "applications", "cameras", "incidents",
    )  # fmt: skip

    def render(self, view: View) -> Drawing:
        """One card for each feed that is configured; each with its own age."""
        draw = {
            "network": _network,
            "attendance": _attendance,
            "complaints": _complaints,
            "applications": _applications,
            "cameras": _cameras,
            "incidents": _incidents,
        }
        cards = [_card(view, feed, draw[feed](view)) for feed in self.feeds if feed in draw]
        return Drawing(body=div("figures", *cards))


def _card(view: View, feed: str, figure: Figure) -> Node:
    fresh = view.freshness(feed)
    missing = fresh.base != ""
    return div(
        f"figure {'unknown' if missing else figure.level}",
        div("top", span("title", figure.title), span("aside", None if missing else figure.aside)),
        div(
            "number",
            "–" if missing else figure.number,
            span(_size(figure.of), "" if missing else figure.of),
        ),
        div(
            "below",
            span("", view.say(fresh.base) if missing else figure.below),
            span(
                "age", tag("i", "dot"), tag("time", "", data_since=fresh.attributes()["data_at_ms"])
            ),
        ),
        key=feed,
        data_figure=feed,
        **fresh.attributes(),
    )


def _size(of: str) -> str:
    """A word takes more room than a denominator."""
    return "of" if of[:1] in ("", "/") else "of word"


def _network(view: View) -> Figure:
    say, devices = view.say, [d for d in view.values("device") if d["role"] == "office"]
    states = [d["state"] for d in devices]
    down, unconnected = states.count("down"), states.count("unconnected")
    unknown = states.count("unknown")
    alive = states.count("up") + states.count("degraded")
    below = [
        say("{n} disturbed", n=states.count("degraded")) if "degraded" in states else "",
        say("{n} unknown", n=unknown) if unknown else "",
        say("{n} not connected yet", n=unconnected) if unconnected else "",
    ]
    return Figure(
        title=say("Office network"),
        number=say.number(alive),
        of=f"/ {say.number(len(devices))}",
        level=_link_level(states),
        aside=say("{n} down", n=down) if down else _all(states, "up", say("all connected")),
        below=" · ".join(b for b in below if b) or _all(states, "up", say("no disturbance")),
    )


def _link_level(states: list[str]) -> str:
    if set(states) <= {"unconnected"}:
        return "unknown"  # not one was heard
    if states.count("down") > len(states) / 10:
        return "bad"
    return "warn" if {"down", "unknown", "degraded"} & set(states) else "ok"


def _all(states: list[str], good: str, word: str) -> str:
    """The good word, only where it is true of everything and there is something."""
    return word if states and set(states) == {good} else ""


def _attendance(view: View) -> Figure:
    say, offices = view.say, view.values("office")
    told = [o for o in offices if o["present"] is not None]
    present, expected = sum(o["present"] for o in told), sum(o["expected"] for o in told)
    silent = sum(o["machines_silent"] for o in offices)
    share = present / expected if expected else None
    below = [say("{n} late", n=say.number(sum(o["late"] or 0 for o in told)))]
    if silent:
        below.append(say("{n} machines silent", n=silent))
    if offices and not any(o.get("working", True) for o in offices):
        below[0] = say("outside working hours")
    return Figure(
        title=say("Present today"),
        number=say.number(present) if told else "–",
        of=f"/ {say.number(expected)}" if told else "",
        level="unknown" if share is None else "warn" if silent else "ok",
        aside=say.percent(share),
        below=" · ".join(below),
    )


def _complaints(view: View) -> Figure:
    say = view.say
    totals: dict[str, Any] = next(iter(view.values("totals")), {})
    none = say("none overdue")
    overdue = totals.get("overdue")
    return Figure(
        title=say("Open complaints"),
        number=say.number(totals.get("open")),
        level="unknown" if overdue is None else "bad" if overdue else "ok",
        aside=say("{n} overdue", n=overdue) if overdue else "" if overdue is None else none,
        below=say(
            "{n} new today · {m} done",
            n=totals.get("new_today", "–"),
            m=totals.get("closed_today", "–"),
        ),
    )


def _applications(view: View) -> Figure:
    say, found = view.say, view.values("application")
    down = sum(a["state"] == "down" for a in found)
    slow = [a["latency_ms"] for a in found if a["latency_ms"] is not None]
    ending = [a for a in found if a["certificate_days"] is not None and a["certificate_days"] < 14]
    certificates = [a for a in found if a["certificate_days"] is not None]
    below = say("certificates in order") if certificates else ""
    below = say("{n} certificates end soon", n=len(ending)) if ending else below
    return Figure(
        title=say("Applications"),
        number=say.number(len(found) - down),
        of=f"/ {say.number(len(found))}",
        level="unknown" if not found else "bad" if down else "warn" if ending else "ok",
        aside=say("median {n} ms", n=say.number(median(slow))) if slow else None,
        below=say("{n} not answering", n=down) if down else below,
    )


def _cameras(view: View) -> Figure:
    say, found = view.say, view.values("camera")
    states = [c["state"] for c in found]
    live, frozen = states.count("live"), states.count("frozen")
    dead = len(states) - live - frozen - states.count("late") - states.count("starting")
    words = [say("{n} frozen", n=frozen)] if frozen else []
    words += [say("{n} dead", n=dead)] if dead else []
    # Whose most of them are goes without saying; for more than two there is no room.
    owners = Counter(c["owner"] for c in found if c["owner"]).most_common()[1:3]
    return Figure(
        title=say("CCTV"),
        number=say.number(live),
        of=f"/ {say.number(len(found))}",
        level="warn" if words else "ok" if live else "unknown",
        aside=" · ".join(words) or _all(states, "live", say("all live")),
        below=say("of them {owners}", owners=", ".join(f"{n} {owner}" for owner, n in owners))
        if owners
        else "",
    )


def _incidents(view: View) -> Figure:
    say = view.say
    found, totals = view.values("incident"), view.values("totals")
    waiting = [i for i in found if not i["acknowledged_at"]]
    known = bool(totals) and view.runs("watch")
    oldest = min((i["opened_at"] for i in waiting), default=None)
    return Figure(
        title=say("Incidents"),
        number=say.number(len(waiting)) if waiting or known else "–",
        of=say("unacknowledged"),
        level="bad" if waiting else "ok" if known else "unknown",
        aside=span("", say("oldest") + " ", since(oldest)) if oldest else None,
        below=say("{n} being worked on", n=len(found) - len(waiting))
        if known
        else say("not watched: what is new is not known"),
    )
