"""The guard before the application: who may knock, at which doors, under which name.

One pure-ASGI middleware over http and websocket, because an HTTP middleware does not see Dash's
own WebSocket. It lets in by the table in commandcenter.web.doors and by nothing else. Whoever it
lets in stands in `scope["state"]["visitor"]`; a paired display at its wall also in ["display"].
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commandcenter.access.roles import Visitor
from commandcenter.http_limits import in_slices
from commandcenter.rates import source_of
from commandcenter.records import audit
from commandcenter.records.database import RecordsDown
from commandcenter.web.api import problem
from commandcenter.web.cookies import with_our_cookies
from commandcenter.web.doors import WALL, Door, Doorways
from commandcenter.web.floods import Floods, TooOften
from commandcenter.web.paper import Paper
from commandcenter.web.turns import Turns
from commandcenter.web.visitors import Visitors, from_here, secure

log = logging.getLogger(__name__)

_ABOUT_A_PAGE = ("/live", "/_dash-layout")  # which name it: ?page=/wall; the root if they do not
_CALLBACK = "/_dash-update-component"
_READING = ("GET", "HEAD")
_OF_THINGS = ("/console/", "/screens/", "/admin/", "/api/")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_NO_ANSWER = "The database does not answer; please try again in a moment"
_OTHER_SCHEME = (
    "The page came by {page} and its request by {request}: the proxy between must be named in "
    "[web] proxies and say X-Forwarded-Proto"
)
_OTHER_HOST = (
    "The page was opened as {page} and its request came for {request}: the proxy between must pass "
    "on the Host header as the browser sends it, port included"
)
_FOR_A_YEAR = "max-age=31536000"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the guard knows besides the table: our host names, the pages, the content security
    policy, to which roles each Dash callback opens (by its output), whether a display shows a
    camera, and what refusals are written on."""

    names: Sequence[str]
    pages: Iterable[str]
    policy: str
    callbacks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shows: Callable[[int, str], bool] = lambda _display, _camera: True
    paper: Paper


class Refusal(Exception):
    """Why somebody does not come in: a sentence for `say`, which never tells what else there is."""

    def __init__(
        self, status: int, why: str, headers: Mapping[str, str] | None = None, **facts: object
    ) -> None:
        super().__init__(why)
        self.status, self.headers, self.facts = status, dict(headers or {}), facts


class Guard:
    """ASGI middleware. Raises nothing; what it refuses never reaches the application."""

    def __init__(self, app: ASGIApp, rules: Rules, visitors: Visitors, floods: Floods) -> None:
        self.app, self.rules = app, rules
        self.visitors, self.floods, self.turns = visitors, floods, Turns()
        self.names = {name.lower() for name in rules.names}
        self.doors = Doorways(rules.pages)
        self.headers = _HEADERS | {"Content-Security-Policy": rules.policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        scope = with_our_cookies(scope)
        send = self._dressed(scope, in_slices(send))
        try:
            receive = await self._let_in(scope, receive)
        except Refusal as refusal:
            _note(scope, refusal)
            await self._refuse(scope, receive, send, refusal)
        except RecordsDown:
            await self._refuse(scope, receive, send, Refusal(503, _NO_ANSWER))
        else:
            await self.app(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive) -> Receive:
        """What the application shall receive from. Raises Refusal, RecordsDown."""
        headers, path = Headers(scope=scope), scope["path"]
        await self.turns.begin(source_of(str((scope.get("client") or ("?",))[0])))
        hosts = headers.getlist("host")  # of several, a proxy may mean another one than we do
        if len(hosts) != 1 or _name(hosts[0]) not in self.names:
            why = "This host name is not ours; [web] names in config.toml lists them"
            raise Refusal(400, why)
        door = _right_way(scope, self.doors.at(path))
        await self._slowly(self.floods.knock(scope), scope)
        pages = _pages(scope)
        at_a_wall = path.rstrip("/") == WALL or pages == {WALL}
        visitor, wrong = await self.visitors.who(scope, display=at_a_wall)
        if wrong:
            await self._slowly(self.floods.wrong(wrong, scope), scope)
        if visitor is not None and "everybody" not in door.to:
            await self._slowly(self.floods.known(visitor, scope), scope, visitor)
        self._check(scope, door, pages, visitor)
        if visitor is not None and not self._fresh_enough(scope, door, visitor):
            raise self._again_please(scope)
        if _must_come_from_us(scope, visitor):
            _check_origin(scope, headers, self.names)
        state = scope.setdefault("state", {})
        if visitor is not None:
            state["visitor"] = visitor
            if visitor.kind == "display" and at_a_wall:
                state["display"] = visitor.id
        if scope["type"] == "websocket" or scope["method"] in _READING:
            return receive
        body = await _whole(headers, receive, door.longest_body)
        if path == _CALLBACK:
            self._check_callback(visitor, body)
        return _again(body, receive)

    def _check(
        self, scope: Scope, door: Door, pages: Iterable[str], visitor: Visitor | None
    ) -> None:
        """Raises Refusal when the door, or a page that is named at it, does not open."""
        if not door.opens_to(visitor, here=from_here(scope)):
            raise _closed(scope, visitor)
        for page in pages:
            named = self.doors.page(page)
            if page == WALL:
                opens = visitor is not None and visitor.kind == "display"
            else:
                opens = named is None or named.opens_to(visitor, here=False)
            if not opens or (named is None and visitor is not None and visitor.kind == "display"):
                raise _closed(scope, visitor)
        if visitor is not None and visitor.kind == "display" and "{camera}" in door.path:
            camera = scope["path"].split("/")[2]
            if not self.rules.shows(visitor.id, camera):
                raise Refusal(403, "This display does not show this camera")

    def _fresh_enough(self, scope: Scope, door: Door, visitor: Visitor) -> bool:
        """Whether they need not show again who they are. A form that was opened in time is still
        taken half as long after it: what was typed is not lost."""
        patience = 1 if scope.get("method") in _READING else 1.5
        match door.fresh:
            case "":
                return True
            case "lately":
                return self.visitors.has_lately_signed_in(visitor, patience)
            case "just now":
                return self.visitors.has_just_signed_in(visitor, patience)

    def _again_please(self, scope: Scope) -> Refusal:
        """To the form, and from there to where they wanted to go; after a form that came too late,
        to the page on which it stands."""
        path = scope["path"]
        while scope["method"] not in _READING and path != "/":
            if any("GET" in door.methods for door in self.doors.at(path)):
                break
            path = path.rpartition("/")[0] or "/"
        asked = quote(path)
        if scope["method"] in _READING and scope["query_string"]:
            asked += f"?{scope['query_string'].decode('latin-1')}"
        to = f"/sign-in?{urlencode({'again': '1', 'next': asked})}"
        return Refusal(303, "Please sign in", {"Location": to})

    async def _slowly(
        self, flood: TooOften | None, scope: Scope, visitor: Visitor | None = None
    ) -> None:
        """Raises Refusal for whoever knocks too often; the audit log is told of the first one."""
        if flood is None:
            return
        if flood.first:
            visitors, address = self.visitors, str((scope.get("client") or ("?",))[0])
            who, act = (visitor.name, "flooded") if visitor else (audit.PROGRAM, "throttled")
            told: dict[str, Any] = {"note": flood.what, "address": address}
            with suppress(RecordsDown):
                await visitors.records.write(audit.append, visitors.now(), who, act, **told)
        raise Refusal(429, flood.why, flood.headers, seconds=flood.wait)

    def _check_callback(self, visitor: Visitor | None, body: bytes) -> None:
        """Dash's one door for all callbacks: which of them it is stands in the body. Raises
        Refusal for one that is not declared for this role."""
        try:
            output = str(orjson.loads(body)["output"])
        except (ValueError, TypeError, KeyError) as error:
            raise Refusal(400, "This is no callback") from error
        if visitor is None or visitor.role not in self.rules.callbacks.get(output, ()):
            raise Refusal(403, "This callback is not open to you")

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
        say = self.rules.paper.language(scope)
        facts = {key: say(str(v)) if key == "role" else v for key, v in refusal.facts.items()}
        why = say(str(refusal), **facts)
        if scope["type"] == "websocket":  # uvicorn answers 403; the reason is for others
            code = 4401 if refusal.status == 401 else 4403
            await send({"type": "websocket.close", "code": code, "reason": why[:100]})
        else:
            await self._answer(scope, refusal, why)(scope, receive, send)

    def _answer(self, scope: Scope, refusal: Refusal, why: str) -> Response:
        """To a person a page, to our own scripts and to programs what they read."""
        headers, status = {"Cache-Control": "no-store", **refusal.headers}, refusal.status
        path = scope["path"]
        if status == 303:
            return RedirectResponse(headers.pop("Location"), status_code=303, headers=headers)
        if path.startswith("/api/"):
            return problem(status, why, headers=headers)
        if path.startswith(("/console/", "/screens/", "/cameras/")) and not _is_a_page(scope):
            return JSONResponse({"ok": False, "why": why}, status, headers=headers)
        if _is_a_page(scope) and status != 400:  # under a foreign name nothing of ours is loaded
            paper = self.rules.paper
            title = paper.language(scope)("This cannot be done")
            page = paper.page("refused.html", scope, status=status, title=title, why=why)
            page.headers.update(headers)
            return page
        return PlainTextResponse(f"{why}\n", status_code=status, headers=headers)

    def _dressed(self, scope: Scope, send: Send) -> Send:
        if scope["type"] != "http":
            return send

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note_answer(scope, message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if secure(scope):
                    headers.setdefault("Strict-Transport-Security", _FOR_A_YEAR)
            await send(message)

        return dressed


def _note(scope: Scope, refusal: Refusal) -> None:
    """Whoever is known and tries a door that is not theirs is written down; a stranger is not, who
    could fill a disk so."""
    who, address = refusal.facts.get("who"), (scope.get("client") or ("?",))[0]
    if who is not None:
        log.warning("%s (%s) was refused %s", who, address, scope["path"])


def _note_answer(scope: Scope, status: int) -> None:
    """Whoever is known and asks for a thing that is not theirs: to them it does not exist."""
    visitor: Visitor | None = scope.get("state", {}).get("visitor")
    path = scope["path"]
    if visitor is not None and (status == 403 or (status == 404 and path.startswith(_OF_THINGS))):
        address = (scope.get("client") or ("?",))[0]
        log.warning("%s (%s) was refused %s: %d", visitor.name, address, path, status)


def _right_way(scope: Scope, doors: Sequence[Door]) -> Door:
    """The door for this kind of request. Raises Refusal."""
    if not doors:
        raise Refusal(404, "There is no such page")
    method = "WS" if scope["type"] == "websocket" else scope["method"]
    method = "GET" if method == "HEAD" else method
    found = next((door for door in doors if method in door.methods), None)
    if found is None:
        if method == "WS":
            raise Refusal(403, "There is no such socket")
        allowed = sorted({m for door in doors for m in door.methods if m != "WS"})
        told = ", ".join(allowed)
        raise Refusal(405, "This door takes {methods} only", {"Allow": told}, methods=told or "WS")
    return found


def _closed(scope: Scope, visitor: Visitor | None) -> Refusal:
    """What somebody is told for whom this does not open."""
    path = scope["path"]
    if visitor is not None:
        why = "This is not open to {who}, whose role is {role}"
        return Refusal(403, why, who=visitor.name, role=visitor.role)
    if WALL in _pages(scope):
        return Refusal(403, "This display is not paired; {page} shows it a code", page=WALL)
    if scope["type"] == "http" and _is_a_page(scope):
        query = scope["query_string"].decode("latin-1")
        asked = quote(path) + (f"?{query}" if query else "")
        to = f"/sign-in?{urlencode({'next': asked})}"
        return Refusal(303, "Please sign in", {"Location": to})
    if path.startswith(("/api/", "/metrics", "/readyz")):
        return Refusal(401, "A token is needed: Authorization: Bearer cc_…", _BEARER)
    return Refusal(401, "Please sign in")


_BEARER = {"WWW-Authenticate": "Bearer"}


def _is_a_page(scope: Scope) -> bool:
    """Whether a person looks at it, who can be sent to sign in."""
    asked = Headers(scope=scope).get("accept", "")
    return scope["method"] in _READING and "text/html" in asked


def _pages(scope: Scope) -> set[str]:
    """The pages that a request names, as they are looked up."""
    if scope["path"] not in _ABOUT_A_PAGE:
        return set()
    named = QueryParams(scope["query_string"]).getlist("page") or ["/"]
    return {page.rstrip("/") or "/" for page in named}


def _must_come_from_us(scope: Scope, visitor: Visitor | None) -> bool:
    """A token is shown by a program on purpose; a cookie goes with whatever a browser does."""
    if visitor is not None and visitor.kind == "token":
        return False
    return scope["type"] == "websocket" or scope["method"] not in _READING


def _check_origin(scope: Scope, headers: Headers, names: Collection[str]) -> None:
    """The Origin is the very one that was called (DNS rebinding), by the same scheme. It is told
    in one way only (RFC 6454, section 6.2), so it is compared and never parsed. Raises Refusal."""
    origin, host = headers.get("origin", "").lower(), headers.get("host", "").lower()
    ours, other = ("https", "http") if secure(scope) else ("http", "https")
    if origin == f"{other}://{host}":
        log.warning("a page came by %s, and its request by %s: see [web] proxies", other, ours)
        raise Refusal(403, _OTHER_SCHEME, page=other, request=ours)
    page = origin.partition("://")[2]
    if page != host and _name(page) in names:
        log.warning("a page of %s asks, and %s was called: the proxy changes Host", page[:80], host)
        raise Refusal(403, _OTHER_HOST, page=page[:80], request=host)
    if origin != f"{ours}://{host}":
        raise Refusal(403, "This request does not come from one of our pages")


async def _whole(headers: Headers, receive: Receive, most: int) -> bytes:
    """The body of a request, of which nothing is read that is too long by its own word. Raises
    Refusal."""
    told = headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:19]) > most:
        raise Refusal(413, "This request is too long")
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The request ended before it was complete")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise Refusal(413, "This request is too long")
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """As if nobody had read the body yet."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return first.pop() if first else await receive()

    return received


def _name(host: str) -> str:
    """ "localhost" of "localhost:8050", "::1" of "[::1]:8050"."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
