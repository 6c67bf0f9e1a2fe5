"""The simulated monitoring system speaks as a real one does, to the real intake."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from commandcenter.demo.monitor import TROUBLES, Monitor
from commandcenter.feed import Desk
from commandcenter.intake import intake_app
from commandcenter.records.incidents import unclosed
from commandcenter.secret import Secret
from feeds.alerts import Alerts
from tests.conftest import Clock, Tray
from tests.intake.listener import listening


async def test_its_alerts_become_incidents_are_repeated_and_end(
    desk: Desk, clock: Clock, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERT_TOKEN", "a-token")
    feed = Alerts(name="alerts", token=Secret("env:ALERT_TOKEN"))
    elapsed = [0.0]
    app = intake_app(feed.routes(desk), partial(tray, "intake"))
    async with listening(app) as port, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{port}/alerts/alertmanager"
        monitor = Monitor(url, "a-token", lambda: elapsed[0], clock, TROUBLES[:1])
        told = []
        for elapsed[0] in (0, 45, 50, 200, 600):
            await monitor.look(client)
            rows = await desk.records.read(unclosed)
            told.append([(row.title, row.state, row.count) for row in rows])
    title = "Disk server SIMPEG hampir penuh"
    assert told == [
        [],
        [(title, "open", 1)],
        [(title, "open", 1)],
        [(title, "open", 2)],
        [(title, "resolved", 2)],
    ]
    assert tray.kept == []
