"""Pairing on the wire: the doors behind the page with the code, and the cookie they end in.

RFC 8628's device flow, made small: the display polls, an operator enters the code at /screens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import MutableHeaders, QueryParams
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commandcenter.language import LANGUAGES, Language
from commandcenter.records.database import RecordsDown
from commandcenter.records.pairing import (
    AlreadyClaimed,
    AskingExpired,
    NoAsking,
    TooManyAskings,
    ask,
)
from commandcenter.region import Region
from commandcenter.web.displays import Displays
from commandcenter.web.doors import WALL
from commandcenter.web.pairing_page import ASK_EVERY, pairing_page
from commandcenter.web.visitors import DISPLAY_COOKIE, display_token, secure

FOR_LONG = 400 * 24 * 3600  # seconds: the longest that Chromium keeps a cookie
LONGEST_BODY = 1024  # bytes
LONGEST_SECRET = 64


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a display says to get a code: its size in pixels, and the secret of its older code."""

    width: Annotated[int, Field(ge=1, le=65_535)]
    height: Annotated[int, Field(ge=1, le=65_535)]
    secret: Annotated[str, Field(max_length=LONGEST_SECRET)] = ""


@dataclass(frozen=True, kw_only=True)
class Collecting:
    """What a display says to get its token."""

    secret: Annotated[str, Field(min_length=1, max_length=LONGEST_SECRET)]


_ASKED, _COLLECTING = TypeAdapter(Asked), TypeAdapter(Collecting)


class Pairing:
    """What a display without a token finds at /wall."""

    def __init__(
        self,
        displays: Displays,
        region: Region,
        say: Language,
        now: Callable[[], datetime],
        build: str,
        ask_every: float = ASK_EVERY,
    ) -> None:
        self.ask_every = ask_every
        self.displays, self.region, self.now, self.build = displays, region, now, build
        self.says = {code: Language(code, say.zone) for code in LANGUAGES} | {"": say}

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            Route(f"{WALL}/pairing", self.ask, methods=["POST"]),
            Route(f"{WALL}/pairing/collect", self.collect, methods=["POST"]),
        ]

    def page(self, scope: Scope) -> HTMLResponse:
        """The page with the code, in the language of the region or in ?lang=."""
        token = display_token(HTTPConnection(scope))
        asked = QueryParams(scope["query_string"]).get("lang", "")
        say = self.says.get(asked) or self.says[""]
        revoked_at = self.displays.revoked_at(token)
        known = self.displays.loaded.is_set() or not token
        return pairing_page(
            say,
            self.build,
            self.region,
            self.now(),
            revoked_at,
            known=known,
            every=self.ask_every,
        )

    async def ask(self, request: Request) -> Response:
        """Body {"width", "height", "secret"?}; 200 {"code", "secret", "expires_at"} in ms,
        {"paired": true} when the display has a token, 409 when the code of `secret` was just
        entered, 400, 429 or 503 with the reason."""
        return await self._answer(request, _ASKED, self._ask)

    async def collect(self, request: Request) -> Response:
        """Body {"secret"}; 202 while nobody has entered the code, 200 {"paired": true} and the
        cookie when somebody has, 404, 410 (too late), 400 or 503 with the reason."""
        return await self._answer(request, _COLLECTING, self._collect)

    async def _answer(self, request: Request, shape: TypeAdapter[Any], act: Any) -> Response:
        say = self.says[""]
        token = display_token(request)
        if token and not self.displays.loaded.is_set():
            return self._no(503, say("the database does not answer"))
        if self.displays.by_token(token):
            return self._told(200, paired=True)
        try:
            asked = shape.validate_json(await _body(request))
        except ValidationError:
            return self._no(400, "the body must be JSON: size in pixels, or the secret")
        try:
            response: Response = await act(request, asked)
        except RecordsDown:
            return self._no(503, say("the database does not answer"))
        return response

    async def _ask(self, request: Request, asked: Asked) -> Response:
        say = self.says[""]
        try:
            given = await self.displays.records.write(
                ask,
                self.now(),
                address=_address(request),
                user_agent=request.headers.get("user-agent", ""),
                width=asked.width,
                height=asked.height,
                instead_of=asked.secret,
            )
        except AlreadyClaimed:
            return self._no(409, "the code was just entered: collect the token")
        except TooManyAskings as error:
            return self._no(429, say("{n} displays of this address wait", n=error.open_ones))
        expires_at = _ms(given.expires_at)
        return self._told(200, code=given.code, secret=given.secret, expires_at=expires_at)

    async def _collect(self, request: Request, asked: Collecting) -> Response:
        try:
            token = await self.displays.collect(asked.secret, _address(request))
        except NoAsking:
            return self._no(404, "no display asked with this secret")
        except AskingExpired:
            return self._no(410, "the code has expired: ask for a new one")
        if token is None:
            return self._told(202)
        response = self._told(200, paired=True)
        response.headers.append("Set-Cookie", cookie(token, request.scope))
        return response

    def _told(self, status: int, **told: Any) -> Response:
        told |= {"now": _ms(self.now()), "build": self.build}
        return JSONResponse(told, status_code=status, headers={"Cache-Control": "no-store"})

    def _no(self, status: int, why: str) -> Response:
        return self._told(status, why=why)


class WallDoor:
    """ASGI middleware behind the guard: GET /wall is the wall for a paired display, whose cookie
    is renewed so that it never runs out, and the page with a code for any other."""

    def __init__(self, app: ASGIApp, pairing: Pairing) -> None:
        self.app, self.pairing = app, pairing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != WALL:
            await self.app(scope, receive, send)
        elif scope.get("state", {}).get("display") is None:
            await self.pairing.page(scope)(scope, receive, send)
        else:
            await self.app(scope, receive, _renewing(scope, send))


def _renewing(scope: Scope, send: Send) -> Send:
    token = display_token(HTTPConnection(scope))

    async def renewed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.append("Set-Cookie", cookie(token, scope))
            headers["Cache-Control"] = "no-store"  # after a revocation nobody finds it in a cache
        await send(message)

    return renewed


def cookie(token: str, scope: Scope) -> str:
    """The Set-Cookie that a display keeps its token in (RFC 6265bis 4.1)."""
    name = f"__Host-{DISPLAY_COOKIE}" if secure(scope) else DISPLAY_COOKIE
    held = f"{name}={token}; Max-Age={FOR_LONG}; Path=/; HttpOnly; SameSite=Strict"
    return held + ("; Secure" if secure(scope) else "")


async def _body(request: Request) -> bytes:
    """What was sent, as far as we care: anybody may knock here, and nobody has much to say."""
    found = b""
    async for chunk in request.stream():
        found += chunk
        if len(found) > LONGEST_BODY:
            return b""
    return found


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
