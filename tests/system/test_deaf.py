"""A process that is alive and hears nobody is ended and started anew."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commandcenter.heartbeat import HeartbeatListener
from commandcenter.run import Child
from tests.system.program import LINES, Program
from tests.system.town import Town

PATIENCE = 1.0  # seconds
CONFIG = '[region]\nname = "Kabupaten Contoh"\n'


async def kept_until_started_again(
    how: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> str:
    """What the log has of a process that hangs in this way and of its keeper."""
    (folder / "config.toml").write_text(CONFIG)
    words = [how, "--config", str(folder / "config.toml"), "web"]
    command = [sys.executable, "-m", "tests.system.hanging", *words]
    child = Child("web", command, dict(os.environ), HeartbeatListener(folder / "ear", PATIENCE))
    keeping = asyncio.create_task(child.keep())
    told = ""
    async with asyncio.timeout(60):
        while "starting it again" not in told:
            await asyncio.sleep(0.05)
            told += capfd.readouterr().err
    keeping.cancel()
    await child.end()
    return told


async def test_a_process_whose_event_loop_hangs_says_where_and_is_started_anew(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = await kept_until_started_again("search", tmp_path, capfd)
    heard, stack, again = map(
        told.index, ("run: web has not been heard for 1 s", "hanging.py", "run: web ended with -6")
    )
    assert heard < stack < again
    assert " in search" in told


async def test_a_process_that_is_frozen_is_killed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = await kept_until_started_again("freeze", tmp_path, capfd)
    assert "run: web ended with -9; starting it again in 0.5 s" in told


def test_a_process_that_waits_for_its_records_beats_nevertheless(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    program = Program(tmp_path, {"RECORDS_URL": "postgresql://127.0.0.1:1/nowhere"})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        program.environment |= {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "400000"}
        program.start("notify")
        assert systemd.recv(4096).startswith(b"READY=1\n")
        program.until(lambda: "waiting for the records" in program.log(), "it waits", 60)
        for _ in range(20):
            assert b"WATCHDOG=1" in systemd.recv(4096)
        program.started[0].terminate()
        program.close()


@pytest.mark.long
def test_run_replaces_a_frozen_process_and_leaves_the_others_alone(
    make_town: Callable[[], Town],
) -> None:
    program = make_town().program
    program.start("run")
    program.until_open()
    before = {name: [process.pid for process in program.named(name)] for name in LINES}
    (web,) = program.named("web")
    web.send_signal(signal.SIGSTOP)
    program.until(lambda: "web has not been heard for 30 s" in program.log(), "it is missed", 60)
    program.until(lambda: program.get("/healthz") == "alive\n", "the web is back", 60)
    after = {name: [process.pid for process in program.named(name)] for name in LINES}
    assert {name for name in LINES if before[name] != after[name]} == {"web"}
