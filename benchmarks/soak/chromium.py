"""A real Chromium, spoken to by its DevTools protocol and by nothing else.

Not by Playwright: its own session keeps the bodies of answers in the renderer, whose memory is
what is measured here.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from commandcenter.lifeline import die_with_parent

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-features=SpareRendererForSitePerProcess,Translate,MediaRouter",
    "--window-size=1920,1080",
    "--remote-debugging-port=0",
)
PATIENCE = 30.0  # seconds
Hear = Callable[[dict[str, Any]], None]


class BrowserGone(RuntimeError):
    """Chromium or the page's renderer has ended."""


class Chromium:
    """One browser with one page."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.program = program
        self._process: psutil.Popen | None = None
        self._line: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = count(1)
        self._hear: dict[str, Hear] = {}

    async def start(self) -> None:
        """Start it with an empty page. Raises BrowserGone."""
        profile = self.folder / "profile"
        with (self.folder / "chromium.log").open("wb") as log:
            self._process = psutil.Popen(
                [self.program, *SWITCHES, f"--user-data-dir={profile}", "about:blank"],
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )
        address = await self._page(profile / "DevToolsActivePort")
        self._line = await connect(address, max_size=None, compression=None, ping_interval=None)
        self._listening = asyncio.create_task(self._listen(self._line))

    async def stop(self) -> None:
        """End it and everything it has started."""
        if self._line is not None:
            await self._line.close()
        if self._listening is not None:
            await self._listening
        if self._process is not None:
            family = [self._process, *self._family()]
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            await asyncio.to_thread(self._process.wait)

    def on(self, event: str, hear: Hear) -> None:
        """Have an event of the protocol told; its domain must be enabled."""
        self._hear[event] = hear

    async def ask(self, method: str, **told: Any) -> dict[str, Any]:
        """What the page answers to a method of the protocol. Raises BrowserGone."""
        if self._line is None or self._listening is None or self._listening.done():
            raise BrowserGone("the browser does not listen any more")
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._line.send(
                orjson.dumps({"id": number, "method": method, "params": told}), text=True
            )
            async with asyncio.timeout(PATIENCE):
                message = await answer
        except TimeoutError:
            raise BrowserGone(
                f"the page does not answer {method} within {PATIENCE:.0f} s"
            ) from None
        finally:
            del self._answers[number]
        if "error" in message:
            raise BrowserGone(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, as JSON. Raises BrowserGone."""
        told = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return told["result"].get("value")

    def resident(self, kind: str = "") -> float:
        """Resident memory in MB of the largest process of a kind ("renderer"), or of all."""
        sizes = [
            process.memory_info().rss / 1e6
            for process in self._family()
            if not kind or f"--type={kind}" in process.cmdline()
        ]
        return max(sizes, default=0.0) if kind else sum(sizes)

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        return list(self._process.children(recursive=True))

    async def _page(self, told: Path) -> str:
        """The address of the page's line, once there is one."""
        for _ in range(int(PATIENCE / 0.05)):
            if told.exists() and (lines := told.read_text().split()):
                async with httpx.AsyncClient() as client:
                    found = (await client.get(f"http://127.0.0.1:{lines[0]}/json/list")).json()
                for target in found:
                    if target["type"] == "page":
                        return str(target["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
        raise BrowserGone(f"Chromium does not start; see {self.folder}/chromium.log")

    async def _listen(self, line: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for raw in line:
                self._take(orjson.loads(raw))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            answer = self._answers.get(message["id"])
            if answer is not None and not answer.done():
                answer.set_result(message)
        elif (hear := self._hear.get(message["method"])) is not None:
            hear(message["params"])


def find_chromium() -> str:
    """The Chromium of this machine, else Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            found = playwright.chromium.executable_path
    return found
