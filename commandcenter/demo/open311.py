"""An Open311 GeoReport v2 server with the complaints of the "open311" door (JSON and XML).

Source: wiki.open311.org, GeoReport v2: GET services, GET requests, GET request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from xml.etree import ElementTree as ET

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.demo.complaints import LONGEST, Case, Casebook

_WINDOW = timedelta(days=90)
_MOST = 1000
Row = dict[str, Any]


@dataclass(frozen=True)
class Open311:
    """The server's answers; `path` is where it lives."""

    book: Casebook
    now: Callable[[], datetime]
    path: str = "/open311/v2"

    def routes(self) -> list[Route]:
        """The paths of the server."""
        return [
            Route(f"{self.path}/services.{{form}}", self.services),
            Route(f"{self.path}/requests.{{form}}", self.requests),
            Route(f"{self.path}/requests/{{number}}.{{form}}", self.request),
        ]

    async def services(self, request: Request) -> Response:
        """What one can complain about."""
        kinds = _categories(self.book)
        rows = [
            {
                "service_code": _code(kinds, kind),
                "service_name": kind,
                "description": f"Aduan {kind.lower()}",
                "metadata": False,
                "type": "realtime",
                "keywords": kind.lower(),
                "group": "aduan",
            }
            for kind in kinds
        ]
        return _answer(request, "services", "service", rows)

    async def requests(self, request: Request) -> Response:
        """The complaints of a span of time, newest first; by default of 90 days. By pages, counted
        from 1, as the servers of several cities (open311/open311.github.io#16)."""
        try:
            page = max(1, int(request.query_params.get("page", "1")))
            size = min(max(1, int(request.query_params.get("page_size", _MOST))), _MOST)
            found = list(islice(self._asked(request), (page - 1) * size, page * size))
        except ValueError as error:
            return _mistake(request, 400, str(error))
        return _answer(request, "service_requests", "request", found)

    async def request(self, request: Request) -> Response:
        """One complaint."""
        told = request.path_params["number"]
        case = self.book.case(int(told)) if told.isdigit() else None
        if case is None or case.door != "open311" or case.received_at > self.now():
            return _mistake(request, 404, f"service_request_id {told} was not found")
        return _answer(request, "service_requests", "request", [self._row(case)])

    def _asked(self, request: Request) -> Iterator[Row]:
        asked, now = request.query_params, self.now()
        statuses = asked.get("status", "open,closed").split(",")
        only = set(asked.get("service_request_id", "").split(",")) - {""}
        longest = LONGEST if statuses == ["open"] else _WINDOW  # nothing is open for longer
        since = max(_moment(asked.get("start_date")) or now - longest, now - longest)
        until = min(_moment(asked.get("end_date")) or now, now)
        for case in self.book.received(since, until):
            if case.door != "open311" or (only and str(case.number) not in only):
                continue
            row = self._row(case)
            if row["status"] in statuses and asked.get("service_code") in (
                None,
                row["service_code"],
            ):
                yield row

    def _row(self, case: Case) -> Row:
        now, about = self.now(), case.about
        closed = now >= case.closed_at
        return {
            "service_request_id": str(case.number),
            "status": "closed" if closed else "open",
            "status_notes": "Selesai ditindaklanjuti" if closed else None,
            "service_name": about.category,
            "service_code": _code(_categories(self.book), about.category),
            "title": about.title,  # FixMyStreet's extension
            "description": about.description,
            "agency_responsible": about.agency,
            "service_notice": None,
            "requested_datetime": case.received_at.isoformat(timespec="seconds"),
            "updated_datetime": min(now, case.closed_at).isoformat(timespec="seconds"),
            "expected_datetime": None,
            "address": about.address,
            "address_id": None,
            "zipcode": None,
            "lat": about.latitude,
            "long": about.longitude,
            "media_url": None,
        }


def _answer(
    request: Request, table: str, item: str, rows: Sequence[Row], code: int = 200
) -> Response:
    if request.path_params["form"] == "json":
        return Response(orjson.dumps(rows), code, media_type="application/json; charset=utf-8")
    root = ET.Element(table)
    for row in rows:
        element = ET.SubElement(root, item)
        for key, value in row.items():
            ET.SubElement(element, key).text = None if value is None else _word(value)
    return Response(ET.tostring(root, "utf-8", xml_declaration=True), code, media_type="text/xml")


def _mistake(request: Request, code: int, why: str) -> Response:
    return _answer(request, "errors", "error", [{"code": code, "description": why}], code)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moment(told: str | None) -> datetime | None:
    """A W3C date and time with its zone. Raises ValueError."""
    if not told:
        return None
    found = datetime.fromisoformat(told.replace(" ", "+"))  # a plus that was not escaped
    if found.tzinfo is None:
        raise ValueError(f"{told} has no time zone")
    return found


def _categories(book: Casebook) -> list[str]:
    return sorted({grievance.category for grievance in book.grievances})


def _code(kinds: Sequence[str], kind: str) -> str:
    return f"{kinds.index(kind) + 1:03d}"
