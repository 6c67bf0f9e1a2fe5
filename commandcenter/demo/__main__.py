"""All simulated devices: `python -m commandcenter.demo`; runs until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from commandcenter.demo import oddities
from commandcenter.demo.agents import listen, make_agents
from commandcenter.demo.applications import ApplicationPages
from commandcenter.demo.complaints import Casebook
from commandcenter.demo.keys import FOLDER, Keys, make_keys
from commandcenter.demo.machines import Server, make_machines
from commandcenter.demo.mishaps import write_script
from commandcenter.demo.monitor import Monitor
from commandcenter.demo.open311 import Open311
from commandcenter.demo.region import read_region
from commandcenter.demo.webhook import Portal

INTAKE = Server("127.0.0.1", 8051)
OPEN311_PORT, APPLICATIONS_PORT = 8061, 8062
_NEEDED_BY_CAMERAS = ("av", "cv2", "numpy")
_ENDS_WITHIN = 3.0  # seconds the cameras get to end


@dataclass
class Demo:
    """Everything that runs in this process, and the process of the cameras."""

    seed: int
    speed: float
    started: float = field(default_factory=time.time)

    async def run(self) -> None:
        """Run until somebody sends a signal."""
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in await self.open()]
            await stopped.wait()
            for task in tasks:
                task.cancel()

    async def open(self) -> list[Coroutine[Any, Any, None]]:
        """Open every port; what must then run for ever."""
        keys, region = make_keys(), read_region()
        script, book = write_script(self.seed, region), Casebook(region.grievances, self.seed)
        now = partial(datetime.now, UTC)
        agents = make_agents(
            region=region,
            community=keys.snmp_community,
            script=script,
            elapsed=self.elapsed,
            now=time.time,
            seed=self.seed,
        )
        machines = make_machines(
            region=region,
            server=INTAKE,
            script=script,
            elapsed=self.elapsed,
            now=now,
            seed=self.seed,
        )
        await listen(agents)
        pages = ApplicationPages(region.applications, random.Random(self.seed))
        routes = [*Open311(book, now).routes(), *pages.routes()]
        sockets = [listening(port) for port in (OPEN311_PORT, APPLICATIONS_PORT)]
        cameras = self.cameras()
        streaming = len(region.cameras) if cameras else 0
        print(
            f"demo ready: {len(agents)} SNMP agents, {len(machines)} fingerprint machines, "
            f"{streaming} cameras, {len(region.applications)} applications, "
            f"{len(book.open(now()))} open complaints",
            flush=True,
        )
        return [
            *(machine.run() for machine in machines),
            portal(book, keys, now).run(),
            monitor(keys, self.elapsed, now).run(),
            oddities.run(oddities.INBOX, INTAKE, now),
            serve_pages(routes, sockets),
            *cameras,
        ]

    def elapsed(self) -> float:
        """Seconds of the script since the start."""
        return (time.time() - self.started) * self.speed

    def cameras(self) -> list[Coroutine[Any, Any, None]]:
        """The cameras' process, when what it needs can be imported."""
        missing = [name for name in _NEEDED_BY_CAMERAS if find_spec(name) is None]
        if not missing:
            return [self._run_cameras()]
        told = ", ".join(missing)
        print(f"demo: no cameras, because {told} cannot be imported", file=sys.stderr, flush=True)
        return []

    async def _run_cameras(self) -> None:
        command = [sys.executable, "-m", "commandcenter.demo.cameras"]
        command += ["--seed", str(self.seed), "--speed", str(self.speed)]
        process = await asyncio.create_subprocess_exec(
            *command,
            "--started",
            str(self.started),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we tell the cameras
        )
        try:
            code = await process.wait()
            print(f"demo: the cameras ended with code {code}", file=sys.stderr, flush=True)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
            except TimeoutError:
                process.kill()


def portal(book: Casebook, keys: Keys, now: Callable[[], datetime]) -> Portal:
    """The web portal that posts complaints to the intake."""
    url = f"http://{INTAKE.host}:{INTAKE.port}/complaints"
    return Portal(book, url, keys.webhook_secret, now, FOLDER / "complaints-told-open.json")


def monitor(keys: Keys, elapsed: Callable[[], float], now: Callable[[], datetime]) -> Monitor:
    """The monitoring system that posts alerts to the intake."""
    url = f"http://{INTAKE.host}:{INTAKE.port}/alerts/alertmanager"
    return Monitor(url, keys.alert_token, elapsed, now)


async def serve_pages(routes: Sequence[Route], sockets: list[socket.socket]) -> None:
    """Serve Open311 and the applications on these sockets, until cancelled."""
    app = Starlette(routes=routes)
    server = _Quiet(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    await server.serve(sockets=sockets)


def listening(port: int) -> socket.socket:
    """A socket on loopback. Raises OSError when somebody else has the port."""
    return socket.create_server(("127.0.0.1", port), backlog=128)


class _Quiet(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m commandcenter.demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another number, another story")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast mishaps follow")
    return parser.parse_args()


def main() -> None:
    """Start the demo."""
    arguments = _arguments()
    try:
        asyncio.run(Demo(arguments.seed, arguments.speed).run())
    except* OSError as group:
        sys.exit(f"demo: a port cannot be opened: {group.exceptions[0]}")


if __name__ == "__main__":
    main()
