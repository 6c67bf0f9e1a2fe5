"""The operators' console, first form: open incidents, acknowledged in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from commandcenter.board import View
from commandcenter.bus import Bus, BusDown
from commandcenter.config import Config
from commandcenter.drawing import Drawing, Node, div, mark, since, span, tag
from commandcenter.incidents.bell import Bell
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.incidents import StaleIncident, acknowledge, log_of
from commandcenter.records.rejects import latest
from commandcenter.vocabulary import urgency

_LEVELS = {"critical": "bad", "warning": "warn"}
DOMAINS = {
    "network": "Network",
    "attendance": "Attendance",
    "complaints": "Complaints",
    "applications": "Applications",
    "cameras": "CCTV",
}
LONGEST_NOTE = 500


@dataclass(kw_only=True)
class ConsolePanel(Panel):
    """The list of open incidents with what an operator does with them."""

    heading: ClassVar[str] = "Incidents"

    feeds: tuple[str, ...] = ("incidents",)
    people: tuple[str, ...] = ()
    """Who may acknowledge."""

    def render(self, view: View) -> Drawing:
        """Unacknowledged first, critical first, oldest first."""
        rows = sorted(view.values("incident"), key=urgency)
        open_ones = sum(1 for row in rows if not row["acknowledged_at"])
        body = div(
            "work",
            self._operator(view),
            div(
                "incidents",
                *(self._row(view, row) for row in rows),
                None if rows else div("empty", view.say("No open incidents")),
            ),
            self._keys(view),
        )
        return Drawing(
            body=body, subtitle=view.say("{n} open, {m} unacknowledged", n=len(rows), m=open_ones)
        )

    def _operator(self, view: View) -> Node:
        """Who works here; the browser remembers it (assets/console.js)."""
        options = (tag("option", "", name, value=name, key=name) for name in self.people)
        return tag("select", "", *options, id="operator", aria_label=view.say("operator"))

    @staticmethod
    def _keys(view: View) -> Node:
        say = view.say
        keys = (("J", say("down the list")), ("K", say("up the list")), ("T", say("Acknowledge")))
        return div("keys", *(span("", tag("kbd", "", key), " ", word) for key, word in keys))

    @staticmethod
    def _row(view: View, row: dict[str, Any]) -> Node:
        say = view.say
        level = _LEVELS.get(row["level"], "unknown")
        who = row["acknowledged_by"]
        return tag(
            "div",
            f"incident {level} {'acknowledged' if who else 'waiting'}",
            mark(level, say(row["level"])),
            div("what", tag("strong", "", row["title"]), tag("small", "", row["detail"])),
            span("domain", say(DOMAINS.get(row["feed"], row["feed"]))),
            span("who", who or say("unacknowledged")),
            since(row["opened_at"]),
            None
            if who
            else tag(
                "button",
                "acknowledge",
                say("Acknowledge"),
                type="button",
                data_acknowledge=row["number"],
                data_version=row["version"],
            ),
            key=row["number"],
            data_incident=row["number"],
            tabIndex=0,
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a page says to acknowledge an incident, as it saw it at `version`."""

    version: Annotated[int, Field(ge=1, lt=2**31)]
    who: str
    note: str = ""


_ASKED = TypeAdapter(Asked)


class Console:
    """The doors behind the console. They answer on loopback only (commandcenter.web.guard)."""

    def __init__(
        self, config: Config, bus: Bus, records: Records, now: Callable[[], datetime]
    ) -> None:
        self.people = {person.name for person in config.people}
        self.say = Language(config.region.language, config.zone)
        self.records, self.now = records, now
        self.bell = Bell(bus, records, now)

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            Route("/console/incidents/{incident:int}/acknowledge", self.take, methods=["POST"]),
            Route("/console/incidents/{incident:int}/log", self.history, methods=["GET"]),
            Route("/console/rejects", self.rejects, methods=["GET"]),
        ]

    async def take(self, request: Request) -> Response:
        """Acknowledge. Body {"version", "who", "note"}; 200, 400, 404, 409 (somebody was first)
        or 503 (nothing was written)."""
        try:
            asked = _ASKED.validate_json(await request.body())
        except ValidationError:
            return _no(400, 'the body must be {"version": number, "who": name, "note": text}')
        if asked.who not in self.people:
            return _no(400, f"{asked.who!r} is not in [[person]] of config.toml")
        address = request.client.host if request.client else ""
        try:
            row = await self.records.write(
                acknowledge,
                request.path_params["incident"],
                asked.version,
                asked.who,
                self.now(),
                source_address=address,
                note=asked.note[:LONGEST_NOTE],
            )
        except StaleIncident as stale:
            return _no(409, self._first(stale))
        except LookupError:
            return _no(404, "there is no such incident")
        except RecordsDown as error:
            return _no(503, str(error))
        rung = await self._ring()
        return JSONResponse({"ok": True, "version": row.version, "rung": rung})

    def _first(self, stale: StaleIncident) -> str:
        """Who was first, when, and what the incident is by now."""
        say, row = self.say, stale.row
        state = "closed" if row.closed_at else "acknowledged" if row.acknowledged_at else row.level
        return say(
            "{who} was first, at {clock}; it is {state} now",
            who=stale.who,
            clock=say.clock(stale.at),
            state=say(state),
        )

    async def _ring(self) -> bool:
        """Tell the bus at once. If it is away the record stands and watch tells it later."""
        try:
            await self.bell.ring()
        except (BusDown, RecordsDown):
            return False
        return True

    async def history(self, request: Request) -> Response:
        """Every step of an incident."""
        steps = await self.records.read(log_of, request.path_params["incident"])
        return JSONResponse([_plain(step) for step in steps])

    async def rejects(self, _: Request) -> Response:
        """The newest bad input that was kept aside, with its reason."""
        rows = await self.records.read(latest, 200)
        return JSONResponse([_plain(row) for row in rows])


def _no(status: int, why: str) -> Response:
    return JSONResponse({"ok": False, "why": why}, status_code=status)


def _plain(row: Any) -> dict[str, Any]:
    told = dict(row._mapping)
    for key, value in told.items():
        if isinstance(value, datetime):
            told[key] = value.isoformat()
        elif isinstance(value, bytes):
            told[key] = value.decode("utf-8", errors="replace")
    return told
