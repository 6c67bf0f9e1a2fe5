"""A case: one thing under one rule, since when it has been bad or good, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from commandcenter.incidents.rules import Thing, Words
from commandcenter.reading import Origin

RECOVERED = "sudah pulih"


@dataclass(frozen=True, slots=True)
class Open:
    """An incident begins."""

    thing: Thing
    at: datetime
    words: Words
    origin: Origin


@dataclass(frozen=True, slots=True)
class Update:
    """An open incident says something else, or (`again`) its thing was good and is bad again."""

    thing: Thing
    at: datetime
    words: Words
    again: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """An incident ends; the reason is for the people at the wall."""

    thing: Thing
    at: datetime
    reason: str


Decision: TypeAlias = Open | Update | Close


@dataclass(slots=True)
class Case:
    """Marked with each verdict, asked for a decision after each mark and each tick.

    A verdict is True (bad), False (good) or None (cannot be told). `hold` and `hold_close` guard
    against flapping: so long it must be bad without a good moment to open, and the other way
    round to close. Not knowing breaks a good run, but not a bad one.
    """

    thing: Thing
    hold: timedelta
    hold_close: timedelta
    words: Words | None = None  # of the latest bad reading
    origin: Origin = Origin.LIVE
    _verdict: bool | None = None
    _bad_since: datetime | None = None
    _good_since: datetime | None = None
    _told: Words | None = None  # what the open incident says; None: none is open
    _again: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is an open incident."""
        return self._told is not None

    @property
    def is_over(self) -> bool:
        """Whether it may be forgotten."""
        return not self.is_open and self._verdict is False

    @property
    def is_restless(self) -> bool:
        """Whether the passing of time alone can bring a decision."""
        return self._verdict is (not self.is_open)

    def take_over(self, words: Words, origin: Origin) -> None:
        """Go on with an incident that is open in the records."""
        self._told, self.origin = words, origin

    def mark(
        self, verdict: bool | None, now: datetime, words: Words | None, origin: Origin
    ) -> None:
        """Note what was found just now."""
        self._verdict = verdict
        if verdict:
            self._again = self._again or (self.is_open and self._good_since is not None)
            self._bad_since, self._good_since = self._bad_since or now, None
            self.words, self.origin = words, origin
        elif verdict is None:
            self._good_since = None
        else:
            self._bad_since, self._good_since = None, self._good_since or now

    def resume(self, now: datetime) -> None:
        """We were away, and it may have been bad meanwhile: its good time begins anew."""
        if self._good_since is not None:
            self._good_since = now

    def decide(self, now: datetime, heard: datetime | None) -> Decision | None:
        """What is due by now, once; `heard` is when its source was last heard."""
        if not self.is_open:
            return self._open(now)
        return self._update(now) if self._verdict else self._close(now, heard)

    def _open(self, now: datetime) -> Open | None:
        if not self._verdict or self._bad_since is None or self.words is None:
            return None
        if now - self._bad_since < self.hold:
            return None
        self._told, self._again = self.words, False
        return Open(self.thing, now, self.words, self.origin)

    def _update(self, now: datetime) -> Update | None:
        if self.words is None or (self.words == self._told and not self._again):
            return None
        again, self._told, self._again = self._again, self.words, False
        return Update(self.thing, now, self.words, again)

    def _close(self, now: datetime, heard: datetime | None) -> Close | None:
        """Only what was still heard at the end of its good time is known to have been good."""
        if self._verdict is None or self._good_since is None or heard is None:
            return None
        if heard - self._good_since < self.hold_close:
            return None
        self._told = None
        return Close(self.thing, now, RECOVERED)
