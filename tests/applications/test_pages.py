"""Whether the page came, whole, and whether it is the page of the application."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from commandcenter.applications.body import MOST, Layer
from commandcenter.feed import Desk
from feeds.applications import Applications
from tests.applications.conftest import Serve, Talk, look, page, raw, state, write

NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


async def seen(
    feed: Applications, sites: Path, desk: Desk, url: str, text: str = ""
) -> tuple[object, object]:
    write(sites, f"a,A,{url},,{text}")
    return await state(feed, desk)


async def seen_at_once(
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    pages: Sequence[Talk],
    text: str = "",
) -> list[tuple[object, str]]:
    """State and detail of an application behind each of these."""
    rows = [
        f"{n:03},A,http://127.0.0.1:{await serve(talk)}/,,{text}" for n, talk in enumerate(pages)
    ]
    write(sites, *rows)
    told = sorted((await look(feed, desk)).items())
    return [(r.value["state"], r.value["detail"]) for _, r in told if r.value]


@pytest.mark.parametrize(
    ("parts", "pause", "words"),
    [
        # psf/requests#2275: the head comes at once, the body never
        ((HEAD + b"Content-Length: 48213\r\n\r\n", b""), 3.0, "setelah 0 dari 48213 byte"),
        ((HEAD + b"Content-Length: 48213\r\n\r\n", b"<html>"), 0.0, "sambungan putus setelah 6"),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nabc"), 0.0, "terpotong"),
        ((HEAD + b"Content-Length: 99\r\n\r\n", *[b" "] * 30), 0.1, "dari 99 byte"),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"), 0.0, "terpotong"),
    ],
)
async def test_a_page_whose_body_does_not_come_whole_is_not_up(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    parts: tuple[bytes, ...],
    pause: float,
    words: str,
) -> None:
    url = f"http://127.0.0.1:{await serve(raw(*parts, pause=pause))}/"
    found, detail = await seen(feed, sites, desk, url)
    assert found == "degraded"
    assert words in str(detail)
    assert (await state(feed, desk))[0] == "down"


async def test_a_page_without_anything_on_it_is_told(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{await serve(page(' '))}/"
    assert await seen(feed, sites, desk, url) == ("degraded", "halaman kosong")
    url = f"http://127.0.0.1:{await serve(raw(NOTHING))}/"
    assert await seen(feed, sites, desk, url) == ("up", "")


RAW_DEFLATE = zlib.compressobj(wbits=-15)
WORDS = b"Antrean daring"


PACKED = [
    ("gzip", gzip.compress(WORDS)),  # elastic/beats#28303: packed though nobody asked
    ("x-gzip", gzip.compress(WORDS)),
    ("deflate", zlib.compress(WORDS)),
    ("deflate", RAW_DEFLATE.compress(WORDS) + RAW_DEFLATE.flush()),
    ("gzip", gzip.compress(WORDS[:5]) + gzip.compress(WORDS[5:])),
    ("gzip", gzip.compress(WORDS) + bytes(20)),
    ("gzip, gzip", gzip.compress(gzip.compress(WORDS))),
    ("UTF-8", WORDS),  # encode/httpx#195: a word that packs nothing
    ("none", WORDS),
    ("", WORDS),
]


async def test_words_are_found_in_a_packed_page(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    pages = [page(body, Content_Encoding=coding) for coding, body in PACKED]
    found = await seen_at_once(feed, sites, desk, serve, pages, "Antrean daring")
    assert found == [("up", "")] * len(PACKED)


async def test_a_packed_page_is_read_in_whatever_pieces_it_comes_and_without_its_checksum(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    """nodejs/undici#2126, curl/curl#2719: browsers do without the last eight bytes of gzip."""
    bare = zlib.compressobj(wbits=-15)
    deflate, packed = bare.compress(WORDS) + bare.flush(), gzip.compress(WORDS)
    coded = HEAD + b"Content-Encoding: %s\r\nConnection: close\r\n\r\n"
    pages = [
        raw(coded % b"deflate" + deflate[:1], deflate[1:], pause=0.05),
        raw(coded % b"gzip" + packed[:1], packed[1:], pause=0.05),
        raw(coded % b"gzip" + packed[:-8]),
        raw(coded % b"gzip" + packed[:-3]),
    ]
    found = await seen_at_once(feed, sites, desk, serve, pages, "Antrean daring")
    assert found == [("up", "")] * len(pages)
    cut = [raw(coded % b"gzip" + packed[:end]) for end in range(1, len(packed) - 9)]
    assert "up" not in {state for state, _ in await seen_at_once(feed, sites, desk, serve, cut)}


async def test_words_that_may_stand_further_down_make_no_application_down(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{await serve(page('x' * MOST + 'Kontak kami'))}/"
    for _ in range(3):
        found, detail = await seen(feed, sites, desk, url, "Kontak kami")
        assert (found, str(detail)[:14]) == ("degraded", "256 kB pertama")


async def test_a_page_that_cannot_be_unpacked_is_told(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    wrong = [
        ("gzip", b"<html>", "halaman rusak: isinya tidak dikemas begitu"),
        ("gzip", gzip.compress(bytes(5000))[:-12], "halaman rusak: isinya berhenti"),
        ("br", b"x", "dikemas dengan br yang tidak diminta; matikan"),
        ("zstd", b"x", "dikemas dengan zstd"),
    ]
    pages = [page(body, Content_Encoding=coding) for coding, body, _ in wrong]
    told = await seen_at_once(feed, sites, desk, serve, pages, "Antrean")
    for (found, detail), (_, _, words) in zip(told, wrong, strict=True):
        assert found == "degraded"
        assert words in detail


async def test_a_packed_bomb_costs_nothing(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    bomb = gzip.compress(bytes(32 * 1024 * 1024))
    port = await serve(page(gzip.compress(bomb), Content_Encoding="gzip, gzip"))
    found = await seen(feed, sites, desk, f"http://127.0.0.1:{port}/", "x")
    assert found == ("degraded", "256 kB pertama halaman tidak memuat “x”")
    assert len(Layer().unpack(bomb, MOST)) == MOST


LETTERS = [
    ("text/html; charset=zlib", WORDS),
    ("text/html; charset=base64", WORDS),
    ("text/html; charset=rot13", WORDS),
    ("text/html; charset=utf-7", WORDS),
    ("text/html; charset=punycode", WORDS),
    ("text/html; charset=idna", WORDS),
    ("text/html; charset=undefined", WORDS),
    ("text/html; charset=utf-8,gbk", WORDS),  # maurosoria/dirsearch#1380
    ("text/html; charset=uft-8", WORDS),  # mozilla/fx-private-relay#1956
    ("text/html; charset=utf8mb4", WORDS),
    ("text/html; charset=", WORDS),
    ('text/html; charset="utf-8', WORDS),
    ("text/html; charset=iso-8859-1", "“é” Antrean daring".encode("cp1252")),
    ("text/html; charset=utf-16", "Antrean daring".encode("utf-16")),
    ("text/html", b"<meta charset=windows-1252> \x93 Antrean daring"),
    ("text/html", b"<meta charset=utf-16> Antrean daring"),
    ("text/html", b"\xef\xbb\xbfAntrean daring"),
    ("text/html", b"\xe9 Antrean daring"),
    ("text/html", b"<b>Antrean&nbsp;\n daring</b>"),
    ("", WORDS),
]


async def test_words_are_found_whatever_the_page_calls_its_letters(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    pages = [page(body, Content_Type=kind) for kind, body in LETTERS]
    found = await seen_at_once(feed, sites, desk, serve, pages, "Antrean daring")
    assert found == [("up", "")] * len(LETTERS)


async def test_letters_beyond_ascii_are_compared_as_people_read_them(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    kind, body = "text/html; charset=iso-8859-1", "Café".encode("latin-1")
    url = f"http://127.0.0.1:{await serve(page(body, Content_Type=kind))}/"
    assert await seen(feed, sites, desk, url, "Cafe\N{COMBINING ACUTE ACCENT}") == ("up", "")


NOT_THE_APPLICATION = {
    "Account Suspended": "ditangguhkan hoster",
    "Default Web Site Page": "bawaan hoster",  # NginxProxyManager/nginx-proxy-manager#1644
    "Apache2 Ubuntu Default Page: It works": "bawaan server web",
    "Welcome to nginx!": "bawaan server web",
    "IIS Windows Server": "bawaan server web",
    "Index of /": "daftar berkas",
    "contoh.go.id - domain for sale": "parkir domain",
    "Situs sedang dalam pemeliharaan": "pemeliharaan",
    "Site Maintenance": "pemeliharaan",
    "Just a moment...": "pemeriksaan CDN",
    "HACKED BY seseorang": "diretas",
    "SLOT GACOR Hari Ini: Situs Slot Online Resmi": "diretas (judi online)",  # OpenDK#672
    "Request Rejected": "penolakan WAF",  # Ekultek/WhatWaf#1371: F5 says so with status 200
    "One moment, please...": "pemeriksaan CDN",
    "Making sure you&#39;re not a bot!": "pemeriksaan CDN",  # TecharoHQ/anubis#473
    "HTTP Status 404 – Not Found": "galat",
    "503 Service Temporarily Unavailable": "galat",
    "Error 502": "galat",
    "Halaman tidak ditemukan": "galat",
    "SIMPEG | Under Maintenance": "pemeliharaan",
}


async def test_a_page_that_is_not_the_application_is_named(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    pages = [page(f"<title>\n {title}</title>") for title in NOT_THE_APPLICATION]
    told = await seen_at_once(feed, sites, desk, serve, pages)
    for (found, detail), words in zip(told, NOT_THE_APPLICATION.values(), strict=True):
        assert found == "degraded"
        assert words in detail


async def test_an_application_that_only_sounds_like_such_a_page_is_up(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    titles = (
        "Sistem Informasi Pemeliharaan Jalan",
        "Layanan Hosting Kabupaten",
        "Dinas Pemeliharaan Aset",
        "Aplikasi Perizinan",
        "Gerakan UMKM Gacor Kabupaten",
        "500 Desa Digital",
        "Aduan Situs Judi Daring",
        "Sistem Layanan Slot Antrean Online",
    )
    pages = [page(f"<title>{title}</title>") for title in titles]
    assert await seen_at_once(feed, sites, desk, serve, pages) == [("up", "")] * len(titles)


async def test_words_that_are_expected_decide_over_words_that_are_suspected(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{await serve(page('<title>Site Maintenance</title>Jadwal'))}/"
    assert await seen(feed, sites, desk, url, "Jadwal") == ("up", "")


BARE: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ("202 Accepted", {"x-amzn-waf-action": "challenge"}, "", "pemeriksaan CDN atau WAF"),
    ("202 Accepted", {}, "", "halaman kosong"),
    ("503 Busy", {}, "<title>Just a moment...</title>", "status HTTP 503: halaman pemeriksaan CDN"),
    ("403 Forbidden", {"cf-mitigated": "challenge"}, "x", "halaman pemeriksaan CDN"),
)


async def test_a_check_of_browsers_says_nothing_of_the_application_behind_it(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    """germondai/trawl#82, louislam/uptime-kuma#2054."""
    pages = [page(body, status, **headers) for status, headers, body, _ in BARE]
    await seen_at_once(feed, sites, desk, serve, pages)
    told = [reading.value or {} for _, reading in sorted((await look(feed, desk)).items())]
    for value, (_, _, _, words) in zip(told, BARE, strict=True):
        assert (value["state"], words in value["detail"]) == ("degraded", True), value


BROKEN = {
    "<h1>SIMPEG</h1>" + "x" * 9000 + "<b>Fatal error</b>:  Uncaught Error in": "galat PHP",
    "PHP Fatal error:  Uncaught PDOException in /var/www/db.php on line 7": "galat PHP",
    "<b>Warning</b>:  mysqli_connect(): (HY000/2002): Connection refused in": "galat basis data",
    "Koneksi database gagal: Connection refused": "galat basis data",
    "<?php require 'config.php';": "kode PHP yang tidak dijalankan",
    "The requested URL was rejected. Please consult with your administrator.": "penolakan WAF",
    "<script src='/_Incapsula_Resource?SWJIYLWA=7'></script>": "pemeriksaan CDN atau WAF",
    "<meta content='SLOT GACOR | Situs Slot Gacor Maxwin, agen judi'>": "diretas (judi online)",
}


async def test_errors_that_are_written_into_a_page_of_status_200_are_named(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    """php/php-src sends 200 with display_errors (getgrav/grav#1291); phpipam/phpipam#3582."""
    told = await seen_at_once(feed, sites, desk, serve, [page(body) for body in BROKEN])
    for (found, detail), words in zip(told, BROKEN.values(), strict=True):
        assert (found, words in detail) == ("degraded", True), detail


async def test_an_error_page_that_is_expected_is_right(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{await serve(page('<title>404 Not Found</title>', '404 Not Found'))}/"
    write(sites, f"a,A,{url},404,")
    assert await state(feed, desk) == ("up", "")
