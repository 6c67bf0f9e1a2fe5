"""Every door of the web process, and to whom it opens: the one place where permission is written.

Deny by default: what is not listed here does not exist, and whoever is not named does not come in.
What depends on the thing itself, an operator's offices and domains, is asked where the thing is
read (`By.scope`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from starlette.requests import Request
from starlette.types import Scope as AsgiScope

from commandcenter.access.roles import Scope, Visitor
from commandcenter.web.api.needs import NEEDS

Who: TypeAlias = Literal["everybody", "display", "viewer", "leader", "operator", "admin", "here"]
"""A role; or anybody at all; or a program on this very machine, without any sign-in."""
Fresh: TypeAlias = Literal["", "lately", "just now"]
"""How young a sign-in has to be: of any age; `[access] ask_again_minutes`; ten minutes at most."""

EVERYBODY: tuple[Who, ...] = ("everybody",)
PEOPLE: tuple[Who, ...] = ("viewer", "leader", "operator", "admin")
ALL: tuple[Who, ...] = ("display", *PEOPLE)
READERS: tuple[Who, ...] = ("leader", "operator", "admin")
OPERATORS: tuple[Who, ...] = ("operator", "admin")
ADMINS: tuple[Who, ...] = ("admin",)
WATCHERS: tuple[Who, ...] = ("admin", "here")
ANY = "any"

WALL = "/wall"  # the page of a paired display
PREVIEW = f"{WALL}/{{name}}"  # of a wall, for people
A_FORM = 16_384  # bytes: three passwords of 128 characters, however they are encoded
A_LIST = 1_000_000  # bytes: ten thousand incidents with their versions are 400 kB


@dataclass(frozen=True, slots=True)
class Door:
    """Methods, a path as routes write it, and who comes in."""

    methods: tuple[str, ...]
    path: str
    to: tuple[Who, ...]
    good_for: str = ""
    """What a token must be good for; "any": something; "": no token opens it."""
    fresh: Fresh = ""
    """Whether somebody who signed in longer ago has to do so again first. Just now: wherever
    somebody, or a program, gets another way to come in (ASVS 5.0, 7.5.1)."""

    @property
    def longest_body(self) -> int:
        """Bytes of a body that are read at this door: of a stranger no more than a form has."""
        return A_FORM if "everybody" in self.to else A_LIST

    def opens_to(self, visitor: Visitor | None, *, here: bool) -> bool:
        """Whether this visitor comes in; `here`: from this machine, past no proxy."""
        if "everybody" in self.to or (here and "here" in self.to):
            return True
        if visitor is None:
            return False
        if visitor.kind == "token":
            return self.good_for == ANY or self.good_for in visitor.may
        return visitor.role in self.to


def _door(
    methods: str, path: str, to: tuple[Who, ...], good_for: str = "", *, fresh: Fresh = ""
) -> Door:
    return Door(tuple(methods.split()), path, to, good_for, fresh)


DOORS: tuple[Door, ...] = (
    # --- how we are -----------------------------------------------------------------------------
    _door("GET", "/healthz", EVERYBODY),
    _door("GET", "/readyz", WATCHERS, "metrics:read"),
    _door("GET", "/metrics", WATCHERS, "metrics:read"),
    # --- coming in ------------------------------------------------------------------------------
    _door("GET POST", "/sign-in", EVERYBODY),
    _door("GET POST", "/sign-in/code", EVERYBODY),
    _door("GET", "/sign-in/oidc", EVERYBODY),
    _door("GET", "/sign-in/oidc/back", EVERYBODY),
    _door("POST", "/sign-out", EVERYBODY),
    _door("GET POST", "/enter/{token}", EVERYBODY),
    _door("GET", "/demo/{role}", EVERYBODY),
    _door("GET POST", "/a/{token}", EVERYBODY),  # a link in a message is its own authority
    _door("POST", f"{WALL}/pairing", EVERYBODY),
    _door("POST", f"{WALL}/pairing/collect", EVERYBODY),
    # --- what pages are made of -----------------------------------------------------------------
    _door("GET", "/assets/{name:public}", EVERYBODY),
    _door("GET", "/_favicon.ico", EVERYBODY),
    _door("GET", "/assets/{name:path}", ALL),
    _door("GET", "/_dash-component-suites/{name:path}", ALL),
    _door("GET", "/_dash-layout", ALL),  # and the page it names must open, too
    _door("GET", "/_dash-dependencies", ALL),
    _door("POST", "/_dash-update-component", ALL),  # and the callback it names (guard.py)
    _door("WS", "/live", ALL),  # and the page it names must open, too
    # Which cameras, sight.py knows: those of one's role; of a display, what was drawn for it.
    _door("GET", "/snapshots/{camera}/{number:int}/{size}.jpg", ALL),
    _door("GET", "/snapshots/{camera}/next/{number:int}.jpg", ALL),
    _door("POST", "/cameras/{camera}/again", OPERATORS),
    # --- pages ----------------------------------------------------------------------------------
    _door("GET", WALL, EVERYBODY),  # a display without a token is shown a code
    _door("GET", "/", PEOPLE),
    _door("GET", PREVIEW, PEOPLE),
    _door("GET", "/console", READERS),
    _door("GET", "/screens", OPERATORS),
    # --- the console ----------------------------------------------------------------------------
    _door("GET", "/console/incidents/{number:int}", READERS),
    _door("GET", "/console/incidents/{number:int}/log", READERS),
    _door("GET", "/console/incidents/{number:int}/evidence.zip", READERS),
    _door("GET", "/console/evidence/{number:int}", READERS),
    _door("GET", "/console/history", READERS),
    _door("GET", "/console/history.csv", READERS),
    _door("GET", "/console/maintenance", READERS),
    _door("GET", "/console/maintenance.ics", READERS),
    _door("POST", "/console/steps", OPERATORS),
    _door("POST", "/console/maintenance", OPERATORS),
    _door("POST", "/console/maintenance/{number:int}/cancel", OPERATORS),
    _door("GET POST", "/console/handover", OPERATORS),
    _door("POST", "/console/handover/{number:int}/take", OPERATORS),
    _door("POST", "/console/handover/{number:int}/refuse", OPERATORS),
    _door("GET", "/console/channels", OPERATORS),
    _door("POST", "/console/channels/{name}/test", OPERATORS),
    _door("GET", "/console/rejects", OPERATORS),
    _door("GET", "/console/rejects/{number:int}", ADMINS),  # it can name people
    # --- displays -------------------------------------------------------------------------------
    _door("POST", "/screens/pair", OPERATORS),
    _door("POST", "/screens/displays/{number:int}/control", OPERATORS),
    _door("POST", "/screens/displays/{number:int}/change", OPERATORS),
    _door("POST", "/screens/displays/{number:int}/revoke", OPERATORS),
    _door("POST", "/screens/presets", OPERATORS),
    _door("POST", "/screens/presets/apply", OPERATORS),
    _door("POST", "/screens/presets/delete", OPERATORS),
    _door("POST", "/screens/guests", OPERATORS),
    # --- one's own account ----------------------------------------------------------------------
    _door("GET", "/me", PEOPLE),
    _door("POST", "/me/password", PEOPLE, fresh="just now"),
    _door("GET POST", "/me/factor", PEOPLE, fresh="just now"),
    _door("POST", "/me/factor/remove", PEOPLE, fresh="just now"),
    _door("POST", "/me/sessions/end-others", PEOPLE, fresh="lately"),
    _door("POST", "/me/sessions/{number:int}/end", PEOPLE, fresh="lately"),
    # --- administration -------------------------------------------------------------------------
    _door("GET", "/admin", ADMINS, fresh="lately"),
    _door("GET", "/admin/accounts", ADMINS, fresh="lately"),
    _door("POST", "/admin/accounts", ADMINS, fresh="just now"),
    _door("GET", "/admin/accounts/{number:int}", ADMINS, fresh="lately"),
    _door("POST", "/admin/accounts/{number:int}/change", ADMINS, fresh="just now"),
    _door("POST", "/admin/accounts/{number:int}/disable", ADMINS, fresh="lately"),
    _door("POST", "/admin/accounts/{number:int}/enable", ADMINS, fresh="just now"),
    _door("POST", "/admin/accounts/{number:int}/link", ADMINS, fresh="just now"),
    _door("POST", "/admin/accounts/{number:int}/factor/remove", ADMINS, fresh="just now"),
    _door("GET", "/admin/sessions", ADMINS, fresh="lately"),
    _door("POST", "/admin/sessions/{number:int}/end", ADMINS, fresh="lately"),
    _door("GET", "/admin/tokens", ADMINS, fresh="lately"),
    _door("POST", "/admin/tokens", ADMINS, fresh="just now"),
    _door("POST", "/admin/tokens/{number:int}/revoke", ADMINS, fresh="lately"),
    _door("GET", "/admin/audit", ADMINS, fresh="lately"),
    _door("GET", "/admin/audit.csv", ADMINS, fresh="lately"),
    # --- programs -------------------------------------------------------------------------------
    _door("GET", "/api/v1/openapi.json", PEOPLE, ANY),
    _door("GET", "/api/v1/docs", PEOPLE, ANY),
    *(_door(method, path, (), scope or ANY) for (method, path), scope in NEEDS.items()),
)

_PARTS = {
    "int": r"\d{1,18}",  # as many digits as the database's numbers have
    "path": r".+",
    # What the pages that are open to all are made of, and nothing of those that are not.
    "public": r"(?:theme|entry|pairing)\.css|(?:clock|pairing)\.js|fonts/[\w.-]+",
    "": r"[^/]{1,600}",
}


class Doorways:
    """The doors, to be found by what somebody asks for."""

    def __init__(self, pages: Iterable[str], doors: Iterable[Door] = DOORS) -> None:
        self.pages = set(pages)
        self.doors = [(door, re.compile(pattern_of(door.path))) for door in doors]

    def at(self, path: str) -> list[Door]:
        """Every door at this path, the strictest match first; none: there is no such thing."""
        path = self._plain(path)
        found = (door for door, pattern in self.doors if pattern.fullmatch(path))
        # There are only the previews of walls that config.toml declares.
        return [door for door in found if door.path != PREVIEW or path in self.pages]

    def page(self, path: str) -> Door | None:
        """The door of a page of ours, as /live and the layout name it."""
        path = self._plain(path)
        return next(iter(self.at(path)), None) if path in self.pages else None

    def _plain(self, path: str) -> str:
        """Pages may end in a slash, nothing else may."""
        bare = path.rstrip("/") or "/"
        return bare if bare in self.pages and path in (bare, bare + "/") else path


def pattern_of(path: str) -> str:
    """The regular expression of a path as routes write it."""
    parts = re.split(r"\{(\w+)(?::(\w+))?\}", path)
    whole = [re.escape(parts[0])]
    for kind, rest in zip(parts[2::3], parts[3::3], strict=True):
        whole += [f"(?:{_PARTS[kind or '']})", re.escape(rest)]
    return "".join(whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who does something, and from where: what every log line needs."""

    visitor: Visitor
    address: str

    @property
    def name(self) -> str:
        """As logs have it."""
        return self.visitor.name

    @property
    def scope(self) -> Scope:
        """What it may be about."""
        return self.visitor.scope


def visitor_of(request: Request | AsgiScope) -> Visitor:
    """Whom the guard has let in. Raises LookupError when that was a stranger."""
    scope = request.scope if isinstance(request, Request) else request
    found: Visitor | None = scope.get("state", {}).get("visitor")
    if found is None:
        raise LookupError("nobody is signed in here")
    return found


def by_of(request: Request) -> By:
    """Whoever asks."""
    address = request.client.host if request.client else ""
    return By(visitor=visitor_of(request), address=address)
