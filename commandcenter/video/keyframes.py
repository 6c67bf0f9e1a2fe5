"""How far apart a camera's keyframes are, learnt from those that came.

Factory settings called H.264+, H.265+ or Smart Codec send one each 24 s, or one in some minutes,
and more of them when something moves (crumbvms#114, mediamtx#1825). That is no fault: who waits no
longer than usual would call such a camera late and well again for ever.
"""

from __future__ import annotations

from collections import deque

SHORTEN = "perpendek jarak keyframe (GOP) kamera atau matikan H.264+/H.265+"
"""What is to be done about it."""
_WINDOW = 3600.0  # seconds
_MOST = 300.0  # seconds that are waited for one at most


class Keyframes:
    """Of one camera, over all its sessions. Times are seconds of time.monotonic()."""

    def __init__(self) -> None:
        self._gaps: deque[tuple[float, float]] = deque()  # falling: when, and how long

    def note(self, gap: float, at: float) -> None:
        """So long lay between two of them; or so long none came."""
        while self._gaps and self._gaps[-1][1] <= gap:
            self._gaps.pop()
        self._gaps.append((at, gap))

    def longest(self, at: float) -> float:
        """The longest gap of the last hour; 0: none is known."""
        while self._gaps and self._gaps[0][0] < at - _WINDOW:
            self._gaps.popleft()
        return self._gaps[0][1] if self._gaps else 0.0

    def patience(self, least: float, at: float) -> float:
        """How long to wait for one, where one waits so long at `least`."""
        return max(least, min(2 * self.longest(at), _MOST))
