"""The event of the benchmarks: a text that says its number and when it was published."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

_STAMP = re.compile(rb"@(\d+) (\d+\.\d+)@")


class Event(NamedTuple):
    """An event that arrived: its number, and how long it took in ms."""

    number: int
    ms: float


def stamp(number: int, size: int) -> str:
    """Event `number`, published now, filled up to `size` bytes."""
    return f"@{number} {time.time():.6f}@".ljust(size, "x")


def find_event(raw: bytes | bytearray) -> Event | None:
    """The event in what a browser received just now; None when there is none."""
    found = _STAMP.search(raw)
    if found is None:
        return None
    return Event(int(found[1]), 1000 * (time.time() - float(found[2])))
