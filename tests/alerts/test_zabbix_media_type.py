"""The media type we ship for Zabbix: its script is run, and what it sends goes through our door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from playwright.async_api import Error, async_playwright

from commandcenter.feed import Desk
from tests.alerts.conftest import TOKEN, Senders, the_incident
from tests.alerts.samples import PROBLEM

FILE = Path(__file__).parents[2] / "setup" / "zabbix" / "commandcenter.yaml"
CHROMIUM = Path("/usr/bin/chromium")  # Debian's; elsewhere Playwright's own
URL_MACRO, TOKEN_MACRO = "{$COMMANDCENTER.URL}", "{$COMMANDCENTER.TOKEN}"

# Zabbix wraps a webhook's script into a function of `value`; HttpRequest is all that it needs.
RUN = """([script, value]) => {
    const sent = {headers: []};
    class HttpRequest {
        addHeader(line) { sent.headers.push(line); }
        post(url, body) { Object.assign(sent, {url, body}); return "{}"; }
        getStatus() { return 200; }
    }
    sent.told = new Function("value", "HttpRequest", script)(value, HttpRequest);
    return sent;
}"""


@pytest.fixture
def media_type() -> dict[str, Any]:
    export = yaml.safe_load(FILE.read_text(encoding="utf-8"))["zabbix_export"]
    assert export["version"] == "6.0"
    found: dict[str, Any] = export["media_types"][0]
    return found


def parameters(media_type: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in media_type["parameters"]}


async def run(script: str, value: dict[str, str]) -> dict[str, Any]:
    """What the script sends, in a real JavaScript engine."""
    async with async_playwright() as playwright:
        program = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = await browser.new_page()
        sent: dict[str, Any] = await page.evaluate(RUN, [script, json.dumps(value)])
        await browser.close()
        return sent


async def test_what_the_script_sends_becomes_an_incident(
    media_type: dict[str, Any], senders: Senders, desk: Desk
) -> None:
    resolved = {**PROBLEM, "url": f"http://127.0.0.1:{senders.port}/alerts/zabbix", "token": TOKEN}
    assert parameters(media_type).keys() == resolved.keys()
    sent = await run(media_type["script"], resolved)
    assert json.loads(sent["body"]) == PROBLEM  # neither address nor token
    headers = dict(line.split(": ", 1) for line in sent["headers"])
    answer = await senders.client.post(sent["url"], content=sent["body"], headers=headers)
    assert answer.status_code == 200
    assert (await the_incident(desk)).title == "Situs tidak menjawab"


async def test_without_its_macros_the_script_says_which_to_set(media_type: dict[str, Any]) -> None:
    unset = parameters(media_type)
    assert (unset["url"], unset["token"]) == (URL_MACRO, TOKEN_MACRO)
    with pytest.raises(Error, match="set the global macro"):
        await run(media_type["script"], {**PROBLEM, **unset})


def test_every_kind_of_operation_has_a_template(media_type: dict[str, Any]) -> None:
    modes = [one["operation_mode"] for one in media_type["message_templates"]]
    assert modes == ["PROBLEM", "RECOVERY", "UPDATE"]  # without one Zabbix sends nothing
