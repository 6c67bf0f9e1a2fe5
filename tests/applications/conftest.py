"""Real HTTP and HTTPS servers on loopback, with certificates made for the test."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from commandcenter.feed import Desk
from commandcenter.reading import Reading
from feeds.applications import Applications
from tests.tcp import serving

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[int]]


def page(body: str = "Selamat datang", status: str = "200 OK", **headers: str) -> Talk:
    """A server that answers every request with this."""
    head = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
    raw = body.encode()
    whole = f"HTTP/1.1 {status}\r\nContent-Length: {len(raw)}\r\n{head}\r\n".encode() + raw

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)

    return talk


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers and gives their ports."""
    async with AsyncExitStack() as stack:

        async def start(talk: Talk, tls: ssl.SSLContext | None = None) -> int:
            async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await talk(await reader.readuntil(b"\r\n\r\n"), writer)
                await writer.drain()

            return await stack.enter_async_context(serving(connected, ssl=tls))

        yield start


@dataclass
class Authority:
    """Signs certificates for 127.0.0.1."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Balai Sertifikasi Uji")])
        root = self._builder(self.name, self.key, 365).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.pem = self.folder / "authority.pem"
        self.pem.write_bytes(
            root.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def server(
        self, days: float, *, host: str = "127.0.0.1", signed: bool = True
    ) -> ssl.SSLContext:
        """A server's side of TLS whose certificate ends so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = self._builder(name, key, days, self.name if signed else name).add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]),
            critical=False,
        )
        certificate = builder.sign(self.key if signed else key, hashes.SHA256())
        path = self.folder / f"{host}-{days}-{signed}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        days: float,
        issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=90))
            .not_valid_after(now + timedelta(days=days))
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    return tmp_path / "applications.csv"


def write(sites: Path, *rows: str) -> None:
    sites.write_text("\n".join(("id,name,url,expect_status,expect_text", *rows)) + "\n")


@pytest.fixture
async def feed(sites: Path, authority: Authority) -> AsyncIterator[Applications]:
    """The feed, with the list in `sites` and trust in `authority`."""
    feed = Applications(
        name="applications", applications=sites, timeout=1.0, authorities=authority.pem
    )
    yield feed
    await feed.close()


async def look(feed: Applications, desk: Desk) -> dict[str, Reading]:
    """What one look tells, by key."""
    return {reading.key: reading async for reading in feed.read(desk)}


async def state(feed: Applications, desk: Desk) -> tuple[object, object]:
    """State and detail of the only application."""
    (reading,) = (await look(feed, desk)).values()
    assert reading.value is not None
    return reading.value["state"], reading.value["detail"]
