"""One incident in full: its log, what it affects, how it looked, how similar ones ended.

Whoever may not see a camera does not get its stills, either, nor its name among what is affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from commandcenter.access.sees import Limits, Sees
from commandcenter.incidents.bell import FEED, incident_value, key_of
from commandcenter.reading import Reading
from commandcenter.records import audit
from commandcenter.records.alerts import told_of
from commandcenter.records.chain import LogRow
from commandcenter.records.evidence import Evidence, evidence_of, piece
from commandcenter.records.incidents import WATCH, IncidentRow, NoIncident, incident_of
from commandcenter.records.limits import log_seen
from commandcenter.records.maintenance import Window, windows
from commandcenter.records.past import Ended, similar
from commandcenter.web.console_doors import Absent, Doors, plain
from commandcenter.web.doors import by_of, visitor_of
from commandcenter.web.evidence_export import archive
from commandcenter.web.maintenance_doors import covers, told_window

A_DAY = timedelta(days=1)
_FACTS = (
    "id", "kind", "at", "media_type", "camera", "role", "fell_at", "state", "sha256",
    "forgotten_at",
)  # fmt: skip
_MEDIA = ("image/jpeg", "application/json")  # what a browser may be told that a body is


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All that the records know of an incident."""

    row: IncidentRow
    log: list[LogRow]
    similar: list[Ended]
    evidence: list[Evidence]
    windows: list[Window]
    told: dict[str, Any]
    """By the sender of an alert of another system; {} of others."""


class Detail:
    """The doors to a single incident and its evidence."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.board = doors, doors.board

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.doors.get("incidents/{number:int}", self.incident),
            self.doors.get("incidents/{number:int}/log", self.log),
            self.doors.get("incidents/{number:int}/evidence.zip", self.export),
            self.doors.get("evidence/{number:int}", self.evidence),
        ]

    async def incident(self, request: Request) -> dict[str, Any]:
        """Everything, for the console's right side."""
        now = self.doors.now()
        whole, sees = await self._read(request, now), self.doors.sees(visitor_of(request))
        row = whole.row
        offices = {office.code: office.name for office in self.doors.config.offices}
        begun = (w for w in whole.windows if w.starts_at <= now)
        holding = [w for w in begun if covers(w, row, offices)]
        windows = [told_window(w) for w in holding if sees.window(w.kind, w.scope)]
        maintained = bool(holding) or self._on_board(row).get("maintenance", False)
        return {
            "incident": {**incident_value(row, maintenance=maintained)},
            "log": [_step(one) for one in whole.log],
            "affected": list(self._affected(row.affected, sees)),
            "similar": [_past(one) for one in whole.similar],
            "evidence": [self._piece(one) for one in _seen(sees, whole.evidence)],
            "notes": [_note(one) for one in whole.log if one.note and one.who != WATCH],
            "maintenance": windows,
            "sender": whole.told,
        }

    async def log(self, request: Request) -> Response:
        """Every step of an incident."""
        sees = self.doors.sees(visitor_of(request))
        row = await self._row(request.path_params["number"], sees)
        steps = await self.doors.records.read(log_seen, row.id, sees.limits)
        return JSONResponse([_step(step) for step in steps])

    async def evidence(self, request: Request) -> Response:
        """A picture, or a series as JSON [{at, name, value}…]; it never changes."""
        found = await self.doors.records.read(piece, request.path_params["number"])
        sees = self.doors.sees(visitor_of(request))
        if found is None or found.state != "kept" or not _sees(sees, found):
            raise Absent(self.doors.say("This evidence is not kept any more"))
        await self._row(found.incident_id, sees)
        media_type = found.media_type if found.media_type in _MEDIA else "application/octet-stream"
        return Response(found.body, media_type=media_type, headers=self._headers(found))

    async def export(self, request: Request) -> Response:
        """All of it as a ZIP file, with what can be checked (commandcenter.web.evidence_export)."""
        now, by = self.doors.now(), by_of(request)
        whole = await self._read(request, now)
        number, seen = whole.row.id, _seen(self.doors.sees(by.visitor), whole.evidence)
        facts = {"pieces": sum(one.state == "kept" for one in seen)}
        act: dict[str, Any] = {"thing": f"incident/{number}", "facts": facts, "address": by.address}
        await self.doors.records.write(audit.append, now, by.name, "export.evidence", **act)
        told = {
            "incident": incident_value(whole.row),
            "log": [_step(one) for one in whole.log],
            "sender": whole.told,
            "exported_by": by.name,
            "withheld": len(whole.evidence) - len(seen),
        }
        name = f'attachment; filename="insiden-{number:04d}-bukti.zip"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        parts = archive(told, seen, self._body, now)
        return StreamingResponse(parts, media_type="application/zip", headers=headers)

    async def _body(self, number: int) -> bytes:
        found = await self.doors.records.read(piece, number)
        return found.body if found else b""

    def _known(self, camera: str) -> list[Reading]:
        """What feeds tell of a camera now."""
        told = (self.board.one(feed, f"camera/{camera}") for feed in self.board.patience)
        return [reading for reading in told if reading is not None]

    def _piece(self, one: Evidence) -> dict[str, Any]:
        names = ((camera.value or {}).get("name") for camera in self._known(one.camera))
        name = next(names, "")
        told = {fact: getattr(one, fact) for fact in _FACTS}
        return dict(plain({**told, "name": name or one.camera}))

    def _headers(self, one: Evidence) -> dict[str, str]:
        """It never changes; but no browser may keep a picture for longer than we may."""
        keep = timedelta(days=self.doors.config.incidents.keep_pictures_days)
        left = one.at + keep - self.doors.now() if one.kind == "picture" else A_DAY
        seconds = max(0, int(min(left, A_DAY).total_seconds()))
        return {"Cache-Control": f"private, max-age={seconds}, immutable"}

    async def _read(self, request: Request, now: datetime) -> Whole:
        """Raises Absent also for what is not theirs."""
        number, sees = request.path_params["number"], self.doors.sees(visitor_of(request))
        try:
            whole = await self.doors.records.read(_whole, number, now, sees.limits)
        except NoIncident as error:
            raise self._absent() from error
        self._check(sees, whole.row)
        return whole

    async def _row(self, number: int, sees: Sees) -> IncidentRow:
        """Raises Absent also for what is not theirs."""
        try:
            row = await self.doors.records.read(incident_of, number)
        except NoIncident as error:
            raise self._absent() from error
        self._check(sees, row)
        return row

    def _check(self, sees: Sees, row: IncidentRow) -> None:
        """What is not theirs is not there."""
        if not sees.incident(row):
            raise self._absent()

    def _absent(self) -> Absent:
        return Absent(self.doors.say("There is no such incident"))

    def _on_board(self, row: IncidentRow) -> Mapping[str, Any]:
        key = key_of(row)
        same = (r for r in self.board.all(FEED, key.partition("/")[0]) if r.key == key)
        return next((reading.value or {} for reading in same), {})

    def _affected(
        self, affected: Iterable[Mapping[str, str]], sees: Sees
    ) -> Iterable[dict[str, str]]:
        """With the state of each, in a word, as the board has it now; those that they may see."""
        things = [one for one in affected if sees.known_thing(one["feed"], one["key"])]
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


def _seen(sees: Sees, pieces: Iterable[Evidence]) -> list[Evidence]:
    """Those that they may see."""
    return [one for one in pieces if _sees(sees, one)]


def _sees(sees: Sees, one: Evidence) -> bool:
    """Stills are for those who may see their camera."""
    return one.kind != "picture" or sees.camera(one.camera)


def _whole(connection: Any, number: int, now: datetime, limits: Limits) -> Whole:
    row = incident_of(connection, number)
    return Whole(
        row=row,
        log=log_seen(connection, number, limits),
        similar=similar(connection, row, limits=limits),
        evidence=evidence_of(connection, number),
        windows=windows(connection, now),
        told=told_of(connection, number),
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
