"""The doors of the hand-over at the end of a shift: the summary, giving, taking and refusing.

A hand-over is about what its giver saw. Its note is free text: giver and receiver read it, as it is
a letter of one to the other, and whoever else sees all that it may be about. Its figures are for
them, too, and its lists for everybody as far as they see what is listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.routing import Route

from commandcenter.access.roles import Scope, scope_of
from commandcenter.access.sees import Sees
from commandcenter.records import audit
from commandcenter.records.handover import (
    SOON,
    Handover,
    NoHandover,
    Taken,
    give,
    past,
    refuse,
    shift_of,
    take,
    waiting_for,
)
from commandcenter.records.incidents import IncidentRow
from commandcenter.records.limits import seen
from commandcenter.records.maintenance import windows_between
from commandcenter.web.console_doors import Absent, Asked, Doors, Refused, Text, plain
from commandcenter.web.console_steps import Ringer
from commandcenter.web.doors import By, by_of

SHOWN = 20  # of the past ones
LOOKED_AT = 60  # for those of somebody who does not see all of them
INCIDENTS = ("mine", "critical", "shelved")
LISTS = (*INCIDENTS, "maintenance")
FIGURES = ("counts", "opened", "resolved")


@dataclass(frozen=True, kw_only=True)
class Given(Asked):
    """Somebody hands over to somebody else."""

    to: str
    note: Text = ""


@dataclass(frozen=True, kw_only=True)
class RefusedBy(Asked):
    """Somebody does not take over; why."""

    note: Annotated[Text, Field(max_length=500)] = ""


class HandoverDoors:
    """Both sides confirm: who gives and who takes."""

    def __init__(self, doors: Doors, ringer: Ringer) -> None:
        self.doors, self.ringer = doors, ringer

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.doors.get("handover", self.look),
            self.doors.post("handover", Given, self.give),
            self.doors.post("handover/{number:int}/take", Asked, self.take),
            self.doors.post("handover/{number:int}/refuse", RefusedBy, self.refuse),
        ]

    async def look(self, request: Request) -> dict[str, Any]:
        """What whoever asks would hand over now, what waits for their confirmation, and the past
        ones."""
        by = by_of(request)
        return await self.doors.records.read(_look, self._shift(by), self.doors.now())

    def _shift(self, by: By) -> _Shift:
        return _Shift(who=by.name, sees=self.doors.sees(by.visitor))

    async def give(self, given: Given, by: By) -> dict[str, Any]:
        """The giver's confirmation, with the summary as it is now."""
        self.doors.check_person(given.to)
        if given.to == by.name:
            raise Refused(self.doors.say("Nobody hands over to themselves"))
        now = self.doors.now()
        told = await self.doors.records.write(_give, given, self._shift(by), by, now)
        return {"ok": True, "handover": told}

    async def take(self, _: Asked, by: By, number: int) -> dict[str, Any]:
        """The receiver's: what was assigned to the giver is theirs now, as far as they see it;
        {"stays": sentence} of the rest."""
        doors, shift = self.doors, self._shift(by)
        try:
            taken, told = await doors.records.write(_take, number, shift, by, doors.now())
        except NoHandover as error:
            raise self._absent() from error
        rung = await self.ringer.ring(taken.moved)
        stays = self._stays(taken) if taken.left else ""
        return {"ok": True, "handover": told, "moved": taken.moved, "stays": stays, "rung": rung}

    def _stays(self, taken: Taken) -> str:
        sentence = "{n} incidents that you may not see stay with {who}"
        return self.doors.say(sentence, n=taken.left, who=taken.handover.from_who)

    async def refuse(self, refused: RefusedBy, by: By, number: int) -> dict[str, Any]:
        """The receiver does not take it over; everything stays with the giver."""
        now, shift = self.doors.now(), self._shift(by)
        try:
            told = await self.doors.records.write(_refuse, number, shift, by, now, refused.note)
        except NoHandover as error:
            raise self._absent() from error
        return {"ok": True, "handover": told}

    def _absent(self) -> Absent:
        return Absent(self.doors.say("No such hand-over waits for you"))


@dataclass(frozen=True, kw_only=True)
class _Shift:
    """Whose shift, and what is theirs to see."""

    who: str
    sees: Sees


def _look(connection: Any, whose: _Shift, now: datetime) -> dict[str, Any]:
    waiting = waiting_for(connection, whose.who)
    before = [one for one in past(connection, LOOKED_AT) if _is_for(one, whose)]
    return {
        "summary": _summary(connection, whose, now),
        "waiting": [_told(connection, one, whose) for one in waiting],
        "past": [_told(connection, one, whose) for one in before[:SHOWN]],
    }


def _give(connection: Any, given: Given, whose: _Shift, by: By, now: datetime) -> dict[str, Any]:
    """In one transaction: what was looked at is what is frozen."""
    summary = _summary(connection, whose, now)
    since = datetime.fromisoformat(summary["since"])
    who, to, note = by.name, given.to, given.note
    one = give(connection, who=who, to=to, summary=summary, note=note, since=since, at=now)
    _log(connection, now, by, "given", one)
    return _told(connection, one, whose)


def _take(
    connection: Any, number: int, whose: _Shift, by: By, now: datetime
) -> tuple[Taken, dict[str, Any]]:
    taken = take(connection, number, by.name, now, by.address, whose.sees.filter)
    _log(connection, now, by, "taken", taken.handover)
    return taken, _told(connection, taken.handover, whose)


def _refuse(
    connection: Any, number: int, whose: _Shift, by: By, now: datetime, note: str
) -> dict[str, Any]:
    one = refuse(connection, number, by.name, now, note)
    _log(connection, now, by, "refused", one)
    return _told(connection, one, whose)


def _log(connection: Any, now: datetime, by: By, act: str, one: Handover) -> None:
    thing, note = f"handover/{one.id}", f"{one.from_who} → {one.to_who}"
    told: dict[str, Any] = {"thing": thing, "note": note, "address": by.address}
    audit.append(connection, now, by.name, f"handover.{act}", **told)


def _summary(connection: Any, whose: _Shift, now: datetime) -> dict[str, Any]:
    sees = whose.sees
    shift = shift_of(connection, whose.who, now, limits=sees.limits)
    soon = windows_between(connection, now, now + SOON)
    scope = sees.eyes.scope
    told = {
        "scope": {"offices": sorted(scope.offices), "domains": sorted(scope.domains)},
        "at": now,
        "since": shift.since,
        "counts": shift.counts,
        "opened": shift.opened,
        "resolved": shift.resolved,
        "mine": [_brief(row) for row in shift.mine],
        "critical": [_brief(row) for row in shift.critical],
        "shelved": [_brief(row) for row in shift.shelved],
        "maintenance": [asdict(one) for one in soon if sees.window(one.kind, one.scope)],
    }
    return dict(plain(told))


def _brief(row: IncidentRow) -> Mapping[str, Any]:
    names = ("level", "state", "title", "detail", "opened_at", "assignee", "shelved_until")
    return {"number": row.id, **{name: getattr(row, name) for name in names}}


def _told(connection: Any, one: Handover, reader: _Shift) -> dict[str, Any]:
    """As JSON, as far as its reader may see it; its state besides."""
    state = "taken" if one.taken_at else "refused" if one.refused_at else "waiting"
    summary = _summary_for(connection, one.summary, reader.sees)
    theirs = reader.sees.all_of(_scope(one))
    if not theirs:
        summary |= dict.fromkeys(FIGURES)
    complete = theirs and all(len(summary[name]) == len(one.summary[name]) for name in LISTS)
    note = one.note if complete or _took_part(one, reader) else ""
    return dict(plain(asdict(one) | {"state": state, "summary": summary, "note": note}))


def _is_for(one: Handover, reader: _Shift) -> bool:
    """Whether somebody finds it among the past ones: who took part in it, or sees all of it."""
    return _took_part(one, reader) or reader.sees.all_of(_scope(one))


def _took_part(one: Handover, reader: _Shift) -> bool:
    return reader.who in (one.from_who, one.to_who)


def _scope(one: Handover) -> Scope:
    """What its giver saw; older ones do not say it, and may be about the whole region."""
    told = one.summary.get("scope") or {}
    return scope_of(told.get("offices", ()), told.get("domains", ()))


def _summary_for(connection: Any, summary: Mapping[str, Any], sees: Sees) -> dict[str, Any]:
    """Without the incidents and windows that they do not see now."""
    numbers = {row["number"] for name in INCIDENTS for row in summary[name]}
    theirs = seen(connection, numbers, sees.limits)
    lists = {name: [r for r in summary[name] if r["number"] in theirs] for name in INCIDENTS}
    windows = [one for one in summary["maintenance"] if sees.window(one["kind"], one["scope"])]
    return {**summary, **lists, "maintenance": windows}
