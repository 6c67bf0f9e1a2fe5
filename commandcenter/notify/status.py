"""How the channels are, told on the bus for the health page and the console."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from commandcenter.bus import Bus, BusDown
from commandcenter.notify.sender import Sender
from commandcenter.reading import Reading
from commandcenter.records import outbox
from commandcenter.records.database import Records
from commandcenter.records.outbox import Figures
from commandcenter.vocabulary import ChannelStatus, ProcessStatus

FEED = "system"
AGAIN = timedelta(seconds=30)


class Status:
    """Tells what has changed, and every 30 s everything."""

    def __init__(self, bus: Bus, records: Records) -> None:
        self.bus, self.records = bus, records
        self._told: dict[str, Any] = {}
        self._told_at: datetime | None = None
        self._started: datetime | None = None

    async def tell(self, process: ProcessStatus, senders: Iterable[Sender], now: datetime) -> None:
        """Tell how the process and each channel is. Raises RecordsDown."""
        self._started = self._started or now
        figures = await self.records.read(outbox.figures, now)
        values: dict[str, Any] = {"process/notify": dict(process)}
        values |= dict(_values(senders, figures, self._started))
        everything = self._told_at is None or now - self._told_at >= AGAIN
        due = {k: v for k, v in values.items() if everything or self._told.get(k) != v}
        if not due:
            return
        if not await self._publish(due, now):
            return
        self._told |= due
        self._told_at = now if everything else self._told_at

    async def _publish(self, values: dict[str, Any], now: datetime) -> bool:
        readings = [Reading(feed=FEED, key=key, at=now, value=v) for key, v in values.items()]
        try:
            kept = await self.bus.publish(FEED, readings)
        except BusDown:
            return False
        if not kept:
            self._told, self._told_at = {}, None  # the bus has lost what it kept
        return kept


def _values(
    senders: Iterable[Sender], figures: dict[str, Figures], started: datetime
) -> Iterator[tuple[str, Any]]:
    for sender in senders:
        name = sender.channel.name
        yield f"channel/{name}", dict(_status(sender, figures.get(name, Figures()), started))


def _status(sender: Sender, figures: Figures, started: datetime) -> ChannelStatus:
    """Until this process has tried it, what the one before it had noted holds."""
    untried = sender.since is None
    error = figures.error if untried else sender.error
    since = figures.failing_since if untried and error else sender.since
    last = figures.last_sent_at
    return ChannelStatus(
        ok=not error,
        error=error,
        since=(since or last or started).isoformat(),
        waiting=figures.waiting,
        sent=figures.sent,
        given_up=figures.given_up,
        last_sent_at=last.isoformat() if last else None,
    )
