"""Keeping the embedded Redis up, whoever of our processes runs.

`commandcenter run` keeps it for all. Processes that were started one by one (honcho, systemd) agree
by the lock in its folder: whoever has it keeps the server, the others wait to take over.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from commandcenter.redis_server import RedisFailed, RedisMissing, RedisServer

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds


class RedisKeeper:
    """Starts an embedded Redis if nobody else has, and again when it dies. `lasting`: whether it
    keeps its data on the disk."""

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self.server = RedisServer(folder, lasting=lasting)
        self.url = self.server.url
        self._told = ""
        # Of its own: a Redis that reads a large file takes half a minute to start, in which the
        # event loop must not go deaf. It lives as long as the process: the kernel ends Redis with
        # the thread that started it (PR_SET_PDEATHSIG).
        self._thread = ThreadPoolExecutor(1, "redis")

    async def run(self) -> None:
        """Keep it up until cancelled, then end it if it is ours."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await loop.run_in_executor(self._thread, self._keep)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await loop.run_in_executor(self._thread, self.server.stop)

    async def ready(self) -> None:
        """Until it runs, here or in another process. Raises RedisMissing."""
        loop = asyncio.get_running_loop()
        while not await loop.run_in_executor(self._thread, self.server.answers):
            await loop.run_in_executor(self._thread, partial(self._keep, strictly=True))
            await asyncio.sleep(0.05)

    def _keep(self, *, strictly: bool = False) -> None:
        """Start it unless somebody has."""
        if self.server.alive() or self.server.answers():
            return
        try:
            self.server.start()
            self._told = ""
            log.info("embedded Redis in %s: %s", self.server.folder.name, self.server.which)
        except RedisMissing:
            if strictly:
                raise
            self._tell("there is no redis-server to start")
        except (RedisFailed, OSError) as error:  # OSError: its folder cannot be written
            if not self.server.answers():  # else: another of our processes keeps it
                self._tell(str(error))

    def _tell(self, why: str) -> None:
        if why != self._told:
            self._told = why
            log.warning("no embedded Redis: %s", why)
