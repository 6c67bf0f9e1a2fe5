"""The benchmarks' own arithmetic, and a smoke of the ones that need no browser."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.report import Row, percentile


def test_the_99th_percentile_of_a_hundred_values_is_the_second_largest() -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], 0.99) == 99.0


def test_a_run_in_which_nothing_arrived_is_no_success() -> None:
    with pytest.raises(ValueError, match="not one event arrived"):
        percentile([], 0.5)


def test_a_row_says_the_goal_and_whether_it_is_met() -> None:
    row = Row(figure="event to DOM", ours=9.0, unit="ms", rival=4.0, twice_the_rival=True)
    assert str(row) == "| event to DOM | 9 ms | 4 ms | 2.25 | ≤ 2 × rival | **missed** |"


@pytest.mark.long
def test_a_quick_run_prints_a_row_for_every_figure() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "drawing", "fan_out"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert told.returncode == 0, told.stderr
    for figure in ("drawing attendance, 61 offices", "20 browsers, event to browser p99"):
        assert f"| {figure} |" in told.stdout
