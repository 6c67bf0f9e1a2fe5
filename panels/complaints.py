"""Complaints: the queue, the nearest deadline on top. Never a complainant's name."""

from __future__ import annotations

from collections.abc import Iterator
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
        """Soonest due first; those without a deadline at the end. Before the first word of any
        source nothing is known, and that is not an empty queue."""
        queue = sorted(
            view.values("complaint"), key=lambda c: (c["due_at"] is None, c["due_at"] or "")
        )
        totals: dict[str, Any] = next(iter(view.values("totals")), {})
        rest = totals.get("open", len(queue)) - min(self.show, len(queue))
        return Drawing(
            empty=bool(totals) and not queue and not totals.get("at_least"),
            subtitle=_count(view, totals),
            body=div(
                "complaints",
                *(_row(view, complaint) for complaint in queue[: self.show]),
                more(rest),
                None if queue else div("empty", _nothing(view, totals)),
                *(div("remark", note) for note in _notes(view, totals)),
            ),
        )


def _count(view: View, totals: dict[str, Any]) -> str:
    told = "at least {n} open" if totals.get("at_least") else "{n} open"
    return view.say(told, n=view.say.number(totals.get("open")))


def _nothing(view: View, totals: dict[str, Any]) -> str:
    if not totals:
        return view.say("No source of complaints has been heard yet")
    if totals.get("at_least"):
        return view.say("No open complaints are known so far")
    return view.say("No open complaints")


def _notes(view: View, totals: dict[str, Any]) -> Iterator[str]:
    """What must be known of the numbers: what is missing in them, and what was typed in."""
    say = view.say
    if totals.get("at_least"):
        yield say("not every source has told all of its complaints")
    if (typed := totals.get("from_file")) and totals["file_at"]:
        day = say.day(datetime.fromisoformat(totals["file_at"]))
        yield say("{n} from a file of {day}", n=typed, day=day)
    for name, count in totals.get("refused", {}).items():
        told = "{name} could not be used" if count is None else "{n} of {name} could not be used"
        yield say(told, n=count, name=name)
    if gone := totals.get("gone"):
        yield say("{n} are no longer known at their source", n=gone)


def _row(view: View, complaint: dict[str, Any]) -> Node:
    level, word = _level(complaint, view.now)
    return div(
        f"row {level}",
        mark(level, view.say(word)),
        div(
            "what", tag("strong", "", complaint["title"]), tag("small", "", _about(view, complaint))
        ),
        span("stage", view.say(STAGES[complaint["stage"]])),
        due(complaint["due_at"]) if complaint["due_at"] else span("", view.say("no deadline")),
        # Two sources may number alike.
        key=f"{complaint.get('source', '')}:{complaint['number']}",
    )


def _about(view: View, complaint: dict[str, Any]) -> str:
    parts = [f"#{complaint['number']}", complaint["agency"] or view.say("no agency yet")]
    if file_at := complaint.get("file_at"):
        day = view.say.day(datetime.fromisoformat(file_at))
        parts.append(view.say("from a file of {day}", day=day))
    return " · ".join(parts)


def _level(complaint: dict[str, Any], now: datetime) -> tuple[str, str]:
    if complaint["due_at"] is None:
        return "unknown", "no deadline"
    left = datetime.fromisoformat(complaint["due_at"]) - now
    if left < timedelta():
        return "bad", "overdue"
    return ("warn", "due soon") if left < SOON else ("ok", "in time")
