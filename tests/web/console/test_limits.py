"""What somebody may not see is not sent to them: limited operators, and leaders who only read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commandcenter.records import audit
from commandcenter.records.audit import Wanted
from tests.web import samples
from tests.web.conftest import Site
from tests.web.console.conftest import Desk, Rows, console

NETWORK: dict[str, Any] = {"domains": ["network"]}
DINKES: dict[str, Any] = {"offices": ["dinkes"]}


@pytest.fixture(autouse=True)
def people(site: Site) -> None:
    """Two who are limited, and one who only reads."""
    site.token("operator jaringan", **NETWORK)
    site.token("operator dinkes", **DINKES)
    site.token("pimpinan", "leader")


@pytest.fixture
def two(desk: Desk) -> tuple[int, int]:
    """One of the health office's link, and one of a camera."""
    link = desk.happen("rtr-batas", office="dinkes")
    camera = desk.happen("simpang-batas", feed="cameras", rule="camera-down")
    return link, camera


async def test_a_console_is_told_the_incidents_of_its_own_domains_only(
    desk: Desk, site: Site, two: tuple[int, int]
) -> None:
    for who, limits in (("operator jaringan", NETWORK), ("operator dinkes", DINKES)):
        async with asyncio.timeout(10), console(site, who, **limits) as connection:
            page = Rows(connection)
            await page.until(two[0], state="open")
            again = await asyncio.to_thread(desk.happen, f"rtr-{who[-7:]}", office="dinkes")
            await asyncio.to_thread(desk.happen, f"kamera-{who[-7:]}", feed="cameras")
            await page.until(again, state="open")
            assert {row["feed"] for row in page.known.values()} == {"network"}
            assert "open" not in page.totals  # figures of the whole region


def test_what_is_not_theirs_is_not_there_for_them(desk: Desk, two: tuple[int, int]) -> None:
    link, camera = two
    for who in ("operator jaringan", "operator dinkes"):
        assert desk.get(f"incidents/{link}", who).status_code == 200
        assert desk.get(f"incidents/{link}/log", who).status_code == 200
        for path in (f"incidents/{camera}", f"incidents/{camera}/log"):
            assert desk.get(path, who).status_code == 404


def test_they_cannot_act_on_it_either_also_not_among_others(
    desk: Desk, two: tuple[int, int]
) -> None:
    link, camera = two
    answer = desk.step("acknowledge", link, camera, who="operator jaringan").json()
    assert [one["number"] for one in answer["done"]] == [link]
    assert [one["number"] for one in answer["refused"]] == [camera]
    assert answer["refused"][0]["why"] == "Insiden itu tidak ada"
    assert answer["refused"][0]["version"] is None
    assert desk.row(camera).state == "open"


def test_their_history_is_their_own_also_as_a_file(desk: Desk) -> None:
    mine = desk.over("rtr-lewat", office="dinkes")
    theirs = desk.over("simpang-lewat", feed="cameras", rule="camera-down")
    for who in ("operator jaringan", "operator dinkes"):
        told = desk.get("history", who).json()
        numbers = [one["number"] for one in told["incidents"]]
        assert mine in numbers
        assert theirs not in numbers
        file = desk.get("history.csv", who).text
        assert "rtr-lewat" in file
        assert "simpang-lewat" not in file


@pytest.mark.parametrize(
    ("who", "kind", "scope", "status"),
    [
        ("operator jaringan", "feed", "network", 200),
        ("operator jaringan", "feed", "cameras", 400),
        ("operator jaringan", "region", "", 400),
        ("operator dinkes", "office", "dinkes", 200),
        ("operator dinkes", "office", "setda", 400),
        ("operator dinkes", "region", "", 400),
    ],
)
def test_they_plan_maintenance_of_their_own(
    desk: Desk, who: str, kind: str, scope: str, status: int
) -> None:
    day = f"{samples.present():%Y}-12-31"
    told: dict[str, Any] = {
        "starts": f"{day}T22:00",
        "ends": f"{day}T23:00",
        "zone": "Asia/Jakarta",
    }
    answer = desk.post("maintenance", who, kind=kind, scope=scope, title="Uji", **told)
    assert answer.status_code == status, answer.text


def test_what_concerns_the_whole_region_is_not_theirs(desk: Desk) -> None:
    for path in ("channels", "rejects"):
        assert desk.get(path, "operator jaringan").status_code == 400
        assert desk.get(path).status_code == 200
    limited = desk.client("operator jaringan")
    assert limited.post("/screens/guests", json={"on": True}).status_code == 400


def test_a_leader_reads_and_cannot_act(desk: Desk, two: tuple[int, int]) -> None:
    for path in (f"incidents/{two[1]}", "history", "maintenance"):
        assert desk.get(path, "pimpinan").status_code == 200
    answer = desk.step("acknowledge", two[1], who="pimpinan")
    assert answer.status_code == 403
    told = {"ok": False, "why": "Ini tidak terbuka bagi pimpinan, yang berperan sebagai pimpinan"}
    assert answer.json() == told
    for path in ("handover", "channels", "rejects"):
        assert desk.get(path, "pimpinan").status_code == 403


def test_the_page_of_a_leader_holds_nothing_that_one_needs_to_act(desk: Desk) -> None:
    def facts(who: str) -> dict[str, Any]:
        query = {"page": "/console"}
        (inside,) = desk.client(who).get("/_dash-layout", params=query).json()["props"]["children"]
        found: dict[str, Any] = inside["props"]["desk"]
        return found

    leader, limited = facts("pimpinan"), facts("operator jaringan")
    assert (leader["me"]["acts"], leader["people"], leader["channels"]) == (False, [], [])
    assert [one["feed"] for one in limited["domains"]] == ["network"]
    assert limited["channels"] == []
    assert [one["code"] for one in facts("operator dinkes")["offices"]] == ["dinkes"]


def test_what_people_do_besides_incidents_is_in_the_audit_log(desk: Desk) -> None:
    desk.get("history.csv", text="rahasia")
    desk.post("channels/gerbang/test")
    with desk.records.engine.begin() as connection:
        found = list(audit.search(connection, Wanted(who="operator 1", limit=50)))
    acts = {(entry.act, entry.thing or entry.note) for entry in found}
    assert {("export.history", "text=rahasia"), ("channel.tested", "channel/gerbang")} <= acts
    assert {entry.source_address for entry in found} == {"127.0.0.1"}
