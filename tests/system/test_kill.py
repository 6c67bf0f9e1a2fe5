"""kill -9 at every step of an acknowledgement: nothing that was shown as done is ever lost.

`make kill` does a hundred rounds; the suite does a few (ROUNDS in the environment says how many).
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from commandcenter.records import chain
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, incident_of, open_incident
from tests.system.program import Program

ROUNDS = int(os.environ.get("ROUNDS", "4"))
VICTIMS = ("web", "watch", "redis-server", "notify")
LONGEST_DELAY = 0.03  # seconds after the click: until then everything about it has happened

CONFIG = """
[region]
name = "Kabupaten Contoh"
[web]
port = {web}
[intake]
port = {intake}
[[wall]]
name = "utama"
picture = ["incidents"]
[panel.incidents]
[[person]]
name = "operator 1"
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Everything that runs, and nothing to judge."""
    found = Program(tmp_path)
    text = CONFIG.format(web=found.web_port, intake=found.intake_port)
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    found.start("run")
    found.until(lambda: found.get("/healthz") == "alive\n", "the web answers", 60)
    yield found
    found.close()


@pytest.fixture
def records(program: Program) -> Iterator[Records]:
    found = Records(program.records_url)
    found.migrate()
    yield found
    found.close()


@dataclass
class Screen:
    """A console on another desk: it comes back whenever its socket is cut, as a page does, and
    remembers every incident that it has ever shown as taken."""

    program: Program
    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        address = self.program.address.replace("http", "ws") + "/live?page=/console"
        origin, cookie = Origin(self.program.address), self.program.hands["Cookie"]
        told: dict[str, Any] = {"open_timeout": 2, "max_size": None, "origin": origin}
        told["additional_headers"] = {"Cookie": cookie}
        while not self.ended.is_set():
            with (
                suppress(OSError, WebSocketException, TimeoutError),
                connect(address, **told) as socket,
            ):
                while not self.ended.is_set():
                    with suppress(TimeoutError):
                        self._see(json.loads(socket.recv(timeout=0.5)))
            self.ended.wait(0.05)

    def _see(self, told: dict[str, Any]) -> None:
        if told["t"] != "rows":
            return
        if told["whole"]:
            self.shown = {}
        for row in told["rows"]:
            self.shown[row["number"]] = row
            if row["acknowledged_by"]:
                self.taken.add(row["number"])
        for number in told["gone"]:
            self.shown.pop(number, None)

    def until(self, number: int, state: str) -> None:
        """Until it shows an incident so."""
        self.program.until(
            lambda: bool(self.shown.get(number, {}).get("state") == state),
            f"{number} is shown as {state}",
            30,
        )


@pytest.fixture
def screen(program: Program) -> Iterator[Screen]:
    found = Screen(program)
    thread = threading.Thread(target=found.watch)
    thread.start()
    yield found
    found.ended.set()
    thread.join()


def happen(records: Records, number: int) -> int:
    """What an alert of another system leads to: no rule here could open or end it."""
    with records.engine.begin() as connection:
        thing = ("alert/webhook", "alerts", f"alert/webhook:{number}")
        now, title = datetime.now(UTC), f"Insiden {number}"
        return open_incident(
            connection, thing, now, level="critical", title=title, source="webhook"
        )


def row_of(records: Records, number: int) -> IncidentRow:
    with records.engine.begin() as connection:
        return incident_of(connection, number)


def acknowledge(program: Program, number: int) -> str:
    """What the page would say after the click: "done", "refused", or "" when nobody answered."""
    asked = {"incidents": [{"number": number, "version": 1}], "act": "acknowledge"}
    address, body = program.address + "/console/steps", {"via": "key", **asked}
    try:
        told = httpx.post(address, json=body, headers=program.hands)
    except httpx.HTTPError:
        return ""
    if told.status_code != 200:
        return ""
    return "done" if told.json()["done"] else "refused"


def until_taken(program: Program, number: int, answer: str) -> None:
    """The operator clicks again, as the page tells to, until the server answers."""
    program.until(lambda: program.get("/healthz") == "alive\n", "the web is back", 30)
    if answer != "done":
        program.until(lambda: acknowledge(program, number) != "", "somebody answers", 30)


def kill(program: Program, name: str) -> None:
    for process in program.named(name):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.asvs("2.3.3")
def test_no_acknowledgement_that_was_shown_as_done_is_lost(
    program: Program, records: Records, screen: Screen
) -> None:
    answers: Counter[tuple[str, str]] = Counter()
    for round_ in range(ROUNDS):
        number = happen(records, round_)
        screen.until(number, "open")
        victim = VICTIMS[round_ % len(VICTIMS)]
        delay = LONGEST_DELAY * (round_ // len(VICTIMS)) / max(1, ROUNDS // len(VICTIMS) - 1)
        timer = threading.Timer(delay, kill, (program, victim))
        timer.start()
        answer = acknowledge(program, number)
        timer.join()
        answers[victim, answer or "no answer"] += 1
        if answer == "done":
            assert row_of(records, number).state == "acknowledged"
        until_taken(program, number, answer)
        assert row_of(records, number).acknowledged_by == "operator 1"
        screen.until(number, "acknowledged")
    for number in screen.taken:
        assert row_of(records, number).state == "acknowledged"
    with records.engine.begin() as connection:
        verdict = chain.verify(connection)
        assert verdict.mistakes == ()
        steps = Counter(row.step for row in chain.log_since(connection, 0))
    assert steps == {"opened": ROUNDS, "acknowledged": ROUNDS}
    print(f"{ROUNDS} rounds: {dict(answers)}")  # noqa: T201 (`make kill` shows it)
