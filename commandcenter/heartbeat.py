"""The heartbeat of a process, by which whoever keeps it up finds out that it has gone deaf.

A process can be alive and hear nobody: something holds up its event loop. So the loop itself says
"I turn", in the words of systemd, sd_notify(3): datagrams to the socket that $NOTIFY_SOCKET names.
systemd listens there for its units, `commandcenter run` for its children.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, MutableMapping
from contextlib import suppress
from pathlib import Path

_BEATS = 4  # in the time after which silence means deaf; sd_watchdog_enabled(3) asks for two
_LOOKS = 20  # in the same time


async def beating(work: Awaitable[None], environment: MutableMapping[str, str]) -> None:
    """Do the work, and meanwhile let whoever keeps this process hear that its event loop turns.

    What `environment` says of that is taken out of it: it is not meant for children of ours.
    """
    keeper = ServiceManager(environment)
    beat = asyncio.create_task(_beat(keeper))
    try:
        await work
    finally:
        beat.cancel()
        keeper.tell("STOPPING=1", "STATUS=it ends")


async def _beat(keeper: ServiceManager) -> None:
    keeper.tell("READY=1", "STATUS=its event loop turns")
    while keeper.patience:
        keeper.tell("READY=1", "WATCHDOG=1")  # the first "ready" may have found a full queue
        await asyncio.sleep(keeper.patience / _BEATS)


class ServiceManager:
    """Who keeps this process up: systemd, `commandcenter run`, or nobody whom we know."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        address = environment.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        mine = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environment.pop("WATCHDOG_USEC", "")
        wanted = mine and microseconds.isascii() and microseconds.isdigit()
        self.patience = int(microseconds) / 1e6 if wanted and address else 0.0
        """Seconds of silence after which it ends us; 0: it does not listen for beats."""

    def tell(self, *words: str) -> None:
        """Say something. When it cannot hear it now, nobody waits: a keeper that has stopped must
        not stop us."""
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, suppress(OSError):
                line.setblocking(False)
                line.sendto("\n".join(words).encode(), self._address)


class HeartbeatListener:
    """Hears the beats of a child. `path`: a socket of its own, where nobody else can write;
    `patience`: seconds of silence after which it is deaf."""

    def __init__(self, path: Path, patience: float) -> None:
        self.patience = patience
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.setblocking(False)
        self._line.bind(str(path))
        self.environment = {
            "NOTIFY_SOCKET": str(path),
            "WATCHDOG_USEC": str(round(patience * 1e6)),
        }
        """What the child has to find in its own."""

    async def until_deaf(self) -> None:
        """Until a child that did beat has been silent for too long. Of a program that never beats
        nothing is known, and this does not return.

        Silence is counted in looks, not by a clock: when we ourselves stood still, or the whole
        machine slept, that was one look.
        """
        self._heard()  # what its predecessor said
        silent: int | None = None
        while silent is None or silent < _LOOKS:
            await asyncio.sleep(self.patience / _LOOKS)
            if self._heard():
                silent = 0
            elif silent is not None:
                silent += 1

    def close(self) -> None:
        """Hear no more."""
        self._line.close()

    def _heard(self) -> bool:
        """Whether it has beaten since the last look."""
        beat = False
        with suppress(BlockingIOError):
            while True:
                beat |= b"WATCHDOG=1" in self._line.recv(4096).split(b"\n")
        return beat
