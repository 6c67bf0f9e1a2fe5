#!/usr/bin/env python3
"""Keeps the wall on the screen of a wall PC: starts Chromium, looks at its page, cures it.

Needs nothing but Python 3.11 and Chromium. It speaks the DevTools protocol over two pipes (`JSON
NUL`, file descriptors 3 and 4 of Chromium; no port is opened) and systemd's sd_notify(3).

It cures in steps: load the page anew → start Chromium anew → end with 1, and systemd starts
everything anew. A page that wants a new Chromium says so in `<html data-restart="why">`.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

log = logging.getLogger("kiosk")
Result = dict[str, Any] | None  # of a command of the protocol

HERE = Path(__file__).parent
LOOK = """(() => ({
  ours: document.querySelector("meta[name=build]") !== null,
  waiting: ["data:", "about:"].includes(location.protocol),
  restart: document.documentElement?.dataset.restart || "",
}))()"""

LONGEST_REST = 30.0  # seconds before a cure, at most
VAIN = 40  # pages that did not bring our page, after which Chromium itself is doubted
DEAF = 2.0  # seconds within which Chromium itself answers, whatever its page does
POLITE = 5.0  # seconds to write its cookies down
START = 30.0  # seconds to show a page


class Trouble(Exception):
    """Why the wall is not to be seen; its page must be loaded anew."""


class ChromiumTrouble(Trouble):
    """The same, and only a new Chromium helps."""


class Kiosk:
    """The wall on this screen."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.cures = 0  # since the wall was last well for a while
        self.vain = 0  # pages asked for since it was last seen
        self.well_since: float | None = None
        self.told = ""
        self.loading_until = 0.0
        self.chromium = Chromium(command(options))

    def run(self) -> None:
        """Watch for ever; SystemExit when nothing is left but to start everything anew."""
        try:
            self.open()
            notify(f"READY=1\nMAINPID={os.getpid()}")
            while True:
                notify("WATCHDOG=1")
                try:
                    self.look()
                except Trouble as trouble:
                    self.cure(trouble)
                self.chromium.listen(self.options.every)
        finally:
            self.chromium.close()

    def open(self) -> None:
        """Start Chromium; look() finds its waiting page and takes it from there."""
        self.vain, self.loading_until = 0, 0.0
        repair(self.options.profile)
        self.chromium.start()

    def look(self) -> None:
        """Raise Trouble unless the wall is shown, or on its way."""
        try:
            page = self.page()
        except Trouble:
            if self.chromium.alive and time.monotonic() < self.loading_until:
                return  # a slow machine that draws its first picture
            raise
        if page.get("restart"):
            raise ChromiumTrouble(f"the page asks for a new Chromium: {page['restart']}")
        if page.get("ours"):
            self.well()
        else:
            self.seek(waiting=bool(page.get("waiting")))

    def page(self) -> dict[str, Any]:
        """What the page says of itself. Raises Trouble when it cannot."""
        chromium, limit = self.chromium, self.options.answer
        look = {"expression": LOOK, "returnByValue": True}
        found = chromium.ask("Runtime.evaluate", limit, chromium.session, **look)
        if found is not None:
            return dict(found.get("result", {}).get("value") or {})
        if chromium.ended:
            raise ChromiumTrouble("Chromium has ended")
        if chromium.crashed:
            raise Trouble("the page crashed")
        if chromium.ask("Browser.getVersion", DEAF) is None:
            chromium.ended = True  # as good as: nothing polite would be heard
            raise ChromiumTrouble(f"Chromium does not answer within {limit + DEAF:g} s")
        raise Trouble(f"the page does not answer within {limit:g} s")

    def well(self) -> None:
        """Our page is there; after a while of that, old troubles are forgotten."""
        now = time.monotonic()
        self.loading_until, self.vain = 0.0, 0
        if self.well_since is None:
            self.well_since = now
        self.say("the wall is shown")
        if now - self.well_since >= self.options.calm:
            self.cures = 0

    def seek(self, *, waiting: bool) -> None:
        """Another page is shown: ours is on its way, or its server is away (no network at boot)."""
        if self.vain > VAIN:
            raise ChromiumTrouble(f"{self.vain} attempts did not bring our page")
        if self.well_since is not None:  # it was there just now: perhaps it loads itself anew
            self.well_since = None
            self.loading_until = time.monotonic() + self.options.load
        if not answers(self.options.url):
            self.wait("it does not answer", shown=waiting)
        elif time.monotonic() >= self.loading_until:
            self.load() if waiting else self.wait("it answers, but not with our page", shown=False)

    def load(self) -> None:
        """Go to the wall."""
        self.vain += 1
        self.loading_until = time.monotonic() + self.options.load
        self.chromium.go(self.options.url)

    def wait(self, why: str, *, shown: bool) -> None:
        """No error page of Chromium's or a proxy's, but a plain sentence until we try again."""
        self.say(f"waiting for the server: {why}")
        if not shown:
            self.vain += 1
            self.chromium.go(waiting_page(self.options.url))

    def cure(self, trouble: Trouble) -> None:
        """One step, after a rest that grows; look() takes it from there."""
        self.well_since = None
        self.cures += 1
        if self.cures > self.options.cures:
            sys.exit(f"{trouble}; {self.cures - 1} cures did not last: everything starts anew")
        anew = isinstance(trouble, ChromiumTrouble) or self.cures % 3 == 0
        self.say(f"{trouble}; cure {self.cures}: {'Chromium' if anew else 'the page'} anew")
        if self.cures > 1:
            time.sleep(min(2.0 ** (self.cures - 1), LONGEST_REST))
        if anew:
            self.chromium.close()
            self.open()
        else:
            self.chromium.crash_page()  # a hung one would never let go
            self.load()

    def say(self, what: str) -> None:
        """To the journal, and for `systemctl status`: what is new."""
        if what != self.told:
            log.info(what)
            notify(f"STATUS={what}")
        self.told = what


class Chromium:
    """The browser and its page, over the DevTools protocol."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.process = 0  # also its process group
        self.session = ""  # of the page; empty until there is one
        self.crashed = False  # its page
        self.ended = False

    @property
    def alive(self) -> bool:
        """Whether neither it nor its page is known to be dead."""
        return not (self.ended or self.crashed)

    def start(self) -> None:
        """Start it; returns when its page is there, and ends everything when none comes."""
        self.session, self.crashed, self.ended = "", False, False
        self._number, self._awaited, self._heard = 0, 0, b""
        self._answer: Result = None
        theirs, self._say = high_pipe()
        self._hear, ours = high_pipe()
        pipes = [(os.POSIX_SPAWN_DUP2, theirs, 3), (os.POSIX_SPAWN_DUP2, ours, 4)]
        try:
            self.process = os.posix_spawnp(
                self.words[0], self.words, os.environ, file_actions=pipes, setpgroup=0
            )
        except OSError as error:
            sys.exit(f"{self.words[0]}: {error.strerror}; apt-get install chromium")
        os.close(theirs)
        os.close(ours)
        self._send(
            "Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True
        )
        if not self.listen(START, lambda: self.session != ""):
            sys.exit(f"{self.words[0]} shows no page within {START:g} s")
        self._send("Inspector.enable", self.session)  # it tells when the page crashes

    def close(self) -> None:
        """End it: politely, so that its cookies are kept (SIGTERM would lose the latest), and then
        for certain."""
        if not self.process:
            return
        end = os.pidfd_open(self.process)
        try:
            self._send("Browser.close")
            select.select([end], [], [], 0 if self.ended else POLITE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self.process = 0
            for mine in (end, self._say, self._hear):
                os.close(mine)

    def go(self, url: str) -> None:
        """Let the page go there; a crashed one comes to life by it."""
        self.crashed = False
        self._send("Page.navigate", self.session, url=url)

    def crash_page(self) -> None:
        """End the page's process, even when its main thread hangs."""
        if self.alive:
            self._send("Page.crash", self.session)
            self.listen(DEAF)

    def ask(self, method: str, within: float, session: str = "", **what: Any) -> Result:
        """The result of a command; None when none comes within so many seconds."""
        self._awaited, self._answer = self._send(method, session, **what), None
        self.listen(within, lambda: self._answer is not None)
        return self._answer

    def listen(self, within: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Take in what it says until something holds, it dies or time is up; whether it holds."""
        end = time.monotonic() + within
        while not until() and self.alive and (left := end - time.monotonic()) > 0:
            if select.select([self._hear], [], [], left)[0]:
                self._take(os.read(self._hear, 65536))
        return until()

    def _send(self, method: str, session: str = "", **what: Any) -> int:
        self._number += 1
        told: dict[str, Any] = {"id": self._number, "method": method, "params": what}
        if session:
            told["sessionId"] = session
        try:
            os.write(self._say, json.dumps(told).encode() + b"\0")
        except BrokenPipeError:
            self.ended = True
        return self._number

    def _take(self, heard: bytes) -> None:
        self.ended = not heard
        *messages, self._heard = (self._heard + heard).split(b"\0")
        for told in map(json.loads, messages):
            what, about = told.get("method"), told.get("params", {})
            if what == "Target.attachedToTarget" and about["targetInfo"]["type"] == "page":
                self.session = self.session or about["sessionId"]
            elif what == "Target.detachedFromTarget" and about["sessionId"] == self.session:
                self.ended = True  # a browser without our page is of no use
            elif what == "Inspector.targetCrashed" and told.get("sessionId") == self.session:
                self.crashed = True
            elif told.get("id") == self._awaited:
                self._answer = told.get("result", {})


def high_pipe() -> tuple[int, int]:
    """The two ends of a pipe, out of the way of 3 and 4, which they become in Chromium."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


def answers(url: str) -> bool:
    """Whether the server takes connections. No request: each would be given a pairing code."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=2).close()
    except OSError:
        return False
    return True


def waiting_page(url: str) -> str:
    """The page that is shown while there is no server."""
    page = (HERE / "waiting.html").read_text(encoding="utf-8")
    host = escape(urlsplit(url).hostname or "")
    return "data:text/html;charset=utf-8," + quote(page.replace("SERVER", host))


def command(options: argparse.Namespace) -> list[str]:
    """Chromium's command line."""
    lines = (HERE / "chromium.flags").read_text(encoding="utf-8").splitlines()
    flags = [flag for line in lines if (flag := line.partition("#")[0].strip())]
    if "WAYLAND_DISPLAY" in os.environ:
        flags.append("--ozone-platform=wayland")
    flags += [f"--user-data-dir={options.profile}", *os.environ.get("KIOSK_FLAGS", "").split()]
    return [options.chromium, *flags, waiting_page(options.url)]


def repair(profile: Path) -> None:
    """Make a profile whose power was cut look as if it had been closed: no "Restore pages?", no
    "profile is in use". The display's token, a cookie, stays."""
    profile.mkdir(parents=True, exist_ok=True, mode=0o700)
    for lock in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
        (profile / lock).unlink(missing_ok=True)
    path = profile / "Default" / "Preferences"
    if not path.exists():
        return
    try:
        known = json.loads(path.read_bytes())
        known["profile"].update(exit_type="Normal", exited_cleanly=True)
    except (ValueError, TypeError, LookupError, AttributeError):
        path.unlink()  # half written; Chromium would complain in a dialog
        return
    half = path.with_suffix(".half")
    half.write_text(json.dumps(known), encoding="utf-8")
    half.replace(path)


def notify(what: str) -> None:
    """sd_notify(3): a datagram to systemd, when it is systemd that started us."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, suppress(OSError):
            line.sendto(what.encode(), address.replace("@", "\0", 1))


def stop(*_: object) -> NoReturn:
    """SIGTERM: close Chromium and go."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough
    sys.exit(0)


def options_of(words: list[str]) -> argparse.Namespace:
    """The command line. The address may also come from systemd's environment file."""
    state = os.environ.get("STATE_DIRECTORY", str(Path.home() / ".commandcenter-kiosk"))
    parser = argparse.ArgumentParser(epilog="$KIOSK_FLAGS: more flags for Chromium")
    parser.add_argument("url", nargs="?", default=os.environ.get("WALL_URL"), help="or $WALL_URL")
    parser.add_argument("--profile", type=Path, default=Path(state) / "profile")
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("--every", type=float, default=2, help="seconds between two looks")
    parser.add_argument("--answer", type=float, default=4, help="seconds to answer a look")
    parser.add_argument("--load", type=float, default=15, help="seconds that a load may take")
    parser.add_argument("--calm", type=float, default=60, help="seconds after which it is cured")
    parser.add_argument("--cures", type=int, default=8, help="after so many, end with 1")
    options = parser.parse_args(words)
    if not options.url:
        parser.error("which page? Name it or set WALL_URL, for example http://server:8050/wall")
    return options


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    Kiosk(options_of(sys.argv[1:])).run()
