"""The front door with [oidc], behind the real guard, and a provider on loopback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from commandcenter.records import sessions
from commandcenter.records.database import Records
from commandcenter.web.oidc import OidcDoors
from tests.access.conftest import forger as forger  # noqa: PLC0414 (its tests use it, too)
from tests.access.idp import CLIENT, CODE, Forger
from tests.conftest import Clock
from tests.web.sign_in.conftest import Browser, Front

MORE = """
[oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret = "env:OIDC_SECRET"
name = "SSO Pemda"
[[grant]]
group = "noc"
role = "operator"
"""
BACK = "/sign-in/oidc/back"


def table(issuer: str) -> str:
    """[oidc] and [[grant]] of config.toml."""
    return MORE.format(issuer=issuer, client=CLIENT)


@dataclass
class House(Front):
    """The doors."""

    def _inside(self) -> ASGIApp:
        assert self.config.oidc is not None
        self.oidc = OidcDoors(self.reception, self.config.oidc)
        return Starlette(routes=[*self.oidc.routes(), Mount("/", super()._inside())])

    async def signed_in(self) -> list[str]:
        """Whoever is, by name."""
        live = await self.records.read(sessions.live_sessions, self.now())
        return [account.name for _, account in live]


@dataclass
class Trip:
    """A browser's way to the provider and back."""

    browser: Browser
    forger: Forger

    async def out(self, path: str = "/sign-in/oidc") -> dict[str, str]:
        """The button is pressed: what the browser takes to the provider."""
        answer = await self.browser.get(path)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(self.forger.issuer)
        return self.forger.sets_out(answer.headers["location"])

    async def back(self, **told: str) -> httpx.Response:
        """The provider sends the browser back with this."""
        return await self.browser.client.get(BACK, params=told)

    async def whole(self, path: str = "/sign-in/oidc") -> httpx.Response:
        """There and back."""
        return await self.back(code=CODE, state=(await self.out(path))["state"])


@pytest.fixture
def house(tmp_path: Path, sqlite_records: Records, clock: Clock, forger: Forger) -> House:
    found = House(tmp_path, sqlite_records, clock, more=table(forger.issuer))
    found.open()
    return found
