"""The one door for every step with incidents: by button, key, API, or with thousands at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.routing import Route

from commandcenter.board import Board
from commandcenter.bus import BusDown
from commandcenter.incidents.bell import FEED, KINDS, Bell
from commandcenter.language import Language
from commandcenter.records.bulk import Outcome, take_steps
from commandcenter.records.chain import LogRow
from commandcenter.records.database import RecordsDown
from commandcenter.records.incidents import WATCH, IncidentRow
from commandcenter.records.life import Act, NotPossible, StaleIncident, Step
from commandcenter.web.console_doors import Asked, Doors, Refused, Text
from commandcenter.web.doors import By

log = logging.getLogger(__name__)

BATCH = 200  # incidents of one transaction: others get their turn in between
MOST = 10_000
MOST_TOLD = 3  # steps of a refusal
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Target:
    """An incident as the person saw it."""

    number: Annotated[int, Field(ge=1, lt=2**63)]
    version: Annotated[int, Field(ge=0, lt=2**31)]


@dataclass(frozen=True, kw_only=True)
class Wanted(Asked):
    """What somebody wants done."""

    act: Act
    incidents: Annotated[tuple[Target, ...], Field(min_length=1, max_length=MOST)]
    via: Literal["page", "key", "bulk", "api"] = "page"
    note: Text = ""
    cause: Text = ""
    until_minutes: Annotated[int, Field(ge=1, le=31 * 24 * 60)] | None = None
    assignee: Text = ""


class Steps:
    """Takes steps: committed first, then told on the bus, then answered."""

    def __init__(self, doors: Doors, ringer: Ringer) -> None:
        self.doors, self.ringer = doors, ringer
        config = doors.config
        self.causes = config.incidents.causes
        self.terms = config.incidents.terms
        offices = {name for office in config.offices for name in (office.code, office.name)}
        self.offices = offices

    def routes(self) -> list[Route]:
        """For the web application."""
        return [self.doors.post("steps", Wanted, self.take)]

    async def take(self, wanted: Wanted, by: By) -> dict[str, Any]:
        """{"done": […], "refused": [… with why], "rung": whether the bus was told}."""
        self._check(wanted)
        steps = list(_steps(wanted, by, self.doors.now()))
        found: list[tuple[Step, Outcome]] = []
        rung, down = True, ""
        for start in range(0, len(steps), BATCH):
            some = steps[start : start + BATCH]
            try:
                outcomes = await self._write(some, by)
            except RecordsDown as error:
                if not any(isinstance(outcome, IncidentRow) for _, outcome in found):
                    raise
                down = str(error)
                break
            found += zip(some, outcomes, strict=True)
            rung &= await self.ringer.ring(o.id for o in outcomes if isinstance(o, IncidentRow))
        return self._told(found, steps[len(found) :], down) | {"rung": rung}

    async def _write(self, steps: Sequence[Step], by: By) -> list[Outcome]:
        """What is not theirs is told as what is not there."""
        doors, theirs = self.doors, self.doors.sees(by.visitor).filter
        return await doors.records.write(take_steps, steps, doors.now(), self.terms, theirs)

    def _check(self, wanted: Wanted) -> None:
        say = self.doors.say
        if wanted.act == "resolve" and wanted.cause not in self.causes:
            there = ", ".join(say(cause) for cause in self.causes)
            raise Refused(say("Choose a cause: {there}", there=there))
        if wanted.act == "shelve" and wanted.until_minutes is None:
            raise Refused(say("Say until when it is shelved: until_minutes"))
        if wanted.act == "assign" and wanted.assignee not in {*self.doors.people, *self.offices}:
            who = wanted.assignee or "–"
            raise Refused(say("{who} is neither a person nor an office of config.toml", who=who))
        if wanted.act == "note" and not wanted.note:
            raise Refused(say("The note is empty"))

    def _told(
        self, found: Iterable[tuple[Step, Outcome]], left: Iterable[Step], down: str
    ) -> dict[str, Any]:
        done, refused = [], []
        for step, outcome in found:
            if isinstance(outcome, IncidentRow):
                done.append(_brief(outcome))
            else:
                refused.append(self._refusal(step.incident, outcome))
                if not isinstance(outcome, StaleIncident | NotPossible):
                    log.warning(
                        "%s (%s) was refused incident %d", step.who, step.address, step.incident
                    )
        why = self.doors.say("Nothing was changed: {why}", why=down)
        refused += [_refused(step.incident, why) for step in left]
        return {"done": done, "refused": refused}

    def _refusal(self, number: int, outcome: Exception) -> dict[str, Any]:
        say = self.doors.say
        if isinstance(outcome, StaleIncident):
            return _refused(number, who_was_first(say, outcome), outcome.row)
        if isinstance(outcome, NotPossible):
            why = say(outcome.why, state=say(outcome.row.state))
            return _refused(number, why, outcome.row)
        return _refused(number, say("There is no such incident"))


class Ringer:
    """Tells the bus of what was written. If it is away the record stands, and watch tells later."""

    def __init__(self, bell: Bell, board: Board) -> None:
        self.bell, self.board = bell, board

    async def ring(self, numbers: Iterable[int]) -> bool:
        """Whether the bus knows."""
        wanted = list(numbers)
        if not wanted:
            return True
        # Which things are under maintenance is judged by watch; we only repeat it.
        self.bell.maintained = {number for number in wanted if self._maintained(number)}
        try:
            await self.bell.ring(wanted)
        except (BusDown, RecordsDown) as error:
            log.warning("%d incidents were written and not told: %s", len(wanted), error)
            return False
        return True

    def _maintained(self, number: int) -> bool:
        readings = (self.board.one(FEED, f"{kind}/{number}") for kind in KINDS)
        return any(reading and (reading.value or {}).get("maintenance") for reading in readings)


# Each a sentence of its own: languages differ in more than their verbs.
_DID = {
    "acknowledged": "{who} acknowledged it at {clock}",
    "working": "{who} began to work on it at {clock}",
    "resolved": "{who} resolved it at {clock}",
    "merged": "it was merged at {clock} into the incident of what it hangs on",
    "closed": "{who} closed it at {clock}",
    "reopened": "it opened again at {clock}",
    "shelved": "{who} shelved it at {clock}",
    "unshelved": "its shelving ended at {clock}",
    "assigned": "{who} assigned it at {clock}",
    "handed_over": "{who} took it over at {clock}",
    "expired": "its acknowledgement ended at {clock}",
    "undone": "{who} took a step back at {clock}",
    "changed": "its level changed at {clock}",
}
_RECOVERED = "it recovered by itself at {clock}"
_CHANGED = "{who} changed it at {clock}"


def who_was_first(say: Language, stale: StaleIncident) -> str:
    """Who was first, when, and what the incident is by now."""
    steps = [_did(say, step) for step in stale.steps[-MOST_TOLD:]]
    told = ", ".join(steps) or say("it changed meanwhile")
    return say("{steps}; now: {state}", steps=told, state=say(stale.row.state))


def _did(say: Language, step: LogRow) -> str:
    recovered = step.step == "resolved" and step.who == WATCH
    sentence = _RECOVERED if recovered else _DID.get(step.step, _CHANGED)
    return say(sentence, who=step.who, clock=say.clock(step.at))


def _steps(wanted: Wanted, by: By, now: datetime) -> Iterable[Step]:
    until = now + wanted.until_minutes * MINUTE if wanted.until_minutes else None
    for number, version in {t.number: t.version for t in wanted.incidents}.items():
        yield Step(
            incident=number,
            version=version,
            act=wanted.act,
            who=by.name,
            via=wanted.via,
            address=by.address,
            note=wanted.note,
            cause=wanted.cause,
            until=until,
            assignee=wanted.assignee,
        )


def _brief(row: IncidentRow) -> dict[str, Any]:
    return {"number": row.id, "version": row.version, "state": row.state}


def _refused(number: int, why: str, row: IncidentRow | None = None) -> dict[str, Any]:
    now = _brief(row) if row else {"version": None, "state": None}
    return now | {"number": number, "why": why}
