"""A site and a person at its console without a browser: incidents happen, doors are asked."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

from commandcenter.access.roles import Role
from commandcenter.bus import Bus
from commandcenter.incidents.bell import Bell
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, incident_of, open_incident
from commandcenter.records.life import Step, Terms, take_step
from tests.conftest import RedisProcess
from tests.leaks import secret
from tests.web import samples
from tests.web.conftest import REGION, Site, apart

SECRET = secret("a secret of thirty-two characters")
CONFIG = (
    REGION
    + """
[[wall]]
name = "utama"
picture = ["incidents"]
[panel.incidents]

[feed.network]
devices = "{lists}/devices.csv"
late_after = 300
stale_after = 600
[feed.cameras]
cameras = "{lists}/cameras.csv"
[feed.rain]
type = "posted"

[[person]]
name = "operator 1"
[[person]]
name = "operator 2"
[[person]]
name = "koordinator"
role = "coordinator"
office = "setda"

[notify]
link = "http://127.0.0.1:{port}"
secret = "env:ACK_SECRET"
[[channel]]
name = "gerbang"
url = "env:CHANNEL_URL"
roles = ["*"]
[[channel]]
name = "tanpa-alamat"
url = "env:NO_SUCH_VARIABLE"
roles = ["*"]
"""
)


@dataclass
class Desk:
    """A person's hands, and the records behind the site."""

    site: Site
    records: Records
    hands: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, who: str = "operator 1", role: Role = "operator") -> httpx.Client:
        """The hands of this person."""
        if who not in self.hands:
            self.hands[who] = self.site.client(who, role, timeout=30)
        return self.hands[who]

    @property
    def stranger(self) -> httpx.Client:
        """Somebody who is not signed in."""
        headers = {"Origin": self.site.address}
        return self.hands.setdefault("", httpx.Client(base_url=self.site.address, headers=headers))

    def leave(self) -> None:
        """The day is over."""
        for client in self.hands.values():
            client.close()
        self.records.close()

    def happen(self, key: str, *, level: str = "critical", rung: bool = True, **more: Any) -> int:
        """As watch does it: into the records, then the bell."""
        told = {"title": f"Tautan {key} putus", "detail": "Telkom", "level": level} | more
        at = told.pop("at", samples.present())
        thing = (told.pop("rule", "link-down"), told.pop("feed", "network"), f"device/{key}")
        with self.records.engine.begin() as connection:
            number = open_incident(connection, thing, at, **told)
        if rung:
            self.ring(number)
        return number

    def ring(self, *numbers: int) -> None:
        async def work() -> None:
            bus = Bus(self.site.redis_url)
            try:
                await Bell(bus, self.records, samples.present).ring(numbers)
            finally:
                await bus.close()

        apart(work)

    def row(self, number: int) -> IncidentRow:
        with self.records.engine.begin() as connection:
            return incident_of(connection, number)

    def did(self, number: int, **step: Any) -> IncidentRow:
        """Something was done with it earlier, past the doors."""
        at = step.pop("at", samples.present())
        told: dict[str, Any] = {"who": "operator 1", "version": self.row(number).version} | step
        with self.records.engine.begin() as connection:
            return take_step(connection, Step(incident=number, **told), at, Terms())

    def get(self, path: str, who: str = "operator 1", **query: Any) -> httpx.Response:
        return self.client(who).get(f"/console/{path}", params=query)

    def post(self, path: str, who: str = "operator 1", **body: Any) -> httpx.Response:
        return self.client(who).post(f"/console/{path}", json=body)

    def step(self, act: str, *numbers: int, **told: Any) -> httpx.Response:
        """With the versions that the records have now."""
        seen = [{"number": n, "version": self.row(n).version} for n in numbers]
        return self.post("steps", act=act, **({"incidents": seen} | told))

    def over(self, key: str, *, minutes: int = 10, ago: int = 60, **more: Any) -> int:
        """Something that fell `ago` minutes before, and lasted for some."""
        began = samples.present() - timedelta(minutes=ago)
        end = {"cause": more.pop("cause", "power"), "note": more.pop("note", "")}
        number = self.happen(key, at=began, rung=False, **more)
        self.did(number, act="acknowledge", at=began + timedelta(minutes=2))
        self.did(number, act="resolve", at=began + timedelta(minutes=minutes), **end)
        return number


@asynccontextmanager
async def console(
    site: Site, who: str = "operator 1", **limits: Any
) -> AsyncIterator[ClientConnection]:
    """A page at /console, as far as the server knows."""
    address = f"ws://127.0.0.1:{site.port}/live?page=/console&lang=id"
    told: dict[str, Any] = {"compression": None, "max_size": None, "origin": site.address}
    headers = {"Cookie": site.cookie(who, **limits)}
    async with connect(address, additional_headers=headers, **told) as connection:
        yield connection


@dataclass
class Rows:
    """What such a page is told of incidents."""

    connection: ClientConnection
    known: dict[int, dict[str, Any]] = field(default_factory=dict)
    totals: dict[str, Any] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def hear(self) -> dict[str, Any]:
        """The next frame of rows."""
        while True:
            told: dict[str, Any] = orjson.loads(await self.connection.recv())
            if told.get("ask"):
                await self.connection.send("here")
            if told["t"] == "rows":
                return self._take(told)

    def _take(self, told: dict[str, Any]) -> dict[str, Any]:
        self.frames.append(told)
        self.known |= {row["number"]: row for row in told["rows"]}
        for number in told["gone"]:
            self.known.pop(number, None)
        self.totals = told["totals"] or self.totals
        return told

    async def until(self, number: int, **values: Any) -> dict[str, Any]:
        """Until the row of an incident has these values; the row."""
        while not values.items() <= self.known.get(number, {}).items():
            await self.hear()
        return self.known[number]


class Gateway(ThreadingHTTPServer):
    """Takes what Apprise sends to json://…"""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: list[dict[str, Any]] = []


class _Taker(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(orjson.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="package")
def gateway() -> Iterator[Gateway]:
    """A gateway for notifications, on loopback."""
    with Gateway() as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[Site]:
    """One for all tests here: each minds its own incidents."""
    redis = RedisProcess(tmp_path_factory.mktemp("redis"))
    redis.start()
    url = f"json://127.0.0.1:{gateway.server_port}/"
    found = Site(tmp_path_factory.mktemp("site"), redis.url, CONFIG)
    with mock.patch.dict(os.environ, {"ACK_SECRET": SECRET, "CHANNEL_URL": url}):
        found.start()
    yield found
    found.stop()
    redis.stop()


@pytest.fixture(scope="package")
def desk(site: Site) -> Iterator[Desk]:
    """Somebody at the console."""
    found = Desk(site, Records(site.records_url))
    yield found
    found.leave()


def iso(text: str) -> datetime:
    """An ISO text as a moment."""
    return datetime.fromisoformat(text)
