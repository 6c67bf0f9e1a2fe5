"""A client of Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), in JSON.

The answer's filters work on when a complaint was made, not on when it changed: closures are found
by asking for the open ones by their ids.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import httpx
import orjson

from commandcenter.complaints import dates
from commandcenter.complaints.words import identity, place, stage, text
from commandcenter.feed import SourceDown
from commandcenter.records.complaints import BadComplaint, Stage, Told
from commandcenter.secret import Secret, SecretMissing, redact

_TIMEOUT_SECONDS = 15.0
_PAGE = 500
_SMALLEST_PAGE = 50  # Chicago's default, whatever size was asked for
_MOST_PAGES = 20
_IDS_AT_ONCE = 50
_MOST_BYTES = 20 * 2**20
_BARE_ZEROS = re.compile(rb"(:\s*)(0\d+)(\s*[,}\]])")  # the specification's own sample has 006


@dataclass(slots=True)
class Answers:
    """What the server told: complaints, and reasons for entries that cannot be taken."""

    good: list[Told] = field(default_factory=list)
    bad: list[tuple[str, bytes]] = field(default_factory=list)
    nameless: int = 0
    """Entries that have no service_request_id yet; they come again when they have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open311:
    """One server. `base` is what "/requests.json" is appended to."""

    base: str
    key: Secret | None = None
    jurisdiction: str = ""

    async def look(self, open_ids: Sequence[str], zone: tzinfo, now: datetime) -> Answers:
        """All open complaints, and what became of `open_ids`. Raises SourceDown (in Indonesian)."""
        async with self._client() as client:
            entries = [entry async for entry in self._open(client)]
            there = {str(entry.get("service_request_id")) for entry in entries}
            gone = [number for number in open_ids if number not in there]
            for start in range(0, len(gone), _IDS_AT_ONCE):
                asked = ",".join(gone[start : start + _IDS_AT_ONCE])
                wanted = {"service_request_id": asked, "status": "open,closed"}
                entries += await self._requests(client, wanted)
        return read_entries(entries, zone, now)

    async def _open(self, client: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
        """Page by page; a server that knows no pages gives the first one twice."""
        seen: set[str] = set()
        for page in range(1, _MOST_PAGES + 1):
            asked = {"status": "open", "page": str(page), "page_size": str(_PAGE)}
            entries = await self._requests(client, asked)
            new = [e for e in entries if str(e.get("service_request_id")) not in seen]
            for entry in new:
                yield entry
            seen |= {str(e.get("service_request_id")) for e in new}
            if not new or len(entries) < _SMALLEST_PAGE:
                return

    async def _requests(
        self, client: httpx.AsyncClient, asked: dict[str, str]
    ) -> list[dict[str, Any]]:
        where = {"jurisdiction_id": self.jurisdiction} if self.jurisdiction else {}
        url = f"{self.base.rstrip('/')}/requests.json"
        try:
            async with client.stream("GET", url, params=asked | where) as answer:
                if answer.status_code != 200:
                    raise SourceDown(self._down(f"menjawab HTTP {answer.status_code}"))
                raw = b"".join([part async for part in self._bounded(answer)])
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceDown(self._down(f"tidak dapat dihubungi ({_kind(error)})")) from error
        return self._list(raw)

    async def _bounded(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > _MOST_BYTES:
                raise SourceDown(self._down("menjawab terlalu panjang (lebih dari 20 MB)"))
            yield part

    def _list(self, raw: bytes) -> list[dict[str, Any]]:
        try:
            told = read_json(raw)
        except orjson.JSONDecodeError as error:
            raise SourceDown(self._down("tidak menjawab dengan JSON")) from error
        if not isinstance(told, list):
            raise SourceDown(self._down("tidak menjawab dengan daftar aduan"))
        return [entry for entry in told if isinstance(entry, dict)]

    def _down(self, what: str) -> str:
        return f"Server Open311 {redact(self.base)} {what}; periksa alamat dan layanannya"

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


def read_json(raw: bytes) -> Any:
    """JSON, also with bare numbers like 006. Raises orjson.JSONDecodeError."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return orjson.loads(_BARE_ZEROS.sub(rb'\1"\2"\3', raw))


def read_entries(entries: Sequence[dict[str, Any]], zone: tzinfo, now: datetime) -> Answers:
    """The complaints among the entries of requests.json."""
    answers = Answers()
    for entry in entries:
        if entry.get("service_request_id") in (None, ""):
            answers.nameless += 1
            continue
        try:
            answers.good.append(_complaint(entry, zone, now))
        except BadComplaint as error:
            number = text(entry.get("service_request_id"), 128) or "?"
            answers.bad.append((f"service_request_id {number}: {error}", b""))
    return answers


def _complaint(entry: dict[str, Any], zone: tzinfo, now: datetime) -> Told:
    latitude, longitude = place(entry.get("lat"), entry.get("long"))
    description = text(entry.get("description"), 10_000)
    category = text(entry.get("service_name"), 120)
    number = identity(entry["service_request_id"])
    title = text(entry.get("title"), 300) or category or text(description, 80)
    found = _stage(entry)
    changed = dates.moment(str(entry.get("updated_datetime") or ""), zone, now)
    return Told(
        source="open311",
        external_id=number,
        title=title or f"Aduan {number}",
        description=description,
        category=category,
        agency=text(entry.get("agency_responsible"), 160),
        address=text(entry.get("address"), 300),
        latitude=latitude,
        longitude=longitude,
        stage=found,
        received_at=dates.moment(str(entry.get("requested_datetime") or ""), zone, now),
        due_at=dates.due(str(entry.get("expected_datetime") or ""), zone),
        closed_at=changed if found == "closed" else None,
        updated_at=now,  # asked now, it says so now
    )


def _stage(entry: dict[str, Any]) -> Stage | None:
    """The standard knows open and closed only; an open one with an agency has been forwarded."""
    found = stage(str(entry.get("status") or ""))
    if found == "received" and text(entry.get("agency_responsible"), 160):
        return "forwarded"
    return found


def _kind(error: Exception) -> str:
    return {"ConnectError": "sambungan ditolak", "ConnectTimeout": "tidak ada jawaban"}.get(
        type(error).__name__, type(error).__name__
    )
