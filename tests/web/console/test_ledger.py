"""The ledger: rows for consoles, the most urgent first, conflated, written once for all."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from commandcenter.reading import Reading
from commandcenter.web.hub import Browser, Hub
from commandcenter.web.ledger import MOST_ROWS
from tests.conftest import NOW, Clock
from tests.web import samples
from tests.web.conftest import Site
from tests.web.console.conftest import Desk, Rows, console
from tests.web.test_hub import Paper, hub_of


def told(number: int, *, aside: bool = False, gone: bool = False, **values: Any) -> Reading:
    """An incident as the bell tells it."""
    value: dict[str, Any] = {
        "number": number,
        "level": "critical",
        "state": "open",
        "opened_at": (NOW + timedelta(seconds=number)).isoformat(),
        "acknowledged_at": None,
        "revision": 1,
    } | values
    key = f"{'aside' if aside else 'incident'}/{number}"
    return Reading(feed="incidents", key=key, at=NOW, value=None if gone else value)


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return hub_of(clock)


def open_console(hub: Hub, *, full: bool = False) -> Paper:
    paper = Paper(full=full)
    wire: Any = paper
    hub.join(Browser(wire=wire, language="id", heard_at=0.0, ledger=True))
    return paper


async def happen(hub: Hub, *readings: Reading) -> None:
    """The board knows, and the ledger has told it."""
    hub.board.take(readings, NOW)
    hub.changed({"incidents"})
    while hub.ledger._timer is not None:
        await asyncio.sleep(0)


def rows(paper: Paper) -> list[dict[str, Any]]:
    """The frames of rows."""
    return [message for message in paper.messages if message["t"] == "rows"]


def numbers(frame: dict[str, Any]) -> list[int]:
    return [row["number"] for row in frame["rows"]]


async def test_the_whole_ledger_comes_after_the_hello_the_most_urgent_first(hub: Hub) -> None:
    taken: dict[str, Any] = {"acknowledged_at": NOW.isoformat(), "state": "acknowledged"}
    hub.board.take([told(1, **taken), told(2, level="warning"), told(4), told(3)], NOW)
    paper = open_console(hub)
    assert [message["t"] for message in paper.messages] == ["hello", "rows"]
    (frame,) = rows(paper)
    assert numbers(frame) == [3, 4, 2, 1]
    assert (frame["whole"], frame["rest"], frame["gone"]) == (True, 0, [])
    assert frame["now"] == int(NOW.timestamp() * 1000)


async def test_an_empty_ledger_is_told_too(hub: Hub) -> None:
    (frame,) = rows(open_console(hub))
    assert (frame["rows"], frame["whole"], frame["rest"]) == ([], True, 0)
    assert frame["totals"]["state"] == "none"


async def test_many_rows_come_in_frames_as_the_browser_takes_them(hub: Hub) -> None:
    hub.board.take([told(n) for n in range(1, 1001)], NOW)
    paper = open_console(hub, full=True)
    assert rows(paper) == []
    paper.full = False
    paper.on_drained()
    first, second, third = rows(paper)
    assert [len(frame["rows"]) for frame in (first, second, third)] == [MOST_ROWS, MOST_ROWS, 200]
    assert [frame["rest"] for frame in (first, second, third)] == [600, 200, 0]
    assert [frame["whole"] for frame in (first, second, third)] == [True, False, False]
    assert numbers(first)[0] == 1


async def test_a_change_is_written_once_for_all_browsers(hub: Hub) -> None:
    hub.board.take([told(1)], NOW)
    papers = [open_console(hub) for _ in range(30)]
    await happen(hub, told(1, revision=2, state="acknowledged"), told(2))
    assert {paper.frames[-1] for paper in papers} == {papers[0].frames[-1]}
    frame = rows(papers[0])[-1]
    assert (sorted(numbers(frame)), frame["whole"]) == ([1, 2], False)


async def test_who_does_not_read_is_owed_the_newest_state_of_each_row_only(hub: Hub) -> None:
    hub.board.take([told(1)], NOW)
    paper = open_console(hub)
    paper.full = True
    for revision in range(2, 10):
        await happen(hub, told(1, revision=revision))
    assert len(rows(paper)) == 1
    paper.full = False
    paper.on_drained()
    (row,) = rows(paper)[-1]["rows"]
    assert row["revision"] == 9
    assert len(rows(paper)) == 2


async def test_an_equal_row_is_not_told_again_and_an_older_one_never(hub: Hub) -> None:
    hub.board.take([told(1, revision=5, state="working")], NOW)
    paper = open_console(hub)
    await happen(hub, told(1, revision=5, state="working"))
    await happen(hub, told(1, revision=4, state="open"))
    assert len(rows(paper)) == 1
    later = rows(open_console(hub))[0]
    assert later["rows"][0]["state"] == "working"


async def test_a_row_that_moves_aside_is_one_row_and_a_closed_one_is_gone(hub: Hub) -> None:
    hub.board.take([told(1)], NOW)
    paper = open_console(hub)
    await happen(hub, told(1, gone=True), told(1, aside=True, revision=2, state="shelved"))
    moved = rows(paper)[-1]
    assert ([row["state"] for row in moved["rows"]], moved["gone"]) == (["shelved"], [])
    await happen(hub, told(1, aside=True, gone=True))
    assert (rows(paper)[-1]["rows"], rows(paper)[-1]["gone"]) == ([], [1])


async def test_two_changes_within_an_instant_are_one_frame(hub: Hub) -> None:
    hub.board.take([told(1)], NOW)
    paper = open_console(hub)
    await happen(hub, told(2))
    began = asyncio.get_running_loop().time()
    for number in range(3, 9):
        hub.board.take([told(number)], NOW)
        hub.changed({"incidents"})
        await asyncio.sleep(0)
    assert len(rows(paper)) == 2
    while hub.ledger._timer is not None:
        await asyncio.sleep(0.001)
    assert numbers(rows(paper)[-1]) == [3, 4, 5, 6, 7, 8]
    assert asyncio.get_running_loop().time() - began > 0.04


async def test_the_page_can_judge_by_its_own_clock_how_old_the_figures_are(hub: Hub) -> None:
    totals = samples.incident_totals(7)
    pulse = Reading(feed="incidents", key=totals.key, at=NOW, value=totals.value)
    paper = open_console(hub)
    await happen(hub, pulse)
    figures = rows(paper)[-1]["totals"]
    at = int(NOW.timestamp() * 1000)
    assert (figures["open"], figures["state"]) == (7, "")
    times = [figures[name] - at for name in ("at", "late_at", "stale_at")]
    assert times == [0, 30_000, 90_000]
    await happen(hub, told(1))
    assert rows(paper)[-1]["totals"] is None  # the same as before


async def test_a_browser_that_lost_its_place_gets_everything_again(hub: Hub) -> None:
    hub.board.take([told(1), told(2)], NOW)
    paper = open_console(hub)
    (browser,) = hub.browsers
    hub.again(browser)
    assert [frame["whole"] for frame in rows(paper)] == [True, True]
    assert numbers(rows(paper)[-1]) == [1, 2]


async def test_who_left_is_told_nothing_more(hub: Hub) -> None:
    paper = open_console(hub)
    (browser,) = hub.browsers
    hub.leave(browser)
    await happen(hub, told(1))
    assert len(rows(paper)) == 1
    assert hub.ledger._debts == {}


async def test_a_wall_is_told_no_rows(hub: Hub) -> None:
    paper = Paper()
    wire: Any = paper
    hub.join(Browser(wire=wire, language="id", heard_at=0.0))
    await happen(hub, told(1))
    assert [message["t"] for message in paper.messages] == ["hello"]


async def test_a_page_at_the_console_follows_an_incident_to_its_end(desk: Desk, site: Site) -> None:
    number = desk.happen("rtr-buku")
    async with asyncio.timeout(10), console(site) as connection:
        page = Rows(connection)
        first = await page.hear()
        assert first["whole"] is True
        await page.until(number, state="open")
        for act, state in (("shelve", "shelved"), ("resolve", "resolved")):
            desk.step(act, number, until_minutes=5, cause="power")
            await page.until(number, state=state)
        desk.step("close", number)
        while number in page.known:
            await page.hear()
        assert page.totals["resolved_today"] >= 0


async def test_a_page_at_the_console_is_told_how_many_sources_live(desk: Desk, site: Site) -> None:
    await asyncio.to_thread(site.publish, "network", [samples.device(1)])
    await asyncio.to_thread(site.publish, "cameras", [samples.camera(1)])  # as others here may have
    desk.happen("rtr-sumber")
    async with asyncio.timeout(10), console(site) as connection:
        page = Rows(connection)
        while page.totals.get("sources") != {"alive": 2, "all": 3, "rejects": 0}:
            await page.hear()
