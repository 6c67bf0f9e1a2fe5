"""Incidents for programs: to list, to read, and to act on as people do at the console."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request

from commandcenter.access.sees import Limits
from commandcenter.board import Board
from commandcenter.incidents.bell import FEED, incident_value, key_of
from commandcenter.records import listing
from commandcenter.records.incidents import IncidentRow, NoIncident, incident_of
from commandcenter.records.limits import log_seen
from commandcenter.web.api import shapes
from commandcenter.web.api.asker import Asker
from commandcenter.web.api.problems import Refusal
from commandcenter.web.console_doors import Doors, Refused
from commandcenter.web.console_steps import Steps, Target, Wanted
from commandcenter.web.doors import by_of

Number = Annotated[shapes.Number, Path(description="Of the incident", examples=[4711])]


class Incidents:
    """The operations. What lies outside the token's offices and domains does not exist for it,
    nor does what is told of cameras that are for some roles only: a token has none."""

    def __init__(self, doors: Doors, board: Board, steps: Steps) -> None:
        self.doors, self.board, self.steps = doors, board, steps
        self.records = doors.records

    async def list_incidents(
        self, filters: Annotated[shapes.Filters, Query()], asker: Asker
    ) -> shapes.Incidents:
        """Those that are over, too. Ask for the next page with the `next` of this one."""
        wanted = _wanted(filters, self.doors.sees(asker).limits)
        found = await self.records.read(listing.page, wanted, filters.limit + 1)
        shown = found[: filters.limit]
        more = str(shown[-1].id) if len(found) > len(shown) else None
        return shapes.Incidents(incidents=[self._told(row) for row in shown], next=more)

    async def read_incident(self, number: Number, asker: Asker) -> shapes.Incident:
        """As it is now, with the version that a step has to name."""
        return self._told(await self._row(number, asker))

    async def read_log(self, number: Number, asker: Asker) -> shapes.Log:
        """Who did what and when, from the opening on."""
        await self._row(number, asker)
        limits = self.doors.sees(asker).limits
        steps = await self.records.read(log_seen, number, limits)
        return shapes.Log.model_validate({"steps": steps}, from_attributes=True)

    async def take_step(
        self, number: Number, asked: shapes.StepAsked, asker: Asker, request: Request
    ) -> shapes.Incident:
        """The same step as at the console, in the name of the token; the incident afterwards.

        409 says who was first and what the incident is by now. A step that is sent again with the
        same version is refused so and does nothing twice; only a note is written as often as it is
        sent, whatever its version.
        """
        await self._row(number, asker)
        try:
            told = await self.steps.take(_step(number, asked), by_of(request))
        except Refused as error:
            raise Refusal(422, str(error)) from error
        now = self._told(await self._row(number, asker))
        if told["refused"]:
            why = told["refused"][0]["why"]
            raise Refusal(409, why, incident=now.model_dump(mode="json"))
        return now

    async def _row(self, number: int, asker: Asker) -> IncidentRow:
        try:
            row = await self.records.read(incident_of, number)
        except NoIncident as error:
            raise Refusal(404, str(error)) from error
        if not self.doors.sees(asker).incident(row):
            raise Refusal(404, f"there is no incident {number}")
        return row

    def _told(self, row: IncidentRow) -> shapes.Incident:
        on_board = self.board.one(FEED, key_of(row))
        maintained = bool(on_board and (on_board.value or {}).get("maintenance"))
        ends = {"expires_at": row.expires_at, "closed_at": row.closed_at}
        value = incident_value(row, maintenance=maintained)
        return shapes.Incident.model_validate({**value, **ends})


def _wanted(filters: shapes.Filters, limits: Limits) -> listing.Wanted:
    return listing.Wanted(
        states=filters.state,
        level=filters.level,
        feed=filters.feed,
        office=filters.office,
        provider=filters.provider,
        text=filters.text,
        since=filters.since,
        limits=limits,
        before=int(filters.cursor) if filters.cursor else None,
    )


def _step(number: int, asked: shapes.StepAsked) -> Wanted:
    return Wanted(
        act=asked.act,
        incidents=(Target(number=number, version=asked.version),),
        via="api",
        note=asked.note,
        cause=asked.cause,
        until_minutes=asked.until_minutes,
        assignee=asked.assignee,
    )
