"""A real listener on a free port, and a raw socket that speaks to it byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from commandcenter.intake import Intake, serve
from tests.conftest import free_port


@asynccontextmanager
async def listening(app: Intake) -> AsyncIterator[int]:
    """Serve `app`; gives the port."""
    port = free_port()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port))
    await asyncio.sleep(0)  # it binds its socket before it first waits
    try:
        yield port
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def say(port: int, raw: bytes) -> bytes:
    """Send these bytes; the whole answer, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        await writer.drain()
        return await answer(reader)
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.split(b":")[1]))
    return head + await reader.read()


def body(told: bytes) -> bytes:
    return told.partition(b"\r\n\r\n")[2]


def status(told: bytes) -> int:
    return int(told.split(b" ", 2)[1])
