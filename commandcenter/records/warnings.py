"""Warnings that together are one incident: those of one kind of weather over one place.

BMKG publishes a new warning every half hour while a storm goes on, each an Alert of its own that
refers to none before it, and each in two languages under one identifier.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias

Parts: TypeAlias = Mapping[str, dict[str, Any]]

INDONESIAN = ("id", "in", "ind")  # "in" until 1989, and in Java


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one message warns of."""

    level: str
    title: str
    detail: str
    language: str
    places: tuple[str, ...] = ()
    """Those of our places that it names."""
    expires_at: datetime | None = None


def with_part(parts: Parts, name: str, part: Part, gone: Collection[str]) -> Parts:
    """With one more, and without those whose place it takes.

    One in Indonesian stays when the same comes in another language, and one that is over does not
    begin again: warnings are published until they expire, also those that were cancelled.
    """
    left = without(parts, gone)
    known = left.get(name)
    if known and (known["over"] or _is_ours(known["language"]) > _is_ours(part.language)):
        return left
    expires = part.expires_at.isoformat() if part.expires_at else None
    told = {**asdict(part), "places": list(part.places), "expires_at": expires, "over": False}
    return {**left, name: told}


def without(parts: Parts, gone: Collection[str]) -> Parts:
    """Some of them are over before their time."""
    return {name: {**one, "over": one["over"] or name in gone} for name, one in parts.items()}


def lasting(parts: Parts, at: datetime) -> Parts:
    """Those that hold."""
    return {name: one for name, one in parts.items() if not (one["over"] or _expired(one, at))}


def ended(parts: Parts, at: datetime) -> Parts:
    """Those that are over before their time, while somebody may still publish them."""
    return {name: one for name, one in parts.items() if one["over"] and not _expired(one, at)}


def as_one(parts: Parts) -> dict[str, Any]:
    """What they say together: the newest words, the worst level, every place, the last end."""
    newest = list(parts.values())[-1]
    places = dict.fromkeys(place for one in list(parts.values())[::-1] for place in one["places"])
    ends = [one["expires_at"] for one in parts.values()]
    worst = any(one["level"] == "critical" for one in parts.values())
    return {
        "level": "critical" if worst else "warning",
        "title": newest["title"],
        "detail": " · ".join(filter(None, (", ".join(places), newest["detail"]))),
        "expires_at": None if None in ends else max(map(datetime.fromisoformat, ends)),
    }


def _is_ours(language: str) -> bool:
    return language in INDONESIAN


def _expired(one: Mapping[str, Any], at: datetime) -> bool:
    return one["expires_at"] is not None and datetime.fromisoformat(one["expires_at"]) <= at
