"""What the wall does when the server, or the bus behind it, goes away and comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import HD, READY, Screen, Site

LOST = "Terputus sejak "
NO_BUS = "Tanpa data sejak "


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    server = RedisProcess(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_site(own_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with its own Redis, both of which the test may kill."""
    site = Site(tmp_path_factory.mktemp("site"), own_redis.url)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def wall(chromium: Browser, own_site: Site) -> Iterator[Screen]:
    """A display before it, which never loads its page again unless the test says so."""
    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        yield Screen(context.new_page(), own_site).watch()


def mark(page: Page) -> None:
    """Something that a reload would take away."""
    page.evaluate("window.neverLoadedAgain = true")


def was_not_loaded_again(page: Page) -> bool:
    return page.evaluate("window.neverLoadedAgain === true") is True


def shows(screen: Screen, number: int, seconds: float = 2.0) -> None:
    """Until an incident is on the wall."""
    expect(screen.page.locator(f'[data-incident="{number}"]')).to_be_attached(
        timeout=seconds * 1000
    )


def test_a_killed_server_is_told_in_five_seconds_and_its_return_is_seen_in_two(
    wall: Screen, own_site: Site
) -> None:
    own_site.publish("incidents", [samples.incident(1)])
    page = wall.open().page
    shows(wall, 1)
    mark(page)
    own_site.stop()
    banner = wall.until_banner(LOST, seconds=5)
    assert re.fullmatch(r"Terputus sejak \d\d:\d\d:\d\d WIB", banner)
    own_site.publish("incidents", [samples.incident(2)])
    own_site.start()
    wall.until_no_banner(seconds=2)
    shows(wall, 2)
    assert was_not_loaded_again(page)


def test_a_frozen_server_with_its_sockets_open_is_told_in_five_seconds(
    wall: Screen, own_site: Site
) -> None:
    page = wall.open().page
    mark(page)
    own_site.freeze()
    wall.until_banner(LOST, seconds=5)
    own_site.thaw()
    wall.until_no_banner(seconds=4)
    own_site.publish("incidents", [samples.incident(1)])
    shows(wall, 1)
    assert was_not_loaded_again(page)


@pytest.mark.long
def test_after_twelve_hours_without_a_server_the_wall_comes_back_by_itself(
    wall: Screen, own_site: Site
) -> None:
    page = wall.page
    page.clock.install()
    own_site.publish("network", [samples.device(1)])
    wall.open()
    wall.until_state("network", "fresh")
    mark(page)
    own_site.stop()
    wall.until_banner(LOST, seconds=5)
    page.clock.fast_forward("12:00:00")
    wall.until_state("network", "stale", seconds=2)
    own_site.start()
    wall.until_no_banner(seconds=2)
    wall.until_state("network", "fresh", seconds=2)  # the display's clock is 12 hours ahead now
    own_site.publish("incidents", [samples.incident(1)])
    shows(wall, 1)
    assert was_not_loaded_again(page)


@pytest.mark.parametrize("forgetful", [False, True], ids=["keeps its data", "lost its data"])
def test_a_bus_that_is_away_has_a_banner_of_its_own_and_comes_back(
    wall: Screen, own_site: Site, own_redis: RedisProcess, forgetful: bool
) -> None:
    own_site.publish("incidents", [samples.incident(1)])
    page = wall.open().page
    shows(wall, 1)
    mark(page)
    own_redis.stop()
    banner = wall.until_banner(NO_BUS, seconds=5)
    assert re.fullmatch(r"Tanpa data sejak \d\d:\d\d:\d\d WIB: bus pesan terputus", banner)
    if forgetful:
        own_redis.forget()
    own_redis.start()
    wall.until_no_banner(seconds=5)
    own_site.publish("incidents", [samples.incident(2)])
    shows(wall, 2)
    assert was_not_loaded_again(page)


def test_a_page_of_an_older_build_is_loaded_anew_once(wall: Screen) -> None:
    page = wall.page
    page.add_init_script(
        """sessionStorage.loads = 1 + Number(sessionStorage.loads || 0);
        if (sessionStorage.loads === "1") new MutationObserver(() => {
          const build = document.querySelector("meta[name=build]");
          if (build) build.content = "older";
        }).observe(document, { childList: true, subtree: true });"""
    )
    wall.site.let_in(page.context)
    page.goto(wall.site.address + "/wall/utama", wait_until="commit")
    wall.until('sessionStorage.loads === "2"', seconds=10)
    wall.until(READY, seconds=15)
    assert page.get_attribute("meta[name=build]", "content") != "older"
    assert page.evaluate("sessionStorage.loads") == "2"
