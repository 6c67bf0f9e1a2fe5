"""kill -9 of the real process between every two steps: nothing is lost, at most one is doubled."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commandcenter.records import outbox
from commandcenter.records.database import Records
from commandcenter.records.incidents import open_incident
from tests.notify.conftest import WebHook

Start = Callable[[], subprocess.Popen[bytes]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def start(records: Records, redis_url: str, webhook: WebHook) -> Iterator[Start]:
    running: list[subprocess.Popen[bytes]] = []

    def one() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.notify.process", records.url, redis_url]
        environment = os.environ | {"CHANNEL_URL": webhook.url}
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return running[-1]

    yield one
    for process in running:
        process.kill()
        process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


async def opens(records: Records, name: str) -> None:
    thing = ("link-down", "network", f"device/{name}")
    told = {"level": "critical", "title": f"Link {name} down"}
    await records.write(open_incident, thing, datetime.now(UTC), **told)  # type: ignore[arg-type]


async def arrival(webhook: WebHook) -> None:
    assert await asyncio.to_thread(webhook.arrived.acquire, timeout=20)


async def until_sent(records: Records) -> None:
    async with asyncio.timeout(20):
        while await records.read(outbox.behind):
            await asyncio.sleep(0.02)
        while await records.read(outbox.waiting, "group"):
            await asyncio.sleep(0.02)


async def test_killed_while_the_gateway_has_it_the_message_comes_again_with_the_same_number(
    records: Records, webhook: WebHook, start: Start
) -> None:
    await records.write(outbox.begin_at_the_end, datetime.now(UTC))
    webhook.gate.clear()
    process = start()
    await opens(records, "a")
    await arrival(webhook)  # the gateway has it, and has not answered
    kill(process)
    await opens(records, "b")  # while nobody runs
    webhook.gate.set()
    start()
    await arrival(webhook)
    await arrival(webhook)
    await until_sent(records)
    titles = Counter(body["title"] for body in webhook.bodies)
    assert titles == {"[CRITICAL] Link a down": 2, "[CRITICAL] Link b down": 1}
    twice = {body["message"][-12:] for body in webhook.bodies if "a down" in body["title"]}
    assert len(twice) == 1


async def test_killed_at_any_moment_every_incident_is_told(
    records: Records, webhook: WebHook, start: Start
) -> None:
    await records.write(outbox.begin_at_the_end, datetime.now(UTC))
    for n in range(4):
        process = start()
        await opens(records, str(n))
        if n % 2:
            await asyncio.sleep(0.1 * n)  # any moment: starting, planning, sending
        else:
            await arrival(webhook)
        kill(process)
    start()
    await until_sent(records)
    told = " ".join(body["title"] + body["message"] for body in webhook.bodies)
    assert all(f"Link {n} down" in told for n in range(4))
    assert len(webhook.bodies) <= 4 + 4  # a kill doubles one at most, and then with its number:
    numbers = {(body["title"], body["message"][-12:]) for body in webhook.bodies}
    assert len(numbers) == len({title for title, _ in numbers})
