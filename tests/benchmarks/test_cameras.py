"""The cameras' benchmarks: their arithmetic, and a smoke of each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cameras.__main__ import renew
from benchmarks.cameras.pinned import OURS, Meter, started


def test_a_new_table_takes_the_place_of_the_old_one_and_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "CAMERAS.md"
    renew(path, "Scale", "| old |")
    renew(path, "Faults", "| dark |\n\n2 cores")
    renew(path, "Scale", "| new |")
    assert path.read_text() == "## Scale\n\n| new |\n\n## Faults\n\n| dark |\n\n2 cores\n"


def test_a_meter_counts_the_children_of_a_process_too() -> None:
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    with started([sys.executable, "-c", work], OURS) as process:
        meter = Meter([process.pid])
        meter.begin()
        while meter.percent < 5:  # whatever else the machine does
            pass
        assert meter.megabytes > 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["decoding", "scale", "returning", "freeze", "dead", "faults"])
def test_a_quick_run_prints_its_rows(name: str) -> None:
    command = [sys.executable, "-m", "benchmarks.cameras", "--quick", name]
    told = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("\n| ") >= 2
