"""Is only a part of a keyframe there? Its decoder fills up what is missing, and says nothing.

Packets are lost on their way, or a camera cuts off what its buffer does not hold (bluecherry-client
#40: the lower part turns into long upright stripes; mediamtx#180, opencv#18524). Of H.264 FFmpeg
draws the last row that it had down to the lower edge; of H.265 it leaves all at zero, which is
green. No lens sees either.

Measured as the mean difference of neighbours in the lowest 32 rows, down to across: 1 : 1.7 at most
in 48 streams of painted streets at 60 to 500 kbit/s, by day and by night; 1 : 30 and more in what
was filled up.

Not found: a part that is missing in the middle, and H.265 that could be read on by chance.
Taken for torn: a fence of upright bars along all of the lower edge, in a stream of few bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = 32
_EVEN = 0.25  # levels from one row to the next, at most
_STRIPES = 15.0  # times as much from one column to the next
_GREEN = range(60, 181)  # what YUV of zero becomes, by BT.601 and by BT.709


def is_torn(frame: NDArray[np.uint8]) -> bool:
    """Whether the lower part of a decoded picture (blue, green, red) was filled up."""
    if min(frame.shape[:2]) < 2 * _ROWS:
        return False
    low = frame[-_ROWS:]
    return _is_green(low) or _is_striped(low, frame[:_ROWS])


def _is_green(low: NDArray[np.uint8]) -> bool:
    blue, green, red = (int(level) for level in low[0, 0])
    return blue == red == 0 and green in _GREEN and bool((low == low[:1, :1]).all())


def _is_striped(low: NDArray[np.uint8], high: NDArray[np.uint8]) -> bool:
    """A test picture is striped from top to bottom, and whole."""
    down, across = _steps(low)
    return down < _EVEN and across > _STRIPES * down and _steps(high)[0] > _EVEN


def _steps(rows: NDArray[np.uint8]) -> tuple[float, float]:
    """How much it changes from each row to the next, and from each column."""
    green = rows[..., 1].astype(np.int16)
    down, across = (np.abs(np.diff(green, axis=axis)).mean() for axis in (0, 1))
    return float(down), float(across)
