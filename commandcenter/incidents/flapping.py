"""Flapping: a thing that changes between good and bad too often to be told each time."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta


class Flapping:
    """`limit` changes within `window` are flapping, until half the window went by without one.
    A limit of 0 is never reached."""

    def __init__(self, limit: int = 0, window: timedelta = timedelta()) -> None:
        self.limit, self.window = limit, window
        self.on = False
        self._changes: deque[datetime] = deque(maxlen=limit)

    @property
    def calm(self) -> timedelta:
        """How long it must not change to have calmed down."""
        return self.window / 2

    def change(self, at: datetime) -> None:
        """It was good and is bad, or the other way round."""
        self._changes.append(at)
        if self.limit and len(self._changes) == self.limit:
            self.on = self.on or at - self._changes[0] <= self.window

    def go_on(self, now: datetime) -> None:
        """It is known to have been flapping until now."""
        self.on = self.limit > 0
        self._changes.append(now)

    def look(self, now: datetime) -> None:
        """The passing of time: it may have calmed down."""
        if self.on and (not self._changes or now - self._changes[-1] >= self.calm):
            self.reset()

    def reset(self) -> None:
        """Count from the beginning."""
        self.on = False
        self._changes.clear()

    def remembers(self, now: datetime) -> bool:
        """Whether a change that still counts was seen."""
        return bool(self._changes) and now - self._changes[-1] <= self.window
