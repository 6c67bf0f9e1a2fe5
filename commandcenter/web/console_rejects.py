"""The doors of rejected input: what came, could not be used and was kept aside, and why."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from commandcenter.board import Board
from commandcenter.records import audit, rejects
from commandcenter.records.rejects import RejectGroup
from commandcenter.web.console_doors import Absent, Doors, address_of, plain
from commandcenter.web.doors import by_of

LONGEST_TEXT = 4096  # characters of a body that are shown


class RejectedInput:
    """Operators see what was rejected and why; the input itself, which can name people, is for
    administrators, and whoever reads it stands in the audit log."""

    def __init__(self, doors: Doors, board: Board) -> None:
        self.doors, self.board = doors, board

    def routes(self) -> list[Route]:
        """For the web application."""
        number = "rejects/{number:int}"
        return [self.doors.get("rejects", self.look), self.doors.get(number, self.read)]

    async def look(self, request: Request) -> dict[str, Any]:
        """All that is kept, by source and reason; and what is wrong with the lists of feeds."""
        self.doors.check_whole(by_of(request))
        groups = await self.doors.records.read(rejects.groups)
        lists = {r.identity: r.value or {} for r in self.board.all("system", "feed")}
        wrong = {feed: value.get("list_mistakes") for feed, value in lists.items()}
        told: dict[str, Any] = {
            "groups": plain([asdict(self._worded(group)) for group in groups]),
            "kept": sum(group.count for group in groups),
            "lists": {feed: [*map(self._reason, told)] for feed, told in wrong.items() if told},
        }
        return told

    def _worded(self, group: RejectGroup) -> RejectGroup:
        newest = [replace(line, reason=self._reason(line.reason)) for line in group.newest]
        return replace(group, reason=self._reason(group.reason), newest=newest)

    def _reason(self, told: str) -> str:
        return self.doors.say.reason(told)

    async def read(self, request: Request) -> dict[str, Any]:
        """The beginning of one input, as far as it is text."""
        by, number = by_of(request), request.path_params["number"]
        self.doors.check_whole(by)
        found = await self.doors.records.read(rejects.one, number)
        if found is None:
            raise Absent(self.doors.say("This input is no longer kept"))
        told: dict[str, Any] = {"thing": f"reject/{number}", "address": address_of(request)}
        await self.doors.records.write(
            audit.append, self.doors.now(), by.name, "reject.read", **told
        )
        body = found.body.decode("utf-8", errors="replace")[:LONGEST_TEXT]
        return {"body": body, "size": found.size}
