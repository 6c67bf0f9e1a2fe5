"""E-government applications, asked as a citizen's browser asks: do they answer, and how soon."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList, Listed, Office, read_list
from commandcenter.reading import Reading
from commandcenter.secret import redact
from commandcenter.vocabulary import Application

_AGENT = "commandcenter/1 (pemantau ketersediaan)"
_MOST_BODY = 256 * 1024  # bytes that are read of a page
_MOST_REDIRECTS = 3
_DAY = 86400.0
_BUSY = 64  # applications that are asked at the same moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A row of the list of applications."""

    id: str
    name: str
    url: str
    expect_status: int | None = None  # without it anything below 400
    expect_text: str = ""  # words that the page must contain
    behind: str = ""  # id of the network device it hangs on


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back. `trouble` says what is wrong with it, "" when nothing is."""

    status: int | None = None
    latency_ms: float | None = None  # to the first byte
    certificate_ends: datetime | None = None
    trouble: str = ""
    served: bool = False  # a page came, even if something about it is not right


@dataclass(kw_only=True)
class Applications(Feed):
    """Applications of a list, asked over HTTP; their certificates are watched, too."""

    every: float = 30.0
    late_after: float = 75.0
    stale_after: float = 240.0
    applications: Path
    """The list: id, name, url; expect_status, expect_text, behind (id of the network device it
    hangs on)."""
    timeout: float = 10.0
    degraded_latency_ms: float = 2000.0
    authorities: Path | None = None
    """PEM file of certificate authorities of your own, beside the usual ones."""
    down_after: int = 2
    """So many looks in a row without a good answer make an application down."""

    def __post_init__(self) -> None:
        self._sites: dict[str, Site] = {}
        self._list = KeptList(self.applications, "id", read_sites)
        self._failures: dict[str, int] = {}
        self._clients: tuple[httpx.AsyncClient, httpx.AsyncClient] | None = None
        self._places = asyncio.Semaphore(_BUSY)

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        gone = await self._read_list(desk)
        tasks = [asyncio.create_task(self._look(desk, site)) for site in self._sites.values()]
        try:
            for reading in asyncio.as_completed(tasks):
                yield await reading
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for identity in gone:
            yield self.reading(f"application/{identity}", None, desk.now())

    def check(self, offices: Sequence[Office]) -> None:  # noqa: ARG002
        read_sites(self.applications).faultless()

    async def close(self) -> None:
        """Let go of the connections."""
        clients, self._clients = self._clients or (), None
        for client in clients:
            await client.aclose()

    async def _look(self, desk: Desk, site: Site) -> Reading:
        verified, trusting = self._clients = self._clients or (
            _client(self.timeout, _trust(self.authorities)),
            _client(self.timeout, httpx.create_ssl_context(verify=False)),
        )
        async with self._places:
            answer = await ask(verified, site, self.timeout)
            if answer.trouble.startswith(_UNTRUSTED):
                again = await ask(trusting, site, self.timeout)
                answer = replace(again, trouble=again.trouble or answer.trouble)
        now = desk.now()
        return self.reading(f"application/{site.id}", {**self._judge(site, answer, now)}, now)

    def _judge(self, site: Site, answer: Answer, now: datetime) -> Application:
        self._failures[site.id] = 0 if answer.served else self._failures.get(site.id, 0) + 1
        detail = answer.trouble
        if not detail and (answer.latency_ms or 0) > self.degraded_latency_ms:
            detail = f"lambat: {answer.latency_ms:.0f} ms"
        state: Literal["up", "degraded", "down"] = "degraded" if detail else "up"
        if self._failures[site.id] >= self.down_after:
            state = "down"
        ends = answer.certificate_ends
        return Application(
            name=site.name,
            url=redact(site.url),
            behind=site.behind,
            state=state,
            detail=detail,
            status=answer.status,
            latency_ms=answer.latency_ms,
            certificate_days=(ends - now).total_seconds() / _DAY if ends else None,
        )

    async def _read_list(self, desk: Desk) -> Sequence[str]:
        """Read the list again if it changed; returns the ids that are no longer in it."""
        before = self._sites
        try:
            self._sites = await self._list.current(desk)
        except BadList as error:
            raise SourceDown(f"perbaiki daftar aplikasi:\n{error}") from error
        self._failures = {k: n for k, n in self._failures.items() if k in self._sites}
        return [identity for identity in before if identity not in self._sites]


_UNTRUSTED = "sertifikat tidak dipercaya"
_REASONS = {  # OpenSSL's X509_V_ERR_* (x509_vfy.h)
    9: "belum berlaku",
    10: "kedaluwarsa",
    18: "ditandatangani sendiri",
    19: "ditandatangani sendiri",
    20: "penerbit tidak dikenal",
    62: "untuk nama situs lain",
    64: "untuk alamat lain",
}


async def ask(client: httpx.AsyncClient, site: Site, timeout: float) -> Answer:
    """One request, redirects followed. `timeout` seconds for all of it; never raises."""
    try:
        async with asyncio.timeout(timeout):
            return await _fetch(client, site)
    except (httpx.TimeoutException, TimeoutError):
        return Answer(trouble=f"tidak menjawab dalam {timeout:g} detik")
    except httpx.TooManyRedirects:
        return Answer(trouble=f"dialihkan lebih dari {_MOST_REDIRECTS} kali")
    except httpx.ConnectError as error:
        reason = _certificate_error(error)
        trouble = f"{_UNTRUSTED}: {reason}" if reason else "tidak dapat dihubungi"
        return Answer(trouble=trouble)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return Answer(trouble=f"jawaban rusak: {type(error).__name__}")


async def _fetch(client: httpx.AsyncClient, site: Site) -> Answer:
    clock = asyncio.get_running_loop().time
    began = clock()
    async with client.stream("GET", site.url) as response:
        latency = (clock() - began) * 1000
        ends = _certificate_ends(response)
        body = b"" if not site.expect_text else await _head(response)
    trouble = _mismatch(site, response, body)
    return Answer(
        status=response.status_code,
        latency_ms=latency,
        certificate_ends=ends,
        trouble=trouble,
        served=not trouble,
    )


async def _head(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw(16 * 1024):
        body += chunk  # raw, because a few packed bytes could unfold into a gigabyte
        if len(body) >= _MOST_BODY:
            break
    return body[:_MOST_BODY]


def _mismatch(site: Site, response: httpx.Response, body: bytes) -> str:
    status, wanted = response.status_code, site.expect_status
    if (status != wanted) if wanted else (status >= 400):
        return f"status HTTP {status}" + (f", seharusnya {wanted}" if wanted else "")
    if site.expect_text:
        text = body.decode(response.encoding or "utf-8", errors="replace")
        if site.expect_text not in text:
            return f"halaman tidak memuat “{site.expect_text}”"
    return ""


def _certificate_ends(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream else None
    raw = tls.getpeercert(binary_form=True) if tls else None
    return x509.load_der_x509_certificate(raw).not_valid_after_utc if raw else None


def _certificate_error(error: BaseException | None) -> str:
    """What OpenSSL says against the certificate, "" when it was something else."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return _REASONS.get(error.verify_code, error.verify_message)
        error = error.__cause__ or error.__context__
    return ""


def _trust(authorities: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()  # what this machine trusts, beside what browsers trust
    if authorities:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ssl.SSLError) as error:
            raise SourceDown(f"authorities: {authorities} bukan berkas PEM: {error}") from error
    return context


def _client(timeout: float, trust: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=trust,
        timeout=timeout,
        headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"},
        follow_redirects=True,
        max_redirects=_MOST_REDIRECTS,
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
    )


def read_sites(path: Path) -> Listed[Site]:
    """The list of applications."""
    listed = read_list(path, Site)
    listed.leave_out_repeated("id")
    for number, site in list(listed.rows.items()):
        if not _is_url(site.url):
            listed.leave_out(number, "url", "tulis alamat lengkap, misalnya https://contoh.go.id/")
    return listed


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
