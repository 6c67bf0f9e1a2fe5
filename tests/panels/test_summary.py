"""The big numbers: nothing is green because nothing was heard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

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


def test_cameras_of_which_none_is_known_are_unknown_and_said_to_be() -> None:
    gone = Reading(feed="cameras", key="camera/x", at=NOW, value=None)
    drawn = card("cameras", samples.camera(1), gone, replace(samples.camera(1), value=None))
    assert "figure unknown" in drawn
    assert "belum ada kamera yang dikenal" in drawn
    assert "semua hidup" not in drawn


@pytest.mark.parametrize(
    ("states", "level", "words"),
    [
        (["live"] * 3, "ok", ["semua hidup"]),
        (["live", "starting"], "warn", ["1 baru mulai"]),
        (["live"] * 9 + ["late"], "warn", ["1 terlambat"]),
        (["live"] * 9 + ["covered"], "warn", ["1 terganggu pandangannya"]),
        (["live"] * 10 + ["unreachable"], "warn", ["1 mati"]),
        (["live", "frozen"], "bad", ["1 beku"]),
        (["live", "forbidden", "unheard of"], "bad", ["2 mati"]),
        (
            ["live", "dark", "late", "frozen", "unauthorized", "starting"],
            "bad",
            ["1 mati · 1 beku", "1 terganggu pandangannya · 1 terlambat · 1 baru mulai"],
        ),
    ],
)
def test_cameras_have_the_colour_of_the_worst_and_every_state_is_counted(
    states: list[Any], level: str, words: list[str]
) -> None:
    drawn = card("cameras", *(samples.camera(n, state=state) for n, state in enumerate(states)))
    assert f"figure {level}" in drawn
    for word in words:
        assert word in drawn


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
