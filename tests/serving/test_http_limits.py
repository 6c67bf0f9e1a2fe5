"""What one connection may cost, spoken to byte by byte: both of uvicorn's protocols."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from commandcenter import serving
from commandcenter.connections import Connections
from commandcenter.http_limits import HttpLimits, LimitedH11, LimitedHttpTools, Listener
from tests.conftest import free_port
from tests.intake.listener import answer, status

LIMITS = HttpLimits(
    head=4096, headers=30, head_seconds=1.0, grace_seconds=1.0, body_seconds=3, deaf_seconds=1.0
)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def hello(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())}")


async def refuse(request: Request) -> Response:
    return PlainTextResponse("no", 404)


async def large(request: Request) -> Response:
    return PlainTextResponse("x" * 20_000_000)


class House:
    """A listener on a free port."""

    def __init__(self, protocol: Any) -> None:
        self.port = free_port()
        self.connections = Connections(of_one=5)
        routes = [
            Route("/", hello, methods=["GET", "POST"]),
            Route("/no", refuse, methods=["POST"]),
            Route("/large", large),
        ]
        self.settings = Listener(
            Starlette(routes=routes),
            limits=LIMITS,
            connections=self.connections,
            port=self.port,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_keep_alive=60,
        )

    async def say(self, raw: bytes) -> bytes:
        """All that is answered, until the connection ends or the answer is whole."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(10):
                writer.write(raw)
                return await answer(reader)
        finally:
            writer.close()


@pytest.fixture(params=[LimitedHttpTools, LimitedH11], ids=["httptools", "h11"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    found = House(request.param)
    task = asyncio.create_task(serving.serve(found.settings, "web"))
    await asyncio.sleep(0)
    yield found
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 40 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000,
        b"GET /" + b"a" * 100_000,
    ],
    ids=["path", "header", "headers", "endless header", "endless path"],
)
async def test_a_head_that_is_too_long_is_refused(house: House, raw: bytes) -> None:
    assert status(await house.say(raw)) == 431
    assert status(await house.say(GET)) == 200


@pytest.mark.asvs("15.2.2")
async def test_an_endless_head_is_refused_before_it_takes_memory(house: House) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    sent = 0
    with suppress(ConnectionError):
        for _ in range(1000):
            writer.write(b"a" * 1000)
            await writer.drain()
            sent += 1000
            await asyncio.sleep(0)
    assert sent < 1_000_000
    writer.close()


async def test_whoever_says_nothing_is_shown_out_without_a_word(house: House) -> None:
    """A browser has opened a connection that it did not need: it would show what it is told."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("first", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n"])
async def test_whoever_says_half_a_head_is_shown_out(house: House, first: bytes) -> None:
    assert status(await house.say(first)) == 408


async def test_between_two_requests_there_is_time_but_not_within_the_second(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(GET)
    assert status(await answer(reader)) == 200
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), LIMITS.head_seconds * 2)
    writer.write(b"GET /")
    async with asyncio.timeout(10):
        assert status(await reader.read()) == 408
    writer.close()


async def test_a_body_that_only_trickles_is_cut(house: House) -> None:
    assert (
        status(await house.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na")) == 408
    )


async def test_a_body_that_comes_in_time_is_taken_whole(house: House) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    assert (await house.say(raw)).endswith(b"200000")


async def test_a_body_that_nobody_wants_is_not_read_to_its_end(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(b"POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n")
    assert status(await answer(reader)) == 404
    sent = 0
    with suppress(ConnectionError):
        while sent < 80_000_000:
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000
    assert sent < 40_000_000  # what the kernel's buffers hold, and no more
    writer.close()


async def test_who_does_not_read_the_answer_is_cut_and_it_does_not_lie_in_memory(
    house: House,
) -> None:
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", house.port))
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(10):
            while not len(house.connections):
                await asyncio.sleep(0.01)
            while len(house.connections):
                await asyncio.sleep(0.01)


@pytest.mark.asvs("15.2.2")
async def test_the_silent_of_one_address_make_room_for_each_other(house: House) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(20)]
    assert status(await house.say(GET)) == 200
    assert house.connections.cut >= 15
    for _, writer in silent:
        writer.close()


async def test_a_thousand_requests_at_once_are_not_queued(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(GET * 1000)
    async with asyncio.timeout(10):
        told = b""
        with suppress(ConnectionError):
            while part := await reader.read(65536):
                told += part
    assert told.count(b" 200 ") <= 6
    writer.close()
