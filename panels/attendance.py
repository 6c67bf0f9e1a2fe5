"""Attendance: a bar for each office, the worst on top, and the machines that are silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, mark, more, since, span, tag
from commandcenter.panel import Panel


@dataclass(kw_only=True)
class Attendance(Panel):
    """Who is present, by office; never by name."""

    heading: ClassVar[str] = "Attendance by office"

    feeds: tuple[str, ...] = ("attendance",)
    show: int = 40
    """How many offices are listed at most; those that do not fit are counted."""
    low: float = 0.75
    """The share below which a bar is amber."""

    def render(self, view: View) -> Drawing:
        """Machines in trouble first, then the lowest shares; offices nobody hears of last."""
        offices = sorted(view.values("office"), key=_need)
        told = [o for o in offices if o["present"] is not None]
        pending = [m for m in view.values("machine") if m["state"] == "pending"]
        rest = len(offices) - self.show
        hours = (
            ""
            if any(o.get("working", True) for o in offices)
            else f" · {view.say('outside working hours')}"
        )
        return Drawing(
            subtitle=view.say("{n} of {m} report", n=len(told), m=len(offices)) + hours,
            body=div(
                "attendance",
                *(self._row(view, office) for office in offices[: self.show]),
                more(rest),
                _pending(view, pending) if pending else None,
            ),
        )

    def _row(self, view: View, office: dict[str, Any]) -> Node:
        share = share_of(office)
        level = self._level(office, share)
        width = f"{round(100 * (share or 0))}%"
        return div(
            f"row {level}",
            span("name", office["name"]),
            span("bar", tag("i", "", style={"width": width})),
            span("share", _share(view, office)),
            self._trouble(view, office),
            key=office["name"],
        )

    def _level(self, office: dict[str, Any], share: float | None) -> str:
        if share is None:
            return "unknown"
        if troubles(office):
            return "warn"
        if not office.get("working", True):
            return "quiet"
        return "warn" if share < self.low else "ok"

    @staticmethod
    def _trouble(view: View, office: dict[str, Any]) -> Node:
        words = " · ".join(view.say(word) for word in troubles(office))
        if not words:
            return None
        last = office["last_scan_at"] if office["machines_silent"] else None
        return span(
            "silence", mark("warn", words), words, tag("em", "", " ", since(last)) if last else None
        )


def _share(view: View, office: dict[str, Any]) -> str:
    if office["present"] is None:
        return view.say("no report")
    share = share_of(office)
    # The list may not say how many work there.
    return view.say.number(office["present"]) if share is None else view.say.percent(share, 0)


def troubles(office: dict[str, Any]) -> list[str]:
    """What is the matter with the machines of an office, for `say`."""
    words = {
        "machines_silent": "machine silent",
        "clocks_wrong": "machine's clock wrong",
        "machines_unreadable": "machine not readable",
    }
    return [word for key, word in words.items() if office.get(key)]


def share_of(office: dict[str, Any]) -> float | None:
    """Present of expected, between 0 and 1; None when nobody knows."""
    if office["present"] is None or not office["expected"]:
        return None
    return min(1.0, float(office["present"]) / float(office["expected"]))


def _need(office: dict[str, Any]) -> tuple[bool, bool, float, str]:
    share = share_of(office)
    return (share is None, not troubles(office), share or 0.0, office["name"])


def _pending(view: View, machines: list[dict[str, Any]]) -> Node:
    return div(
        "pending",
        mark("unknown", ""),
        view.say("{n} unknown machines ask to join", n=len(machines)),
    )
