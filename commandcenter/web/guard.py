"""The guard before the application: who may knock, at which doors, under which name.

One pure-ASGI middleware over http and websocket, because an HTTP middleware does not see Dash's
own WebSocket. Deny by default: a path that is not listed here does not exist.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OPEN = (
    r"/assets/.+|/_dash-component-suites/.+|/_dash-layout|/_dash-dependencies|/_favicon\.ico"
    r"|/_dash-update-component|/snapshots/[^/]+/\d{1,18}\.jpg|/live|/healthz|/readyz|/metrics"
)
_LOOPBACK_ONLY = re.compile(
    r"/console/?|/console/incidents/\d{1,18}/(?:acknowledge|log)|/console/rejects"
)
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
    """What the guard knows: our host names, the pages, the content security policy."""

    names: Sequence[str]
    pages: Iterable[str]
    policy: str


class Guard:
    """ASGI middleware. Refuses with the reason in plain words; never says what else there is."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.names = {name.lower() for name in rules.names}
        pages = "|".join(re.escape(page) for page in rules.pages)
        self.known = re.compile(f"(?:{pages})/?|{_OPEN}|{_LOOPBACK_ONLY.pattern}")
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
        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self.names:
            return 400, "This host name is not ours; [web] names in config.toml lists them"
        if not self.known.fullmatch(scope["path"]):
            return 404, "There is no such page"
        if scope["type"] == "websocket" and scope["path"] != "/live":
            return 403, "No such socket"
        if any(map(_LOOPBACK_ONLY.fullmatch, _wanted(scope))) and not _from_loopback(scope):
            return 403, "The console answers on this machine only"
        if _must_come_from_us(scope) and not self._from_our_page(headers):
            return 403, "This request does not come from one of our pages"
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


def _wanted(scope: Scope) -> list[str]:
    """The paths that a request is about: its own, and the page whose layout or /live it names."""
    pages = QueryParams(scope["query_string"]).getlist("page")
    return [scope["path"], *(page.rstrip("/") for page in pages)]  # as they are looked up


def _must_come_from_us(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")


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
