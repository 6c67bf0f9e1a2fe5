"""Keeping the embedded Redis up, whoever of our processes runs.

`commandcenter run` keeps it for all. Processes that were started one by one (honcho, systemd) agree
by the lock in its folder: whoever has it keeps the server, the others wait to take over.
"""

from __future__ import annotations

import asyncio
import logging
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

    async def run(self) -> None:
        """Keep it up until cancelled, then end it if it is ours."""
        try:
            while True:
                # Off the loop: a Redis that is frozen takes its time not to answer.
                if not (self.server.alive() or await asyncio.to_thread(self.server.answers)):
                    self.keep()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            self.server.stop()

    async def ready(self) -> None:
        """Until it runs, here or in another process. Raises RedisMissing."""
        while not self.server.answers():
            self.keep(strictly=True)
            await asyncio.sleep(0.05)

    def keep(self, *, strictly: bool = False) -> None:
        """Start it unless it runs. On this thread: the kernel ends it with the thread that started
        it (PR_SET_PDEATHSIG)."""
        if self.server.alive():
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
