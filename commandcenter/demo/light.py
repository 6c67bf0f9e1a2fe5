"""The light of the hour: colours of the sky, and what things look like under it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]
"""Blue, green, red, as OpenCV wants them."""
_Rgb = tuple[float, float, float]

# Hour, zenith, horizon, how bright the ground is.
_HOURS: tuple[tuple[float, _Rgb, _Rgb, float], ...] = (
    (0.0, (10, 15, 27), (25, 33, 48), 0.38),
    (4.8, (16, 22, 40), (44, 44, 62), 0.40),
    (5.6, (66, 80, 118), (206, 146, 118), 0.55),
    (7.0, (104, 144, 180), (226, 204, 178), 0.85),
    (10.0, (88, 138, 182), (190, 210, 220), 1.0),
    (14.5, (92, 138, 176), (196, 208, 212), 0.98),
    (16.8, (104, 132, 168), (228, 196, 154), 0.88),
    (17.7, (80, 78, 118), (218, 134, 98), 0.58),
    (18.6, (30, 34, 60), (86, 60, 78), 0.44),
    (20.0, (12, 17, 30), (28, 34, 50), 0.38),
    (24.0, (10, 15, 27), (25, 33, 48), 0.38),
)


@dataclass(frozen=True)
class Light:
    """Zenith and horizon in RGB, and the share of daylight on the ground."""

    zenith: npt.NDArray[np.float64]
    horizon: npt.NDArray[np.float64]
    day: float

    @classmethod
    def at(cls, local: datetime) -> Self:
        """The light of a local time of day."""
        hour = local.hour + local.minute / 60
        place = min(bisect_right(_HOURS, hour, key=_hour), len(_HOURS) - 1)
        (start, top, bottom, day), (end, top2, bottom2, day2) = _HOURS[place - 1 : place + 1]
        share = (hour - start) / (end - start)
        mix = np.array((top, bottom)) * (1 - share) + np.array((top2, bottom2)) * share
        return cls(mix[0], mix[1], day * (1 - share) + day2 * share)

    @property
    def dark(self) -> bool:
        """Whether lamps are lit."""
        return self.day < 0.6

    def on(self, colour: str, distance: float = 0.0) -> Colour:
        """A "#rrggbb" thing in this light; at `distance` 1 it is lost in the haze."""
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
        lit = rgb * self.day * (0.7 + 0.3 * self.horizon / self.horizon.max())
        return bgr(lit * (1 - distance) + self.horizon * distance)


def bgr(rgb: npt.NDArray[np.float64]) -> Colour:
    """As OpenCV wants it."""
    red, green, blue = (int(np.clip(part, 0, 255)) for part in rgb)
    return blue, green, red


def _hour(row: tuple[float, _Rgb, _Rgb, float]) -> float:
    return row[0]
