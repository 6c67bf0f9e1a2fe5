"""A small Open311 GeoReport v2 server with a register that the test writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import NOW

Entry = dict[str, Any]


@dataclass
class Register:
    """What it holds, and how it behaves."""

    entries: list[Entry] = field(default_factory=list)
    page: int | None = None
    """Entries on one page; None: it knows no pages."""
    raw: bytes | None = None
    status: int = 200
    first_page: int = 1
    repeats_last: bool = False
    """What lies behind the last page is the last page."""
    broken_page: int = 0
    """It fails for this page."""
    days: int | None = None
    """It tells only of so many days before NOW, where it is not asked for others."""
    asked: list[dict[str, str]] = field(default_factory=list)
    asked_of_days: list[dict[str, str]] = field(default_factory=list)
    """The questions for complaints of certain days."""

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/open311/v2/requests.json", self.requests)])

    async def requests(self, request: Request) -> Response:
        query = dict(request.query_params)
        (self.asked_of_days if "start_date" in query else self.asked).append(query)
        raw = self.raw if self.raw is not None else orjson.dumps(self._find(query))
        broken = self.broken_page and query.get("page") == str(self.broken_page)
        return Response(raw, 500 if broken else self.status, media_type="application/json")

    def _find(self, query: dict[str, str]) -> list[Entry]:
        statuses = query.get("status", "open,closed").split(",")
        found = [e for e in self.entries if e.get("status") in statuses]
        if ids := query.get("service_request_id"):
            return [e for e in found if str(e.get("service_request_id")) in ids.split(",")]
        if self.days is not None:
            since = query.get("start_date", f"{NOW - timedelta(days=self.days):%Y-%m-%d}")
            found = [
                e for e in found if since <= e["requested_datetime"] < query.get("end_date", "3")
            ]
        if self.page is None:
            return found[:1000]
        page = int(query.get("page", self.first_page)) - self.first_page
        if self.repeats_last:
            page = min(page, (len(found) - 1) // self.page)
        start = page * self.page
        return found[start : start + self.page]


def entry(number: Any, status: str = "open", **more: Any) -> Entry:
    """As in the specification's sample."""
    return {
        "service_request_id": number,
        "status": status,
        "status_notes": None,
        "service_name": "Jalan rusak",
        "service_code": "006",
        "description": None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": "2026-11-20T06:37:38+07:00",
        "updated_datetime": "2026-11-21T06:37:38+07:00",
        "expected_datetime": None,
        "address": "Jl. Iskandar",
        "lat": -2.68,
        "long": 111.62,
        **more,
    }
