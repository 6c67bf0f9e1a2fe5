"""TLS that fails: told apart from servers that are gone, and from servers that browsers open."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from commandcenter.feed import Desk
from feeds.applications import Applications
from tests.applications.conftest import Authority, Serve, page, state, value, write
from tests.conftest import free_port
from tests.tcp import serving


def _hang_up(wire: socket.socket) -> None:
    """Let the other side read all that was said: a reset would take it away."""
    with suppress(OSError):
        wire.shutdown(socket.SHUT_WR)
        while wire.recv(4096):
            pass


@contextmanager
def blocking(context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server on OpenSSL's own sockets: asyncio keeps the alert of a handshake that
    fails to itself."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain.dup() as wire:
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as tls:
                    tls.recv(4096)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                _hang_up(wire)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def hello_without_rfc5746() -> bytes:
    """A TLS 1.2 ServerHello without renegotiation_info, as old load balancers send it."""
    body = b"\x03\x03" + b"\x11" * 32 + b"\x00" + b"\xc0\x2f" + b"\x00" + b"\x00\x00"
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(hello).to_bytes(2, "big") + hello


async def test_a_server_without_secure_renegotiation_is_degraded_since_browsers_open_it(
    feed: Applications, sites: Path, desk: Desk
) -> None:
    """louislam/uptime-kuma#4033."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(hello_without_rfc5746())
        await writer.drain()
        await reader.read(100)

    async with serving(talk) as port:
        write(sites, f"a,A,https://127.0.0.1:{port}/")
        for _ in range(3):
            found, detail = await state(feed, desk)
            assert found == "degraded"
            assert str(detail).startswith("TLS: server tanpa renegosiasi aman (RFC 5746)")


async def test_a_server_of_old_tls_is_down_since_browsers_refuse_it(
    *, feed: Applications, sites: Path, desk: Desk, serve: Serve, authority: Authority
) -> None:
    context = authority.server(30)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.deprecated_call():
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    write(sites, f"a,A,https://127.0.0.1:{await serve(page(), context)}/")
    await look_twice(feed, desk)
    found, detail = await state(feed, desk)
    assert found == "down"
    assert detail == "TLS: server hanya berbicara TLS usang, yang ditolak peramban; aktifkan" + (
        " TLS 1.2 dan 1.3"
    )


async def look_twice(feed: Applications, desk: Desk) -> None:
    await state(feed, desk)
    await state(feed, desk)


@pytest.mark.parametrize(
    ("also", "expected"),
    [("ECDHE-RSA-AES128-GCM-SHA256", "degraded"), ("DHE-RSA-AES256-GCM-SHA384", "down")],
)
async def test_short_diffie_hellman_is_degraded_where_browsers_take_another_way(
    *, feed: Applications, sites: Path, desk: Desk, authority: Authority, also: str, expected: str
) -> None:
    """linkchecker/linkchecker#188: OpenSSL offers DHE, is given it, and complains of the key."""
    context = authority.server(30, rsa=True)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(f"DHE-RSA-AES128-GCM-SHA256:{also}:@SECLEVEL=0")
    context.load_dh_params(short_parameters(authority.folder))
    with blocking(context) as port:
        write(sites, f"a,A,https://127.0.0.1:{port}/")
        await state(feed, desk)
        found, detail = await state(feed, desk)
    assert found == expected
    assert "TLS" in str(detail)


def short_parameters(folder: Path) -> str:
    """The file with the 1024 bit group of RFC 2409 6.2, as PKCS #3 writes it."""
    prime = bytes.fromhex(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879"
        "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B"
        "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"
    )
    numbers = b"\x02\x81\x81\x00" + prime + b"\x02\x01\x02"
    der = b"\x30\x81" + bytes([len(numbers)]) + numbers
    text = base64.encodebytes(der).decode()
    path = folder / "dh.pem"
    path.write_text(f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n")
    return str(path)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_asks_for_our_certificate_answers_though_not_to_us(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    authority: Authority,
    version: ssl.TLSVersion,
) -> None:
    context = authority.server(30)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.pem)
    with blocking(context) as port:
        write(sites, f"a,A,https://127.0.0.1:{port}/")
        assert await state(feed, desk) == (
            "degraded",
            "TLS: server menuntut sertifikat klien (mTLS)",
        )


async def test_a_server_that_does_not_know_the_name_is_told(
    feed: Applications, sites: Path, desk: Desk, authority: Authority
) -> None:
    def refuse(*_: object) -> int:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context = authority.server(30)
    context.sni_callback = refuse
    with blocking(context) as port:
        write(sites, f"a,A,https://localhost:{port}/")
        found, detail = await state(feed, desk)
    assert found == "degraded"
    assert "tidak mengenal nama ini (SNI)" in str(detail)


async def test_plain_http_at_the_port_of_https_is_told(
    feed: Applications, sites: Path, desk: Desk
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(talk) as port:
        write(sites, f"a,A,https://127.0.0.1:{port}/")
        found, detail = await state(feed, desk)
    assert found == "degraded"
    assert "bukan TLS" in str(detail)


async def test_a_handshake_that_is_cut_or_never_answered_is_told_from_a_server_that_is_gone(
    feed: Applications, sites: Path, desk: Desk
) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)

    async def goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x15\x03\x03\x00\x02\x01\x00")  # close_notify (RFC 8446 6.1)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    feed.timeout = 0.5
    async with serving(cut) as one, serving(goodbye) as two, serving(mute) as other:
        for port in (one, two):
            write(sites, f"a,A,https://127.0.0.1:{port}/")
            assert "TLS: server memutus jabat tangan" in str(await state(feed, desk))
        write(sites, f"a,A,https://127.0.0.1:{other}/")
        assert "TLS: jabat tangan tidak selesai dalam 0.5 detik" in str(await state(feed, desk))
    write(sites, f"a,A,https://127.0.0.1:{free_port()}/")
    assert "TLS" not in str(await state(feed, desk))


async def test_after_a_failed_handshake_nothing_is_known_of_the_certificate(
    feed: Applications, sites: Path, desk: Desk
) -> None:
    write(sites, f"a,A,https://127.0.0.1:{free_port()}/")
    assert (await value(feed, desk))["certificate"] is None
