"""The row of big numbers: one card a domain, readable from six metres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import Any, ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, since, span, tag
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.vocabulary import CAMERA_AMBER

_FEW = 0.75  # of those expected: the share below which an office's bar is amber


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One card. `of` is dimmed behind the number; `aside` stands at the top right."""

    title: str
    number: str
    level: str  # ok, warn, bad, unknown, quiet: the colour of its edge
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
        figures = {feed: draw[feed](view) for feed in self.feeds if feed in draw}
        cards = [_card(view, feed, _with_list(view, feed, f)) for feed, f in figures.items()]
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


def _with_list(view: View, feed: str, figure: Figure) -> Figure:
    """A row of the feed's list that cannot be used is a thing that the figure leaves out."""
    status = view.board.one("system", f"feed/{feed}")
    mistakes = len((status.value or {}).get("list_mistakes", ())) if status else 0
    if not mistakes:
        return figure
    told = view.say("{n} mistakes in the list", n=mistakes)
    level = "warn" if figure.level in ("ok", "quiet") else figure.level
    return replace(figure, level=level, below=" · ".join(filter(None, (told, figure.below))))


def _size(of: str) -> str:
    """A word takes more room than a denominator."""
    return "of" if of[:1] in ("", "/") else "of word"


def _network(view: View) -> Figure:
    say, found = view.say, view.values("device")
    devices = [d for d in found if d["role"] == "office"]
    hubs = [d["state"] for d in found if d["role"] != "office"]
    states = [d["state"] for d in devices]
    down, unconnected = states.count("down"), states.count("unconnected")
    unknown = states.count("unknown")
    alive = states.count("up") + states.count("degraded")
    below = [
        say("{n} disturbed", n=states.count("degraded")) if "degraded" in states else "",
        say("{n} unknown", n=unknown) if unknown else "",
        say("{n} not connected yet", n=unconnected) if unconnected else "",
        say("{n} hubs, {m} down", n=len(hubs), m=hubs.count("down")) if "down" in hubs else "",
    ]
    return Figure(
        title=say("Office network"),
        number=say.number(alive) if alive or down else "–",
        of=f"/ {say.number(len(devices))}",
        level="bad" if "down" in hubs else _link_level(states),
        aside=say("{n} down", n=down) if down else _all(states, "up", say("all connected")),
        below=" · ".join(b for b in below if b) or _all(states, "up", say("no disturbance")),
    )


def _link_level(states: list[str]) -> str:
    if set(states) <= {"unconnected", "unknown"}:
        return "unknown"  # not one was heard
    if "down" in states:
        return "bad"
    return "warn" if {"unknown", "degraded"} & set(states) else "ok"


def _all(states: list[str], good: str, word: str) -> str:
    """The good word, only where it is true of everything and there is something."""
    return word if states and set(states) == {good} else ""


def _attendance(view: View) -> Figure:
    say, offices = view.say, view.values("office")
    told = [o for o in offices if o["present"] is not None and o["expected"]]
    present, expected = sum(o["present"] for o in told), sum(o["expected"] for o in told)
    share = present / expected if expected else None
    working = any(o.get("working", True) for o in offices) or not offices
    troubles = _machine_troubles(view, offices)
    below = [_late(view, told) if working else say("outside working hours"), *troubles]
    if told and len(told) < len(offices):
        below.append(say("{n} of {m} offices", n=len(told), m=len(offices)))
    return Figure(
        title=say("Present today"),
        number=say.number(present) if told else "–",
        of=f"/ {say.number(expected)}" if told else "",
        level=_presence_level(share, working, troubles),
        aside=say.percent(share),
        below=" · ".join(filter(None, below)),
    )


def _presence_level(share: float | None, working: bool, troubles: list[str]) -> str:
    if share is None:
        return "unknown"
    if troubles or (working and share < _FEW):
        return "warn"
    return "ok" if working else "quiet"


def _late(view: View, told: list[dict[str, Any]]) -> str:
    """Over the offices whose clocks are right."""
    timely = [o for o in told if o["late"] is not None]
    late = view.say.number(sum(o["late"] for o in timely))
    if len(timely) == len(told):
        return view.say("{n} late", n=late) if told else ""
    return view.say("at least {n} late", n=late) if timely else view.say("late unknown")


def _machine_troubles(view: View, offices: list[dict[str, Any]]) -> list[str]:
    say = view.say
    silent = sum(o["machines_silent"] for o in offices)
    wrong = sum(o.get("clocks_wrong", 0) for o in offices)
    unreadable = sum(o.get("machines_unreadable", 0) for o in offices)
    pending = sum(m["state"] == "pending" for m in view.values("machine"))
    words = (
        say("{n} machines silent", n=silent) if silent else "",
        say("{n} clocks wrong", n=wrong) if wrong else "",
        say("{n} machines not readable", n=unreadable) if unreadable else "",
        say("{n} machines not in the list", n=pending) if pending else "",
    )
    found = [word for word in words if word]
    if len(found) < 3:
        return found
    # There is no room for more kinds than two.
    return [say("{n} machines in trouble", n=silent + wrong + unreadable + pending)]


def _complaints(view: View) -> Figure:
    say = view.say
    totals: dict[str, Any] = next(iter(view.values("totals")), {})
    overdue, undated = totals.get("overdue"), totals.get("undated", 0)
    level, aside = "ok", say("none overdue")
    if overdue is None:
        level, aside = "unknown", ""
    elif overdue:
        level, aside = "bad", say("{n} overdue", n=overdue)
    elif totals.get("at_least"):
        level, aside = "unknown", say("incomplete")
    elif undated:
        level, aside = "warn", say("{n} without a deadline", n=undated)
    return Figure(
        title=say("Open complaints"),
        number="≥ " * bool(totals.get("at_least")) + say.number(totals.get("open")),
        level=level,
        aside=aside,
        below=_typed_in(view, totals)
        or say(
            "{n} new today · {m} done",
            n=totals.get("new_today", "–"),
            m=totals.get("closed_today", "–"),
        ),
    )


def _typed_in(view: View, totals: dict[str, Any]) -> str:
    """From which file complaints are; "" when none is."""
    typed, file_at = totals.get("from_file"), totals.get("file_at")
    if not typed or not file_at:
        return ""
    day = view.say.day(datetime.fromisoformat(file_at))
    if typed == totals["open"]:
        return view.say("from a file of {day}", day=day)
    return view.say("{n} from a file of {day}", n=typed, day=day)


def _applications(view: View) -> Figure:
    say, found = view.say, view.values("application")
    states = Counter(a["state"] for a in found)
    alive = states["up"] + states["degraded"]
    latencies = [a["latency_ms"] for a in found if a["latency_ms"] is not None]
    worries = [
        say(words, n=n)
        for words, n in (
            ("{n} not answering", states["down"]),
            ("{n} disturbed", states["degraded"]),
            ("{n} untrusted certificates", sum(map(_is_untrusted, found))),
            ("{n} certificates end soon", sum(map(_is_ending, found))),
            ("{n} unknown", len(found) - alive - states["down"]),
        )
        if n
    ]
    in_order = any(map(_has_certificate, found)) and all(
        a.get("certificate") == "trusted" for a in found if _has_certificate(a)
    )
    known = alive + states["down"] > 0
    return Figure(
        title=say("Applications"),
        number=say.number(alive) if known else "–",
        of=f"/ {say.number(len(found))}",
        level="bad" if states["down"] else "unknown" if not known else "warn" if worries else "ok",
        aside=say("median {n} ms", n=say.number(median(latencies))) if latencies else None,
        below=" · ".join(worries) or (say("certificates in order") if in_order else ""),
    )


def _has_certificate(application: Mapping[str, Any]) -> bool:
    """Whether it must have one: its address says so, or one was seen."""
    return application["url"].startswith("https:") or application.get("certificate") is not None


def _is_untrusted(application: Mapping[str, Any]) -> bool:
    return application.get("certificate") == "untrusted"


def _is_ending(application: Mapping[str, Any]) -> bool:
    days = application["certificate_days"]
    return days is not None and days < 14 and not _is_untrusted(application)


def _cameras(view: View) -> Figure:
    """Live is who is known to be; the gravest words come first, and for more than two beside the
    title there is no room."""
    say, found = view.say, view.values("camera")
    states = Counter(str(camera.get("state")) for camera in found)
    heard = found and set(states) != {"starting"}
    words = _troubles(say, states)
    # Whose most of them are goes without saying; for more than two there is no room.
    owners = Counter(c["owner"] for c in found if c.get("owner")).most_common()[1:3]
    whose = say("of them {owners}", owners=", ".join(f"{n} {owner}" for owner, n in owners))
    return Figure(
        title=say("CCTV"),
        number=say.number(states["live"]) if heard else "–",
        of=f"/ {say.number(len(found))}",
        level=_camera_level(states, len(found)) if heard else "unknown",
        aside=" · ".join(words[:2]) or _all(list(states.elements()), "live", say("all live")),
        below=" · ".join([*words[2:], *([whose] if owners else [])])
        or ("" if found else say("no camera is known")),
    )


def _troubles(say: Language, states: Counter[str]) -> list[str]:
    """How many cameras are what else than live, the gravest first."""
    disturbed = sum(states[state] for state in CAMERA_AMBER if state != "late")
    known = states["live"] + states["starting"] + states["frozen"] + states["late"] + disturbed
    return [
        *([say("{n} dead", n=dead)] if (dead := states.total() - known) else []),
        *([say("{n} frozen", n=states["frozen"])] if states["frozen"] else []),
        *([say("{n} see badly", n=disturbed)] if disturbed else []),
        *([say("{n} late", n=states["late"])] if states["late"] else []),
        *([say("{n} starting", n=states["starting"])] if states["starting"] else []),
    ]


def _camera_level(states: Counter[str], number: int) -> str:
    grey = sum(n for state, n in states.items() if state not in ("live", "starting", *CAMERA_AMBER))
    if grey > number / 10:
        return "bad"
    return "ok" if states["live"] == number else "warn"


def _incidents(view: View) -> Figure:
    say = view.say
    found, totals = view.counted("incident"), view.values("totals")
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
