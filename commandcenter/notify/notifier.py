"""The process `notify`: from the log of incidents to the people on duty.

    plan      the log's new steps become messages in the outbox, each exactly once
    escalate  what nobody acknowledged in time is noted in the log, and so comes to `plan`
    deliver   each channel sends what is due, at its own pace, until the gateway has taken it

All that matters lies in the records: a restart at any moment goes on where it was.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta

from commandcenter.access.sees import Sees
from commandcenter.board import Board, Patience
from commandcenter.bus import Bus, News
from commandcenter.language import Language
from commandcenter.notify.discretion import Discretion
from commandcenter.notify.drafts import Writer
from commandcenter.notify.gateway import Gateway
from commandcenter.notify.ladder import due_rungs, of_level
from commandcenter.notify.roster import Roster
from commandcenter.notify.sender import Send, Sender
from commandcenter.notify.status import Status
from commandcenter.records import escalation, outbox
from commandcenter.records.database import Records
from commandcenter.records.escalation import Unattended
from commandcenter.secret import redact
from commandcenter.vocabulary import ProcessStatus

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)  # what was sent
INCIDENTS = "incidents"  # the feed


class Notifier:
    """Tells people of incidents. `cameras` are the feeds that tell for whom a camera is; `send`
    hands a letter to a gateway, apprise by default."""

    every = 1.0
    """Seconds between looks at the log and at the outbox."""

    def __init__(
        self,
        records: Records,
        bus: Bus,
        roster: Roster,
        say: Language,
        now: Callable[[], datetime],
        send: Send | None = None,
        jitter: Callable[[], float] = random.random,
        cameras: Mapping[str, Patience] | None = None,
    ) -> None:
        self.records, self.bus, self.roster, self.say, self.now = records, bus, roster, say, now
        send = send or Gateway(say)
        self.board = Board(patience=cameras or {})
        self.discretion = Discretion(say=say, sees=Sees(known=self.board))
        self.senders = {
            channel.name: Sender(
                channel=channel,
                records=records,
                roster=roster,
                discretion=self.discretion,
                say=say,
                now=now,
                send=send,
                jitter=jitter,
            )
            for channel in roster.channels
        }
        self.in_maintenance: set[int] = set()
        """Incidents about which nobody is to be woken; as watch tells them on the bus."""
        self._status = Status(bus, records)
        self._errors: dict[str, str] = {}
        self._since = now()

    async def run(self) -> None:
        """Notify; until cancelled."""
        while not await self._tried("begin", self.begin):
            await self._tried("tell", self.tell)
            await asyncio.sleep(self.every)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._for_ever("plan", self.plan, self.every))
            tasks.create_task(self._for_ever("escalate", self.escalate, self.every * 5))
            tasks.create_task(self._for_ever("tell", self.tell, self.every * 3))
            tasks.create_task(self._for_ever("forget", self.forget, 3600))
            for name, sender in self.senders.items():
                tasks.create_task(self._for_ever(name, sender.deliver, self.every))

    async def begin(self) -> bool:
        """The very first start: what happened before it is not told. Of later ones: what waits
        for channels that are no more is given up. Raises RecordsDown."""
        await self.records.write(outbox.begin_at_the_end, self.now())
        lost = await self.records.write(outbox.drop_others, list(self.senders), self.now())
        if lost:
            log.warning("%d messages waited for channels that config.toml no longer has", lost)
        return True

    async def plan(self) -> bool:
        """Turn the log's new steps into messages; whether there were any. Raises RecordsDown."""
        if not await self.records.read(outbox.behind):
            return False
        now = self.now()
        writer = Writer(roster=self.roster, say=self.say, discretion=self.discretion, now=now)
        await self.records.write(outbox.plan, now, writer)
        return True

    async def escalate(self) -> bool:
        """Note which incidents are to be told further; whether there were any. Raises
        RecordsDown."""
        now = self.now()
        found = [one for level in ("critical", "warning") for one in await self._late(level, now)]
        due = [
            (one.row, facts)
            for one in found
            if one.row.id not in self.in_maintenance
            for facts in due_rungs(one, self.roster.escalations, now)
        ]
        if due:
            await self.records.write(escalation.escalate, now, due)
        return bool(due)

    async def deliver(self) -> int:
        """Send what is due on every channel; how many messages the gateways took."""
        sent = await asyncio.gather(*(sender.deliver() for sender in self.senders.values()))
        return sum(sent)

    async def tell(self) -> None:
        """Tell on the bus how the channels are. Raises RecordsDown."""
        why = "; ".join(f"{what}: {why}" for what, why in sorted(self._errors.items()))
        status = ProcessStatus(ok=not why, error=why, since=self._since.isoformat())
        await self._status.tell(status, self.senders.values(), self.now())

    async def forget(self) -> None:
        """Throw away what was sent long ago. Raises RecordsDown."""
        await self.records.write(outbox.forget, self.now() - KEPT)

    async def _late(self, level: str, now: datetime) -> list[Unattended]:
        rungs = of_level(self.roster.escalations, level)
        if not rungs:
            return []
        before = now - timedelta(seconds=min(rung.after for rung in rungs))
        return await self.records.read(escalation.unattended, before, level, len(rungs))

    async def _follow(self) -> None:
        feeds = [INCIDENTS, *self.board.patience]
        async with aclosing(self.bus.follow(feeds)) as follower:
            async for news in follower:
                self.hear(news)

    def hear(self, news: News) -> None:
        """Note which incidents are in maintenance, and for whom the cameras are."""
        self.board.take((r for r in news.readings if r.kind == "camera"), self.now())
        for reading in news.readings:
            if reading.kind != "incident" or not reading.identity.isdecimal():
                continue
            if reading.value is not None and reading.value.get("maintenance"):
                self.in_maintenance.add(int(reading.identity))
            else:
                self.in_maintenance.discard(int(reading.identity))

    # ------------------------------------------------------------------ nothing may end it

    async def _for_ever(
        self, what: str, act: Callable[[], Awaitable[object]], every: float
    ) -> None:
        while True:
            if not await self._tried(what, act):
                await asyncio.sleep(every)

    async def _tried(self, what: str, act: Callable[[], Awaitable[object]]) -> bool:
        """Do it; whether it is worth doing again at once."""
        try:
            more = await act()
        except Exception as error:  # records away, or a fault of ours: all is tried again
            self._fell(what, redact(str(error)) or type(error).__name__)
            return False
        self._stands(what)
        return more is True

    def _fell(self, what: str, why: str) -> None:
        if not self._errors:
            self._since = self.now()
        if what not in self._errors:
            log.error("%s: %s; trying on", what, why)
        self._errors[what] = why

    def _stands(self, what: str) -> None:
        if self._errors.pop(what, None) is not None:
            log.info("%s: well again", what)
            if not self._errors:
                self._since = self.now()
