"""Fetch a camera's JPEG over HTTP (RFC 9110), with Digest or Basic authentication."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from commandcenter.video.addresses import Resolved, own_addresses, resolve
from commandcenter.video.age import Ages
from commandcenter.video.heads import Heads
from commandcenter.video.login import Login, is_stale, refusal
from commandcenter.video.messages import LARGEST_PICTURE, CameraFault, Task
from commandcenter.video.relay import Relay
from commandcenter.video.rtsp import declined, redirected
from commandcenter.video.tls import UNSAFE, UNTRUSTED, Tls

_KEPT = 64 * 1024  # of a broken picture
_HEAD = 200  # bytes of a request's or an answer's head, about
_START, _EARLY = b"\xff\xd8\xff", 64
_HUNG_UP = re.compile(r"(?i)disconnected|closed")  # and did not say what nobody understands


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A JPEG, how old it was when it came, and what it cost the link."""

    jpeg: bytes = field(repr=False)
    age_seconds: float
    bytes: int


class Snapshot:
    """A camera that hands out one JPEG at a time. To be used in one event loop.

    Its address is looked up and checked before every picture. Behind a link with a budget
    (`task.rate`) the picture comes through a relay, paced; from a camera whose answers are odd it
    comes through one that puts them right.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._ages = Ages()
        self._odd = False
        self._client = httpx.AsyncClient(
            timeout=task.open_timeout,
            verify=_trust(task),
            trust_env=False,  # a proxy of the machine is not for its cameras
            headers={
                "User-Agent": "commandcenter",
                "Accept-Encoding": "identity",
                "Cache-Control": "no-cache",  # the picture of now: RFC 9111 section 5.2.1.4
            },
        )

    async def fetch(self) -> Fetched:
        """The JPEG of this moment. Raises CameraFault, after `read_timeout` at the latest.

        A password is offered only to an answer that asks for it, and once.
        """
        timeout = self._task.read_timeout
        try:
            async with asyncio.timeout(timeout):
                where = await resolve(self._task.url, self._task.networks, own_addresses())
                where = replace(where, url=self._task.filled(where.url))
                return await self._somehow(where)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise CameraFault("unreachable", f"tidak menjawab dalam {timeout:.0f} detik") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CameraFault("unreachable", _why(error)) from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    async def _somehow(self, where: Resolved) -> Fetched:
        """Once more, put right, when nobody understands what it answers."""
        if not self._odd:
            try:
                return await (self._relayed if self._task.rate else self._fetch)(where)
            except httpx.RemoteProtocolError as error:
                if _HUNG_UP.search(str(error)):
                    raise
        try:
            self._odd = True
            return await self._relayed(where)
        except httpx.HTTPError:
            self._odd = False  # of a camera that is away, the direct way tells more
            raise

    async def _relayed(self, where: Resolved) -> Fetched:
        """Through a relay; what that counts is exact."""
        at = urlsplit(where.url)
        how: dict[str, Any] = {}
        if self._odd:  # only who speaks TLS with it sees what it says
            tls = Tls(where.host, self._task.verify_tls) if at.scheme == "https" else None
            how, at = {"changes": lambda _: Heads(), "tls": tls}, at._replace(scheme="http")
        async with Relay(where.address, where.port, self._task.rate, **how) as relay:
            url = urlunsplit(at._replace(netloc=f"127.0.0.1:{relay.port}"))
            fetched = await self._fetch(replace(where, url=url))
            return replace(fetched, bytes=relay.received)

    async def _fetch(self, where: Resolved) -> Fetched:
        login = Login(self._task.user, self._task.password)
        told, body = await self._get(where, "")
        size, tries = len(body), 0
        while told.status_code == 401 and login.may_answer(_asked(told), tries):
            proof = login.answer(_asked(told), _target(where.url), "GET")
            told, body = await self._get(where, proof)
            size, tries = size + len(body), tries + 1
        _judge(told, offered=tries > 0)
        return Fetched(
            jpeg=_picture(told, body),
            age_seconds=self._ages.of(told.headers),
            bytes=size + (tries + 1) * _HEAD,
        )

    async def _get(self, where: Resolved, proof: str) -> tuple[httpx.Response, bytes]:
        """The answer's head and its body, which is never larger than a picture may be."""
        host = urlsplit(self._task.url).netloc.rpartition("@")[2]
        headers = {b"Host": host.encode()}
        if proof:
            headers[b"Authorization"] = proof.encode("latin-1")
        if self._task.rate or self._odd:
            headers[b"Connection"] = b"close"  # the relay ends with the picture
        body = bytearray()
        asked = self._client.stream(
            "GET", where.url, headers=headers, extensions={"sni_hostname": where.host}
        )
        async with asked as response:
            kind = response.headers.get("content-type", "").lower()
            if kind.startswith("multipart/"):
                raise CameraFault("unsupported", "alamat ini aliran MJPEG, bukan gambar diam")
            try:
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > LARGEST_PICTURE:
                        raise CameraFault("unsupported", "gambarnya lebih besar dari 16 MB")
            except httpx.RemoteProtocolError:
                if not body:
                    raise
                # Some tell a wrong length (home-assistant/core#47511): the picture itself shows
                # whether it is whole.
            return response, bytes(body)


def _trust(task: Task) -> ssl.SSLContext | bool:
    """Reading the authorities' certificates takes 50 ms and 1 MB: not for plain http."""
    if not task.url.startswith("https:"):
        return False
    return Tls("", task.verify_tls).context()


def _asked(told: httpx.Response) -> list[str]:
    named = ((name.lower(), value) for name, value in told.headers.raw)
    return [value.decode("latin-1") for name, value in named if name == b"www-authenticate"]


def _target(url: str) -> str:
    """Path and query, as they stand in the request's first line."""
    return httpx.URL(url).raw_path.decode("ascii")


def _judge(told: httpx.Response, *, offered: bool) -> None:
    """Raises CameraFault for every answer but success."""
    status = told.status_code
    if status in (401, 403):
        raise CameraFault("unauthorized", refusal(status, offered, is_stale(_asked(told))))
    if status in (404, 410):
        raise CameraFault("not_found", f"alamat gambar tidak ada di kamera ({status})")
    if 300 <= status < 400:
        raise CameraFault("unsupported", redirected(told.headers.get("location", "")))
    if status != 200:
        raise CameraFault("unreachable", declined(status))


def _picture(told: httpx.Response, body: bytes) -> bytes:
    """The JPEG of an answer: from its start of image on (ISO/IEC 10918-1 B.1.1.3), before which
    some cameras send an empty line. Raises CameraFault that says what it is instead."""
    start = body.find(_START, 0, _EARLY)
    if start >= 0:
        return body[start:]
    raise CameraFault("unsupported", _instead(told, body), body[:_KEPT])


def _instead(told: httpx.Response, body: bytes) -> str:
    text = body[:_KEPT].strip()
    kind = told.headers.get("content-type", "").lower()
    if not text:
        return "jawaban kamera kosong, bukan gambar JPEG"
    if text[:1] in b"{[" or "json" in kind:
        return "jawabannya pesan JSON, bukan gambar JPEG; periksa alamat dan kata sandi"
    if text[:1] == b"<" or "html" in kind:
        return "jawabannya halaman web, bukan gambar JPEG; periksa alamat dan kata sandi"
    return "jawabannya bukan gambar JPEG"


def _why(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UNTRUSTED
    if _is_by_tls(error):
        return UNSAFE
    if isinstance(error, httpx.RemoteProtocolError) and not _HUNG_UP.search(str(error)):
        return "jawaban kamera tidak dapat dibaca sebagai HTTP; periksa alamat dan port"
    if isinstance(error, httpx.ConnectError):
        return "tidak dapat dijangkau; periksa alamat, jaringan dan listrik kamera"
    return "sambungan diputus kamera"


def _is_by_tls(error: BaseException | None) -> bool:
    """Whether it goes back to a fault of TLS: httpx wraps what others have wrapped."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None
