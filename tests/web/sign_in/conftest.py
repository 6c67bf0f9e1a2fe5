"""The front door behind the real guard: in this process by ASGI, or on a port for a browser."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from commandcenter.access.pace import Pace
from commandcenter.access.passwords import Passwords
from commandcenter.access.sealing import Sealer
from commandcenter.config import read_config
from commandcenter.records import accounts, audit, entry_links
from commandcenter.records.accounts import Account
from commandcenter.records.audit import Entry, Wanted
from commandcenter.records.database import Records
from commandcenter.web.displays import Displays
from commandcenter.web.floods import Floods
from commandcenter.web.front_door import FrontDoor
from commandcenter.web.guard import Guard, Rules
from commandcenter.web.paper import Paper
from commandcenter.web.reception import Reception
from commandcenter.web.sign_in import Directory
from commandcenter.web.visitors import Visitors
from tests.conftest import NOW, Clock, free_port, wait_until
from tests.leaks import secret
from tests.web.conftest import ROOT

T = TypeVar("T")

HOST = "pusat.example.go.id"
FAR = "10.20.30.40"  # another machine, through a proxy with TLS
GOOD = secret("kuda laut minum kopi")
OTHER = secret("awan jingga di atas gudang")
PAGES = ("/", "/console", "/screens", "/wall")
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; form-action 'self'"
CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"
office = "Dinas Komunikasi, Informatika, Statistik dan Persandian"
[web]
names = {names}
[[wall]]
name = "utama"
picture = ["masthead"]
[panel.masthead]
"""


class Counted(PasswordHasher):
    """A cheap hasher that counts how often it computes."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.computed = 0

    def hash(self, *told: Any, **more: Any) -> str:
        self.computed += 1
        return super().hash(*told, **more)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.computed += 1
        return super().verify(hash, password)


async def a_page(request: Request) -> Response:
    """In place of Dash: who is here."""
    visitor = request.state.visitor
    return HTMLResponse(f"<!DOCTYPE html><h1 id='page'>{request.url.path} {visitor.name}</h1>")


@dataclass
class Front:
    """The doors, on SQLite. `now` may be moved; `more` goes into config.toml."""

    folder: Path
    records: Records
    now: Clock
    names: tuple[str, ...] = (HOST, "127.0.0.1")
    more: str = ""
    directories: Sequence[Directory] = ()
    hasher: Counted = field(default_factory=Counted)
    slept: list[float] = field(default_factory=list)
    """How long refusals were held back, in seconds; nobody waits for it."""

    def open(self) -> Front:
        path = self.folder / "config.toml"
        names = str(list(self.names)).replace("'", '"')
        path.write_text(CONFIG.format(names=names) + self.more, encoding="utf-8")
        self.config = read_config(path)
        displays = Displays(self.records, self.now)
        self.visitors = Visitors(self.records, displays, self.now, self.config.access)
        self.reception = Reception(
            self.config,
            self.records,
            self.visitors,
            self.now,
            Passwords(self.hasher),
            Sealer(self.config.access.key, self.folder / "var" / "factors.key"),
            Pace(sleep=self._sleep),
        )
        self.door = FrontDoor(self.reception, self.directories, self.folder / "var")
        rules = Rules(names=self.names, pages=PAGES, policy=POLICY, paper=Paper(self.config))
        floods = Floods(lambda: self.now().timestamp())
        self.app: ASGIApp = Guard(self._inside(), rules, self.visitors, floods)
        return self

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def _inside(self) -> ASGIApp:
        pages = [Route(path, a_page) for path in ("/", "/console", "/screens", "/admin")]
        assets = Mount("/assets", StaticFiles(directory=ROOT / "assets"))
        return Starlette(routes=[*self.door.routes(), *pages, assets])

    @asynccontextmanager
    async def browser(
        self, address: str = FAR, scheme: str = "https", host: str = HOST
    ) -> AsyncIterator[Browser]:
        transport = httpx.ASGITransport(self.app, client=(address, 40000))
        base = f"{scheme}://{host}"
        headers = {"Origin": base, "Accept": "text/html", "User-Agent": FIREFOX}
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
            yield Browser(client)

    async def account(
        self,
        username: str = "ani",
        name: str = "Ani Susanti",
        role: str = "operator",
        password: str | None = GOOD,
    ) -> Account:
        kept = self.hasher.hash(password) if password else None
        self.hasher.computed = 0
        told: dict[str, Any] = {"username": username, "name": name, "role": role}
        create = partial(accounts.create, **told, password_hash=kept)
        return await self.records.write(create, self.now(), "admin")

    async def link(self, account: Account | None = None) -> str:
        """A one-time link of this account, or the first of all."""
        kind: Any = "setup" if account is None else "password"
        issue = partial(entry_links.issue, account_id=account.id if account else None)
        return "/enter/" + await self.records.write(issue, self.now(), "admin", kind)

    async def log(self, act: str = "", limit: int = 1000) -> list[Entry]:
        """The audit log, newest first."""
        return await self.records.read(audit.search, Wanted(act=act, limit=limit))


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Browser:
    """Somebody's browser, with its cookies."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.client.post(path, data=form)

    async def sign_in(
        self, username: str = "ani", password: str = GOOD, **form: str
    ) -> httpx.Response:
        return await self.post("/sign-in", username=username, password=password, **form)

    async def sign_out(self) -> httpx.Response:
        return await self.post("/sign-out")

    async def here(self) -> bool:
        """Whether somebody is signed in."""
        return (await self.get("/me")).status_code == 200


def told(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.partition("<body")[2]).split())


@pytest.fixture
def front(tmp_path: Path, sqlite_records: Records, clock: Clock) -> Front:
    return Front(tmp_path, sqlite_records, clock).open()


@dataclass
class Served:
    """The same on a port of this machine, in a thread, for a real browser."""

    front: Front
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Served:
        settings = uvicorn.Config(self.front.app, port=self.port, log_config=None, lifespan="off")
        self.server = uvicorn.Server(settings)
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.thread.start()
        wait_until(lambda: self.server.started, "the house is open")
        return self

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self.server.serve()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something where the server runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def served(front: Front) -> Iterator[Served]:
    found = Served(front).start()
    yield found
    found.stop()


def later(minutes: float) -> datetime:
    """So long after the tests' beginning."""
    return NOW + timedelta(minutes=minutes)
