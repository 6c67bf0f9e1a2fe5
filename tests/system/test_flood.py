"""3,000 alerts within a minute, and their end: through the intake, the records, every process, to
the console, to the wall and to those on duty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.alerts.samples import FIRING, RESOLVED, notification
from tests.leaks import secret
from tests.notify.conftest import WebHook, webhook
from tests.system.conftest import look_at
from tests.system.program import Program
from tests.web.conftest import HD, let_in, sign_in

__all__ = ["webhook"]

ALERTS, EACH = 3_000, 50  # in messages of so many
TOKEN = secret("token-of-the-alertmanager")
COUNTED = "(count) => commandcenter.desk.list.rows().length === count"
WATCHED = """() => {
  const late = '[data-panel]:not([data-state="fresh"])';
  window.late = {};
  setInterval(() => {
    for (const panel of document.querySelectorAll(late))
      if (panel.checkVisibility()) window.late[panel.dataset.panel] = panel.dataset.state;
  }, 100);
}"""

CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
[web]
port = {web}
[intake]
port = {intake}
[[wall]]
name = "utama"
picture = ["masthead masthead", "summary incidents"]
[panel.masthead]
[panel.summary]
[panel.incidents]
[feed.alerts]
token = "env:ALERT_TOKEN"
[[person]]
name = "operator 1"
[notify]
link = "http://127.0.0.1:{web}"
role = "noc"
[[channel]]
name = "noc"
url = "env:HOOK"
roles = ["*"]
"""


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory, webhook: WebHook) -> Iterator[Program]:
    found = Program(tmp_path_factory.mktemp("flood"))
    found.environment |= {"ALERT_TOKEN": TOKEN, "HOOK": webhook.url}
    text = CONFIG.format(web=found.web_port, intake=found.intake_port)
    (found.folder / "config.toml").write_text(text, encoding="utf-8")
    with closing(found):
        found.start("run")
        found.until_open()
        yield found


def send(program: Program, sample: dict[str, object]) -> None:
    """As Alertmanager does, one message after the other; each is taken as a whole."""
    address = f"http://127.0.0.1:{program.intake_port}/alerts/alertmanager"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(headers=headers, timeout=30) as alertmanager:
        for first in range(0, ALERTS, EACH):
            alerts = [
                sample | {"fingerprint": f"{n:016x}", "annotations": {"summary": f"Situs {n} mati"}}
                for n in range(first, first + EACH)
            ]
            told = alertmanager.post(address, json=notification(*alerts)).raise_for_status()
            assert told.json() == {"taken": EACH, "refused": []}


def counted(webhook: WebHook, word: str) -> int:
    """How many incidents the messages with this word tell of."""
    titles = [body["title"] for body in webhook.bodies if word in body["title"]]
    numbers = [title.split("] ")[1].split(" kejadian")[0] for title in titles]
    return sum(int(n.replace(".", "")) if n.replace(".", "").isdigit() else 1 for n in numbers)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_flood_is_on_the_console_whole_and_reaches_those_on_duty_as_a_handful_of_messages(
    program: Program, webhook: WebHook, chromium: Browser
) -> None:
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        wall, console = context.new_page(), context.new_page()
        look_at(wall, program)
        look_at_console(console, program)
        wall.evaluate(WATCHED)
        send(program, FIRING)
        console.wait_for_function(COUNTED, arg=ALERTS, timeout=60_000)
        program.until(lambda: counted(webhook, "KRITIS") == ALERTS, "all are told", 90)
        assert len(webhook.bodies) <= 10
        expect(wall.locator('[data-panel="incidents"]')).to_contain_text("3.000 terbuka")
        expect(console.locator(".chips")).to_contain_text("Belum ditangani 3.000")
        send(program, RESOLVED)
        console.wait_for_function(COUNTED, arg=0, timeout=60_000)
        expect(wall.locator("[data-incident]")).to_have_count(0, timeout=20_000)
        program.until(lambda: counted(webhook, "PULIH") == ALERTS, "their end is told", 90)
        assert len(webhook.bodies) <= 12
        assert wall.evaluate("window.late") == {}


def look_at_console(page: Page, program: Program) -> None:
    let_in(page.context, program.address, sign_in(program.records_url, "operator 1", "operator"))
    page.goto(f"{program.address}/console")
    page.wait_for_function("() => commandcenter.desk.list && commandcenter.desk.rest === 0")
