"""Keeps the worker processes: deals out cameras, replaces who dies, sets troublemakers apart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from commandcenter.video.messages import Report, Task
from commandcenter.video.process import WORKER, End, WorkerProcess

_OFFENCES = 2
_LONGEST_REST = 30.0
_LONG_LIFE = 60.0  # a worker that lived so long is replaced at once
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Berth:
    """A place for one worker process and the cameras it watches."""

    tasks: dict[str, Task] = field(default_factory=dict)
    alone: bool = False
    process: WorkerProcess | None = None
    keeper: asyncio.Task[None] | None = None
    failures: int = 0


class Supervisor:
    """Has cameras watched. `news` is called, in the event loop, when there is something to take."""

    def __init__(
        self, *, per_worker: int, news: Callable[[], None], command: Sequence[str] = WORKER
    ) -> None:
        self.trouble = ""
        """Why no worker can be run at all; "" when they can."""
        self._per_worker = per_worker
        self._news = news
        self._command = command
        self._berths: list[Berth] = []
        self._offences: Counter[str] = Counter()
        self._fresh: dict[str, Report] = {}
        self._locked: dict[str, float] = {}  # refused passwords, and when they may be tried again

    @property
    def pids(self) -> dict[int, tuple[str, ...]]:
        """The running worker processes and the cameras of each."""
        return {b.process.pid: tuple(b.tasks) for b in self._berths if b.process is not None}

    async def watch(self, tasks: Sequence[Task]) -> None:
        """Watch these cameras and no others. What is unchanged goes on undisturbed."""
        wanted = {task.camera: task for task in tasks}
        changed = {berth for berth in self._berths if self._renew(berth, wanted)}
        known = {camera for berth in self._berths for camera in berth.tasks}
        for camera in [camera for camera in wanted if camera not in known]:
            changed.add(self._board(wanted[camera]))
        for berth in changed:
            await self._settle(berth)

    def take(self) -> list[Report]:
        """The newest report of every camera that has reported since the last call."""
        taken, self._fresh = list(self._fresh.values()), {}
        return taken

    async def close(self) -> None:
        """End every worker process."""
        for berth in list(self._berths):
            berth.tasks.clear()
            await self._settle(berth)

    def _renew(self, berth: Berth, wanted: dict[str, Task]) -> bool:
        """Drop the cameras that are gone and renew those that changed; whether there were any."""
        gone = [camera for camera in berth.tasks if camera not in wanted]
        other = [camera for camera, task in berth.tasks.items() if wanted.get(camera, task) != task]
        for camera in gone:
            del berth.tasks[camera]
        for camera in other:
            berth.tasks[camera] = wanted[camera]
        for camera in gone + other:  # a new address or password deserves a new start
            self._fresh.pop(camera, None)
            self._locked.pop(camera, None)
            del self._offences[camera]
        return bool(gone or other)

    def _board(self, task: Task) -> Berth:
        """Give a camera a place: one with room, or a new one; alone if it made trouble."""
        alone = self._offences[task.camera] >= _OFFENCES
        for berth in self._berths:
            if not alone and not berth.alone and len(berth.tasks) < self._per_worker:
                break
        else:
            berth = Berth(alone=alone)
            self._berths.append(berth)
        berth.tasks[task.camera] = task
        return berth

    async def _settle(self, berth: Berth) -> None:
        """Bring the process of a berth in line with its tasks."""
        if not berth.tasks:
            await self._dissolve(berth)
        elif berth.keeper is None:
            berth.keeper = asyncio.create_task(self._keep(berth))
        elif berth.process is not None:
            await berth.process.watch(self._orders(berth))

    async def _dissolve(self, berth: Berth) -> None:
        if berth in self._berths:
            self._berths.remove(berth)
        if berth.keeper is not None and berth.keeper is not asyncio.current_task():
            berth.keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await berth.keeper

    async def _keep(self, berth: Berth) -> None:
        """Run one worker after the other for this berth."""
        loop = asyncio.get_running_loop()
        while berth.tasks:
            born = loop.time()
            end = await self._live(berth)
            berth.failures = 0 if loop.time() - born > _LONG_LIFE else berth.failures + 1
            if not end.heard:
                self.trouble = end.why
            _log.warning("a camera worker ended: %s; it is replaced", end.why)
            await self._punish(berth, end)
            await asyncio.sleep(pause(berth.failures))

    async def _live(self, berth: Berth) -> End:
        """The life of one worker process."""
        process = await WorkerProcess.start(self._command, lambda report: self._hear(berth, report))
        berth.process = process
        try:
            await process.watch(self._orders(berth))
            return await process.run()
        finally:
            berth.process = None
            process.kill()

    def _hear(self, berth: Berth, report: Report) -> None:
        if report.camera not in berth.tasks:
            return  # a last word about a camera that is watched elsewhere or no more
        self.trouble = ""
        if report.state is None:
            return
        if report.state == "unauthorized":
            self._locked[report.camera] = asyncio.get_running_loop().time() + report.within
        else:
            self._locked.pop(report.camera, None)
        self._fresh[report.camera] = report.after(self._fresh.get(report.camera))
        self._news()

    def _orders(self, berth: Berth) -> list[Task]:
        now = asyncio.get_running_loop().time()
        return [
            replace(task, rest=max(0.0, self._locked.get(camera, now) - now))
            for camera, task in berth.tasks.items()
        ]

    async def _punish(self, berth: Berth, end: End) -> None:
        """Count offences; who made trouble again and again gets a worker to itself."""
        for camera in end.blamed:
            self._offences[camera] += 1
            if self._offences[camera] < _OFFENCES or camera not in berth.tasks:
                continue
            if len(berth.tasks) == 1:
                berth.alone = True
            else:
                await self._settle(self._board(berth.tasks.pop(camera)))


def pause(failures: int) -> float:
    """Seconds before the next worker, after so many short lives: 0, 0, 1, 2, 4 … 30."""
    if failures <= 2:
        return 0.0
    return min(_LONGEST_REST, 2.0 ** min(failures - 3, 10)) * random.uniform(0.75, 1.0)
