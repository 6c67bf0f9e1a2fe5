"""The relay: bytes of a camera at the pace of its link, by real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest

from commandcenter.video.messages import CameraFault, Task
from commandcenter.video.relay import Relay, RelayThread
from commandcenter.video.rtsp import describe
from commandcenter.video.snapshot import Snapshot
from commandcenter.video.tls import Tls
from tests.bus.test_secure import certificate
from tests.conftest import free_port
from tests.tcp import serving as camera


async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As fast as it can, for ever."""
    while True:
        writer.write(bytes(65536))
        await writer.drain()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while asked := await reader.read(4096):
        writer.write(asked.upper())


async def arrivals(port: int, seconds: float) -> list[tuple[float, int]]:
    """When how many bytes arrive through a port, for some seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found, began = [], time.monotonic()
    while time.monotonic() < began + seconds:
        found.append((len(await reader.read(1 << 20)), time.monotonic()))
    writer.close()
    return [(at, size) for size, at in found]


def most_in_a_second(found: list[tuple[float, int]]) -> int:
    """The most bytes in any second of them."""
    return max(sum(size for at, size in found if begin <= at < begin + 1) for begin, _ in found)


async def test_a_flood_comes_through_at_the_rate_of_the_link() -> None:
    rate = 100_000
    async with camera(flood) as port, Relay("127.0.0.1", port, rate) as relay:
        found = await arrivals(relay.port, 1.4)
    assert most_in_a_second(found) <= rate
    assert sum(size for _, size in found) > 0.7 * rate  # of the 140,000 that may come
    assert relay.received <= 1.5 * rate


async def test_two_connections_of_a_camera_share_its_rate() -> None:
    rate = 100_000
    async with camera(flood) as port, Relay("127.0.0.1", port, rate) as relay:
        both = await asyncio.gather(arrivals(relay.port, 1.2), arrivals(relay.port, 1.2))
    assert most_in_a_second(sorted(both[0] + both[1])) <= rate


async def test_what_is_asked_and_answered_comes_through_unchanged() -> None:
    async with camera(echo) as port, Relay("127.0.0.1", port, 0) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"describe")
        assert await reader.readexactly(8) == b"DESCRIBE"
        assert relay.received == 8
        writer.close()


async def test_a_camera_of_ipv6_is_reached_through_ipv4() -> None:
    async with camera(echo, "::1") as port, Relay("::1", port, 0) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.close()


async def test_a_camera_that_is_not_there_shows_as_a_connection_that_ends() -> None:
    async with Relay("127.0.0.1", free_port(), 1000) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_the_camera_is_let_go_of_when_we_hang_up() -> None:
    gone = asyncio.Event()

    async def notice(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()

    async with camera(notice) as port, Relay("127.0.0.1", port, 1000) as relay:
        _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.close()
        async with asyncio.timeout(5):
            await gone.wait()


async def test_a_closed_relay_ends_its_connections_and_listens_no_more() -> None:
    async with camera(flood) as port:
        async with Relay("127.0.0.1", port, 1000) as relay:
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            await reader.read(1)
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", relay.port)


async def test_threads_that_block_share_one_thread_of_relays() -> None:
    async with camera(echo) as port:
        assert await asyncio.to_thread(_ask_in_a_thread, port) == [b"A", b"B"]


def _ask_in_a_thread(port: int) -> list[bytes]:
    relays = RelayThread()
    found = []
    with (
        relays.relay(Relay("127.0.0.1", port, 0)) as one,
        relays.relay(Relay("127.0.0.1", port, 0)) as other,
    ):
        assert one.port != other.port
        for relay, said in ((one, b"a"), (other, b"b")):
            with socket.create_connection(("127.0.0.1", relay.port), 5) as client:
                client.sendall(said)
                found.append(client.recv(1))
    relays.close()
    return found


# --- TLS ------------------------------------------------------------------------------------------

SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A description, to whoever asks."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(f"RTSP/1.0 200 OK\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}".encode())
    await reader.read()


def secured(folder: Path) -> ssl.SSLContext:
    """A camera with a certificate of its own making."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(folder))
    return context


async def test_a_camera_that_speaks_tls_is_asked_and_carried(tmp_path: Path) -> None:
    anybody = Tls("127.0.0.1", verify=False)
    async with camera(tell, ssl=secured(tmp_path)) as port:
        found = await describe(f"rtsps://127.0.0.1:{port}/x", "", "", 5.0, anybody)
        assert found.video.codec == "H264"
    async with (
        camera(echo, ssl=secured(tmp_path)) as port,
        Relay("127.0.0.1", port, 0, tls=anybody) as relay,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.close()


async def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    async with camera(tell, ssl=secured(tmp_path)) as port:
        url = f"rtsps://127.0.0.1:{port}/x"
        with pytest.raises(CameraFault, match="sertifikat kamera tidak dipercaya"):
            await describe(url, "", "", 5.0, Tls("127.0.0.1", verify=True))


async def test_a_camera_that_knows_only_old_tls_is_read_where_it_need_not_be_trusted(
    tmp_path: Path,
) -> None:
    """Firmware of ten years ago: TLS 1.0, which OpenSSL refuses by itself."""
    old = secured(tmp_path)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        old.maximum_version = ssl.TLSVersion.TLSv1
    async with camera(tell, ssl=old) as port:
        found = await describe(
            f"rtsps://127.0.0.1:{port}/x", "", "", 5.0, Tls("127.0.0.1", verify=False)
        )
        assert found.video.codec == "H264"
        url, networks = f"https://127.0.0.1:{port}/x.jpg", ("127.0.0.0/8",)
        asked = Task(camera="cam", url=url, networks=networks, way="http", verify_tls=False)
        for verify, said in ((False, "HTTP"), (True, "TLS")):  # it answers, by another protocol
            one = Snapshot(replace(asked, verify_tls=verify))
            with pytest.raises(CameraFault, match=said):
                await one.fetch()
            await one.close()


async def test_what_speaks_no_tls_is_told() -> None:
    async with camera(echo) as port:
        url = f"rtsps://127.0.0.1:{port}/x"
        with pytest.raises(CameraFault, match=r"TLS|diputus"):
            await describe(url, "", "", 5.0, Tls("127.0.0.1", verify=False))
