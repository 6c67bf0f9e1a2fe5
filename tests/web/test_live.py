"""/live, spoken to without a browser: what it says, to whom, and what it does with the deaf."""

from __future__ import annotations

import asyncio
import base64
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
import orjson
import pytest
import websockets
from websockets import Origin
from websockets.asyncio.client import ClientConnection, connect

from commandcenter.bus import Bus
from commandcenter.reading import Reading
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import CONFIG, Site

FILLING = "x" * 5_000


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose panel `quick` is drawn as often as it changes."""
    config = CONFIG.replace('feeds = ["quick"]', 'feeds = ["quick"]\npace = 0')
    found = Site(tmp_path_factory.mktemp("site"), module_redis.url, config)
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def bus(site: Site) -> AsyncIterator[Bus]:
    found = Bus(site.redis_url)
    yield found
    await found.close()


@asynccontextmanager
async def browser(
    site: Site, page: str = "/wall/utama", language: str = "id"
) -> AsyncIterator[ClientConnection]:
    """A connection as a page makes it."""
    address = f"ws://127.0.0.1:{site.port}/live?page={page}&lang={language}"
    headers, origin = {"Cookie": site.cookie()}, Origin(site.address)
    async with connect(
        address, origin=origin, additional_headers=headers, compression=None
    ) as connection:
        yield connection


async def hear(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        found: dict[str, Any] = orjson.loads(await connection.recv())
        return found


async def hear_panel(connection: ClientConnection, panel: str, text: str) -> dict[str, Any]:
    """Answer as a browser does until a drawing of the panel has the text; its message."""
    while True:
        message = await hear(connection)
        if message.get("ask"):
            await connection.send("here")
        if text in str(message.get("panels", {}).get(panel, "")):
            return message


def figures(site: Site) -> dict[str, float]:
    """/metrics without labels: name -> value."""
    lines = httpx.get(site.address + "/metrics").text.splitlines()
    pairs = (line.split(" ") for line in lines if line[0] != "#" and "{" not in line)
    return {name: float(value) for name, value in pairs}


def change(number: int) -> Reading:
    """A complaint whose drawing takes 5 kB."""
    return samples.complaint(1, title=f"perubahan {number:06d} {FILLING}", feed="quick")


async def test_the_first_word_is_the_whole_picture_with_the_number_of_its_state(
    site: Site, bus: Bus
) -> None:
    await bus.publish("network", [samples.device(1)])
    async with browser(site) as connection:
        hello = await hear(connection)
        assert hello["t"] == "hello"
        assert set(hello["panels"]) == {
            "masthead", "summary", "network", "attendance", "incidents", "complaints", "cctv",
        }  # fmt: skip
        assert hello["bus"] is None
        assert abs(hello["now"] / 1000 - time.time()) < 5
        assert len(hello["build"]) == 12
        await bus.publish("incidents", [samples.incident(5)])
        told = await hear_panel(connection, "incidents", "Dinas Nomor 5")
        assert told["t"] == "draw"
        assert told["n"] > hello["n"]
        assert set(told["panels"]) == {"incidents"}


async def test_who_joins_later_gets_the_same_picture_once(site: Site, bus: Bus) -> None:
    await bus.publish("incidents", [samples.incident(6)])
    async with browser(site) as first:
        await hear_panel(first, "incidents", "Dinas Nomor 6")
        async with browser(site) as second:
            hello = await hear(second)
            assert "Dinas Nomor 6" in str(hello["panels"]["incidents"])


async def test_what_changes_is_told_as_the_difference_to_what_the_browser_has(
    site: Site, bus: Bus
) -> None:
    rows = [samples.incident(n, title=f"Insiden {n}") for n in range(20, 40)]
    await bus.publish("incidents", rows)
    async with browser(site) as connection:
        await hear_panel(connection, "incidents", "Insiden 39")
        await bus.publish("incidents", [samples.incident(25, title="Insiden yang berubah")])
        told = await hear_panel(connection, "incidents", "Insiden yang berubah")
        assert "body" not in told["panels"]["incidents"]
        assert len(str(told)) < 1500
        await connection.send("again")
        whole = await hear_panel(connection, "incidents", "Insiden yang berubah")
        assert "Insiden 39" in str(whole["panels"]["incidents"]["body"])


async def test_nothing_is_said_before_the_first_word(site: Site, bus: Bus) -> None:
    async with browser(site, "/console") as connection:  # nobody has looked at it before
        assert (await hear(connection))["t"] == "hello"


@pytest.mark.parametrize("page", ["/unknown", "/wall/lain", "/live", "/healthz", ""])
async def test_a_page_that_does_not_exist_is_refused(site: Site, page: str) -> None:
    if page == "":  # the address without a page is the first wall
        async with browser(site, page) as connection:
            assert (await hear(connection))["t"] == "hello"
        return
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with browser(site, page):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("said", ["x" * 513, b"bytes", "x" * 100_000])
async def test_who_says_more_than_here_is_shown_out_and_nobody_else(
    site: Site, said: str | bytes
) -> None:
    async with browser(site) as good, browser(site) as bad:
        await hear(good)
        await bad.send(said)
        with suppress(websockets.ConnectionClosedError):
            async for _ in bad:  # until the server closes it
                pass
        assert (await hear(good))["t"] == "beat"


async def test_a_change_is_drawn_once_for_all_browsers(site: Site, bus: Bus) -> None:
    async with AsyncExitStack() as stack:
        many = [await stack.enter_async_context(browser(site)) for _ in range(30)]
        for connection in many:
            await hear(connection)
        before = figures(site)
        assert before["commandcenter_browsers"] == 30
        await bus.publish("incidents", [samples.incident(7)])
        told = await asyncio.gather(*(hear_panel(c, "incidents", "Dinas Nomor 7") for c in many))
        after = figures(site)
        assert {message["n"] for message in told} == {told[0]["n"]}
        drawings = after["commandcenter_drawings_total"] - before["commandcenter_drawings_total"]
        messages = after["commandcenter_messages_total"] - before["commandcenter_messages_total"]
        assert drawings < 30 <= messages


async def test_each_language_has_its_own_drawing(site: Site, bus: Bus) -> None:
    async with browser(site) as here, browser(site, language="en") as there:
        await bus.publish("complaints", [samples.complaint_totals(4321)])
        await hear_panel(here, "complaints", "4.321 terbuka")
        await hear_panel(there, "complaints", "4,321 open")


async def test_an_unknown_language_is_answered_in_the_usual_one(site: Site) -> None:
    async with browser(site, language="xx") as connection:
        assert (await hear(connection))["panels"]["complaints"]["title"] == "Antrean aduan"


def deaf(site: Site) -> socket.socket:
    """A browser that opens the connection and then reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", site.port))
    key = base64.b64encode(b"sixteen bytes ok").decode()
    connection.sendall(
        (
            f"GET /live?page=/wall/samping HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
            f"Origin: {site.address}\r\nCookie: {site.cookie()}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
    )
    return connection


async def draw_many(bus: Bus, hearer: ClientConnection, numbers: range) -> None:
    """Changes, each of which is drawn before the next is told."""
    for number in numbers:
        await bus.publish("quick", [change(number)])
        await hear_panel(hearer, "quick", f"perubahan {number:06d}")


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """As a browser sends it, masked with zeros (RFC 6455, section 5.3)."""
    size = (
        bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
    )
    return bytes((opcode | 0x80 * final,)) + size + b"\0\0\0\0" + payload


def goes(connection: socket.socket, words: bytes, times: int = 1) -> bool:
    """Whether the server ends a connection that says this."""
    with suppress(ConnectionError):
        for _ in range(times):
            connection.sendall(words)
        while connection.recv(1 << 20):
            pass
    return True


@pytest.mark.parametrize(
    ("words", "times"),
    [
        (frame(1, b"again"), 20_000),
        (frame(9, b"ping" * 10), 20_000),
        (frame(1, b"a", final=False) + frame(0, b"", final=False) * 30, 1),
        (frame(1, b"x" * 20_000), 1),
        (frame(1, b"\xff\xfe"), 1),
        (frame(3, b"no such frame"), 1),
    ],
    ids=["again", "pings", "fragments", "one long word", "no UTF-8", "no frame"],
)
async def test_who_says_too_much_is_shown_out_and_costs_nothing(
    site: Site, words: bytes, times: int
) -> None:
    async with browser(site) as good:
        await hear(good)
        before = site.memory()
        with deaf(site) as bad:
            assert bad.recv(12) == b"HTTP/1.1 101"
            assert await asyncio.to_thread(goes, bad, words, times)
        assert site.memory() - before < 5_000_000
        await good.send("again")
        while (await hear(good))["t"] != "stage":
            pass
    assert "Traceback" not in site.log()


async def test_one_page_too_many_of_one_person_is_refused(site: Site) -> None:
    async with AsyncExitStack() as pages:
        for _ in range(50):
            await hear(await pages.enter_async_context(browser(site)))
        async with browser(site) as late:
            with suppress(websockets.ConnectionClosed):
                while True:
                    await hear(late)
            assert late.close_code == 4403
    async with browser(site) as again:
        assert (await hear(again))["t"] == "hello"


@pytest.mark.long
async def test_a_browser_that_stops_reading_costs_little_and_is_cut_and_the_others_go_on(
    site: Site, bus: Bus
) -> None:
    async with browser(site, "/wall/samping") as good:
        await draw_many(bus, good, range(200))  # the server has all that it will ever need
        cut = figures(site)["commandcenter_cut_total"]
        before, began = site.memory(), time.monotonic()
        with deaf(site):
            await draw_many(bus, good, range(200, 1200))
            assert site.memory() - before < 2_000_000
            number = 1200
            while figures(site)["commandcenter_cut_total"] == cut:
                assert time.monotonic() - began < 30
                await draw_many(bus, good, range(number, number + 1))
                number += 1
                await asyncio.sleep(0.2)  # nothing tells the test of it but this figure
        assert figures(site)["commandcenter_browsers"] == 1


async def test_a_slow_browser_skips_what_is_past_and_gets_the_newest(site: Site, bus: Bus) -> None:
    slow = deaf(site)
    async with browser(site, "/wall/samping") as good:
        await hear(good)
        await draw_many(bus, good, range(5000, 5800))  # 4 MB
    told = b""
    with slow:
        while b"perubahan 005799" not in told[-200_000:]:
            told += await asyncio.to_thread(slow.recv, 1 << 20)
    assert told.count(b'"t":"draw"') < 800
