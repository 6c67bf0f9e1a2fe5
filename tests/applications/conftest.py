"""Real HTTP and HTTPS servers on loopback, with certificates made for the test."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.x509.oid import NameOID

from commandcenter.feed import Desk
from commandcenter.reading import Reading
from feeds.applications import Applications
from tests.tcp import serving

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
Key = ec.EllipticCurvePrivateKey | rsa_keys.RSAPrivateKey
Serve = Callable[..., Awaitable[int]]


def page(body: str | bytes = "Selamat datang", status: str = "200 OK", **headers: str) -> Talk:
    """A server that answers every request with this."""
    head = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
    raw = body if isinstance(body, bytes) else body.encode()
    whole = f"HTTP/1.1 {status}\r\nContent-Length: {len(raw)}\r\n{head}\r\n".encode() + raw

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)

    return talk


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers and gives their ports."""
    async with AsyncExitStack() as stack:

        async def start(
            talk: Talk, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
        ) -> int:
            async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await talk(await reader.readuntil(b"\r\n\r\n"), writer)
                await writer.drain()

            return await stack.enter_async_context(serving(connected, host, ssl=tls))

        yield start


@dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key


@dataclass
class Authority:
    """Signs certificates for 127.0.0.1; `pem` is the file by which the feed trusts it."""

    folder: Path

    def __post_init__(self) -> None:
        self.root = self.sign("Balai Sertifikasi Uji", 365, authority=True, issuer=None)
        self.pem = self.folder / "authority.pem"
        self.pem.write_bytes(_pem(self.root))

    def sign(
        self,
        name: str,
        days: float,
        *,
        issuer: Signed | None,
        authority: bool = False,
        hosts: Sequence[str] = (),
        begins: float = -90,
        key: Key | None = None,
    ) -> Signed:
        """A certificate that ends so many days from now; without issuer it signs itself."""
        key, now = key or ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(called)
            .issuer_name(issuer.certificate.subject if issuer else called)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return Signed(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    def leaf(self, days: float, *, issuer: Signed | None = None, begins: float = -90) -> Signed:
        """A certificate for 127.0.0.1."""
        issuer = issuer or self.root
        return self.sign("app", days, issuer=issuer, hosts=("127.0.0.1",), begins=begins)

    def server(
        self, days: float, *, host: str = "127.0.0.1", signed: bool = True, rsa: bool = False
    ) -> ssl.SSLContext:
        """A server's side of TLS whose certificate ends so many days from now."""
        issuer = self.root if signed else None
        key = rsa_keys.generate_private_key(65537, 2048) if rsa else None
        return self.serving(self.sign(host, days, issuer=issuer, hosts=(host,), key=key))

    def serving(self, leaf: Signed, *others: Signed) -> ssl.SSLContext:
        """A server's side of TLS that sends these certificates."""
        path = self.folder / f"{leaf.certificate.serial_number}.pem"
        key = leaf.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(_pem(leaf, *others) + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _pem(*signed: Signed) -> bytes:
    return b"".join(s.certificate.public_bytes(serialization.Encoding.PEM) for s in signed)


def _host(host: str) -> x509.GeneralName:
    if host[0].isdigit():
        return x509.IPAddress(ipaddress.ip_address(host))
    return x509.DNSName(host)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    return tmp_path / "applications.csv"


def raw(*parts: bytes, pause: float = 0.0) -> Talk:
    """A server that sends these bytes, whatever is asked, and hangs up."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


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


async def value(feed: Applications, desk: Desk) -> dict[str, Any]:
    """What is told of the only application."""
    (reading,) = (await look(feed, desk)).values()
    assert reading.value is not None
    return reading.value


async def state(feed: Applications, desk: Desk) -> tuple[object, object]:
    """State and detail of the only application."""
    told = await value(feed, desk)
    return told["state"], told["detail"]
