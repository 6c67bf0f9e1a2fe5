"""docs/api.md is true: its tables are config, its commands are taken, its rule finds something."""

from __future__ import annotations

import json
import re

import pytest

from commandcenter.incidents.decision import Open
from commandcenter.records.database import Records
from commandcenter.web.api import NEEDS, PREFIX
from tests.conftest import NOW
from tests.watch.court import court
from tests.web.api.conftest import CONFIG, House, MakeHouse, told
from tests.web.conftest import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
TABLES = "\n".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
COMMANDS = re.findall(r"-d '(\{.*?\})' \\\n\s+\"\$API(/[^\"]+)\"", TEXT, re.DOTALL)


@pytest.fixture
def documented(make_house: MakeHouse, sqlite_records: Records, redis_url: str) -> House:
    """A house whose config is the one of the documentation."""
    text = CONFIG.partition("[feed.pump]")[0] + TABLES
    return make_house(sqlite_records, redis_url, text)


@pytest.mark.parametrize(("body", "path"), COMMANDS)
async def test_a_command_of_the_documentation_is_taken(
    documented: House, body: str, path: str
) -> None:
    number = documented.happen("dokumentasi")
    documented.did(number, "acknowledge")
    documented.did(number, "work")
    program = await documented.program()
    answer = await program.post(path.replace("4711", str(number)), json=json.loads(body))
    assert told(answer).get("taken", 1) == 1


async def test_the_rule_of_the_documentation_finds_the_reading_of_the_documentation(
    documented: House,
) -> None:
    ((body, path),) = [one for one in COMMANDS if one[1] == "/readings"]
    told(await (await documented.program()).post(path, json=json.loads(body)))
    (reading,) = (await documented.bus.latest("pump")).values()
    rules = documented.api.doors.config.rules
    watch = court(*rules, feeds={"pump": reading.origin})
    watch.take(watch.judge.see(reading, NOW))
    (incident,) = [one for one in watch.waits(61) if isinstance(one, Open)]
    assert incident.words.title == "Pompa Kumai 1: muka air 312,5 cm"


def test_every_operation_and_its_scope_stand_in_the_documentation() -> None:
    for (method, path), scope in NEEDS.items():
        short = path.removeprefix(PREFIX)
        assert re.search(rf"`{method} {re.escape(short)}`.*\| (`{scope}`|any) \|", TEXT), path


def test_there_are_commands_for_whatever_is_sent() -> None:
    sent = {path for method, path in NEEDS if method == "POST"}
    assert {PREFIX + p.replace("4711", "{number}") for _, p in COMMANDS} == sent
