"""Speak RTSP with a camera on behalf of FFmpeg, where that could not: between the two, in a relay.

FFmpeg signs in by Basic and by Digest with MD5 alone, fails where a nonce was too old, and takes
the first payload type of the first video. So the interpreter signs in itself, shows FFmpeg a
description of nothing but the video that it can read (sdp.py), and tells it of no redirect, which
it would follow to wherever that leads. Requests and responses are RFC 2326 sections 6 and 7,
pictures between them section 10.12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from commandcenter.video.login import Login, is_stale
from commandcenter.video.messages import CameraFault
from commandcenter.video.sdp import narrowed, video

_LONGEST = 256 * 1024  # bytes of a message
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_FIRST = re.compile(rb"RTSP/\d|[A-Z_]{3,20} [^\r\n]* RTSP/\d")
_BEGINS = re.compile(rb"[$A-Z]")  # a picture or a message, or neither
_LONGEST_LINE = 2048
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,7})[ \t]*\r?$")


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response: its first line, its headers as they are written, its body."""

    first: str
    headers: tuple[str, ...]
    body: bytes = b""

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Read one that is complete."""
        end = _HEAD_ENDS.search(raw)
        head, body = (raw[: end.start()], raw[end.end() :]) if end is not None else (raw, b"")
        first, *headers = re.split(r"\r?\n", head.decode("latin-1"))
        return cls(first, tuple(headers), body)

    def write(self) -> bytes:
        """As bytes, with the length of its body."""
        kept = [line for line in self.headers if _name(line) != "content-length"]
        kept += [f"Content-Length: {len(self.body)}"] if self.body else []
        return "\r\n".join([self.first, *kept, "", ""]).encode("latin-1") + self.body

    def all(self, name: str) -> list[str]:
        return [line.partition(":")[2].strip() for line in self.headers if _name(line) == name]

    def with_header(self, name: str, value: str) -> Self:
        """With this header instead of what it had by that name; "": without."""
        kept = [line for line in self.headers if _name(line) != name.lower()]
        return replace(self, headers=(*kept, *([f"{name}: {value}"] if value else [])))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for its response."""

    request: Message
    tries: int
    """How often it was sent with the password."""

    @property
    def method(self) -> str:
        return self.request.first.partition(" ")[0]

    @property
    def url(self) -> str:
        return f"{self.request.first} ".split(" ")[1]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the camera said no to, after the description that it gave us."""

    status: int
    offered: bool
    """It came after the password."""
    stale: bool


class Interpreter:
    """Changes one connection (relay.Changes) between FFmpeg, which knows the camera as `ours`, and
    the camera, whose own address begins with `theirs`: rtsp://10.0.0.5:554."""

    def __init__(self, ours: str, theirs: str, user: str, password: str) -> None:
        self._ours, self._theirs = ours, theirs
        self.refusal: Refusal | None = None
        """Its last answer, if that was one: FFmpeg only says that it failed."""
        self._login = Login(user, password)
        self._number = 0
        self._waiting: dict[int, _Asked] = {}
        self._from_client, self._from_camera = _Parts(), _Parts()

    def asked(self, data: bytes) -> bytes:
        """What the camera gets."""
        return b"".join(self._request(part) for part in self._from_client.take(data))

    def answered(self, data: bytes) -> tuple[bytes, bytes]:
        """What FFmpeg gets, and what the camera gets."""
        told, asked = [], []
        for part in self._from_camera.take(data):
            if part[:5] != b"RTSP/":  # pictures, and what the camera asks of us
                told.append(part)
                continue
            response = Message.read(part)
            waiting = self._of(response)
            again = self._again(response, waiting)
            asked.append(again)
            if not again:
                self._keep(response, waiting)
                told.append(_shown(response, waiting).write())
        return b"".join(told), b"".join(asked)

    def _request(self, part: bytes) -> bytes:
        if part[:1] == b"$" or part[:5] == b"RTSP/":
            return part
        request = Message.read(part)
        first = request.first.replace(f" {self._ours}", f" {self._theirs}", 1)
        waiting = _Asked(replace(request, first=first), 0)
        return self._send(waiting, self._login.proof(waiting.url, waiting.method))

    def _send(self, waiting: _Asked, proof: str) -> bytes:
        """Every request has a number of ours: one that is repeated needs another one."""
        self._number += 1
        self._waiting[self._number] = replace(waiting, tries=waiting.tries + bool(proof))
        sent = waiting.request.with_header("CSeq", str(self._number))
        return sent.with_header("Authorization", proof).write()

    def _of(self, response: Message) -> _Asked | None:
        """The request that it answers; the oldest where it does not say which."""
        told = "".join(response.all("cseq")[:1])
        number = int(told) if re.fullmatch(r"\d{1,9}", told, re.ASCII) else -1
        if number not in self._waiting:
            number = min(self._waiting, default=-1)
        return self._waiting.pop(number, None)

    def _keep(self, response: Message, waiting: _Asked | None) -> None:
        """Remember whether it was a refusal. To be kept alive (OPTIONS) nobody needs."""
        if waiting is None or waiting.method not in ("DESCRIBE", "SETUP", "PLAY"):
            return
        status, stale = _status(response), is_stale(response.all("www-authenticate"))
        self.refusal = Refusal(status, waiting.tries > 0, stale) if status >= 400 else None

    def _again(self, response: Message, waiting: _Asked | None) -> bytes:
        """The request once more, with the password that the response asks for."""
        asked = response.all("www-authenticate")
        if waiting is None or _status(response) != 401:
            return b""
        if not self._login.may_answer(asked, waiting.tries):
            return b""
        try:
            return self._send(waiting, self._login.answer(asked, waiting.url, waiting.method))
        except CameraFault:  # a way to sign in that nobody knows
            return b""


def _shown(response: Message, waiting: _Asked | None) -> Message:
    """A response as FFmpeg is to see it."""
    if waiting is None:
        return response
    response = response.with_header("CSeq", "".join(waiting.request.all("cseq")[:1]))
    if 300 <= _status(response) < 400:
        return replace(response.with_header("Location", ""), first="RTSP/1.0 403 Redirected")
    if waiting.method == "DESCRIBE" and _status(response) == 200:
        response = response if _has_base(response) else response.with_header("Content-Base", "")
        return replace(response, body=_video_alone(response.body))
    return response


def _has_base(response: Message) -> bool:
    """Whether it says well to what its addresses are relative; some write a part of one, or the
    scheme twice (moonfire-nvr#356, go2rtc#208), and mean what they were asked for."""
    return all(
        re.fullmatch(r"rtsps?://[^/:][^/]*(/(?!/).*)?", one) for one in response.all("content-base")
    )


def _video_alone(body: bytes) -> bytes:
    text = body.decode("utf-8", errors="replace")
    try:
        return narrowed(text, video(text)).encode()
    except CameraFault:  # it was another one a moment ago; let FFmpeg say what is wrong with it
        return body


def _name(line: str) -> str:
    return line.partition(":")[0].strip().lower()


def _status(response: Message) -> int:
    told = response.first.split(" ")[1:2]
    return int(told[0]) if told and told[0].isdecimal() else 0


class _Parts:
    """Cuts what comes on a connection into whole messages and packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def take(self, data: bytes) -> Iterator[bytes]:
        """Those that are complete now. Raises ValueError where one is too long."""
        self._buffer += data
        while 0 < (size := self._size()) <= len(self._buffer):
            yield bytes(self._buffer[:size])
            del self._buffer[:size]

    def _may_begin(self) -> bool:
        """Whether what has come may yet become the first line of a message."""
        buffer = self._buffer
        short = len(buffer) < _LONGEST_LINE and b"\n" not in buffer
        return short and (not buffer or (buffer[:1].isupper() and buffer.isascii()))

    def _size(self) -> int:
        """Bytes of the first part; 0: that cannot be known yet."""
        buffer = self._buffer
        if buffer[:1] == b"$":
            return 4 + int.from_bytes(buffer[2:4], "big") if len(buffer) >= 4 else 0
        if not _FIRST.match(buffer):
            # An empty line, what is left of a broken picture (gortsplib#653), or half a line.
            following = _BEGINS.search(buffer, 1)
            rest = following.start() if following is not None else len(buffer)
            return 0 if self._may_begin() else rest
        end = _HEAD_ENDS.search(buffer)
        if end is None:
            if len(buffer) > _LONGEST:
                raise ValueError("a message that is too long")
            return 0
        told = _LENGTH.search(buffer, 0, end.end())
        size = end.end() + (int(told[1]) if told is not None else 0)
        if size > _LONGEST:
            raise ValueError("a message that is too long")
        return size
