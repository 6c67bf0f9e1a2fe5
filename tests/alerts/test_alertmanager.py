"""Debian's Alertmanager sends its real webhook: firing, repeated, resolved."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from commandcenter.feed import Desk
from commandcenter.intake import intake_app
from commandcenter.records.incidents import IncidentRow
from feeds.alerts import Alerts
from tests.alerts.conftest import TOKEN, incidents, on_both
from tests.conftest import Tray, free_port
from tests.intake.listener import listening

CONFIG = """
route:
  receiver: pusat
  group_by: ["..."]
  group_wait: 0s
  group_interval: 200ms
  repeat_interval: 300ms
receivers:
  - name: pusat
    webhook_configs:
      - url: http://127.0.0.1:{port}/alerts/alertmanager
        send_resolved: true
        http_config:
          authorization:
            credentials: {token}
"""
LABELS = {"alertname": "SitusMati", "instance": "dinkes", "opd": "dinkes", "severity": "page"}


@dataclass
class Alertmanager:
    """A real one, and what Prometheus would tell it."""

    client: httpx.AsyncClient

    async def tell(self, *, ended: bool = False) -> None:
        now = datetime.now(UTC)
        ends_at = now if ended else now + timedelta(hours=1)
        alert = {
            "labels": LABELS,
            "annotations": {"summary": "Situs dinkes tidak menjawab"},
            "startsAt": now.isoformat(),  # of what has ended: not looked at
            "endsAt": ends_at.isoformat(),
        }
        (await self.client.post("/api/v2/alerts", json=[alert])).raise_for_status()


@asynccontextmanager
async def running(folder: Path, intake_port: int) -> AsyncIterator[Alertmanager]:
    config, port = folder / "alertmanager.yml", free_port()
    config.write_text(CONFIG.format(port=intake_port, token=TOKEN))
    command = ["prometheus-alertmanager", f"--config.file={config}"]
    command += [f"--storage.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    process = subprocess.Popen([*command, "--cluster.listen-address="], stderr=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await _ready(client)
            yield Alertmanager(client)
    finally:
        process.terminate()
        process.wait()


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                (await client.get("/-/ready")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
            else:
                return


@pytest.fixture
def wall_clock_desk(desk: Desk) -> Desk:
    """Alertmanager has a clock of its own, so ours must be the true one, too."""
    return replace(desk, now=lambda: datetime.now(UTC))


async def until(desk: Desk, true: Callable[[IncidentRow], bool]) -> IncidentRow:
    """The incident, as soon as it is so."""
    async with asyncio.timeout(15):
        while True:
            rows = await incidents(desk)
            if rows and true(rows[0]):
                return rows[0]
            await asyncio.sleep(0.02)


@on_both
async def test_a_real_alertmanager_fires_repeats_and_resolves(
    feed: Alerts, wall_clock_desk: Desk, tray: Tray, tmp_path: Path
) -> None:
    desk = wall_clock_desk
    async with (
        listening(intake_app(feed.routes(desk), tray)) as port,
        running(tmp_path, port) as alertmanager,
    ):
        await alertmanager.tell()
        row = await until(desk, lambda row: row.state == "open")
        assert (row.title, row.level) == ("Situs dinkes tidak menjawab", "critical")
        assert (row.office, row.source) == ("dinkes", "alertmanager")
        again = await until(desk, lambda row: row.count >= 3)
        assert (again.id, again.opened_at) == (row.id, row.opened_at)
        await alertmanager.tell(ended=True)
        ended = await until(desk, lambda row: row.state == "resolved")
        assert (ended.id, ended.cause) == (row.id, None)
        await alertmanager.tell()
        assert (await until(desk, lambda row: row.state == "open")).id == row.id
    assert tray.kept == []
