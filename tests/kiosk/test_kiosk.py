"""The wall PC: whatever happens to its browser, the wall comes back without a hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kiosk.conftest import HANGS, OTHER, SHOWN, SLOW, WISHES, Server, WallPC

PROMISE = 15.0  # seconds; about twice what it takes on a busy machine


def test_it_opens_the_wall_and_tells_systemd(pc: WallPC, server: Server) -> None:
    pc.start()
    ready = pc.until_told("READY=1")
    assert pc.process is not None
    assert f"MAINPID={pc.process.pid}" in ready
    pc.until_told("WATCHDOG=1")
    pc.until_told(SHOWN)
    assert server.asked.qsize() == 1  # one load, one pairing code
    pc.until_told("WATCHDOG=1")


# --- the browser breaks ------------------------------------------------------------------------


def test_a_killed_renderer_is_loaded_anew_in_the_same_chromium(
    running: WallPC, server: Server
) -> None:
    before = running.processes("browser")
    running.kill("renderer")
    running.until_told(SHOWN, PROMISE)
    assert server.asked.qsize() == 2
    assert running.processes("browser") == before


@pytest.mark.long
def test_a_hung_main_thread_is_ended_and_loaded_anew(pc: WallPC, server: Server) -> None:
    server.pages = [HANGS]
    pc.start()
    pc.until_told(SHOWN)
    server.sign.set()
    pc.until_told("STATUS=the page does not answer", PROMISE)
    pc.until_told(SHOWN, PROMISE)
    assert server.asked.qsize() == 2


@pytest.mark.long
def test_a_killed_chromium_is_started_anew(running: WallPC) -> None:
    before = running.processes("browser")
    running.kill("browser")
    running.until_told(SHOWN, PROMISE)
    assert running.processes("browser") not in ([], before)


@pytest.mark.long
def test_a_frozen_chromium_is_replaced(running: WallPC) -> None:
    (before,) = running.processes("browser")
    before.suspend()
    running.until_told(SHOWN)
    assert before not in running.processes("browser")


@pytest.mark.long
def test_a_page_that_wishes_a_new_chromium_gets_one(pc: WallPC, server: Server) -> None:
    server.pages = [WISHES]
    pc.start()
    pc.until_told("STATUS=the page asks for a new Chromium: no picture for 60 s")
    pc.until_told(SHOWN)
    assert server.asked.qsize() == 2


@pytest.mark.long
def test_when_no_cure_lasts_everything_is_left_to_systemd(pc: WallPC, server: Server) -> None:
    server.pages = [WISHES] * 2
    pc.start("--cures=1")
    assert pc.process is not None
    assert pc.process.wait(40) == 1
    assert "everything starts anew" in pc.log()
    pc.until_gone()


# --- the server is away ------------------------------------------------------------------------


@pytest.mark.long
def test_a_server_that_comes_after_the_boot_is_waited_for(pc: WallPC, server: Server) -> None:
    server.stop()
    pc.start()
    pc.until_told("STATUS=waiting for the server: it does not answer")
    server.start()
    pc.until_told(SHOWN)
    assert "cure" not in pc.log()


@pytest.mark.long
def test_a_proxy_s_error_page_is_not_taken_for_the_wall(pc: WallPC, server: Server) -> None:
    server.pages = [OTHER]
    pc.start("--load=0.5")
    pc.until_told("STATUS=waiting for the server: it answers, but not with our page")
    pc.until_told(SHOWN)
    assert "cure" not in pc.log()


@pytest.mark.long
def test_a_page_that_was_loaded_anew_while_the_server_was_away_comes_back(
    pc: WallPC, server: Server
) -> None:
    server.pages = [HANGS.replace(b"while (true) {}", b"location.reload()")]
    pc.start()
    pc.until_told(SHOWN)
    server.stop()
    server.sign.set()
    pc.until_told("STATUS=waiting for the server: it does not answer")
    server.start()
    pc.until_told(SHOWN)


@pytest.mark.long
def test_a_page_that_loads_itself_anew_slowly_is_not_disturbed(pc: WallPC, server: Server) -> None:
    server.pages = [HANGS.replace(b"while (true) {}", b"location.reload()"), SLOW]
    pc.start("--load=10")
    pc.until_told(SHOWN)
    server.sign.set()
    assert server.asked.get(timeout=5) == ""
    assert server.asked.get(timeout=5) == "display=token"
    pc.until_looked(times=4)  # while the page has no head yet
    server.rest.set()
    assert "waiting for the server" not in pc.log()


# --- switched off and on -----------------------------------------------------------------------


@pytest.mark.long
def test_sigterm_ends_everything_and_the_next_start_still_has_the_token(
    running: WallPC, server: Server
) -> None:
    assert server.asked.get(timeout=1) == ""  # the token was given this very moment
    assert running.end() == 0
    assert running.processes() == []
    running.start()
    running.until_told(SHOWN)
    assert server.asked.get(timeout=1) == "display=token"


@pytest.mark.long
def test_after_a_power_cut_there_is_no_restore_bubble_and_no_lock(
    running: WallPC, tmp_path: Path
) -> None:
    running.end()
    preferences = running.profile / "Default" / "Preferences"
    known = json.loads(preferences.read_text())
    known["profile"]["exit_type"] = "Crashed"
    preferences.write_text(json.dumps(known))
    (running.profile / "SingletonLock").symlink_to("former-name-of-this-machine-1")
    chromium = tmp_path / "chromium"  # looks at what the real one is given
    chromium.write_text(f'#!/bin/sh\ncp -a {running.profile} {tmp_path}/seen\nexec chromium "$@"')
    chromium.chmod(0o700)
    running.start(f"--chromium={chromium}")
    running.until_told(SHOWN)
    seen = json.loads((tmp_path / "seen" / "Default" / "Preferences").read_text())
    assert seen["profile"]["exit_type"] == "Normal"
    assert not (tmp_path / "seen" / "SingletonLock").is_symlink()


@pytest.mark.long
def test_half_written_preferences_do_not_stop_it(running: WallPC) -> None:
    running.cut_power()
    (running.profile / "Default" / "Preferences").write_text('{"profile": {"exit_ty')
    running.start()
    running.until_told(SHOWN)


@pytest.mark.long
def test_when_kiosk_py_itself_is_killed_chromium_ends_too(running: WallPC) -> None:
    assert running.process is not None
    running.process.kill()
    running.until_gone()


# --- what is told to whom sets it up -------------------------------------------------------------


@pytest.mark.long
def test_without_an_address_it_says_what_to_set(pc: WallPC) -> None:
    pc.url = ""
    pc.start()
    assert pc.process is not None
    assert pc.process.wait(5) == 2
    assert "set WALL_URL" in pc.log()


@pytest.mark.long
def test_without_chromium_it_says_what_to_install(pc: WallPC) -> None:
    pc.start("--chromium=no-such-browser")
    assert pc.process is not None
    assert pc.process.wait(5) == 1
    assert "no-such-browser" in pc.log()
    assert "apt-get install chromium" in pc.log()
