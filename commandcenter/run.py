"""`commandcenter run`: every process of the Procfile, kept up, and ended together."""

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
from typing import Any

from commandcenter.config import VAR, Config
from commandcenter.embedded import RedisKeeper
from commandcenter.lifeline import die_with_parent
from commandcenter.processes import PROCESSES

RESTART_AFTER = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds: quickly at first, a crash loop slowly
WELL_AFTER = 30.0  # seconds of life, after which a crash is the first one again
PATIENCE = 8.0  # seconds that a process may take to end


@dataclass
class Child:
    """One program that is started again whenever it ends by itself."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
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
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C comes to us; we end the others in order
                preexec_fn=die_with_parent(),
            )
        except OSError as error:
            _say(f"{self.command[0]} cannot be started: {error.strerror}")
            return 127  # as a shell says
        return await self.process.wait()

    async def end(self) -> None:
        """Ask it to end, then make it."""
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
    children = _children(config, path, environment)
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


def _children(config: Config, path: Path, environment: dict[str, str]) -> list[Child]:
    own = [sys.executable, "-m", "commandcenter", "--config", str(path)]
    children = [Child(name, [*own, name], environment) for name in PROCESSES]
    for command in config.run.also:
        words = shlex.split(command)
        words[0] = sys.executable if words[0] == "python" else words[0]
        children.append(Child(words[-1], words, environment))
    return children


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
