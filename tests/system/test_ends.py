"""However it ends, nothing stays behind; and processes that are started one by one agree."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
import redis

from commandcenter.records.database import Records
from tests.conftest import RedisProcess
from tests.system.program import LINES, Program
from tests.system.town import Town

ROOT = Path(__file__).parents[2]
EVERYTHING = {*LINES, "redis-server", "pictures", "sleep", "commandcenter.video.worker"}


@pytest.fixture
def running(make_town: Callable[[], Town]) -> Program:
    """`commandcenter run` with every process that it has, cameras' workers included."""
    program = make_town().program
    program.start("run")
    program.until_open()
    program.until(lambda: all(map(program.named, EVERYTHING)), "every process is there")
    return program


def test_ctrl_c_ends_every_process(running: Program) -> None:
    assert running.interrupt() == 0
    assert running.processes() == []
    assert "Traceback" not in running.log()


@pytest.mark.long
def test_when_run_itself_is_killed_everything_ends_too(running: Program) -> None:
    running.started[0].kill()
    running.until(lambda: running.processes() == [], "nothing is left")


def test_ctrl_c_while_everything_is_only_starting_leaves_nothing_either(
    make_town: Callable[[], Town],
) -> None:
    program = make_town().program
    program.start("run")
    program.until(lambda: bool(program.named("watch")), "the last process is started")
    program.interrupt()
    program.until(lambda: program.processes() == [], "nothing is left")


@pytest.mark.long
def test_a_redis_that_cannot_start_is_told_once_and_ctrl_c_ends_the_wait_for_it(
    make_town: Callable[[], Town],
) -> None:
    program = make_town().program
    (program.folder / "var").mkdir()
    (program.folder / "var" / "redis").write_text("in the way")
    program.start("run")
    program.until(lambda: "no embedded Redis: " in program.log(), "it is told")
    assert program.interrupt() == 0
    assert program.log().count("no embedded Redis: ") == 1
    assert "Traceback" not in program.log()


@pytest.mark.long
def test_a_taken_port_of_the_intake_is_told_once_stops_no_polling_and_is_tried_again(
    make_town: Callable[[], Town],
) -> None:
    town = make_town()
    program = town.program
    with socket.create_server(("127.0.0.1", program.intake_port)):
        program.start("run")
        program.until(lambda: "intake cannot listen on 127.0.0.1" in program.log(), "it is told")
        until_heard(program)
    town.push_until_taken(1)
    assert program.log().count("intake cannot listen") == 1


def until_heard(program: Program) -> None:
    """Until web has heard of a look that feeds and cameras take from now on."""
    now = datetime.now(UTC).isoformat()

    def heard(feed: str) -> bool:
        status = program.readyz().get("feeds", {}).get(feed, {})
        return str(status.get("last_success_at") or "") > now

    program.until(lambda: heard("attendance") and heard("cameras"), "web hears of both", 30)


def test_processes_under_their_own_units_share_a_redis_that_outlives_who_started_it(
    make_town: Callable[[], Town],
) -> None:
    town = make_town()
    program = town.program
    lines = {program.start_confined(line).pid: line for line in LINES}
    program.until_open()
    until_heard(program)
    (server,) = program.named("redis-server")
    keeper = server.ppid()
    psutil.Process(keeper).kill()
    program.until(lambda: server not in program.named("redis-server"), "its Redis ends with it")
    program.until(lambda: bool(program.named("redis-server")), "another process keeps a Redis")
    program.start_confined(lines[keeper])  # as systemd does
    program.until_open()
    until_heard(program)
    assert len(program.named("redis-server")) == 1
    town.push_until_taken(1)
    for process in program.started:
        process.terminate()
    program.until(lambda: program.processes() == [], "nothing is left")


@pytest.mark.long
def test_the_procfile_runs_under_honcho_and_ends_with_it(make_town: Callable[[], Town]) -> None:
    town = make_town()
    program, binaries = town.program, Path(sys.executable).parent
    program.environment["PATH"] = f"{binaries}:{os.environ['PATH']}"
    honcho = [str(binaries / "honcho"), "start", "-f", str(ROOT / "Procfile")]
    program.start(command=honcho)
    program.until_open()
    until_heard(program)
    assert len(program.named("redis-server")) == 1
    town.push_until_taken(1)
    program.interrupt()
    assert town.scanned() == {1}
    program.until(lambda: program.processes() == [], "nothing is left")


@pytest.mark.long
def test_servers_of_the_operators_own_are_used_and_left_running(
    make_town: Callable[[], Town],
    redis_process: RedisProcess,
    postgres_records: Records,
) -> None:
    town = make_town()
    program = town.program
    program.environment |= {"REDIS_URL": redis_process.url, "RECORDS_URL": postgres_records.url}
    program.start("run")
    program.until_open()
    until_heard(program)
    town.push_until_taken(1)
    told = program.readyz()
    assert (told["redis"]["ok"], told["records"]["database"]) == (True, "postgresql")
    assert program.named("redis-server") == []
    assert not (program.folder / "var").exists()
    assert program.interrupt() == 0
    assert town.scanned() == {1}
    assert program.processes() == []
    assert redis.Redis.from_url(redis_process.url).ping()


def test_a_list_that_cannot_be_read_is_told_at_the_door(make_town: Callable[[], Town]) -> None:
    program = make_town().program
    (program.folder / "offices.csv").unlink()
    told = program.say("run")
    assert told.returncode == 1
    assert (
        told.stderr
        == "[lists] offices: offices.csv: tidak dapat dibaca: No such file or directory\n"
    )
    assert program.processes() == []
