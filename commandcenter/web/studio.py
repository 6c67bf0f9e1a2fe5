"""The studio: every panel in every language on a canvas of its own, drawn when it changed; and for
other eyes apart, as long as there is something that not all of them may see."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from commandcenter.access.roles import EVERYBODY, Eyes, Scope
from commandcenter.access.sees import Offices
from commandcenter.board import Board, View
from commandcenter.drawing import Drawing, div
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.reading import Reading
from commandcenter.region import Region
from commandcenter.staging.stage import FOCUS, Wellness
from commandcenter.web.ledger import FEED
from commandcenter.web.patch import patch

log = logging.getLogger(__name__)

SHARE = 4.0  # a panel rests four times as long as its drawing took: at most a fifth of a core
LOOK_EVERY = 5.0  # seconds: how old the judgement of a panel that nobody watches may be
NO_CHART = {
    "data": [],
    "layout": {
        "font": {"size": 12},
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    },
}
SMALL = 0.5  # a patch that is larger than this part of the whole is not worth it


@dataclass(eq=False, kw_only=True)
class Canvas:
    """One panel in one language for some eyes: its last drawing, and when it may be drawn again."""

    name: str
    panel: Panel
    say: Language
    eyes: Eyes = EVERYBODY
    card: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""
    """The card as JSON."""
    change: bytes = b""
    """What the card before becomes this one by, as JSON; "" when only the whole will do."""
    version: int = 0
    rests_until: float = 0.0
    timer: asyncio.TimerHandle | None = None
    dirty: bool = True
    error: str = ""
    wellness: Wellness = "none"

    @property
    def slot(self) -> str:
        """The card of the page that shows it."""
        return self.name.partition(":")[0]


class Studio:
    """Draws. Who sees it is the hub's business."""

    def __init__(
        self,
        *,
        panels: Mapping[str, Panel],
        board: Board,
        languages: Mapping[str, Language],
        now: Callable[[], datetime],
        region: Region,
        offices: Offices | None = None,
    ) -> None:
        self.board = board
        self.offices = offices or Offices()
        self.panels = panels
        self.languages = languages
        self.now = now
        self.region = region
        self.guests = False
        self.drawn = 0
        self._canvases = {
            (name, code, EVERYBODY): Canvas(name=name, panel=panel, say=say)
            for name, panel in panels.items()
            for code, say in languages.items()
        }
        self._cameras: dict[str, dict[str, tuple[str, ...]]] = {}  # feed -> camera -> roles
        self._secret: frozenset[str] = frozenset()  # feeds that tell of what not all may see

    def canvases(self) -> Collection[Canvas]:
        """All of them."""
        return self._canvases.values()

    def canvas(self, name: str, language: str, eyes: Eyes = EVERYBODY) -> Canvas:
        """The canvas of a panel, or of one thing of it ("focus:cctv:simpang"), for these eyes."""
        panel = self.panels.get(name) or self._only(name)
        key = name, language, self.audience(panel, eyes)
        if key not in self._canvases:
            say = self.languages[language]
            self._canvases[key] = Canvas(name=name, panel=panel, say=say, eyes=key[2])
        return self._canvases[key]

    def audience(self, panel: Panel, eyes: Eyes) -> Eyes:
        """For whom a panel is drawn when these look: as few as see something else than others."""
        if not panel.by_role:
            return EVERYBODY
        incidents = FEED in panel.feeds
        secret = self._secret if incidents else self._secret.intersection(panel.feeds)
        return Eyes(role=eyes.role if secret else "", scope=eyes.scope if incidents else Scope())

    def notice_cameras(self, feeds: Iterable[str]) -> bool:
        """These feeds changed. Whether there are other cameras now, or some are for others: then
        what tells of cameras is to be drawn anew for whoever looks."""
        before = dict(self._cameras)
        for feed in self.board.patience.keys() & set(feeds):
            told = {r.identity: _roles(r) for r in self.board.all(feed, "camera")}
            self._cameras[feed] = told
            if not told:
                del self._cameras[feed]
        if before == self._cameras:
            return False
        secret = (feed for feed, cameras in self._cameras.items() if any(cameras.values()))
        self._secret = frozenset(secret)
        for canvas in self._canvases.values():
            canvas.dirty |= canvas.panel.by_role
        return True

    def forget(self, watched: Collection[str]) -> None:
        """Let go of canvases of single things that nobody looks at any more."""
        for key in list(self._canvases):
            if key[0].startswith(f"{FOCUS}:") and key[0] not in watched:
                del self._canvases[key]

    def wellness(self, panels: Iterable[str], language: str) -> dict[str, Wellness]:
        """How these panels are, a few seconds ago at most, also those that nobody watches."""
        now = asyncio.get_running_loop().time()
        told: dict[str, Wellness] = {}
        for name in panels:
            canvas = self._canvases[name, language, EVERYBODY]
            unseen = canvas.dirty and canvas.timer is None
            if unseen and (not canvas.body or now >= canvas.rests_until + LOOK_EVERY):
                self.draw(canvas)
            told[name] = canvas.wellness
        return told

    def draw(self, canvas: Canvas) -> bool:
        """Draw; whether it looks otherwise than before."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        canvas.timer = None
        canvas.dirty = False
        card = self._card(canvas)
        body = orjson.dumps(card, option=orjson.OPT_NON_STR_KEYS)
        ended = loop.time()
        canvas.rests_until = began + max(canvas.panel.pace, SHARE * (ended - began))
        self.drawn += 1
        if body == canvas.body:
            return False
        canvas.change = _change(canvas.card, card, len(body))
        canvas.card, canvas.body = card, body
        canvas.version += 1
        return True

    def _only(self, name: str) -> Panel:
        _, panel, thing = name.split(":", 2)
        return self.panels[panel].only(thing) or self.panels[panel]

    def _card(self, canvas: Canvas) -> dict[str, Any]:
        """What the browser's Card shows: the panel's drawing in the core's frame."""
        panel = canvas.panel
        view = View(
            board=self.board,
            feeds=panel.feeds,
            now=self.now(),
            say=canvas.say,
            region=self.region,
            eyes=canvas.eyes,
            offices=self.offices,
        )
        try:
            drawing = _drawing(canvas, view)
            orjson.dumps(drawing.body)  # what cannot be told to a browser is no drawing either
            canvas.error = ""
            canvas.wellness = _wellness(panel, view, drawing)
        except Exception as error:  # a broken panel says so in its own place and nowhere else
            if canvas.error != repr(error):
                canvas.error = repr(error)
                log.error("panel %s cannot be drawn", panel.name, exc_info=error)
            canvas.wellness = "broken"
            return _framed(canvas, view, Drawing(), broken=True)
        if self.guests and panel.hide_from_guests:
            curtain = div("empty curtain", canvas.say("Hidden while there are guests"))
            # A chart keeps what it was given last: it is given nothing instead.
            nothing = NO_CHART if panel.chart else None
            return _framed(canvas, view, Drawing(body=curtain, figure=nothing), curtained=True)
        return _framed(canvas, view, drawing)


def _roles(camera: Reading) -> tuple[str, ...]:
    """Those whom it is for; none: all."""
    return tuple((camera.value or {}).get("seen_by") or ())


def _drawing(canvas: Canvas, view: View) -> Drawing:
    """The panel's own; but while nothing is heard a card with a title says only that, because an
    empty list, or a zero, would be taken for good news."""
    base = view.freshness().base
    if base and view.feeds and (canvas.panel.title or canvas.panel.heading):
        return Drawing(body=div("empty", canvas.say(base)))
    return canvas.panel.render(view)


def _wellness(panel: Panel, view: View, drawing: Drawing) -> Wellness:
    if panel.frame:
        return "frame"
    if view.feeds and view.freshness().base:
        return "none"
    return "empty" if drawing.empty else "well"


def _framed(
    canvas: Canvas,
    view: View,
    drawing: Drawing,
    *,
    broken: bool = False,
    curtained: bool = False,
) -> dict[str, Any]:
    say, told = canvas.say, view.freshness()
    attributes = told.attributes()
    broken_text = say("This card cannot be drawn; the log tells why")
    return {
        "kind": type(canvas.panel).__module__.rpartition(".")[2],
        "title": canvas.panel.title or say(canvas.panel.heading),
        "subtitle": drawing.subtitle,
        "body": drawing.body,
        "trouble": broken_text if broken else "" if curtained else _trouble(canvas.panel, view),
        "base": "none" if broken else told.base,
        "origin": told.origin.value,
        "at": attributes["data_at"],
        "lateAt": attributes["data_late_at"],
        "staleAt": attributes["data_stale_at"],
        **({"figure": drawing.figure} if drawing.figure else {}),
    }


def _trouble(panel: Panel, view: View) -> str:
    """Why sources of this card are down. A card without a frame leaves it to the masthead."""
    if not (panel.title or panel.heading):
        return ""
    return " · ".join(f"{feed}: {why}" for feed, why in view.board.trouble(panel.feeds).items())


def _change(old: dict[str, Any], new: dict[str, Any], whole: int) -> bytes:
    """What is small is told anyway; of the body and the figure only what is new."""
    if not old:
        return b""
    told = {key: value for key, value in new.items() if key not in ("body", "figure")}
    told["patch"] = patch(old["body"], new["body"])
    if "figure" in new and new["figure"] != old.get("figure"):
        told["figure"] = new["figure"]
    change = orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS)
    return change if len(change) < SMALL * whole else b""
