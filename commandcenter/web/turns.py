"""Requests begin one after the other, so that a flood of them never holds up the walls.

An event loop does what is ready in one go. Four hundred pages that are asked for in the same moment
would all be drawn before a wall hears anything: four seconds. So one request begins in each turn of
the loop, and those who ask take turns. What waits for something meanwhile is nobody's hindrance.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """Who may begin next. One for a process."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # who comes next stands first
        self._taken = False

    async def begin(self, source: str) -> None:
        """Until it is the turn of a request of `source`."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        mine = loop.create_future()
        self._waiting.setdefault(source, deque()).append(mine)
        await mine

    def _next(self) -> None:
        """The next turn of the loop."""
        while self._waiting:
            source = next(iter(self._waiting))
            queue = self._waiting.pop(source)
            first = queue.popleft()
            if queue:
                self._waiting[source] = queue
            if not first.done():  # who asked may have gone
                first.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
