"""The listener: what it takes byte by byte, what it refuses, and that it goes on."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from commandcenter.http_limits import HttpLimits
from commandcenter.intake import Intake, Limits, intake_app, serve
from commandcenter.serving import AddressTaken
from tests.conftest import Tray, free_port
from tests.intake.listener import answer, body, listening, say, status


async def echo(request: Request) -> Response:
    told = await request.body()
    return PlainTextResponse(f"{request.url.path} {len(told)}")


async def stumble(request: Request) -> Response:
    raise RuntimeError("secret in the text")


ROUTES = [
    Route("/iclock/cdata", echo, methods=["GET", "POST"]),
    Route("/stumble", stumble, methods=["POST"]),
]


@pytest.fixture
def app(tray: Tray) -> Intake:
    return intake_app(ROUTES, tray, Limits(body=1000, read_seconds=0.2))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"GET /iclock/cdata?SN=1 HTTP/1.0\r\n\r\n", b"/iclock/cdata 0"),
        (b"GET //iclock/cdata?SN=1 HTTP/1.1\r\nHost: a\r\n\r\n", b"/iclock/cdata 0"),
        (b"GET http://a:81/iclock/cdata HTTP/1.1\r\nHost: a\r\n\r\n", b"/iclock/cdata 0"),
        (
            b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            b"/iclock/cdata 3",
        ),
        (b"POST /iclock/cdata HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc", b"/iclock/cdata 3"),
        (
            b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nConnection: starting\r\n"
            b"Content-Length: 0\r\n\r\n",
            b"/iclock/cdata 0",
        ),
        (
            b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"/iclock/cdata 3",
        ),
    ],
    ids=["1.0 no Host", "two slashes", "as to a proxy", "no type", "LF", "starting", "chunked"],
)
async def test_it_takes_what_real_machines_send(app: Intake, raw: bytes, told: bytes) -> None:
    async with listening(app) as port:
        said = await say(port, raw)
    assert status(said) == 200
    assert body(said) == told


async def test_its_answers_carry_the_date_and_not_the_name_of_the_server(app: Intake) -> None:
    async with listening(app) as port:
        said = await say(port, b"GET /iclock/cdata HTTP/1.0\r\n\r\n")
    head = dict(line.split(b": ", 1) for line in said.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
    assert parsedate_to_datetime(head[b"date"].decode()).year >= 2020
    assert b"server" not in head


@pytest.mark.asvs("4.2.1")
@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\n\n",
        b"GET /iclock/cdata HTTP/1.1\r\n\r\n",
        b"GET /iclock/cdata?INFO=Ver 8 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["TLS", "1.1 without Host", "a raw space"],
)
async def test_nonsense_is_answered_400_and_counted(app: Intake, tray: Tray, raw: bytes) -> None:
    async with listening(app) as port:
        assert status(await say(port, raw)) == 400
        assert status(await say(port, b"GET /iclock/cdata HTTP/1.0\r\n\r\n")) == 200
    [(source, reason, kept)] = tray.kept
    assert source == "127.0.0.1"
    assert "not a request in HTTP" in reason
    assert kept == b""


@pytest.mark.asvs("5.2.1")
async def test_a_body_over_the_limit_is_refused_by_its_length_alone(
    app: Intake, tray: Tray
) -> None:
    async with listening(app) as port:
        head = b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"
        assert status(await say(port, head)) == 413
    assert "1001 bytes" in tray.kept[0][1]


async def test_a_body_that_hides_its_length_is_refused_on_the_way(app: Intake, tray: Tray) -> None:
    head = b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with listening(app) as port:
        assert status(await say(port, head + b"400\r\n" + b"x" * 1024 + b"\r\n")) == 413
    assert len(tray.kept) == 1


async def test_whoever_speaks_json_is_refused_in_json(app: Intake) -> None:
    head = b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    async with listening(app) as port:
        said = await say(port, head + b"Content-Length: 5000\r\n\r\n")
    assert body(said).startswith(b'{"error":"the body has 5000 bytes')


async def test_a_body_that_never_ends_is_given_up(app: Intake, tray: Tray) -> None:
    async with listening(app) as port:
        head = b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"
        assert status(await say(port, head)) == 408
    assert tray.kept[0][0] == "127.0.0.1 /iclock"


async def test_a_head_that_never_ends_is_cut_off(tray: Tray) -> None:
    limits = Limits(http=HttpLimits(head_seconds=0.2))
    async with listening(intake_app(ROUTES, tray, limits)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /iclock/cd")
        assert status(await asyncio.wait_for(reader.read(), 10)) == 408
        writer.close()


async def test_a_body_that_only_trickles_is_given_up_and_told_so(tray: Tray) -> None:
    limits = Limits(http=HttpLimits(grace_seconds=0.2, lowest_rate=1000))
    async with listening(intake_app(ROUTES, tray, limits)) as port:
        head = b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"
        assert status(await say(port, head + b"x" * 20)) == 408
    assert "too slowly" in tray.kept[0][1]


async def test_of_a_body_for_nobody_nothing_is_read(tray: Tray) -> None:
    async with listening(intake_app(ROUTES, tray)) as port:
        head = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n"
        assert status(await say(port, head)) == 404  # though the body never comes


@pytest.mark.asvs("15.2.2")
async def test_long_bodies_beyond_what_memory_holds_wait_while_short_ones_pass(tray: Tray) -> None:
    limits = Limits(bodies=400_000)
    head = b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    async with listening(intake_app(ROUTES, tray, limits)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head % 190_000 + b"x" * 180_000)
        refused = b""
        async with asyncio.timeout(10):
            while status(refused or b"x 200") != 503:  # until the first one has been read so far
                refused = await say(port, head % 70_000 + b"x" * 70_000)
        assert b"retry-after: 5" in refused.lower()
        assert status(await say(port, head % 60_000 + b"x" * 60_000)) == 200
        writer.write(b"x" * 10_000)
        assert status(await answer(reader)) == 200
        writer.close()
        assert status(await say(port, head % 70_000 + b"x" * 70_000)) == 200


async def test_a_connection_lost_in_the_middle_is_counted(tray: Tray) -> None:
    async with listening(intake_app(ROUTES, tray)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /iclock/cdata HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            while not tray.kept:
                await asyncio.sleep(0.01)
    assert "before the whole body" in tray.kept[0][1]


@pytest.mark.asvs("16.5.1")
async def test_a_failing_route_answers_500_and_it_is_counted_without_what_came(
    app: Intake, tray: Tray, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(app) as port:
        head = b"POST /stumble HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
        assert status(await say(port, head + b"data")) == 500
        assert status(await say(port, b"GET /iclock/cdata HTTP/1.0\r\n\r\n")) == 200
    assert tray.kept == [("127.0.0.1 /stumble", "our own failure (RuntimeError)", b"")]
    assert "intake: 127.0.0.1 /stumble failed" in caplog.messages


async def test_an_unknown_path_is_404_and_a_lost_upload_is_counted_without_its_path(
    app: Intake, tray: Tray
) -> None:
    async with listening(app) as port:
        assert status(await say(port, b"GET /nothing HTTP/1.0\r\n\r\n")) == 404
        head = b"POST /wrong/my-secret HTTP/1.0\r\nContent-Length: 4\r\n\r\ndata"
        assert status(await say(port, head)) == 404
    assert tray.kept == [
        ("127.0.0.1", "nothing listens at this path: /nothing", b""),
        ("127.0.0.1", "nothing listens at this path: /wrong", b""),
    ]


async def test_a_flood_from_one_address_is_stopped_and_told_once(tray: Tray) -> None:
    seconds = 0.0
    app = intake_app(ROUTES, tray, Limits(rate=1, burst=3), clock=lambda: seconds)
    async with listening(app) as port:
        ask = b"GET /iclock/cdata HTTP/1.0\r\n\r\n"
        assert [status(await say(port, ask)) for _ in range(5)] == [200, 200, 200, 429, 429]
        seconds = 2.0
        assert [status(await say(port, ask)) for _ in range(3)] == [200, 200, 429]
    assert [reason for _, reason, _ in tray.kept[:1]] == ["more than 1 requests a second"]
    assert len(tray.kept) == 2  # it had calmed down in between


async def test_several_requests_travel_on_one_connection(app: Intake) -> None:
    async with listening(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"GET /iclock/cdata HTTP/1.1\r\nHost: a\r\n\r\n")
            assert status(await answer(reader)) == 200
        writer.close()


async def test_an_address_that_is_taken_is_said_in_a_sentence(app: Intake) -> None:
    async with listening(app) as port:
        with pytest.raises(AddressTaken, match=rf"127\.0\.0\.1:{port}.*\[intake\]"):
            await serve(app, "127.0.0.1", port)


async def test_the_port_is_free_again_after_the_end(app: Intake) -> None:
    port = free_port()
    for _ in range(2):
        serving = asyncio.create_task(serve(app, "127.0.0.1", port))
        await asyncio.sleep(0)
        assert status(await say(port, b"GET /iclock/cdata HTTP/1.0\r\n\r\n")) == 200
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_a_machine_that_speaks_https_is_told_with_what_to_do_and_once_an_hour(
    app: Intake, tray: Tray
) -> None:
    """Machines with HTTPS turned on try every few seconds."""
    hello = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\0" * 160
    async with listening(app) as port:
        for _ in range(3):
            await say(port, hello)
    [(source, reason, kept)] = tray.kept
    assert (source, kept) == ("127.0.0.1", b"")
    assert "turn HTTPS off" in reason
