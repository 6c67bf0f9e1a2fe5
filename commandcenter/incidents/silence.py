"""Silence: when sources and things were last heard, and which have been silent for too long.

What looks at the clock is an agenda: a thing is looked at when it could have become silent, not
with every tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from commandcenter.incidents.dependencies import Node
from commandcenter.reading import Reading


class Watched(NamedTuple):
    """A thing whose age a rule looks at."""

    rule: str
    node: Node


@dataclass(slots=True)
class _Last:
    """The latest word of a thing."""

    reading: Reading
    at: datetime
    limit: timedelta
    since: datetime  # from which on a word could have been heard


class Silence:
    """While nobody listens (`awake_since` is None) nothing is silent, and afterwards nobody is
    accused of a silence that was our own."""

    def __init__(self) -> None:
        self.awake_since: datetime | None = None
        self._sources: dict[str, datetime] = {}
        self._last: dict[Watched, _Last] = {}
        self._agenda: list[tuple[datetime, Watched]] = []
        self._queued: set[Watched] = set()
        self._overdue: dict[Watched, bool | None] = {}  # and what was last told of it

    # ------------------------------------------------------------------ sources

    def heard(self, feed: str) -> datetime | None:
        """When a source was last heard."""
        return self._sources.get(feed)

    def hear_source(self, reading: Reading, at: datetime) -> None:
        """A source speaks with each of its readings, and with each look that succeeded."""
        self._note(reading.feed, at)
        if reading.feed == "system" and reading.kind == "feed" and reading.value:
            success = _instant(reading.value.get("last_success_at"))
            if success is not None:
                self._note(reading.identity, min(at, success))

    def is_silent(self, feed: str, limit: timedelta, now: datetime) -> bool | None:
        """Whether nothing came from a source for so long; None when we were away ourselves."""
        return self._verdict(self._sources.get(feed), limit, now)

    # ------------------------------------------------------------------ things

    def hear(self, watched: Watched, reading: Reading, at: datetime, limit: timedelta) -> None:
        """The latest word of a thing."""
        last = self._last.get(watched)
        self._last[watched] = _Last(reading, at, limit, last.since if last else at)
        self._put_off(watched)

    def is_fresh(self, watched: Watched, now: datetime) -> bool:
        """Whether its latest word is not too old."""
        last = self._last[watched]
        return now - last.at < last.limit

    def renew(self, watched: Watched, now: datetime) -> None:
        """Until now it could not be heard: from now on it could."""
        if watched in self._last:
            self._last[watched].since = now
            self._put_off(watched)

    def forget(self, watched: Watched) -> None:
        """The thing no longer exists."""
        self._last.pop(watched, None)
        self._overdue.pop(watched, None)

    def nodes(self) -> set[Node]:
        """Everything whose age is looked at."""
        return {watched.node for watched in self._last}

    def wake(self, now: datetime) -> None:
        """From now on something can be heard."""
        self.awake_since = now

    def news(self, now: datetime) -> Iterator[tuple[Watched, bool | None, Reading]]:
        """The things of which something else is to be said than before: True, silent; None,
        unknown because its source is silent."""
        while self._agenda and self._agenda[0][0] <= now:
            self._look(heappop(self._agenda)[1], now)
        for watched, told in list(self._overdue.items()):
            last = self._last[watched]
            silent = self._verdict(last.at, last.limit, now)
            verdict = (
                silent if self.is_silent(watched.node.feed, last.limit, now) is False else None
            )
            if verdict is not told:
                self._overdue[watched] = verdict
                yield watched, verdict, last.reading

    def _look(self, watched: Watched, now: datetime) -> None:
        self._queued.discard(watched)
        last = self._last.get(watched)
        if last is None:
            return
        if self._due(last) <= now:
            self._overdue[watched] = None
        else:
            self._put_off(watched)

    def _put_off(self, watched: Watched) -> None:
        self._overdue.pop(watched, None)
        if watched not in self._queued:
            self._queued.add(watched)
            heappush(self._agenda, (self._due(self._last[watched]), watched))

    def _due(self, last: _Last) -> datetime:
        return max(last.at, last.since, self.awake_since or last.at) + last.limit

    def _verdict(self, last: datetime | None, limit: timedelta, now: datetime) -> bool | None:
        if last is not None and now - last < limit:
            return False
        awake = self.awake_since or now
        return True if now - max(last or awake, awake) >= limit else None

    def _note(self, feed: str, at: datetime) -> None:
        if feed not in self._sources or self._sources[feed] < at:
            self._sources[feed] = at


def _instant(told: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
