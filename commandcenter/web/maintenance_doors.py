"""The doors of maintenance: the windows of a month, planning and cancelling, and the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, NaiveDatetime
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.roles import Scope as Limit
from commandcenter.access.sees import Sees
from commandcenter.records import audit
from commandcenter.records.incidents import IncidentRow
from commandcenter.records.maintenance import (
    NoWindow,
    Window,
    cancel,
    plan,
    windows_between,
)
from commandcenter.web.calendar_file import calendar
from commandcenter.web.console_desk import DOMAINS, providers
from commandcenter.web.console_doors import Absent, Asked, Doors, Refused, Text, plain, query
from commandcenter.web.doors import By, visitor_of

Kind = Literal["thing", "office", "provider", "kecamatan", "feed", "region"]
Scope = dict[str, str]

LONGEST = timedelta(days=92)
SHOWN = timedelta(days=400)  # how far the calendar file looks both ways
THINGS = ("device", "camera", "application", "machine")


@dataclass(frozen=True, kw_only=True)
class Planned(Asked):
    """A window as somebody types it in: local times of a zone, "2026-11-22T22:00"."""

    kind: Kind
    scope: Text = ""
    title: Annotated[Text, Field(max_length=200)]
    note: Text = ""
    starts: NaiveDatetime
    ends: NaiveDatetime
    zone: Literal["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]  # none changes its hour


class MaintenanceDoors:
    """What is planned; watch follows the records."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.doors.get("maintenance", self.month),
            self.doors.get("maintenance.ics", self.file),
            self.doors.post("maintenance", Planned, self.plan),
            self.doors.post("maintenance/{number:int}/cancel", Asked, self.cancel),
        ]

    async def month(self, request: Request) -> dict[str, Any]:
        """Those of ?month=2026-11 (this one without), and what a window can be about."""
        begin, end = self._month(query(request, "month"))
        found = await self.doors.records.read(windows_between, begin, end)
        sees = self.doors.sees(visitor_of(request))
        windows = [told_window(one) for one in found if sees.window(one.kind, one.scope)]
        return {"windows": windows, "scopes": self.scopes(sees)}

    async def file(self, request: Request) -> Response:
        """As iCalendar, with those that were cancelled."""
        now, sees = self.doors.now(), self.doors.sees(visitor_of(request))
        span = now - SHOWN, now + SHOWN
        found = await self.doors.records.read(windows_between, *span, cancelled=True)
        name = f"{self.doors.say('Maintenance')} {self.doors.config.region.name}"
        headers = {"Content-Disposition": 'attachment; filename="pemeliharaan.ics"'}
        windows = (one for one in found if sees.window(one.kind, one.scope))
        return Response(calendar(windows, name), media_type="text/calendar", headers=headers)

    async def plan(self, planned: Planned, by: By) -> dict[str, Any]:
        """Write a window down. Refuses one that ends before it begins, or is about nothing."""
        zone, now = ZoneInfo(planned.zone), self.doors.now()
        starts = planned.starts.replace(tzinfo=zone).astimezone(UTC)
        ends = planned.ends.replace(tzinfo=zone).astimezone(UTC)
        self._check(planned, starts, ends, now, self.doors.sees(by.visitor))
        self._check_scope(by.scope, planned.kind, planned.scope)
        window = await self.doors.records.write(
            _plan,
            by,
            kind=planned.kind,
            scope="" if planned.kind == "region" else planned.scope,
            title=planned.title,
            note=planned.note,
            starts_at=starts,
            ends_at=ends,
            zone=planned.zone,
            at=now,
        )
        return {"ok": True, "window": told_window(window)}

    async def cancel(self, _: Asked, by: By, number: int) -> dict[str, Any]:
        """It ends now, or never begins."""
        doors = self.doors
        try:
            window = await doors.records.write(self._cancel, number, by, doors.now())
        except NoWindow as error:
            why = "There is no such maintenance window any more"
            raise Absent(doors.say(why)) from error
        return {"ok": True, "window": told_window(window)}

    def _cancel(self, connection: Any, number: int, by: By, now: datetime) -> Window:
        """Raises NoWindow, also for one that is not theirs to see, and Refused."""
        window = cancel(connection, number, by.name, now)
        if not self.doors.sees(by.visitor).window(window.kind, window.scope):
            raise NoWindow(number)
        self._check_scope(by.scope, window.kind, window.scope)
        _log(connection, now, by, "cancelled", window)
        return window

    def _check_scope(self, scope: Limit, kind: str, about: str) -> None:
        """Whoever is limited plans for their own offices, or for their own domains."""
        feed = about.partition("/")[0] if kind == "thing" else about
        own_office = kind == "office" and about in scope.offices and not scope.domains
        own_domain = kind in ("thing", "feed") and feed in scope.domains and not scope.offices
        if not (scope.whole or own_office or own_domain):
            raise Refused(self.doors.say("Your account is limited; this is not yours to plan"))

    def scopes(self, sees: Sees) -> dict[str, list[Scope]]:
        """What a window can be about, of what they see: key and name of each, by kind."""
        offices = [office for office in self.doors.config.offices if sees.office(office.code)]
        feeds = [*filter(sees.feed, self.doors.config.feeds)]
        return {
            "offices": [{"key": o.code, "name": o.name} for o in offices],
            "kecamatan": _same(o.kecamatan for o in offices),
            "providers": _same(providers(self.doors.board, feeds)),
            "feeds": [{"key": f, "name": self.doors.say(DOMAINS.get(f, f))} for f in feeds],
            "things": list(self._things(feeds, sees)),
        }

    def _things(self, feeds: Iterable[str], sees: Sees) -> Iterable[Scope]:
        kinds = ((feed, kind) for feed in feeds for kind in THINGS)
        for reading in (r for feed, kind in kinds for r in self.doors.board.all(feed, kind)):
            if not sees.known_thing(reading.feed, reading.key):
                continue
            value = reading.value or {}
            name = value.get("name") or value.get("office_name") or reading.identity
            yield {"key": f"{reading.feed}/{reading.key}", "name": str(name)}

    def _check(
        self, planned: Planned, starts: datetime, ends: datetime, now: datetime, sees: Sees
    ) -> None:
        say = self.doors.say
        if not planned.title:
            raise Refused(say("Give the maintenance a title"))
        if ends <= starts:
            raise Refused(say("The end must be after the start"))
        if ends - starts > LONGEST:
            raise Refused(say("A maintenance window lasts at most {n} days", n=LONGEST.days))
        if ends <= now:
            raise Refused(say("This time is over already"))
        known = {scope["key"] for scope in self.scopes(sees).get(_PLURAL.get(planned.kind, ""), [])}
        if planned.kind != "region" and planned.scope not in known:
            raise Refused(say("There is no {scope} to maintain", scope=planned.scope or "–"))

    def _month(self, told: str) -> tuple[datetime, datetime]:
        """A month of the region's own zone."""
        zone = self.doors.config.zone
        month = told or f"{self.doors.now().astimezone(zone):%Y-%m}"
        try:
            begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone)
            end = (begin + timedelta(days=32)).replace(day=1)
            return begin.astimezone(UTC), end.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise Refused(self.doors.say("Write the month as 2026-11")) from error


_PLURAL = {"thing": "things", "office": "offices", "provider": "providers", "feed": "feeds",
           "kecamatan": "kecamatan"}  # fmt: skip


def _plan(connection: Any, /, by: By, *, at: datetime, **told: Any) -> Window:
    window = plan(connection, who=by.name, at=at, **told)
    _log(connection, at, by, "planned", window)
    return window


def _log(connection: Any, now: datetime, by: By, act: str, window: Window) -> None:
    thing = f"maintenance/{window.id}"
    told: dict[str, Any] = {"thing": thing, "note": window.title, "address": by.address}
    audit.append(connection, now, by.name, f"maintenance.{act}", **told)


def covers(window: Window, row: IncidentRow, offices: Mapping[str, str]) -> bool:
    """Whether a window is about the thing of an incident; `offices` are names by code."""
    about = {
        "region": window.scope,
        "feed": row.feed,
        "thing": f"{row.feed}/{row.key}",
        "office": row.office,
        "provider": row.provider,
        "kecamatan": row.kecamatan,
    }
    names = {window.scope}
    if window.kind == "office":
        names.add(offices.get(window.scope, window.scope))
    return about[window.kind].casefold() in {name.casefold() for name in names}


def told_window(window: Window) -> dict[str, Any]:
    """As JSON."""
    return dict(plain(asdict(window)))


def _same(names: Iterable[str]) -> list[Scope]:
    return [{"key": name, "name": name} for name in sorted({*names} - {""})]
