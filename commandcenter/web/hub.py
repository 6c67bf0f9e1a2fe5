"""The hub: draws a panel once per change and gives the same bytes to every browser.

A browser has no queue. What it could not take is remembered as the names of the panels it is owed;
when it reads again it gets their newest drawings and never the ones in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from commandcenter.board import Board, View
from commandcenter.drawing import Drawing, div
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.region import Region
from commandcenter.web.wire import Wire, text_frame

log = logging.getLogger(__name__)

BEAT = 1.0  # seconds: a browser hears something at least this often
ASK_EVERY = 5  # beats: how often browsers are asked whether they are there
DEAF_AFTER = 20.0  # seconds without an answer, after which a browser is cut
TICK = 10.0  # seconds: drawings also depend on the hour
SHARE = 4.0  # a panel rests four times as long as its drawing took: at most a fifth of a core


@dataclass(eq=False, kw_only=True)
class Browser:
    """One connected page: which panels it shows, and what it is owed."""

    wire: Wire
    panels: frozenset[str]
    language: str
    heard_at: float
    sent_at: float = 0.0
    owed: dict[str, None] = field(default_factory=dict)


@dataclass(eq=False)
class Canvas:
    """One panel in one language: its last drawing, and when it may be drawn again."""

    panel: Panel
    say: Language
    body: bytes = b""
    frame: bytes = b""
    rests_until: float = 0.0
    timer: asyncio.TimerHandle | None = None
    dirty: bool = True
    error: str = ""


class Hub:
    """All browsers of this process."""

    def __init__(
        self,
        *,
        panels: Mapping[str, Panel],
        board: Board,
        languages: Mapping[str, Language],
        now: Callable[[], datetime],
        region: Region,
        build: str = "",
    ) -> None:
        self.board = board
        self.now = now
        self.region = region
        self.build = build
        self.browsers: set[Browser] = set()
        self.bus_lost_at: datetime | None = now()
        self.heard = asyncio.Event()  # what the bus kept, or that it is away
        self.drawn = 0
        self.sent = 0
        self.cut = 0
        self._number = 0
        self._canvases = {
            (name, code): Canvas(panel, say)
            for name, panel in panels.items()
            for code, say in languages.items()
        }

    # --- what happens on the board -----------------------------------------------------------

    def changed(self, feeds: Iterable[str]) -> None:
        """Draw what depends on these feeds: at once, or when the panel has rested."""
        told = set(feeds)
        for canvas in self._canvases.values():
            if told.intersection(canvas.panel.feeds):
                self._draw_soon(canvas)

    def all_changed(self) -> None:
        """Draw everything: another day, another state of the bus."""
        for canvas in self._canvases.values():
            self._draw_soon(canvas)

    def bus(self, connected: bool) -> None:
        """Tell every browser whether we still hear the bus."""
        if connected == (self.bus_lost_at is None):
            return
        self.bus_lost_at = None if connected else self.now()
        self._beat(ask=False, everyone=True)

    # --- drawing -----------------------------------------------------------------------------

    def _draw_soon(self, canvas: Canvas) -> None:
        canvas.dirty = True
        if canvas.timer is None and self._watched(canvas):
            loop = asyncio.get_running_loop()
            canvas.timer = loop.call_at(max(canvas.rests_until, loop.time()), self._draw, canvas)

    def _watched(self, canvas: Canvas) -> bool:
        name, code = canvas.panel.name, canvas.say.code
        return any(name in b.panels and b.language == code for b in self.browsers)

    def _draw(self, canvas: Canvas) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        canvas.timer = None
        canvas.dirty = False
        body = self._body(canvas)
        ended = loop.time()
        canvas.rests_until = began + max(canvas.panel.pace, SHARE * (ended - began))
        self.drawn += 1
        if body != canvas.body:
            canvas.body = body
            self._number += 1
            canvas.frame = text_frame(self._message(b"draw", [canvas]))
            self._give(canvas)

    def drawing(self, panel: str, language: str) -> dict[str, Any]:
        """A panel as it is now, for a page that is only being loaded; its chart comes later."""
        drawn: dict[str, Any] = orjson.loads(self._body(self._canvases[panel, language]))
        drawn.pop("figure", None)
        return drawn

    def _body(self, canvas: Canvas) -> bytes:
        """What the browser's Card shows: the panel's drawing in the core's frame, as JSON."""
        view = View(
            board=self.board,
            feeds=canvas.panel.feeds,
            now=self.now(),
            say=canvas.say,
            region=self.region,
        )
        try:
            body = _json(_card(canvas, view, _drawing(canvas, view)))
            canvas.error = ""
        except Exception as error:  # a broken panel says so in its own place and nowhere else
            if canvas.error != repr(error):
                canvas.error = repr(error)
                log.error("panel %s cannot be drawn", canvas.panel.name, exc_info=error)
            body = _json(_card(canvas, view, Drawing(), broken=True))
        return body

    # --- browsers ----------------------------------------------------------------------------

    def join(self, browser: Browser) -> None:
        """A browser came: it gets the whole picture at once, with the number of its state."""
        mine = [self._canvases[name, browser.language] for name in sorted(browser.panels)]
        for canvas in mine:
            if canvas.dirty and canvas.timer is None:
                self._draw(canvas)
        self.browsers.add(browser)
        browser.wire.on_drained = lambda: self._pay(browser)
        self._write(browser, text_frame(self._message(b"hello", mine)))

    def leave(self, browser: Browser) -> None:
        """A browser went."""
        self.browsers.discard(browser)
        browser.wire.on_drained = lambda: None

    def _give(self, canvas: Canvas) -> None:
        name, code = canvas.panel.name, canvas.say.code
        for browser in self.browsers:
            if browser.language != code or name not in browser.panels:
                continue
            if browser.wire.full:
                browser.owed[name] = None
            else:
                self._write(browser, canvas.frame)

    def _pay(self, browser: Browser) -> None:
        while browser.owed and not browser.wire.full:
            name = next(iter(browser.owed))
            del browser.owed[name]
            self._write(browser, self._canvases[name, browser.language].frame)

    def _write(self, browser: Browser, frame: bytes) -> None:
        browser.wire.write(frame)
        browser.sent_at = asyncio.get_running_loop().time()
        self.sent += 1

    def _message(self, kind: bytes, canvases: Iterable[Canvas]) -> bytes:
        panels = b",".join(b'"%s":%s' % (c.panel.name.encode(), c.body) for c in canvases if c.body)
        told = self._present() | {"n": self._number, "build": self.build}
        return b'{"t":"%s",%s,"panels":{%s}}' % (kind, orjson.dumps(told)[1:-1], panels)

    def _present(self) -> dict[str, Any]:
        lost = self.bus_lost_at
        return {
            "now": int(self.now().timestamp() * 1000),
            "bus": int(lost.timestamp() * 1000) if lost else None,
        }

    # --- the pulse ---------------------------------------------------------------------------

    async def pulse(self) -> None:
        """Beat for ever: speak to silent wires, cut the deaf, let the hour change drawings."""
        loop = asyncio.get_running_loop()
        beats = 0
        ticked_at = loop.time()
        while True:
            await asyncio.sleep(BEAT)
            beats += 1
            self._cut_the_deaf(loop.time())
            self._beat(ask=beats % ASK_EVERY == 0)
            if loop.time() - ticked_at >= TICK:
                ticked_at = loop.time()
                self.all_changed()

    def _beat(self, *, ask: bool, everyone: bool = False) -> None:
        """A sign of life for those who have heard nothing for a beat; a question is for all."""
        told = {"t": "beat", **self._present(), "ask": ask}
        frame = text_frame(orjson.dumps(told))
        silent_since = asyncio.get_running_loop().time() - BEAT * 0.9
        for browser in self.browsers:
            if (ask or everyone or browser.sent_at < silent_since) and not browser.wire.full:
                self._write(browser, frame)

    def _cut_the_deaf(self, now: float) -> None:
        for browser in [b for b in self.browsers if now - b.heard_at > DEAF_AFTER]:
            self.cut += 1
            browser.wire.abort()
            self.leave(browser)


def _drawing(canvas: Canvas, view: View) -> Drawing:
    """The panel's own; but while nothing is heard a card with a title says only that, because an
    empty list, or a zero, would be taken for good news."""
    base = view.freshness().base
    if base and view.feeds and (canvas.panel.title or canvas.panel.heading):
        return Drawing(body=div("empty", canvas.say(base)))
    return canvas.panel.render(view)


def _card(canvas: Canvas, view: View, drawing: Drawing, *, broken: bool = False) -> dict[str, Any]:
    say, told = canvas.say, view.freshness()
    attributes = told.attributes()
    broken_text = say("This card cannot be drawn; the log tells why")
    return {
        "title": canvas.panel.title or say(canvas.panel.heading),
        "subtitle": drawing.subtitle,
        "body": drawing.body,
        "trouble": broken_text if broken else _trouble(canvas.panel, view),
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


def _json(props: dict[str, Any]) -> bytes:
    return orjson.dumps(props, option=orjson.OPT_NON_STR_KEYS)
