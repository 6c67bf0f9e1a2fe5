"""One worker process, as its supervisor sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, cast

from commandcenter.secret import redact
from commandcenter.video.messages import LENGTHS, BadReport, Report, Task, lengths, tasks_line

WORKER = (sys.executable, "-m", "commandcenter.video.worker")
_TICK = 0.5
_CRASHED_THREAD = re.compile(r"Current thread 0x([0-9a-f]+)")  # faulthandler's words
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a worker process ended, and which cameras are to blame."""

    why: str
    blamed: tuple[str, ...]
    heard: bool
    """It reported something before it ended."""


class WorkerProcess:
    """A running worker. `tell` gets every report as it comes."""

    def __init__(self, process: Process, tell: Callable[[Report], None]) -> None:
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)  # all three are pipes
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._stderr = cast("asyncio.StreamReader", process.stderr)
        self._tell = tell
        self._deadlines: dict[str, float] = {}
        self._threads: dict[int, str] = {}
        self._hung: str | None = None
        self._crashed: int | None = None
        self._fatal = self._last_words = ""

    @classmethod
    async def start(cls, command: Sequence[str], tell: Callable[[Report], None]) -> Self:
        """Start one; it is given no camera yet."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**os.environ, "PYTHONUTF8": "1"}
        )
        return cls(process, tell)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def watch(self, tasks: Sequence[Task]) -> None:
        """Have it watch these cameras and no others."""
        names = {task.camera for task in tasks}
        for gone in self._deadlines.keys() - names:
            del self._deadlines[gone]
        with contextlib.suppress(ConnectionError):  # it has just ended: `run` will say so
            self._stdin.write(tasks_line(tasks))
            await self._stdin.drain()

    async def run(self) -> End:
        """Listen to it until it ends, and end it when one of its cameras hangs."""
        watchdog = asyncio.create_task(self._kill_when_hanging())
        words = asyncio.create_task(self._hear_words())
        broken = ""
        try:
            await self._hear_reports()
        except BadReport as error:
            broken = str(error)
            self.kill()
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            watchdog.cancel()
            await words
            code = await self._process.wait()
        return self._judge(code, broken)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _hear_reports(self) -> None:
        read = self._stdout.readexactly
        loop = asyncio.get_running_loop()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header, jpeg = lengths(await read(LENGTHS.size))
                report = Report.decode(await read(header), await read(jpeg))
                self._deadlines[report.camera] = loop.time() + report.within
                self._threads[report.thread] = report.camera
                self._tell(report)

    async def _hear_words(self) -> None:
        """Its stderr, to the log; after a crash it says whose thread it was."""
        while raw := await self._line():
            line = redact(raw.decode("utf-8", errors="replace").rstrip())
            self._last_words = line or self._last_words
            if line.startswith("Fatal Python error"):
                self._fatal = line
            if crashed := _CRASHED_THREAD.match(line):
                self._crashed = int(crashed[1], 16)
            _log.warning("camera worker %d: %s", self.pid, line)

    async def _line(self) -> bytes:
        try:
            return await self._stderr.readline()
        except ValueError:  # longer than asyncio's limit; what follows is read as other lines
            return b"(a very long line)\n"

    async def _kill_when_hanging(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(_TICK)
            away = loop.time() - before - _TICK
            if away > _TICK:  # we were not there to hear, so nobody is late
                self._deadlines = {c: at + away for c, at in self._deadlines.items()}
            late = [camera for camera, at in self._deadlines.items() if at < loop.time()]
            if late:
                self._hung = late[0]
                self.kill()
                return

    def _judge(self, code: int, broken: str) -> End:
        heard = bool(self._threads)
        if self._hung is not None:
            return End(why=f"camera {self._hung} hung", blamed=(self._hung,), heard=heard)
        if self._crashed in self._threads:
            camera = self._threads[self._crashed]
            return End(why=f"camera {camera} crashed it", blamed=(camera,), heard=heard)
        why = broken or f"{self._fatal or self._last_words or 'it ended'} (exit status {code})"
        killed = code == -9  # from outside, or for want of memory: nobody aboard is to blame
        return End(why=why, blamed=() if killed else tuple(self._deadlines), heard=heard)
