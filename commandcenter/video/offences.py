"""Who made trouble how often, and how long one waits for it."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from commandcenter.video.messages import Report

_LONGEST_REST = 30.0
_PENANCE, _LONGEST_PENANCE = 300.0, 1800.0  # each look at an endless picture costs 400 MB
_ENDLESS = "kamera mengirim satu gambar tanpa akhir"


class Offences:
    """Counts the offences of cameras. After `forgiven` seconds without one it begins anew."""

    def __init__(self, forgiven: float) -> None:
        self._forgiven = forgiven
        self._counts: dict[str, tuple[int, float]] = {}  # how many, and when the last was

    def add(self, camera: str, now: float) -> int:
        """One more; how many there are."""
        count, last = self._counts.get(camera, (0, now))
        count = count + 1 if now - last < self._forgiven else 1
        self._counts[camera] = (count, now)
        return count

    def forget(self, camera: str) -> None:
        """It begins anew."""
        self._counts.pop(camera, None)


def endless(camera: str) -> Report:
    """What is told of a camera that sends without end, and so can tell nothing itself."""
    now = datetime.now(UTC)
    return Report(
        camera=camera, at=now, within=_PENANCE, thread=0, state="unsupported", detail=_ENDLESS
    )


def penance(offences: int) -> float:
    """Seconds before the next look at a camera that sends without end: 5, 10, 20, 30 minutes."""
    return min(_LONGEST_PENANCE, _PENANCE * 2.0 ** min(offences - 1, 10)) * random.uniform(1.0, 1.1)


def pause(failures: int) -> float:
    """Seconds before the next worker, after so many short lives: 0, 0, 1, 2, 4 … 30."""
    if failures <= 2:
        return 0.0
    return min(_LONGEST_REST, 2.0 ** min(failures - 3, 10)) * random.uniform(0.75, 1.0)
