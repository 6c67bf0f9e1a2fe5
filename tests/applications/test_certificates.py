"""Certificates as browsers judge them: which one of the chain ends, and why one is not accepted."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from commandcenter.feed import Desk
from feeds.applications import Applications
from tests.applications.conftest import Authority, Serve, Signed, look, page, value, write
from tests.conftest import Clock


@pytest.fixture(autouse=True)
def real_time(clock: Clock) -> None:
    """Certificates are judged by the clock of this machine."""
    clock.now = datetime.now(UTC)


class House:
    """A server with some certificates, looked at once."""

    def __init__(self, feed: Applications, sites: Path, desk: Desk, serve: Serve) -> None:
        self.feed, self.sites, self.desk, self.serve = feed, sites, desk, serve

    async def told(self, authority: Authority, *chain: Signed) -> dict[str, Any]:
        port = await self.serve(page(), authority.serving(*chain))
        write(self.sites, f"a,A,https://127.0.0.1:{port}/")
        return await value(self.feed, self.desk)


@pytest.fixture
def house(feed: Applications, sites: Path, desk: Desk, serve: Serve) -> House:
    return House(feed, sites, desk, serve)


async def test_the_intermediate_that_ends_first_is_named_with_its_days(
    house: House, authority: Authority
) -> None:
    """louislam/uptime-kuma#2593: an intermediate expired, the leaf was good for ten months."""
    middle = authority.sign("Penerbit Antara", 2.5, issuer=authority.root, authority=True)
    told = await house.told(authority, authority.leaf(200, issuer=middle), middle)
    assert (told["state"], told["certificate"]) == ("up", "trusted")
    assert told["certificate_days"] == pytest.approx(2.5, abs=0.01)
    assert told["certificate_ends_first"] == "Penerbit Antara"
    assert told["detail"] == "sertifikat “Penerbit Antara” habis dalam 2 hari"


async def test_a_certificate_that_is_sent_and_not_needed_does_not_count(
    house: House, authority: Authority
) -> None:
    """louislam/uptime-kuma#3323: an old cross-signature has ended, and no browser minds."""
    old = authority.sign("Akar Lama", 3650, issuer=None, authority=True)
    crossed = authority.sign(
        "Balai Sertifikasi Uji", -30, issuer=old, authority=True, key=authority.root.key
    )
    told = await house.told(authority, authority.leaf(200), crossed)
    assert (told["state"], told["detail"]) == ("up", "")
    assert told["certificate_days"] > 100


async def test_an_intermediate_that_is_not_sent_is_told_apart_from_an_unknown_issuer(
    house: House, authority: Authority
) -> None:
    """louislam/uptime-kuma#4461."""
    middle = authority.sign("Penerbit Antara", 300, issuer=authority.root, authority=True)
    told = await house.told(authority, authority.leaf(200, issuer=middle))
    assert told["state"] == "degraded"
    assert "rantai tidak lengkap" in told["detail"]
    assert "Penerbit Antara" in told["detail"]
    stranger = authority.sign("Akar Sendiri", 300, issuer=None, authority=True)
    told = await house.told(authority, authority.leaf(200, issuer=stranger), stranger)
    assert "penerbit tidak dikenal: “Akar Sendiri”" in told["detail"]
    assert (told["certificate"], told["certificate_days"]) == ("untrusted", 0)


async def test_an_intermediate_that_has_ended_is_named(house: House, authority: Authority) -> None:
    middle = authority.sign("Penerbit Antara", -3.5, issuer=authority.root, authority=True)
    told = await house.told(authority, authority.leaf(200, issuer=middle), middle)
    assert "kedaluwarsa sejak 3 hari: sertifikat penerbit “Penerbit Antara”" in told["detail"]
    assert told["certificate_days"] == pytest.approx(-3.5, abs=0.01)


async def test_what_a_server_sends_besides_or_out_of_order_does_not_change_what_is_missing(
    house: House, authority: Authority
) -> None:
    """heartbeatsjp/check-tls-cert#45, ssllabs/ssllabs-scan#288: the bundle of another seller."""
    upper = authority.sign("Penerbit Atas", 300, issuer=authority.root, authority=True)
    lower = authority.sign("Penerbit Bawah", 300, issuer=upper, authority=True)
    other = authority.sign("Penerbit Lain", -60, issuer=authority.root, authority=True)
    told = await house.told(authority, authority.leaf(200, issuer=lower), other)
    assert "sertifikat penerbit “Penerbit Bawah” tidak dikirim" in told["detail"]
    assert told["certificate_ends_first"] == "app"
    told = await house.told(authority, authority.leaf(-3.5, issuer=lower), upper, other, lower)
    assert "kedaluwarsa sejak 3 hari" in told["detail"]
    assert "Penerbit" not in told["detail"]


async def test_a_star_stands_for_a_name_with_an_underscore_as_for_browsers(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """openssl/openssl#12566, python/cpython#103490."""
    real = socket.getaddrinfo
    names = {"e_office.uji.go.id", "a.b_c.uji.go.id"}

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1" if name in names else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    leaf = authority.sign("x", 90, issuer=authority.root, hosts=("*.uji.go.id",))
    port = await serve(page(), authority.serving(leaf))
    write(sites, *(f"{name},A,https://{name}:{port}/" for name in sorted(names)))
    told = {key: reading.value or {} for key, reading in (await look(feed, desk)).items()}
    deeper, starred = (told[f"application/{name}"] for name in sorted(names))
    assert (starred["state"], starred["certificate"]) == ("up", "trusted")
    assert (deeper["state"], deeper["certificate"]) == ("degraded", "untrusted")
    assert "untuk nama situs lain (*.uji.go.id)" in deeper["detail"]


async def test_what_is_not_valid_yet_is_told_from_what_has_ended(
    house: House, authority: Authority
) -> None:
    told = await house.told(authority, authority.leaf(200, begins=5))
    assert told["state"] == "degraded"
    assert "belum berlaku sampai" in told["detail"]


async def test_the_names_of_a_certificate_for_somebody_else_are_told(
    house: House, authority: Authority
) -> None:
    """louislam/uptime-kuma#3551."""
    names = tuple(f"{n}.lain.go.id" for n in "abcde")
    told = await house.told(authority, authority.sign("x", 90, issuer=authority.root, hosts=names))
    assert "(a.lain.go.id, b.lain.go.id, c.lain.go.id dan 2 lainnya)" in told["detail"]


async def test_a_name_in_the_subject_alone_is_none(house: House, authority: Authority) -> None:
    """RFC 9525; browsers have not looked there since 2017."""
    told = await house.told(authority, authority.sign("127.0.0.1", 90, issuer=authority.root))
    assert "subjectAltName" in told["detail"]


async def test_a_certificate_that_only_openssl_can_read_is_still_not_trusted(
    house: House, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyca/cryptography#6609: a negative serial number."""

    def unreadable(_: bytes) -> x509.Certificate:
        raise ValueError("error parsing asn1 value")

    monkeypatch.setattr(x509, "load_der_x509_certificate", unreadable)
    told = await house.told(authority, authority.sign("x", 90, issuer=None, hosts=("127.0.0.1",)))
    assert (told["state"], told["certificate"]) == ("degraded", "untrusted")
    assert "ditandatangani sendiri" in told["detail"]
    assert told["certificate_days"] == 0


async def test_without_https_there_is_no_certificate(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    write(sites, f"a,A,http://127.0.0.1:{await serve(page())}/")
    told = await value(feed, desk)
    assert (told["certificate"], told["certificate_days"]) == (None, None)
