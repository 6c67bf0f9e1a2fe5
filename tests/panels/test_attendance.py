"""Attendance by office: what is the matter with a machine stands at its office."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.attendance import Attendance
from tests.conftest import NOW
from tests.web import samples


def drawn(*readings: Reading) -> str:
    board = Board(patience={"attendance": Patience(late_after=30, stale_after=90)})
    board.take(readings, NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=("attendance",), now=NOW, say=say, region=Region(name="x"))
    return str(Attendance(name="attendance").render(view).body)


def test_a_wrong_clock_marks_the_row() -> None:
    found = drawn(samples.office(1, present=50, clocks_wrong=1))
    assert "row warn" in found
    assert "jam mesin salah" in found


def test_an_office_that_is_unknown_for_its_clock_shows_no_share() -> None:
    found = drawn(samples.office(1, present=None, clocks_wrong=1))
    assert "row unknown" in found
    assert "belum ada" in found
    assert "0 %" not in found
    assert "jam mesin salah" in found


@pytest.mark.parametrize(("present", "level"), [(50, "ok"), (10, "warn"), (None, "unknown")])
def test_a_row_has_the_colour_of_its_share(present: int | None, level: str) -> None:
    assert f"row {level}" in drawn(samples.office(1, present=present))


def test_an_office_of_which_nobody_knows_how_many_work_there_shows_how_many_came() -> None:
    found = drawn(samples.office(1, present=37, expected=0))
    assert "row unknown" in found
    assert "'37'" in found
