"""Who may see what: the one answer, asked by every list, drawing, file, message and step.

A camera may be for some roles only, and so is whatever is told of it: its incidents, stills and
maintenance. Whoever is limited to offices or domains is told of nothing else: incidents,
maintenance, hand-overs. What may not be seen is not in an answer at all, and cannot be acted on;
figures may count it, as long as they name nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from commandcenter.access.roles import EVERYBODY, Eyes, Scope

CAMERA = "camera/"  # keys of cameras begin so
KEEPERS = ("operator", "admin")
"""Who sees what is told of a camera of which no feed tells any more whom it is for."""


class Known(Protocol):
    """What feeds tell of things now (commandcenter.board)."""

    def cameras(self) -> Collection[str]:
        """The cameras that there are."""

    def seen_by(self, camera: str) -> Collection[Collection[str]]:
        """The roles that each feed names for a camera, none for all; none at all: not known."""

    def office_of(self, feed: str, key: str) -> str:
        """The office that a thing names as its own."""


class About(Protocol):
    """An incident, as the records have it."""

    @property
    def feed(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def office(self) -> str: ...


class Listed(Protocol):
    """An office of the list."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kecamatan(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """The list of offices, as far as it says whose something is."""

    codes: Mapping[str, str] = field(default_factory=dict)
    """By their names: feeds name an office by either."""
    kecamatan: Mapping[str, str] = field(default_factory=dict)
    """By their codes."""

    @classmethod
    def of(cls, offices: Iterable[Listed]) -> Offices:
        """Of the list."""
        found = list(offices)
        return cls(
            codes={office.name: office.code for office in found},
            kecamatan={office.code: office.kecamatan for office in found},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What somebody sees of incidents, for a query (commandcenter.records.limits)."""

    offices: frozenset[str] = frozenset()
    """Only of these, by code and by name; none: all. So with `feeds`."""
    feeds: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    """Keys of cameras that are not theirs."""
    shown: frozenset[str] | None = None
    """The keys of all cameras that are theirs; None: all that are not hidden."""


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sees:
    """What these eyes see."""

    known: Known
    offices: Offices = field(default_factory=Offices)
    eyes: Eyes = EVERYBODY

    def camera(self, camera: str) -> bool:
        """Whether a camera is theirs to see, and what is told of it."""
        told, role = self.known.seen_by(camera), self.eyes.role
        return all(not roles or role in roles for roles in told) if told else role in KEEPERS

    def thing(self, feed: str, key: str, office: str) -> bool:
        """Whether a thing is."""
        if not self.place(feed, office):
            return False
        return not key.startswith(CAMERA) or self.camera(key.removeprefix(CAMERA))

    def place(self, feed: str, office: str) -> bool:
        """Whether what this feed tells of this office is. What is of no office is not of theirs."""
        scope = self.eyes.scope
        code = self.offices.codes.get(office, office)
        return scope.whole or scope.covers(office=code, feed=feed)

    def incident(self, row: About) -> bool:
        """Whether an incident is: what it is about must be."""
        return self.thing(row.feed, row.key, row.office)

    def told(self, value: Mapping[str, Any]) -> bool:
        """The same of an incident as it lies on the bus (vocabulary.Incident)."""
        feed, key = str(value.get("feed") or ""), str(value.get("about") or "")
        return self.thing(feed, key, str(value.get("office") or ""))

    def known_thing(self, feed: str, key: str) -> bool:
        """Whether a thing is that names its office itself."""
        return self.thing(feed, key, self.known.office_of(feed, key))

    def office(self, code: str) -> bool:
        """Whether an office is among theirs."""
        return not self.eyes.scope.offices or code in self.eyes.scope.offices

    def feed(self, feed: str) -> bool:
        """Whether a domain is."""
        return not self.eyes.scope.domains or feed in self.eyes.scope.domains

    def window(self, kind: str, scope: str) -> bool:
        """Whether a maintenance window is: one that may be about something of theirs. Work on the
        whole region, on a provider or on a domain is about every office."""
        match kind:
            case "thing":
                feed, _, key = scope.partition("/")
                return self.known_thing(feed, key)
            case "office":
                return self.office(self.offices.codes.get(scope, scope))
            case "kecamatan":
                mine, where = self.eyes.scope.offices, self.offices.kecamatan
                return not mine or scope in {where.get(code) for code in mine}
            case "feed":
                return self.feed(scope)
            case _:
                return True

    def all_of(self, other: Scope) -> bool:
        """Whether all that somebody of this scope sees is theirs, too: then so are their words."""
        mine = self.eyes.scope
        return _within(other.offices, mine.offices) and _within(other.domains, mine.domains)

    @property
    def limits(self) -> Limits:
        """The same as `incident`, for a query."""
        scope, codes = self.eyes.scope, self.offices.codes
        names = {name for name, code in codes.items() if code in scope.offices}
        cameras = self.known.cameras()
        shown = frozenset(CAMERA + one for one in cameras if self.camera(one))
        keeps = self.eyes.role in KEEPERS
        return Limits(
            offices=scope.offices | names,
            feeds=scope.domains,
            hidden=frozenset(CAMERA + one for one in cameras) - shown if keeps else frozenset(),
            shown=None if keeps else shown,
        )

    @property
    def filter(self) -> Callable[[About], bool] | None:
        """`incident`; None: they see every one."""
        return None if self.limits == NO_LIMITS else self.incident


def _within(some: frozenset[str], limit: frozenset[str]) -> bool:
    """None of them: no limit."""
    return not limit or (bool(some) and some <= limit)
