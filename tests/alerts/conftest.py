"""The doors for alerts on a real listener, and senders that knock at them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson
import pytest

from commandcenter.feed import Desk
from commandcenter.intake import intake_app
from commandcenter.reading import Reading
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, unclosed
from commandcenter.secret import Secret
from feeds.alerts import Alerts
from tests.conftest import Clock, Tray
from tests.intake.listener import listening

TOKEN = "alert-token"
on_both = pytest.mark.parametrize("desk", ["sqlite", "postgres"], indirect=True)
"""For what depends on the database."""


@pytest.fixture
def bells() -> list[str]:
    """Grows by one with each ring for the runner."""
    return []


@pytest.fixture
def desk(desk: Desk, request: pytest.FixtureRequest, bells: list[str]) -> Desk:
    """On SQLite, if not `on_both`."""
    records: Records = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_records")
    return replace(desk, records=records, wake=lambda: bells.append("ring"))


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Alerts:
    monkeypatch.setenv("ALERTS", TOKEN)
    monkeypatch.setenv("HOOK", "signing-word-of-a-portal")
    return Alerts(name="alerts", token=Secret("env:ALERTS"), webhook_secret=Secret("env:HOOK"))


@dataclass
class Senders:
    """Alertmanager, Zabbix, a warning centre and a script."""

    client: httpx.AsyncClient
    clock: Clock
    port: int

    async def tell(self, source: str, message: Any, token: str = TOKEN) -> httpx.Response:
        """Send to a door that the token opens."""
        raw = message if isinstance(message, bytes) else orjson.dumps(message)
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.post(f"/alerts/{source}", content=raw, headers=headers)

    async def sign(self, message: Any, secret: str = "signing-word-of-a-portal") -> httpx.Response:
        """Send to the generic webhook."""
        raw = message if isinstance(message, bytes) else orjson.dumps(message)
        stamp = str(int(self.clock.now.timestamp()))
        signed = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256)
        headers = {"X-Timestamp": stamp, "X-Signature-256": f"sha256={signed.hexdigest()}"}
        return await self.client.post("/alerts/webhook", content=raw, headers=headers)


@asynccontextmanager
async def knocking(feed: Alerts, desk: Desk, clock: Clock, tray: Tray) -> AsyncIterator[Senders]:
    """Senders at the doors of this feed."""
    async with (
        listening(intake_app(feed.routes(desk), tray)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield Senders(client, clock, port)


@pytest.fixture
async def senders(feed: Alerts, desk: Desk, clock: Clock, tray: Tray) -> AsyncIterator[Senders]:
    async with knocking(feed, desk, clock, tray) as found:
        yield found


async def incidents(desk: Desk) -> list[IncidentRow]:
    """Those that are not closed, oldest first."""
    return await desk.records.read(unclosed)


async def the_incident(desk: Desk) -> IncidentRow:
    """The only one that is not closed."""
    (row,) = await incidents(desk)
    return row


async def look(feed: Alerts, desk: Desk) -> dict[str, Reading]:
    """What one look tells, by key."""
    return {reading.key: reading async for reading in feed.read(desk)}
