"""One visit to an application: the way over its redirects, the page at the end, and what of it is
not as it should be."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from commandcenter.applications import pages, refresh, statuses
from commandcenter.applications.body import MOST, Body
from commandcenter.applications.certificates import Chain, needed_chain
from commandcenter.applications.charset import plain, text_of
from commandcenter.applications.destination import is_downgrade, is_same_site
from commandcenter.applications.site import Site, is_web_address
from commandcenter.secret import redact

if TYPE_CHECKING:
    import httpcore

_MOST_REFRESHES = 3  # a show of pictures that follow one another has no end
_CHECKED_BY = ("x-amzn-waf-action", "cf-mitigated")  # headers of AWS WAF and of Cloudflare
_HEADERS = {
    "User-Agent": "commandcenter/1 (pemantau ketersediaan)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "id,en;q=0.5",
    "Accept-Encoding": "identity",
}


class RedirectLoop(Exception):
    """A page leads back to itself."""


class TooManyRedirects(Exception):
    """More redirects than a browser would follow."""


@dataclass(kw_only=True)
class Trail:
    """How far a visit came; an error tells the rest."""

    start: httpx.URL
    at: httpx.URL
    step: str = ""  # what was begun last, as httpcore names it: "connection.start_tls.started"
    chains: dict[str, Chain] = field(default_factory=dict)  # by host, of https pages
    response: httpx.Response | None = None  # of the last page
    latency_ms: float | None = None
    body: Body = field(default_factory=Body)
    _wires: list[httpcore.AsyncNetworkStream] = field(default_factory=list)

    @property
    def status(self) -> int | None:
        """Of the last page."""
        return self.response.status_code if self.response is not None else None

    @property
    def server_time(self) -> datetime | None:
        """What the clock of the last server says (RFC 9110 6.6.1)."""
        told = self.response.headers.get("date", "") if self.response is not None else ""
        try:
            return parsedate_to_datetime(told).astimezone(UTC)
        except (ValueError, OverflowError, TypeError):
            return None

    @property
    def elsewhere(self) -> str:
        """The host it was led to, "" while that is the one of the list."""
        return self.at.host if self.at.host != self.start.host else ""

    async def note(self, event: str, told: Mapping[str, Any]) -> None:
        """For httpcore's `trace`."""
        if event.endswith(".started"):
            self.step = event
        elif event == "connection.connect_tcp.complete":
            self._wires.append(told["return_value"])

    async def hang_up(self) -> None:
        """Close what is still open: httpcore leaves a handshake that is given up to the garbage
        collector."""
        while self._wires:
            await self._wires.pop().aclose()


@dataclass(frozen=True, slots=True)
class Page:
    """What is wrong with a page that came, and what is worth telling of it."""

    trouble: str = ""
    notice: str = ""
    served: bool = True


async def walk(trail: Trail, trust: ssl.SSLContext, limit: int, site: Site) -> None:
    """Go to the page and read it, over `limit` redirects or to a page with the status that is
    expected, which may be a redirect's own. Raises httpx.HTTPError, OSError, BadPacking,
    TooManyRedirects, RedirectLoop, httpx.InvalidURL, UnicodeError; where it stopped stands in
    `trail`."""
    try:
        await _walk(trail, trust, limit, site)
    finally:
        await trail.hang_up()


async def _walk(trail: Trail, trust: ssl.SSLContext, limit: int, site: Site) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    async with _client(trust) as client:
        request = client.build_request("GET", trail.start, extensions={"trace": trail.note})
        seen, refreshes = set[tuple[str, str]](), 0
        for _ in range(limit + 1):
            trail.at = request.url
            # The dot that ends a name in DNS is no part of it in TLS (RFC 6066 3).
            request.extensions["sni_hostname"] = request.url.raw_host.decode("ascii").rstrip(".")
            seen.add(_face(request))
            response = await client.send(request, stream=True)
            try:
                _note_certificates(trail, response)
                if response.next_request is None or response.status_code == site.expect_status:
                    trail.response, trail.latency_ms = response, (clock() - began) * 1000
                    await trail.body.read(response)
            finally:
                await response.aclose()
            if trail.response is None:
                request = _redirected(response, seen)
                continue
            further = _sent_on(client, response, trail, site)
            if further is None or refreshes == _MOST_REFRESHES or _face(further) in seen:
                return
            trail.response, trail.body = None, Body()
            request, refreshes = further, refreshes + 1
    raise TooManyRedirects


def _redirected(response: httpx.Response, seen: set[tuple[str, str]]) -> httpx.Request:
    request = response.next_request
    if request is None or not is_web_address(request.url):
        raise httpx.UnsupportedProtocol("a redirect to no web address")
    if _face(request) in seen:
        raise RedirectLoop
    return request


def _sent_on(
    client: httpx.AsyncClient, response: httpx.Response, trail: Trail, site: Site
) -> httpx.Request | None:
    """The page to which one that came sends a browser by itself. None: it stays there, or it is the
    right one."""
    text = _text(trail)
    right = response.status_code == site.expect_status or _has(site.expect_text, text)
    if right or not response.is_success:
        return None
    to = refresh.target(response.headers.get("refresh", ""), text)
    try:
        url = response.url.join(to)
        if not to or not is_web_address(url):
            return None
    except (httpx.InvalidURL, ValueError):
        return None  # browsers stay, too
    login = response.request.headers.get("authorization") if _is_here(response.url, url) else None
    headers = {"Authorization": login} if login else {}
    return client.build_request("GET", url, headers=headers, extensions={"trace": trail.note})


def _is_here(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether a password for the one is for the other, too (same origin, RFC 6454)."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _face(request: httpx.Request) -> tuple[str, str]:
    """What a server can tell apart: a page that sets a cookie may lead back to itself once."""
    return str(request.url), request.headers.get("cookie", "")


def _client(trust: ssl.SSLContext) -> httpx.AsyncClient:
    """A browser that was never anywhere: cookies of one visit are gone with it."""
    return httpx.AsyncClient(
        verify=trust,
        timeout=None,  # noqa: S113 (the visit as a whole has one)
        headers=_HEADERS,
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
    )


def _note_certificates(trail: Trail, response: httpx.Response) -> None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream else None
    if tls is not None:
        trail.chains[trail.at.host] = needed_chain(tls)


def judge(site: Site, trail: Trail) -> Page:
    """The page at the end of a visit, which came whole."""
    response = trail.response
    if response is None:
        raise ValueError("no page came")
    status = statuses.judge(response, site.expect_status)
    if status.trouble and _kind(trail) == pages.CHECK:
        return Page(f"status HTTP {response.status_code}: halaman {pages.CHECK}{_on(trail)}")
    if status.trouble:
        return Page(status.trouble, _led(trail, ""), status.served)
    if trail.body.packed:
        return _unreadable(site, trail)
    if site.expect_text:
        return _with_words(site, trail, _text(trail))
    found = _suspected(trail) if response.is_success else ""
    return Page(found, _led(trail, "")) if found else _elsewhere(trail, _text(trail))


def _suspected(trail: Trail) -> str:
    """Why a page with a good status is not likely to be the application, "" when it may be."""
    if kind := _kind(trail):
        return f"halaman {kind}{_on(trail)}"
    if to := refresh.left_to_a_browser(_text(trail)):
        return (
            f"halaman kosong yang hanya membawa peramban ke {_plain(to)};"
            " tulis alamat itu di kolom url, atau isi expect_text"
        )
    return "halaman kosong" if trail.body.is_empty and trail.status not in (204, 205) else ""


def _kind(trail: Trail) -> str:
    """What a page is instead of the application, "" when it may be that. CHECK: a CDN or a firewall
    wants to see a browser first; it says nothing of what is behind it, and people get there."""
    headers = trail.response.headers if trail.response is not None else {}
    named = any(name in headers for name in _CHECKED_BY)
    return pages.CHECK if named else pages.unexpected(_text(trail))


def _text(trail: Trail) -> str:
    kind = trail.response.headers.get("content-type", "") if trail.response is not None else ""
    return text_of(trail.body.content, kind)


def _has(words: str, text: str) -> bool:
    """Whether a page has the words that are expected, where some are."""
    return bool(words) and (words in text or plain(words) in plain(text))


def _plain(address: str) -> str:
    """An address for people: without its query, which may hold a secret."""
    told = "".join(c for c in redact(re.split(r"[?#]", address)[0]) if c.isprintable())
    return told if len(told) <= 80 else told[:79] + "…"


def _with_words(site: Site, trail: Trail, text: str) -> Page:
    """The list says what the page must contain: where it has that, it is the right one."""
    if _has(site.expect_text, text):
        return Page(notice=_led(trail, text))
    kind = pages.unexpected(text)
    where = f"{MOST // 1024} kB pertama halaman" if trail.body.cut else "halaman"
    told = f"{where} tidak memuat “{site.expect_text}”" + (f" (halaman {kind})" if kind else "")
    return Page(told, _led(trail, text), served=trail.body.cut)  # they may stand further down


def _unreadable(site: Site, trail: Trail) -> Page:
    told = f"dikemas dengan {trail.body.packed} yang tidak diminta"
    if site.expect_text:
        return Page(f"kata tidak dapat dicari: halaman {told}; matikan di server", _led(trail, ""))
    page = _elsewhere(trail, "")
    return Page(page.trouble, " · ".join(words for words in (page.notice, told) if words))


def _elsewhere(trail: Trail, text: str) -> Page:
    led = _led(trail, text)
    if is_downgrade(trail.start, trail.at):
        return Page(f"dialihkan ke http tanpa enkripsi{_on(trail)}")
    if trail.elsewhere and not is_same_site(trail.start.host, trail.at.host):
        return Page(led + "; bila memang begitu, isi kolom expect_text")
    return Page(notice=led)


def _led(trail: Trail, text: str) -> str:
    """Where the redirects led, "" when that is not worth telling."""
    moved = trail.at.path != trail.start.path
    login = (bool(trail.elsewhere) or moved) and pages.is_login(text)
    if not trail.elsewhere:
        return "dialihkan ke halaman masuk (login)" if login else ""
    return f"dialihkan ke host lain: {trail.elsewhere}" + (" (halaman masuk)" if login else "")


def _on(trail: Trail) -> str:
    return f" di {trail.elsewhere}" if trail.elsewhere else ""
