"""Incidents on the wall: what needs somebody, and what is said beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from commandcenter.board import Board, View
from commandcenter.config import OWN_FEEDS
from commandcenter.drawing import Drawing
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.incidents import Incidents
from tests.conftest import NOW
from tests.web import samples


def drawn(*readings: Reading) -> Drawing:
    board = Board(patience=OWN_FEEDS)
    board.take(readings, NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    feeds = ("incidents",)
    view = View(board=board, feeds=feeds, now=NOW, say=say, region=Region(name="x"))
    return Incidents(name="incidents").render(view)


def incident(number: int, **facts: Any) -> Reading:
    told = samples.incident(number)
    return replace(told, value=(told.value or {}) | facts)


def aside(number: int, state: str) -> Reading:
    return replace(incident(number, state=state), key=f"aside/{number}")


def test_how_much_hangs_on_it_whether_it_comes_and_goes_and_is_worked_on() -> None:
    body = str(drawn(incident(1, affected=200, flapping=True, maintenance=True)).body)
    assert "200 ikut terdampak · naik-turun · dalam pemeliharaan" in body
    assert "terdampak" not in str(drawn(incident(1)).body)


def test_shelved_ones_are_counted_and_not_listed_and_resolved_ones_neither() -> None:
    found = drawn(incident(1), aside(2, "shelved"), aside(3, "resolved"))
    assert found.subtitle == "1 terbuka · 1 ditunda"
    assert "Dinas Nomor 2" not in str(found.body)
    assert "Dinas Nomor 3" not in str(found.body)
    watched = samples.process("watch"), samples.incident_totals(0)
    assert drawn(aside(2, "shelved"), *watched).empty


def test_one_about_a_camera_for_others_is_counted_and_not_told() -> None:
    about = {"feed": "cameras", "about": "camera/simpang-7", "title": "Gudang senjata gelap"}
    watched = samples.process("watch"), samples.incident_totals(1)
    found = drawn(incident(1, **about), *watched)  # nobody told whom the camera is for
    assert "Gudang" not in str(found.body)
    assert "Tidak ada insiden" not in str(found.body)
    assert (found.subtitle, found.empty) == ("1 terbuka", False)
    assert "'data-rest': 1" in str(found.body)


def test_that_there_is_nothing_is_said_only_while_somebody_watches() -> None:
    totals, watch = samples.incident_totals(0), samples.process("watch")
    assert "Tidak ada insiden terbuka" in str(drawn(totals, watch).body)
    late = replace(watch, at=NOW - timedelta(seconds=121))
    for told in (
        [],
        [totals],
        [watch],
        [totals, late],
        [totals, samples.process("watch", error="x")],
    ):
        found = drawn(*told)
        assert "tidak dipantau: yang baru tidak diketahui" in str(found.body)
        assert "Tidak ada insiden" not in str(found.body)
        assert not found.empty
