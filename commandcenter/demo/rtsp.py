"""A small RTSP 1.0 server (RFC 2326) for H.264 cameras, media interleaved in the connection.

OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN; Digest authentication as in RFC 2069, which
is what cameras do.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    461: "Unsupported Transport",
    501: "Not Implemented",
}
_REALM = "kamera"


class Source(Protocol):
    """A camera, as the server sees it."""

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password; None: everybody may look."""

    def dead(self) -> bool:
        """Whether the camera is dead just now."""

    def describe(self) -> str:
        """Its session description (RFC 4566)."""

    def join(self, writer: asyncio.StreamWriter, channel: int) -> None:
        """Send media to this connection from now on."""

    def leave(self, writer: asyncio.StreamWriter) -> None:
        """Send no more."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def camera(self) -> str:
        """The first part of the path."""
        return urlsplit(self.url).path.strip("/").partition("/")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def encode(self, cseq: str) -> bytes:
        """As it goes over the wire."""
        head = [f"RTSP/1.0 {self.status} {_REASONS[self.status]}", f"CSeq: {cseq}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            head.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(head) + "\r\n\r\n" + self.body).encode()


@dataclass
class Connection:
    """One client and its session."""

    sources: Mapping[str, Source]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    channel: int | None = None
    watched: Source | None = None

    async def serve(self) -> None:
        """Answer until the client leaves or the camera dies."""
        try:
            while ask := await read_request(self.reader):
                source = self.sources.get(ask.camera)
                if source is not None and source.dead():
                    break
                self.writer.write(self.answer(ask, source).encode(ask.headers.get("cseq", "0")))
                if ask.method == "PLAY" and source is not None and self.channel is not None:
                    self._watch(source, self.channel)
                if ask.method == "TEARDOWN":
                    break
                await self.writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # the client is gone, or does not speak RTSP
        finally:
            if self.watched is not None:
                self.watched.leave(self.writer)
            self.writer.close()

    def answer(self, ask: Ask, source: Source | None) -> Answer:
        """The response to one request."""
        if ask.method == "OPTIONS":
            return Answer(200, {"Public": _METHODS})
        if source is None:
            return Answer(404)
        if source.login is not None and not allowed(ask, self.nonce, *source.login):
            challenge = f'Digest realm="{_REALM}", nonce="{self.nonce}"'
            return Answer(401, {"WWW-Authenticate": challenge})
        known: dict[str, Callable[[Ask, Source], Answer]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "GET_PARAMETER": self._still_there,
            "TEARDOWN": self._still_there,
        }
        make = known.get(ask.method)
        return make(ask, source) if make else Answer(501)

    def _describe(self, ask: Ask, source: Source) -> Answer:
        base = ask.url.rstrip("/") + "/"
        kind = {"Content-Base": base, "Content-Type": "application/sdp"}
        return Answer(200, kind, source.describe())

    def _setup(self, ask: Ask, _: Source) -> Answer:
        transport = ask.headers.get("transport", "")
        asked = re.search(r"interleaved=(\d+)-(\d+)", transport)
        if "RTP/AVP/TCP" not in transport or asked is None:
            return Answer(461)
        self.channel = int(asked[1])
        told = f"RTP/AVP/TCP;unicast;interleaved={asked[1]}-{asked[2]}"
        return Answer(200, {"Transport": told, "Session": f"{self.session};timeout=60"})

    def _play(self, _: Ask, __: Source) -> Answer:
        if self.channel is None:
            return Answer(454)
        return Answer(200, {"Session": self.session, "Range": "npt=now-"})

    def _still_there(self, _: Ask, __: Source) -> Answer:
        return Answer(200, {"Session": self.session})

    def _watch(self, source: Source, channel: int) -> None:
        self.watched = source
        source.join(self.writer, channel)


async def read_request(reader: asyncio.StreamReader) -> Ask | None:
    """The next request; None: the client has left. What it sends as RTCP in between is skipped.

    Raises ValueError, IncompleteReadError.
    """
    while (first := await reader.read(1)) == b"$":
        head = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(head[1:], "big"))
    if not first:
        return None
    text = (first + await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = text.strip().split("\r\n")
    method, url, _ = line.split(" ")
    pairs = (one.partition(":") for one in rest)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    await reader.readexactly(int(headers.get("content-length", "0")))
    return Ask(method, url, headers)


def allowed(ask: Ask, nonce: str, user: str, password: str) -> bool:
    """Whether the request carries the right Digest (RFC 2069 section 2.1.2)."""
    told = dict(re.findall(r'(\w+)="([^"]*)"', ask.headers.get("authorization", "")))
    if told.get("nonce") != nonce or told.get("username") != user:
        return False
    secret = _md5(f"{user}:{_REALM}:{password}")
    request = _md5(f"{ask.method}:{told.get('uri', '')}")
    right = _md5(f"{secret}:{nonce}:{request}")
    return hmac.compare_digest(right, told.get("response", ""))


def session_description(name: str, sps: bytes, pps: bytes, frames: int) -> str:
    """The SDP of one H.264 stream (RFC 4566; fmtp as in RFC 6184 section 8.2.1)."""
    sets = ",".join(b64encode(part).decode() for part in (sps, pps))
    lines = (
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        f"s={name}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "m=video 0 RTP/AVP 96",
        "a=rtpmap:96 H264/90000",
        f"a=framerate:{frames}",
        f"a=fmtp:96 packetization-mode=1;profile-level-id={sps[1:4].hex()};"
        f"sprop-parameter-sets={sets}",
        "a=control:trackID=0",
    )
    return "\r\n".join(lines) + "\r\n"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
