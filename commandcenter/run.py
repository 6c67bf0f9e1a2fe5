"""`commandcenter run`: every process of the Procfile, kept up, and ended together.

A process that ends is started again; one that lives and hears nobody is ended first (heartbeat.py).
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from commandcenter.config import VAR, Config
from commandcenter.embedded import RedisKeeper
from commandcenter.heartbeat import HeartbeatListener
from commandcenter.lifeline import die_with_parent
from commandcenter.processes import PROCESSES

RESTART_AFTER = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds: quickly at first, a crash loop slowly
WELL_AFTER = 30.0  # seconds of life, after which a crash is the first one again
PATIENCE = 8.0  # seconds that a process may take to end
DEAF_AFTER = 30.0  # seconds without a heartbeat; as WatchdogSec= in setup/systemd
LAST_WORDS = 2.0  # seconds in which a deaf process may say where it hangs


@dataclass
class Child:
    """One program that is started again whenever it ends by itself, or goes deaf."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    heartbeat: HeartbeatListener
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def keep(self) -> None:
        """Run it, and run it again, until cancelled."""
        loop = asyncio.get_running_loop()
        crashes = 0
        while True:
            began = loop.time()
            code = await self._once()
            crashes = 0 if loop.time() - began > WELL_AFTER else crashes
            pause = RESTART_AFTER[min(crashes, len(RESTART_AFTER) - 1)]
            crashes += 1
            _say(f"{self.name} ended with {code}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)

    async def _once(self) -> int:
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env=self.environment | self.heartbeat.environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C comes to us; we end the others in order
                preexec_fn=die_with_parent(),
            )
        except OSError as error:
            _say(f"{self.command[0]} cannot be started: {error.strerror}")
            return 127  # as a shell says
        watchdog = asyncio.create_task(self._end_when_deaf(self.process))
        try:
            return await self.process.wait()
        finally:
            watchdog.cancel()

    async def _end_when_deaf(self, process: asyncio.subprocess.Process) -> None:
        await self.heartbeat.until_deaf()
        _say(
            f"{self.name} has not been heard for {self.heartbeat.patience:g} s; "
            "ending it and starting it anew"
        )
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGABRT)  # on which it writes down where it hangs (cli.py)
            await asyncio.sleep(LAST_WORDS)
            os.killpg(process.pid, signal.SIGKILL)  # it is frozen

    async def end(self) -> None:
        """Ask it to end, then make it."""
        self.heartbeat.close()
        if self.process is None or self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.process.wait()
            except TimeoutError:
                os.killpg(self.process.pid, signal.SIGKILL)
                await self.process.wait()


async def run_all(config: Config, path: Path) -> None:
    """Start Redis where it is embedded, then every process; end all of them on Ctrl-C.

    Raises RedisMissing.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    environment = dict(os.environ)
    tasks: list[asyncio.Task[None]] = []
    keepers = _keepers(config)
    for name, keeper in keepers.items():
        environment[name] = keeper.url
        tasks.append(asyncio.create_task(keeper.run()))
        await _first(keeper.ready(), stop.wait())  # Ctrl-C counts also when Redis does not start
    with TemporaryDirectory(prefix="commandcenter-") as sockets:  # for us alone (mkdtemp)
        children = _children(config, path, environment, Path(sockets))
        tasks += [asyncio.create_task(child.keep()) for child in children]
        await stop.wait()
        _say("ending")
        for task in tasks[len(keepers) :]:
            task.cancel()
        await asyncio.gather(*(child.end() for child in children))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _keepers(config: Config) -> dict[str, RedisKeeper]:
    """Of each embedded Redis, by the variable that tells the processes where it is."""
    keepers = {}
    if not config.redis_url:
        keepers["REDIS_URL"] = RedisKeeper(VAR / "redis")
    if not config.pictures_url:
        keepers["PICTURES_URL"] = RedisKeeper(VAR / "pictures", lasting=False)
    return keepers


def _children(
    config: Config, path: Path, environment: dict[str, str], sockets: Path
) -> list[Child]:
    own = [sys.executable, "-m", "commandcenter", "--config", str(path)]
    commands = [(name, [*own, name]) for name in PROCESSES]
    for command in config.run.also:
        words = shlex.split(command)
        words[0] = sys.executable if words[0] == "python" else words[0]
        commands.append((words[-1], words))
    return [
        Child(name, words, environment, HeartbeatListener(sockets / str(number), DEAF_AFTER))
        for number, (name, words) in enumerate(commands)
    ]


async def _first(*work: Coroutine[Any, Any, object]) -> None:
    """Until one of them is done; the others are cancelled. Raises what it raised."""
    tasks = [asyncio.create_task(one) for one in work]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


def _say(text: str) -> None:
    sys.stderr.write(f"run: {text}\n")
