"""A camera at the protocol's edge: RTSP and HTTP on one port, in a process of its own.

    python -m tests.cameras.strange_camera [FILM …]

makes films that take long, then prints its port. rtsp://127.0.0.1:PORT/NAME and http://… misbehave
as NAME says up to its first dash: "healthy-7" is the play `healthy`. The plays, answers and
pictures are the functions of strange_plays.py, strange_answers.py and strange_pictures.py. A line
"NAME TRICK" on stdin changes what NAME does from now on, also to who is watching; "NAME" alone asks
how often it was asked. Each is answered by a line. It ends when its stdin does.

RTSP 1.0 is RFC 2326, RTP RFC 3550, its payloads RFC 6184 (H.264) and RFC 7798 (H.265).
"""

from __future__ import annotations

import asyncio
import inspect
import json
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from types import ModuleType
from typing import Any, TypeAlias

from commandcenter.demo.rtsp import Ask, read_request
from tests.cameras.footage import Codec, Film, Unit, film

CLOCK = 90_000  # RTP ticks a second
_LARGEST = 1400  # octets of a payload
_TO_NTP = 2_208_988_800  # seconds from 1900 to 1970
_MOST_WAITING = 4 << 20  # octets that a slow client may lag behind

Play: TypeAlias = Callable[["Session"], Coroutine[Any, Any, None]]
"""What is sent after PLAY."""
Answer: TypeAlias = Callable[["Session", Ask], Coroutine[Any, Any, None]]
"""How a request is answered."""


class StrangeCamera:
    """The process, as a test sees it."""

    def __init__(self, *films: str) -> None:
        command = [sys.executable, "-m", "tests.cameras.strange_camera", *films]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._heard())

    def rtsp(self, name: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def http(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def tell(self, name: str, trick: str) -> None:
        """From now on the camera of this name does so."""
        self._ask(f"{name} {trick}")

    def counted(self, name: str) -> dict[str, int]:
        """How often it was asked: by method, and "Authorization" for those with a password."""
        told: dict[str, int] = json.loads(self._ask(name))
        return told

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _ask(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._heard()

    def _heard(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@dataclass(eq=False)
class Session:
    """One client that may be sent anything."""

    server: Server
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    name: str = ""
    channel: int = 0
    sequence: int = 0
    loses: int = 0
    """One packet in so many is lost on its way; 0: none."""
    stamp: float = 0.0
    """Seconds on the stream's own clock."""
    playing: asyncio.Task[None] | None = None
    told: float | None = None

    @property
    def trick(self) -> str:
        return self.server.trick(self.name)

    async def show(self, made: Film, pictures: Iterable[Unit] = (), pace: float = 1.0) -> None:
        """These pictures, or the film over and over, at the film's rate times `pace`."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for picture in pictures or cycle(made.pictures):
            await self.send(picture, made.codec)
            self.stamp += 1 / made.rate
            due = max(due + 1 / made.rate / pace, loop.time() - 1)
            await asyncio.sleep(due - loop.time())

    async def send(self, picture: Unit, codec: Codec = "h264") -> None:
        """One picture, now; none to a client that does not keep up. Raises OSError."""
        if self.writer.is_closing():
            raise ConnectionResetError
        if self.writer.transport.get_write_buffer_size() > _MOST_WAITING:
            return
        self._report()
        payloads = [part for unit in picture for part in fragments(unit, codec)]
        packets = [
            self.packet(part, last=place == len(payloads))
            for place, part in enumerate(payloads, start=1)
        ]
        if self.loses:
            del packets[:: self.loses]
        self.writer.write(b"".join(packets))

    def packet(self, payload: bytes, *, last: bool) -> bytes:
        """An RTP packet inside the RTSP connection (RFC 2326 section 10.12)."""
        ticks = int(self.stamp * CLOCK) & 0xFFFFFFFF
        head = struct.pack("!BBHII", 0x80, 96 | last << 7, self.sequence, ticks, 1)
        self.sequence = self.sequence + 1 & 0xFFFF
        return struct.pack("!cBH", b"$", self.channel, 12 + len(payload)) + head + payload

    async def flood(self, packets: int, size: int = 1 << 14) -> None:
        """So many packets of nothing, as middle parts of one NAL unit, as fast as they are read."""
        part = bytes([28 | 0x60, 1]) + b"\xa5" * size
        self.writer.write(b"".join(self.packet(part, last=False) for _ in range(packets)))
        await self.writer.drain()

    def _report(self) -> None:
        """A sender report a second: which time of day a time stamp is (RFC 3550 section 6.4.1)."""
        now = self.server.now()
        if self.told is not None and now - self.told < 1:
            return
        self.told = now
        ticks = int(self.stamp * CLOCK) & 0xFFFFFFFF
        time = int((now + _TO_NTP) * 2**32) & (2**64 - 1)
        report = struct.pack("!BBHIQIII", 0x80, 200, 6, 1, time, ticks, 0, 0)
        self.writer.write(struct.pack("!cBH", b"$", self.channel + 1, len(report)) + report)

    def answer(self, ask: Ask, status: str, *headers: str, body: bytes = b"") -> None:
        """A response to `ask`, in its own protocol."""
        protocol = "HTTP/1.1" if ask.url.startswith("/") else "RTSP/1.0"
        lines = [f"{protocol} {status}", f"CSeq: {ask.headers.get('cseq', 0)}", *headers]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.writer.write("\r\n".join(lines).encode() + body)

    async def play(self) -> None:
        """Begin, or go on in another way; a trick that sends nothing breaks the connection."""
        if self.playing is not None:
            self.playing.cancel()
        play = self.server.plays.get(self.trick)
        if play is None:
            self.writer.transport.abort()
            return
        self.playing = asyncio.create_task(self._quietly(play))

    async def _quietly(self, play: Play) -> None:
        with suppress(OSError):
            await play(self)


@dataclass(eq=False)
class Server:
    """All the cameras of the process."""

    plays: dict[str, Play]
    answers: dict[str, Answer]
    otherwise: Answer
    """How those answer who only play strangely."""
    now: Callable[[], float]
    orders: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    sessions: set[Session] = field(default_factory=set)

    def trick(self, name: str) -> str:
        return self.orders.get(name, name.partition("-")[0])

    async def tell(self, line: str) -> str:
        """Do as a line of stdin says; the answer."""
        name, _, trick = line.strip().partition(" ")
        if not trick:
            return json.dumps(self.counts.get(name, {}))
        self.orders[name] = trick
        for session in self.sessions:
            if session.name == name and session.playing is not None:
                await session.play()
        return "ok"

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        session = Session(self, reader, writer)
        self.sessions.add(session)
        with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while ask := await read_request(reader):
                await self._answer(session, ask)
                await writer.drain()
        self.sessions.discard(session)
        if session.playing is not None:
            session.playing.cancel()
        writer.close()

    async def _answer(self, session: Session, ask: Ask) -> None:
        session.name = ask.camera or ask.url.strip("/")
        counted = self.counts.setdefault(session.name, Counter())
        counted[ask.method] += 1
        counted["Authorization"] += "authorization" in ask.headers
        answer = self.answers.get(session.trick, self.otherwise)
        await answer(session, ask)


def fragments(unit: bytes, codec: Codec) -> Iterator[bytes]:
    """A NAL unit as one payload, or as fragmentation units (RFC 6184 5.8, RFC 7798 4.4.3)."""
    if len(unit) <= _LARGEST:
        yield unit
        return
    if codec == "h264":
        head, kind, body = bytes([unit[0] & 0xE0 | 28]), unit[0] & 0x1F, unit[1:]
    else:
        head, kind, body = bytes([unit[0] & 0x81 | 98, unit[1]]), unit[0] >> 1 & 0x3F, unit[2:]
    parts = [body[at : at + _LARGEST] for at in range(0, len(body), _LARGEST)]
    for place, part in enumerate(parts):
        ends = 0x80 * (place == 0) | 0x40 * (place == len(parts) - 1)
        yield head + bytes([ends | kind]) + part


async def serve(server: Server, commands: asyncio.StreamReader) -> None:
    """Serve until the commands end."""
    listener = await asyncio.start_server(server.meet, "127.0.0.1", 0, backlog=512)
    port = listener.sockets[0].getsockname()[1]
    await asyncio.start_server(server.meet, "127.0.0.2", port)  # for who is sent elsewhere
    _say(str(port))
    while line := await commands.readline():
        _say(await server.tell(line.decode()))


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


async def stdin() -> asyncio.StreamReader:
    """Standard input, line by line."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def lines(*parts: str | Sequence[str]) -> bytes:
    """Lines of a session description."""
    flat = [line for part in parts for line in ([part] if isinstance(part, str) else part)]
    return ("\r\n".join(flat) + "\r\n").encode()


async def run() -> None:
    """All the tricks there are, until stdin ends."""
    from tests.cameras import strange_answers, strange_pictures, strange_plays

    for name in ("healthy", *sys.argv[1:]):
        film(**strange_plays.FILMS[name])
    plays = dict.fromkeys(strange_plays.FILMS, strange_plays.shown) | public(strange_plays)
    answers = public(strange_answers) | public(strange_pictures)
    await serve(Server(plays, answers, strange_answers.usual, time.time), await stdin())


def public(module: ModuleType) -> dict[str, Any]:
    """The tricks of a module: its public coroutines, by name."""
    found = {n: f for n, f in vars(module).items() if inspect.iscoroutinefunction(f)}
    return {name: function for name, function in found.items() if not name.startswith("_")}


if __name__ == "__main__":
    asyncio.run(run())
