"""Real agents (Debian's snmpd) and peers that speak anything but SNMP."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from commandcenter.feed import Desk
from commandcenter.network.snmp import SnmpReader
from commandcenter.reading import Reading
from commandcenter.secret import Secret
from feeds.network import Network
from tests.conftest import Tray, wait_until

DEAD = "127.255.255.255"  # the broadcast address of loopback: nothing may be sent there
HEADER = "id,name,role,provider,parent,address,snmp_port,probe,interface"
_AGENT_CONF = """
rocommunity public 127.0.0.0/8
view old included .1
view old excluded .1.3.6.1.2.1.31
rocommunity old 127.0.0.0/8 -V old
createUser nocuser SHA-256 "authpass123" AES "privpass123"
rouser nocuser authpriv
"""


def free_udp_port() -> int:
    """A UDP port that nobody listens on just now."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Agent:
    """A real snmpd that a test may kill and start again.

    It knows the communities "public" and "old" (an agent without 64-bit counters), and "nocuser".
    """

    folder: Path
    addresses: Sequence[str] = ("127.0.0.1",)
    port: int = field(default_factory=free_udp_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        config = self.folder / "snmpd.conf"
        config.write_text(_AGENT_CONF)
        command = ["snmpd", "-f", "-Lo", "-C", "-c", str(config)]
        command += ["-I", "-smux,mteTrigger,mteTriggerConf"]
        command += [f"udp:{address}:{self.port}" for address in self.addresses]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"SNMP_PERSISTENT_DIR": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "snmpd answers")

    def _answers(self) -> bool:
        where = f"{self.addresses[-1]}:{self.port}"
        command = ["snmpget", "-v2c", "-c", "public", "-t", "0.2", "-r", "0", where]
        return not subprocess.run(
            [*command, "1.3.6.1.2.1.1.3.0"],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).returncode

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def own_agent(tmp_path: Path) -> Iterator[Agent]:
    """An agent of the test's own, to be killed."""
    agent = Agent(tmp_path)
    agent.start()
    yield agent
    agent.kill()


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    agent = Agent(tmp_path_factory.mktemp("snmpd"))
    agent.start()
    yield agent
    agent.kill()


@pytest.fixture
async def reader(tray: Tray) -> AsyncIterator[SnmpReader]:
    """Asks with short patience; what it puts aside lies in the tray."""
    reader = SnmpReader(lambda why, packet: tray("snmp", why, packet), timeout=1.0, retries=0)
    yield reader
    await reader.close()


class Peer(asyncio.DatagramProtocol):
    """A UDP socket that answers each packet with whatever `reply` makes of it, after `delay`."""

    def __init__(self, reply: Callable[[bytes], bytes | None], delay: float = 0.0) -> None:
        self.reply, self.delay = reply, delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        told = self.reply(data)
        if told is not None:
            asyncio.get_running_loop().call_later(self.delay, self._send, told, addr)

    def _send(self, told: bytes, addr: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(told, addr)


@asynccontextmanager
async def peer(reply: Callable[[bytes], bytes | None], delay: float = 0.0) -> AsyncIterator[int]:
    """A peer on loopback; gives its port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Peer(reply, delay), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        await asyncio.sleep(0)  # the loop closes it in its next turn


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    return tmp_path / "devices.csv"


def write(devices: Path, *rows: str) -> None:
    devices.write_text("\n".join((HEADER, *rows)) + "\n")


@pytest.fixture
async def network(
    devices: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Network]]:
    """Makes the feed, with the list in `devices` and the community of our agents."""
    monkeypatch.setenv("COMMUNITY", "public")
    async with AsyncExitStack() as stack:

        def make(**options: object) -> Network:
            given = {
                "name": "network",
                "devices": devices,
                "community": Secret("env:COMMUNITY"),
                "timeout": 0.4,
                "pings": 1,
                **options,
            }
            feed = Network(**given)  # type: ignore[arg-type]
            stack.push_async_callback(feed.close)
            return feed

        yield make


async def look(
    feed: Network, desk: Desk, told: dict[str, Reading] | None = None
) -> dict[str, Reading]:
    """What one look tells, by key, in the order it was told; in `told` before it raises, too."""
    told = {} if told is None else told
    async for reading in feed.read(desk):
        told[reading.key] = reading
    return told


def value(readings: dict[str, Reading], key: str) -> dict[str, object]:
    told = readings[key].value
    assert told is not None
    return told
