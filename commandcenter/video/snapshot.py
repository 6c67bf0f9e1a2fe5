"""Fetch a camera's JPEG over HTTP (RFC 9110), with Digest or Basic authentication."""

from __future__ import annotations

import asyncio

import httpx

from commandcenter.video.messages import LARGEST_PICTURE, CameraFault, Task

_KEPT = 64 * 1024  # of a broken picture


class Snapshot:
    """A camera that hands out one JPEG at a time. To be used in one event loop."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._auth: httpx.Auth | None = None
        self._client = httpx.AsyncClient(
            timeout=task.open_timeout,
            verify=task.verify_tls,
            trust_env=False,  # a proxy of the machine is not for its cameras
            headers={"User-Agent": "commandcenter"},
        )

    async def fetch(self) -> bytes:
        """The JPEG of this moment. Raises CameraFault, after `read_timeout` at the latest."""
        timeout = self._task.read_timeout
        try:
            async with asyncio.timeout(timeout):
                return await self._fetch()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise CameraFault("unreachable", f"tidak menjawab dalam {timeout:.0f} detik") from error
        except httpx.HTTPError as error:
            raise CameraFault("unreachable", _why(error)) from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    async def _fetch(self) -> bytes:
        status, asked, body = await self._get()
        if status == 401 and self._task.user and self._auth is None:
            self._auth = _answer(asked, self._task)
            status, _, body = await self._get()
        _judge(status)
        if body[:2] != b"\xff\xd8":  # JPEG's start of image, ISO/IEC 10918-1 B.1.1.3
            raise CameraFault("unsupported", "jawabannya bukan gambar JPEG", body[:_KEPT])
        return body

    async def _get(self) -> tuple[int, str, bytes]:
        """Status, what it asks for, and the body, none of it larger than a picture may be."""
        body = bytearray()
        async with self._client.stream("GET", self._task.url, auth=self._auth) as response:
            kind = response.headers.get("content-type", "")
            if kind.startswith("multipart/"):
                raise CameraFault("unsupported", "alamat ini aliran MJPEG, bukan gambar diam")
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST_PICTURE:
                    raise CameraFault("unsupported", "gambarnya lebih besar dari 16 MB")
            return response.status_code, response.headers.get("www-authenticate", ""), bytes(body)


def _answer(asked: str, task: Task) -> httpx.Auth:
    if "digest" in asked.lower():
        return httpx.DigestAuth(task.user, task.password)
    return httpx.BasicAuth(task.user, task.password)


def _judge(status: int) -> None:
    """Raises CameraFault for every answer but success."""
    if status in (401, 403):
        raise CameraFault("unauthorized", f"kata sandi ditolak kamera ({status})")
    if status in (404, 410):
        raise CameraFault("not_found", f"alamat gambar tidak ada di kamera ({status})")
    if status != 200:
        raise CameraFault("unreachable", f"kamera menolak permintaan ({status})")


def _why(error: httpx.HTTPError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "sertifikat kamera tidak dipercaya"
    if isinstance(error, httpx.ConnectError):
        return "tidak dapat dijangkau; periksa alamat, jaringan dan listrik kamera"
    return "sambungan diputus kamera"
