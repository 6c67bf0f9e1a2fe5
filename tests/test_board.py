"""What the board makes of what it hears."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Origin, Reading
from commandcenter.region import Region
from tests.conftest import NOW

ID = Language("id", ZoneInfo("Asia/Jakarta"))


def reading(number: int, seconds: float = 0, feed: str = "network", **value: object) -> Reading:
    at = NOW + timedelta(seconds=seconds)
    return Reading(feed=feed, key="provider/telkom", at=at, value=value, number=number)


@pytest.fixture
def board() -> Board:
    patience = Patience(late_after=30, stale_after=90)
    return Board(patience={"network": patience, "rain": patience}, series=frozenset({"provider"}))


def view(board: Board, *feeds: str, later: float = 0) -> View:
    now = NOW + timedelta(seconds=later)
    return View(board=board, feeds=feeds, now=now, say=ID, region=Region(name="x"))


def test_the_latest_of_a_key_is_kept_and_its_past(board: Board) -> None:
    board.take([reading(1, in_bps=1), reading(2, in_bps=2)], NOW)
    (latest,) = board.all("network", "provider")
    assert latest.value == {"in_bps": 2}
    assert [r.number for r in board.history("network", "provider/telkom")] == [1, 2]


def test_what_was_told_before_is_not_told_again_as_new(board: Board) -> None:
    board.take([reading(1, in_bps=1), reading(2, in_bps=2)], NOW)
    board.take([reading(1, in_bps=1), reading(2, in_bps=2)], NOW)
    assert board.all("network", "provider")[0].value == {"in_bps": 2}
    assert len(board.history("network", "provider/telkom")) == 2


def test_a_forgotten_thing_is_gone_with_its_past(board: Board) -> None:
    board.take([reading(1, in_bps=1)], NOW)
    gone = Reading(feed="network", key="provider/telkom", at=NOW, value=None, number=2)
    assert board.take([gone], NOW) == {"network"}
    assert board.all("network", "provider") == []
    assert board.history("network", "provider/telkom") == ()


def test_a_source_whose_clock_is_ahead_grows_old_like_any_other(board: Board) -> None:
    board.take([reading(1, seconds=86_400)], NOW)
    assert view(board, "network", later=60).freshness().at == NOW
    assert not view(board, "network", later=91).alive("network")


def test_two_sources_are_as_fresh_as_the_one_that_turns_stale_first(board: Board) -> None:
    board.take([reading(1, seconds=-60), reading(1, feed="rain")], NOW)
    fresh = view(board, "network", "rain").freshness()
    assert fresh.at == NOW
    assert fresh.stale_at == NOW + timedelta(seconds=30)


def test_nothing_heard_and_nothing_configured_are_told_apart(board: Board) -> None:
    assert view(board, "network").freshness().base == "none"
    assert view(board, "tide").freshness().base == "disconnected"


def test_a_mixture_with_demo_data_is_demo_data(board: Board) -> None:
    demo = Reading(feed="rain", key="gauge/1", at=NOW, value={}, origin=Origin.DEMO, number=1)
    board.take([reading(1), demo], NOW)
    assert view(board, "network", "rain").freshness().origin is Origin.DEMO
    assert view(board, "network").freshness().origin is Origin.LIVE


def test_what_the_system_says_of_a_feed_is_a_change_of_that_feed(board: Board) -> None:
    status = {"ok": False, "error": "kabel putus"}
    told = Reading(feed="system", key="feed/network", at=NOW, value=status, number=1)
    assert board.take([told], NOW) == {"network"}
    assert board.trouble(["network", "rain"]) == {"network": "kabel putus"}
