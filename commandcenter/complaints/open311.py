"""A client of Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), in JSON.

The answer's filters work on when a complaint was made, not on when it changed: closures are found
by asking for the open ones by their ids. Without dates a server may tell of the last 90 days only:
"default query limit is a span of 90 days".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import httpx

from commandcenter.complaints.open311_answer import (
    Answers,
    NotAList,
    distinct,
    entries_of,
    key_of,
    none_there,
    read_entries,
)
from commandcenter.feed import SourceDown
from commandcenter.secret import Secret, SecretMissing, redact

_TIMEOUT_SECONDS = 15.0
_PAGE = 500
_MOST_PAGES = 200
_MOST_SECONDS = 30.0  # for all pages and spans; a look may not last longer than a minute
_SPAN, _MOST_SPANS = timedelta(days=90), 8
_IDS_AT_ONCE = 50
_MOST_IDS = 1000  # at one look; the others are asked for at the next
_MOST_BYTES = 20 * 2**20
_ISO = "%Y-%m-%dT%H:%M:%SZ"
_USUAL_LIMITS = frozenset({10, 15, 20, 25, 30, 40, 50, 75})  # and whole hundreds and fifties
_CHECK = "periksa alamat dan layanannya"
_ADVICE = {
    **dict.fromkeys((301, 302, 307, 308), "alamatnya pindah: tulis alamat barunya di open311"),
    **dict.fromkeys((401, 403), "periksa kuncinya (open311_key)"),
    429: "terlalu sering ditanya: perbesar every",
}
_CANNOT_SAY = (400, 405, 410, 414, 422)  # it cannot be asked for these numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Open311:
    """One server. `base` is what "/requests.json" is appended to."""

    base: str
    key: Secret | None = None
    jurisdiction: str = ""

    async def look(
        self, open_ids: Sequence[str], zone: tzinfo, now: datetime, *, older: bool = False
    ) -> Answers:
        """All open complaints, and what became of `open_ids`. Raises SourceDown (in Indonesian)
        when nothing was heard; what failed later is in the answers.

        `older`: also those of more than 90 days. Once is enough: they are then among `open_ids`.
        """
        async with self._client() as client:
            until = asyncio.get_running_loop().time() + _MOST_SECONDS
            entries, complete, trouble = await self._open(client, until)
            older_complete = None
            if older and not trouble:
                before, older_complete = await self._older(client, entries, now, until)
                entries = [*entries, *before]
            there = {key_of(entry) for entry in entries}
            missing = [number for number in open_ids if number not in there][:_MOST_IDS]
            told, unheard = await self._by_ids(client, missing)
        each, twice = distinct([*entries, *told])
        answers = read_entries(each, zone, now)
        answers.bad += twice
        answers.complete, answers.trouble = complete, trouble or unheard
        answers.older_complete = older_complete
        if complete and not unheard:
            known = {key_of(entry) for entry in told}
            answers.gone = [number for number in missing if number not in known]
        return answers

    async def _open(self, client: httpx.AsyncClient, until: float) -> tuple[list[Any], bool, str]:
        """The open ones, whether they are all, and what failed on a later page.

        Pages are read until one is empty or tells nothing new. Some servers count them from 0
        (open311/open311.github.io#16), so the first is asked for without a number.
        """
        found = await self._requests(client, {"status": "open", "page_size": str(_PAGE)})
        first, seen = len(found), {key_of(entry) for entry in found}
        for page in range(1, _MOST_PAGES + 1):
            asked = {"status": "open", "page": str(page), "page_size": str(_PAGE)}
            try:
                entries = await self._requests(client, asked)
            except SourceDown as error:
                return found, False, str(error)
            new = [entry for entry in entries if key_of(entry) not in seen]
            if not new and (page > 1 or not entries):
                knows_pages = not entries or len(found) > first
                return found, knows_pages or not _is_limit(first), ""
            found += new
            seen |= {key_of(entry) for entry in new}
            if asyncio.get_running_loop().time() > until:
                break
        return found, False, ""

    async def _older(
        self, client: httpx.AsyncClient, entries: Sequence[Any], now: datetime, until: float
    ) -> tuple[list[Any], bool]:
        """The open ones of two years that a server tells only when it is asked for their days; and
        whether they are all."""
        known = {key_of(entry) for entry in entries}
        found: list[Any] = []
        for number in range(1, _MOST_SPANS + 1):
            if asyncio.get_running_loop().time() > until:
                return found, False
            end = now.astimezone(UTC) - number * _SPAN
            days = {"start_date": f"{end - _SPAN:{_ISO}}", "end_date": f"{end:{_ISO}}"}
            asked = {"status": "open", **days, "page_size": str(_PAGE)}
            try:
                told = await self._requests(client, asked, none_if=_CANNOT_SAY)
            except SourceDown:
                return found, False
            new = [entry for entry in told if key_of(entry) not in known]
            if told and not new:
                break  # it tells them without being asked for days
            found += new
            known |= {key_of(entry) for entry in new}
            if _is_limit(len(told)):
                return found, False
        return found, True

    async def _by_ids(
        self, client: httpx.AsyncClient, numbers: Sequence[str]
    ) -> tuple[list[Any], str]:
        """What is told of these, and what failed; a server that cannot be asked tells nothing."""
        found: list[Any] = []
        for start in range(0, len(numbers), _IDS_AT_ONCE):
            some = numbers[start : start + _IDS_AT_ONCE]
            wanted = {"service_request_id": ",".join(some), "status": "open,closed"}
            try:
                told = await self._requests(client, wanted, none_if=_CANNOT_SAY)
            except SourceDown as error:
                return found, str(error)
            found += [entry for entry in told if key_of(entry) in some]
        return found, ""

    async def _requests(
        self, client: httpx.AsyncClient, asked: dict[str, str], none_if: Sequence[int] = ()
    ) -> list[Any]:
        where = {"jurisdiction_id": self.jurisdiction} if self.jurisdiction else {}
        url = f"{self.base.rstrip('/')}/requests.json"
        try:
            async with client.stream("GET", url, params=asked | where) as answer:
                raw = b"".join([part async for part in self._bounded(answer)])
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceDown(self._down(f"tidak dapat dihubungi ({_kind(error)})")) from error
        status = answer.status_code
        if status in (204, *none_if) or (status == 404 and none_there(raw)):
            return []
        if status != 200:
            raise SourceDown(self._down(f"menjawab HTTP {status}", _ADVICE.get(status, _CHECK)))
        try:
            return entries_of(raw)
        except NotAList as error:
            raise SourceDown(self._down(str(error))) from None

    async def _bounded(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > _MOST_BYTES:
                raise SourceDown(self._down("menjawab terlalu panjang (lebih dari 20 MB)"))
            yield part

    def _down(self, what: str, advice: str = _CHECK) -> str:
        return f"Server Open311 {redact(self.base)} {what}; {advice}"

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        try:
            key = self.key.reveal() if self.key else ""
        except SecretMissing as error:
            raise SourceDown(f"Kunci Open311 belum tersedia: {error}") from error
        async with httpx.AsyncClient(transport=_Keyed(key), timeout=_TIMEOUT_SECONDS) as client:
            yield client


class _Keyed(httpx.AsyncHTTPTransport):
    """Adds api_key below the client, because httpx logs every address it is asked for."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._key:
            request = httpx.Request(
                request.method,
                request.url.copy_merge_params({"api_key": self._key}),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        return await super().handle_async_request(request)


def _is_limit(count: int) -> bool:
    """Whether a server that knows no pages may have cut its answer there."""
    return count in _USUAL_LIMITS or (count > 0 and count % 50 == 0)


def _kind(error: Exception) -> str:
    return {"ConnectError": "sambungan ditolak", "ConnectTimeout": "tidak ada jawaban"}.get(
        type(error).__name__, type(error).__name__
    )
