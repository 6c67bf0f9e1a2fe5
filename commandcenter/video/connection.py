"""A connection with a camera, for who reads it piece by piece in an event loop: TCP, or TLS."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol

from commandcenter.video.tls import Tls


class Connection(Protocol):
    """Bytes from a camera and to it. Every method raises OSError when it has ended."""

    async def receive(self, size: int) -> bytes:
        """What has come, so many bytes at most; b"" when nothing more will."""

    async def send(self, data: bytes) -> None:
        """All of it."""

    def close(self) -> None:
        """End it."""


async def connect(address: str, port: int, buffer: int, tls: Tls | None) -> Connection:
    """Connect with a camera. The kernel keeps `buffer` bytes of what is not read yet; 0: as many as
    it likes. Raises OSError."""
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    opened.setblocking(False)
    try:
        if buffer:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
        if tls is None:
            return _Tcp(opened)
        return _Streams(*await asyncio.open_connection(sock=opened, **tls.arguments()))
    except BaseException:
        opened.close()
        raise


class _Tcp:
    """Straight from the socket: nothing is read ahead of its turn."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._sending = asyncio.Lock()

    async def receive(self, size: int) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._socket, size)

    async def send(self, data: bytes) -> None:
        async with self._sending:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def close(self) -> None:
        self._socket.close()


class _Streams:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def receive(self, size: int) -> bytes:
        return await self._reader.read(size)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()
