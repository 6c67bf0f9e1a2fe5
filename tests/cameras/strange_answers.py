"""How the strange camera can answer a request over RTSP, by name."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from hashlib import sha256
from itertools import cycle
from urllib.request import parse_http_list, parse_keqv_list

from commandcenter.demo.rtsp import Ask
from tests.cameras.footage import Film, film
from tests.cameras.strange_camera import Session, lines
from tests.cameras.strange_plays import FILMS


async def usual(session: Session, ask: Ask) -> None:
    """As a camera should."""
    if ask.method == "DESCRIBE":
        made = await asyncio.to_thread(film, **FILMS.get(session.trick, {}))
        _describe(session, ask, lines(_HEAD, _video(made)))
    elif ask.method == "SETUP":
        _set_up(session, ask)
    else:
        session.answer(ask, "200 OK", "Session: 7;timeout=60", "Public: DESCRIBE, SETUP, PLAY")
    if ask.method == "PLAY":
        await session.play()


async def redirect(session: Session, ask: Ask) -> None:
    """To a camera that would be fine."""
    session.answer(ask, "302 Moved", f"Location: {ask.url.rpartition('/')[0]}/healthy")


async def sly(session: Session, ask: Ask) -> None:
    """A good description for who only asks for it; a player (it asks for our options first) is
    sent to another address, where all would be fine."""
    asked = session.server.counts[session.name]
    if ask.method == "DESCRIBE" and asked["OPTIONS"]:
        port = session.writer.get_extra_info("sockname")[1]
        session.answer(ask, "302 Moved", f"Location: rtsp://127.0.0.2:{port}/healthy-elsewhere")
    else:
        await usual(session, ask)


async def locked(session: Session, ask: Ask) -> None:
    """No password is the right one."""
    session.answer(ask, "401 Unauthorized", 'WWW-Authenticate: Digest realm="cam", nonce="1"')


async def locked_later(session: Session, ask: Ask) -> None:
    """Describes itself to everybody; of who wants its pictures no password is the right one."""
    if ask.method == "SETUP":
        await locked(session, ask)
    else:
        await usual(session, ask)


async def full(session: Session, ask: Ask) -> None:
    """Describes itself, and has no room for one more."""
    if ask.method == "SETUP":
        session.answer(ask, "453 Not Enough Bandwidth")
    else:
        await usual(session, ask)


async def modern(session: Session, ask: Ask) -> None:
    """Digest by SHA-256 alone, for the user "ops" with the password "b"; its first nonce is always
    too old."""
    told = ask.headers.get("authorization", "").removeprefix("Digest ")
    said = parse_keqv_list(parse_http_list(told))
    if said.get("nonce") == "2" and said["response"] == _proof(said, ask):
        await usual(session, ask)
        return
    challenge = 'Digest realm="cam", algorithm=SHA-256, ' + (
        'nonce="2", stale=TRUE' if said else 'nonce="1"'
    )
    session.answer(ask, "401 Unauthorized", f"WWW-Authenticate: {challenge}")


def _proof(said: dict[str, str], ask: Ask) -> str:
    def h(text: str) -> str:
        return sha256(text.encode()).hexdigest()

    secret, asked = h("ops:cam:b"), h(f"{ask.method}:{said['uri']}")
    return h(f"{secret}:{said['nonce']}:{asked}")


async def two_videos(session: Session, ask: Ask) -> None:
    """JPEG that nobody can read before H.264, and an address in front of it that is none."""
    if ask.method == "DESCRIBE":
        other = ("m=video 0 RTP/AVP 26", "a=control:trackID=9")
        told = lines(_HEAD, other, _video(await asyncio.to_thread(film)))
        kind = "Content-Type: application/sdp"
        session.answer(ask, "200 OK", "Content-Base: 127.0.0.1:554/x/", kind, body=told)
    else:
        await usual(session, ask)


async def forbidden(session: Session, ask: Ask) -> None:
    session.answer(ask, "403 Forbidden")


async def missing(session: Session, ask: Ask) -> None:
    session.answer(ask, "404 Not Found")


async def busy(session: Session, ask: Ask) -> None:
    session.answer(ask, "503 Service Unavailable")


async def garbage(session: Session, _: Ask) -> None:
    session.writer.write(os.urandom(3000) + b"\r\n\r\n")


async def drip(session: Session, _: Ask) -> None:
    """One byte a second."""
    for byte in cycle(b"RTSP/1.0 200 OK\r\n"):
        session.writer.write(bytes([byte]))
        await session.writer.drain()
        await asyncio.sleep(1)


async def silent(_: Session, __: Ask) -> None:
    await asyncio.sleep(3600)


async def dead(session: Session, _: Ask) -> None:
    session.writer.transport.abort()


async def leaves(session: Session, ask: Ask) -> None:
    """Hangs up after the description."""
    await usual(session, ask)
    if ask.method == "DESCRIBE":
        await session.writer.drain()
        session.writer.close()


async def medias(session: Session, ask: Ask) -> None:
    """Two hundred medias, none of them video."""
    many = [line for _ in range(200) for line in ("m=audio 0 RTP/AVP 0", "a=control:x")]
    await _described(session, ask, lines(_HEAD, many))


async def medias_and_video(session: Session, ask: Ask) -> None:
    """A video after two hundred other medias."""
    many = [line for _ in range(200) for line in ("m=application 0 RTP/AVP 107", "a=control:x")]
    await _described(session, ask, lines(_HEAD, many, _video(film())))


async def verbose(session: Session, ask: Ask) -> None:
    """A session description of a megabyte."""
    notes = ["a=note:" + "x" * 90] * 10_500
    await _described(session, ask, lines(_HEAD, notes, _video(film())))


async def mjpeg(session: Session, ask: Ask) -> None:
    video = ("m=video 0 RTP/AVP 26", "a=rtpmap:26 JPEG/90000", "a=control:trackID=0")
    await _described(session, ask, lines(_HEAD, video))


async def audio(session: Session, ask: Ask) -> None:
    sound = ("m=audio 0 RTP/AVP 0", "a=control:trackID=0")
    await _described(session, ask, lines(_HEAD, sound))


async def _described(session: Session, ask: Ask, told: bytes) -> None:
    """As usual, but for the description."""
    if ask.method == "DESCRIBE":
        _describe(session, ask, told)
    else:
        await usual(session, ask)


_HEAD = ("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=x", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*")


def _video(one: Film) -> list[str]:
    sets = [b64encode(unit).decode() for unit in one.sets]
    if one.codec == "h264":
        told = f"packetization-mode=1;sprop-parameter-sets={sets[0]},{sets[1]}"
    else:
        told = f"sprop-vps={sets[0]};sprop-sps={sets[1]};sprop-pps={sets[2]}"
    name = one.codec.upper()
    video = ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {name}/90000", f"a=fmtp:96 {told}"]
    return [*video, "a=control:trackID=0"]


def _describe(session: Session, ask: Ask, told: bytes) -> None:
    base = f"Content-Base: {ask.url.rstrip('/')}/"
    session.answer(ask, "200 OK", base, "Content-Type: application/sdp", body=told)


def _set_up(session: Session, ask: Ask) -> None:
    asked = ask.headers.get("transport", "")
    if "interleaved=" not in asked:
        session.answer(ask, "461 Unsupported Transport")
        return
    channels = asked.partition("interleaved=")[2].partition(";")[0]
    session.channel = int(channels.partition("-")[0])
    told = f"Transport: RTP/AVP/TCP;unicast;interleaved={channels}"
    session.answer(ask, "200 OK", told, "Session: 7;timeout=60")
