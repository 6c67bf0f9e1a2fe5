"""Keeping a Redis up holds up nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from commandcenter.embedded import RedisKeeper
from tests.bus.test_redis_server import program


async def test_a_redis_that_reads_a_large_file_does_not_hold_up_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = 'case "$1" in --version) echo Redis server v=7.0.15;; *) exec sleep 60;; esac'
    program(tmp_path / "bin", slow)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    keeping = asyncio.create_task(RedisKeeper(tmp_path / "redis").run())
    async with asyncio.timeout(10):  # a Redis has thirty seconds to start
        while not (sleeping := [p for p in psutil.Process().children() if p.name() == "sleep"]):
            await asyncio.sleep(0.01)
    keeping.cancel()
    sleeping[0].kill()
    with pytest.raises(asyncio.CancelledError):
        await keeping
