"""The real program in a folder of its own: started as an operator does, ended by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import pytest

from commandcenter.web.visitors import COOKIE
from tests.conftest import free_port, wait_until
from tests.web.conftest import sign_in

COMMANDCENTER = (sys.executable, "-m", "commandcenter", "--config", "config.toml")
UNITS = Path(__file__).parents[2] / "setup" / "systemd"
CONFINED = Path(__file__).with_name("confined.py")
LINES = ("web", "feeds", "cameras", "watch", "notify")  # of the Procfile
_FROM_OUTSIDE = ("REDIS_URL", "RECORDS_URL")  # what the test's own surroundings may say


@dataclass
class Program:
    """`commandcenter run` (or one line of the Procfile) and every process that comes from it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    web_port: int = field(default_factory=free_port)
    intake_port: int = field(default_factory=free_port)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def records_url(self) -> str:
        return self.environment.get("RECORDS_URL", f"sqlite:///{self.folder}/var/records.db")

    @cached_property
    def hands(self) -> dict[str, str]:
        """The headers with which operator 1 asks from our own page."""
        token = sign_in(self.records_url, "operator 1", "operator")
        return {"Origin": self.address, "Cookie": f"{COOKIE}={token}"}

    def start(self, *words: str, command: Sequence[str] = COMMANDCENTER) -> subprocess.Popen[bytes]:
        """Start it in its folder; its standard output and error go to `log`."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *words],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # as a terminal does: Ctrl-C reaches it and not us
            )
        self.started.append(process)
        return process

    def start_confined(self, line: str, *, unit: str = "") -> subprocess.Popen[bytes]:
        """Start it with the rights that its systemd unit, or `unit`, leaves it."""
        rules = UNITS / f"commandcenter-{unit or line}.service"
        command = (sys.executable, str(CONFINED), str(rules), *COMMANDCENTER)
        return self.start(line, command=command)

    def say(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What a subcommand that ends by itself says."""
        return subprocess.run(
            [*COMMANDCENTER, *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in _FROM_OUTSIDE}
        return kept | self.environment

    def until_open(self) -> None:
        """Until both doors, for browsers and for devices, are open."""
        self.until(lambda: self.gone or self.get("/healthz") == "alive\n", "the web answers", 60)
        assert not self.gone, self.log()
        self.until(lambda: listens(self.intake_port), "the intake listens", 30)

    def until(self, true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Until `true()`; a failure carries what the program said."""
        try:
            wait_until(true, what, seconds)
        except pytest.fail.Exception as failure:
            failure.add_note(self.log())
            raise

    @property
    def gone(self) -> bool:
        """Whether nothing of what was started runs."""
        return all(process.poll() is not None for process in self.started)

    def interrupt(self) -> int:
        """Ctrl-C, and its exit code once it has ended."""
        running = self.started.pop()
        os.killpg(running.pid, signal.SIGINT)
        return running.wait(20)

    def close(self) -> None:
        """End it and leave nothing behind, whatever the test has done to it."""
        for process in self.started:
            process.terminate()
        for process in self.started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
        for left in self.processes():
            with suppress(psutil.NoSuchProcess):
                left.kill()
        for process in self.started:
            process.wait()

    def processes(self) -> list[psutil.Process]:
        """Everything that lives in its folder, whoever its parent is by now."""
        return [p for p in psutil.process_iter() if _lives_in(p, self.folder)]

    def named(self, name: str) -> list[psutil.Process]:
        """Its processes whose command line has this word: "web", "redis-server", …"""
        return [p for p in self.processes() if name in _words(p)]

    def get(self, path: str) -> str:
        """What a path of the web answers, whatever the status; "" when nobody is there."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=2) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refusal:
            return str(refusal.read().decode())
        except OSError:
            return ""

    def readyz(self) -> dict[str, Any]:
        """What /readyz tells; {} when nobody is there."""
        return dict(json.loads(self.get("/readyz") or "{}"))

    def log(self) -> str:
        """All that its processes have said."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def knock(port: int, raw: bytes) -> bytes:
    """Send these bytes to a local port; all that comes back. b"" when nobody is there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(raw)
            return b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return b""


def listens(port: int) -> bool:
    """Whether somebody listens on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _lives_in(process: psutil.Process, folder: Path) -> bool:
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and Path(process.cwd()).is_relative_to(folder)
    except psutil.Error:
        return False


def _words(process: psutil.Process) -> list[str]:
    """The words of its command line, a program by its name only. Of the two Redis that are
    embedded, the one for pictures is called "pictures"."""
    try:
        if process.name() == "redis-server" and Path(process.cwd()).name == "pictures":
            return ["pictures"]
        return list(_names(process.cmdline()))
    except psutil.Error:
        return []


def _names(line: list[str]) -> Iterator[str]:
    for part in line:
        for word in part.split():
            yield word.rpartition("/")[2]
