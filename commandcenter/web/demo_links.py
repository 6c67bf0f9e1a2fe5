"""/demo/<role>?key=…: with the demo, a newcomer sees every page at once, signed in as somebody.

Only while [access] demo_links is on, and only for a browser on this very machine. The key is in a
file that only this program's user can read, so that `commandcenter links` knows it as well as the
web process; without it any page in the browser could lead it here.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.roles import PEOPLE, Role, Visitor
from commandcenter.config import VAR
from commandcenter.private import made_once
from commandcenter.records import accounts, audit, sessions
from commandcenter.records.accounts import DEMO, Account, AccountDisabled
from commandcenter.records.database import Records
from commandcenter.web.console_doors import address_of
from commandcenter.web.reception import START, Reception, person_of
from commandcenter.web.visitors import from_here

KEY = "demo.key"
LINKS: dict[str, tuple[Role, str]] = {  # name -> whom it signs in, and what it shows
    "wall": ("viewer", "/"),
    "briefing": ("leader", "/"),
    "console": ("operator", "/console"),
    "displays": ("operator", "/screens"),
    "admin": ("admin", "/admin"),
}
ROLES = frozenset(role for role, _ in LINKS.values())


def demo_links(base: str, var: Path = VAR) -> dict[str, str]:
    """Name -> address. `base` is "http://127.0.0.1:8050"; `var`: where the key is kept."""
    key = demo_key(var)
    return {name: f"{base}/demo/{role}?{_asked(key, to)}" for name, (role, to) in LINKS.items()}


def demo_key(var: Path = VAR) -> str:
    """The key of this folder; made now if there is none yet. Of two processes that make one at
    once, both get the same."""
    return made_once(var / KEY, lambda: secrets.token_urlsafe(32))


async def end_demo(records: Records, now: Callable[[], datetime]) -> int:
    """End every session of the demo: at the start of a web process without demo links. How many
    there were. Raises RecordsDown."""
    return await records.write(_end_all, now())


class DemoLinks:
    """The door. There is none while demo links are off."""

    def __init__(self, reception: Reception, var: Path = VAR) -> None:
        self.reception, self.var = reception, var

    def routes(self) -> list[Route]:
        """For the web application."""
        if not self.reception.config.access.demo_links:
            return []
        return [self.reception.get("/demo/{role}", self.enter)]

    async def enter(self, request: Request) -> Response:
        """Sign in as the demo account of a role, and go to its page: the key leaves the address."""
        desk, role = self.reception, request.path_params["role"]
        told = request.query_params.get("key", "").encode()
        right = hmac.compare_digest(told, demo_key(self.var).encode())
        if not right or role not in ROLES or not from_here(request.scope):
            return self._no(request)
        if _enough(person_of(request), role):
            return desk.send(request, _page(request, role))
        try:
            account = await desk.records.write(_account, desk.now(), role, address_of(request))
            return await desk.welcome(request, account, DEMO, _page(request, role))
        except AccountDisabled:
            return self._no(request)

    def _no(self, request: Request) -> Response:
        say = self.reception.say(request)
        why = say("`commandcenter links` prints the links of the demo; they work on this machine")
        return self.reception.refusal(request, 404, say("This link does not work"), why)


def _enough(visitor: Visitor | None, role: Role) -> bool:
    """Whether this browser is signed in for the demo with this role or a stronger one: another
    sign-in would take the pages away that are open in its other tabs."""
    if visitor is None or not visitor.demo:
        return False
    return PEOPLE.index(visitor.role) >= PEOPLE.index(role)


def _asked(key: str, to: str) -> str:
    """Roles with several pages name the one."""
    return urlencode({"key": key, "to": to})


def _page(request: Request, role: Role) -> str:
    wanted = request.query_params.get("to", "")
    return wanted if (role, wanted) in LINKS.values() else START[role]


def _account(connection: Any, at: datetime, role: Role, address: str) -> Account:
    who = {"username": f"demo-{role}", "name": f"Demo {role}", "subject": role, "role": role}
    limits: dict[str, Any] = {"offices": (), "domains": ()}
    return accounts.sign_in_from(connection, at, provider=DEMO, **who, **limits, address=address)


def _end_all(connection: Any, at: datetime) -> int:
    live = [one for one, whose in sessions.live_sessions(connection, at) if whose.provider == DEMO]
    for one in live:
        sessions.end(connection, at, audit.PROGRAM, one.id)
    return len(live)
