"""What the strange camera can do when it is asked for a picture over HTTP, by name."""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

import cv2
import numpy as np

from commandcenter.demo.rtsp import Ask
from tests.cameras.footage import scene
from tests.cameras.strange_camera import Session

JPEG = "Content-Type: image/jpeg"


async def picture(session: Session, ask: Ask) -> None:
    """As a camera should: another one each time."""
    _send(session, ask, _next(session))


async def yesterday(session: Session, ask: Ask) -> None:
    """A picture that says it is a day old."""
    now = datetime.now(UTC)
    times = {"Date": now, "Last-Modified": now - timedelta(days=1)}
    told = (f"{name}: {format_datetime(at, usegmt=True)}" for name, at in times.items())
    _send(session, ask, _jpegs()[0], *told)


async def progressive(session: Session, ask: Ask) -> None:
    _send(session, ask, _next(session, progressive=True))


async def cut(session: Session, ask: Ask) -> None:
    """The first third of a JPEG."""
    whole = _next(session)
    _send(session, ask, whole[: len(whole) // 3])


async def gigantic(session: Session, ask: Ask) -> None:
    """A JPEG of a few kB that says it is 65,000 pixels wide and high."""
    whole = _next(session)
    size = whole.index(b"\xff\xc0") + 5  # SOF0, ISO/IEC 10918-1 B.2.2
    _send(session, ask, whole[:size] + struct.pack(">HH", 65_000, 65_000) + whole[size + 4 :])


async def heavy(session: Session, ask: Ask) -> None:
    """A JPEG with 17 MB behind its end."""
    _send(session, ask, _next(session) + bytes(17 << 20))


async def dot(session: Session, ask: Ask) -> None:
    """A picture of one pixel."""
    _send(session, ask, _encoded(np.full((1, 1, 3), 99, np.uint8), ".jpg"))


async def png(session: Session, ask: Ask) -> None:
    """A PNG that calls itself a JPEG."""
    _send(session, ask, _encoded(np.full((90, 160, 3), 99, np.uint8), ".png"))


async def empty(session: Session, ask: Ask) -> None:
    _send(session, ask, b"")


async def multipart(session: Session, _: Ask) -> None:
    """An MJPEG stream."""
    kind = "Content-Type: multipart/x-mixed-replace; boundary=x"
    session.writer.write(f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode())
    while True:
        part = _next(session)
        head = f"--x\r\n{JPEG}\r\nContent-Length: {len(part)}\r\n\r\n"
        session.writer.write(head.encode() + part + b"\r\n")
        await session.writer.drain()
        await asyncio.sleep(0.1)


async def chunks(session: Session, _: Ask) -> None:
    """A picture in pieces that never ends, as fast as it is read."""
    head = f"HTTP/1.1 200 OK\r\n{JPEG}\r\nTransfer-Encoding: chunked\r\n\r\n"
    session.writer.write(head.encode() + b"2\r\n\xff\xd8\r\n")
    while True:
        session.writer.write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
        await session.writer.drain()


async def trickle(session: Session, _: Ask) -> None:
    """A picture of a megabyte, one byte a second."""
    session.writer.write(f"HTTP/1.1 200 OK\r\n{JPEG}\r\nContent-Length: 1000000\r\n\r\n".encode())
    while True:
        session.writer.write(b"\xff")
        await session.writer.drain()
        await asyncio.sleep(1)


async def moved_away(session: Session, ask: Ask) -> None:
    """To a picture that would be fine."""
    session.answer(ask, "302 Found", "Location: /picture")


@lru_cache(maxsize=2)
def _jpegs(progressive: bool = False) -> list[bytes]:
    """Pictures of a scene."""
    town = scene("town", 640, 360, 40)
    return [_encoded(grey, ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)) for grey in town]


def _next(session: Session, progressive: bool = False) -> bytes:
    made = _jpegs(progressive)
    return made[session.server.counts[session.name]["GET"] % len(made)]


def _encoded(pixels: object, kind: str, *options: int) -> bytes:
    return bytes(cv2.imencode(kind, np.asarray(pixels), options)[1])


def _send(session: Session, ask: Ask, body: bytes, *headers: str) -> None:
    session.answer(ask, "200 OK", JPEG, *headers, body=body)
