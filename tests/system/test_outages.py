"""kill -9 of anything: it is back by itself, and nothing that was taken in is lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.system.program import LINES
from tests.system.test_journeys import incident, until_present
from tests.system.town import Town

BACK = 40  # seconds, on a machine that does much else; benchmarks measure how long it takes
DOWN = "Tautan Kec. Arut Utara putus"  # nobody ever starts that router


@pytest.fixture(scope="module")
def pins() -> Iterator[int]:
    """People who have not scanned yet."""
    return count(1)


@pytest.fixture(scope="module")
def taken(town: Town, wall: Page) -> str:
    """An incident that an operator has taken on the wall's own page; its selector."""
    row = incident(wall, DOWN)
    wall.evaluate(
        """(number) => fetch("/console/steps", {
             method: "POST",
             headers: { "Content-Type": "application/json" },
             body: JSON.stringify({
               act: "acknowledge", incidents: [{ number, version: 1 }],
             }),
           })""",
        int(row.split('"')[1]),
    )
    expect(wall.locator(f"{row} .who")).to_contain_text("operator 1")
    town.complain("Lampu padam di Pasar")  # until then nothing is known of complaints
    wall.evaluate("window.neverLoadedAgain = true")
    return row


def one(town: Town, name: str) -> psutil.Process:
    """The only process of that name."""
    (found,) = town.program.named(name)
    return found


@pytest.mark.asvs("16.5.2")
@pytest.mark.parametrize("name", [*LINES, "redis-server", "pictures"])
def test_what_is_killed_is_back_by_itself_and_nothing_is_lost(
    name: str, town: Town, wall: Page, taken: str, pins: Iterator[int]
) -> None:
    before = next(pins)
    town.push_until_taken(before)
    victim = one(town, name)
    others = {line: one(town, line).pid for line in (*LINES, "redis-server") if line != name}
    workers = {worker.pid for worker in town.program.named("commandcenter.video.worker")}
    victim.kill()
    town.push_until_taken(before + 1)
    next(pins)
    program = town.program
    program.until(lambda: [p.pid for p in program.named(name)] not in ([], [victim.pid]), "back")
    until_present(wall, before + 1, timeout=BACK * 1000)
    expect(wall.locator("#banner")).to_be_empty(timeout=BACK * 1000)
    expect(wall.locator(f"{taken} .who")).to_contain_text("operator 1")
    for panel in wall.locator("[data-panel]:visible").all():
        expect(panel).to_have_attribute("data-state", "fresh", timeout=BACK * 1000)
    assert wall.evaluate("window.neverLoadedAgain") is True
    assert town.scanned() == set(range(1, before + 2))
    assert {line: one(town, line).pid for line in others} == others
    if name == "cameras":
        program.until(lambda: bool(program.named("commandcenter.video.worker")), "new workers")
        now = {worker.pid for worker in program.named("commandcenter.video.worker")}
        assert not now & workers


def test_a_link_that_falls_while_nobody_watches_is_an_incident_as_soon_as_somebody_does(
    town: Town, wall: Page
) -> None:
    one(town, "watch").kill()
    town.agent.kill()
    row = incident(wall, "Tautan Dinas Kesehatan putus")
    town.agent.start()
    expect(wall.locator(row)).not_to_be_attached(timeout=BACK * 1000)


def test_a_program_of_the_operators_own_is_kept_up_too(town: Town) -> None:
    victim = one(town, "sleep")
    victim.kill()
    town.program.until(
        lambda: [p.pid for p in town.program.named("sleep")] not in ([], [victim.pid]), "back"
    )
