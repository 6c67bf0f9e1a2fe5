"""The systemd units: each process has one, hardened, and watched as `commandcenter run` does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from commandcenter.processes import PROCESSES
from commandcenter.run import DEAF_AFTER
from tests.web.conftest import ROOT

SETUP = ROOT / "setup" / "systemd"
UNITS = sorted(SETUP.glob("*.service"))
MOST_EXPOSED = 29  # tenths; systemd itself calls less than 2.0 "OK" and 3.0 to 4.0 "MEDIUM"
# What units may not have in common; netlink tells cameras the addresses of their own machine.
OWN = ("Description=", "ExecStart=", "TasksMax=", "RestrictAddressFamilies=")
TARGETS = ("sysinit.target", "basic.target", "multi-user.target", "shutdown.target")


def test_every_process_has_a_unit() -> None:
    assert {unit.stem.removeprefix("commandcenter-") for unit in UNITS} == set(PROCESSES)
    target = (SETUP / "commandcenter.target").read_text()
    for unit in UNITS:
        assert unit.name in target
        name = unit.stem.removeprefix("commandcenter-")
        assert f"/commandcenter {name}\n" in unit.read_text()


def test_all_are_alike() -> None:
    kinds = {
        tuple(line for line in unit.read_text().splitlines() if not line.startswith(OWN))
        for unit in UNITS
    }
    assert len(kinds) == 1


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_hardened(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    command += [f"--threshold={MOST_EXPOSED}", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_watched_and_started_again_for_ever(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    wanted = {"Type=notify", "NotifyAccess=main", f"WatchdogSec={DEAF_AFTER:g}", "Restart=always"}
    assert wanted | {"StartLimitIntervalSec=0"} <= set(lines)
    assert not any(line.startswith("WatchdogSignal=") for line in lines)  # SIGABRT tells the stack


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    units = tmp_path / "etc" / "systemd" / "system"
    shutil.copytree(SETUP, units)
    for target in (*TARGETS, "network-online.target"):
        (units / target).write_text("[Unit]\n")
    for name in ("system.slice", "-.slice"):
        (units / name).write_text("[Slice]\n")
    program = tmp_path / "opt" / "commandcenter" / ".venv" / "bin" / "commandcenter"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/true", program)
    command = ["systemd-analyze", "verify", f"--root={tmp_path}", *(unit.name for unit in UNITS)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
