"""The doors of the channels on which people are notified: how each is, and "test this channel"."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from commandcenter.board import Board
from commandcenter.notify.gateway import try_channel
from commandcenter.notify.settings import Channel
from commandcenter.records import audit
from commandcenter.web.console_doors import Absent, Asked, Doors
from commandcenter.web.doors import By, by_of


class Channels:
    """What is told of a channel never has its address, which is a secret."""

    def __init__(self, doors: Doors, board: Board) -> None:
        self.doors, self.board = doors, board
        self._channels = {channel.name: channel for channel in doors.config.channels}

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.doors.get("channels", self.look),
            self.doors.post("channels/{name}/test", Asked, self.test),
        ]

    async def look(self, request: Request) -> dict[str, Any]:
        """Every channel, with its state as the process notify told it last."""
        self.doors.check_whole(by_of(request))
        return {"channels": self.told()}

    async def test(self, _: Asked, by: By, name: str) -> dict[str, Any]:
        """Send a message now, past quiet hours and caps; {"ok", "why"}: whether it was taken."""
        self.doors.check_whole(by)
        channel = self._channels.get(name)
        if channel is None:
            raise Absent(self.doors.say("There is no channel {name}", name=name))
        doors, now = self.doors, self.doors.now()
        why = await try_channel(channel, doors.say, now)
        told: dict[str, Any] = {"thing": f"channel/{name}", "note": why, "address": by.address}
        await doors.records.write(audit.append, now, by.name, "channel.tested", **told)
        return {"ok": not why, "why": why}

    def told(self) -> list[dict[str, Any]]:
        """As the page is told."""
        known = {r.identity: r.value or {} for r in self.board.all("system", "channel")}
        return [_told(c) | {"status": known.get(c.name)} for c in self._channels.values()]


def _told(channel: Channel) -> dict[str, Any]:
    """What a person wants to know of it."""
    return {
        "name": channel.name,
        "roles": channel.roles,
        "levels": channel.levels,
        "steps": channel.steps,
        "quiet_from": f"{channel.quiet_from:%H:%M}" if channel.quiet_from else None,
        "quiet_until": f"{channel.quiet_until:%H:%M}" if channel.quiet_until else None,
        "acknowledge_link": channel.acknowledge_link,
    }
