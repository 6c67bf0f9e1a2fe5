"""The API with a real Redis and real records, and programs that call it with tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from commandcenter.access.roles import Visitor, scope_of
from commandcenter.board import Board
from commandcenter.bus import Bus
from commandcenter.config import Config, read_config
from commandcenter.incidents.bell import Bell
from commandcenter.records.chain import LogRow, log_of
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, incident_of, open_incident
from commandcenter.records.life import Step, Terms, take_step
from commandcenter.web.api.service import Api
from commandcenter.web.console_doors import Doors
from commandcenter.web.console_steps import Ringer
from tests.conftest import Clock
from tests.web.conftest import LISTS

EVERYTHING = ("incidents:read", "incidents:act", "readings:write", "events:write")
JSON = {"Content-Type": "application/json"}
CONFIG = f"""
[region]
name = "Kabupaten Kotawaringin Barat"

[lists]
offices = "{LISTS}/offices.csv"

[feed.network]
devices = "{LISTS}/devices.csv"
[feed.alerts]
[feed.pump]
type = "posted"
late_after = 60
stale_after = 120
[feed.rain]
type = "posted"
origin = "manual"

[[person]]
name = "operator 1"
"""


@dataclass
class Guarded:
    """The application behind a guard that knows whoever knocks."""

    app: ASGIApp
    visitor: Visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["visitor"] = self.visitor
        await self.app(scope, receive, send)


@dataclass
class House:
    """The API, what lies behind it, and what was put aside: (feed, source, reason, body)."""

    api: Api
    bus: Bus
    records: Records
    clock: Clock
    aside: list[tuple[str, str, str, bytes]]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def program(
        self,
        name: str = "token uji",
        *,
        offices: tuple[str, ...] = (),
        domains: tuple[str, ...] = (),
    ) -> httpx.AsyncClient:
        """A program that may do everything within these offices and domains."""
        visitor = Visitor(
            kind="token",
            id=1,
            name=name,
            role="viewer",
            scope=scope_of(offices, domains),
            may=frozenset(EVERYTHING),
        )
        app = Guarded(Starlette(routes=self.api.routes()), visitor)
        transport = httpx.ASGITransport(app, client=("127.0.0.9", 4711))
        client = httpx.AsyncClient(transport=transport, base_url="http://x/api/v1")
        return await self.stack.enter_async_context(client)

    def happen(self, key: str, **more: Any) -> int:
        """As watch does it, past the bus."""
        told = {"title": f"Tautan {key} putus", "level": "critical"} | more
        at, feed = told.pop("at", self.clock()), told.pop("feed", "network")
        with self.records.engine.begin() as connection:
            return open_incident(connection, ("link", feed, f"device/{key}"), at, **told)

    def did(self, number: int, act: Any, **more: Any) -> IncidentRow:
        """Somebody was at the console."""
        told: dict[str, Any] = {"who": "operator 1", "version": self.row(number).version} | more
        with self.records.engine.begin() as connection:
            step = Step(incident=number, act=act, **told)
            return take_step(connection, step, self.clock(), Terms())

    def row(self, number: int) -> IncidentRow:
        with self.records.engine.begin() as connection:
            return incident_of(connection, number)

    def log(self, number: int) -> list[LogRow]:
        with self.records.engine.begin() as connection:
            return log_of(connection, number)


def config_of(folder: Path, text: str = CONFIG) -> Config:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path)


MakeHouse = Callable[..., House]


@pytest.fixture
async def make_house(tmp_path: Path, clock: Clock) -> AsyncIterator[MakeHouse]:
    """A house over these records and that Redis, with a config of its own."""
    async with AsyncExitStack() as stack:

        def make(records: Records, redis: str, text: str = CONFIG) -> House:
            config, bus = config_of(tmp_path, text), Bus(redis)
            stack.push_async_callback(bus.close)
            board = Board(patience=config.patience)
            aside: list[tuple[str, str, str, bytes]] = []

            def put_aside(feed: str, source: str, reason: str, body: bytes) -> None:
                aside.append((feed, source, reason, body))

            ringer = Ringer(Bell(bus, records, clock), board)
            doors = Doors(config, records, board, clock, lambda: ("Siti Rahma",))
            api = Api(doors, bus, board, ringer, put_aside)
            house = House(api, bus, records, clock, aside)
            stack.push_async_callback(house.stack.aclose)
            return house

        yield make


@pytest.fixture
def house(make_house: MakeHouse, records: Records, redis_url: str) -> House:
    """On both databases."""
    return make_house(records, redis_url)


@pytest.fixture
def one_house(make_house: MakeHouse, sqlite_records: Records, redis_url: str) -> House:
    """Where the database makes no difference."""
    return make_house(sqlite_records, redis_url)


def told(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """What an answer says, if it has this status."""
    assert answer.status_code == status, answer.text
    kind = "application/problem+json" if status >= 400 else "application/json"
    assert answer.headers["content-type"] == kind
    found: dict[str, Any] = answer.json()
    return found
