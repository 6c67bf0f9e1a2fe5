"""The wire to one browser: uvicorn's WebSocket with what a live wall needs besides ASGI.

ASGI can neither tell that a browser has stopped reading nor cut it off, and costs a task switch a
message. Here the same frame, serialised once, is written to every browser's transport; a browser
that does not drain is seen at once and can be aborted.
"""

from __future__ import annotations

from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from commandcenter.connections import Connections
from commandcenter.http_limits import Listener

EXTENSION = "commandcenter.wire"
AT_ONCE = 16 * 1024  # bytes that a browser may say; it says some ten every five seconds
A_SECOND = 1024
MOST_FRAGMENTS = 16  # of one message; browsers send one


def text_frame(payload: bytes) -> bytes:
    """A whole server-to-client WebSocket text frame (RFC 6455, section 5), the same for all."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[])


class Wire:
    """Writing to one browser without waiting for it."""

    def __init__(self, protocol: LiveProtocol) -> None:
        self._protocol = protocol
        self.on_drained: Callable[[], None] = lambda: None
        """Called when a browser that was `full` reads again."""

    @property
    def full(self) -> bool:
        """The browser has not taken what was written (more than 64 kB wait)."""
        return not self._protocol.writable.is_set()

    def write(self, frame: bytes) -> None:
        """Send a frame made by `text_frame`. Never blocks; ask `full` first."""
        if not self._protocol.transport.is_closing():
            self._protocol.transport.write(frame)

    def abort(self) -> None:
        """Cut the connection and drop what was not sent; a close handshake would wait for ever."""
        self._protocol.transport.abort()


class LiveProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own protocol, lending its wire to the application through the ASGI scope, and with
    limits for what a browser says."""

    wire: Wire
    source = ""
    waits = False
    """Somebody looks at it: it makes room for nobody (commandcenter.connections)."""
    _told = 0.0
    _told_at = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.came(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.left(self)
        super().connection_lost(exc)

    def cut(self) -> None:
        """End it at once."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self._may_say(len(data)):
            self.cut()
        else:
            super().data_received(data)
            if self.conn.handshake_exc is not None and not self.handshake_initiated:
                self._not_understood()  # a line of 8 kB, or 128 headers: the library gives up

    def _may_say(self, size: int) -> bool:
        """Pings and fragments cost us as much as words do: all bytes count."""
        now = self.loop.time()
        self._told = max(0.0, self._told - (now - self._told_at) * A_SECOND) + size
        self._told_at = now
        return self._told <= AT_ONCE

    async def run_asgi(self) -> None:
        self.wire = Wire(self)
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.wire
        await super().run_asgi()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.wire.on_drained()

    # --- what uvicorn stumbles over ------------------------------------------------------------

    def handle_connect(self, event: Request) -> None:
        try:
            super().handle_connect(event)
        except UnicodeError:  # it takes paths and headers for ASCII
            self._not_understood()

    def handle_ping(self) -> None:
        """The newest ping alone is to be answered (RFC 6455, section 5.5.3), and one who does not
        read none."""
        pong = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(pong)

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MOST_FRAGMENTS:
            self.cut()
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(1007)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        if self.conn.close_sent is None:  # it was no handshake
            self._not_understood()
        else:
            super().handle_parser_exception()

    def _not_understood(self) -> None:
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        self.transport.close()

    @property
    def _connections(self) -> Connections:
        return cast("Listener", self.config).connections


def _is_text(told: bytes) -> bool:
    try:
        told.decode()
    except UnicodeDecodeError:
        return False
    return True
