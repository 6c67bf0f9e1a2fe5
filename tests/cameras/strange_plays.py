"""What the strange camera can send when it plays, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import chain, cycle, islice
from typing import Any

import numpy as np

from tests.cameras.footage import Film, Unit, film
from tests.cameras.strange_camera import Session

BEFORE = 20  # pictures of a good start, 2 s
_BURST = 256  # packets of 16 kB at once: 4 MB


FILMS: dict[str, dict[str, Any]] = {
    "healthy": {},
    "modern": {},  # both are strange before they play: strange_answers.py
    "two_videos": {},
    "h265": {"codec": "h265"},
    "dark": {"look": "dark"},
    "covered": {"look": "covered"},
    "blurred": {"look": "blurred"},
    "elsewhere": {"look": "elsewhere"},
    "tiny": {"width": 2, "height": 2},
    "four_k": {
        "width": 3840,
        "height": 2160,
        "seconds": 2.4,
        "rate": 5,
        "every": 1,
        "kbit": 20_000,
    },
    "eight_k": {
        "width": 7680,
        "height": 4320,
        "look": "blurred",
        "seconds": 2,
        "rate": 1,
        "every": 1,
        "kbit": 20_000,
    },
}


async def _made(**how: Any) -> Film:
    """A film, while the others go on."""
    return await asyncio.to_thread(film, **how)


async def shown(session: Session) -> None:
    """The film of its name, for ever."""
    await session.show(await _made(**FILMS[session.trick]))


async def resized(session: Session) -> None:
    """Another resolution every two seconds."""
    for width, height in cycle([(640, 360), (320, 180), (1280, 720)]):
        one = await _made(width=width, height=height)
        await session.show(one, one.pictures[:BEFORE])


async def recoded(session: Session) -> None:
    """H.265 in a session that was announced as H.264."""
    await session.show(film(), film().pictures[:BEFORE])
    await session.show(await _made(codec="h265"))


async def flipped(session: Session) -> None:
    """Every tenth byte of every NAL unit is another one."""
    await session.show(film(), _forever(_flip))


async def flipped_later(session: Session) -> None:
    await session.show(film(), film().pictures[:BEFORE])
    await flipped(session)


async def truncated(session: Session) -> None:
    """Only the first tenth of every NAL unit."""
    await session.show(film(), _forever(lambda unit: unit[: max(1, len(unit) // 10)]))


async def hollow(session: Session) -> None:
    """NAL units of no bytes, or of a header alone."""
    await session.show(film(), cycle([(b"",), (b"\x65",), (b"", b"\x67", b"\x68", b"\x65")]))


async def giant(session: Session) -> None:
    """Keyframes of 12 MB, one a second."""
    await session.show(film(), film().pictures[:BEFORE])
    while True:
        await session.send((b"\x65" + b"\xa5" * (12 << 20),))
        session.stamp += 1
        await asyncio.sleep(1)


async def keyless(session: Session) -> None:
    """Never a keyframe."""
    await session.show(film(), cycle(film().only(keys=False)))


async def late_key(session: Session) -> None:
    """Six seconds without a keyframe at the start."""
    await session.show(film(), islice(cycle(film().only(keys=False)), 60))
    await session.show(film())


async def keys_only(session: Session) -> None:
    await session.show(film(), cycle(film().only(keys=True)))


async def hangs(session: Session) -> None:
    """A good start, and then nothing on an open connection."""
    await session.show(film(), film().pictures[:BEFORE])


async def mute(_: Session) -> None:
    """The connection stays open, and nothing comes."""


async def frozen(session: Session) -> None:
    """One picture, encoded anew again and again, as a hanging sensor's is."""
    await session.show(await _made(look="still"))


async def backlog(session: Session) -> None:
    """Pictures of the last three seconds at once, then those of now."""
    pictures = film().pictures
    await session.show(film(), pictures[:30], pace=1000)
    await session.show(film(), chain(pictures[30:], cycle(pictures)))


async def endless_unit(session: Session) -> None:
    """One NAL unit that never ends."""
    await session.show(film(), film().pictures[:BEFORE])
    session.writer.write(session.packet(b"\x7c\x85" + b"\xa5" * 100, last=False))
    while True:
        await session.flood(_BURST)


async def endless_pictures(session: Session) -> None:
    """Pictures of 4 MB as fast as they are read, none of them a keyframe."""
    await session.show(film(), film().pictures[:BEFORE])
    while True:
        session.stamp += 0.04
        session.writer.write(session.packet(b"\x7c\x81" + b"\xa5" * 100, last=False))
        await session.flood(_BURST)
        session.writer.write(session.packet(b"\x7c\x41" + b"\xa5" * 100, last=True))


async def back(session: Session) -> None:
    """The stream's clock goes back ten seconds, every two."""
    session.stamp = 1000.0
    for start in cycle(range(0, 120, BEFORE)):
        await session.show(film(), film().pictures[start : start + BEFORE])
        session.stamp -= 10


async def wrapping(session: Session) -> None:
    """RTP's 32-bit time stamp wraps after two seconds."""
    session.stamp = 2**32 / 90_000 - 2
    await session.show(film())


async def lossy(session: Session) -> None:
    """Every seventh packet is missing."""
    dense = await _made(kbit=2000)
    session.loses = 7
    await session.show(dense)


def _forever(change: Callable[[bytes], bytes]) -> Iterator[Unit]:
    return (tuple(change(unit) for unit in picture) for picture in cycle(film().pictures))


def _flip(unit: bytes) -> bytes:
    bits = np.frombuffer(unit, np.uint8).copy()
    bits[10::10] ^= 0xFF
    return bits.tobytes()
