"""The watch: follows the bus, lets the judge decide, writes the decisions down, rings the bell.

The records come first: an incident is open when its transaction is. What cannot be written or
rung now stays due and is tried again every second; nothing is dropped on the way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from commandcenter.bus import Bus, BusDown, News
from commandcenter.incidents.bell import FEED, Bell, incident_reading
from commandcenter.incidents.case import Close, Decision, Open, Update
from commandcenter.incidents.judge import Judge
from commandcenter.incidents.rules import Rule, Thing, Words
from commandcenter.reading import Origin, Reading
from commandcenter.records import incidents
from commandcenter.records.database import Records, RecordsDown
from commandcenter.secret import redact
from commandcenter.vocabulary import ProcessStatus

__all__ = ["Watcher", "incident_reading"]

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=30)

_Due: TypeAlias = dict[Thing, list[Decision]]


class Watcher:
    """The process `watch`. `feeds` are the configured ones with the origin of each."""

    every = 1.0
    """Seconds between ticks."""

    def __init__(
        self,
        bus: Bus,
        records: Records,
        rules: Iterable[Rule],
        feeds: Mapping[str, Origin],
        now: Callable[[], datetime],
    ) -> None:
        self.bus, self.records, self.now = bus, records, now
        self.judge = Judge(rules, feeds)
        demo = Origin.DEMO in feeds.values()
        self.bell = Bell(bus, records, now, Origin.DEMO if demo else Origin.LIVE)
        self.error = ""
        self._since = now()
        self._due: _Due = {}
        self._beat_at = now()
        self._resync = True  # every open incident is to be told, whether it changed or not
        self._unrung = True  # what lies on the bus may differ from the records
        self._changed = True  # how we are is to be told
        self._kept = True  # what the bus tells now was kept, and may be old
        self._work = asyncio.Event()

    async def run(self) -> None:
        """Watch; until cancelled."""
        while True:
            if await self._restore():
                break
            await asyncio.sleep(self.every)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._tick_for_ever())
            tasks.create_task(self._settle_for_ever())

    async def _restore(self) -> bool:
        """Go on where the last watcher ended: what is open does not open again."""
        try:
            rows = await self.records.read(incidents.open_incidents)
            still_open = dict(map(_as_judged, rows))
        except Exception as error:  # nothing may end the watch; it is tried again
            self._fell(redact(str(error)))
            await self._tell_status(self.now())
            return False
        self._stands()
        self._take(self.judge.restore(still_open, self.now()))
        return True

    async def _follow(self) -> None:
        async with aclosing(self.bus.follow()) as follower:
            async for news in follower:
                self._hear(news)

    def _hear(self, news: News) -> None:
        if not news.connected:
            log.warning("the bus is away, judging rests: %s", news.why)
            self.judge.blind()
            self._kept = True
            return
        now = self.now()
        self.judge.wake(now)
        for reading in news.readings:
            self._take(self.judge.see(reading, now, kept=self._kept))
            if reading.feed == FEED:
                self.bell.hear(reading)
                self._unrung = True
                self._work.set()
        if news.snapshot:
            self._kept, self._resync = False, True
            self._work.set()

    async def _tick_for_ever(self) -> None:
        while True:
            self._take(self.judge.tick(self.now()))
            self._work.set()  # whatever could not be done is tried again
            await asyncio.sleep(self.every)

    async def _settle_for_ever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self.settle()

    async def settle(self) -> None:
        """Write what was decided, then tell it."""
        due, self._due = self._due, {}
        if due:
            await self._write(due)
        await self._ring()

    def _take(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            _queue(self._due.setdefault(decision.thing, []), decision)
            self._work.set()

    async def _write(self, due: _Due) -> None:
        steps = [_step(decision) for decisions in due.values() for decision in decisions]
        try:
            await self.records.write(incidents.together, steps)
        except RecordsDown as error:
            self._keep(due, str(error))
        except Exception as error:
            if len(due) == 1:
                self._keep(due, f"an incident cannot be written: {redact(str(error))}")
                return
            for thing, decisions in due.items():  # one of them: it must not hold up the others
                await self._write({thing: decisions})
        else:
            self._unrung = True
            if not self._due:
                self._stands()

    def _keep(self, due: _Due, why: str) -> None:
        """Have it due again, before what was decided meanwhile."""
        self._fell(why)
        for thing, decisions in due.items():
            later = self._due.get(thing, [])
            self._due[thing] = decisions
            for decision in later:
                _queue(decisions, decision)

    async def _ring(self) -> None:
        now = self.now()
        everything = self._resync or now - self._beat_at >= HEARTBEAT
        if everything or self._changed:
            await self._tell_status(now)
        if not everything and not self._unrung:
            return
        self._unrung = self._resync = False
        try:
            await self.bell.ring(everything=everything)
        except Exception as error:  # nothing may end the watch; all is tried again
            self._unrung, self._resync = True, self._resync or everything
            if not isinstance(error, BusDown):  # of that the follower tells
                self._fell(redact(str(error)))
            return
        if everything:
            self._beat_at = now
        if not self._due:
            self._stands()

    # ------------------------------------------------------------------ how the watch itself is

    def _fell(self, why: str) -> None:
        if not self.error:
            log.error("incidents cannot be recorded, trying on: %s", why)
            self._since, self._changed = self.now(), True
        self.error = why

    def _stands(self) -> None:
        if self.error:
            log.info("incidents are recorded again")
            self.error, self._since, self._changed = "", self.now(), True

    async def _tell_status(self, now: datetime) -> None:
        told = ProcessStatus(ok=not self.error, error=self.error, since=self._since.isoformat())
        status = Reading(feed="system", key="process/watch", at=now, value=dict(told))
        try:
            await self.bus.publish("system", [status])
        except BusDown:
            self._changed = True
        else:
            self._changed = False


def _queue(decisions: list[Decision], decision: Decision) -> None:
    """Put a decision behind the others; while the records are away an update takes the place of
    the one before it, so the queue does not grow with the length of the outage."""
    last = decisions[-1] if decisions else None
    if isinstance(last, Update) and isinstance(decision, Update):
        decisions[-1] = replace(decision, again=decision.again or last.again)
    else:
        decisions.append(decision)


def _as_judged(row: incidents.IncidentRow) -> tuple[Thing, tuple[Words, Origin]]:
    words = Words(row.level, row.title, row.detail)
    return Thing(row.rule, row.feed, row.key), (words, Origin(row.origin))


def _step(decision: Decision) -> incidents.Step:
    """What the records have to do."""
    match decision:
        case Open(thing, at, (level, title, detail), origin):
            return partial(
                incidents.open_incident,
                thing=thing,
                at=at,
                level=level,
                title=title,
                detail=detail,
                origin=origin,
            )
        case Update(thing, at, (level, title, detail), again):
            return partial(
                incidents.touch,
                thing=thing,
                at=at,
                level=level,
                title=title,
                detail=detail,
                again=again,
            )
        case Close(thing, at, reason):
            return partial(incidents.close, thing=thing, at=at, reason=reason)
