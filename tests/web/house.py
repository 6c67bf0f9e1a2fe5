"""A small server with the pairing's own doors behind the real guard, to be stopped and started."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from commandcenter.access.settings import Access
from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.records.database import Records
from commandcenter.region import Region
from commandcenter.web.displays import Display, Displays
from commandcenter.web.floods import Floods
from commandcenter.web.guard import Guard, Rules
from commandcenter.web.pairing import Pairing, WallDoor
from commandcenter.web.paper import Paper
from commandcenter.web.visitors import Visitors
from tests.conftest import free_port, wait_until
from tests.web.conftest import ROOT

T = TypeVar("T")

POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:"
REGION = Region(
    name="Kabupaten Kotawaringin Barat",
    initials="KB",
    office="Dinas Komunikasi, Informatika, Statistik dan Persandian",
)


async def the_wall(request: Request) -> Response:
    """In place of Dash: whose wall it would be."""
    display = request.state.display
    return HTMLResponse(f"<!DOCTYPE html><h1 id='wall'>display {display}</h1>")


@dataclass
class House:
    """The server in a thread, on SQLite. `ahead` moves its clock; `lame`: it cannot read who is
    paired until `displays.load()` is run."""

    folder: Path
    records_url: str = ""
    port: int = field(default_factory=free_port)
    ahead: timedelta = timedelta()
    build: str = "one"
    lame: bool = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def start(self) -> House:
        self.records = Records(self.records_url or f"sqlite:///{self.folder}/records.db")
        if not self.records_url:
            self.records.migrate()
        self.displays = Displays(self.records, self.now)
        settings = uvicorn.Config(self._app(), port=self.port, log_config=None, lifespan="on")
        self.server = uvicorn.Server(settings)
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.thread.start()
        wait_until(lambda: self.server.started, "the house is open")
        return self

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.records.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something where the server runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def pair(self, code: str, name: str = "Layar depan") -> Display:
        """As an operator at /screens."""
        room, who = "Ruang komando", "operator 1"
        return self.run(self.displays.pair(code, name, room, "utama", who, "127.0.0.1"))

    def revoke(self, display: Display) -> Display:
        return self.run(self.displays.revoke(display.id, "operator 1", "127.0.0.1"))

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self.server.serve()

    def _app(self) -> ASGIApp:
        say = Language("id", ZoneInfo("Asia/Jakarta"))
        pairing = Pairing(self.displays, REGION, say, self.now, self.build, ask_every=0.1)
        assets = Mount("/assets", StaticFiles(directory=ROOT / "assets"))
        routes = [*pairing.routes(), Route("/wall", the_wall), assets]
        app = WallDoor(Starlette(routes=routes, lifespan=self._lifespan), pairing)
        paper = Paper(Config(region=REGION))
        rules = Rules(names=("127.0.0.1",), pages={"/", "/wall"}, policy=POLICY, paper=paper)
        visitors = Visitors(self.records, self.displays, self.now, Access())
        return Guard(app, rules, visitors, Floods(time.monotonic))

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        if self.lame:
            yield
            return
        keeping = asyncio.create_task(self.displays.keep())
        if not self.records_url:
            await self.displays.loaded.wait()
        yield
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
