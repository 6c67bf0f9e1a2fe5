"""The doors of the audit log: searched, taken along as a file, and checked for changes.

Two logs are told as one (commandcenter.web.admin_log); each is sealed by itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from commandcenter.language import Language
from commandcenter.records import audit, chain
from commandcenter.records.audit import Entry, Wanted
from commandcenter.records.chain import Verdict
from commandcenter.web import spreadsheet
from commandcenter.web.admin_desk import AdminDesk
from commandcenter.web.admin_log import Place, is_step, logs_of, take
from commandcenter.web.admin_words import Line, told
from commandcenter.web.console_doors import query
from commandcenter.web.doors import by_of

PAGE = 100
CHUNK = 1000  # lines of one transaction, for the file
DAY = timedelta(days=1)
ABOUT = {
    "everything": "Everything",
    "entry": "Sign-ins",
    "accounts": "Accounts and tokens",
    "displays": "Displays",
    "incidents": "Incidents",
    "exports": "Exports",
}
# What a check of a log finds (commandcenter.records.chain), in words.
MISTAKES = {
    r"(\d+): changed after it was written": "Line {0} was changed after it was written",
    r"(\d+): missing; (\d+) follows (\d+)": "Line {0} is missing: {1} follows {2}",
    r"(\d+): the end of the log was cut off or added to": "The end was cut off or added to: {0}",
    r"no row of the log has the hash (\w+)": "No line has this end: {0}",
    r"incident (\d+) is (\w+), but its log says (\w+)": "Incident {0} is {1}, its log says {2}",
}
COLUMNS = (
    "log", "number", "time", "zone", "utc", "who", "act", "thing", "says", "note", "facts",
    "address", "hash",
)  # fmt: skip


class BadDay(ValueError):
    """Not a day; `field` is the name of the field."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is not a day")
        self.field = field


class Audit:
    """/admin/audit: ?about=, ?who=, ?text=, ?from=2026-11-01&to=2026-11-30 (days of the region's
    zone, both included), ?before=; with ?check= both logs are checked."""

    def __init__(self, desk: AdminDesk) -> None:
        self.desk = desk
        self._checking = asyncio.Lock()  # it reads every line: one at a time is enough

    def routes(self) -> list[Route]:
        """For the web application."""
        return [self.desk.get("audit", self.page), self.desk.get("audit.csv", self.file)]

    async def page(self, request: Request) -> Response:
        """One page of both logs, newest first."""
        say, place = self.desk.say(request), Place.of(query(request, "before", 40))
        try:
            wanted = self._wanted(request)
        except BadDay as error:
            return self._page(request, [], wrong={error.field: say("Write days as 2026-11-22")})
        logs = logs_of(_about(request), wanted, place)
        # One more than is shown: whether there is another page.
        lines, names = await self.desk.records.read(take, logs, PAGE + 1)
        shown = lines[:PAGE]
        checks = await self._checks(request, say) if "check" in request.query_params else []
        return self._page(
            request,
            [told(entry, say, names) for entry in shown],
            older=str(place.after(shown)) if len(lines) > PAGE else "",
            newer=place != Place(),
            checks=checks,
        )

    async def file(self, request: Request) -> Response:
        """All lines that were found, as CSV. That it was taken is a line of the log, too."""
        try:
            wanted = self._wanted(request)
        except BadDay:
            return await self.page(request)
        at, by = self.desk.now(), by_of(request)
        about, asked = _about(request), self._asked(request)
        facts = {name: value for name, value in asked.items() if value}
        log = partial(audit.append, facts=facts, address=by.address)
        await self.desk.write(log, at, by.name, "export.audit")
        local = at.astimezone(self.desk.config.zone)
        name = f"audit-{local:%Y-%m-%d-%H%M}.csv"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        lines = self._lines(about, wanted, self.desk.say(request))
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    async def _lines(self, about: str, wanted: Wanted, say: Language) -> AsyncIterator[bytes]:
        yield spreadsheet.BEGIN + spreadsheet.line(COLUMNS, say.code)
        logs, more = logs_of(about, wanted, Place()), True
        while more:
            lines, names = await self.desk.records.read(take, logs, CHUNK)
            rows = (_cells(entry, say, names) for entry in lines)
            yield b"".join(spreadsheet.line(row, say.code) for row in rows)
            more = len(lines) == CHUNK

    async def _checks(self, request: Request, say: Language) -> list[dict[str, Any]]:
        checks = (
            (say("The audit log"), "seen", audit.verify),
            (say("The log of incidents"), "seen-incidents", chain.verify),
        )
        async with self._checking:
            verdicts = [
                (word, await self.desk.records.read(verify, seen=query(request, field, 64).lower()))
                for word, field, verify in checks
            ]
        return [_checked(word, verdict, say) for word, verdict in verdicts]

    def _page(
        self,
        request: Request,
        lines: list[Line],
        *,
        older: str = "",
        newer: bool = False,
        checks: Sequence[dict[str, Any]] = (),
        wrong: dict[str, str] | None = None,
    ) -> Response:
        say, asked = self.desk.say(request), self._asked(request)
        search = urlencode({name: value for name, value in asked.items() if value})
        return self.desk.page(
            request,
            "admin_audit.html",
            title=say("Audit log"),
            status=400 if wrong else 200,
            lines=lines,
            asked=asked,
            about=[(about, say(ABOUT[about])) for about in ABOUT],
            zone=say.zone_name,
            older=f"/admin/audit?{search}&before={older}" if older else "",
            newest=f"/admin/audit?{search}" if newer else "",
            csv=f"/admin/audit.csv?{search}",
            checks=checks,
            wrong=wrong or {},
        )

    def _asked(self, request: Request) -> dict[str, str]:
        """As it was typed, for the form to show again."""
        typed = {name: query(request, name) for name in ("who", "text", "from", "to")}
        return {"about": _about(request), **typed}

    def _wanted(self, request: Request) -> Wanted:
        end = self._day(request, "to")
        return Wanted(
            who=query(request, "who"),
            text=query(request, "text"),
            since=self._day(request, "from"),
            until=None if end is None else end + DAY,
        )

    def _day(self, request: Request, name: str) -> datetime | None:
        """Its beginning. Raises BadDay."""
        typed = query(request, name)
        if not typed:
            return None
        try:
            day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=self.desk.config.zone)
            return day.replace(year=min(max(day.year, 1970), 9000))  # zones have no others
        except ValueError as error:  # also the 29th of February of a year that is moved
            raise BadDay(name) from error


def _cells(entry: Entry, say: Language, names: dict[str, str]) -> list[Any]:
    local = entry.at.astimezone(say.zone)
    return [
        "incident" if is_step(entry) else "audit",
        entry.number,
        f"{local:%Y-%m-%d %H:%M:%S}",
        say.zone_name,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.who,
        entry.act,
        entry.thing,
        told(entry, say, names).says,
        entry.note,
        json.dumps(entry.facts, ensure_ascii=False, sort_keys=True) if entry.facts else "",
        entry.source_address,
        entry.hash,
    ]


def _checked(word: str, verdict: Verdict, say: Language) -> dict[str, Any]:
    return {
        "word": word,
        "sound": not verdict.mistakes,
        "mistakes": [_mistake(mistake, say) for mistake in verdict.mistakes],
        "length": say.number(verdict.head.length),
        "hash": verdict.head.hash,
    }


def _mistake(told: str, say: Language) -> str:
    for pattern, text in MISTAKES.items():
        if match := re.fullmatch(pattern, told):
            return say(text).format(*match.groups())
    return told


def _about(request: Request) -> str:
    asked = query(request, "about")
    return asked if asked in ABOUT else "everything"
