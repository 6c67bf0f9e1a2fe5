"""The console: an incident is taken by a person, once, durably, and the wall shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from commandcenter.bus import Bus
from commandcenter.incidents.bell import Bell
from commandcenter.records.database import Records
from commandcenter.records.incidents import (
    IncidentRow,
    close,
    incident_of,
    log_of,
    open_incident,
    open_incidents,
)
from tests.conftest import RedisProcess
from tests.web import samples
from tests.web.conftest import Screen, Site, apart

Thing = tuple[str, str, str]


@pytest.fixture(scope="module")
def records(site: Site) -> Iterator[Records]:
    """The site's own records."""
    found = Records(site.records_url)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def tidy(site: Site, records: Records) -> Iterator[None]:
    """Close what a test has left open."""
    yield
    with records.engine.begin() as connection:
        for row in open_incidents(connection):
            close(connection, (row.rule, row.feed, row.key), samples.present(), reason="test")
    ring(site, records)


def happen(site: Site, records: Records, key: str, level: str = "critical") -> int:
    """As watch does it: into the records, then the bell."""
    thing: Thing = ("link-down", "network", key)
    with records.engine.begin() as connection:
        number = open_incident(
            connection,
            thing,
            samples.present(),
            level=level,
            title=f"Tautan {key} putus",
            detail="Telkom",
            origin="live",
        )
    ring(site, records)
    return number


def ring(site: Site, records: Records) -> None:
    async def work() -> None:
        bus = Bus(site.redis_url)
        try:
            bell = Bell(bus, records, samples.present)
            for reading in (await bus.latest("incidents")).values():
                bell.hear(reading)
            await bell.ring()
        finally:
            await bus.close()

    apart(work)


def row_of(records: Records, number: int) -> IncidentRow:
    with records.engine.begin() as connection:
        return incident_of(connection, number)


def steps_of(records: Records, number: int) -> list[tuple[str, str, str]]:
    """Step, who, from where; oldest first."""
    with records.engine.begin() as connection:
        return [(s.step, s.who, s.source_address) for s in log_of(connection, number)]


def take(site: Site, number: int, **body: Any) -> httpx.Response:
    """Acknowledge as the page does."""
    path = f"{site.address}/console/incidents/{number}/acknowledge"
    told = {"version": 1, "who": "operator 1"} | body
    return httpx.post(path, json=told, headers={"Origin": site.address})


@pytest.fixture
def wall(chromium: Browser, site: Site) -> Iterator[Screen]:
    """The wall, in another browser than the operator's."""
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as context:
        yield Screen(context.new_page(), site).open()


def button(page: Page, number: int) -> Any:
    return page.locator(f'[data-acknowledge="{number}"]')


def test_a_click_takes_an_incident_and_the_wall_shows_it_within_a_second(
    screen: Screen, wall: Screen, site: Site, records: Records
) -> None:
    number = happen(site, records, "rtr-dinkes")
    page = screen.open("/console").page
    on_wall = wall.page.locator(f'[data-panel="incidents"] [data-incident="{number}"]')
    expect(on_wall).to_contain_text("belum ditangani")
    before = samples.present()
    button(page, number).click()
    expect(on_wall).to_contain_text("operator 1 · dikerjakan", timeout=1000)
    expect(page.locator("#notice")).to_have_text("Sudah ditangani")
    expect(button(page, number)).not_to_be_attached(timeout=1000)
    row = row_of(records, number)
    assert row.acknowledged_by == "operator 1"
    assert row.acknowledged_at is not None
    assert before <= row.acknowledged_at <= samples.present()
    assert steps_of(records, number)[-1] == ("acknowledged", "operator 1", "127.0.0.1")


def test_the_keys_j_and_t_take_an_incident_in_the_name_that_was_chosen(
    screen: Screen, site: Site, records: Records
) -> None:
    first = happen(site, records, "rtr-satu")
    second = happen(site, records, "rtr-dua")
    page = screen.open("/console").page
    page.select_option("#operator", "operator 2")
    page.locator("body").click(position={"x": 5, "y": 5})
    for key in ("j", "j", "k", "j", "t"):
        page.keyboard.press(key)
    expect(button(page, second)).not_to_be_attached()
    expect(button(page, first)).to_be_attached()
    assert row_of(records, second).acknowledged_by == "operator 2"
    assert row_of(records, first).acknowledged_by is None


def test_the_browser_remembers_who_works_at_it(screen: Screen, site: Site) -> None:
    site.publish("incidents", [samples.incident_totals(0)])
    page = screen.open("/console").page
    page.select_option("#operator", "operator 2")
    page.reload()
    expect(page.locator("#operator")).to_have_value("operator 2")


def test_what_a_person_must_see_first_is_on_top(
    screen: Screen, site: Site, records: Records
) -> None:
    taken = happen(site, records, "rtr-lama")
    take(site, taken)
    warning = happen(site, records, "rtr-pelan", level="warning")
    critical = happen(site, records, "rtr-mati")
    page = screen.open("/console").page
    expect(page.locator("[data-incident]")).to_have_count(3)
    shown = page.locator("[data-incident]").evaluate_all("all => all.map(e => e.dataset.incident)")
    assert [int(number) for number in shown] == [critical, warning, taken]
    expect(page.locator('[data-panel="console"] .subtitle')).to_have_text(
        "3 terbuka, 2 belum ditangani"
    )


def test_the_second_operator_is_told_who_was_first(site: Site, records: Records) -> None:
    number = happen(site, records, "rtr-dinkes")
    assert take(site, number).status_code == 200
    answer = take(site, number, who="operator 2")
    assert answer.status_code == 409
    assert "operator 1" in answer.json()["why"]
    assert row_of(records, number).acknowledged_by == "operator 1"
    assert [step[0] for step in steps_of(records, number)] == ["opened", "acknowledged"]


def test_the_second_operator_sees_on_the_page_who_was_first(
    screen: Screen, site: Site, records: Records
) -> None:
    number = happen(site, records, "rtr-dinkes")
    page = screen.open("/console").page
    expect(button(page, number)).to_be_attached()
    page.route(
        "**/acknowledge", lambda route: (take(site, number, who="operator 2"), route.continue_())
    )
    button(page, number).click()
    expect(page.locator("#notice")).to_contain_text("operator 2")
    expect(page.locator("#notice")).to_have_class("bad")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"who": "orang asing"}, 400),
        ({"who": ""}, 400),
        ({"who": None}, 400),
        ({"who": ["operator 1"]}, 400),
        ({"who": {"operator 1": 1}}, 400),
        ({"version": "satu"}, 400),
        ({"version": None}, 400),
        ({"version": 7}, 409),
        ({"version": 10**30}, 400),
    ],
)
def test_a_stranger_or_a_senseless_request_changes_nothing(
    site: Site, records: Records, body: dict[str, Any], status: int
) -> None:
    number = happen(site, records, "rtr-dinkes")
    assert take(site, number, **body).status_code == status
    assert row_of(records, number).acknowledged_by is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null"])
def test_what_is_no_request_at_all_is_answered_400(site: Site, body: bytes) -> None:
    path = f"{site.address}/console/incidents/1/acknowledge"
    answer = httpx.post(path, content=body, headers={"Origin": site.address})
    assert answer.status_code == 400
    assert answer.json()["ok"] is False


@pytest.mark.parametrize("number", [987654, 10**25])
def test_an_incident_that_does_not_exist_is_answered_404(site: Site, number: int) -> None:
    assert take(site, number).status_code == 404


def test_the_log_of_an_incident_can_be_read_with_the_note(site: Site, records: Records) -> None:
    number = happen(site, records, "rtr-dinkes")
    take(site, number, note="teknisi berangkat")
    log = httpx.get(f"{site.address}/console/incidents/{number}/log").json()
    assert [step["step"] for step in log] == ["opened", "acknowledged"]
    assert log[-1]["note"] == "teknisi berangkat"


def test_while_the_bus_is_away_an_acknowledgement_is_still_written(
    redis_process: RedisProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = Site(tmp_path_factory.mktemp("site"), redis_process.url)
    site.start()
    records = Records(site.records_url)
    try:
        number = happen(site, records, "rtr-dinkes")
        redis_process.stop()
        answer = take(site, number)
        assert answer.status_code == 200
        assert answer.json() == {"ok": True, "version": 2, "rung": False}
        assert row_of(records, number).acknowledged_by == "operator 1"
    finally:
        records.close()
        site.stop()
