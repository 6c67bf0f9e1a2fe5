"""A wall PC in small: kiosk.py, Chromium without a screen, a server with a page like ours."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pytest

from tests.conftest import free_port, wait_until

ROOT = Path(__file__).parents[2]
KIOSK = ROOT / "setup" / "kiosk" / "kiosk.py"
SWITCHES = "--headless=new --no-sandbox --disable-gpu"  # a machine without a screen; root
QUICK = ("--every=0.2", "--answer=2", "--load=5", "--calm=600")
SHOWN = "STATUS=the wall is shown"
WALL = b'<!DOCTYPE html><meta name="build" content="1"><title>wall</title><p>The wall</p>'
HANGS = WALL + b"<script>fetch('/sign').then(() => { while (true) {} })</script>"
WISHES = WALL.replace(b"html>", b"html><html data-restart='no picture for 60 s'>", 1)
SLOW = b"<!-- the head of this page comes late -->"
OTHER = b"<!DOCTYPE html><h1>502 Bad Gateway</h1>"


@dataclass
class Server:
    """A web server that is there and goes, and remembers the cookies of each request of /wall."""

    port: int = field(default_factory=free_port)
    pages: list[bytes] = field(default_factory=list)  # what is given next; then the wall
    asked: queue.Queue[str] = field(default_factory=queue.Queue)
    sign: Event = field(default_factory=Event)  # that a page waits for
    rest: Event = field(default_factory=Event)  # that the rest of a slow page may come
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/wall"

    def start(self) -> None:
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/sign":
                    ours.sign.wait(30)
                    return self.send_error(404)
                if self.path != "/wall":
                    return self.send_error(404)
                ours.asked.put(self.headers.get("Cookie", ""))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Set-Cookie", "display=token; Max-Age=31536000; HttpOnly")
                self.end_headers()
                page = ours.pages.pop(0) if ours.pages else WALL
                self.wfile.write(page)
                if page is SLOW:
                    ours.rest.wait(30)
                    self.wfile.write(WALL)
                return None

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@dataclass
class WallPC:
    """kiosk.py as systemd would start it, with what it tells systemd."""

    folder: Path
    url: str
    line: socket.socket = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(self.folder / "notify"))

    def start(self, *options: str, command: Sequence[str] = (), **environment: str) -> None:
        words = [*command, sys.executable, str(KIOSK), *QUICK, *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words,
                env=os.environ
                | {
                    "WALL_URL": self.url,
                    "KIOSK_FLAGS": SWITCHES,
                    "STATE_DIRECTORY": str(self.folder),
                    "HOME": str(self.folder),
                    "NOTIFY_SOCKET": str(self.folder / "notify"),
                }
                | environment,
                stderr=log,
                start_new_session=True,
            )

    def until_told(self, what: str, seconds: float = 40.0) -> str:
        """Until a datagram that begins so has come; all of it."""
        end = time.monotonic() + seconds
        while True:
            self.line.settimeout(max(0.01, end - time.monotonic()))
            try:
                told = self.line.recv(4096).decode()
            except TimeoutError:
                pytest.fail(f"waited {seconds:g} s in vain for {what!r}; {self.told}; {self.log()}")
            self.told.append(told)
            if told.startswith(what):
                return told

    def until_looked(self, times: int) -> None:
        """Until it has looked at the page so often from now on."""
        self.line.setblocking(False)
        with suppress(BlockingIOError):
            while self.line.recv(4096):
                pass
        for _ in range(times + 1):
            self.until_told("WATCHDOG=1")

    def processes(self, kind: str = "") -> list[psutil.Process]:
        """Everything that came from it; of one kind of Chromium's, or its browser process."""
        profile = f"--user-data-dir={self.profile}"
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            kinds = [word for word in words if word.startswith("--type=")]
            wanted = not kind or (kinds == [f"--type={kind}"] if kind != "browser" else not kinds)
            if profile in words and wanted:  # a dead one has no words
                found.append(process)
        return found

    def kill(self, kind: str) -> None:
        for process in self.processes(kind):
            with suppress(psutil.NoSuchProcess):  # a child that has just died of another
                process.kill()

    def end(self) -> int:
        """As `systemctl stop` does; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def cut_power(self) -> None:
        """Everything is gone at once."""
        assert self.process is not None
        self.process.kill()
        self.kill("")
        self.process.wait()
        self.until_gone()

    def until_gone(self) -> None:
        wait_until(lambda: not self.processes(), "no process of Chromium is left")

    @property
    def profile(self) -> Path:
        return self.folder / "profile"

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def clean(self) -> None:
        """Switch it off."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.kill("")
        self.line.close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def pc(tmp_path: Path, server: Server) -> Iterator[WallPC]:
    """A wall PC that has not been switched on yet."""
    found = WallPC(tmp_path, server.url)
    yield found
    found.clean()


@pytest.fixture
def running(pc: WallPC) -> WallPC:
    """One that shows the wall."""
    pc.start()
    pc.until_told(SHOWN)
    return pc
