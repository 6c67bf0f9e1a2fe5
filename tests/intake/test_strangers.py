"""Whoever guesses at a token or a signature: slowed down, told once, and no harm to the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from commandcenter.feed import Desk
from commandcenter.intake import intake_app
from commandcenter.secret import Secret
from feeds.alerts import Alerts
from feeds.complaints import Complaints
from tests.alerts.samples import PROBLEM
from tests.conftest import Clock, Tray
from tests.intake.listener import listening

TOKEN = "token-of-the-strangers-test"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
WRONG = {"Authorization": "Bearer guess"}


@pytest.fixture
async def port(
    desk: Desk, tray: Tray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[int]:
    """The intake with the doors for alerts and for complaints."""
    monkeypatch.setenv("TOKEN", TOKEN)
    token = Secret("env:TOKEN")
    alerts = Alerts(name="alerts", token=token)
    complaints = Complaints(name="complaints", webhook_secret=token, inbox=str(tmp_path / "in"))
    routes = [*alerts.routes(desk), *complaints.routes(desk)]
    async with listening(intake_app(routes, tray)) as found:
        yield found


def sender(port: int, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """Somebody at this address."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=transport)


async def test_after_thirty_wrong_tokens_a_stranger_waits_while_the_gateway_beside_it_passes(
    port: int, tray: Tray, clock: Clock
) -> None:
    async with sender(port) as house:
        told = [await house.post("/alerts/zabbix", json=PROBLEM, headers=WRONG) for _ in range(40)]
        assert [answer.status_code for answer in told] == [401] * 30 + [429] * 10
        assert told[-1].headers["Retry-After"] == "2"
        assert "too often" in told[-1].json()["error"]
        right = await house.post("/alerts/zabbix", json=PROBLEM, headers=RIGHT)
        assert right.status_code == 200  # from the very same address
        clock.forward(2)
        again = await house.post("/alerts/zabbix", json=PROBLEM, headers=WRONG)
        assert again.status_code == 401
    reasons = [reason for _, reason, _ in tray.kept]
    assert len(reasons) == 32  # thirty, the flood once, and the one after the pause
    assert reasons[30] == "too many wrong tokens or signatures from 127.0.0.1"


async def test_a_stranger_at_another_address_has_limits_of_its_own(port: int) -> None:
    async with sender(port, "127.0.0.2") as flood, sender(port, "127.0.0.3") as other:
        for _ in range(31):
            answer = await flood.post("/alerts/zabbix", json=PROBLEM, headers=WRONG)
        assert answer.status_code == 429
        assert (await other.post("/alerts/zabbix", json=PROBLEM, headers=WRONG)).status_code == 401


async def test_wrong_signatures_of_complaints_are_slowed_down_too_and_told_once(
    port: int, tray: Tray
) -> None:
    signed = {"X-Timestamp": "1795228937", "X-Signature-256": "sha256=" + "0" * 64}
    async with sender(port) as portal:
        told = [await portal.post("/complaints", json={}, headers=signed) for _ in range(40)]
    assert [answer.status_code for answer in told] == [401] * 30 + [429] * 10
    assert [r for _, r, _ in tray.kept[30:]] == ["too many wrong signatures from 127.0.0.1"]
