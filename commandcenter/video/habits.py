"""What one camera usually shows at each hour of the day, learnt over days and kept in a file.

The good pictures of an hour are averaged, and when the hour is over the average goes into what is
known of that hour of the day: the first time as it is, later as a part, so that a week changes
more than a day. What was learnt counts from the next day on: on its first day nothing is told. A
bad picture is never learnt. Of a picture only measures are kept, none of which shows a face.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commandcenter.video.scene import FIELDS, POINTS, Floats, View

_HOURS = 24
_ENOUGH = timedelta(minutes=10)  # of an hour, and so many pictures, before it is worth learning
_FEWEST = 10
_DAYS = 5  # after so many each new day counts for a fifth
_STEPS = 127  # the layout is kept in bytes: 170 kB a camera instead of 700
_OFTEN = 0.2  # of the pictures of an hour were black
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class Hour:
    """The sum of the good pictures of the running hour."""

    def __init__(self, view: View, at: datetime) -> None:
        self.began = self.last = at
        self._count, self._black = 0, 0.0
        self._edges, self._layout = np.zeros_like(view.edges), np.zeros_like(view.layout)
        self._sharpness = np.zeros_like(view.sharpness)
        self._measured = np.zeros_like(view.sharpness)

    def add(self, view: View, at: datetime) -> None:
        """Take one more picture."""
        self.last = at
        self._count += 1
        self._black += view.black
        self._edges += view.edges
        self._layout += view.layout
        self._sharpness += view.sharpness
        self._measured += view.sharpness > 0

    def mean(self) -> View | None:
        """What this hour looked like; None if too little of it was seen."""
        if self._count < _FEWEST or self.last - self.began < _ENOUGH:
            return None
        sharpness = self._sharpness / np.maximum(self._measured, np.float32(1))
        sharpness[self._measured * 2 < self._count] = 0  # an edge that passed by
        return View(
            edges=self._edges / np.float32(self._count),
            layout=self._layout / np.float32(self._count),
            sharpness=np.asarray(sharpness, np.float32),
            black=self._black / self._count,
        )


def _nothing(kind: type[np.generic], *shape: int) -> Callable[[], NDArray[Any]]:
    return lambda: np.zeros((_HOURS, *shape), kind)


@dataclass
class Habits:
    """The usual views of a camera by hour of the day (UTC)."""

    days: NDArray[np.int32] = field(default_factory=_nothing(np.int32))
    """On how many days each hour was learnt,"""
    latest: NDArray[np.int32] = field(default_factory=_nothing(np.int32))
    """and the last of them, as the ordinal number of a date."""
    black: Floats = field(default_factory=_nothing(np.float32))
    edges: Floats = field(default_factory=_nothing(np.float32, *FIELDS[::-1]))
    sharpness: Floats = field(default_factory=_nothing(np.float32, *FIELDS[::-1]))
    layout: NDArray[np.int8] = field(default_factory=_nothing(np.int8, *POINTS[::-1], 2))
    trouble: str = ""
    """The bad state that is being told, "" if there is none,"""
    since: float = 0.0
    """and since when, in seconds since 1970: both outlive a restart."""
    hour: Hour | None = None

    def usual(self, at: datetime) -> list[View]:
        """What is known of this hour of the day and of those beside it; [] if it is not known."""
        hours = [at.hour, (at.hour - 1) % _HOURS, (at.hour + 1) % _HOURS]
        known = [n for n in hours if self.days[n] > (self.latest[n] == at.toordinal())]
        return [self._view(n) for n in known] if at.hour in known else []

    def is_usually_black(self, at: datetime) -> bool:
        """Whether black is usual at this hour, of a camera that has seen light at another."""
        nights = any(view.black > _OFTEN for view in self.usual(at))
        return nights and bool((self.black[self.days > 0] < _OFTEN).any())

    def learn(self, view: View, at: datetime) -> bool:
        """Take a good picture. Whether an hour is over, so that there is something to save."""
        over = self.hour is not None and _hour(self.hour.began) != _hour(at)
        if over:
            self.settle()
        self.hour = self.hour or Hour(view, at)
        self.hour.add(view, at)
        return over

    def settle(self) -> None:
        """Close the running hour and keep what it taught."""
        hour, self.hour = self.hour, None
        mean = hour.mean() if hour is not None else None
        if hour is not None and mean is not None:
            self._take(mean, hour.began)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, **{name: getattr(self, name) for name in _KEPT})
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """What is in the file, or nothing yet; a broken file is put aside as *.broken."""
        if not path.is_file():
            return cls()
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return cls(**{name: _like(file[name], kept) for name, kept in _KEPT.items()})
        except _BROKEN:
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".broken"))
            return cls()

    def _take(self, mean: View, began: datetime) -> None:
        n, today = began.hour, began.toordinal()
        self.days[n] += self.latest[n] != today
        self.latest[n] = today
        new = np.float32(1 / min(int(self.days[n]), _DAYS))
        old = self._view(n)
        unknown = (old.sharpness == 0) | (mean.sharpness == 0)
        sharpness = old.sharpness + new * (mean.sharpness - old.sharpness)
        self.sharpness[n] = np.where(unknown, old.sharpness + mean.sharpness, sharpness)
        self.black[n] += new * (mean.black - old.black)
        self.edges[n] += new * (mean.edges - old.edges)
        layout = old.layout + new * (mean.layout - old.layout)
        self.layout[n] = np.clip(np.rint(layout * _STEPS), -_STEPS, _STEPS).astype(np.int8)

    def _view(self, n: int) -> View:
        layout = self.layout[n].astype(np.float32) / _STEPS
        return View(self.edges[n], layout, self.sharpness[n], float(self.black[n]))


_KEPT: dict[str, Any] = {
    name: value for name, value in vars(Habits()).items() if name not in ("hour",)
}
"""What goes into the file, and how it looks."""


def _like(told: NDArray[Any], kept: Any) -> Any:
    """What a file tells, if it is of the kind and size that is kept. Raises ValueError."""
    if isinstance(kept, str | float):
        return type(kept)(told[()])
    if told.shape != kept.shape or told.dtype != kept.dtype or not np.isfinite(told).all():
        raise ValueError("not the looks of a camera")
    return told


def _hour(at: datetime) -> tuple[int, int]:
    return at.toordinal(), at.hour
