"""The server's side of the operators' console: every door behind /console, and what the page knows.

The rows of the list come through /live (commandcenter.web.ledger).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.routing import Route

from commandcenter.access.roles import Visitor
from commandcenter.board import Board
from commandcenter.bus import Bus
from commandcenter.config import Config
from commandcenter.incidents.bell import Bell
from commandcenter.language import Language
from commandcenter.reading import Origin
from commandcenter.records.database import Records
from commandcenter.web.ack_link import AckLinks
from commandcenter.web.console_channels import Channels
from commandcenter.web.console_desk import desk_of
from commandcenter.web.console_detail import Detail
from commandcenter.web.console_doors import Doors
from commandcenter.web.console_rejects import RejectedInput
from commandcenter.web.console_steps import Ringer, Steps
from commandcenter.web.handover import HandoverDoors
from commandcenter.web.history import History
from commandcenter.web.maintenance_doors import MaintenanceDoors
from commandcenter.web.visitors import Visitors


class Console:
    """Everything that the console asks."""

    def __init__(
        self,
        config: Config,
        bus: Bus,
        records: Records,
        visitors: Visitors,
        board: Board,
        now: Callable[[], datetime],
    ) -> None:
        doors = self.doors = Doors(config, records, board, now, lambda: visitors.staff)
        demo = any(feed.origin is Origin.DEMO for feed in config.feeds.values())
        origin = Origin.DEMO if demo else Origin.LIVE
        ringer = self.ringer = Ringer(Bell(bus, records, now, origin, config.zone), board)
        self.channels = Channels(doors, board)
        self.parts = (
            Steps(doors, ringer),
            Detail(doors),
            History(doors),
            MaintenanceDoors(doors),
            HandoverDoors(doors, ringer),
            self.channels,
            RejectedInput(doors, board),
            AckLinks(doors, ringer, config.notify.secret),
        )

    def routes(self) -> list[Route]:
        """For the web application."""
        return [route for part in self.parts for route in part.routes()]

    def desk(self, say: Language, visitor: Visitor) -> dict[str, Any]:
        """What the page of this visitor is told when it is loaded."""
        channels = self.channels.told()
        return desk_of(self.doors, say, visitor, channels)
