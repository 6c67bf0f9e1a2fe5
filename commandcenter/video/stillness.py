"""Is a picture that keeps arriving still the same picture?

A frozen source is encoded anew again and again, and the encoder's rate control makes keyframes of
one and the same picture differ by more than a running clock does. But it goes round: few looks
come back unchanged, while what a lens sees never does. So a look is new when it matches none of
the last few. Measured with x264 at 150 to 2000 kbit/s: a frozen picture has one to seven looks and
then none that is new; with a burned-in clock of 8 px letters nearly every keyframe is.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

LOOK = (160, 90)
"""Width and height of the grey thumbnail that is compared."""
_SAME_GREY = 4
"""Levels of grey (of 256) by which no pixel of a returning look differs."""
_REMEMBERED = 8


class Stillness:
    """Since when a camera's picture has looked as it does."""

    def __init__(self) -> None:
        self.changed_at: datetime | None = None
        self._looks: deque[NDArray[np.int16]] = deque(maxlen=_REMEMBERED)

    def judge(self, look: NDArray[np.uint8], at: datetime) -> datetime:
        """Take the picture of `at` and say since when it has not changed."""
        grey = look.astype(np.int16)
        known = next((old for old in self._looks if _same(old, grey)), None)
        if known is None or self.changed_at is None:
            self._looks.append(grey)
            self.changed_at = at
        return self.changed_at


def _same(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    return one.shape == other.shape and int(np.abs(one - other).max()) <= _SAME_GREY
