"""What strangers do, each for some seconds. All of it has stopped the program once."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import itertools
import os
import random
import tarfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from benchmarks.attack.house import MACHINE, TOKEN, Target
from benchmarks.machine import Line
from commandcenter.web.doors import DOORS

ME = "127.0.0.1"
CROWD = tuple(f"127.0.{a}.{b}" for a in range(1, 5) for b in range(1, 51))  # 200 addresses
HOST = "Host: 127.0.0.1:{port}\r\n"

Attack = Callable[[Target], Awaitable[None]]


async def attack(line: Line, name: str, target: Target, seconds: float) -> None:
    """In a process of its own: for so long at most, then all its connections end."""
    os.nice(10)  # it is the program that is measured, not who gets the processor
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ATTACKS[name](target)
            await asyncio.sleep(seconds)
    line.send("done")


# --- speaking ------------------------------------------------------------------------------------


async def say(port: int, raw: bytes, *, by: str = ME, wait: float = 5.0) -> bytes:
    """Say something on a connection of its own; what came back, or b""."""
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(wait):
            reader, writer = await asyncio.open_connection(ME, port, local_addr=(by, 0))
            try:
                writer.write(raw)
                return await reader.read(65536)
            finally:
                writer.close()
    return b""


async def hold(port: int, first: bytes, by: str, more: bytes = b"", every: float = 1.0) -> None:
    """Open a connection, say something, then more of it, and never read. When it is ended, open
    another one."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(ME, port, local_addr=(by, 0), limit=1024)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(first)
            while not writer.transport.is_closing():
                await asyncio.sleep(every)
                writer.write(more or b"")
                if more:
                    await writer.drain()
        await asyncio.sleep(0.2)


async def together(work: Iterable[Awaitable[object]]) -> None:
    """All of it at once, for ever."""
    await asyncio.gather(*work, return_exceptions=True)


async def often(one: Callable[[int], Awaitable[object]], at_once: int = 20) -> None:
    """Again and again, so many at the same moment."""
    numbers = itertools.count()

    async def again() -> None:
        while True:
            await one(next(numbers))

    await together(again() for _ in range(at_once))


def request(port: int, path: str, *headers: str, body: bytes = b"", method: str = "GET") -> bytes:
    """As bytes."""
    lines = [
        f"{method} {path} HTTP/1.1\r\n",
        HOST.format(port=port),
        *(f"{h}\r\n" for h in headers),
    ]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}\r\n")
    return "".join(lines).encode("latin-1") + b"\r\n" + body


# --- at the door of the fingerprint machines -----------------------------------------------------


async def packed(target: Target) -> None:
    """Batches in tar: a negative size, long names, many members, and a bomb."""
    path = f"/iclock/cdata?SN={MACHINE}&table=ATTLOG&ContentType=tgz"
    bodies = [_negative(), _long_names(), _many_members(), gzip.compress(b"\0" * 200_000_000, 9)]
    raw = [request(target.intake, path, body=body, method="POST") for body in bodies]
    await often(lambda n: say(target.intake, raw[n % len(raw)], by=CROWD[n % 20]), at_once=8)


async def rubbish(target: Target) -> None:
    """Ten megabytes of lines that are none, of blanks, of one line, of scans of somebody else."""
    bodies = [
        b"this is no scan\n" * 150_000,
        b"\t" * 9_000_000,
        b" " * 9_000_000,
        b"x" * 9_000_000,
        b"1\t2026-11-30 07:00:00\t0\t1\n" * 300_000,
        b"\n" * 9_000_000,
    ]
    paths = [
        f"/iclock/cdata?SN={serial}&table={table}&Stamp=1"
        for serial in (MACHINE, "NOBODY", "NOBODY2")
        for table in ("ATTLOG", "OPERLOG", "options", "RTLOG")
    ]
    pairs = list(itertools.product(paths, bodies))
    random.Random(1).shuffle(pairs)

    async def one(number: int) -> None:
        path, body = pairs[number % len(pairs)]
        raw = request(target.intake, path, body=body, method="POST")
        await say(target.intake, raw, by=CROWD[number % 10], wait=30)

    await often(one, at_once=4)


async def inventions(target: Target) -> None:
    """Serial numbers that nobody has, wrong tokens, wrong signatures, paths that are none."""

    async def one(number: int) -> None:
        paths = (
            f"/iclock/cdata?SN=INVENTED{number}&options=all",
            "/alerts/alertmanager",
            f"/nothing/{number}",
        )
        method = "POST" if number % 3 == 1 else "GET"
        raw = request(
            target.intake, paths[number % 3], f"Authorization: Bearer {number}", method=method
        )
        await say(target.intake, raw, by=CROWD[number % len(CROWD)])

    await often(one)


async def heavy_alerts(target: Target) -> None:
    """Whoever has the token of a gateway sends very large and very deep messages."""
    head = ("Authorization: Bearer " + TOKEN, "Content-Type: application/json")
    bodies = [
        b'{"alerts":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b'{"alerts":[' + b'{"labels":{"a":"' + b"x" * 100 + b'"}},' * 40_000 + b"{}]}",
        b"[" * 9_000_000,
    ]
    raw = [
        request(target.intake, "/alerts/alertmanager", *head, body=b, method="POST") for b in bodies
    ]
    await often(lambda n: say(target.intake, raw[n % 3], by=CROWD[n % 5], wait=30), at_once=3)


def _negative() -> bytes:
    """CVE-2025-8194."""
    told = io.BytesIO()
    with tarfile.open(fileobj=told, mode="w", format=tarfile.GNU_FORMAT) as package:
        package.addfile(tarfile.TarInfo("a"))
    raw = bytearray(told.getvalue())
    raw[124:136] = b"\xff" * 11 + b"\0"  # a size in base 256, below zero
    return gzip.compress(bytes(raw))


def _long_names() -> bytes:
    told = io.BytesIO()
    with tarfile.open(fileobj=told, mode="w", format=tarfile.GNU_FORMAT) as package:
        for number in range(40):
            package.addfile(tarfile.TarInfo(f"{number}" + "a" * 1_000_000))
    return gzip.compress(told.getvalue(), 9)


def _many_members() -> bytes:
    header = tarfile.TarInfo("a").tobuf()
    return gzip.compress(header * 200_000, 9)


# --- at both listeners ---------------------------------------------------------------------------


async def silent(target: Target) -> None:
    """Three thousand connections that say nothing, half of them from one address."""
    await together(
        hold(port, b"", ME if n % 2 else CROWD[n % len(CROWD)])
        for n in range(1500)
        for port in (target.web, target.intake)
    )


async def slow_heads(target: Target) -> None:
    """Two thousand requests of which a letter comes each second."""
    await together(
        hold(port, b"GET /sign-in HTTP/1.1\r\nX: ", CROWD[n % len(CROWD)], b"a")
        for n in range(1000)
        for port in (target.web, target.intake)
    )


async def endless_heads(target: Target) -> None:
    """Heads of forty megabytes."""
    part = b"a" * 65_536
    await together(
        hold(port, b"GET / HTTP/1.1\r\nX: ", CROWD[n], part, every=0.01)
        for n in range(20)
        for port in (target.web, target.intake)
    )


async def unfinished_bodies(target: Target) -> None:
    """Ten megabytes to where nothing listens, and to doors, of which the last bytes never come."""
    body = b"x" * 9_900_000
    doors = [
        (target.intake, "/nothing"),
        (target.intake, f"/iclock/cdata?SN={MACHINE}&table=ATTLOG"),
        (target.intake, "/alerts/zabbix"),
        (target.web, "/sign-in"),
        (target.web, "/nothing"),
        (target.web, "/api/v1/readings"),
    ]
    await together(
        hold(port, _unfinished(port, path) + body, by)
        for (port, path), by in zip(itertools.cycle(doors), CROWD[:120], strict=False)
    )


def _unfinished(port: int, path: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\n" + HOST.format(port=port) + "Content-Length: 9999999\r\n\r\n"
    return head.encode()


async def deaf_readers(target: Target) -> None:
    """Four hundred who ask for the largest files and read nothing of them."""
    fonts = [
        request(target.web, path, f"Cookie: {target.cookie}")
        for path in ("/assets/plotly-basic.min.js", "/assets/theme.css", "/console")
    ]
    await together(hold(target.web, fonts[n % 3] * 3, CROWD[n % len(CROWD)]) for n in range(400))


# --- at the web ----------------------------------------------------------------------------------


async def long_texts(target: Target) -> None:
    """Origins, cookies, paths and headers of which a pattern or a parser could be held up."""
    port = target.web
    texts = [
        request(port, "/sign-out", "Origin: http://[" + "a" * n, method="POST")
        for n in (1, 7_000, 14_000)
    ]
    texts += [
        request(port, "/sign-out", "Origin: " + "http://" * 2_000, method="POST"),
        request(port, "/", 'Cookie: a="' + "\\" * 14_000 + '"'),
        request(port, "/", 'Cookie: commandcenter_session="' + '\\"' * 7_000),
        request(port, "/enter/" + "a" * 14_000),
        request(port, "/" + "token=" * 2_300),
        request(port, "/sign-in?next=http://[" + "a" * 10_000),
        request(port, "/", "Accept-Language: " + "id;q=0.1," * 1_500),
        request(port, "/?" + "a=1&" * 3_500),
        request(port, "/live?page=" + "%2f" * 4_000),
    ]
    await often(lambda n: say(port, texts[n % len(texts)], by=CROWD[n % len(CROWD)]))


async def again(target: Target) -> None:
    """Two hundred pages that somebody has opened, who say "again" and ping, and never read."""
    key = base64.b64encode(b"sixteen bytes ok").decode()
    hello = request(
        target.web,
        "/live?page=/console",
        f"Origin: {target.origin}",
        f"Cookie: {target.cookie}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    )
    words = b"\x81\x85\0\0\0\0again" * 20 + b"\x89\x84\0\0\0\0ping" * 20
    await together(hold(target.web, hello, CROWD[n], words, every=0.5) for n in range(200))


async def malformed(target: Target) -> None:
    """Ten thousand requests, each at some door, each broken in some way."""
    chance = random.Random(7)
    paths = [door.path for door in DOORS] + ["/iclock/cdata", "/iclock/getrequest", "/alerts/cap"]

    async def one(number: int) -> None:
        port = (target.web, target.intake)[number % 2]
        raw = broken(chance, port, paths, target.cookie)
        await say(port, raw, by=CROWD[number % len(CROWD)], wait=1.0)

    numbers = iter(range(10_000))

    async def next_ones() -> None:
        for number in numbers:
            await one(number)

    await together(next_ones() for _ in range(40))


def broken(chance: random.Random, port: int, paths: list[str], cookie: str) -> bytes:
    """A request at some door with something wrong in it."""
    path = "".join(
        chance.choice(("1", "%00", "a" * 300, "..", "%ff", "{}")) if "{" in part else part
        for part in chance.choice(paths).replace("{", "\0{").split("\0")
    )
    method = chance.choice(("GET", "POST", "HEAD", "PUT", "TRACE", "\x00", "get", "PRI"))
    headers = chance.sample(_ODD, 3) + ([f"Cookie: {cookie}"] if chance.random() < 0.3 else [])
    raw = bytearray(
        request(
            port, path, *headers, body=chance.randbytes(chance.choice((0, 9, 999))), method=method
        )
    )
    for _ in range(chance.choice((0, 0, 1, 5))):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw[: chance.choice((len(raw), len(raw), chance.randrange(1, len(raw))))])


_ODD = (
    "Content-Length: -1",
    "Content-Length: 99999999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Type: application/json; charset=zlib",
    "Content-Type: multipart/form-data; boundary=" + "a" * 500,
    "Content-Encoding: gzip",
    "Expect: 100-continue",
    "Upgrade: h2c",
    "Connection: upgrade",
    "Range: bytes=0-,-1,5-2",
    "If-Modified-Since: Mon, 01 Jan 0001 00:00:00 GMT",
    "If-None-Match: " + '"x",' * 300,
    "Accept-Encoding: \\",
    "Authorization: Basic \xff",
    "Authorization: Bearer cc_" + "x" * 43,
    "Origin: null",
    "Host: [",
    "X-Forwarded-For: " + "1," * 500,
    "Accept: " + "*/*," * 300,
)

ATTACKS: dict[str, Attack] = {
    "packed batches": packed,
    "batches of rubbish": rubbish,
    "inventions": inventions,
    "heavy alerts": heavy_alerts,
    "silent connections": silent,
    "slow heads": slow_heads,
    "endless heads": endless_heads,
    "unfinished bodies": unfinished_bodies,
    "deaf readers": deaf_readers,
    "long texts": long_texts,
    "again and again": again,
    "malformed requests": malformed,
}
