"""The processes that fall: a Redis and the web process, by kill -9 and started again."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import IO

import psutil

from benchmarks.visitor import let_in
from commandcenter.lifeline import die_with_parent
from commandcenter.redis_server import find_program

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds that a process may take to answer
HOST = "127.0.0.1"


class DidNotStart(RuntimeError):
    """A process of the soak does not answer; the sentence says where its log is."""


def free_port() -> int:
    """A TCP port nobody listens on, below those that the kernel lends to outgoing connections:
    it must still be free when its process comes back from a fall."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise RuntimeError("no free port between 20000 and 32000")


@dataclass(eq=False)
class Fallible:
    """A child process that is killed and started again."""

    folder: Path
    name: str
    process: psutil.Popen | None = None

    async def start(self) -> float:
        """Start it; the moment (seconds since 1970) at which it answered. Raises DidNotStart."""
        log = (self.folder / f"{self.name}.log").open("ab")
        with log:
            self.process = self._launch(log)
        for _ in range(int(PATIENCE / 0.01)):
            if await self._answers():
                return time()
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.01)
        raise DidNotStart(f"{self.name} does not answer; see {log.name}")

    async def kill(self) -> None:
        """kill -9, as when the machine loses its power."""
        if self.process is not None:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)
            self.process = None

    @property
    def ended(self) -> str:
        """What became of it when it ended without being killed; "" while it runs."""
        code = None if self.process is None else self.process.poll()
        return "" if code is None else f"{self.name} ended by itself with code {code}"

    @property
    def resident(self) -> float:
        """Its resident memory in MB."""
        assert self.process is not None
        return float(self.process.memory_info().rss) / 1e6

    def _launch(self, log: IO[bytes]) -> psutil.Popen:
        raise NotImplementedError

    async def _answers(self) -> bool:
        raise NotImplementedError


@dataclass(eq=False)
class Redis(Fallible):
    """On a socket in `folder`, with an append-only file."""

    name: str = "redis"
    program: str = field(default_factory=lambda: find_program()[0])

    @property
    def url(self) -> str:
        """Where it is."""
        return f"unix://{self.folder}/redis.sock"

    def forget(self) -> None:
        """Lose the data, as after a broken disk. Only while it is down."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def _launch(self, log: IO[bytes]) -> psutil.Popen:
        command = [self.program, "--port", "0", "--unixsocket", str(self.folder / "redis.sock")]
        command += ["--dir", str(self.folder), "--save", "", "--appendonly", "yes"]
        return psutil.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent()
        )

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(self.folder / "redis.sock")
            writer.write(b"PING\r\n")
            told = await reader.readline()
            writer.close()
        except OSError:
            return False
        return told.startswith(b"+PONG")  # while it reads its file: -LOADING


@dataclass(eq=False)
class Web(Fallible):
    """`commandcenter web` at `port`; it is there as soon as its door opens."""

    config: str = ""
    redis_url: str = ""
    port: int = field(default_factory=free_port)

    def _launch(self, log: IO[bytes]) -> psutil.Popen:
        path = self.folder / f"{self.name}.toml"
        path.write_text(self.config.replace("{port}", str(self.port)), encoding="utf-8")
        records = f"sqlite:///{self.folder}/{self.name}.db"
        let_in(records)
        return psutil.Popen(
            [sys.executable, "-m", "commandcenter", "--config", str(path), "web"],
            env=os.environ | {"REDIS_URL": self.redis_url, "RECORDS_URL": records},
            stdout=log,
            stderr=log,
            cwd=ROOT,
            preexec_fn=die_with_parent(),
        )

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True
