"""One incident in full: its log, what it affects, how it looked, how similar ones ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from commandcenter.access.roles import Scope
from commandcenter.board import Board
from commandcenter.incidents.bell import FEED, incident_value, key_of
from commandcenter.records.chain import LogRow, log_of
from commandcenter.records.evidence import Evidence, evidence_of, piece
from commandcenter.records.incidents import WATCH, IncidentRow, NoIncident, incident_of
from commandcenter.records.maintenance import Window, windows
from commandcenter.records.past import Ended, similar
from commandcenter.web.console_doors import Absent, Doors, plain
from commandcenter.web.doors import by_of
from commandcenter.web.maintenance_doors import covers, told_window

_UNCHANGING = {"Cache-Control": "private, max-age=86400, immutable"}
_MEDIA = ("image/jpeg", "application/json")  # what a browser may be told that a body is


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All that the records know of an incident."""

    row: IncidentRow
    log: list[LogRow]
    similar: list[Ended]
    evidence: list[Evidence]
    windows: list[Window]


class Detail:
    """The doors to a single incident and its evidence."""

    def __init__(self, doors: Doors, board: Board) -> None:
        self.doors, self.board = doors, board

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.doors.get("incidents/{number:int}", self.incident),
            self.doors.get("incidents/{number:int}/log", self.log),
            self.doors.get("evidence/{number:int}", self.evidence),
        ]

    async def incident(self, request: Request) -> dict[str, Any]:
        """Everything, for the console's right side."""
        number, now = request.path_params["number"], self.doors.now()
        try:
            whole = await self.doors.records.read(_whole, number, now)
        except NoIncident as error:
            raise self._absent() from error
        row, scope = whole.row, by_of(request).scope
        self._check(scope, row)
        offices = {office.code: office.name for office in self.doors.config.offices}
        holding = [w for w in whole.windows if w.starts_at <= now and covers(w, row, offices)]
        maintained = bool(holding) or self._on_board(row).get("maintenance", False)
        return {
            "incident": {**incident_value(row, maintenance=maintained)},
            "log": [_step(one) for one in whole.log],
            "affected": list(self._affected(row.affected)),
            "similar": [_past(one) for one in whole.similar if self.doors.covers(scope, one.row)],
            "evidence": [
                {"id": e.id, "kind": e.kind, "at": plain(e.at), "media_type": e.media_type}
                for e in whole.evidence
            ],
            "notes": [_note(one) for one in whole.log if one.note and one.who != WATCH],
            "maintenance": [told_window(one) for one in holding],
        }

    async def log(self, request: Request) -> Response:
        """Every step of an incident."""
        number, scope = request.path_params["number"], by_of(request).scope
        if not scope.whole:
            self._check(scope, await self._row(number))
        steps = await self.doors.records.read(log_of, number)
        return JSONResponse([_step(step) for step in steps])

    async def evidence(self, request: Request) -> Response:
        """A picture, or a series as JSON [{at, name, value}…]; it never changes."""
        found = await self.doors.records.read(piece, request.path_params["number"])
        if found is None:
            raise Absent(self.doors.say("This evidence is not kept any more"))
        scope = by_of(request).scope
        if not scope.whole:
            self._check(scope, await self._row(found.incident_id))
        media_type = found.media_type if found.media_type in _MEDIA else "application/octet-stream"
        return Response(found.body, media_type=media_type, headers=_UNCHANGING)

    async def _row(self, number: int) -> IncidentRow:
        try:
            return await self.doors.records.read(incident_of, number)
        except NoIncident as error:
            raise self._absent() from error

    def _check(self, scope: Scope, row: IncidentRow) -> None:
        """What is not theirs is not there."""
        if not self.doors.covers(scope, row):
            raise self._absent()

    def _absent(self) -> Absent:
        return Absent(self.doors.say("There is no such incident"))

    def _on_board(self, row: IncidentRow) -> Mapping[str, Any]:
        key = key_of(row)
        same = (r for r in self.board.all(FEED, key.partition("/")[0]) if r.key == key)
        return next((reading.value or {} for reading in same), {})

    def _affected(self, things: Iterable[Mapping[str, str]]) -> Iterable[dict[str, str]]:
        """With the state of each, in a word, as the board has it now."""
        kinds = {(one["feed"], one["key"].partition("/")[0]) for one in things}
        known = {(r.feed, r.key): r.value or {} for kind in kinds for r in self.board.all(*kind)}
        for one in things:
            value = known.get((one["feed"], one["key"]), {})
            state = str(value.get("state") or "unknown")
            yield {**one, "state": state, "word": self.doors.say(_WORDS.get(state, state))}


# The states of things, as the walls call them.
_WORDS = {
    "up": "normal",
    "online": "normal",
    "live": "normal",
    "degraded": "disturbed",
    "unconnected": "not connected yet",
    "unreachable": "lost",
    "starting": "unknown",
    "pending": "unknown",
    "never": "never heard",
}


def _whole(connection: Any, number: int, now: datetime) -> Whole:
    row = incident_of(connection, number)
    return Whole(
        row=row,
        log=log_of(connection, number),
        similar=similar(connection, row),
        evidence=evidence_of(connection, number),
        windows=windows(connection, now),
    )


def _step(row: LogRow) -> dict[str, Any]:
    """A step, told whole: also where it stands in the chain."""
    return {
        "number": row.number,
        "at": plain(row.at),
        "who": row.who,
        "step": row.step,
        "note": row.note,
        "facts": row.facts,
        "version": row.version,
        "address": row.source_address,
    }


def _note(row: LogRow) -> dict[str, Any]:
    """What a person wrote, with whatever step."""
    told = {"number": row.number, "at": row.at, "who": row.who, "step": row.step, "note": row.note}
    return dict(plain(told))


def _past(ended: Ended) -> dict[str, Any]:
    row = ended.row
    told = {
        "number": row.id,
        "title": row.title,
        "opened_at": row.opened_at,
        "resolved_at": row.resolved_at or row.closed_at,
        "cause": row.cause,
        "note": ended.note,
        "who": ended.who or row.resolved_by,
        "minutes": round(ended.minutes, 1),
    }
    return dict(plain(told))
