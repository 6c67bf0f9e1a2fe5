"""Floods at the doors of the web: so many a minute from one address where a door is open to all, so
many of one person, token or display elsewhere, and so many wrong pairing codes from one person.

Nobody is locked out: a bucket fills again by itself. Whom we know is never counted by address:
neighbours cannot hold them up. This machine is not exempt: a proxy that is set up wrongly makes
everybody come from it.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from starlette.types import Scope

from commandcenter.access.roles import Visitor
from commandcenter.rates import Rates, source_of

log = logging.getLogger(__name__)

TOO_OFTEN = "Too many requests from this address; please try again in {seconds} s"
TOO_OFTEN_BY_ONE = "Too many requests in a short time; please try again in {seconds} s"
TOO_MANY_CODES = "Too many wrong codes; please try again in {minutes} min"

Wrong = Literal["session", "token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `burst` at once and `a_minute` in the long run, of one address or visitor."""

    burst: int
    a_minute: float

    def rates(self) -> Rates:
        """Buckets with nobody in them yet."""
        return Rates(rate=self.a_minute / 60, burst=self.burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door(Limit):
    """Requests of these methods to these paths share one limit."""

    name: str
    methods: tuple[str, ...]
    path: str


DOORS = (
    # A shift changes: everybody signs in at once, from behind one address. A password costs us
    # a tenth of a second of work; access/throttle.py slows down whoever guesses at one account.
    Door(name="sign-in", methods=("POST",), path="/sign-in", burst=30, a_minute=30),
    Door(name="code", methods=("POST",), path="/sign-in/code", burst=30, a_minute=30),
    Door(name="oidc", methods=("GET",), path="/sign-in/oidc(?:/back)?", burst=30, a_minute=30),
    Door(
        name="page", methods=("GET", "HEAD"), path="/sign-in(?:/|/code)?", burst=120, a_minute=120
    ),
    # Five displays of one address may wait, and each asks every second.
    Door(name="pairing", methods=("POST",), path="/wall/pairing", burst=30, a_minute=30),
    Door(name="collect", methods=("POST",), path="/wall/pairing/collect", burst=120, a_minute=1200),
    Door(name="enter", methods=("GET", "HEAD", "POST"), path="/enter/.*", burst=20, a_minute=20),
    Door(name="link", methods=("GET", "HEAD", "POST"), path="/a/.*", burst=60, a_minute=60),
)
# What a person in a hurry, a wall of cameras and a gateway do is far below these; what copies all
# that there is, or fills the records with rubbish, is not (ASVS 5.0, 2.4.1). The first that fits.
_READ, _WRITE, _SOCKET = ("GET", "HEAD"), ("POST",), ("WS",)
KNOWN = (
    # Sixteen cameras on each of five pages, a picture a second.
    Door(
        name="file",
        methods=_READ,
        path="/(?:snapshots|console/evidence|assets|_dash-component-suites)/.*",
        burst=2000,
        a_minute=12_000,
    ),
    Door(name="export", methods=_READ, path=r".*\.(?:csv|ics|zip)", burst=30, a_minute=30),
    Door(name="read", methods=_READ, path=".*", burst=600, a_minute=600),
    # A gateway that tells thing by thing.
    Door(name="write", methods=_WRITE, path="/api/.*", burst=600, a_minute=3000),
    Door(name="act", methods=_WRITE, path=".*", burst=300, a_minute=300),
    Door(name="live", methods=_SOCKET, path=".*", burst=300, a_minute=300),
)
WRONG: Mapping[Wrong, Limit] = {
    "session": Limit(burst=60, a_minute=60),  # after a restore of old records all are unknown
    "token": Limit(burst=30, a_minute=30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TooOften:
    """A refusal: 429 with `headers` and the sentence `why`."""

    what: str
    """Which limit: the name of a door, "session" or "token"."""
    why: str
    """An English sentence with `seconds`."""
    wait: int
    """Seconds until it is worth trying again."""
    first: bool
    """Whether this is the first refusal of this flood: the one for the audit log."""

    @property
    def headers(self) -> dict[str, str]:
        """RFC 6585, section 4."""
        return {"Retry-After": str(self.wait), "Cache-Control": "no-store"}


class Floods:
    """Who knocks too often. `clock` counts seconds. One for a process; all of it is in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._doors = _with_rates(DOORS)
        self._known = _with_rates(KNOWN)
        self._wrong = {what: limit.rates() for what, limit in WRONG.items()}

    def knock(self, scope: Scope) -> TooOften | None:
        """Before anything is looked up: may this request come to its door, if it is an open one?"""
        found = _first(self._doors, scope)
        return self._take(*found, _address(scope), TOO_OFTEN) if found else None

    def known(self, visitor: Visitor, scope: Scope) -> TooOften | None:
        """May somebody whom we know ask for one more? All sessions of a person are one."""
        found = _first(self._known, scope)
        who = f"{visitor.kind} {visitor.id}"
        return self._take(*found, who, TOO_OFTEN_BY_ONE) if found else None

    def wrong(self, what: Wrong, scope: Scope) -> TooOften | None:
        """After a session cookie or a token was found to be nobody's: is it one too many?"""
        return self._take(what, self._wrong[what], _address(scope), TOO_OFTEN)

    def _take(self, what: str, rates: Rates, source: str, why: str) -> TooOften | None:
        answer = rates.take(source, self.clock())
        if answer.allowed:
            return None
        if answer.first:
            log.warning("%s knocks too often (%s); it has to wait", source, what)
        return TooOften(what=what, why=why, wait=answer.wait, first=answer.first)


def _with_rates(doors: Sequence[Door]) -> list[tuple[Door, re.Pattern[str], Rates]]:
    return [(door, re.compile(door.path, re.DOTALL), door.rates()) for door in doors]


def _first(
    doors: Iterable[tuple[Door, re.Pattern[str], Rates]], scope: Scope
) -> tuple[str, Rates] | None:
    """The name and the buckets of the first of these that fits."""
    method = scope.get("method", "WS")
    for door, path, rates in doors:
        if method in door.methods and path.fullmatch(scope["path"]):
            return door.name, rates
    return None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return source_of(str(client[0]) if client else "?")


class TooManyCodes(Exception):
    """A person has guessed too often. `minutes` until the next try, for TOO_MANY_CODES."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"too many wrong codes; {minutes} min to wait")
        self.minutes = minutes


class Guesses:
    """Wrong pairing codes of each person: at most `most` within `within`. Right ones do not count.

    A code is one of 64 million and lives for ten minutes.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        most: int = 10,
        within: timedelta = timedelta(minutes=10),
    ) -> None:
        self.now, self.most, self.within = now, most, within
        self._wrong: dict[int, deque[datetime]] = {}

    def check(self, person: int) -> None:
        """Before a code is tried. Raises TooManyCodes."""
        wrong, now = self._wrong.get(person, deque()), self.now()
        if len(wrong) == self.most and (ends := wrong[0] + self.within) > now:
            raise TooManyCodes(-(-int((ends - now).total_seconds()) // 60) or 1)

    def wrong(self, person: int) -> None:
        """It was the code of no display. `person` is the number of an account: few, so kept."""
        self._wrong.setdefault(person, deque(maxlen=self.most)).append(self.now())
