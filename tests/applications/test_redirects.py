"""Where redirects lead, and whether anybody would follow them there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commandcenter.applications.destination import is_same_site
from commandcenter.feed import Desk
from feeds.applications import Applications
from tests.applications.conftest import Authority, Serve, Talk, page, state, value, write
from tests.conftest import Clock, Tray

LOGIN = "<form><input name=u><input type='password' name=p></form>"


@pytest.fixture(autouse=True)
def real_time(clock: Clock) -> None:
    """Certificates are judged by the clock of this machine."""
    clock.now = datetime.now(UTC)


def leading(to: str, **headers: str) -> Talk:
    return page(status="302 Found", Location=to, **headers)


def at_paths(**pages: Talk) -> Talk:
    """A server with a page at each of these paths; / is `root`."""

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        path = request.split()[1].decode().strip("/") or "root"
        await pages.get(path, page(status="404 Not Found"))(request, writer)

    return talk


async def test_as_many_redirects_are_followed_as_the_option_says(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        left = int(request.split()[1].strip(b"/"))
        await (leading(f"/{left - 1}") if left else page())(request, writer)

    feed.timeout = 5.0
    port = await serve(talk)
    write(sites, f"a,A,http://127.0.0.1:{port}/20")  # hyperjumptech/monika#1069: 3 were too few
    assert await state(feed, desk) == ("up", "")
    write(sites, f"a,A,http://127.0.0.1:{port}/21")
    assert await state(feed, desk) == ("degraded", "dialihkan lebih dari 20 kali")


async def test_a_page_that_leads_back_to_itself_is_a_loop(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    write(
        sites, f"a,A,http://127.0.0.1:{await serve(at_paths(root=leading('/x'), x=leading('/')))}/"
    )
    found, detail = await state(feed, desk)
    assert found == "degraded"
    assert "berputar-putar" in str(detail)


async def test_a_page_that_sets_a_cookie_and_comes_again_is_no_loop(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    """And the next look begins without the cookie, as a new visitor."""

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        known = b"cookie: sesi=1" in request.lower()
        await (page() if known else leading("/", Set_Cookie="sesi=1"))(request, writer)
        requests.append(known)

    requests: list[bool] = []
    write(sites, f"a,A,http://127.0.0.1:{await serve(talk)}/")
    assert await state(feed, desk) == ("up", "")
    assert await state(feed, desk) == ("up", "")
    assert requests == [False, True, False, True]


async def test_another_host_is_told_and_expected_words_make_it_right(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    there = await serve(page("Selamat datang"), host="127.0.0.2")
    here = await serve(leading(f"http://127.0.0.2:{there}/rahasia?token=abc"))
    write(sites, f"a,A,http://127.0.0.1:{here}/")
    told = await value(feed, desk)
    assert told["state"] == "degraded"
    assert told["detail"].startswith("dialihkan ke host lain: 127.0.0.2; ")
    assert "abc" not in str(told)
    write(sites, f"a,A,http://127.0.0.1:{here}/,,Selamat")
    assert await state(feed, desk) == ("up", "dialihkan ke host lain: 127.0.0.2")


async def test_a_hosters_page_on_another_host_is_named_with_its_host(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    there = await serve(page("<title>Default Web Site Page</title>"), host="127.0.0.2")
    here = await serve(leading(f"http://127.0.0.2:{there}/cgi-sys/defaultwebpage.cgi"))
    write(sites, f"a,A,http://127.0.0.1:{here}/")
    assert await state(feed, desk) == ("degraded", "halaman bawaan hoster di 127.0.0.2")


async def test_a_page_that_we_cannot_unpack_is_still_told_to_be_on_another_host(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    there = await serve(page(b"\x0b", Content_Encoding="br"), host="127.0.0.2")
    write(sites, f"a,A,http://127.0.0.1:{await serve(leading(f'http://127.0.0.2:{there}/'))}/")
    found, detail = await state(feed, desk)
    assert found == "degraded"
    assert "host lain: 127.0.0.2" in str(detail)


async def test_a_login_page_that_one_is_led_to_is_named(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    port = await serve(at_paths(root=leading("/masuk"), masuk=page(LOGIN)))
    write(sites, f"a,A,http://127.0.0.1:{port}/")
    assert await state(feed, desk) == ("up", "dialihkan ke halaman masuk (login)")
    write(sites, f"a,A,http://127.0.0.1:{port}/masuk")
    assert await state(feed, desk) == ("up", "")


async def test_an_address_that_moves_to_https_is_up_and_its_certificate_is_seen(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, authority: Authority
) -> None:
    safe = await serve(page(), authority.server(30))
    port = await serve(leading(f"https://127.0.0.1:{safe}/"))
    write(sites, f"a,A,http://127.0.0.1:{port}/")
    told = await value(feed, desk)
    assert (told["state"], told["certificate"]) == ("up", "trusted")


async def test_the_certificate_of_a_page_on_the_way_counts_too(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, authority: Authority
) -> None:
    last = await serve(page(), authority.server(90), host="127.0.0.1")
    first = await serve(leading(f"https://127.0.0.1:{last}/"), authority.server(-2))
    write(sites, f"a,A,https://127.0.0.1:{first}/")
    told = await value(feed, desk)
    assert (told["state"], told["certificate"]) == ("degraded", "untrusted")


async def test_a_page_that_moves_from_https_to_http_is_told(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, authority: Authority
) -> None:
    plain = await serve(page())
    port = await serve(leading(f"http://127.0.0.1:{plain}/"), authority.server(30))
    write(sites, f"a,A,https://127.0.0.1:{port}/")
    assert await state(feed, desk) == ("degraded", "dialihkan ke http tanpa enkripsi")


@pytest.mark.parametrize(
    "to",
    [
        "mailto:a@contoh.go.id",
        "http://[::1",
        "intent://x",
        "http://xn--a/",
        "http://a:99999/",
        "http://%5B/",
    ],
)
async def test_a_redirect_to_nowhere_is_told(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, tray: Tray, to: str
) -> None:
    write(sites, f"a,A,http://127.0.0.1:{await serve(leading(to))}/")
    found, detail = await state(feed, desk)
    assert found == "degraded"
    assert "dialihkan ke alamat yang bukan" in str(detail)
    assert tray.kept == []


@pytest.mark.parametrize("letters", ["é".encode(), "é".encode("latin-1")])
async def test_a_redirect_may_have_letters_beyond_ascii(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, letters: bytes
) -> None:
    """psf/requests#3959."""

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.split()[1] == b"/":
            writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /" + letters)
            writer.write(b"\r\n\r\n")
        else:
            await page()(request, writer)

    write(sites, f"a,A,http://127.0.0.1:{await serve(talk)}/")
    assert await state(feed, desk) == ("up", "")


async def test_a_redirect_may_be_what_is_expected(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    port = await serve(at_paths(root=leading("/masuk")))
    write(sites, f"a,A,http://127.0.0.1:{port}/,302")
    assert await state(feed, desk) == ("up", "")


async def test_a_redirect_without_an_address_is_told(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    write(sites, f"a,A,http://127.0.0.1:{await serve(page(status='302 Found'))}/")
    assert await state(feed, desk) == ("degraded", "status HTTP 302 tanpa alamat tujuan")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("kobar.go.id", "www.kobar.go.id", True),
        ("simpeg.kobar.go.id", "sso.kobar.go.id", True),
        ("a.go.id", "b.go.id", False),
        ("a.example.com", "b.example.com", True),
        ("a.com", "b.com", False),
        ("127.0.0.1", "127.0.0.2", False),
    ],
)
def test_two_hosts_are_one_site_when_one_registered_name_holds_them(
    one: str, other: str, *, same: bool
) -> None:
    assert is_same_site(one, other) is same
