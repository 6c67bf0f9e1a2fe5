"""The memory of watch: the recent past of what it hears, evidence for when an incident opens."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

import orjson

from commandcenter.reading import Reading

POINTS = 60  # of each thing: ten minutes at one every ten seconds
FIGURES = {  # what is worth a line, by the kind of thing
    "device": ("rtt_ms", "loss_percent", "in_bps", "out_bps"),
    "provider": ("rtt_ms", "loss_percent", "in_bps", "out_bps"),
    "application": ("latency_ms",),
    "office": ("present",),
}


class Memory:
    """The latest value of every thing, and the recent past of its figures."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[str, Any]] = {}
        self._past: dict[tuple[str, str], deque[tuple[datetime, tuple[Any, ...]]]] = {}

    def hear(self, reading: Reading) -> None:
        """Remember what was told; a thing that is gone is forgotten."""
        thing = reading.feed, reading.key
        if reading.value is None:
            self._values.pop(thing, None)
            self._past.pop(thing, None)
            return
        self._values[thing] = reading.value
        names = FIGURES.get(reading.kind)
        if names:
            past = self._past.setdefault(thing, deque(maxlen=POINTS))
            past.append((reading.at, tuple(reading.value.get(name) for name in names)))

    def value(self, feed: str, key: str) -> dict[str, Any] | None:
        """What was told of a thing last."""
        return self._values.get((feed, key))

    def reading(self, feed: str, key: str) -> bytes:
        """The same as JSON; b"" when nothing was."""
        value = self.value(feed, key)
        return orjson.dumps(value) if value else b""

    def series(self, feed: str, key: str) -> bytes:
        """Its recent figures as JSON: a list of {"at", "name", "value"}; b"" without any."""
        names = FIGURES.get(key.partition("/")[0], ())
        told = [
            {"at": at.isoformat(), "name": name, "value": value}
            for at, values in self._past.get((feed, key), ())
            for name, value in zip(names, values, strict=True)
            if value is not None
        ]
        return orjson.dumps(told) if told else b""
