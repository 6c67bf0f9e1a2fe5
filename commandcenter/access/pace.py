"""Refusals that tell nothing by the time they take.

Checking a password takes a tenth of a second, asking a directory takes more, and refusing somebody
unseen takes nothing: whoever has a stop-watch would learn which names there are and which of them
are being guessed at. So every refusal takes as long as the slowest of the last ones for which there
was work to do, and a little of chance; the rest of it is slept and costs nobody anything.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable

from commandcenter.access.passwords import Busy

RECENT = 64  # refusals that were worked for: the slowest of them is what all take
AT_FIRST = 0.2  # seconds, before any was measured
LONGEST = 2.0  # seconds: whoever makes us slow makes nobody wait for longer
CHANCE = 0.2  # of the time: so much more it may take
MOST_WAITING = 256  # refused unseen; each of them holds a connection and nothing else


class Pace:
    """One for a process. `now` counts seconds."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        most: int = MOST_WAITING,
    ) -> None:
        self.now, self.sleep, self.most = now, sleep, most
        self._taken: deque[float] = deque(maxlen=RECENT)
        self._waiting = 0

    @property
    def usual(self) -> float:
        """How long a refusal takes at least, in seconds."""
        return max(self._taken, default=AT_FIRST)

    async def level(self, began: float) -> None:
        """Before a refusal is told for which there was work to do: it is measured, too."""
        self._taken.append(min(self.now() - began, LONGEST))
        await self._rest(began)

    async def wait(self, began: float) -> None:
        """Before one is told for which there was none. Raises Busy when too many wait already, as
        for one whose password would be looked at."""
        if self._waiting >= self.most:
            raise Busy
        self._waiting += 1
        try:
            await self._rest(began)
        finally:
            self._waiting -= 1

    async def _rest(self, began: float) -> None:
        whole = self.usual * (1 + CHANCE * secrets.randbelow(1000) / 1000)
        await self.sleep(max(0.0, began + whole - self.now()))
