"""Simulated browsers: as little as a page does on its socket, a thousand in one process."""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NamedTuple, TypeAlias, cast

from benchmarks.machine import Line
from benchmarks.stamp import find_event
from benchmarks.visitor import HEADER

HELLO = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    f"Cookie: {HEADER}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
LIVE = "/live?page=/wall/bench"
HERE = b"\x81\x84\0\0\0\0here"  # masked with zeros, RFC 6455 section 5.3
QUESTION = (
    b'{"output":"stage.children","outputs":{"id":"stage","property":"children"},"inputs":'
    b'[{"id":"tick","property":"n_intervals","value":1}],"changedPropIds":["tick.n_intervals"],'
    b'"parsedChangedPropsIds":["tick.n_intervals"],"state":[]}'
)
POST = (
    "POST /_dash-update-component HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    "Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)


class Browser(asyncio.Protocol):
    """What both kinds share: the times at which new events came, and the newest number."""

    def __init__(self, port: int, found: array[float]) -> None:
        self.port = port
        self.found = found
        self.newest = 0
        self.shown = 0
        self.buffer = bytearray()
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def look(self, payload: bytes) -> None:
        """Note the event in what came, if it is a new one."""
        event = find_event(payload)
        if event is not None and event.number > self.newest:
            self.newest = event.number
            self.shown += 1
            self.found.append(event.ms)


class LiveBrowser(Browser):
    """A page on /live: hears frames (RFC 6455), answers what it must."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(HELLO.format(path=LIVE, port=self.port).encode())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.opened.done():
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.buffer = rest
            self.opened.set_result(None)
        for opcode, payload in self._frames():
            self._hear(opcode, payload)

    def _hear(self, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self.transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
        elif payload.endswith(b'"ask":true}'):
            self.transport.write(HERE)
        else:
            self.look(payload)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        at, buffer = 0, self.buffer
        while (inside := _payload(buffer, at)) is not None:
            start, end = inside
            yield buffer[at] & 15, bytes(buffer[start:end])
            at = end
        del buffer[:at]


def _payload(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `at` begins and ends; None when it is not whole."""
    if len(buffer) < at + 2:
        return None
    size, start = buffer[at + 1], at + 2
    if size >= 126:
        width = 2 if size == 126 else 8
        if len(buffer) < start + width:
            return None
        size, start = int.from_bytes(buffer[start : start + width]), start + width
    return (start, start + size) if len(buffer) >= start + size else None


class PollingBrowser(Browser):
    """A page with a one-second dcc.Interval: asks, reads the answer, asks again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.question = POST.format(port=self.port, size=len(QUESTION)).encode() + QUESTION
        asyncio.get_running_loop().call_later(random.random(), self.ask)
        self.opened.set_result(None)

    def ask(self) -> None:
        """Pages were opened at any moment, so their seconds fall at any moment too."""
        if not self.transport.is_closing():
            asyncio.get_running_loop().call_later(1.0, self.ask)
            self.transport.write(self.question)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (start := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:start]).lower()
            assert head.startswith(b"http/1.1 20"), head
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self.buffer) < start + 4 + size:
                return
            self.look(bytes(self.buffer[start + 4 : start + 4 + size]))
            del self.buffer[: start + 4 + size]


Crowd: TypeAlias = Callable[[Line, int, int], Coroutine[Any, Any, None]]


class Seen(NamedTuple):
    """What a crowd has seen since it was last asked."""

    ms: list[float]  # how long every event took to every browser
    newest: int  # the number of the newest event that all of them have
    fewest: int  # how many events came to the browser that got the fewest


async def live_crowd(line: Line, port: int, count: int) -> None:
    """`count` pages on /live, until a word comes over the line."""
    await _crowd(line, port, count, LiveBrowser)


async def polling_crowd(line: Line, port: int, count: int) -> None:
    """`count` pages that ask every second."""
    await _crowd(line, port, count, PollingBrowser)


async def _crowd(
    line: Line, port: int, count: int, kind: Callable[[int, array[float]], Browser]
) -> None:
    """Tells when all are there; then, at every word, what was seen since the last one."""
    loop = asyncio.get_running_loop()
    found: array[float] = array("d")
    crowd = []
    for _ in range(count):
        _, browser = await loop.create_connection(lambda: kind(port, found), "127.0.0.1", port)
        await asyncio.wait_for(browser.opened, 20)
        crowd.append(browser)
    line.send("ready")
    while True:
        await loop.run_in_executor(None, line.recv)
        newest = min(browser.newest for browser in crowd)
        fewest = min(browser.shown for browser in crowd)
        line.send(Seen(found.tolist(), newest, fewest))
        del found[:]
        for browser in crowd:
            browser.shown = 0
