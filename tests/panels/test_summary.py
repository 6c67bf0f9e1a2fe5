"""The big numbers: nothing is green because nothing was heard."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.summary import Summary
from tests.conftest import NOW
from tests.web import samples

FEEDS = ("network", "attendance", "complaints", "applications", "cameras")


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


@pytest.mark.parametrize("present", [0, 5, 37])
def test_a_low_presence_in_working_hours_is_never_green(present: int) -> None:
    assert "figure warn" in card("attendance", samples.office(1, present=present))


def test_a_good_presence_is_green_and_outside_working_hours_there_is_no_judgement() -> None:
    assert "figure ok" in card("attendance", samples.office(1, present=38))
    drawn = card("attendance", samples.office(1, present=0, working=False))
    assert "figure quiet" in drawn
    assert "di luar jam kerja" in drawn


def test_without_an_office_that_tells_presence_is_unknown_and_not_zero() -> None:
    drawn = card("attendance", samples.office(1, present=None), samples.office(2, present=None))
    assert "figure unknown" in drawn
    assert "terlambat" not in drawn


def test_a_sum_that_leaves_offices_out_says_of_how_many() -> None:
    drawn = card("attendance", samples.office(1, present=50), samples.office(2, present=None))
    assert "1 dari 2 kantor" in drawn
    assert "dari" not in card("attendance", samples.office(1, present=50))


def test_an_office_of_which_nobody_knows_how_many_work_there_is_not_in_the_sum() -> None:
    drawn = card(
        "attendance", samples.office(1, present=30), samples.office(2, present=40, expected=0)
    )
    assert "60,0" in drawn
    assert "figure warn" in drawn
    assert "1 dari 2 kantor" in drawn


def test_a_wrong_clock_is_told_and_its_lateness_is_not_a_number() -> None:
    alone = card("attendance", samples.office(1, present=50, clocks_wrong=1))
    assert "figure warn" in alone
    assert "1 jam mesin salah" in alone
    assert "belum diketahui" in alone
    both = card(
        "attendance", samples.office(1, present=50), samples.office(2, present=50, clocks_wrong=1)
    )
    assert "sedikitnya 3 terlambat" in both


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (samples.office(2, present=50, silent=1), "1 mesin diam"),
        (samples.machine("X", "pending"), "1 mesin di luar daftar"),
    ],
)
def test_a_machine_that_is_silent_or_not_listed_is_never_green(
    trouble: Reading, words: str
) -> None:
    drawn = card("attendance", samples.office(1, present=50), trouble)
    assert "figure warn" in drawn
    assert words in drawn
