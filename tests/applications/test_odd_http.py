"""HTTP as it is really spoken: odd heads, status codes, addresses, and what is never shown."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from commandcenter.applications.site import read_sites
from commandcenter.feed import Desk
from commandcenter.lists import BadList
from feeds.applications import Applications
from tests.applications.conftest import Authority, Serve, Talk, look, page, raw, state, value, write
from tests.conftest import Tray

BODY = b"Content-Length: 2\r\n\r\nok"


def head(*lines: bytes) -> Talk:
    return raw(b"\r\n".join((b"HTTP/1.1 200 OK", *lines)) + b"\r\n" + BODY)


ANSWERS: dict[str, tuple[Talk, str, str]] = {
    # encode/httpx#1363: a header name with a slash; browsers pass over it
    "slash": (head(b"get-ban/forum.php: no"), "degraded", "header HTTP cacat"),
    "space": (head(b"X Powered By: PHP"), "degraded", "header HTTP cacat"),
    # encode/httpx#1862
    "twice": (head(b"Transfer-Encoding: chunked, chunked"), "degraded", "dimaafkan peramban"),
    "huge": (head(b"X: " + b"x" * 200_000), "degraded", "lebih dari 100 kB"),
    "lengths": (head(b"Content-Length: 3"), "down", "Content-Length cacat atau bertentangan"),
    "empty": (head(b"Server:"), "up", ""),  # python-hyper/h11#96
    "newlines": (raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), "up", ""),  # encode/httpx#1378
    "600": (raw(b"HTTP/1.1 600 Odd\r\n" + BODY), "down", "status HTTP 600"),
    "099": (raw(b"HTTP/1.1 099 Odd\r\n" + BODY), "down", "status HTTP yang tidak ada"),
    "http2": (raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)), "down", "HTTP/2"),
    "http09": (raw(b"<html>Selamat datang</html>\r\n\r\n"), "down", "bukan HTTP/1.1"),
    "closed": (raw(), "down", "ditutup tanpa jawaban"),
    "upgrade": (raw(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "down", "status HTTP 101"),
    "hints": (raw(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n" + BODY), "up", ""),
    "401": (page(status="401 Unauthorized"), "degraded", "tulis 401 di kolom expect_status"),
    "403": (page(status="403 Forbidden"), "degraded", "menolak pemantau"),
    "404": (page(status="404 Not Found"), "down", "halaman tidak ada"),
    "429": (page(status="429 Slow", Retry_After="120"), "degraded", "coba lagi dalam 2 menit"),
    "502": (page(status="502 Bad Gateway"), "down", "aplikasi di belakangnya tidak"),
    "503": (page(status="503 Busy", Retry_After="3600"), "down", "coba lagi dalam 60 menit"),
    "503d": (
        page(status="503 Busy", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
        "down",
        "coba lagi setelah Wed, 21 Oct 2026 07:28:00 GMT",
    ),
    "503n": (page(status="503 Busy", Retry_After="-1"), "down", "sedang tidak melayani"),
    "521": (page(status="521 Down"), "down", "CDN hidup"),
}


async def test_odd_answers_are_told_for_what_they_are(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, tray: Tray
) -> None:
    rows = [f"{n},A,http://127.0.0.1:{await serve(talk)}/" for n, (talk, _, _) in ANSWERS.items()]
    write(sites, *rows)
    await look(feed, desk)
    told = {reading.identity: reading.value or {} for reading in (await look(feed, desk)).values()}
    for name, (_, expected, words) in ANSWERS.items():
        assert (name, told[name]["state"]) == (name, expected), told[name]["detail"]
        assert words in told[name]["detail"]
    assert tray.kept == []


async def test_hints_without_end_do_not_hold_up_the_others(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    async def flood(_: bytes, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
            await writer.drain()
            await asyncio.sleep(0)

    rows = [
        f"a,A,http://127.0.0.1:{await serve(flood)}/",
        f"b,B,http://127.0.0.1:{await serve(page())}/",
    ]
    write(sites, *rows)
    told = await look(feed, desk)
    assert (told["application/a"].value or {})["detail"] == "tidak menjawab dalam 1 detik"
    assert (told["application/b"].value or {})["state"] == "up"


async def test_a_flood_of_cookies_is_forgotten_with_the_visit(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    cookies = b"".join(b"Set-Cookie: c%d=umpan-%024d\r\n" % (n, n) for n in range(1000))
    asked: list[int] = []

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(len(request))
        writer.write(b"HTTP/1.1 200 OK\r\n" + cookies + BODY)

    write(sites, f"a,A,http://127.0.0.1:{await serve(talk)}/")
    assert await state(feed, desk) == ("up", "")
    assert await state(feed, desk) == ("up", "")
    assert asked[0] == asked[1]


async def test_a_dot_at_the_end_of_a_host_is_not_part_of_its_name(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """louislam/uptime-kuma#6047."""
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        return real(host.rstrip("." if isinstance(host, str) else b"."), *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = await serve(page(), authority.server(30, host="localhost"))
    write(sites, f"a,A,https://localhost.:{port}/")
    assert await state(feed, desk) == ("up", "")


async def test_an_ipv6_address_is_an_address(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    write(sites, f"a,A,http://[::1]:{await serve(page(), host='::1')}/")
    assert await state(feed, desk) == ("up", "")


async def test_a_password_in_an_address_is_sent_and_shown_nowhere(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, tray: Tray
) -> None:
    seen: list[bytes] = []

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        there = page(status="302 Found", Location="//127.0.0.1/?password=rahasia")
        await there(request, writer)

    write(sites, f"a,A,http://monitor:rahasia@127.0.0.1:{await serve(talk)}/?token=rahasia")
    told = await value(feed, desk)
    assert b"authorization: basic bW9uaXRvcjpyYWhhc2lh" in seen[0].lower().replace(
        b"bw9uaxrvcjpyywhhc2lh", b"bW9uaXRvcjpyYWhhc2lh"
    )
    assert "rahasia" not in str(told) + str(tray.kept) + str(desk.note)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://simpeg.kobar.go.id/", True),
        ("http://[2001:db8::1]:8080/", True),
        ("https://käse.example/", True),
        ("https://KOBAR.go.id", True),
        ("http://e_office.kobar.go.id/", True),
        ("https://a:0/", False),
        ("https://a:99999/", False),
        ("https://", False),
        ("https:///x", False),
        ("ftp://a/", False),
        ("http://010.1.1.1/", False),  # 8.1.1.1 to some programs
        ("http://10.1.1/", False),  # 10.1.0.1
        ("http://167837953/", False),
        ("http://0.0.0.0/", False),  # this machine
        ("kobar.go.id", False),
        ("http://[::1/", False),
        ("http://a b/", False),
        ("http://xn--a/", False),
        ("https://\N{PILE OF POO}\N{ZERO WIDTH JOINER}.id/", False),
        ("http://user:pa/ss@rahasia.id/", False),
    ],
)
def test_an_address_is_good_or_told_without_its_password(
    tmp_path: Path, url: str, *, good: bool
) -> None:
    path = tmp_path / "applications.csv"
    path.write_text(f'id,name,url\na,A,"{url}"\n')
    if good:
        (site,) = read_sites(path).faultless()
        assert site.host.isascii()
        return
    with pytest.raises(BadList) as caught:
        read_sites(path).faultless()
    assert "kolom url" in str(caught.value)
    assert "rahasia" not in str(caught.value)
