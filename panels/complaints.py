"""Complaints: the queue, the nearest deadline on top. Never a complainant's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, due, mark, more, span, tag
from commandcenter.panel import Panel

STAGES = {"received": "received", "forwarded": "forwarded", "in_work": "in work"}
SOON = timedelta(hours=24)


@dataclass(kw_only=True)
class Complaints(Panel):
    """What citizens complain of, and which deadline is near."""

    heading: ClassVar[str] = "Complaints queue"

    feeds: tuple[str, ...] = ("complaints",)
    show: int = 40
    """How many complaints are listed at most; those that do not fit are counted."""

    def render(self, view: View) -> Drawing:
        """Soonest due first; those without a deadline at the end."""
        queue = sorted(
            view.values("complaint"), key=lambda c: (c["due_at"] is None, c["due_at"] or "")
        )
        totals: dict[str, Any] = next(iter(view.values("totals")), {})
        rest = totals.get("open", len(queue)) - min(self.show, len(queue))
        return Drawing(
            empty=not queue,
            subtitle=view.say("{n} open", n=view.say.number(totals.get("open"))),
            body=div(
                "complaints",
                *(_row(view, complaint) for complaint in queue[: self.show]),
                more(rest),
                None if queue else div("empty", view.say("No open complaints")),
            ),
        )


def _row(view: View, complaint: dict[str, Any]) -> Node:
    level, word = _level(complaint, view.now)
    return div(
        f"row {level}",
        mark(level, view.say(word)),
        div(
            "what",
            tag("strong", "", complaint["title"]),
            tag(
                "small",
                "",
                f"#{complaint['number']} · {complaint['agency'] or view.say('no agency yet')}",
            ),
        ),
        span("stage", view.say(STAGES[complaint["stage"]])),
        due(complaint["due_at"]) if complaint["due_at"] else span("", view.say("no deadline")),
        key=complaint["number"],
    )


def _level(complaint: dict[str, Any], now: datetime) -> tuple[str, str]:
    if complaint["due_at"] is None:
        return "unknown", "no deadline"
    left = datetime.fromisoformat(complaint["due_at"]) - now
    if left < timedelta():
        return "bad", "overdue"
    return ("warn", "due soon") if left < SOON else ("ok", "in time")
