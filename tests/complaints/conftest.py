"""A complaints feed with a webhook and an inbox, and portals that talk to it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import orjson
import pytest

from commandcenter.feed import Desk, SourceDown
from commandcenter.intake import intake_app
from commandcenter.reading import Reading
from commandcenter.records.database import Records
from commandcenter.secret import Secret
from feeds.complaints import Complaints
from tests.conftest import Clock, Tray
from tests.intake.listener import listening

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
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Complaints:
    monkeypatch.setenv("HOOK", "signing-word-of-a-portal")
    return Complaints(
        name="complaints",
        webhook_secret=Secret("env:HOOK"),
        inbox=str(tmp_path / "inbox"),
        due_days_by_category={"Jalan rusak": 14},
    )


@dataclass
class Portal:
    """A sender of signed messages."""

    client: httpx.AsyncClient
    clock: Clock

    async def tell(
        self, message: object, *, secret: str = "signing-word-of-a-portal", late: float = 0
    ) -> httpx.Response:
        raw = message if isinstance(message, bytes) else orjson.dumps(message)
        return await self.send(raw, self.sign(raw, secret, late))

    def sign(
        self, raw: bytes, secret: str = "signing-word-of-a-portal", late: float = 0
    ) -> dict[str, str]:
        stamp = str(int(self.clock.now.timestamp() - late))
        signed = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256)
        return {"X-Timestamp": stamp, "X-Signature-256": f"sha256={signed.hexdigest()}"}

    async def send(self, raw: bytes, headers: dict[str, str]) -> httpx.Response:
        headers = {"Content-Type": "application/json", **headers}
        return await self.client.post("/complaints", content=raw, headers=headers)


@pytest.fixture
async def portal(feed: Complaints, desk: Desk, clock: Clock, tray: Tray) -> AsyncIterator[Portal]:
    app = intake_app(feed.routes(desk), tray)
    async with (
        listening(app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield Portal(client, clock)


def totals(**counted: object) -> dict[str, object]:
    """What is told of all complaints together; of what is not named there is none."""
    counts = ("open", "overdue", "new_today", "closed_today", "undated", "gone", "from_file")
    rest: dict[str, object] = {"at_least": False, "file_at": None, "refused": {}}
    return {**dict.fromkeys(counts, 0), **rest, **counted}


async def look_in_vain(feed: Complaints, desk: Desk) -> tuple[dict[str, Reading], str]:
    """What a look tells before it ends with SourceDown, and what that says."""
    found: dict[str, Reading] = {}
    try:
        async for reading in feed.read(desk):
            found[reading.key] = reading
    except SourceDown as error:
        return found, str(error)
    pytest.fail("the source was not down")


async def look(feed: Complaints, desk: Desk) -> dict[str, Reading]:
    """What one look tells, by key."""
    return {reading.key: reading async for reading in feed.read(desk)}
