"""A real site: the web process on a free port, a Redis of its own, and pages in Chromium."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from commandcenter.access.roles import Role
from commandcenter.bus import Bus, Pictures
from commandcenter.reading import Reading
from commandcenter.records.accounts import accounts, create
from commandcenter.records.database import Records
from commandcenter.records.sessions import begin
from commandcenter.web.visitors import COOKIE
from tests.conftest import RedisProcess, free_port, wait_until

T = TypeVar("T")

expect.set_options(timeout=10_000)  # where a test promises no time of its own

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "commandcenter" / "demo" / "lists"
CHROMIUM = Path("/usr/bin/chromium")  # Debian's; elsewhere Playwright's own
# The browser's own surfaces are web pages now, with a renderer for each window: a third of what a
# wall costs. The others are those that Playwright would switch off, whose list ours replaces.
OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "AimEnabled"),
    *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "PaintHolding", "OptimizationHints"),
    *("DestroyProfileOnBrowserClose", "AvoidUnnecessaryBeforeUnloadCheckSync", "MediaRouter"),
    *("ThirdPartyStoragePartitioning", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
)
SWITCHES = [
    f"--disable-features={','.join(OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",  # as on a wall PC
]
HD = (1920, 1080)
READY = """document.body.dataset.connection === "live" && document.querySelector("[data-panel]")
    && document.querySelectorAll(".chart").length
       === document.querySelectorAll(".js-plotly-plot .main-svg:first-child").length"""

REGION = """
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"
office = "Dinas Komunikasi, Informatika, Statistik dan Persandian"

[web]
port = {port}

[lists]
offices = "{lists}/offices.csv"
"""
CONFIG = (
    REGION
    + """
[[wall]]
name = "utama"
rows = ["auto", "auto", "3fr", "3fr", "1.35fr"]
columns = ["1.25fr", "1fr", "1.05fr"]
picture = [
  "masthead masthead  masthead",
  "summary summary    summary",
  "network attendance incidents",
  "network attendance complaints",
  "cctv    cctv       cctv",
]

[[wall]]
name = "samping"
picture = ["quick elsewhere"]

[panel.masthead]
[panel.summary]
[panel.network]
[panel.attendance]
[panel.complaints]
[panel.incidents]
[panel.cctv]
[panel.quick]
type = "complaints"
feeds = ["quick"]
[panel.elsewhere]
type = "complaints"
feeds = ["lapor"]

[feed.network]
devices = "{lists}/devices.csv"
late_after = 300
stale_after = 600
[feed.attendance]
machines = "{lists}/machines.csv"
[feed.complaints]
[feed.applications]
applications = "{lists}/applications.csv"
[feed.cameras]
cameras = "{lists}/cameras.csv"
late_after = 300
stale_after = 600
[feed.quick]
type = "complaints"
late_after = 1.5
stale_after = 3

[[person]]
name = "operator 1"
[[person]]
name = "operator 2"
"""
)


def sign_in(records_url: str, name: str, role: Role, **limits: Any) -> str:
    """The token of a new session of somebody, in these records."""
    records, now = Records(records_url), datetime.now(UTC)
    try:
        records.migrate()
        with records.engine.begin() as connection:
            known = next((a for a in accounts(connection) if a.name == name), None)
            told = {"username": name.replace(" ", "."), "name": name, "role": role} | limits
            whose = known or create(connection, now, "a test", **told)
            where = {"address": "127.0.0.1", "user_agent": "a test", "how": "password"}
            return begin(connection, now, whose, hours=16, **where)[0]
    finally:
        records.close()


def let_in(browser: BrowserContext, address: str, token: str) -> None:
    """Whoever has this token is signed in in this browser."""
    told: SetCookieParam = {
        "name": COOKIE,
        "value": token,
        "url": address,
        "httpOnly": True,
        "sameSite": "Lax",
    }
    browser.add_cookies([told])


def apart(work: Callable[[], Awaitable[T]]) -> T:
    """Run async work from a test that drives a browser, whose own loop occupies this thread."""

    async def whole() -> T:
        return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(whole())).result()


@dataclass
class Site:
    """The web process, to be killed, frozen and started again."""

    folder: Path
    redis_url: str
    config: str = CONFIG
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, name: str = "operator 1", role: Role = "operator", **limits: Any) -> str:
        """Of a session of this person, who gets an account if there is none yet."""
        if name not in self.tokens:
            self.tokens[name] = sign_in(self.records_url, name, role, **limits)
        return self.tokens[name]

    def cookie(self, name: str = "operator 1", role: Role = "operator", **limits: Any) -> str:
        """The header with which this person asks."""
        return f"{COOKIE}={self.token(name, role, **limits)}"

    def client(
        self, name: str = "operator 1", role: Role = "operator", **more: Any
    ) -> httpx.Client:
        """The hands of this person, without a browser."""
        headers = {"Cookie": self.cookie(name, role), "Origin": self.address}
        return httpx.Client(base_url=self.address, headers=headers, **more)

    def let_in(
        self, browser: BrowserContext, name: str = "operator 1", role: Role = "operator"
    ) -> None:
        """This person is signed in in this browser."""
        let_in(browser, self.address, self.token(name, role))

    @property
    def records_url(self) -> str:
        return f"sqlite:///{self.folder}/records.db"

    def start(self) -> None:
        """Start it; returns with its first 200 on /healthz."""
        path = self.folder / "config.toml"
        path.write_text(self.config.format(port=self.port, lists=LISTS), encoding="utf-8")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "commandcenter", "--config", str(path), "web"],
                env=os.environ | {"REDIS_URL": self.redis_url, "RECORDS_URL": self.records_url},
                stderr=log,
                cwd=ROOT,
            )
        try:
            wait_until(self.answers, f"the site answers; its log: {self.log()}", seconds=90)
        except BaseException:
            self.stop()  # one that never answered must not trouble the tests after this one
            raise

    def answers(self) -> bool:
        """Whether /healthz says 200."""
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        with suppress(OSError), urllib.request.urlopen(self.address + "/healthz", timeout=1) as it:
            return bool(it.status == 200)
        return False

    def stop(self) -> None:
        """As when the machine loses its power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """Its sockets stay open, but nobody is at home."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, what)

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def memory(self) -> int:
        """Bytes that it occupies in memory."""
        assert self.process is not None
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def publish(self, feed: str, readings: Sequence[Reading]) -> bool:
        """What the feed would tell, through the real bus."""

        async def work() -> bool:
            bus = Bus(self.redis_url)
            try:
                return await bus.publish(feed, readings)
            finally:
                await bus.close()

        return apart(work)

    def keep_picture(
        self, camera: str, jpeg: bytes, at: datetime | None = None, *, large: bytes = b""
    ) -> int:
        """The latest picture of a camera, as the cameras' process keeps it; its number."""
        when, ttl = at or datetime.now(UTC), timedelta(minutes=10)
        return self.with_pictures(lambda p: p.keep(camera, jpeg, large or jpeg, when, ttl))

    def with_pictures(self, work: Callable[[Pictures], Awaitable[T]]) -> T:
        """Do something with the pictures, as another process of ours would."""

        async def whole() -> T:
            pictures = Pictures(self.redis_url)
            try:
                return await work(pictures)
            finally:
                await pictures.close()

        return apart(whole)


@pytest.fixture(scope="module")
def module_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A Redis for the tests of one file."""
    server = RedisProcess(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for the tests of one file."""
    found = Site(tmp_path_factory.mktemp("site"), module_redis.url)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of one file: a Playwright that stays would leave a running loop
    behind, in which asyncio tests of other files cannot run."""
    with sync_playwright() as playwright:
        program = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class Screen:
    """A page in the browser, and everything it complained of."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, path: str = "/wall/utama") -> Screen:
        """Go there, signed in; returns when its panels are on the screen and live."""
        self.site.let_in(self.page.context)
        self.page.goto(self.site.address + path)
        self.until(READY, seconds=15)
        return self

    def until(self, true: str, seconds: float = 5.0) -> None:
        """Until a JavaScript expression holds."""
        self.page.wait_for_function(f"() => {true}", timeout=seconds * 1000)

    def state(self, panel: str) -> str:
        """The data-state of a panel."""
        return str(self.page.get_attribute(f'[data-panel="{panel}"]', "data-state"))

    def until_state(self, panel: str, state: str, seconds: float = 5.0) -> None:
        wanted = f'[data-panel="{panel}"][data-state="{state}"]'
        self.page.wait_for_selector(wanted, timeout=seconds * 1000, state="attached")

    def until_banner(self, text: str, seconds: float = 5.0) -> str:
        """Until the banner says something that begins so; all it says."""
        told = '(document.getElementById("banner") || {textContent: ""}).textContent'
        self.until(f"{told}.startsWith({text!r})", seconds)
        return self.banner

    def until_no_banner(self, seconds: float = 2.0) -> None:
        self.until('document.getElementById("banner").textContent === ""', seconds)

    @property
    def banner(self) -> str:
        return self.page.locator("#banner").inner_text()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.site.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def watch(self) -> Screen:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)
        return self


@pytest.fixture
def screen(chromium: Browser, site: Site) -> Iterator[Screen]:
    """A full HD display before the module's site."""
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        yield Screen(context.new_page(), site).watch()


def say_http(port: int, raw: bytes) -> bytes:
    """Send these bytes to a local port; everything that comes back until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65536), b""))
