"""A monitoring system beside ours: posts its alerts as Alertmanager does (webhook version 4), and a
sign of life, as Prometheus' alert Watchdog is."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any

import httpx

_PAUSE = 5.0  # seconds between two looks
_REPEAT = 120.0  # seconds after which a firing alert is told again
_HEARTBEAT = 60.0
_WATCHDOG = "Watchdog"


@dataclass(frozen=True, slots=True)
class Trouble:
    """An alert that fires `first` seconds after the start, for `lasts` seconds, every `every`."""

    name: str
    severity: str
    summary: str
    detail: str
    first: float
    lasts: float
    every: float
    labels: Mapping[str, str] = field(default_factory=dict)
    """Beside its name and severity."""

    def since(self, seconds: float) -> float | None:
        """Since when it has been firing; None: it does not fire."""
        turn, into = divmod(seconds - self.first, self.every)
        return self.first + turn * self.every if turn >= 0 and into < self.lasts else None


TROUBLES = (
    Trouble(
        "RuangDiskMenipis", "warning", "Disk server SIMPEG hampir penuh",
        "/var terisi 91 %", 45, 520, 840,
    ),
    Trouble(
        "SuhuRuangServer", "critical", "Suhu ruang server 31 °C",
        "AC 2 tidak bekerja", 150, 240, 1310,
    ),
    Trouble(  # as Grafana tells that a rule has nothing to look at: not the alarm itself
        "DatasourceNoData", "warning", "", "", 95, 400, 1500,
        {"rulename": "Suhu gudang vaksin", "datasource_uid": "prometheus"},
    ),
)  # fmt: skip


ALWAYS = Trouble(_WATCHDOG, "none", "Selalu menyala", "", 0, inf, inf)
"""Its absence is the alarm: [feed.alerts] expected."""


@dataclass
class Monitor:
    """Posts every alert when it begins, again while it lasts, and when it ends."""

    url: str
    token: str
    elapsed: Callable[[], float]
    now: Callable[[], datetime]
    troubles: Sequence[Trouble] = TROUBLES
    _told: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Alert -> since when it fires, and when that was told."""

    async def run(self) -> None:
        """Post for ever."""
        async with httpx.AsyncClient(timeout=10) as client:
            while True:
                with suppress(httpx.HTTPError):  # it is told again
                    await self.look(client)
                await asyncio.sleep(_PAUSE)

    async def look(self, client: httpx.AsyncClient) -> None:
        """Tell what is due. Raises httpx.HTTPError."""
        seconds = self.elapsed()
        _, beat = self._told.get(_WATCHDOG, (0.0, -_HEARTBEAT))
        if seconds - beat >= _HEARTBEAT:
            await self._post(client, ALWAYS, "firing", seconds)
            self._told[_WATCHDOG] = 0.0, seconds
        for trouble in self.troubles:
            since, before = trouble.since(seconds), self._told.get(trouble.name)
            if before and since != before[0]:
                await self._post(client, trouble, "resolved", seconds - before[0])
                del self._told[trouble.name]
            elif since is not None and (not before or seconds - before[1] >= _REPEAT):
                await self._post(client, trouble, "firing", seconds - since)
                self._told[trouble.name] = since, seconds

    async def _post(
        self, client: httpx.AsyncClient, trouble: Trouble, status: str, age: float
    ) -> None:
        body = as_webhook(trouble, status, self.now(), age)
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await client.post(self.url, json=body, headers=headers)
        answer.raise_for_status()


def as_webhook(trouble: Trouble, status: str, now: datetime, age: float) -> dict[str, Any]:
    """One alert as Alertmanager's webhook receiver tells it."""
    ended = now.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z"
    alert = {
        "status": status,
        "labels": {"alertname": trouble.name, "severity": trouble.severity, **trouble.labels},
        "annotations": {"summary": trouble.summary, "description": trouble.detail},
        "startsAt": (now - timedelta(seconds=age)).isoformat(),
        "endsAt": ended,
        "fingerprint": hashlib.sha256(trouble.name.encode()).hexdigest()[:16],
    }
    return {"version": "4", "status": status, "receiver": "commandcenter", "alerts": [alert]}
