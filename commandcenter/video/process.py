"""One worker process, as its supervisor sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self, cast

import psutil

from commandcenter.secret import hide, redact
from commandcenter.video.messages import (
    LENGTHS,
    BadReport,
    Orders,
    Report,
    Task,
    lengths,
    orders_line,
)

ITSELF = ""
"""The camera of a report that tells only that the process as a whole is alive."""
WORKER = (sys.executable, "-m", "commandcenter.video.worker")
SPARE = 400 << 20
"""Bytes of memory that a worker may take beyond what its cameras usually need. The largest picture
that is decoded, 8K, needs 50 MB a reference frame and 100 MB as BGR, one camera at a time; an
endless stream passes this within seconds, and sixteen workers at their limit still fit into 8 GB.
"""
_EMPTY, _CAMERA = 100 << 20, 12 << 20  # a worker with cv2 loaded, and each of its cameras
_TICK = 0.5
_FIRST_WORD = 60.0  # seconds in which a camera's thread begins, however busy the machine is
_LIBJPEG = ("Corrupt JPEG data", "Premature end of JPEG")  # each picture of some cameras
_CRASHED_THREAD = re.compile(r"Current thread 0x([0-9a-f]+)")  # faulthandler's words
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a worker process ended, and which cameras are to blame."""

    why: str
    blamed: tuple[str, ...]
    heard: bool
    """It reported something before it ended."""
    endless: bool = False
    """One of those to blame sent a picture without an end."""


class WorkerProcess:
    """A running worker. `tell` gets every report as it comes."""

    def __init__(
        self, process: Process, tell: Callable[[Report], None], spare: int = SPARE
    ) -> None:
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)  # all three are pipes
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._stderr = cast("asyncio.StreamReader", process.stderr)
        self._tell = tell
        self._spare = spare
        self._aboard: set[str] = set()
        self._secrets: set[str] = set()
        self._deadlines: dict[str, float] = {}
        self._threads: dict[int, str] = {}
        self._received: Counter[str] = Counter()  # since the memory was last as it should be
        self._unread: dict[str, int] = {}  # by camera: what came without becoming a packet
        self._killed: End | None = None
        self._crashed: int | None = None
        self._fatal = self._last_words = ""

    @classmethod
    async def start(
        cls, command: Sequence[str], tell: Callable[[Report], None], spare: int = SPARE
    ) -> Self:
        """Start one; it is given no camera yet."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**os.environ, "PYTHONUTF8": "1"}
        )
        return cls(process, tell, spare)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def rss(self) -> int:
        """Its resident memory in bytes; 0 when it has just ended."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    @property
    def started_at(self) -> datetime | None:
        """When it was started; None when it has just ended."""
        try:
            return datetime.fromtimestamp(psutil.Process(self.pid).create_time(), UTC)
        except psutil.Error:
            return None

    async def watch(self, tasks: Sequence[Task]) -> None:
        """Have it watch these cameras and no others."""
        self._aboard = {task.camera for task in tasks}
        self._secrets = {secret for task in tasks for secret in task.secrets}
        for gone in self._deadlines.keys() - self._aboard - {ITSELF}:
            del self._deadlines[gone]
        now = asyncio.get_running_loop().time()
        for task in tasks:
            self._deadlines.setdefault(task.camera, now + task.rest + _FIRST_WORD)
        with contextlib.suppress(ConnectionError):  # it has just ended: `run` will say so
            self._stdin.write(orders_line(tasks))
            await self._stdin.drain()

    def grant(self, camera: str) -> None:
        """Let a camera behind a link take a picture."""
        if not self._stdin.is_closing():
            self._stdin.write(Orders(grant=camera).line())

    async def run(self) -> End:
        """Listen to it until it ends, and end it when one of its cameras hangs or it grows."""
        watchdog = asyncio.create_task(self._kill_when_wrong())
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
        return self._killed or self._judge(code, broken)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _hear_reports(self) -> None:
        read = self._stdout.readexactly
        loop = asyncio.get_running_loop()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header, small, large = lengths(await read(LENGTHS.size))
                report = Report.decode(await read(header), await read(small), await read(large))
                if report.camera in self._aboard or report.camera == ITSELF:
                    self._deadlines[report.camera] = loop.time() + report.within
                self._threads[report.thread] = report.camera
                self._received[report.camera] += report.received
                if report.camera == ITSELF:
                    self._unread = dict(report.unread)
                self._tell(self._clean(report))

    async def _hear_words(self) -> None:
        """Its stderr, to the log; after a crash it says whose thread it was."""
        while raw := await self._line():
            line = self._hide(raw.decode("utf-8", errors="replace").rstrip())
            if line.startswith(_LIBJPEG):
                continue
            self._last_words = line or self._last_words
            if line.startswith("Fatal Python error"):
                self._fatal = line
            if crashed := _CRASHED_THREAD.match(line):
                self._crashed = int(crashed[1], 16)
            _log.warning("camera worker %d: %s", self.pid, line)

    def _clean(self, report: Report) -> Report:
        """What a camera says, and what is put aside of it, without its password: some repeat it."""
        if report.state is None:
            return report
        kept = report.rejected.decode("utf-8", errors="surrogateescape")
        kept = self._hide(kept) if _is_text(report.rejected) else hide(kept, self._secrets)
        return replace(
            report,
            detail=self._hide(report.detail),
            rejected=kept.encode("utf-8", errors="surrogateescape"),
        )

    def _hide(self, text: str) -> str:
        return redact(hide(text, self._secrets))

    async def _line(self) -> bytes:
        try:
            return await self._stderr.readline()
        except ValueError:  # longer than asyncio's limit; what follows is read as other lines
            return b"(a very long line)\n"

    async def _kill_when_wrong(self) -> None:
        loop = asyncio.get_running_loop()
        while self._killed is None:
            before = loop.time()
            await asyncio.sleep(_TICK)
            away = loop.time() - before - _TICK
            if away > _TICK:  # we were not there to hear, so nobody is late
                self._deadlines = {c: at + away for c, at in self._deadlines.items()}
            self._killed = self._hangs(loop.time()) or self._grows(self.rss)
        self.kill()

    def _hangs(self, now: float) -> End | None:
        late = sorted(camera for camera, at in self._deadlines.items() if at < now)
        heard = set(self._threads.values())
        if not late:
            return None
        if late[0] not in heard or late[0] == ITSELF:
            return End(why="it stood still", blamed=tuple(sorted(self._aboard)), heard=bool(heard))
        return End(why=f"camera {late[0]} hung", blamed=(late[0],), heard=True)

    def _grows(self, rss: int) -> End | None:
        """Whether its memory is beyond all need. To blame are the cameras of which much came and
        nothing was handed out; else the one that sent most since it began to grow; else nobody
        alone."""
        spent = rss - _EMPTY - _CAMERA * len(self._aboard)
        if spent < self._spare / 2:
            self._received.clear()
        if spent < self._spare:
            return None
        endless = self._above(self._unread)
        known = endless or self._above(dict(self._received.most_common(1)))
        why = f"its memory grew to {rss >> 20} MB"
        why += f"; most came from camera {', '.join(known)}" if known else ""
        blamed = tuple(known or sorted(self._aboard))
        return End(why=why, blamed=blamed, heard=bool(self._threads), endless=bool(endless))

    def _above(self, sizes: Mapping[str, int]) -> list[str]:
        """The cameras aboard that sent so much that it explains why memory is short: many times
        the largest picture."""
        return sorted(c for c in self._aboard if sizes.get(c, 0) > self._spare / 4)

    def _judge(self, code: int, broken: str) -> End:
        heard = bool(self._threads)
        camera = self._threads.get(self._crashed or 0, ITSELF)
        if camera != ITSELF:
            return End(why=f"camera {camera} crashed it", blamed=(camera,), heard=heard)
        why = broken or f"{self._fatal or self._last_words or 'it ended'} (exit status {code})"
        killed = code == -9  # from outside, or for want of memory: nobody aboard is to blame
        return End(why=why, blamed=() if killed else tuple(sorted(self._aboard)), heard=heard)


def _is_text(raw: bytes) -> bool:
    return b"\0" not in raw
