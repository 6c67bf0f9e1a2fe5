"""What stands beside kiosk.py: the unit, Chromium's flags, the page that waits."""

from __future__ import annotations

import mmap
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kiosk.conftest import ROOT, WallPC

SETUP = ROOT / "setup" / "kiosk"
CHROMIUM = Path("/usr/lib/chromium/chromium")  # Debian's
TARGETS = ("sysinit.target", "basic.target", "multi-user.target", "shutdown.target")


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    units = tmp_path / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    shutil.copy(SETUP / "commandcenter-kiosk.service", units)
    for target in TARGETS:  # what Debian and the packages of install.sh bring along
        (units / target).write_text("[Unit]\n")
    (units / "system.slice").write_text("[Slice]\n")
    (units / "-.slice").write_text("[Slice]\n")
    (units / "seatd.service").write_text("[Service]\nExecStart=/usr/bin/cage\n")
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    shutil.copy("/bin/true", tmp_path / "usr" / "bin" / "cage")
    command = ["systemd-analyze", "verify", f"--root={tmp_path}", "commandcenter-kiosk.service"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_the_unit_starts_what_the_installation_puts_there() -> None:
    unit = (SETUP / "commandcenter-kiosk.service").read_text()
    install = (SETUP / "install.sh").read_text()
    assert "/opt/commandcenter-kiosk/kiosk.py" in unit
    assert "-t /opt/commandcenter-kiosk kiosk.py chromium.flags waiting.html" in install
    for name in ("/etc/commandcenter-kiosk.env", "cage", "seatd"):
        assert name in unit
        assert name in install


def test_the_installation_says_how_it_is_called() -> None:
    told = subprocess.run([SETUP / "install.sh"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "http://server:8050/wall" in told.stderr


@pytest.mark.skipif(not CHROMIUM.exists(), reason="this Chromium is not Debian's")
def test_chromium_still_knows_every_flag() -> None:
    lines = (SETUP / "chromium.flags").read_text().splitlines()
    flags = [line.split()[0] for line in lines if line.startswith("--")]
    assert len(flags) > 20
    with CHROMIUM.open("rb") as program:
        whole = mmap.mmap(program.fileno(), 0, access=mmap.ACCESS_READ)
        names = [flag.removeprefix("--").partition("=")[0] for flag in flags]
        unknown = [name for name in names if whole.find(f"{name}\0".encode()) < 0]
        whole.close()
    assert unknown == []


def test_chromium_is_started_with_the_flags_and_never_without_its_sandbox(
    pc: WallPC, tmp_path: Path
) -> None:
    chromium = tmp_path / "chromium"
    chromium.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{tmp_path}/words\n")
    chromium.chmod(0o700)
    pc.start(f"--chromium={chromium}", KIOSK_FLAGS="--force-device-scale-factor=2")
    assert pc.process is not None
    assert pc.process.wait(10) == 1
    *words, page = (tmp_path / "words").read_text().splitlines()
    assert "--kiosk" in words
    assert "--simulate-outdated-no-au=Tue, 31 Dec 2199 23:59:59 GMT" in words
    assert f"--user-data-dir={pc.profile}" in words
    assert "--force-device-scale-factor=2" in words
    assert "--no-sandbox" not in words
    assert page.startswith("data:text/html")
    assert "Menunggu%20server%20127.0.0.1" in page
    assert "shows no page" in pc.log()
