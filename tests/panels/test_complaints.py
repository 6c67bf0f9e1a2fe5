"""The queue of complaints: what it says when nothing, half, or typed-in things were heard."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from commandcenter.board import Board, Patience, View
from commandcenter.drawing import Drawing
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.complaints import Complaints
from tests.conftest import NOW
from tests.web import samples


def draw(*readings: Reading) -> Drawing:
    board = Board(patience={"complaints": Patience(late_after=30, stale_after=90)})
    board.take(readings, NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=("complaints",), now=NOW, say=say, region=Region(name="x"))
    return Complaints(name="complaints").render(view)


def test_before_the_first_word_nothing_is_known_and_that_is_not_an_empty_queue() -> None:
    drawing = draw()
    assert "Belum ada kabar" in str(drawing.body)
    assert "Tidak ada aduan terbuka" not in str(drawing.body)
    assert drawing.subtitle == "– terbuka"
    assert not drawing.empty


def test_no_open_complaints_is_said_only_where_every_source_told_all() -> None:
    assert "Tidak ada aduan terbuka" in str(draw(samples.complaint_totals(0)).body)
    drawing = draw(samples.complaint_totals(0, at_least=True))
    assert "Tidak ada aduan terbuka" not in str(drawing.body)
    assert "belum semua sumber" in str(drawing.body)
    assert drawing.subtitle == "sedikitnya 0 terbuka"


def test_what_was_typed_in_and_what_could_not_be_used_is_told() -> None:
    refused = {"rekap.csv": 3, "buruk.xlsx": None, "Open311": 1}
    totals = samples.complaint_totals(
        2, from_file=1, file_at="2026-11-09T03:00:00+00:00", refused=refused, gone=4
    )
    drawn = str(draw(samples.complaint(1), totals).body)
    for note in (
        "1 dari berkas 9 Nov 2026",
        "3 dari rekap.csv tidak dapat dipakai",
        "buruk.xlsx tidak dapat dipakai",
        "1 dari Open311 tidak dapat dipakai",
        "4 tidak dikenal lagi di sumbernya",
    ):
        assert note in drawn


def test_two_sources_that_number_alike_have_two_rows() -> None:
    first, second = samples.complaint(1), samples.complaint(1)
    value = dict(second.value or {}, source="import", file_at="2026-11-09T03:00:00+00:00")
    other = Reading(feed="complaints", key="complaint/import:1", at=NOW, value=value)
    drawn = str(draw(first, other).body)
    assert "open311:1" in drawn
    assert "import:1" in drawn
    assert "dari berkas 9 Nov 2026" in drawn
