"""The listener that devices and webhooks push to: plain HTTP/1.x, on its own port.

HTTP is read by h11, because it takes what fingerprint machines are seen or said to send: HTTP/1.0
without Host, POST without Content-Type, `Connection: close` or nonsense in it, and header lines
that end in a bare LF (httptools refuses those). h11 refuses, with 400: HTTP/1.1 without Host, raw
spaces or bytes above 127 in the request line, and an empty line before the request.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast, runtime_checkable

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from commandcenter import serving
from commandcenter.bodies import Bodies, Held, NoRoom
from commandcenter.connections import Connections, room
from commandcenter.http_limits import HttpLimits, LimitedH11, Listener
from commandcenter.rates import Rates, source_of

log = logging.getLogger(__name__)

_TLS = b"\x16\x03"  # how a greeting in TLS begins
_IDLE_SECONDS = 75  # machines poll every 30 s and may keep their connection
_GRACE_SECONDS = 5.0  # after the reading time is over: for the answer 408 to be written
_HOUR = 3600.0
_MOST_STRANGERS = 1000  # of which it is remembered that they asked where nothing listens


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one source may ask of the listener."""

    body: int = 4 * 2**20
    """Bytes of one body; more is answered 413 and not read."""
    bodies: int = 8 * 2**20
    """Bytes of all bodies that are in memory at the same moment, half of them of one address;
    beyond that the long ones are answered 503: later."""
    read_seconds: float = 120.0
    """In which a body must have arrived in full; else 408."""
    http: HttpLimits = field(default_factory=HttpLimits)
    """Of every connection."""
    connections: int = 1000
    rate: float = 50.0
    """Requests a second from one address, in the long run; else 429."""
    burst: int = 200
    """Requests at once from one address. A whole network of machines may share one."""


DEFAULT_LIMITS = Limits()


class Refused(Exception):
    """A request that is answered before any route sees it."""

    def __init__(self, status: int, sentence: str, wait: int = 0, *, told: bool = True) -> None:
        super().__init__(sentence)
        self.status, self.wait, self.told = status, wait, told


@runtime_checkable
class Hearing(Protocol):
    """A route that wants to know which requests the listener refused on its own: what they wanted
    to say is lost."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]: ...

    async def refused(self, headers: Headers, sentence: str) -> None:
        """`sentence` says why."""


class Intake:
    """The ASGI application: limits first, then the feeds' routes.

    A body is read whole before its route runs, so that nothing is lost when the route fails: it is
    then put aside. Refused requests are counted with their reason, but their bodies are not kept:
    they are too large, unfinished or meant for nobody here (and may name people). Routes that are
    Hearing are told of those that were meant for them.
    """

    def __init__(
        self,
        app: Starlette,
        reject: Callable[..., None],
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self.reject = reject
        self.limits = limits
        self._app, self._routes = app, app.routes
        self._hearing = [route for route in app.routes if isinstance(route, Hearing)]
        self._bodies = Bodies(limits.bodies)
        self._clock = clock
        self._rates = Rates(limits.rate, limits.burst)
        self._strangers: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # lifespan is off, and there is no WebSocket
        with self._bodies.of(source_of(_address(scope))) as held:
            try:
                self._admit(scope)
                body = await self._read(scope, receive, held) if self._listens(scope) else b""
            except Refused as error:
                if error.told:
                    await self._tell(scope, str(error))
                await _refusal(scope, error)(scope, receive, send)
            except _Gone:
                reason = "the connection ended before the whole body had come"
                self.reject(_source(scope), reason)
                await self._tell(scope, reason)
            else:
                await self._answer(_plain(scope), body, send)

    def _listens(self, scope: Scope) -> bool:
        """Whether a route takes it; of anything else no body is read."""
        plain = _plain(scope)
        return any(route.matches(plain)[0] is Match.FULL for route in self._routes)

    def _admit(self, scope: Scope) -> None:
        answer = self._rates.take(source_of(_address(scope)), self._clock())
        if answer.first:
            self.reject(_address(scope), f"more than {self.limits.rate:g} requests a second")
        if not answer.allowed:
            sentence = "too many requests from this address; wait a minute"
            raise Refused(429, sentence, answer.wait, told=answer.first)

    async def _tell(self, scope: Scope, sentence: str) -> None:
        """Tell the route for which a refused request was."""
        plain = _plain(scope)
        for route in self._hearing:
            if route.matches(plain)[0] is Match.FULL:
                await route.refused(Headers(scope=scope), sentence)

    async def _read(self, scope: Scope, receive: Receive, held: Held) -> bytes:
        try:
            async with asyncio.timeout(self.limits.read_seconds) as patience:
                return await self._collect(scope, receive, held, patience)
        except TimeoutError:
            reason = f"the body did not come within {self.limits.read_seconds:g} s"
            if held.size < self.limits.http.lowest_rate * self.limits.read_seconds:
                reason = f"the body came too slowly: {held.size} bytes, then it was given up"
            self.reject(_source(scope), reason)
            raise Refused(408, reason) from None

    async def _collect(
        self, scope: Scope, receive: Receive, held: Held, patience: asyncio.Timeout
    ) -> bytes:
        began = asyncio.get_running_loop().time()
        self._weigh(scope, _declared_length(scope))
        parts: list[bytes] = []
        more = True
        while more:
            patience.reschedule(began + self._longest(held.size))
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            parts.append(message.get("body", b""))
            self._weigh(scope, held.size + len(parts[-1]))
            self._hold(scope, held, held.size + len(parts[-1]))
            more = message.get("more_body", False)
        return b"".join(parts)

    def _longest(self, size: int) -> float:
        """In how many seconds more than this must have come."""
        http = self.limits.http
        return min(self.limits.read_seconds, http.grace_seconds + size / http.lowest_rate)

    def _hold(self, scope: Scope, held: Held, size: int) -> None:
        try:
            held.grow(size)
        except NoRoom:
            reason = "too much is being sent at the same moment; try again in a few seconds"
            self.tell_seldom(_source(scope), reason)
            raise Refused(503, reason, wait=5) from None

    def _weigh(self, scope: Scope, size: int) -> None:
        if size > self.limits.body:
            reason = f"the body has {size} bytes or more, the limit is {self.limits.body}"
            self.reject(_source(scope), reason)
            raise Refused(413, reason)

    async def _answer(self, scope: Scope, body: bytes, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message.get("status") == 404:
                where = f"nothing listens at this path: /{_first_part(scope)}"
                self.tell_seldom(_address(scope), where)
            await send(message)

        try:
            await self._app(scope, _replay(body), watched)
        except Exception as error:  # Starlette has answered 500 already
            log.exception("intake: %s failed", _source(scope))
            # Not the body: nobody has looked at whether it names people.
            self.reject(_source(scope), f"our own failure ({type(error).__name__})")

    def tell_seldom(self, source: str, reason: str) -> None:
        """Once an hour: a device with a wrong address asks every few seconds, and would push
        everything else out of what is kept aside."""
        now, mark = self._clock(), f"{source} {reason}"
        if now - self._strangers.get(mark, -_HOUR) < _HOUR:
            return
        if len(self._strangers) >= _MOST_STRANGERS:
            self._strangers.clear()
        self._strangers[mark] = now
        self.reject(source, reason)


def intake_app(
    routes: Sequence[BaseRoute],
    reject: Callable[..., None],
    limits: Limits = DEFAULT_LIMITS,
    clock: Callable[[], float] = time.monotonic,
) -> Intake:
    """The application that serves `routes`. `reject(source, reason, body)` takes bad input.

    `clock` counts seconds for the rate cap.
    """
    return Intake(Starlette(routes=list(routes)), reject, limits, clock)


def intake_settings(app: Intake, host: str, port: int) -> Listener:
    """How it is served. Answers carry `Date`: fingerprint machines set their clocks by it."""
    ours = app.limits.http
    limits = replace(
        ours,  # a body is given up by the application, which says so; this is for what it ignores
        grace_seconds=ours.grace_seconds + _GRACE_SECONDS,
        body_seconds=app.limits.read_seconds + _GRACE_SECONDS,
    )
    return Listener(
        app,
        limits=limits,
        connections=Connections(most=room(app.limits.connections)),
        host=host,
        port=port,
        http=_PushProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=5,
    )


async def serve(app: Intake, host: str, port: int) -> None:
    """Listen until cancelled; then end running requests (at most 5 s). Raises AddressTaken."""
    await serving.serve(intake_settings(app, host, port), "intake")


class _PushProtocol(LimitedH11):
    """uvicorn's HTTP/1 within limits; what is no HTTP is counted."""

    _first_bytes = b""

    def data_received(self, data: bytes) -> None:
        self._first_bytes = data[:16]
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        # Only the first bytes: a path may hold a secret, a body may name people.
        reason = f"not a request in HTTP; it begins {self._first_bytes!r}"
        if self._first_bytes.startswith(_TLS):
            reason = "not a request in HTTP but in HTTPS: turn HTTPS off in it"
        self._tell(reason)
        super().send_400_response(msg)

    def _too_long(self) -> None:
        self._tell("the head of the request is too long")
        super()._too_long()

    def _tell(self, reason: str) -> None:
        intake = cast("Intake", self.config.app)
        intake.tell_seldom(str(self.client[0]) if self.client else "?", reason)


class _Gone(Exception):
    """The peer went away before its request was complete."""


def _refusal(scope: Scope, error: Refused) -> Response:
    headers = {"Retry-After": str(error.wait)} if error.wait else None
    if b"json" in dict(scope["headers"]).get(b"content-type", b""):
        return JSONResponse({"error": str(error)}, error.status, headers)
    return PlainTextResponse(f"{error}\n", error.status, headers)


def _replay(body: bytes) -> Receive:
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _plain(scope: Scope) -> Scope:
    """The scope with "//iclock/…" and "http://host/iclock/…" as "/iclock/…"."""
    path: str = scope["path"]
    if path.lower().startswith("http://"):
        path = "/" + path[len("http://") :].partition("/")[2]
    path = "/" + path.lstrip("/")
    return {**scope, "path": path, "raw_path": path.encode()}


def _declared_length(scope: Scope) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"0")
    return int(told) if told.isdigit() else 0


def _address(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else "?"


def _source(scope: Scope) -> str:
    """Who spoke to which door."""
    return f"{_address(scope)} /{_first_part(scope)}"


def _first_part(scope: Scope) -> str:
    """Of the path; the rest may be a secret."""
    return str(_plain(scope)["path"]).split("/")[1][:80]
