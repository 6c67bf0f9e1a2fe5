"""Keeps the worker processes: deals out cameras, replaces who dies, sets troublemakers apart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from commandcenter.video.grants import Grants
from commandcenter.video.messages import Report, Task
from commandcenter.video.offences import Offences, endless, pause, penance
from commandcenter.video.process import SPARE, WORKER, End, WorkerProcess
from commandcenter.video.worker import goes_on

_OFFENCES = 2
_FORGIVEN = 3600.0  # seconds without an offence
_LONG_LIFE = 60.0  # a worker that lived so long is replaced at once
_SPREAD = 0.15  # seconds between two opens: each costs 0.1 s of CPU time
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A running worker process, for the health page."""

    pid: int
    cameras: tuple[str, ...]
    rss: int
    """Resident memory in bytes."""
    started_at: str | None
    """ISO."""
    restarts: int
    """Times that its place was filled anew."""
    why: str
    """How the last one in its place ended, "" for the first."""


@dataclass(eq=False)
class Berth:
    """A place for one worker process and the cameras it watches."""

    tasks: dict[str, Task] = field(default_factory=dict)
    told: dict[str, Task] = field(default_factory=dict)
    """What the running process has been told."""
    apart: bool = False
    """Somebody here made trouble: nobody else is put here."""
    process: WorkerProcess | None = None
    keeper: asyncio.Task[None] | None = None
    failures: int = 0
    unexplained: int = 0
    """Ends for which no one camera is to blame."""
    restarts: int = 0
    why: str = ""
    ended_at: float = 0.0
    rests_until: float = 0.0
    """By the event loop's clock: no worker is started before, unless `hurry` is set."""
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Has cameras watched. `news` is called, in the event loop, when there is something to take.

    `links`: the budgets of thin links, in bytes a second. `spare`: bytes of memory that a worker
    may take beyond what its cameras usually need.
    """

    def __init__(
        self,
        *,
        per_worker: int,
        news: Callable[[], None],
        links: Mapping[str, float] | None = None,
        command: Sequence[str] = WORKER,
        spare: int = SPARE,
    ) -> None:
        self.trouble = ""
        """Why no worker can be run at all; "" when they can."""
        self._per_worker = per_worker
        self._news = news
        self._command = command
        self._spare = spare
        self._berths: list[Berth] = []
        self._grants = Grants(links or {}, self._grant)
        self._offences = Offences(_FORGIVEN)
        self._fresh: dict[str, Report] = {}
        self._untold: Counter[str] = Counter()  # bytes of reports that tell nothing else
        self._refused: set[str] = set()
        self._next_open = 0.0

    @property
    def pids(self) -> dict[int, tuple[str, ...]]:
        """The running worker processes and the cameras of each."""
        return {b.process.pid: tuple(b.tasks) for b in self._berths if b.process is not None}

    def view(self) -> list[WorkerView]:
        """The running worker processes."""
        return [_view(berth, berth.process) for berth in self._berths if berth.process is not None]

    async def watch(self, tasks: Sequence[Task]) -> None:
        """Watch these cameras and no others. What is unchanged goes on undisturbed."""
        wanted = {task.camera: task for task in tasks}
        changed = {berth for berth in self._berths if self._renew(berth, wanted)}
        known = {camera for berth in self._berths for camera in berth.tasks}
        for camera in [camera for camera in wanted if camera not in known]:
            self._begin_anew(wanted[camera])
            changed.add(self._board(wanted[camera]))
        for berth in changed:
            await self._settle(berth)
        await self._forgive()

    def take(self) -> list[Report]:
        """The newest report of every camera that has reported since the last call."""
        taken, self._fresh = list(self._fresh.values()), {}
        return taken

    async def close(self) -> None:
        """End every worker process."""
        self._grants.close()
        for berth in list(self._berths):
            berth.tasks.clear()
            await self._settle(berth)

    # --- who is watched where ---------------------------------------------------------------------

    def _renew(self, berth: Berth, wanted: dict[str, Task]) -> bool:
        """Drop the cameras that are gone and renew those that changed; whether there were any."""
        gone = [camera for camera in berth.tasks if camera not in wanted]
        other = [camera for camera, task in berth.tasks.items() if wanted.get(camera, task) != task]
        for camera in gone:
            self._begin_anew(berth.tasks.pop(camera))
        for camera in other:
            self._change(berth, wanted[camera])
        return bool(gone or other)

    def _change(self, berth: Berth, task: Task) -> None:
        before, berth.tasks[task.camera] = berth.tasks[task.camera], task
        if not goes_on(before, task):
            self._begin_anew(task)
        elif task.asked != before.asked:
            self._refused.discard(task.camera)
        else:
            return
        berth.hurry.set()

    def _begin_anew(self, task: Task) -> None:
        """A new address or password deserves a new start, unless it is known to be refused."""
        camera = task.camera
        self._fresh.pop(camera, None)
        self._untold.pop(camera, None)
        self._offences.forget(camera)
        self._grants.leave(camera)
        (self._refused.add if task.refused else self._refused.discard)(camera)

    def _board(self, task: Task) -> Berth:
        """Give a camera a place: one with room, or a new one."""
        for berth in self._berths:
            if not berth.apart and len(berth.tasks) < self._per_worker:
                berth.tasks[task.camera] = task
                return berth
        return self._found({task.camera: task}, apart=False)

    def _found(self, tasks: dict[str, Task], *, apart: bool) -> Berth:
        berth = Berth(tasks=tasks, apart=apart, ended_at=asyncio.get_running_loop().time())
        self._berths.append(berth)
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

    def _orders(self, berth: Berth) -> list[Task]:
        """Its tasks; those that begin wait for each other, in all workers together."""
        orders = []
        for camera, task in berth.tasks.items():
            told = berth.told.get(camera)
            rest = 0.0 if told is not None and goes_on(told, task) else self._until_open()
            orders.append(replace(task, rest=rest, refused=camera in self._refused))
        berth.told = dict(berth.tasks)
        return orders

    def _until_open(self) -> float:
        """Seconds until the next camera may open its stream."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_open)
        self._next_open = at + _SPREAD
        return at - now

    # --- the life of a worker ---------------------------------------------------------------------

    async def _keep(self, berth: Berth) -> None:
        """Run one worker after the other for this berth."""
        loop = asyncio.get_running_loop()
        while berth.tasks:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(berth.hurry.wait(), berth.rests_until - loop.time())
            born = loop.time()
            end = await self._live(berth)
            berth.failures = 0 if loop.time() - born > _LONG_LIFE else berth.failures + 1
            berth.restarts, berth.why, berth.ended_at = berth.restarts + 1, end.why, loop.time()
            if not end.heard:
                self.trouble = end.why
            _log.warning("a camera worker ended: %s; it is replaced", end.why)
            for camera in berth.tasks:
                self._grants.leave(camera)
            await self._punish(berth, end)
            await asyncio.sleep(pause(berth.failures))

    async def _live(self, berth: Berth) -> End:
        """The life of one worker process."""
        process = await WorkerProcess.start(
            self._command, lambda report: self._hear(berth, report), self._spare
        )
        berth.process, berth.told = process, {}
        try:
            await process.watch(self._orders(berth))
            return await process.run()
        finally:
            berth.process = None
            process.kill()

    def _hear(self, berth: Berth, report: Report) -> None:
        camera = report.camera
        if camera not in berth.tasks:
            return  # a last word about a camera that is watched elsewhere or no more
        self.trouble = ""
        self._untold[camera] += report.received
        self._grants.hear(berth.tasks[camera], report)
        if report.state is None:
            return
        (self._refused.add if report.state == "unauthorized" else self._refused.discard)(camera)
        report = replace(report, received=self._untold.pop(camera))
        self._fresh[camera] = report.after(self._fresh.get(camera))
        self._news()

    def _grant(self, camera: str) -> None:
        for berth in self._berths:
            if camera in berth.tasks and berth.process is not None:
                berth.process.grant(camera)

    # --- trouble ----------------------------------------------------------------------------------

    async def _punish(self, berth: Berth, end: End) -> None:
        """Who made trouble again and again gets a worker to itself. Where nobody knows who it was,
        the cameras are parted in two halves, until it is known."""
        if end.endless:
            await self._send_away(berth, end.blamed)
        elif len(end.blamed) == 1:
            await self._blame(berth, end.blamed[0])
        elif end.blamed and end.heard:
            berth.unexplained += 1
            if berth.unexplained >= _OFFENCES:
                await self._part(berth, list(berth.tasks)[len(berth.tasks) // 2 :])

    async def _blame(self, berth: Berth, camera: str) -> None:
        count = self._offences.add(camera, asyncio.get_running_loop().time())
        if count >= _OFFENCES and camera in berth.tasks:
            await self._part(berth, [camera])

    async def _send_away(self, berth: Berth, cameras: Sequence[str]) -> None:
        """One of these sends a picture without an end. Who that is rests for long; if it can be
        several, each gets a worker to itself, where it will show."""
        known = len(cameras) == 1
        for camera in [camera for camera in cameras if camera in berth.tasks]:
            await self._part(berth, [camera], self._condemn(berth, camera) if known else 0.0)

    def _condemn(self, berth: Berth, camera: str) -> float:
        """Tell what it does, as it cannot; how many seconds it rests for it."""
        self._hear(berth, endless(camera))
        return penance(self._offences.add(camera, asyncio.get_running_loop().time()))

    async def _part(self, berth: Berth, cameras: Sequence[str], rest: float = 0.0) -> None:
        """Give some cameras of a berth another one, where nobody joins them, after a rest."""
        berth.unexplained = 0
        other = berth
        if len(cameras) < len(berth.tasks):
            _log.warning("cameras are put into a worker of their own: %s", ", ".join(cameras))
            parted = {camera: berth.tasks.pop(camera) for camera in cameras}
            other = self._found(parted, apart=True)
        other.apart = True
        other.rests_until = asyncio.get_running_loop().time() + rest
        other.hurry.clear()
        await self._settle(other)

    async def _forgive(self) -> None:
        """Put those together again who made no trouble for a long time."""
        oldest = asyncio.get_running_loop().time() - _FORGIVEN
        for berth in [b for b in self._berths if b.apart and b.ended_at < oldest]:
            berth.apart = False
            room = self._per_worker - len(berth.tasks)
            others = (b for b in self._berths if b is not berth and not b.apart)
            other = next((b for b in others if len(b.tasks) <= room), None)
            if other is not None:
                moved, berth.tasks = berth.tasks, {}
                await self._settle(berth)  # first: a camera has one session with us
                other.tasks |= moved
                await self._settle(other)


def _view(berth: Berth, process: WorkerProcess) -> WorkerView:
    at = process.started_at
    return WorkerView(
        pid=process.pid,
        cameras=tuple(berth.tasks),
        rss=process.rss,
        started_at=at.isoformat() if at is not None else None,
        restarts=berth.restarts,
        why=berth.why,
    )
