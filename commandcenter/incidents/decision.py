"""What the judge decides: an incident opens, says something else, ends, or goes into another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self, TypeAlias

from commandcenter.incidents.rules import Thing, Words
from commandcenter.reading import Origin, office_of

RECOVERED = "sudah pulih"


class Place(NamedTuple):
    """Where an incident is, as its reading says; "" for what it does not say."""

    office: str = ""
    kecamatan: str = ""
    provider: str = ""

    @classmethod
    def of(cls, key: str, value: Mapping[str, Any]) -> Self:
        """The place of a reading."""
        kecamatan, provider = _word(value.get("kecamatan")), _word(value.get("provider"))
        return cls(office_of(key, value), kecamatan, provider)


NOWHERE = Place()


class Affected(NamedTuple):
    """A thing behind a broken one."""

    feed: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Open:
    """An incident begins."""

    thing: Thing
    at: datetime
    words: Words
    origin: Origin
    place: Place = NOWHERE
    owner: str = ""
    runbook: str = ""
    flapping: bool = False
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """An open incident says something else, or (`again`) its thing was good and is bad again.
    `flapping` and `affected` are None when they are as before."""

    thing: Thing
    at: datetime
    words: Words
    again: bool = False
    flapping: bool | None = None
    affected: tuple[Affected, ...] | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """An incident ends; the reason is for the people at the wall."""

    thing: Thing
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Merge:
    """An incident was a part of another: of that of the broken thing it is behind."""

    thing: Thing
    at: datetime
    into: Thing


Decision: TypeAlias = Open | Update | Close | Merge


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident as it stands in the records, for a judge that begins."""

    words: Words
    origin: Origin
    opened_at: datetime | None = None
    flapping: bool = False
    affected: tuple[Affected, ...] = ()


def _word(told: Any) -> str:
    return told if isinstance(told, str) else ""
