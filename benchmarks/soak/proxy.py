"""The network between browser and server: a TCP proxy that can be cut in four ways."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.soak.plan import Cut

# When the kernel sends the first packet of a connection again, seconds after it (Linux, tcp(7)
# tcp_syn_retries). A browser's attempt made during a cut can succeed only then.
ASKED_AGAIN = (1.0, 3.0, 7.0, 15.0)
BURIED_AFTER = 60.0  # seconds for which a dead connection is kept in silence
HOST = "127.0.0.1"


@dataclass(eq=False)
class Pair:
    """A browser's connection and ours to the server."""

    browser: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    dead: bool = False
    """Nothing of it ever arrives again, and nobody is told."""
    buried: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Proxy:
    """Passes everything on from its own port to `target`, until it is cut."""

    target: int
    port: int = 0
    how: Cut | None = None
    _pairs: set[Pair] = field(default_factory=set)
    _free: asyncio.Event = field(default_factory=asyncio.Event)
    _listener: asyncio.Server | None = None
    _burials: list[asyncio.TimerHandle] = field(default_factory=list)

    async def start(self) -> None:
        """Listen; the port stays the same for ever."""
        self._free.set()
        await self._listen()

    async def stop(self) -> None:
        """End everything."""
        for timer in self._burials:
            timer.cancel()
        await self._deafen()
        self._free.set()
        for pair in list(self._pairs):
            pair.buried.set()
            _reset(pair)

    async def cut(self, how: Cut) -> None:
        """Cut the network until `mend`."""
        self.how = how
        if how is Cut.HOLD:
            self._free.clear()
        elif how is Cut.SWALLOW:
            self._free.clear()
            self._bury()
        else:
            if how is Cut.REFUSE:
                await self._deafen()
            for pair in list(self._pairs):
                (_reset if how is Cut.RESET else _close)(pair)

    async def mend(self) -> None:
        """Let everything pass again: what was held goes on, what was swallowed is lost."""
        self.how = None
        self._free.set()
        if self._listener is None:
            await self._listen()

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(
            self._serve, HOST, self.port, start_serving=True, reuse_address=True
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _deafen(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _bury(self) -> None:
        dead = {pair for pair in self._pairs if pair.server is not None}
        for pair in dead:
            pair.dead = True
        loop = asyncio.get_running_loop()
        self._burials += [loop.call_later(BURIED_AFTER, pair.buried.set) for pair in dead]

    async def _serve(self, reader: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
        pair = Pair(browser)
        self._pairs.add(pair)
        try:
            if self.how is Cut.RESET:
                _reset(pair)
            elif await self._asked():
                await self._join(pair, reader)
        except OSError:
            pass  # one of the two went: the other one is told below
        finally:
            self._pairs.discard(pair)
            _close(pair)

    async def _asked(self) -> bool:
        """Wait until the first packet gets through, if ever."""
        waited = 0.0
        for moment in ASKED_AGAIN:
            if self._free.is_set():
                return True
            await asyncio.sleep(moment - waited)
            waited = moment
        return self._free.is_set()

    async def _join(self, pair: Pair, reader: asyncio.StreamReader) -> None:
        answers, pair.server = await asyncio.open_connection(HOST, self.target)
        ways = (
            asyncio.create_task(self._pass_on(pair, reader, pair.server)),
            asyncio.create_task(self._pass_on(pair, answers, pair.browser)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(
        self, pair: Pair, source: asyncio.StreamReader, to: asyncio.StreamWriter
    ) -> None:
        """One way of a connection, until its source ends. A dead one is not even told of that."""
        while data := await source.read(65536):
            await self._free.wait()
            if pair.dead:
                break
            to.write(data)
            await to.drain()
        await self._free.wait()
        if pair.dead:
            await pair.buried.wait()


def _close(pair: Pair) -> None:
    _each(pair, asyncio.StreamWriter.close)


def _reset(pair: Pair) -> None:
    """RST instead of FIN: as when the other machine has forgotten the connection."""
    _each(pair, _abort)


def _abort(writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("socket")
    if peer is not None and peer.fileno() >= 0:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _each(pair: Pair, end: Callable[[asyncio.StreamWriter], None]) -> None:
    for writer in (pair.browser, pair.server):
        if writer is not None:
            end(writer)
