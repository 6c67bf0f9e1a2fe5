"""The wire to one browser: uvicorn's WebSocket with what a live wall needs besides ASGI.

ASGI can neither tell that a browser has stopped reading nor cut it off, and costs a task switch a
message. Here the same frame, serialised once, is written to every browser's transport; a browser
that does not drain is seen at once and can be aborted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

EXTENSION = "commandcenter.wire"


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
    """uvicorn's own protocol, lending its wire to the application through the ASGI scope."""

    wire: Wire

    async def run_asgi(self) -> None:
        self.wire = Wire(self)
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.wire
        await super().run_asgi()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.wire.on_drained()
