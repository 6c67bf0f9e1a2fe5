"""Every target of the Makefile starts, and every benchmark runs through."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.cameras.__main__ import FAULTS
from benchmarks.cameras.__main__ import NAMES as OF_CAMERAS
from panels.cctv import Cctv
from tests.panels.test_cctv import camera, view

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"[\w-]+", re.findall(r"^\.PHONY:(.*)", MAKEFILE, re.MULTILINE)[0])


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_one_that_make_can_follow(target: str) -> None:
    told = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    "module",
    [
        *(f"benchmarks.{name}" for name in NAMES),
        *(f"benchmarks.cameras.{name}" for name in OF_CAMERAS + FAULTS),
    ],
)
def test_every_benchmark_that_is_named_is_there(module: str) -> None:
    assert callable(import_module(module).run)


def test_the_probe_of_the_soak_reads_the_number_of_a_picture_from_its_address() -> None:
    probe = (ROOT / "benchmarks/soak/probe.js").read_text("utf-8")
    (pattern,) = re.findall(r"dataset\.shown\.match\(/(.+)/\)\[1\]", probe)
    drawn = str(Cctv(name="cctv").render(view(camera(1, picture=1796077673965303))).body)
    (address,) = re.findall(r"'data-picture': '([^']+)'", drawn)
    found = re.search(pattern.replace(r"\/", "/"), address)
    assert found is not None
    assert found[1] == "1796077673965303"


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs_through_and_prints_rows(name: str) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", name]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=380, check=False
    )
    assert told.returncode == 0, told.stderr[-3000:]
    assert told.stdout.count("\n| ") > 1


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_soak_of_three_minutes_runs_to_its_end() -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--minutes", "3"]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=380, check=False
    )
    assert "Traceback" not in told.stderr, told.stderr[-3000:]
    assert told.returncode in (0, 1)  # a goal may be missed, on a busy machine
    assert "| console errors | 0 |" in re.sub(r" +", " ", told.stdout)
