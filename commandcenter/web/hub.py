"""The hub: what is drawn once goes to every browser as the same bytes.

A browser has no queue. What it could not take is remembered as the names of the panels it is owed;
when it reads again it gets their newest drawings and never the ones in between.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import orjson

from commandcenter.access.roles import EVERYBODY, Eyes, Visitor
from commandcenter.board import Board, View
from commandcenter.staging.stage import Stage
from commandcenter.web.ledger import FEED, Ledger
from commandcenter.web.stages import Stages
from commandcenter.web.studio import Canvas, Studio
from commandcenter.web.wire import Wire, text_frame

T = TypeVar("T")

log = logging.getLogger(__name__)

BEAT = 1.0  # seconds: a browser hears something at least this often
ASK_EVERY = 5  # beats: how often browsers are asked whether they are there
DEAF_AFTER = 20.0  # seconds without an answer, after which a browser is cut
PATIENCE = 10.0  # seconds that another thread waits for us
TICK = 10.0  # seconds: drawings also depend on the hour


@dataclass(eq=False, kw_only=True)
class Browser:
    """One connected page: what it shows, what it has, and what it is owed."""

    wire: Wire
    language: str
    heard_at: float
    panels: frozenset[str] = frozenset()
    place: str = ""
    """Whose stage it shows (commandcenter.web.stages); "" for a page that always shows the same."""
    ledger: bool = False
    """It is a console: it is told the rows of the ledger."""
    visitor: Visitor | None = None
    """Who looks at it."""
    stage: bytes = b""
    sent_at: float = 0.0
    has: dict[str, int] = field(default_factory=dict)
    """Panel -> version of the drawing that was written last."""
    owed: dict[str, None] = field(default_factory=dict)
    behind: bool = False
    """It is owed everything anew."""
    asked_at: float = -math.inf
    """When it asked for that last and got it."""


class Hub:
    """All browsers of this process."""

    def __init__(
        self,
        *,
        studio: Studio,
        stages: Stages,
        now: Callable[[], datetime],
        build: str = "",
        valid: Callable[[Visitor], bool] = lambda _: True,
        most_pages: int = 50,
    ) -> None:
        self.studio = studio
        self.stages = stages
        self.now = now
        self.build = build
        self.valid = valid
        """Whether somebody who was let in may still be here."""
        self.most_pages = most_pages
        """How many pages one person or display may have open."""
        self.browsers: set[Browser] = set()
        self.bus_lost_at: datetime | None = now()
        self.heard = asyncio.Event()  # what the bus kept, or that it is away
        self.sent = 0
        self.cut = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.ledger = Ledger(self.board, self._view, self._write, self._present, studio.offices)
        self._number = 0
        self._fault = ""

    @property
    def board(self) -> Board:
        """What is known right now."""
        return self.studio.board

    def from_thread(self, work: Callable[[], T]) -> T:
        """Do something with the hub that another thread wants. Raises what it raised."""

        async def done() -> T:
            return work()

        if self.loop is None:
            raise RuntimeError("the hub does not run yet")
        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(PATIENCE)

    # --- what happens on the board -----------------------------------------------------------

    def changed(self, feeds: Iterable[str]) -> None:
        """Draw what depends on these feeds: at once, or when the panel has rested."""
        told = set(feeds)
        if self.studio.notice_cameras(told):  # others than before may see something
            for browser in list(self.browsers):
                browser.behind = True
                self._catch_up(browser)
        for canvas in self.studio.canvases():
            if told.intersection(canvas.panel.feeds):
                self._draw_soon(canvas)
        if FEED in told:
            self.ledger.changed()

    def all_changed(self) -> None:
        """Draw everything: another day, another state of the bus."""
        for canvas in self.studio.canvases():
            self._draw_soon(canvas)
        self.ledger.changed()

    def bus(self, connected: bool) -> None:
        """Tell every browser whether we still hear the bus."""
        if connected == (self.bus_lost_at is None):
            return
        self.bus_lost_at = None if connected else self.now()
        self._beat(ask=False, everyone=True)

    # --- drawing -----------------------------------------------------------------------------

    def _draw_soon(self, canvas: Canvas) -> None:
        canvas.dirty = True
        if canvas.timer is None and self._watchers(canvas):
            loop = asyncio.get_running_loop()
            canvas.timer = loop.call_at(max(canvas.rests_until, loop.time()), self._draw, canvas)

    def _watchers(self, canvas: Canvas) -> list[Browser]:
        def looks(browser: Browser) -> bool:
            eyes = self.studio.audience(canvas.panel, _eyes(browser))
            return browser.language == canvas.say.code and eyes == canvas.eyes

        return [b for b in self.browsers if canvas.name in b.panels and looks(b)]

    def _draw(self, canvas: Canvas) -> None:
        if self.studio.draw(canvas):
            self._number += 1
            self._give(canvas)

    def _draw_now(self, canvas: Canvas) -> None:
        if canvas.dirty:
            if canvas.timer is not None:
                canvas.timer.cancel()
            self._draw(canvas)

    def drawing(self, panel: str, language: str, eyes: Eyes = EVERYBODY) -> dict[str, Any]:
        """A panel as it is now, for a page that is only being loaded; its chart comes later."""
        canvas = self.studio.canvas(panel, language, eyes)
        self._draw_now(canvas)
        drawn: dict[str, Any] = orjson.loads(canvas.body)
        drawn.pop("figure", None)
        return drawn

    # --- browsers ----------------------------------------------------------------------------

    def join(self, browser: Browser) -> bool:
        """A browser came: it gets the whole picture at once, with the number of its state. False
        when there is nothing (any more) that it may be shown, or it is one page too many."""
        if browser.visitor is not None and self._pages(browser.visitor) >= self.most_pages:
            log.warning(
                "%s has %d pages open; one more is refused", browser.visitor.name, self.most_pages
            )
            return False
        if browser.place:
            stage = self.stages.step([browser.place])[browser.place]
            if stage is None:
                self._write(browser, self._message(b"revoked"))
                return False
            self._set(browser, stage)
        self.browsers.add(browser)
        browser.wire.on_drained = lambda: self._pay(browser)
        self._tell_all(browser, b"hello")
        if browser.ledger:
            self.ledger.join(browser)
        return True

    def _pages(self, visitor: Visitor) -> int:
        who = visitor.kind, visitor.id, visitor.session
        found = (b.visitor for b in self.browsers if b.visitor)
        return sum((v.kind, v.id, v.session) == who for v in found)

    def leave(self, browser: Browser) -> None:
        """A browser went."""
        self.browsers.discard(browser)
        self.ledger.leave(browser)
        browser.wire.on_drained = lambda: None

    def again(self, browser: Browser) -> None:
        """A browser says that what it was told does not fit what it has. It is told everything, but
        once a beat at most, and nothing before it has read what it was told."""
        browser.behind = True
        now = asyncio.get_running_loop().time()
        if now - browser.asked_at >= BEAT and not browser.wire.full:
            browser.asked_at = now
            self._catch_up(browser)

    def _catch_up(self, browser: Browser) -> None:
        if browser.behind and not browser.wire.full:
            browser.has.clear()
            self._tell_all(browser, b"stage")
            if browser.ledger:
                self.ledger.join(browser)

    def restage(self) -> None:
        """Tell every display whose stage is another one now; a revoked one, that it is."""
        stages = self.stages.step({b.place for b in self.browsers if b.place})
        for browser in [b for b in self.browsers if b.place]:
            stage = stages[browser.place]
            if stage is None:
                self._turn_out(browser)
            elif not browser.wire.full and self._set(browser, stage):
                self._tell_all(browser, b"stage")
        self.studio.forget({name for browser in self.browsers for name in browser.panels})

    def curtain(self, guests: bool) -> None:
        """Whoever is paired, or whether there are guests, is another now: tell every display."""
        if guests != self.studio.guests:
            self.studio.guests = guests
            self.all_changed()
        self.restage()

    def turn_out_the_ended(self) -> None:
        """Cut every page whose person was signed out, or whose display was revoked."""
        for browser in [b for b in self.browsers if b.visitor and not self.valid(b.visitor)]:
            self._turn_out(browser)

    def _turn_out(self, browser: Browser) -> None:
        """Its page loads itself anew, and then stands before a closed door."""
        self._write(browser, self._message(b"revoked"))
        self.leave(browser)
        asyncio.get_running_loop().call_later(BEAT, browser.wire.abort)

    def sessions(self) -> set[int]:
        """Those that have a page open."""
        return {b.visitor.session for b in self.browsers if b.visitor and b.visitor.session}

    def reload(self, place: str) -> None:
        """Let the pages of a display load themselves anew."""
        for browser in [b for b in self.browsers if b.place == place]:
            self._write(browser, self._message(b"reload"))

    def stage(self, place: str, language: str) -> tuple[Stage, dict[str, Any]] | None:
        """What a place shows, and how its page is told; None where there is nothing to show."""
        stage = self.stages.step([place])[place]
        return (stage, stage.told(self.studio.languages[language])) if stage else None

    def _set(self, browser: Browser, stage: Stage) -> bool:
        """Whether it is another stage than before."""
        told = orjson.dumps(stage.told(self.studio.languages[browser.language]))
        if told == browser.stage:
            return False
        browser.stage, browser.panels = told, frozenset(stage.panels)
        return True

    def _tell_all(self, browser: Browser, kind: bytes) -> None:
        """Its stage, and every panel of it; a full wire is told when it has drained."""
        mine = [self._canvas(name, browser) for name in sorted(browser.panels)]
        browser.owed = dict.fromkeys(browser.panels)  # what is drawn now is told with all the rest
        for canvas in mine:
            self._draw_now(canvas)
        browser.owed.clear()
        browser.behind = False
        browser.has = {canvas.name: canvas.version for canvas in mine}
        self._write(browser, self._message(kind, *mine, stage=browser.stage))

    def _canvas(self, name: str, browser: Browser) -> Canvas:
        return self.studio.canvas(name, browser.language, _eyes(browser))

    def _give(self, canvas: Canvas) -> None:
        whole = part = b""
        for browser in self._watchers(canvas):
            if browser.wire.full or browser.behind or canvas.name in browser.owed:
                browser.owed[canvas.name] = None
            elif canvas.change and browser.has.get(canvas.name) == canvas.version - 1:
                part = part or self._message(b"draw", canvas, change=True)
                self._write_drawing(browser, canvas, part)
            else:
                whole = whole or self._message(b"draw", canvas)
                self._write_drawing(browser, canvas, whole)

    def _pay(self, browser: Browser) -> None:
        self._catch_up(browser)
        while browser.owed and not browser.wire.full:
            name = next(iter(browser.owed))
            del browser.owed[name]
            if name in browser.panels:
                canvas = self._canvas(name, browser)
                self._write_drawing(browser, canvas, self._message(b"draw", canvas))
        self.ledger.pay(browser)

    def _write_drawing(self, browser: Browser, canvas: Canvas, frame: bytes) -> None:
        browser.has[canvas.name] = canvas.version
        self._write(browser, frame)

    def _write(self, browser: Browser, frame: bytes) -> None:
        browser.wire.write(frame)
        browser.sent_at = asyncio.get_running_loop().time()
        self.sent += 1

    def _message(
        self, kind: bytes, *canvases: Canvas, stage: bytes = b"", change: bool = False
    ) -> bytes:
        panels = b",".join(
            b'"%s":{"v":%d,%s' % (c.slot.encode(), c.version, (c.change if change else c.body)[1:])
            for c in canvases
            if c.body
        )
        told = orjson.dumps(self._present() | {"n": self._number, "build": self.build})[1:-1]
        return text_frame(
            b'{"t":"%s",%s,"stage":%s,"panels":{%s}}' % (kind, told, stage or b"null", panels)
        )

    def _view(self, *feeds: str) -> View:
        """The board through some feeds, for what is said in no language."""
        studio = self.studio
        say = next(iter(studio.languages.values()))
        return View(board=self.board, feeds=feeds, now=self.now(), say=say, region=studio.region)

    def _present(self) -> dict[str, Any]:
        lost = self.bus_lost_at
        return {
            "now": int(self.now().timestamp() * 1000),
            "bus": int(lost.timestamp() * 1000) if lost else None,
        }

    # --- the pulse ---------------------------------------------------------------------------

    async def pulse(self) -> None:
        """Beat for ever: speak to silent wires, cut the deaf, let scenes and hours change."""
        self.loop = loop = asyncio.get_running_loop()
        beats = 0
        ticked_at = loop.time()
        while True:
            await asyncio.sleep(BEAT)
            beats += 1
            self._cut_the_deaf(loop.time())
            self.turn_out_the_ended()
            self._restage_whatever_happens()
            for browser in [b for b in self.browsers if b.behind]:
                self._catch_up(browser)
            self._beat(ask=beats % ASK_EVERY == 0)
            if loop.time() - ticked_at >= TICK:
                ticked_at = loop.time()
                self.all_changed()

    def _restage_whatever_happens(self) -> None:
        """The pulse must never stop; a fault in the scenes is told once."""
        try:
            self.restage()
            self._fault = ""
        except Exception as error:
            if repr(error) != self._fault:
                log.exception("the scenes cannot be changed")
            self._fault = repr(error)

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


def _eyes(browser: Browser) -> Eyes:
    return browser.visitor.eyes if browser.visitor else EVERYBODY
