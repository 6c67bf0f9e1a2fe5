"""Pages that send a browser on by themselves: what is behind them is looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from commandcenter.applications.refresh import left_to_a_browser, target
from commandcenter.feed import Desk
from feeds.applications import Applications
from tests.applications.conftest import Serve, Talk, state, write
from tests.applications.test_pages import seen_at_once


def site(pages: dict[str, bytes], seen: list[bytes] | None = None) -> Talk:
    """A server with these answers, by path."""

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        if seen is not None:
            seen.append(request)
        writer.write(pages[request.split()[1].decode()])

    return talk


def html(body: str, status: str = "200 OK", head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def meta(to: str, seconds: str = "0") -> bytes:
    return html(f'<html><head><meta http-equiv="refresh" content="{seconds}; url={to}"></head>')


async def test_the_page_that_a_browser_is_sent_on_to_is_the_one_that_counts(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    """arkenfox/user.js#1782, curl/curl#3657: an index page of one <meta>, or a header Refresh."""
    firsts = (meta("/app"), meta("'app'", "2"), html("", head="Refresh: 0;url=/app\r\n"))
    behind = {
        html("mati", "500 Internal Server Error"): ("degraded", "status HTTP 500"),
        html("Selamat datang"): ("up", ""),
    }
    shown = [{"/": first, "/app": app} for first in firsts for app in behind]
    told = await seen_at_once(feed, sites, desk, serve, [site(pages) for pages in shown])
    assert told == list(behind.values()) * len(firsts)


async def test_a_page_that_shows_itself_anew_is_no_loop_and_one_with_the_words_stays(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    gone = html("", "404 Not Found")
    shown = (
        {"/": html("Jadwal <meta http-equiv=refresh content='1;url=/lain'>"), "/lain": gone},
        {"/": html("Jadwal <meta http-equiv=refresh content='0;url=/'>")},
        {"/": meta("/b"), "/b": html("Jadwal <meta http-equiv=refresh content='0;url=/'>")},
    )
    told = await seen_at_once(feed, sites, desk, serve, [site(p) for p in shown], "Jadwal")
    assert told == [("up", "")] * 3
    told = await seen_at_once(feed, sites, desk, serve, [site(p) for p in shown[1:]])
    assert [found for found, _ in told] == ["up", "up"]


async def test_a_show_of_pages_without_end_is_left(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    seen: list[bytes] = []
    show = {
        f"/{n}": html(f"Gambar {n} <meta http-equiv=refresh content='5;/{n + 1}'>")
        for n in range(9)
    }
    write(sites, f"a,A,http://127.0.0.1:{await serve(site(show, seen))}/0")
    assert await state(feed, desk) == ("up", "")
    assert len(seen) < 6


async def test_a_password_goes_with_a_page_to_the_same_server_only(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    here: list[bytes] = []
    there: list[bytes] = []
    other = await serve(site({"/": html("Halo")}, there))
    first = meta(f"http://127.0.0.1:{other}/")
    port = await serve(site({"/": meta("/b"), "/b": first}, here))
    write(sites, f"a,A,http://monitor:rahasia@127.0.0.1:{port}/")
    assert (await state(feed, desk))[0] == "up"
    assert [b"authorization: basic" in one.lower() for one in here + there] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ('<META CONTENT="0;URL=/a" HTTP-EQUIV="Refresh">', "/a"),
        ("<meta http-equiv=refresh content=0;url=/a>", "/a"),
        ('<meta http-equiv="refresh" content="0; url=/a?x=1&amp;y=2">', "/a?x=1&y=2"),
        ('<meta http-equiv="refresh" content="300; url=/a">', ""),
        ('<meta http-equiv="refresh" content="0">', ""),
        ('<noscript><meta http-equiv="refresh" content="0;url=/a"></noscript>', ""),
        ('<!--[if lt IE 9]><meta http-equiv="refresh" content="0;url=/a"><![endif]-->', ""),
        ('<script>x = \'<meta http-equiv="refresh" content="0;url=/a">\'</script>', ""),
        ("<!--" * 50_000, ""),
    ],
)
def test_only_what_a_browser_follows_at_once_is_followed(text: str, to: str) -> None:
    assert target("", text) == to


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("<script>window.location='/simpeg/login'</script>", "/simpeg/login"),
        ('<title>SIMPEG</title><script>location.replace("app/");</script>', "app/"),
        (
            "<frameset><frame src='http://10.1.1.1/'><noframes>…</noframes></frameset>",
            "http://10.1.1.1/",
        ),
        ("<div id=app></div><script src=/app.js></script><script>location='/x'</script>", ""),
        ("Sistem kepegawaian " * 9 + "<script>location='/x'</script>", ""),
        ("<noscript><iframe src=https://pelacak/></iframe></noscript><script>x()</script>", ""),
    ],
)
def test_a_page_that_leaves_everything_to_a_script_or_a_frame_says_nothing(
    text: str, to: str
) -> None:
    assert left_to_a_browser(text) == to


async def test_where_such_a_page_leads_is_told_without_what_may_be_secret(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    page = html("<script>location.href='/app/masuk?token=rahasia'</script>")
    write(sites, f"a,A,http://127.0.0.1:{await serve(site({'/': page}))}/")
    found, detail = await state(feed, desk)
    assert found == "degraded"
    assert "/app/masuk; tulis alamat itu di kolom url" in str(detail)
    assert "rahasia" not in str(detail)


def test_an_order_of_nothing_but_spaces_holds_up_nobody() -> None:
    assert target("0" + " " * 60_000 + "'", "") == ""
    assert target(" 0 ; url = /app", "") == "/app"
