"""Ask a camera why: RTSP DESCRIBE (RFC 2326 sections 6, 7, 10.2 and 11).

cv2 only says that it failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from commandcenter.video.login import Login, is_simple, is_stale, refusal, schemes
from commandcenter.video.messages import CameraFault
from commandcenter.video.sdp import Video, video
from commandcenter.video.tls import UNSAFE, UNTRUSTED, Tls

_LONGEST_ANSWER = 256 * 1024
_IN_URLS = "%/:=&?~#+!$,;'@()*[]-._"
_EMPTY_LINES = 4  # that a server may send too many, before an answer

_Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a camera says of its stream; "" where it says nothing."""

    video: Video
    login: str = ""
    """How it asked who we are: "Digest MD5, Basic"; "" when it did not."""
    simple: bool = True
    """Whether FFmpeg can answer that."""
    server: str = ""

    @property
    def plain(self) -> bool:
        """Whether FFmpeg can sign in, and finds the video that is meant, without help."""
        return self.simple and self.video.plain


async def describe(
    url: str, user: str, password: str, timeout: float, tls: Tls | None = None
) -> Description:
    """What is behind `url`. Takes `timeout` seconds at most. `tls`: of an rtsps address.

    Raises CameraFault: unreachable, unauthorized, not_found or unsupported, and why.
    The password is offered once only, and only when the camera asks for it; once more when it says
    that only its nonce was too old.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _Conversation(quote(url, safe=_IN_URLS), user, password, tls).describe()
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


class _Conversation:
    """One DESCRIBE, asked again with a password where that is wanted."""

    def __init__(self, url: str, user: str, password: str, tls: Tls | None) -> None:
        self._url = url
        self._tls = tls
        self._login = Login(user, password)
        self._streams: _Streams | None = None
        self._number = 0

    async def describe(self) -> Description:
        try:
            answer, tries = await self._ask(""), 0
            asked = first = answer.all("www-authenticate")
            while answer.status == 401 and self._login.may_answer(asked, tries):
                proof = self._login.answer(asked, self._url, "DESCRIBE")
                answer, tries = await self._ask_again(proof), tries + 1
                asked = answer.all("www-authenticate")
        finally:
            await self._hang_up()
        _judge(answer, offered=tries > 0)
        return Description(
            video=video(answer.body),
            login=schemes(first) if tries else "",
            simple=not tries or (tries == 1 and is_simple(first, self._login.user)),
            server="".join(c for c in answer.first("server")[:80] if c.isprintable()),
        )

    async def _ask_again(self, proof: str) -> Answer:
        """Some hang up after each answer: they are called anew."""
        try:
            return await self._ask(proof)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if getattr(error, "partial", b""):
                raise
            await self._hang_up()
            return await self._ask(proof)

    async def _ask(self, proof: str) -> Answer:
        if self._streams is None:
            self._streams = await _connect(self._url, self._tls)
        reader, writer = self._streams
        self._number += 1
        lines = [f"DESCRIBE {self._url} RTSP/1.0", f"CSeq: {self._number}"]
        lines += ["Accept: application/sdp", "User-Agent: commandcenter"]
        lines += [f"Authorization: {proof}"] if proof else []
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        await writer.drain()
        return await _read(reader)

    async def _hang_up(self) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _connect(url: str, tls: Tls | None) -> _Streams:
    parts = urlsplit(url)
    secured = tls.arguments() if tls is not None else {}
    return await asyncio.open_connection(
        parts.hostname, parts.port or (322 if tls else 554), limit=_LONGEST_ANSWER, **secured
    )


async def _read(reader: asyncio.StreamReader) -> Answer:
    first = "\n"
    for _ in range(_EMPTY_LINES):
        first = (await reader.readuntil(b"\n")).decode("latin-1")
        if first.strip():
            break
    status = re.match(r"RTSP/\d\.\d (\d{3})\b", first)
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
    # A line of nothing but spaces is none yet (scrypted#2137).
    while line := (await reader.readuntil(b"\n")).decode("latin-1").strip("\r\n"):
        name, _, value = line.partition(":")
        found.append((name.strip().lower(), value.strip()))
        size += len(line) + 2
        if size > _LONGEST_ANSWER:
            raise CameraFault("unsupported", "jawaban kamera terlalu panjang")
    return tuple(found)


def _judge(answer: Answer, *, offered: bool) -> None:
    """Raises CameraFault for every answer but success. A redirect is told and never followed:
    it could lead anywhere, and with our password."""
    status = answer.status
    if 300 <= status < 400:
        raise CameraFault("unsupported", redirected(answer.first("location")))
    if status != 200:
        raise refused(status, offered=offered, stale=is_stale(answer.all("www-authenticate")))


def refused(status: int, *, offered: bool, stale: bool = False) -> CameraFault:
    """What a refusal means; `offered`: it came after the password."""
    if status in (401, 403):
        return CameraFault("unauthorized", refusal(status, offered, stale))
    if status in (404, 410):
        return CameraFault("not_found", f"alamat aliran tidak ada di kamera ({status})")
    return CameraFault("unreachable", declined(status))


def declined(status: int) -> str:
    """How an answer is told that is neither a success nor anything that we could mend. 453 Not
    Enough Bandwidth and 503 Service Unavailable come from cameras that serve too many already."""
    if status in (453, 503):
        return f"kamera sibuk ({status}); terlalu banyak yang membukanya, atau sedang menyala"
    if status == 461:
        return "kamera tidak mau mengirim lewat TCP maupun UDP (461); periksa setelan RTSP-nya"
    return f"kamera menolak permintaan ({status})"


def redirected(location: str) -> str:
    """How a redirect is told: the machine it leads to. Its path and what follows may hold a
    password, under a name that only the camera knows."""
    try:
        parts = urlsplit(location.strip()[:200])
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "kamera mengalihkan ke alamat lain"
    where = f"{parts.scheme}://{host}" + (f":{port}" if port else "") if host else "jalur lain"
    return "kamera mengalihkan ke alamat lain: " + "".join(c for c in where if c.isprintable())


def _why(error: OSError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UNTRUSTED
    if isinstance(error, ssl.SSLError):
        return UNSAFE
    if isinstance(error, ConnectionRefusedError):
        return "sambungan ditolak; periksa alamat dan port"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "sambungan diputus kamera"
    if error.errno is None or error.errno < 0:  # getaddrinfo's own numbers are negative
        return "nama kamera tidak dikenal jaringan"
    return "tidak dapat dijangkau; periksa jaringan dan listrik kamera"
