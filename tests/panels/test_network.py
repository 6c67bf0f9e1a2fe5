"""The chart of the network: few points, honest gaps, and axes that keep still."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.network import Network
from tests.conftest import NOW

SECOND = timedelta(seconds=1)


def told(bps: float | None, at: datetime) -> Reading:
    value = {"name": "Telkom", "devices": 2, "up": 2, "rtt_ms": 9.0, "loss_percent": 0.0}
    value |= {"in_bps": bps, "out_bps": bps}
    return Reading(feed="network", key="provider/telkom", at=at, value=value)


def chart(readings: Iterable[Reading], now: datetime = NOW) -> dict[str, Any]:
    panel = Network(name="network")
    patience = {"network": Patience(late_after=30, stale_after=90)}
    board = Board(patience=patience, series=panel.series)
    board.take(readings, now)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=panel.feeds, now=now, say=say, region=Region(name="Kobar"))
    figure = panel.render(view).figure
    assert figure is not None
    return figure


def line(figure: dict[str, Any]) -> list[tuple[int, float | None]]:
    (trace,) = figure["data"]
    return list(zip(trace["x"], trace["y"], strict=True))


def without_points(figure: dict[str, Any]) -> dict[str, Any]:
    data = [{k: v for k, v in trace.items() if k not in "xy"} for trace in figure["data"]]
    return figure | {"data": data}


def test_a_source_that_tells_every_second_has_150_points_not_1800() -> None:
    drawn = line(chart(told(1e8, NOW - n * SECOND) for n in range(700, -1, -1)))
    assert len(drawn) == pytest.approx(700 / 12, abs=2)
    assert {y for _, y in drawn} == {100.0}


def test_a_point_is_the_mean_of_its_seconds_and_stands_at_the_last_of_them() -> None:
    start = NOW.replace(second=0)
    drawn = line(chart([told(1e8, start), told(3e8, start + 5 * SECOND)]))
    (x, y), *rest = drawn
    assert (y, rest) == (200.0, [])
    assert x == (29 * 60) + 5  # the axis ends with the minute that has begun


def test_every_reading_of_a_slow_source_is_a_point_of_its_own() -> None:
    readings = [told(n * 1e8, NOW - 60 * (4 - n) * SECOND) for n in range(5)]
    assert [y for _, y in line(chart(readings))] == [0.0, 100.0, 200.0, 300.0, 400.0]


def test_traffic_that_nobody_could_measure_is_a_gap_and_not_a_zero() -> None:
    readings = [told(bps, NOW - 60 * n * SECOND) for n, bps in ((2, 1e8), (1, None), (0, 1e8))]
    assert [y for _, y in line(chart(readings))] == [100.0, None, 100.0]


def test_between_two_minutes_only_the_points_change() -> None:
    begun = NOW.replace(second=1)
    readings = [told(1e8, begun - n * SECOND) for n in range(300, 0, -1)]
    before = chart([*readings, told(1e8, begun)])
    after = chart([*readings, told(1e8, begun), told(1.01e8, begun + 58 * SECOND)])
    assert line(before) != line(after)
    assert without_points(before) == without_points(after)
    later = chart([*readings, told(1e8, begun + 60 * SECOND)])
    assert without_points(before) != without_points(later)


def test_the_clock_of_the_axis_is_the_regions() -> None:
    axis = chart([told(1e8, NOW)])["layout"]["xaxis"]  # NOW is 09:42:17 WIB
    assert axis["ticktext"] == ["09:20", "09:30", "09:40"]
    assert axis["tickvals"] == [7 * 60, 17 * 60, 27 * 60]
    assert axis["range"] == [0, 1800]


@pytest.mark.parametrize(("bps", "top"), [(None, 1), (0.0, 1), (4.2e5, 0.5), (9.9e8, 1500)])
def test_the_highest_value_has_air_above_it(bps: float | None, top: float) -> None:
    assert chart([told(bps, NOW)])["layout"]["yaxis"]["range"] == [0, pytest.approx(top)]


def test_a_line_whose_provider_was_renamed_keeps_its_past() -> None:
    old = told(1e8, NOW - 60 * SECOND)
    new = replace(old, at=NOW, value=(old.value or {}) | {"name": "Telkom Indonesia"})
    figure = chart([old, new])
    assert figure["data"][0]["name"] == "Telkom Indonesia"
    assert len(line(figure)) == 2


def table(**value: Any) -> str:
    """The providers' figures as they are drawn."""
    panel = Network(name="network")
    board = Board(
        patience={"network": Patience(late_after=30, stale_after=90)}, series=panel.series
    )
    reading = told(4e8, NOW)
    board.take([replace(reading, value=(reading.value or {}) | value)], NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=panel.feeds, now=NOW, say=say, region=Region(name="Kobar"))
    return str(panel.render(view).body)


def test_a_sum_says_of_how_many_links_it_is_when_some_are_silent() -> None:
    assert "dari 3/5 tautan" in table(leaves=5, telling=3)
    assert "tautan" not in table(leaves=5, telling=5)
    assert "tautan" not in table(leaves=5, telling=0, in_bps=None)
    assert "tautan" not in table()  # told by an older version
