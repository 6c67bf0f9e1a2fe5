"""Ask a camera why: RTSP DESCRIBE, and what its description says.

cv2 only says that it failed. RTSP 1.0 is RFC 2326 (sections 6, 7, 10.2 and 11), the description
SDP of RFC 8866 (section 6.6 rtpmap, 6.10 framerate); `framesize` is 3GPP TS 26.234 A.3.2.2 and
`x-dimensions` QuickTime's.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from commandcenter.secret import redact
from commandcenter.video.login import authorization, refusal, schemes
from commandcenter.video.messages import CameraFault

_LONGEST_ANSWER = 256 * 1024
_IN_URLS = "%/:=&?~#+!$,;'@()*[]-._"
_READABLE = {"H264": "H264", "H265": "H265", "HEVC": "H265"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a camera says of its stream. Sizes in pixels; None or "" where it says nothing."""

    codec: Literal["H264", "H265"]
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    login: str = ""
    """How it asked who we are: "Digest MD5, Basic"; "" when it did not."""
    server: str = ""


async def describe(url: str, user: str, password: str, timeout: float) -> Description:
    """What is behind `url`. Takes `timeout` seconds at most.

    Raises CameraFault: unreachable, unauthorized, not_found or unsupported, and why.
    The password is offered once only, and only when the camera asks for it.
    """
    try:
        async with asyncio.timeout(timeout):
            answer, login = await _describe(quote(url, safe=_IN_URLS), user, password)
    except TimeoutError as error:
        raise CameraFault("unreachable", f"tidak menjawab dalam {timeout:.0f} detik") from error
    except OSError as error:
        raise CameraFault("unreachable", _why(error)) from error
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            raise CameraFault("unreachable", "sambungan diputus kamera") from error
        raise CameraFault("unsupported", "jawabannya bukan RTSP") from error
    except asyncio.LimitOverrunError as error:
        raise CameraFault("unsupported", "jawabannya bukan RTSP") from error
    _judge(answer, bool(user))
    return _read(answer, login)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of an RTSP server; the names of `headers` are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")


async def _describe(url: str, user: str, password: str) -> tuple[Answer, str]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or 554, limit=_LONGEST_ANSWER
    )
    try:
        answer = await _ask(reader, writer, url, 1, "")
        asked = answer.all("www-authenticate") if answer.status == 401 else []
        if asked and user:
            proof = authorization(asked, url, user, password)
            answer = await _ask(reader, writer, url, 2, proof)
        return answer, schemes(asked)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str, number: int, proof: str
) -> Answer:
    lines = [f"DESCRIBE {url} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp"]
    lines += ["User-Agent: commandcenter"] + ([f"Authorization: {proof}"] if proof else [])
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    first = (await reader.readuntil(b"\n")).decode("latin-1")
    status = re.match(r"RTSP/1\.\d (\d{3})\b", first)
    if status is None:
        raise CameraFault("unsupported", "jawabannya bukan RTSP")
    headers = await _headers(reader)
    size = dict(headers).get("content-length", "0")
    if not re.fullmatch(r"\d{1,9}", size, re.ASCII) or int(size) > _LONGEST_ANSWER:
        raise CameraFault("unsupported", "jawaban kamera terlalu panjang")
    body = await reader.readexactly(int(size))
    return Answer(int(status[1]), headers, body.decode("utf-8", errors="replace"))


async def _headers(reader: asyncio.StreamReader) -> tuple[tuple[str, str], ...]:
    """Up to the empty line; never more of them than an answer may be long."""
    found, size = [], 0
    while line := (await reader.readuntil(b"\n")).decode("latin-1").strip():
        name, _, value = line.partition(":")
        found.append((name.strip().lower(), value.strip()))
        size += len(line) + 2
        if size > _LONGEST_ANSWER:
            raise CameraFault("unsupported", "jawaban kamera terlalu panjang")
    return tuple(found)


def _judge(answer: Answer, offered: bool) -> None:
    """Raises CameraFault for every answer but success. A redirect is told and never followed:
    it could lead anywhere, and with our password."""
    status = answer.status
    if status in (401, 403):
        raise CameraFault("unauthorized", refusal(status, offered))
    if status in (404, 410):
        raise CameraFault("not_found", f"alamat aliran tidak ada di kamera ({status})")
    if 300 <= status < 400:
        raise CameraFault("unsupported", redirected(answer.first("location")))
    if status != 200:
        raise CameraFault("unreachable", f"kamera menolak permintaan ({status})")


def redirected(location: str) -> str:
    """How a redirect is told: where to, without a password, in one line."""
    where = "".join(c for c in redact(location)[:200] if c.isprintable()) or "?"
    return f"kamera mengalihkan ke alamat lain: {where}"


def _read(answer: Answer, login: str) -> Description:
    """The first video of a session description. Raises CameraFault."""
    video = re.search(r"^m=video .*?(?=^m=|\Z)", answer.body, re.MULTILINE | re.DOTALL)
    if video is None:
        raise CameraFault("unsupported", "aliran ini tidak berisi video")
    named = re.search(r"^a=rtpmap:\d+ ([\w.-]{1,40})/", video[0], re.MULTILINE)
    name = named[1].upper() if named else "tanpa nama"
    if name not in _READABLE:
        raise CameraFault("unsupported", f"format video {name} tidak didukung; pakai H.264/H.265")
    size = re.search(
        r"^a=(?:x-dimensions:|framesize:\d+ )(\d{1,5})[,-](\d{1,5})", video[0], re.MULTILINE
    )
    fps = re.search(r"^a=framerate: ?(\d{1,4}(?:\.\d{1,6})?)", video[0], re.MULTILINE)
    return Description(
        codec="H264" if _READABLE[name] == "H264" else "H265",
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
        fps=float(fps[1]) if fps else None,
        login=login,
        server="".join(c for c in answer.first("server")[:80] if c.isprintable()),
    )


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "sambungan ditolak; periksa alamat dan port"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "sambungan diputus kamera"
    if error.errno is None or error.errno < 0:  # getaddrinfo's own numbers are negative
        return "nama kamera tidak dikenal jaringan"
    return "tidak dapat dijangkau; periksa jaringan dan listrik kamera"
