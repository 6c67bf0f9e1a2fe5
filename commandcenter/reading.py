"""A reading: one thing, as one source saw it at one moment.

This is the only kind of message that travels from feeds over the bus to boards and rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

import orjson


class Origin(StrEnum):
    """Where a value comes from, apart from how old it is."""

    LIVE = "live"
    MANUAL = "manual"
    DEMO = "demo"


class BadReading(ValueError):
    """Bytes on the bus that are not a reading; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What `feed` knows of `key` since `at`.

    `key` is "kind/identity" ("device/rtr-dinkes", "office/disdik"). `at` is the time at the source,
    in UTC. `value` is a JSON object, or None: the thing no longer exists and is forgotten.
    `number` is given by the bus; it rises with every reading of a feed.
    """

    feed: str
    key: str
    at: datetime
    value: dict[str, Any] | None
    origin: Origin = Origin.LIVE
    number: int = 0

    @property
    def kind(self) -> str:
        """The first part of the key: "device" of "device/rtr-dinkes"."""
        return self.key.partition("/")[0]

    @property
    def identity(self) -> str:
        """The second part of the key: "rtr-dinkes" of "device/rtr-dinkes"."""
        return self.key.partition("/")[2]

    def encode(self) -> bytes:
        """As it lies on the bus: feed, key and number travel beside it. Raises TypeError when JSON
        cannot say it (`sayable` can be said)."""
        return orjson.dumps({"at": self.at, "value": self.value, "origin": self.origin})

    @classmethod
    def decode(cls, feed: str, key: str, number: int, raw: bytes) -> Self:
        """Read what `encode` wrote. Raises BadReading with the reason."""
        try:
            told = orjson.loads(raw)
            at = datetime.fromisoformat(told["at"]).astimezone(UTC)
            value, origin = told["value"], Origin(told["origin"])
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise BadReading(f"{feed}:{key} number {number} is not a reading: {error}") from error
        if value is not None and not isinstance(value, dict):
            raise BadReading(f"{feed}:{key} number {number}: its value is not an object")
        return cls(feed=feed, key=key, at=at, value=value, origin=origin, number=number)


def office_of(key: str, value: Mapping[str, Any]) -> str:
    """The office that a thing says it is of, "" for none; a complaint is at the agency that it was
    given to."""
    kind, _, identity = key.partition("/")
    told = value.get("office") or value.get("agency") or (kind == "office" and identity)
    return told if isinstance(told, str) else ""


def sayable(value: Any) -> Any:
    """The same as JSON can say it. One thing that it cannot costs itself only: a number of more
    than 64 bits and what is no JSON at all become None, and half a character becomes "?"."""
    match value:
        case None | bool() | float() | datetime():
            return value
        case str():
            return value.encode(errors="replace").decode()
        case int():
            return value if -(2**63) <= value < 2**64 else None
        case dict():
            return {str(sayable(key)): sayable(told) for key, told in value.items()}
        case list() | tuple() | set() | frozenset():
            return [sayable(told) for told in value]
        case _:
            return None
