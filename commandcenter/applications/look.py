"""A look at an application: visited as OpenSSL would, and where that is refused, as browsers do."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from commandcenter.applications.answer import Answer, Fault
from commandcenter.applications.body import BadPacking
from commandcenter.applications.certificates import (
    Certificate,
    distrust,
    first_end,
    is_about_underscore,
    is_for,
    is_only_our_clock,
)
from commandcenter.applications.failures import Failure, causes, explain, tls_error
from commandcenter.applications.handshake import (
    CUT_OFF,
    OLD_ONLY,
    Manner,
    Refusal,
    context,
    refusal,
)
from commandcenter.applications.names import NameFailed, Names
from commandcenter.applications.site import Site
from commandcenter.applications.visit import (
    RedirectLoop,
    TooManyRedirects,
    Trail,
    judge,
    walk,
)

UNTRUSTED = "sertifikat tidak dipercaya"
_EXPECTED = (  # UnicodeError: a redirect to a name that IDNA does not know
    UnicodeError,
    httpx.HTTPError,
    httpx.InvalidURL,
    OSError,
    BadPacking,
    RedirectLoop,
    TooManyRedirects,
)


@dataclass(kw_only=True)
class Looker:
    """Looks at applications. `timeout` is the patience with one visit, in seconds."""

    timeout: float
    most_redirects: int
    authorities: Path | None = None
    _names: Names = field(default_factory=Names)
    _contexts: dict[tuple[Manner, bool, bool], ssl.SSLContext] = field(default_factory=dict)

    async def look(self, site: Site, now: datetime) -> Answer:
        """What a browser would find there. Raises BadAuthorities."""
        try:
            await self._names.check(site.host, self.timeout)
        except NameFailed as error:
            return Answer(trouble=_NAME_FAULTS[error.fault], fault=error.fault)
        return await _Attempts(self, site, now).answer()

    def trust(self, manner: Manner, *, verify: bool, names: bool) -> ssl.SSLContext:
        """How to speak TLS; made once."""
        key = (manner, verify, names)
        if key not in self._contexts:
            self._contexts[key] = context(manner, self.authorities, verify=verify, names=names)
        return self._contexts[key]


_NAME_FAULTS = {
    Fault.NO_SUCH_NAME: "nama situs tidak dikenal DNS; periksa alamatnya atau catatan DNS-nya",
    Fault.NO_RESOLVER: "nama situs tidak dapat dicari: server DNS-nya tidak menjawab",
    Fault.OURS: "komputer pemantau tidak dapat mencari nama",
}


class _Attempts:
    """Visits to one application until there is a page, or nothing more to try."""

    def __init__(self, looker: Looker, site: Site, now: datetime) -> None:
        self.looker, self.site, self.now = looker, site, now
        self.manner, self.verify, self.names = Manner.STRICT, True, True
        self.distrusted: ssl.SSLCertVerificationError | None = None
        self.refused: Refusal | None = None
        self.host = ""  # at which trust or TLS failed

    async def answer(self) -> Answer:
        while True:
            trail = Trail(start=httpx.URL(self.site.url), at=httpx.URL(self.site.url))
            error = await self._visit(trail)
            if error is None:
                self._settle_names(trail)
                return self._came(trail)
            if not self._may_try_otherwise(error, trail):
                return self._failed(trail, error)

    async def _visit(self, trail: Trail) -> Exception | None:
        trust = self.looker.trust(self.manner, verify=self.verify, names=self.names)
        try:
            async with asyncio.timeout(self.looker.timeout):
                await walk(trail, trust, self.looker.most_redirects, self.site)
        except _EXPECTED as error:  # TimeoutError is an OSError
            return error
        return None

    def _may_try_otherwise(self, error: Exception, trail: Trail) -> bool:
        """Whether another visit, without trust or in another manner, may bring a page."""
        distrusted = next(causes(error, ssl.SSLCertVerificationError), None)
        if distrusted is not None and self.verify:
            self.distrusted, self.host = distrusted, trail.at.host
            names_only = self.names and is_about_underscore(distrusted, self.host)
            self.names, self.verify = not names_only, names_only
            return True
        refused = _refused(error, trail)
        if refused is None:
            return False
        self.refused, self.host = self.refused or refused, trail.at.host
        if not refused.again or self.manner is Manner.OLD:
            return False
        self.manner = Manner(self.manner + 1)
        return True

    def _settle_names(self, trail: Trail) -> None:
        """Where OpenSSL was not asked about names, they are compared here."""
        asked = self.names or not self.verify
        if not asked and all(is_for(chain, host) for host, chain in trail.chains.items()):
            self.distrusted = None

    def _came(self, trail: Trail) -> Answer:
        """A page came."""
        page, certificate = judge(self.site, trail), self._certificate(trail)
        weakness = [f"TLS{self._where}: {self._weakness}"] if self._weakness else []
        if certificate is not None and certificate.trouble:
            weakness.insert(0, f"{UNTRUSTED}{self._where}: {certificate.trouble}")
        return Answer(
            status=trail.status,
            latency_ms=trail.latency_ms,
            certificate=certificate,
            trouble="; ".join(words for words in (page.trouble, *weakness) if words),
            notice=page.notice,
            served=page.served and self.manner is not Manner.OLD,
            fault=Fault.DATES if self._is_only_our_clock(trail) else Fault.NONE,
        )

    def _is_only_our_clock(self, trail: Trail) -> bool:
        if self.distrusted is None or trail.server_time is None:
            return False
        chain = trail.chains.get(self.host, ())
        return is_only_our_clock(self.distrusted, chain, trail.server_time, self.now)

    def _failed(self, trail: Trail, error: Exception) -> Answer:
        """No page came, or not the whole of it."""
        failure = explain(error, trail, self.looker.timeout, self.looker.most_redirects)
        if self.refused is not None and trail.response is None:
            failure = Failure(f"TLS{self._where}: {self.refused.words}", served=self.refused.opens)
        return Answer(
            status=trail.status,
            latency_ms=trail.latency_ms,
            certificate=self._certificate(trail),
            trouble=failure.words,
            served=failure.served,
            fault=failure.fault,
        )

    def _certificate(self, trail: Trail) -> Certificate | None:
        trouble = ""
        if self.distrusted is not None:
            chain = trail.chains.get(self.host, ())
            trouble = distrust(self.distrusted, chain, self.now)
        return first_end(trail.chains.values(), trouble)

    @property
    def _where(self) -> str:
        return f" di {self.host}" if self.host != httpx.URL(self.site.url).host else ""

    @property
    def _weakness(self) -> str:
        """What is wrong with the encryption under which a page came."""
        if self.manner is Manner.OLD:
            return OLD_ONLY
        return f"{self.refused.words}; peramban masih membukanya" if self.refused else ""


def _refused(error: Exception, trail: Trail) -> Refusal | None:
    """Why TLS was refused, None when it is something else that failed."""
    if trail.response is not None:
        return None
    told = tls_error(error)
    if told is not None:
        return refusal(told)
    cut = isinstance(error, httpx.ConnectError) and "start_tls" in trail.step
    return CUT_OFF if cut else None
