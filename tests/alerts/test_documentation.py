"""What docs/alerts.md tells people to type is typed here."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commandcenter.feed import Desk
from commandcenter.incidents.condition import Condition
from commandcenter.intake import intake_app
from feeds.alerts import Alerts
from tests.alerts.conftest import TOKEN, look, the_incident
from tests.alerts.samples import cap
from tests.conftest import Tray
from tests.intake.listener import listening

DOCS = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
TO_TYPE = re.findall(r"```bash\n(.*?)```", DOCS, re.DOTALL)


@pytest.mark.parametrize(
    ("script", "title"),
    list(zip(TO_TYPE, ["Hujan lebat di Arut Selatan", "Pencadangan gagal"], strict=True)),
)
async def test_what_the_documentation_types_opens_an_incident(
    feed: Alerts, desk: Desk, tray: Tray, tmp_path: Path, script: str, title: str
) -> None:
    desk = replace(desk, now=lambda: datetime.now(UTC))  # the shell signs by the true clock
    in_an_hour = (desk.now() + timedelta(hours=1)).isoformat()
    (tmp_path / "warning.xml").write_bytes(cap(expires=in_an_hour))
    async with listening(intake_app(feed.routes(desk), tray)) as port:
        told = {"COMMANDCENTER": f"http://127.0.0.1:{port}", "ALERT_TOKEN": TOKEN}
        shell = await asyncio.create_subprocess_exec(
            "bash",
            *("-euo", "pipefail", "-c", script),
            env={**os.environ, **told, "WEBHOOK_SECRET": "signing-word-of-a-portal"},
            cwd=tmp_path,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await shell.wait() == 0
    row = await the_incident(desk)
    assert row.title == title


async def test_the_rule_about_a_silent_sender_is_one_that_can_be_judged(
    feed: Alerts, desk: Desk
) -> None:
    (when,) = re.findall(r'when = "(.*)"', DOCS)
    condition = Condition.parse(when)
    value = (await look(feed, desk))["sender/alertmanager"].value
    assert value is not None
    assert not condition.holds({**value, "quiet_seconds": 60.0})
    assert condition.holds({**value, "quiet_seconds": 901.0})
