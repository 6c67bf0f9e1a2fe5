"""The doors of the hand-over at the end of a shift: the summary, giving, taking and refusing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.routing import Route

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
from commandcenter.web.console_doors import Absent, Asked, Doors, Refused, Text, plain, query
from commandcenter.web.console_steps import Ringer


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
        """What ?who= would hand over now, what waits for their confirmation, and the past ones."""
        who = query(request, "who")
        self.doors.check_person(who)
        return await self.doors.records.read(_look, who, self.doors.now())

    async def give(self, given: Given, _: str) -> dict[str, Any]:
        """The giver's confirmation, with the summary as it is now."""
        self.doors.check_person(given.to)
        if given.to == given.who:
            raise Refused(self.doors.say("Nobody hands over to themselves"))
        now = self.doors.now()
        written = await self.doors.records.write(_give, given, now)
        return {"ok": True, "handover": _told(written)}

    async def take(self, asked: Asked, address: str, number: int) -> dict[str, Any]:
        """The receiver's: what was assigned to the giver is theirs now."""
        doors = self.doors
        try:
            taken, moved = await doors.records.write(take, number, asked.who, doors.now(), address)
        except NoHandover as error:
            raise self._absent() from error
        rung = await self.ringer.ring(moved)
        return {"ok": True, "handover": _told(taken), "moved": moved, "rung": rung}

    async def refuse(self, refused: RefusedBy, _: str, number: int) -> dict[str, Any]:
        """The receiver does not take it over; everything stays with the giver."""
        now = self.doors.now()
        try:
            written = await self.doors.records.write(refuse, number, refused.who, now, refused.note)
        except NoHandover as error:
            raise self._absent() from error
        return {"ok": True, "handover": _told(written)}

    def _absent(self) -> Absent:
        return Absent(self.doors.say("No such hand-over waits for you"))


def _look(connection: Any, who: str, now: datetime) -> dict[str, Any]:
    return {
        "summary": _summary(connection, who, now),
        "waiting": [_told(one) for one in waiting_for(connection, who)],
        "past": [_told(one) for one in past(connection)],
    }


def _give(connection: Any, given: Given, now: datetime) -> Handover:
    """In one transaction: what was looked at is what is frozen."""
    summary = _summary(connection, given.who, now)
    since = datetime.fromisoformat(summary["since"])
    who, to, note = given.who, given.to, given.note
    return give(connection, who=who, to=to, summary=summary, note=note, since=since, at=now)


def _summary(connection: Any, who: str, now: datetime) -> dict[str, Any]:
    shift = shift_of(connection, who, now)
    soon = windows_between(connection, now, now + SOON)
    told = {
        "at": now,
        "since": shift.since,
        "counts": shift.counts,
        "opened": shift.opened,
        "resolved": shift.resolved,
        "mine": [_brief(row) for row in shift.mine],
        "critical": [_brief(row) for row in shift.critical],
        "shelved": [_brief(row) for row in shift.shelved],
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
