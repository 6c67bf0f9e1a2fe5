"""Applications as a browser meets them: up, slow, wrong, gone, or with a bad certificate."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commandcenter.feed import Desk, SourceDown
from feeds.applications import Applications
from tests.applications.conftest import Authority, Serve, look, page, state, write
from tests.conftest import Clock, free_port


@pytest.fixture(autouse=True)
def real_time(clock: Clock) -> None:
    """Certificates are judged by the clock of this machine."""
    clock.now = datetime.now(UTC)


async def test_a_good_page_is_up_and_its_certificate_is_counted_in_days(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, authority: Authority
) -> None:
    port = await serve(page(), authority.server(30))
    write(sites, f"simpeg,SIMPEG,https://127.0.0.1:{port}/")
    value = (await look(feed, desk))["application/simpeg"].value
    assert value is not None
    assert (value["state"], value["detail"], value["status"]) == ("up", "", 200)
    assert 0 < value["latency_ms"] < 1000
    assert value["certificate_days"] == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize(
    ("days", "host", "signed", "reason"),
    [
        (-2, "127.0.0.1", True, "kedaluwarsa"),
        (30, "127.0.0.1", False, "ditandatangani sendiri"),
        (30, "127.0.0.9", True, "untuk alamat lain"),
    ],
)
async def test_a_bad_certificate_is_told_with_its_reason_and_has_no_days_left(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    authority: Authority,
    days: float,
    host: str,
    signed: bool,
    reason: str,
) -> None:
    port = await serve(page(), authority.server(days, host=host, signed=signed))
    write(sites, f"simpeg,SIMPEG,https://127.0.0.1:{port}/")
    value = (await look(feed, desk))["application/simpeg"].value
    assert value is not None
    assert (value["state"], value["status"]) == ("degraded", 200)
    assert reason in value["detail"]
    assert value["certificate"] == "untrusted"
    assert value["certificate_days"] == pytest.approx(min(days, 0), abs=0.01)


async def test_behind_a_bad_certificate_an_error_is_still_an_error(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, authority: Authority
) -> None:
    port = await serve(page(status="500 Oops"), authority.server(-2))
    write(sites, f"simpeg,SIMPEG,https://127.0.0.1:{port}/")
    await look(feed, desk)
    found, detail = await state(feed, desk)
    assert found == "down"
    assert str(detail).startswith("status HTTP 500; sertifikat tidak dipercaya: kedaluwarsa")


async def test_down_comes_after_two_looks_and_up_at_once(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    answers = iter([page(), page(status="503 Busy"), page(status="503 Busy"), page()])

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        await next(answers)(request, writer)

    write(sites, f"simpeg,SIMPEG,http://127.0.0.1:{await serve(talk)}/")
    assert [await state(feed, desk) for _ in range(4)] == [
        ("up", ""),
        ("degraded", "status HTTP 503: sedang tidak melayani"),
        ("down", "status HTTP 503: sedang tidak melayani"),
        ("up", ""),
    ]


async def test_a_login_page_may_be_what_is_expected(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    port = await serve(page(status="401 Unauthorized"))
    write(sites, f"a,A,http://127.0.0.1:{port}/,401")
    assert await state(feed, desk) == ("up", "")
    write(sites, f"a,A,http://127.0.0.1:{port}/,200")
    assert await state(feed, desk) == ("degraded", "status HTTP 401, seharusnya 200")


async def test_a_page_without_the_words_it_must_have_is_not_served(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    port = await serve(page("Sistem Informasi Kepegawaian"))
    write(sites, f"a,A,http://127.0.0.1:{port}/,,Kepegawaian")
    assert await state(feed, desk) == ("up", "")
    write(sites, f"a,A,http://127.0.0.1:{port}/,,Pengadaan")
    assert await state(feed, desk) == ("degraded", "halaman tidak memuat “Pengadaan”")


async def test_an_endless_page_is_cut_off(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    sent = 0

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(64 * 1024))
            await writer.drain()
            sent += 64 * 1024

    write(sites, f"a,A,http://127.0.0.1:{await serve(talk)}/,,selesai")
    assert await state(feed, desk) == (
        "degraded",
        "256 kB pertama halaman tidak memuat “selesai”",
    )
    assert sent < 64 * 1024 * 1024


async def test_a_slow_page_is_degraded(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    feed.degraded_latency_ms = 0.01
    write(sites, f"a,A,http://127.0.0.1:{await serve(page())}/")
    found, detail = await state(feed, desk)
    assert found == "degraded"
    assert str(detail).startswith("lambat: ")


async def test_who_does_not_answer_is_told_apart_from_who_talks_nonsense(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    async def silent(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)

    async def nonsense(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp.contoh.go.id ESMTP\r\n")

    async def trickle(_: bytes, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)

    feed.timeout = 0.5
    write(
        sites,
        f"silent,S,http://127.0.0.1:{await serve(silent)}/",
        f"nonsense,N,http://127.0.0.1:{await serve(nonsense)}/",
        f"trickle,T,http://127.0.0.1:{await serve(trickle)}/",
        f"refused,R,http://127.0.0.1:{free_port()}/",
    )
    told = {k: (r.value or {})["detail"] for k, r in (await look(feed, desk)).items()}
    assert told == {
        "application/silent": "tidak menjawab dalam 0.5 detik",
        "application/trickle": "tidak menjawab dalam 0.5 detik",
        "application/nonsense": "sambungan ditutup tanpa jawaban HTTP",
        "application/refused": "tidak dapat dihubungi: sambungan ditolak",
    }


async def test_we_say_who_asks_and_passwords_stay_out_of_readings(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    seen = b""

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = request
        await page()(request, writer)

    write(sites, f"a,A,http://monitor:rahasia@127.0.0.1:{await serve(talk)}/")
    (reading,) = (await look(feed, desk)).values()
    assert b"User-Agent: commandcenter/1" in seen
    assert b"rahasia" not in reading.encode()


async def test_an_application_tells_the_device_that_its_list_says_it_hangs_on(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{await serve(page())}/"
    sites.write_text(f"id,name,url,behind\na,A,{url},rtr-server\nb,B,{url},\n")
    told = await look(feed, desk)
    assert {r.value["behind"] for r in told.values() if r.value} == {"rtr-server", ""}


async def test_mistakes_in_the_list_are_told_together_and_the_last_good_list_is_kept(
    feed: Applications, sites: Path, desk: Desk, serve: Serve
) -> None:
    write(sites, "a,A,contoh.go.id", "a,B,ftp://contoh.go.id/")
    with pytest.raises(SourceDown) as caught:
        await look(feed, desk)
    assert "baris 2, kolom url: tulis alamat lengkap" in str(caught.value)
    assert "baris 3, kolom id: 'a' sudah dipakai di baris 2" in str(caught.value)
    url = f"http://127.0.0.1:{await serve(page())}/"
    write(sites, f"a,A,{url}", f"b,B,{url}")
    assert (await look(feed, desk)).keys() == {"application/a", "application/b"}
    write(sites, "a,A,")
    assert (await look(feed, desk)).keys() == {"application/a", "application/b"}
    assert "kolom url: wajib diisi" in desk.list_mistakes[0]
    write(sites, f"b,B,{url}")
    assert (await look(feed, desk))["application/a"].value is None
    assert (await look(feed, desk)).keys() == {"application/b"}
