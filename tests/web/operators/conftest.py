"""Operators in real browsers before the console of a real site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from commandcenter.access.roles import Role
from commandcenter.records.database import Records
from commandcenter.records.incidents import close, incident_of, recover, unclosed
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import CHROMIUM, SWITCHES, Site
from tests.web.console.conftest import CONFIG, Desk

EVERYTHING = """
[feed.attendance]
machines = "{lists}/machines.csv"
[feed.complaints]
"""
LIVE = """() => document.body.dataset.connection === "live"
    && commandcenter.desk.list && commandcenter.desk.rest === 0"""
ROWS = "(wanted) => commandcenter.desk.list.rows().map((row) => row.number).join() === wanted"
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Operator:
    """A person before /console, and everything that the page complained of."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def open(
        self, path: str = "/console", who: str = "operator 1", role: Role = "operator"
    ) -> Operator:
        """Go there; returns when the list is on the screen and live."""
        self.site.let_in(self.page.context, who, role)
        self.page.goto(self.site.address + path)
        self.page.wait_for_function(LIVE)
        self.page.evaluate(PAINTED)
        return self

    def row(self, number: int) -> Locator:
        return self.page.locator(f'.rows [data-incident="{number}"]')

    def take_up(self, number: int) -> Operator:
        """Open an incident beside the list."""
        self.row(number).click()
        expect(self.page.locator(".log .step")).not_to_have_count(0)
        return self

    def button(self, act: str) -> Locator:
        return self.page.locator(f'.actions [data-act="{act}"]')

    def press(self, *keys: str) -> Operator:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def hear(self, said: ConsoleMessage) -> None:
        """What the page's own console says."""
        if said.type == "error":
            self.complaints.append(said.text)

    @property
    def title(self) -> Locator:
        """Of the incident that is open."""
        return self.page.locator(".detail h1")

    @property
    def toasts(self) -> Locator:
        return self.page.locator(".toast")

    def shown(self) -> list[int]:
        """The numbers in the list, from the top."""
        of = "all => all.map((e) => [parseFloat(e.style.top), Number(e.dataset.incident)])"
        return [number for _, number in sorted(self.page.locator(".item").evaluate_all(of))]

    def until_shown(self, *numbers: int) -> None:
        """Until the list has these, in this order."""
        self.page.wait_for_function(ROWS, arg=",".join(map(str, numbers)))


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all tests here."""
    redis = RedisProcess(tmp_path_factory.mktemp("redis"))
    redis.start()
    found = Site(tmp_path_factory.mktemp("site"), redis.url, CONFIG + EVERYTHING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACK_SECRET", "a secret of thirty-two characters")
        found.start()
    yield found
    found.stop()
    redis.stop()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here, none of which needs a loop of its own."""
    with sync_playwright() as playwright:
        program = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def house(site: Site) -> Iterator[Desk]:
    """What happens, and the records behind it."""
    found = Desk(site, Records(site.records_url))
    yield found
    found.leave()


@pytest.fixture
def desk(house: Desk) -> Iterator[Desk]:
    """The same, without an incident; whatever a test leaves behind is over afterwards."""
    house.ring()
    yield house
    with house.records.engine.begin() as connection:
        left = [row.id for row in unclosed(connection)]
        for number in left:
            recover(connection, incident_of(connection, number).thing, samples.present(), reason="")
            close(connection, incident_of(connection, number), samples.present())
    house.ring(*left)


@pytest.fixture
def sit_down(chromium: Browser, site: Site) -> Iterator[Callable[..., Operator]]:
    """Somebody more before the console, in a browser of their own."""
    with ExitStack() as stack:

        def one(width: int = 1440, height: int = 900, **how: Any) -> Operator:
            size: Any = {"width": width, "height": height}
            context = stack.enter_context(chromium.new_context(viewport=size, **how))
            return stack.enter_context(before_the_console(context, site))

        yield one


@pytest.fixture(scope="package")
def usual(chromium: Browser) -> Iterator[BrowserContext]:
    """The browser of operator 1, who has been here before: it has the scripts already."""
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield context


@pytest.fixture
def operator(desk: Desk, usual: BrowserContext, site: Site) -> Iterator[Operator]:
    """Operator 1, who has not opened the page yet."""
    with before_the_console(usual, site) as found:
        yield found


@contextmanager
def before_the_console(context: BrowserContext, site: Site) -> Iterator[Operator]:
    """Somebody with a page that, in the end, has complained of nothing."""
    operator = Operator(context.new_page(), site)
    operator.page.on("pageerror", lambda error: operator.complaints.append(str(error)))
    operator.page.on("console", operator.hear)
    yield operator
    operator.page.close()
    assert operator.complaints == []
