"""The guard before the application: who may knock, at which doors, under which name.

One pure-ASGI middleware over http and websocket, because an HTTP middleware does not see Dash's
own WebSocket. Deny by default: a path that is not listed here does not exist.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WALL = "/wall"  # the page of a paired display
COOKIE = "commandcenter_display"  # what a display's token is kept under

# Doors are open to all who reach us, or to a paired display and to this machine, or to it alone.
_OPEN = (
    r"/assets/.+|/_dash-component-suites/.+|/_favicon\.ico|/healthz|/readyz|/metrics"
    rf"|{WALL}/?|{WALL}/pairing(?:/collect)?"
    r"|/a/[A-Za-z0-9_.-]{1,600}"  # a link in a message, which is its own authority
)
_DISPLAYS = (
    r"/live|/_dash-layout|/_dash-dependencies|/_dash-update-component"
    r"|/snapshots/[^/]+/\d{1,18}\.jpg"
)
_OWN = (
    r"/console/?|/console/steps|/console/incidents/\d{1,18}(?:/log)?|/console/evidence/\d{1,18}"
    r"|/console/history(?:\.csv)?|/console/rejects"
    r"|/console/maintenance(?:\.ics)?|/console/maintenance/\d{1,18}/cancel"
    r"|/console/handover|/console/handover/\d{1,18}/(?:take|refuse)"
    r"|/console/channels|/console/channels/[A-Za-z0-9_-]{1,40}/test"
    r"|/screens/?|/screens/pair|/screens/displays/\d{1,18}/(?:control|change|revoke)"
    r"|/screens/presets(?:/apply|/delete)?|/screens/guests"
)
_POSTED = re.compile(  # a GET would find Dash's index there, which answers to everything
    rf"/_dash-update-component|{WALL}/pairing.*|/screens/.+|/console/steps"
    r"|/console/.+/(?:cancel|take|refuse|test)"
)
_ABOUT_A_PAGE = ("/live", "/_dash-layout")  # which name it: ?page=/wall; the root if they do not
_READING = ("GET", "HEAD")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the guard knows: our host names, the pages, the content security policy, and which
    display a token belongs to (None: none, or one that was revoked)."""

    names: Sequence[str]
    pages: Iterable[str]
    policy: str
    displays: Callable[[str], int | None] = lambda _: None


class Guard:
    """ASGI middleware. Refuses with the reason in plain words; never says what else there is.

    The paired display that asks for its wall stands in `scope["state"]["display"]`.
    """

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.names = {name.lower() for name in rules.names}
        pages = "|".join(re.escape(page) for page in rules.pages if page != WALL)
        self.open, self.for_displays = re.compile(_OPEN), re.compile(_DISPLAYS)
        self.own = re.compile(f"(?:{pages})/?|{_OWN}" if pages else _OWN)
        self.display_of = rules.displays
        self.headers = _HEADERS | {"Content-Security-Policy": rules.policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403, "reason": refusal[1]})
        else:
            status, why = refusal
            response = PlainTextResponse(why + "\n", status_code=status)
            await response(scope, receive, self._with_headers(scope, send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers, path = Headers(scope=scope), scope["path"]
        if _name(headers.get("host", "")) not in self.names:
            return 400, "This host name is not ours; [web] names in config.toml lists them"
        if not any(door.fullmatch(path) for door in (self.open, self.for_displays, self.own)):
            return 404, "There is no such page"
        if (refusal := _wrong_way(scope)) is not None:
            return refusal
        if (why := self._stranger(scope)) is not None:
            return 403, why
        if _must_come_from_us(scope) and not self._from_our_page(headers):
            return 403, "This request does not come from one of our pages"
        return None

    def _stranger(self, scope: Scope) -> str | None:
        """Why whoever knocks may not come in here, if so; a display that may is written down."""
        path, pages = scope["path"], _pages(scope)
        display = self.display_of(HTTPConnection(scope).cookies.get(COOKIE, ""))
        local = _from_loopback(scope)
        if not local and (self.own.fullmatch(path) or pages - {WALL}):
            return "This page answers on this machine only"
        if display is None and (WALL in pages or (self.for_displays.fullmatch(path) and not local)):
            return f"This display is not paired; {WALL} shows it a code"
        if display is not None and (path.rstrip("/") == WALL or pages == {WALL}):
            scope.setdefault("state", {})["display"] = display
        return None

    def _from_our_page(self, headers: Headers) -> bool:
        """The Origin is one of our names, and the very one that was called (DNS rebinding)."""
        origin, host = headers.get("origin", ""), headers.get("host", "")
        return _name(urlsplit(origin).netloc) in self.names and urlsplit(origin).netloc == host

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        if scope["type"] != "http":
            return send

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return dressed


def _pages(scope: Scope) -> set[str]:
    """The pages that a request names, as they are looked up."""
    named = QueryParams(scope["query_string"]).getlist("page")
    if not named and scope["path"] in _ABOUT_A_PAGE:
        named = ["/"]
    return {page.rstrip("/") or "/" for page in named}


def _wrong_way(scope: Scope) -> tuple[int, str] | None:
    """Why this door does not open to this kind of request, if so."""
    if scope["type"] == "websocket":
        return None if scope["path"] == "/live" else (403, "No such socket")
    if scope["method"] in _READING and _POSTED.fullmatch(scope["path"]):
        return 405, "This door takes POST only"
    return None


def _must_come_from_us(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in _READING


def _name(host: str) -> str:
    """ "localhost" of "localhost:8050", "::1" of "[::1]:8050"."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _from_loopback(scope: Scope) -> bool:
    """A reverse proxy on this machine also knocks from loopback, but says for whom."""
    headers = Headers(scope=scope)
    if any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip")):
        return False
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
