"""Why no page came: errors of sockets, DNS, TLS and HTTP in words that a person can act on."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx

from commandcenter.applications.answer import Fault
from commandcenter.applications.body import BadPacking
from commandcenter.applications.names import fault_of
from commandcenter.applications.visit import RedirectLoop, TooManyRedirects, Trail

_NO_ROUTE = {errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EPERM, errno.EACCES}
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_HOST = {errno.EHOSTUNREACH, errno.EHOSTDOWN}
_CONNECTING = "tidak dapat dihubungi"
_HTTP = (  # h11's sentences; what a browser forgives is told as served
    ("illegal header line", "header HTTP cacat, yang dimaafkan peramban", True),
    ("Transfer-Encoding", "header Transfer-Encoding cacat, yang dimaafkan peramban", True),
    ("Receive buffer too long", "header HTTP lebih dari 100 kB", True),
    ("Content-Length", "header Content-Length cacat atau bertentangan", False),
    ("illegal status line", "yang menjawab bukan HTTP/1.1", False),
    ("illegal chunk header", "halaman terpotong: bagiannya (chunked) rusak", False),
    ("without sending a response", "sambungan ditutup tanpa jawaban HTTP", False),
    ("status_code should be in range", "status HTTP yang tidak ada", False),
    ("without a pending proposal", "status HTTP 101 tanpa diminta", False),
    ("no response line", "yang menjawab bukan HTTP/1.1", False),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a visit ended before its page was whole."""

    words: str
    fault: Fault = Fault.SERVER
    served: bool = False


Kind = TypeVar("Kind", bound=BaseException)


def causes(error: BaseException, kind: type[Kind]) -> Iterator[Kind]:
    """The errors of a kind among an error and what led to it."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, kind):
            yield one
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        waiting += [e for e in (one.__cause__, one.__context__, *inner) if e is not None]


def explain(error: Exception, trail: Trail, timeout: float, most_redirects: int) -> Failure:
    """What happened, for a visit that `error` ended. TLS is not among it (handshake.py)."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return Failure(_too_late(trail, timeout))
    if isinstance(error, BadPacking):
        return Failure(f"halaman rusak: {error}")
    if trail.response is not None:
        return Failure(f"halaman terpotong: sambungan putus {_so_far(trail)}")
    return (
        _redirected(error, most_redirects)
        or _lookup(error, trail)
        or _pathless(error, trail)
        or _unconnected(error, trail)
        or _http(error, trail)
    )


def _redirected(error: Exception, most_redirects: int) -> Failure | None:
    if isinstance(error, RedirectLoop):
        return Failure("dialihkan berputar-putar: halaman kembali ke alamat yang sama")
    if isinstance(error, TooManyRedirects):
        return Failure(f"dialihkan lebih dari {most_redirects} kali")
    invalid = "in location header" in str(error)  # httpx's words for one that is no address
    if invalid or isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError):
        return Failure("dialihkan ke alamat yang bukan http atau https")
    return None


def _too_late(trail: Trail, timeout: float) -> str:
    within = f"dalam {timeout:g} detik"
    if trail.response is not None:
        return f"halaman tidak selesai {within}: {_so_far(trail)}"
    if "start_tls" in trail.step:
        return f"TLS: jabat tangan tidak selesai {within}"
    if "connect_" in trail.step:
        return f"{_CONNECTING} {within}{_there(trail)}"
    return f"tidak menjawab {within}{_there(trail)}"


def _so_far(trail: Trail) -> str:
    body = trail.body
    whole = f" dari {body.expected}" if body.expected is not None else ""
    return f"setelah {body.received}{whole} byte{_there(trail)}"


def _there(trail: Trail) -> str:
    return f" (dialihkan ke {trail.elsewhere})" if trail.elsewhere else ""


def _lookup(error: Exception, trail: Trail) -> Failure | None:
    """A name on the way that has no address; the first one was looked up before."""
    failed = next(causes(error, socket.gaierror), None)
    if failed is None:
        return None
    if trail.elsewhere:
        return Failure(f"dialihkan ke {trail.elsewhere}, yang namanya tidak dapat dicari")
    return Failure("nama tidak dapat dicari", fault_of(failed))


def _pathless(error: Exception, trail: Trail) -> Failure | None:
    """No way to the server. A host has several addresses: it is ours only where it is at each of
    them, and never where a server that answered led us to."""
    numbers = {found.errno for found in causes(error, OSError) if found.errno}
    if numbers & _EXHAUSTED:
        return Failure("komputer pemantau kehabisan sumber daya", Fault.OURS)
    if not numbers or not numbers <= _HOST | _NO_ROUTE:
        return None
    if trail.elsewhere:
        return Failure(f"dialihkan ke {trail.elsewhere}, yang tidak dapat dicapai dari sini")
    if numbers <= _HOST:
        return Failure(f"{_CONNECTING}: tidak ada rute ke server", Fault.NO_HOST)
    return Failure("tidak ada rute dari komputer pemantau", Fault.NO_ROUTE)


def _unconnected(error: Exception, trail: Trail) -> Failure | None:
    there = _there(trail)
    if isinstance(error, httpx.ConnectError):
        refused = any(causes(error, ConnectionRefusedError))
        return Failure(f"{_CONNECTING}{': sambungan ditolak' if refused else ''}{there}")
    if isinstance(error, httpx.NetworkError):
        return Failure(f"sambungan diputus sebelum jawaban datang{there}{_perhaps(trail)}")
    return None


def _perhaps(trail: Trail) -> str:
    """TLS 1.3 has no other moment to refuse a client without a certificate (RFC 8446 4.4.2.4), and
    the alert that says so may be lost with the connection."""
    encrypted = trail.at.scheme == "https"
    return "; mungkin server menuntut sertifikat klien (mTLS)" if encrypted else ""


def _http(error: Exception, trail: Trail) -> Failure:
    told = str(error)
    if "illegal request line" in told:  # bytes before any line, as HTTP/2 begins
        opens = trail.at.scheme == "https"  # browsers speak it there, and nowhere else
        return Failure("yang menjawab bukan HTTP/1.1, mungkin HTTP/2 saja", served=opens)
    for sentence, words, served in _HTTP:
        if sentence in told:
            return Failure(words, served=served)
    return Failure(f"jawaban rusak: {type(error).__name__}")


def tls_error(error: Exception) -> ssl.SSLError | None:
    """What OpenSSL said, None when it said nothing."""
    waiting = (ssl.SSLWantReadError, ssl.SSLWantWriteError)  # what asks for more bytes
    told = (found for found in causes(error, ssl.SSLError) if not isinstance(found, waiting))
    return next(told, None)
