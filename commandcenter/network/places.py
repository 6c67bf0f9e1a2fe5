"""Pacing: a few questions at a time, and silent devices hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """So many questions at a time. With more, answers wait until this process has time for them,
    which looks like a slow line.

    Who is not answered within `patience` seconds gives its place to the next one and goes on
    waiting without it: of a region whose half is silent the other half is asked in time.
    """

    def __init__(self, number: int, patience: float) -> None:
        self._free = asyncio.Semaphore(number)
        self._patience = patience

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """One of them, for a question."""
        await self._free.acquire()
        held = [self._free]

        def give_back() -> None:
            while held:
                held.pop().release()

        timer = asyncio.get_running_loop().call_later(self._patience, give_back)
        try:
            yield
        finally:
            timer.cancel()
            give_back()
