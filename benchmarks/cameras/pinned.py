"""Processes on a core of their own, and what a tree of them costs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

CORES = sorted(os.sched_getaffinity(0))
OURS, THEIRS = CORES[0], CORES[-1]


@contextmanager
def on(core: int) -> Iterator[None]:
    """Whatever is started inside runs on this core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def started(
    command: Sequence[str | Path], core: int, log: IO[Any] | None = None, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A process on this core, which is ended, with all its children, in the end."""
    out = options.pop("stdout", log or subprocess.DEVNULL)
    with on(core):
        process = subprocess.Popen(
            command, stdout=out, stderr=log or subprocess.DEVNULL, text=True, **options
        )
    try:
        yield process
    finally:
        family = _family(process.pid)
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.communicate()


@dataclass
class Meter:
    """What some processes and all their children cost between `begin` and now."""

    pids: Sequence[int]
    began: float = 0.0
    before: float = 0.0

    def begin(self) -> None:
        """From now on it counts."""
        self.began, self.before = time.monotonic(), self._worked()

    @property
    def percent(self) -> float:
        """Of one core."""
        return 100 * (self._worked() - self.before) / (time.monotonic() - self.began)

    @property
    def megabytes(self) -> float:
        """Proportional set size: what several processes share is counted once."""
        return sum(_pss(one) for pid in self.pids for one in _family(pid)) / 1e6

    def _worked(self) -> float:
        return sum(_seconds(one) for pid in self.pids for one in _family(pid))


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _seconds(process: psutil.Process) -> float:
    """CPU time of a process and of its children that have ended."""
    try:
        spent = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(spent.user + spent.system + spent.children_user + spent.children_system)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
