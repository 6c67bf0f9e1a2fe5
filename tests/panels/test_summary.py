"""The big numbers: nothing is green because nothing was heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.summary import Summary
from tests.conftest import NOW
from tests.web import samples

FEEDS = ("network", "complaints", "applications", "cameras", "incidents")


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


def test_no_application_is_not_a_row_of_well_ones() -> None:
    gone = Reading(feed="applications", key="application/x", at=NOW, value=None)
    drawn = card("applications", samples.application("x"), gone)
    assert "figure unknown" in drawn
    assert "sertifikat aman" not in drawn


def test_a_network_of_which_no_office_is_connected_yet_is_not_green() -> None:
    assert "figure unknown" in card("network", samples.device(1, state="unconnected"))


def test_no_incident_is_good_news_only_while_somebody_watches() -> None:
    totals, watch = samples.incident_totals(0), samples.process("watch")
    assert "figure ok" in card("incidents", totals, watch)
    late = replace(watch, at=NOW - timedelta(seconds=121))
    for told in (
        [totals],
        [totals, late],
        [totals, samples.process("watch", error="records away")],
    ):
        drawn = card("incidents", *told)
        assert "figure unknown" in drawn
        assert "tidak dipantau" in drawn
    shelved = replace(samples.incident(1), key="aside/1")
    assert "figure unknown" in card("incidents", shelved, watch)  # never told the totals


def test_what_is_open_stays_red_when_nobody_watches() -> None:
    drawn = card("incidents", samples.incident(1))
    assert "figure bad" in drawn
    assert "tidak dipantau" in drawn
