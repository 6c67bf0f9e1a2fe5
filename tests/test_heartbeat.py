"""Beats, and who hears them."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from commandcenter.heartbeat import HeartbeatListener, ServiceManager, beating

PATIENCE = 0.4  # seconds


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(10)
        yield line


@pytest.fixture
def heartbeat(tmp_path: Path) -> Iterator[HeartbeatListener]:
    found = HeartbeatListener(tmp_path / "socket", PATIENCE)
    yield found
    found.close()


def environment(line: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": line.getsockname(), **more}


async def test_it_says_that_it_is_ready_beats_and_says_that_it_ends(systemd: socket.socket) -> None:
    found = environment(systemd, WATCHDOG_USEC="200000", WATCHDOG_PID=str(os.getpid()), HOME="/")
    await beating(asyncio.sleep(0.2), found)
    systemd.setblocking(False)
    told = []
    with suppress(BlockingIOError):
        while True:
            told.append(systemd.recv(4096).decode().split("\n"))
    assert told[0][0] == "READY=1"
    assert all("WATCHDOG=1" in words for words in told[1:-1])
    assert len(told[1:-1]) > 1
    assert told[-1][0] == "STOPPING=1"
    assert found == {"HOME": "/"}  # what it starts itself does not speak for it


async def test_it_ends_as_its_work_does_also_when_nobody_keeps_it() -> None:
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await beating(fail(), {})


@pytest.mark.parametrize("wrong", ["", "soon", "-1", "²", "0"])
def test_without_a_right_interval_there_are_no_beats(systemd: socket.socket, wrong: str) -> None:
    assert ServiceManager(environment(systemd, WATCHDOG_USEC=wrong)).patience == 0


def test_an_interval_that_is_meant_for_another_process_is_not_ours(systemd: socket.socket) -> None:
    found = environment(systemd, WATCHDOG_USEC="1000000", WATCHDOG_PID="1")
    assert ServiceManager(found).patience == 0


def test_an_address_may_be_abstract_and_may_have_an_at_sign_within(tmp_path: Path) -> None:
    name = f"commandcenter-test-{os.getpid()}"
    for address, told in ((f"\0{name}", f"@{name}"), (f"{tmp_path}/a@b", f"{tmp_path}/a@b")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.bind(address)
            line.settimeout(10)
            ServiceManager({"NOTIFY_SOCKET": told}).tell("READY=1", "STATUS=well")
            assert line.recv(4096) == b"READY=1\nSTATUS=well"


def test_a_keeper_that_hears_nothing_any_more_does_not_hold_it_up(systemd: socket.socket) -> None:
    keeper = ServiceManager(environment(systemd))
    for _ in range(2000):  # more than net.unix.max_dgram_qlen
        keeper.tell("WATCHDOG=1")
    systemd.close()
    keeper.tell("WATCHDOG=1")


async def test_who_beats_is_not_deaf_and_who_stops_is(heartbeat: HeartbeatListener) -> None:
    deaf = asyncio.create_task(heartbeat.until_deaf())
    await asyncio.wait_for(beating(asyncio.sleep(PATIENCE * 3), heartbeat.environment.copy()), 10)
    assert not deaf.done()
    await asyncio.wait_for(deaf, 10)


async def test_of_a_program_that_only_says_that_it_is_ready_nothing_is_known(
    heartbeat: HeartbeatListener,
) -> None:
    ServiceManager(heartbeat.environment.copy()).tell("READY=1")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(heartbeat.until_deaf(), PATIENCE * 3)


async def test_who_itself_stood_still_takes_nobody_for_deaf(heartbeat: HeartbeatListener) -> None:
    keeper = ServiceManager(heartbeat.environment.copy())
    deaf = asyncio.create_task(heartbeat.until_deaf())
    await asyncio.sleep(0)
    keeper.tell("WATCHDOG=1")
    await asyncio.sleep(PATIENCE / 4)
    for _ in range(3):
        time.sleep(PATIENCE * 2)  # as when the machine sleeps
        await asyncio.sleep(PATIENCE / 20)
    assert not deaf.done()
    deaf.cancel()
