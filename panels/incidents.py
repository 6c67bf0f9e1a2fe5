"""Incidents: what is open, what nobody has taken yet, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, mark, more, since, span, tag
from commandcenter.panel import Panel
from commandcenter.vocabulary import urgency

LEVELS = {"critical": "bad", "warning": "warn"}


@dataclass(kw_only=True)
class Incidents(Panel):
    """Open incidents, those that wait for a person on top."""

    heading: ClassVar[str] = "Incidents"
    by_role: ClassVar[bool] = True

    feeds: tuple[str, ...] = ("incidents",)
    show: int = 40
    """How many incidents are listed at most; those that do not fit are counted."""

    def render(self, view: View) -> Drawing:
        """Unacknowledged before acknowledged, critical before warning, old before new."""
        found = sorted(view.values("incident"), key=urgency)
        open_ones = len(view.counted("incident"))  # also those that are not for these eyes
        rest = open_ones - min(len(found), self.show)
        known = bool(view.values("totals")) and view.runs("watch")
        return Drawing(
            empty=known and not open_ones,
            subtitle=_subtitle(view, open_ones),
            body=div(
                "incidents",
                *(_row(view, incident) for incident in found[: self.show]),
                more(rest),
                _nothing(view, known=known) if not open_ones or not known else None,
            ),
        )


def _nothing(view: View, *, known: bool) -> Node:
    """Only who watches can say that there is nothing."""
    if known:
        return div("empty", view.say("No open incidents"))
    return div("empty", view.say("not watched: what is new is not known"))


def _subtitle(view: View, open_ones: int) -> str:
    shelved = sum(one["state"] == "shelved" for one in view.counted("aside"))
    told = view.say("{n} open", n=open_ones)
    return f"{told} · {view.say('{n} shelved', n=shelved)}" if shelved else told


def _row(view: View, incident: dict[str, Any]) -> Node:
    level = LEVELS[incident["level"]]
    who = incident["acknowledged_by"]
    return div(
        f"row {level} {'taken' if who else 'waiting'}",
        mark(level, view.say(incident["level"])),
        div("what", tag("strong", "", incident["title"]), tag("small", "", _more(view, incident))),
        div(
            "right",
            since(incident["opened_at"]),
            span(
                "who", view.say("{who} · in work", who=who) if who else view.say("unacknowledged")
            ),
        ),
        key=incident["number"],
        data_incident=incident["number"],
    )


def _more(view: View, incident: dict[str, Any]) -> str:
    """The second line: what is known, how much hangs on it, whether it comes and goes."""
    affected = incident.get("affected")
    signs = (
        incident["detail"],
        view.say("{n} affected", n=affected) if affected else "",
        view.say("flapping") if incident.get("flapping") else "",
        view.say("under maintenance") if incident.get("maintenance") else "",
    )
    return " · ".join(filter(None, signs))
