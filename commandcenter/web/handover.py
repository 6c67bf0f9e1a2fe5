"""The doors of the hand-over at the end of a shift: the summary, giving, taking and refusing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.routing import Route

from commandcenter.records import audit
from commandcenter.records.handover import (
    SOON,
    Handover,
    NoHandover,
    give,
    past,
    refuse,
    shift_of,
    take,
    waiting_for,
)
from commandcenter.records.incidents import IncidentRow
from commandcenter.records.maintenance import windows_between
from commandcenter.web.console_doors import Absent, Asked, Doors, Refused, Text, plain
from commandcenter.web.console_steps import Ringer
from commandcenter.web.doors import By, by_of


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
        return _Shift(who=by.name, covers=partial(self.doors.covers, by.scope))

    async def give(self, given: Given, by: By) -> dict[str, Any]:
        """The giver's confirmation, with the summary as it is now."""
        self.doors.check_person(given.to)
        if given.to == by.name:
            raise Refused(self.doors.say("Nobody hands over to themselves"))
        now = self.doors.now()
        written = await self.doors.records.write(_give, given, self._shift(by), by, now)
        return {"ok": True, "handover": _told(written)}

    async def take(self, _: Asked, by: By, number: int) -> dict[str, Any]:
        """The receiver's: what was assigned to the giver is theirs now."""
        doors = self.doors
        try:
            taken, moved = await doors.records.write(_take, number, by, doors.now())
        except NoHandover as error:
            raise self._absent() from error
        rung = await self.ringer.ring(moved)
        return {"ok": True, "handover": _told(taken), "moved": moved, "rung": rung}

    async def refuse(self, refused: RefusedBy, by: By, number: int) -> dict[str, Any]:
        """The receiver does not take it over; everything stays with the giver."""
        now = self.doors.now()
        try:
            written = await self.doors.records.write(_refuse, number, by, now, refused.note)
        except NoHandover as error:
            raise self._absent() from error
        return {"ok": True, "handover": _told(written)}

    def _absent(self) -> Absent:
        return Absent(self.doors.say("No such hand-over waits for you"))


@dataclass(frozen=True, kw_only=True)
class _Shift:
    """Whose shift, and which incidents are theirs to see."""

    who: str
    covers: Callable[[IncidentRow], bool]


def _look(connection: Any, whose: _Shift, now: datetime) -> dict[str, Any]:
    return {
        "summary": _summary(connection, whose, now),
        "waiting": [_told(one) for one in waiting_for(connection, whose.who)],
        "past": [_told(one) for one in past(connection)],
    }


def _give(connection: Any, given: Given, whose: _Shift, by: By, now: datetime) -> Handover:
    """In one transaction: what was looked at is what is frozen."""
    summary = _summary(connection, whose, now)
    since = datetime.fromisoformat(summary["since"])
    who, to, note = by.name, given.to, given.note
    one = give(connection, who=who, to=to, summary=summary, note=note, since=since, at=now)
    _log(connection, now, by, "given", one)
    return one


def _take(connection: Any, number: int, by: By, now: datetime) -> tuple[Handover, list[int]]:
    one, moved = take(connection, number, by.name, now, by.address)
    _log(connection, now, by, "taken", one)
    return one, moved


def _refuse(connection: Any, number: int, by: By, now: datetime, note: str) -> Handover:
    one = refuse(connection, number, by.name, now, note)
    _log(connection, now, by, "refused", one)
    return one


def _log(connection: Any, now: datetime, by: By, act: str, one: Handover) -> None:
    thing, note = f"handover/{one.id}", f"{one.from_who} → {one.to_who}"
    told: dict[str, Any] = {"thing": thing, "note": note, "address": by.address}
    audit.append(connection, now, by.name, f"handover.{act}", **told)


def _summary(connection: Any, whose: _Shift, now: datetime) -> dict[str, Any]:
    shift, covers = shift_of(connection, whose.who, now), whose.covers
    soon = windows_between(connection, now, now + SOON)
    told = {
        "at": now,
        "since": shift.since,
        "counts": shift.counts,
        "opened": shift.opened,
        "resolved": shift.resolved,
        "mine": [_brief(row) for row in shift.mine if covers(row)],
        "critical": [_brief(row) for row in shift.critical if covers(row)],
        "shelved": [_brief(row) for row in shift.shelved if covers(row)],
        "maintenance": [asdict(window) for window in soon],
    }
    return dict(plain(told))


def _brief(row: IncidentRow) -> Mapping[str, Any]:
    names = ("level", "state", "title", "detail", "opened_at", "assignee", "shelved_until")
    return {"number": row.id, **{name: getattr(row, name) for name in names}}


def _told(one: Handover) -> dict[str, Any]:
    """As JSON; its state besides."""
    state = "taken" if one.taken_at else "refused" if one.refused_at else "waiting"
    return dict(plain(asdict(one) | {"state": state}))
