"""Processes of a benchmark: a real Redis, servers and workers, and what a server costs."""

from __future__ import annotations

import multiprocessing
import resource
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeAlias

import psutil
import uvloop

from commandcenter.redis_server import RedisServer

P = ParamSpec("P")
Line: TypeAlias = "Connection[Any, Any]"

PATIENCE = 120.0  # seconds that a worker may take to say something


class Worker:
    """A process that runs `work(line, …)` and tells what it found over its line."""

    def __init__(
        self,
        work: Callable[Concatenate[Line, P], Coroutine[Any, Any, None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_run, args=(work, theirs, args, kwargs), daemon=True)
        self.process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self) -> Any:
        """Its answer to a word."""
        self.line.send("?")
        return self.hear()

    def hear(self) -> Any:
        """What it says next. Raises EOFError when it ended without a word."""
        if not self.line.poll(PATIENCE):
            raise TimeoutError(f"{self.process.name} says nothing")
        return self.line.recv()

    def end(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.line.close()


def _run(work: Callable[..., Any], line: Line, args: Any, kwargs: Any) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(work(line, *args, **kwargs))


class Server:
    """A server under test, and what it costs."""

    def __init__(self, process: psutil.Process, port: int, redis: str) -> None:
        self.process = process
        self.port = port
        self.redis = redis

    @property
    def resident(self) -> float:
        """Its resident memory in kB."""
        return float(self.process.memory_info().rss) / 1024

    @property
    def worked(self) -> float:
        """The CPU time it has used, in seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


ServerWork: TypeAlias = Callable[[Line, int, str, Path], Coroutine[Any, Any, None]]


@contextmanager
def running(work: ServerWork) -> Iterator[Server]:
    """A server in a process of its own, with an empty Redis of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        redis = RedisServer(Path(folder) / "redis")
        url = redis.start()
        port = _free_port()
        try:
            with Worker(work, port, url, Path(folder)) as worker:
                _until_it_answers(worker, port)
                yield Server(psutil.Process(worker.process.pid), port, url)
        finally:
            redis.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_answers(worker: Worker, port: int) -> None:
    end = time.monotonic() + 120  # ten thousand incidents are written first, on a busy machine
    while time.monotonic() < end and worker.process.is_alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the server at port {port} did not start")
