"""Who must not notice anything: a wall in Chromium, a fingerprint machine, and a passer-by."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil
from playwright.sync_api import Page

from benchmarks.attack.house import MACHINE, Target
from benchmarks.chromium import display
from commandcenter.web.visitors import COOKIE

EVERY = 0.5  # seconds between two requests of a machine, and of a passer-by
PATIENCE = 60.0
MACHINES, PASSERS = "127.0.9.1", "127.0.9.2"  # where they come from
EAR = """
window.heard = { at: performance.now(), longest: 0, ends: 0 };
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(...told) {
    super(...told);
    this.addEventListener("message", () => {
      const now = performance.now();
      heard.longest = Math.max(heard.longest, now - heard.at);
      heard.at = now;
    });
    this.addEventListener("close", () => heard.ends++);
  }
};
"""
ASK = """() => {
  const longest = Math.max(heard.longest, performance.now() - heard.at), ends = heard.ends;
  heard.longest = heard.ends = 0;
  return [longest / 1000, ends];
}"""


@dataclass
class Client:
    """Asks the same, again and again, on one connection as long as it is kept; how long the
    longest answer took."""

    port: int
    raw: bytes
    by: str
    longest: float = 0.0
    _line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(
        default=None, repr=False
    )

    async def run(self) -> None:
        """For ever. A connection that was ended meanwhile is opened anew: that takes part."""
        while True:
            began = time.monotonic()
            while not await self._ask():
                if time.monotonic() - began > PATIENCE:
                    break
            self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(EVERY)

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._line is None:
                    self._line = await asyncio.open_connection(
                        "127.0.0.1", self.port, local_addr=(self.by, 0)
                    )
                reader, writer = self._line
                writer.write(self.raw)
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
                await reader.readexactly(int(length or b"0"))
                return head.split(b" ", 2)[1] == b"200"
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            if self._line is not None:
                self._line[1].close()
            self._line = None
            await asyncio.sleep(0.01)
            return False

    def told(self) -> float:
        """The longest answer since this was asked last, in seconds."""
        longest, self.longest = self.longest, 0.0
        return longest


@dataclass
class Weight:
    """The resident memory of processes: what each has when all is calm, and its most."""

    processes: dict[str, psutil.Process]
    calm: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)

    def weigh(self) -> None:
        """Once."""
        for name, process in self.processes.items():
            with suppress(psutil.Error):
                now = process.memory_info().rss / 1e6
                self.most[name] = max(self.most.get(name, 0.0), now)

    def settle(self) -> None:
        """All is calm now."""
        self.most = {}
        self.weigh()
        self.calm = dict(self.most)

    def grown(self) -> dict[str, float]:
        """MB above the calm, at most, since this was asked last."""
        grown = {name: most - self.calm[name] for name, most in self.most.items()}
        self.most = {}
        self.weigh()
        return grown


@dataclass
class Witnesses:
    """All of them, asked together."""

    page: Page
    clients: dict[str, Client]
    weight: Weight

    def told(self) -> dict[str, float]:
        """The longest silences in seconds, and by how many MB each process grew."""
        silence, ends = self.page.evaluate(ASK)
        clients = {name: client.told() for name, client in self.clients.items()}
        grown = {f"{name} +MB": mb for name, mb in self.weight.grown().items()}
        return {"wall": silence, "wall's ends": ends, **clients, **grown}


@contextmanager
def witnesses(target: Target, processes: dict[str, psutil.Process]) -> Iterator[Witnesses]:
    """They look and ask until the end. The clients and the scales have a thread of their own."""
    poll = f"GET /iclock/getrequest?SN={MACHINE} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    health = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{target.web}\r\n\r\n".encode()
    clients = {
        "machine": Client(target.intake, poll, MACHINES),
        "passer-by": Client(target.web, health, PASSERS),
    }
    weight, over = Weight(processes), threading.Event()

    async def watch() -> None:
        tasks = [asyncio.create_task(client.run()) for client in clients.values()]
        while not over.is_set():
            weight.weigh()
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(watch()))
    with display() as browser:
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        value = target.cookie.partition("=")[2]
        context.add_cookies([{"name": COOKIE, "value": value, "url": target.origin}])
        context.add_init_script(EAR)
        page = context.new_page()
        page.goto(f"{target.origin}/wall/utama")
        page.wait_for_selector("body[data-connection=live]")
        thread.start()
        try:
            yield Witnesses(page, clients, weight)
        finally:
            over.set()
            thread.join()
