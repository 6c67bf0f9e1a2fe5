"""What one connection may cost a listener: the size of a request's head, and how long it may take.

uvicorn has no limit for any of it: neither for the size of a head (httptools), nor for the time of
a head or a body, nor for an answer that nobody reads. Here they are added to both of its protocols.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import h11
import uvicorn
from starlette.types import Message, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from commandcenter.connections import Connections

MOST_PIPELINED = 4
"""Requests that wait behind one; browsers and machines send none (RFC 9112, section 9.3.2)."""
UNREAD = 10 * 2**20
"""Bytes of a body that nobody wants, after which the connection ends. Ended at once, a reset would
tear the answer away from whoever still sends (RFC 9112, section 9.6)."""
SLICE = 32 * 1024  # bytes of an answer that are handed over at once

Phase = Literal["idle", "head", "body", "answer"]
"""What is waited for: another request, the rest of a head (of the first one, from the connection's
start), the rest of a body, or our answer."""
_HEAD_ENDS = re.compile(rb"\n\r?\n")
_CLOSES = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _CLOSES
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\n" + _CLOSES


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpLimits:
    """What one request may cost."""

    head: int = 16 * 1024
    """Bytes of request line and headers; more is answered 431."""
    headers: int = 100
    """How many of them; more is answered 431."""
    head_seconds: float = 20.0
    """In which a head must have come, from the first byte on (or from the connection's start)."""
    body_seconds: float = 120.0
    """In which a body must have come."""
    lowest_rate: float = 500.0
    """Bytes a second of a body, on average, after `grace_seconds`."""
    grace_seconds: float = 20.0
    deaf_seconds: float = 60.0
    """For so long an answer waits for somebody who does not read it."""
    write_buffer: int = 32 * 1024
    """Bytes of an answer that wait in our memory for the network."""


class Listener(uvicorn.Config):
    """How a listener is served: uvicorn's settings, and the limits of its connections."""

    def __init__(
        self, *told: Any, limits: HttpLimits, connections: Connections, **more: Any
    ) -> None:
        super().__init__(*told, **more)
        self.limits, self.connections = limits, connections


def in_slices(send: Send) -> Send:
    """`send` for an application whose answers may be large: no more of one lies in our memory than
    the network takes. uvicorn waits for the network before each message, not within one."""

    async def sliced(message: Message) -> None:
        body = message.get("body", b"")
        for start in range(0, len(body) - SLICE, SLICE):
            part = body[start : start + SLICE]
            await send({"type": message["type"], "body": part, "more_body": True})
        if len(body) > SLICE:
            message = {**message, "body": body[(len(body) - 1) // SLICE * SLICE :]}
        await send(message)

    return sliced


if TYPE_CHECKING:
    _Protocol = HttpToolsProtocol
else:
    _Protocol = object


class Limited(_Protocol):
    """What both protocols share. A subclass tells what the parser waits for."""

    source = ""
    _timer: asyncio.TimerHandle | None = None
    _deaf_timer: asyncio.TimerHandle | None = None
    _phase: Phase | None = None
    _began = 0.0
    _taken = 0
    _spoke = False
    _upgraded = False
    """To a WebSocket, which is another protocol's."""

    # --- what a listener asks of a connection (commandcenter.connections) ---------------------

    @property
    def waits(self) -> bool:
        """Nothing is lost with it: no request has come whole, or all are answered."""
        return self._phase in ("idle", "head")

    def cut(self) -> None:
        """End it at once."""
        self.transport.abort()

    # --- asyncio's protocol -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport)
        transport.set_write_buffer_limits(self.limits.write_buffer)
        self.source = self._connections.source(str(self.client[0]) if self.client else "?")
        self._watch()
        self._connections.came(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.left(self)
        self._enter(None)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._taken += len(data)
        self._spoke = True
        if self._is_unwanted:
            self.transport.close()
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._deaf_timer = self.loop.call_later(self.limits.deaf_seconds, self.cut)

    def resume_writing(self) -> None:
        if self._deaf_timer is not None:
            self._deaf_timer.cancel()
            self._deaf_timer = None
        super().resume_writing()

    def handle_websocket_upgrade(self, *told: Any) -> None:
        self._connections.left(self)
        self._enter(None)
        self._upgraded = True
        self.transport.set_write_buffer_limits()  # a socket has its own measure of what is full
        super().handle_websocket_upgrade(*told)

    # --- the time that a request takes --------------------------------------------------------

    @property
    def limits(self) -> HttpLimits:
        """Those of its listener."""
        return cast("Listener", self.config).limits

    @property
    def _connections(self) -> Connections:
        return cast("Listener", self.config).connections

    def _waits_for(self) -> Phase:
        raise NotImplementedError

    @property
    def _is_unwanted(self) -> bool:
        """Whether too much still comes of a body whose request is answered."""
        answered = self.cycle is not None and self.cycle.response_complete
        return answered and self._phase == "body" and self._taken > UNREAD

    def _watch(self) -> None:
        if self._upgraded:
            return
        phase = self._waits_for()
        if phase == "head" and self.timeout_keep_alive_task is not None:
            phase = "idle"  # which has uvicorn's own time
        if phase != self._phase:
            self._enter(phase)

    def _enter(self, phase: Phase | None) -> None:
        """From now on this is waited for, for as long as the limits allow."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._phase, self._began, self._taken = phase, self.loop.time(), 0
        if phase == "head":
            self._timer = self.loop.call_later(self.limits.head_seconds, self._too_slow)
        elif phase == "body":
            self._timer = self.loop.call_later(self._next_look(0), self._weigh_body)

    def _next_look(self, passed: float) -> float:
        return min(self.limits.grace_seconds, self.limits.body_seconds - passed)

    def _weigh_body(self) -> None:
        """A body that comes too slowly, or for too long, ends. While we ourselves do not read, it
        is not its fault."""
        passed = self.loop.time() - self._began
        slow = self._taken < self.limits.lowest_rate * passed and not self.flow.read_paused
        if slow or passed >= self.limits.body_seconds:
            self._too_slow()
        else:
            self._timer = self.loop.call_later(self._next_look(passed), self._weigh_body)

    def _too_slow(self) -> None:
        cycle, answering = self.cycle, False
        if cycle is not None and not cycle.response_complete:
            answering = cycle.response_started
        # Browsers open connections before they need them, and would show this to their reader.
        if self._spoke and not answering:
            self.transport.write(TOO_SLOW)
        self.transport.close()

    def _too_long(self) -> None:
        self.transport.write(TOO_LONG)
        self.transport.close()


class _Flow(FlowControl):
    """uvloop raises for a transport that is closing, and nobody else has heard of that yet."""

    def pause_reading(self) -> None:
        if not self._transport.is_closing():
            super().pause_reading()

    def resume_reading(self) -> None:
        if not self._transport.is_closing():
            super().resume_reading()


class LimitedHttpTools(Limited, HttpToolsProtocol):
    """uvicorn's quick protocol: what browsers speak to."""

    _head: int | None = None  # bytes of the head that is coming
    _lines = 0
    _body = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # What the parser holds of an unfinished line it has not told us of yet.
        if self._head is not None and self._taken > self.limits.head:
            self._too_long()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_PIPELINED:
            raise _TooMuch
        self._head = self._lines = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._weigh_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        self._weigh_head(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head, self._body = None, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._head is not None and self._is_too_long:
            self._too_long()
        else:
            super().send_400_response(msg)

    def _weigh_head(self, size: int) -> None:
        self._head = (self._head or 0) + size
        if self._is_too_long:
            raise _TooMuch

    @property
    def _is_too_long(self) -> bool:
        return (self._head or 0) > self.limits.head or self._lines > self.limits.headers

    def _waits_for(self) -> Phase:
        if self._body:
            return "body"
        answering = self.cycle is not None and not self.cycle.response_complete
        return "answer" if answering and self._head is None else "head"


class LimitedH11(Limited, H11Protocol):  # type: ignore[misc]  # they differ in their parser
    """uvicorn's patient protocol: what devices speak to. One request at a time."""

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self._head = bytearray()

    def data_received(self, data: bytes) -> None:
        if self._waits_for() == "head" and not self._fits(data):
            self._too_long()
            return
        super().data_received(data)

    def on_response_complete(self) -> None:
        if self.conn.trailing_data[0]:  # it did not wait for the answer, or sent too much
            self.transport.close()
        super().on_response_complete()

    def _fits(self, data: bytes) -> bool:
        """Looked at before it is parsed: a head of 60,000 lines would take h11 a second."""
        head, seen = self._head, max(0, len(self._head) - 2)
        head += data[: self.limits.head + 1 - len(head)]
        end = _HEAD_ENDS.search(head, seen)
        if end is None:
            return len(head) <= self.limits.head and head.count(b"\n") <= self.limits.headers
        lines = head.count(b"\n", 0, end.start())
        head.clear()
        return lines <= self.limits.headers

    def _waits_for(self) -> Phase:
        waits: dict[Any, Phase] = {h11.IDLE: "head", h11.SEND_BODY: "body"}
        return waits.get(self.conn.their_state, "answer")


class _TooMuch(Exception):
    """More than the limits allow; the parser stops at it."""
