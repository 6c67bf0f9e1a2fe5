"""What a thin link may bear: cameras behind it take turns, and its bytes are counted. Pure: every
`now` is a time in seconds of any clock that does not jump.
"""

from __future__ import annotations

import math

_CROSSED = 2.0  # seconds
_SHARE = 0.96  # of the link's rate: the first piece of the next take is of the same second


class Budget:
    """A bucket of `rate` bytes a second that holds nothing in store: what a take has cost is a debt
    from its begin on, and the next begins when that is paid. So a link that was quiet is not
    flooded after, and a take that came at the link's own pace owes nothing at its end."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._paid_at = -math.inf

    def may(self, now: float) -> bool:
        """Whether a take may begin."""
        return now >= self._paid_at

    def begin(self, now: float) -> None:
        """A take begins."""
        self._paid_at = max(self._paid_at, now)

    def took(self, size: int) -> None:
        """So many bytes came."""
        self._paid_at += size / self.rate

    def next_at(self) -> float:
        """When a take may begin; in the past where nothing is owed."""
        return self._paid_at


class Turns:
    """Who may take a picture over one link: one at a time, who has waited longest first.

    A turn ends with `done`; a camera that is never heard of again loses it after `longest` seconds.
    """

    def __init__(self, rate: float) -> None:
        self.taking = ""
        """The camera whose turn it is."""
        self._budget = Budget(rate * _SHARE)
        self._waiting: dict[str, float] = {}  # in the order in which they asked; longest turn
        self._began_at = self._ends_at = math.inf

    def ask(self, camera: str, longest: float, now: float) -> None:
        """A camera wants a turn. Who asks while it has one has ended it, unless it has only just
        begun: then the wish and the grant have crossed on their ways."""
        if camera == self.taking and now - self._began_at < _CROSSED:
            return
        self.done(camera)
        self._waiting.setdefault(camera, longest)

    def took(self, size: int) -> None:
        """Some camera of this link received so many bytes."""
        self._budget.took(size)

    def done(self, camera: str) -> None:
        """A camera's turn is over."""
        if camera == self.taking:
            self.taking = ""

    def leave(self, camera: str) -> None:
        """A camera is gone, or begins anew."""
        self.done(camera)
        self._waiting.pop(camera, None)

    def grant(self, now: float) -> str:
        """The camera whose turn begins now; "" when none does."""
        if self.taking and now >= self._ends_at:
            self.taking = ""
        if self.taking or not self._waiting or not self._budget.may(now):
            return ""
        self.taking = next(iter(self._waiting))
        self._began_at, self._ends_at = now, now + self._waiting.pop(self.taking)
        self._budget.begin(now)
        return self.taking

    def next_at(self) -> float:
        """When `grant` should be asked again, if nothing happens before; inf: no need."""
        if not self._waiting:
            return math.inf
        return self._ends_at if self.taking else self._budget.next_at()
