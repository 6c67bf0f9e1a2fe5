"""The doors of the history: incidents that are over, by page or all as CSV, with figures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from commandcenter.incidents.bell import incident_value
from commandcenter.language import LANGUAGES
from commandcenter.records import audit
from commandcenter.records.past import OVER, Ended, Search, figures, history
from commandcenter.web.console_doors import Doors, Refused, query
from commandcenter.web.doors import by_of, visitor_of
from commandcenter.web.spreadsheet import BEGIN, line

PAGE = 50
CHUNK = 1000  # rows of one transaction, for the file
DAY = timedelta(days=1)
COLUMNS = (
    "number", "title", "detail", "level", "state", "feed", "office", "kecamatan", "provider",
    "opened_at", "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "minutes",
    "cause", "note", "count",
)  # fmt: skip


class History:
    """?from=2026-11-01&to=2026-11-30 (days of the region's zone, both included), text, feed,
    office, cause, state, page; lang of the file."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.doors.get("history", self.page),
            self.doors.get("history.csv", self.file),
        ]

    async def page(self, request: Request) -> dict[str, Any]:
        """One page of them, newest first, and the figures of all that were found."""
        search, page = self._search(request), self._page(request)
        return await self.doors.records.read(_page, search, page)

    async def file(self, request: Request) -> Response:
        """All of them. What ends while it is read is not among them: rows would shift."""
        search, now, by = self._search(request), self.doors.now(), by_of(request)
        told: dict[str, Any] = {"note": request.url.query, "address": by.address}
        await self.doors.records.write(audit.append, now, by.name, "export.history", **told)
        end = min(search.end, now) if search.end else now
        headers = {"Content-Disposition": 'attachment; filename="riwayat-insiden.csv"'}
        lines = self._lines(replace(search, end=end), self._language(request))
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    def _language(self, request: Request) -> str:
        asked = query(request, "lang")
        return asked if asked in LANGUAGES else self.doors.say.code

    async def _lines(self, search: Search, language: str) -> AsyncIterator[bytes]:
        yield BEGIN + line(COLUMNS, language)
        for offset in count(0, CHUNK):
            rows = await self.doors.records.read(history, search, limit=CHUNK, offset=offset)
            yield b"".join(line(self._cells(ended), language) for ended in rows)
            if len(rows) < CHUNK:
                return

    def _cells(self, ended: Ended) -> Iterable[Any]:
        told = asdict(ended.row) | {"number": ended.row.id, "note": ended.note}
        told |= {
            "minutes": round(ended.minutes, 1),
            "resolved_by": ended.who or told["resolved_by"],
        }
        for name in COLUMNS:
            value = told[name]
            local = isinstance(value, datetime)
            yield f"{value.astimezone(self.doors.say.zone):%Y-%m-%d %H:%M:%S}" if local else value

    def _search(self, request: Request) -> Search:
        state = query(request, "state")
        if state not in ("", *OVER):
            raise Refused(self.doors.say("There is no such state: {state}", state=state))
        end = self._day(request, "to")
        return Search(
            begin=self._day(request, "from"),
            end=end + DAY if end else None,
            text=query(request, "text"),
            feed=query(request, "feed"),
            office=query(request, "office"),
            cause=query(request, "cause"),
            state=state,
            limits=self.doors.sees(visitor_of(request)).limits,
        )

    def _day(self, request: Request, name: str) -> datetime | None:
        told = query(request, name)
        if not told:
            return None
        try:
            day = datetime.strptime(told, "%Y-%m-%d").replace(tzinfo=self.doors.config.zone)
            return day.replace(year=min(max(day.year, 1970), 9000))  # zones have no others
        except ValueError as error:
            raise Refused(self.doors.say("Write days as 2026-11-22")) from error

    def _page(self, request: Request) -> int:
        told = query(request, "page") or "1"
        if not told.isdecimal() or not 1 <= int(told[:9]) < 10**6:
            raise Refused(self.doors.say("There is no such page"))
        return int(told)


def _page(connection: Any, search: Search, page: int) -> dict[str, Any]:
    found = figures(connection, search)
    rows = history(connection, search, limit=PAGE, offset=(page - 1) * PAGE)
    return {
        "incidents": [_told(ended) for ended in rows],
        "page": page,
        "pages": max(1, -(-found.count // PAGE)),
        "total": found.count,
        "causes": found.causes,
        "minutes_to_acknowledge": found.minutes_to_acknowledge,
        "minutes_to_resolve": found.minutes_to_resolve,
    }


def _told(ended: Ended) -> dict[str, Any]:
    """As on the bus, and how it ended."""
    more = {"note": ended.note, "who": ended.who, "minutes": round(ended.minutes, 1)}
    closed = ended.row.closed_at.isoformat() if ended.row.closed_at else None
    return {**incident_value(ended.row), **more, "closed_at": closed}
