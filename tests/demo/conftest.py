"""The simulated regency, and a peer that writes down what the devices send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from commandcenter.demo.mishaps import Script, write_script
from commandcenter.demo.region import Region, read_region
from tests.tcp import serving

SEED = 1


@pytest.fixture(scope="session")
def region() -> Region:
    return read_region()


@pytest.fixture(scope="session")
def script(region: Region) -> Script:
    return write_script(SEED, region)


@dataclass
class Recorder:
    """A TCP server that keeps every byte and answers from a list of bodies, then with "OK"."""

    bodies: list[bytes] = field(default_factory=list)
    status: str = "200 OK"
    requests: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        self.requests.append(head + await reader.readexactly(sum(lengths)))
        body = self.bodies.pop(0) if self.bodies else b"OK"
        told = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(told.encode() + body)
        await writer.drain()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Recorder]:
        async with serving(self.serve) as self.port:
            yield self


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
