"""How much of what is being sent to us may lie in memory at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

SMALL = 64 * 1024  # bytes of a body that are always taken: whoever floods us must not stop the rest


class NoRoom(Exception):
    """There is no room for this body now."""


class Held:
    """Bytes of one body."""

    def __init__(self, bodies: Bodies, source: str) -> None:
        self._bodies, self._source = bodies, source
        self.size = 0

    def grow(self, size: int) -> None:
        """So many bytes have come by now. Raises NoRoom."""
        self._bodies.take(self._source, size - self.size, small=size <= SMALL)
        self.size = size


class Bodies:
    """`most` bytes in all, half of them of one source."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._of: Counter[str] = Counter()

    @contextmanager
    def of(self, source: str) -> Iterator[Held]:
        """The body of one request, as long as it is in memory."""
        held = Held(self, source)
        try:
            yield held
        finally:
            self._of[source] -= held.size
            if not self._of[source]:
                del self._of[source]

    def take(self, source: str, size: int, *, small: bool) -> None:
        """Room for so many more bytes. Raises NoRoom."""
        of_one, in_all = self._of[source] + size, self._of.total() + size
        if not small and (of_one > self.most // 2 or in_all > self.most):
            raise NoRoom
        self._of[source] += size
