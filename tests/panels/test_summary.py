"""The big numbers: nothing is green because nothing was heard."""

from __future__ import annotations

from typing import Any
from dataclasses import replace
from zoneinfo import ZoneInfo

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.summary import Summary
from tests.conftest import NOW
from tests.web import samples

FEEDS = ("network", "complaints", "applications", "cameras")


def card(feed: str, *readings: Reading) -> str:
    """One card of the row as it is drawn."""
    board = Board(patience={name: Patience(late_after=30, stale_after=90) for name in FEEDS})
    board.take(readings, NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=FEEDS, now=NOW, say=say, region=Region(name="x"))
    body = Summary(name="summary", feeds=FEEDS).render(view).body
    assert isinstance(body, list)
    (found,) = [c for c in body[2:] if c[1]["data-figure"] == feed]
    return str(found)


def test_cameras_that_only_start_are_neither_green_nor_alive() -> None:
    drawn = card("cameras", *(samples.camera(n, state="starting") for n in range(3)))
    assert "figure unknown" in drawn
    assert "semua hidup" not in drawn


def test_cameras_are_all_alive_only_when_every_one_is() -> None:
    live, late = samples.camera(0), samples.camera(1, state="late")
    assert "semua hidup" in card("cameras", live)
    assert "semua hidup" not in card("cameras", live, late)


def test_an_office_that_is_not_connected_yet_is_not_all_connected() -> None:
    up, waiting = samples.device(1), samples.device(2, state="unconnected")
    assert "semua tersambung" in card("network", up)
    assert "semua tersambung" not in card("network", up, waiting)


def test_complaints_without_totals_are_unknown_and_not_none_overdue() -> None:
    drawn = card("complaints", samples.complaint(1))
    assert "figure unknown" in drawn
    assert "tidak ada yang lewat" not in drawn
    assert "figure ok" in card("complaints", samples.complaint_totals(0))


def test_complaints_that_may_be_more_are_not_green_and_not_all() -> None:
    drawn = card("complaints", samples.complaint_totals(25, at_least=True))
    assert "figure unknown" in drawn
    assert "≥ 25" in drawn
    assert "tidak ada yang lewat" not in drawn
    overdue = card("complaints", samples.complaint_totals(25, at_least=True, overdue=1))
    assert "figure bad" in overdue


def test_complaints_of_which_nobody_knows_the_deadline_are_not_in_time() -> None:
    drawn = card("complaints", samples.complaint_totals(3, undated=2))
    assert "figure warn" in drawn
    assert "2 tanpa tenggat" in drawn


def test_complaints_that_were_typed_in_say_of_which_day_their_file_is() -> None:
    typed: dict[str, Any] = {"file_at": "2026-11-09T03:00:00+00:00"}
    drawn = card("complaints", samples.complaint_totals(3, from_file=3, **typed))
    assert "'dari berkas 9 Nov 2026'" in drawn
    drawn = card("complaints", samples.complaint_totals(3, from_file=1, **typed))
    assert "'1 dari berkas 9 Nov 2026'" in drawn


def test_no_application_is_not_a_row_of_well_ones() -> None:
    gone = Reading(feed="applications", key="application/x", at=NOW, value=None)
    drawn = card("applications", samples.application("x"), gone)
    assert "figure unknown" in drawn
    assert "sertifikat aman" not in drawn


def test_a_network_of_which_no_office_is_connected_yet_is_not_green() -> None:
    assert "figure unknown" in card("network", samples.device(1, state="unconnected"))


def test_the_network_is_as_bad_as_its_worst_office() -> None:
    well = [samples.device(n) for n in range(50)]
    assert "figure ok" in card("network", *well)
    assert "figure warn" in card("network", *well, samples.device(99, state="unknown"))
    assert "figure bad" in card("network", *well, samples.device(99, state="down"))


def test_offices_of_which_nothing_is_known_are_neither_green_nor_amber() -> None:
    drawn = card("network", *(samples.device(n, state="unknown") for n in range(3)))
    assert "figure unknown" in drawn


def test_a_hub_that_is_down_makes_the_network_bad() -> None:
    hub = samples.device(1, state="down")
    assert hub.value is not None
    core = replace(hub, value=hub.value | {"role": "core"})
    drawn = card("network", core, samples.device(2))
    assert "figure bad" in drawn
    assert "1 simpul, 1 putus" in drawn
