"""The watch: follows the bus, lets the judge decide, has it written down, rings the bell.

The records come first: an incident is open when its transaction is. What cannot be written or
rung now stays due and is tried again every second; nothing is dropped on the way. What others do
with incidents (operators, senders of alerts) is found in the log, whoever wrote it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from commandcenter.bus import Bus, BusDown, News
from commandcenter.bus.pictures import Pictures
from commandcenter.incidents.bell import FEED, Bell
from commandcenter.incidents.clerk import Clerk, as_judged
from commandcenter.incidents.judge import Judge
from commandcenter.incidents.memory import Memory
from commandcenter.incidents.rules import Rule, Thing
from commandcenter.incidents.stills import Holds, Stills
from commandcenter.reading import Origin, Reading
from commandcenter.records import chain, evidence, incidents, life, maintenance
from commandcenter.records.chain import LogRow
from commandcenter.records.database import Records
from commandcenter.secret import redact
from commandcenter.vocabulary import ProcessStatus

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=15)
TIDY = timedelta(hours=1)
MOST_STEPS = 1000  # of the log, read at once
_ENDED = {"resolved", "closed"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What config.toml says of incidents. Times are in seconds."""

    terms: life.Terms = field(default_factory=life.Terms)
    recheck: float = 300.0
    keep_pictures_days: int = 30
    zone: tzinfo = UTC


class Watcher:
    """The process `watch`. `feeds` are the configured ones with the origin of each; `pictures`
    those of the cameras, of which incidents keep some."""

    every = 1.0
    """Seconds between ticks."""

    def __init__(
        self,
        bus: Bus,
        records: Records,
        rules: Iterable[Rule],
        feeds: Mapping[str, Origin],
        now: Callable[[], datetime],
        settings: Settings | None = None,
        *,
        pictures: Pictures,
    ) -> None:
        rules = list(rules)
        self.bus, self.records, self.now = bus, records, now
        self.settings = settings or Settings()
        self.judge = Judge(rules, feeds)
        self.memory = Memory()
        self.stills = Stills(records, pictures, now, Holds(rules))
        self.clerk = Clerk(records, self.memory, self.settings.terms, self.stills.wishes)
        demo = Origin.DEMO in feeds.values()
        origin = Origin.DEMO if demo else Origin.LIVE
        self.bell = Bell(bus, records, now, origin, self.settings.zone)
        self.error = ""
        self._since = self._beat_at = now()
        self._tidied_at: datetime | None = None
        self._read_until = 0  # number of the last step of the log that we know of
        self._holding: frozenset[int] = frozenset()  # maintenance windows that hold now
        self._unrung: set[int] = set()  # incidents of which the bus may not know the newest
        self._resync = True  # every incident is to be told, whether it changed or not
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
            tasks.create_task(self.stills.run())

    async def _restore(self) -> bool:
        """Go on where the last watcher ended: what is open does not open again."""
        try:
            self._read_until = (await self.records.read(chain.head)).length
            rows = await self.records.read(incidents.open_incidents)
            gone = self.judge.restore(as_judged(rows), self.now())
        except Exception as error:  # nothing may end the watch; it is tried again
            self._fell(redact(str(error)))
            await self._tell_status(self.now())
            return False
        self._stands()
        self.clerk.take(gone)
        return True

    # ------------------------------------------------------------------ hearing

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
            self._hear_one(reading, now)
        if news.snapshot:
            self._kept, self._resync = False, True
            self._work.set()

    def _hear_one(self, reading: Reading, now: datetime) -> None:
        if reading.feed != FEED:
            self.memory.hear(reading)
            self.stills.cameras.hear(reading)
        if self.clerk.take(self.judge.see(reading, now, kept=self._kept)):
            self._work.set()
        if reading.feed == FEED and (number := self.bell.hear(reading)) is not None:
            self._unrung.add(number)
            self._work.set()

    async def _tick_for_ever(self) -> None:
        while True:
            self.clerk.take(self.judge.tick(self.now()))
            self._work.set()  # whatever could not be done is tried again
            await asyncio.sleep(self.every)

    # ------------------------------------------------------------------ doing

    async def _settle_for_ever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self.settle()

    async def settle(self) -> None:
        """Write what was decided, see what others did and what is due, then tell it."""
        written = await self.clerk.write()
        self._unrung |= written.numbers
        for why in written.troubles:
            self._fell(why)
        try:
            await self._look_at_the_records()
        except Exception as error:  # nothing may end the watch; it is tried again
            self._fell(_why(error))
        await self._ring()
        if written.numbers:
            self.stills.wake()

    async def _look_at_the_records(self) -> None:
        now = self.now()
        self._unrung |= set(await self.records.write(life.lapse, now, self.settings.terms))
        await self._maintain(now)
        await self._read_log(now)
        if self._tidied_at is None or now - self._tidied_at >= TIDY:
            old = now - timedelta(days=self.settings.keep_pictures_days)
            await self.records.write(evidence.forget_pictures, old, now)
            self._tidied_at = now

    async def _maintain(self, now: datetime) -> None:
        """What is worked on now; incidents that come under it, or out of it, are told anew."""
        windows = await self.records.read(maintenance.windows, now)
        self.judge.maintain(windows)
        holding = frozenset(one.id for one in windows if one.starts_at <= now < one.ends_at)
        if holding == self._holding:
            return
        self._holding = holding
        rows = await self.records.read(incidents.open_incidents)
        maintained = {r.id for r in rows if self.judge.in_maintenance(r.feed, r.key, now)}
        self._unrung |= maintained ^ set(self.bell.maintained)
        self.bell.maintained = maintained

    async def _read_log(self, now: datetime) -> None:
        """What others did: rung, and the judge told of what people decided."""
        steps = await self.records.read(chain.log_since, self._read_until, MOST_STEPS)
        while steps:
            self._read_until = steps[-1].number
            self._unrung |= {step.incident_id for step in steps}
            await self._tell_judge([step for step in steps if step.who != incidents.WATCH], now)
            steps = await self.records.read(chain.log_since, self._read_until, MOST_STEPS)

    async def _tell_judge(self, steps: list[LogRow], now: datetime) -> None:
        ended = {s.incident_id for s in steps if _ENDED & {s.facts.get("from"), s.facts.get("to")}}
        rows = await self.records.read(incidents.incidents_of, ended) if ended else []
        for row in rows:
            if row.source != "rule":
                continue
            if row.is_active:
                [(thing, told)] = as_judged([row]).items()
                self.judge.reopened(thing, told.words, told.origin)
            else:
                self.judge.dismiss(Thing(*row.thing), row.resolved_at or now, self.settings.recheck)

    async def _ring(self) -> None:
        now = self.now()
        due, everything = self._unrung, self._resync
        beat = now - self._beat_at >= HEARTBEAT
        rings = bool(due) or everything or beat  # and each time it is told that we watch
        if self._changed or rings:
            await self._tell_status(now)
        if not rings:
            self._stand_if_all_is_written()
            return
        self._unrung, self._resync = set(), False
        try:
            await (self.bell.ring_all() if everything else self.bell.ring(due))
        except Exception as error:  # nothing may end the watch; all is tried again
            self._unrung, self._resync = self._unrung | due, self._resync or everything
            if not isinstance(error, BusDown):  # of that the follower tells
                self._fell(_why(error))
            return
        self._beat_at = now
        self._stand_if_all_is_written()

    # ------------------------------------------------------------------ how the watch itself is

    def _fell(self, why: str) -> None:
        if not self.error:
            log.error("incidents cannot be recorded, trying on: %s", why)
            self._since, self._changed = self.now(), True
        self.error = why

    def _stand_if_all_is_written(self) -> None:
        if not self.clerk.due:
            self._stands()

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


def _why(error: Exception) -> str:
    return redact(str(error) or type(error).__name__)
