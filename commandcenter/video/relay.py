"""Carry a camera's connection at a pace: what a thin link can bear, and not a byte faster.

FFmpeg reads as fast as it is given. Behind a link with a budget it connects to a relay on this
machine instead, which reads from the camera in small pieces and rests after each; a small receive
buffer (SO_RCVBUF, socket(7)) lets TCP hold the camera back meanwhile.

A relay can also change what it carries (interpreter.py), and speak TLS with the camera.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol, Self

from commandcenter.video.connection import Connection, connect
from commandcenter.video.tls import Tls

_PIECES = 25  # a second
_SMALLEST, _LARGEST = 256, 64 * 1024  # bytes of a piece
_SMALLEST_BUFFER = 4096
_PROMPT = 10.0  # seconds in which the relays' own loop surely answers


class Changes(Protocol):
    """What is made of the bytes of one connection on their way. Raises ValueError when they cannot
    be understood, which ends the connection."""

    def asked(self, data: bytes) -> bytes:
        """What the camera gets, when this is asked."""

    def answered(self, data: bytes) -> tuple[bytes, bytes]:
        """What the client gets when the camera says this; and what the camera gets."""


class Relay:
    """A port of 127.0.0.1 that leads to a camera, from `open` to `close`.

    In no second do more than `rate` bytes come through; 0 holds nothing back. A camera that cannot
    be reached shows as a connection that is closed at once. `changes` makes what changes the bytes
    of a new connection through this port, if anything does. With `tls` the camera is asked by TLS.
    """

    def __init__(
        self,
        address: str,
        port: int,
        rate: float,
        *,
        changes: Callable[[int], Changes] | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.port = 0
        self.received = 0
        """Bytes that came from the camera so far."""
        self._camera = (address, port)
        self._rate = rate
        self._piece = round(min(max(rate / _PIECES, _SMALLEST), _LARGEST)) if rate else _LARGEST
        self._changes = changes or (lambda _: _Nothing())
        self._tls = tls
        self._turn = asyncio.Lock()  # the connections of one camera share its rate
        self._listener = socket.socket()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> Self:
        """Listen."""
        self._listener.setblocking(False)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        self._begin(self._accept())
        return self

    async def close(self) -> None:
        """End every connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listener)
            self._begin(self._carry(client))

    async def _carry(self, client: socket.socket) -> None:
        """Both directions of a connection, until either side has ended it."""
        buffer = max(_SMALLEST_BUFFER, round(self._rate / 10)) if self._rate else 0
        with client, contextlib.suppress(OSError):
            camera = await connect(*self._camera, buffer, self._tls)
            changes = self._changes(self.port)
            ways = [
                asyncio.create_task(self._ask(client, camera, changes)),
                asyncio.create_task(self._bring(camera, client, changes)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                camera.close()

    async def _ask(self, client: socket.socket, camera: Connection, changes: Changes) -> None:
        loop = asyncio.get_running_loop()
        while asked := await loop.sock_recv(client, _LARGEST):
            await camera.send(changes.asked(asked))

    async def _bring(self, camera: Connection, client: socket.socket, changes: Changes) -> None:
        loop = asyncio.get_running_loop()
        while brought := await camera.receive(self._piece):
            self.received += len(brought)
            told, answer = changes.answered(brought)
            if answer:
                await camera.send(answer)
            await loop.sock_sendall(client, told)
            if self._rate:
                async with self._turn:
                    await asyncio.sleep(self._rest(len(brought)))

    def _rest(self, size: int) -> float:
        """Seconds to wait after a piece. As every piece but the last of a second is paid for
        within it, the pace leaves room for that last one."""
        return size / max(self._rate - self._piece, self._rate / 2)


class _Nothing:
    """Changes nothing."""

    def asked(self, data: bytes) -> bytes:
        return data

    def answered(self, data: bytes) -> tuple[bytes, bytes]:
        return data, b""


class RelayThread:
    """Relays for threads that block: one event loop for all of them, begun with the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.contextmanager
    def relay(self, relay: Relay) -> Iterator[Relay]:
        """Have it open for as long as the block lasts."""
        self._run(relay.open())
        try:
            yield relay
        finally:
            self._run(relay.close())

    def close(self) -> None:
        """End the loop, when no relay is open any more."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_turn, args=(self._loop,), name="relays", daemon=True
                ).start()
            loop = self._loop
        asyncio.run_coroutine_threadsafe(work, loop).result(_PROMPT)


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()
