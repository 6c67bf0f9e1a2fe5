"""The whole running system, shared by the tests of a file, and a page that looks at it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.network.conftest import Agent, free_udp_port
from tests.system.program import Program
from tests.system.town import Town
from tests.web.conftest import HD, READY, chromium, let_in, sign_in

__all__ = ["chromium"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows what the program said."""
    report = yield
    if report.failed:
        for value in item.funcargs.values():
            program = value.program if isinstance(value, Town) else value
            if isinstance(program, Program):
                report.sections.append(("what the program said", program.log()))
    return report


@pytest.fixture(scope="module")
def make_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Town]]:
    """Makes towns that nobody has started yet; all end with the file."""
    made: list[Town] = []

    def make() -> Town:
        folder = tmp_path_factory.mktemp("town")
        agent = Agent(tmp_path_factory.mktemp("snmpd"), port=free_udp_port())
        town = Town(Program(folder), agent)
        town.write()
        made.append(town)
        return town

    yield make
    for town in made:
        town.close()


@pytest.fixture(scope="module")
def town(make_town: Callable[[], Town]) -> Town:
    """A town whose devices answer, and `commandcenter run` in it, confined as systemd would."""
    town = make_town()
    town.program.start_confined("run", unit="cameras")
    town.open()
    town.program.until_open()
    return town


@pytest.fixture(scope="module")
def wall(chromium: Browser, town: Town) -> Iterator[Page]:
    """The town's wall on a full HD display, opened once and never loaded again."""
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        page = context.new_page()
        look_at(page, town.program)
        yield page


def look_at(page: Page, program: Program, path: str = "/wall/utama") -> None:
    """Open a page, signed in; returns when its panels are on the screen and live."""
    let_in(page.context, program.address, sign_in(program.records_url, "operator 1", "operator"))
    page.goto(program.address + path)
    page.wait_for_function(f"() => {READY}", timeout=30_000)
