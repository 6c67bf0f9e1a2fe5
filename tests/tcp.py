"""TCP servers of the tests, which leave nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk, host: str = "127.0.0.1", **options: Any) -> AsyncIterator[int]:
    """The port of a server that talks so with everyone who comes.

    A connection is closed when the talk with it is over, and at the end whatever is still open:
    one that outlives its event loop is found by the collector later, in another test.
    """
    talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = asyncio.create_task(_talk(talk, reader, writer))
        talks[begun] = writer
        begun.add_done_callback(talks.pop)

    server = await asyncio.start_server(meet, host, 0, **options)
    try:
        port: int = server.sockets[0].getsockname()[1]
        yield port
    finally:
        server.close()
        await asyncio.sleep(0)  # who was let in just now is met
        for unfinished, writer in list(talks.items()):
            with suppress(AttributeError):  # Python 3.11.2: a TLS transport that is closed already
                writer.transport.abort()
            unfinished.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _talk(talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError, asyncio.IncompleteReadError):  # the other side hung up
            await talk(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
