"""The head of a wall: whose it is, how many sources live, and what time it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, mark, span, tag
from commandcenter.panel import Panel
from commandcenter.reading import Origin


@dataclass(kw_only=True)
class Masthead(Panel):
    """Region and office, the state of all sources, clock and date in the region's zone."""

    frame: ClassVar[bool] = True

    feeds: tuple[str, ...] = ("*",)

    def render(self, view: View) -> Drawing:
        """The clock itself is the browser's, corrected by the server's."""
        region = view.region
        return Drawing(
            body=div(
                "masthead",
                span("crest", region.initials) if region.initials else None,
                div("whose", tag("h1", "", region.name), tag("small", "", region.office)),
                div("signs", self._sources(view), self._rejected(view), self._origin(view)),
                div(
                    "clock",
                    div(
                        "time", tag("time", "", data_clock=1), tag("small", "", view.say.zone_name)
                    ),
                    tag("time", "date", data_date=1),
                ),
            )
        )

    @staticmethod
    def _origin(view: View) -> Node:
        """One badge for the whole wall: what is not measured must not look so."""
        origin = view.freshness().origin
        return span("origin", view.say(origin.value)) if origin is not Origin.LIVE else None

    @staticmethod
    def _rejected(view: View) -> Node:
        """How much could not be used, with the way to it; only operators' pages show it."""
        counts = (reading.value or {} for reading in view.board.all("system", "rejects"))
        rejected = sum(sum(told.values()) for told in counts)
        text = view.say("{n} inputs rejected", n=view.say.number(rejected))
        return (
            tag("a", "pill warn to-rejected", text, href="/console#rejected") if rejected else None
        )

    @staticmethod
    def _sources(view: View) -> Node:
        """A source lives when its runner says so and what it told is not stale: a runner that
        was killed says nothing any more."""
        trouble = view.board.trouble(view.feeds)
        dead = [f for f in view.feeds if f in trouble or not view.alive(f)]
        alive = len(view.feeds) - len(dead)
        level = "bad" if not alive else "warn" if dead else "ok"  # no source at all is not well
        text = view.say("{n} of {m} sources alive", n=alive, m=len(view.feeds))
        why = "; ".join(f"{f}: {trouble.get(f, view.say('silent'))}" for f in dead)
        names = view.say("without {feeds}", feeds=", ".join(dead)) if dead else ""
        return span(
            f"pill {level}", mark(level, text), text, span("", names) if dead else None, title=why
        )
