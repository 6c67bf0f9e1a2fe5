"""E-government applications, asked as a citizen's browser asks: do they answer, and how soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from commandcenter.applications.answer import (
    DATED,
    OURS,
    PATHLESS,
    UNNAMED,
    Answer,
    Fault,
)
from commandcenter.applications.certificates import Certificate
from commandcenter.applications.handshake import BadAuthorities
from commandcenter.applications.look import Looker
from commandcenter.applications.outage import ours
from commandcenter.applications.site import Site, read_sites
from commandcenter.feed import Desk, Feed, NotSeen, SourceDown
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList, Office
from commandcenter.reading import Reading
from commandcenter.secret import redact
from commandcenter.vocabulary import Application, ApplicationState

_DAY = 86400.0
_BUSY = 64  # applications that are asked at the same moment
_SUSPECT = UNNAMED | PATHLESS | DATED  # faults that may turn out to be our own


@dataclass(kw_only=True)
class Applications(Feed):
    """Applications of a list, asked over HTTP; their certificates are watched, too."""

    every: float = 30.0
    late_after: float = 75.0
    stale_after: float = 240.0
    applications: Path
    """The list: id, name, url; expect_status (the HTTP status that is right, 401 for a page behind
    a login; without it 200 to 299), expect_text (words that the page must contain; where it has
    them it is the right page, on whatever host), behind (id of the network device it hangs on)."""
    timeout: float = 10.0
    """How long an application is waited for, from its name to the end of its page."""
    degraded_latency_ms: float = 2000.0
    redirects: int = 20
    """So many redirects are followed, as browsers do."""
    certificate_warn_days: float = 14.0
    """From so many days before a certificate ends, the detail says which one."""
    authorities: Path | None = None
    """PEM file of certificate authorities of your own, beside the usual ones."""
    down_after: int = 2
    """So many looks in a row without a good answer make an application down."""

    def __post_init__(self) -> None:
        self._sites: dict[str, Site] = {}
        self._list = KeptList(self.applications, "id", read_sites)
        self._failures: dict[str, int] = {}
        self._looker: Looker | None = None
        self._places = asyncio.Semaphore(_BUSY)

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        gone = await self._read_list(desk)
        looker = self._looker = self._looker or Looker(
            timeout=self.timeout, most_redirects=self.redirects, authorities=self.authorities
        )
        answers: dict[Site, Answer] = {}
        async for identity, told in desk.each(partial(self._look, desk, looker), self._sites):
            site, answer = self._sites[identity], _answer(told)
            answers[site] = answer
            if answer.fault not in _SUSPECT:
                yield self._told(desk, site, answer)
        why = ours(answers)
        for site, answer in answers.items():
            if answer.fault in _SUSPECT:
                yield self._told(desk, site, answer, why)
        for identity in gone:
            yield self.reading(f"application/{identity}", None, desk.now())
        if why:
            raise SourceDown(why)

    def check(self, offices: Sequence[Office]) -> None:  # noqa: ARG002
        read_sites(self.applications).faultless()

    async def _look(self, desk: Desk, looker: Looker, site: Site) -> Answer:
        async with self._places:
            try:
                return await looker.look(site, desk.now())
            except BadAuthorities as error:
                raise SourceDown(str(error)) from error

    def _told(self, desk: Desk, site: Site, answer: Answer, why: str = "") -> Reading:
        now = desk.now()
        unknown = answer.fault in OURS or (bool(why) and answer.fault in _SUSPECT)
        state, detail = self._judge(site, answer) if not unknown else ("unknown", answer.trouble)
        if unknown and answer.fault in DATED:  # by a wrong clock nothing is known of it
            answer = replace(answer, certificate=None)
        value = _value(site, answer, now)
        value["state"] = state
        value["detail"] = " · ".join(d for d in (detail, self._ending(answer, now)) if d)
        return self.reading(f"application/{site.id}", {**value}, now)

    def _judge(self, site: Site, answer: Answer) -> tuple[ApplicationState, str]:
        """State and detail of an application that could be looked at."""
        self._failures[site.id] = 0 if answer.served else self._failures.get(site.id, 0) + 1
        detail = answer.trouble
        if not detail and (answer.latency_ms or 0) > self.degraded_latency_ms:
            detail = f"lambat: {answer.latency_ms:.0f} ms"
        if self._failures[site.id] >= self.down_after:
            return "down", detail
        return ("degraded", detail) if detail else ("up", answer.notice)

    def _ending(self, answer: Answer, now: datetime) -> str:
        """Which certificate ends soon, while it is still accepted."""
        certificate = answer.certificate
        days = None if certificate is None else _days(certificate, now)
        if certificate is None or certificate.trouble or days is None:
            return ""
        if days >= self.certificate_warn_days:
            return ""
        return f"sertifikat “{certificate.ends_first}” habis dalam {max(0, int(days))} hari"

    async def _read_list(self, desk: Desk) -> Sequence[str]:
        """Read the list again if it changed; returns the ids that are no longer in it."""
        before = self._sites
        try:
            self._sites = await self._list.current(desk)
        except BadList as error:
            raise SourceDown(f"perbaiki daftar aplikasi:\n{error}") from error
        known = self._sites
        self._failures = {k: n for k, n in self._failures.items() if k in known}
        return [identity for identity in before if identity not in known]


def _answer(told: Answer | NotSeen) -> Answer:
    return told if isinstance(told, Answer) else Answer(trouble=told.why, fault=Fault.OURS)


def _value(site: Site, answer: Answer, now: datetime) -> Application:
    certificate = answer.certificate
    return Application(
        name=site.name,
        url=redact(site.url),
        behind=site.behind,
        state="unknown",
        detail=answer.trouble,
        status=answer.status,
        latency_ms=answer.latency_ms,
        certificate=None if certificate is None else _trust(certificate),
        certificate_days=None if certificate is None else _days(certificate, now),
        certificate_ends_first="" if certificate is None else certificate.ends_first,
    )


def _trust(certificate: Certificate) -> Literal["trusted", "untrusted"]:
    return "untrusted" if certificate.trouble else "trusted"


def _days(certificate: Certificate, now: datetime) -> float | None:
    """Days for which browsers go on accepting it: none left once they do not."""
    if certificate.ends is None:
        return 0.0 if certificate.trouble else None
    days = (certificate.ends - now).total_seconds() / _DAY
    return min(0.0, days) if certificate.trouble else days
