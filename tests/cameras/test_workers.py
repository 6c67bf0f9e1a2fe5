"""Worker processes: replaced when they die or hang, gone when we are, discreet about passwords."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from commandcenter.video.messages import Task
from commandcenter.video.process import WORKER, End, WorkerProcess
from commandcenter.video.supervisor import Supervisor
from tests import leaks
from tests.cameras.conftest import PASSWORD, Room, RtspServer
from tests.conftest import wait_until

# A worker that does as its cameras are called.
ACTOR = """
import ctypes, faulthandler, os, sys, threading, time
from datetime import UTC, datetime
from commandcenter.video.messages import Report, read_tasks
faulthandler.enable()
def say(camera, within=60.0, state="live"):
    report = Report(camera=camera, at=datetime.now(UTC), within=within,
                    thread=threading.get_ident(), state=state)
    sys.stdout.buffer.write(report.encode())
    sys.stdout.buffer.flush()
def act(camera):
    say(camera, within=0.2 if camera == "hangs" else 60.0)
    if camera == "crashes":
        time.sleep(0.2)
        ctypes.string_at(0)
    if camera == "babbles":
        sys.stdout.buffer.write(b"Traceback (most recent call last)")
        sys.stdout.buffer.flush()
    if camera == "gives-up":
        os._exit(3)
    time.sleep(60)
for line in sys.stdin.buffer:
    for task in read_tasks(line):
        threading.Thread(target=act, args=(task.camera,), daemon=True).start()
"""
COMMAND = (sys.executable, "-c", ACTOR)


async def life_of(*cameras: str) -> End:
    """How a worker with these cameras ends."""
    process = await WorkerProcess.start(COMMAND, lambda report: None)
    await process.watch([Task(camera=camera, url="rtsp://x/") for camera in cameras])
    async with asyncio.timeout(10):
        return await process.run()


async def test_a_worker_whose_camera_hangs_is_killed_and_the_camera_is_blamed() -> None:
    end = await life_of("good", "hangs")
    assert (end.why, end.blamed) == ("camera hangs hung", ("hangs",))


async def test_after_a_crash_the_camera_whose_thread_it_was_is_blamed() -> None:
    end = await life_of("good", "crashes", "fine")
    assert (end.why, end.blamed) == ("camera crashes crashed it", ("crashes",))


async def test_a_worker_that_sends_garbage_is_killed_and_not_believed() -> None:
    end = await life_of("babbles")
    assert end.why.startswith("a frame of")


async def test_a_worker_that_ends_without_a_word_tells_its_exit_status() -> None:
    end = await life_of("gives-up")
    assert "exit status 3" in end.why


async def test_a_camera_that_crashes_its_worker_twice_gets_one_to_itself() -> None:
    supervisor = Supervisor(per_worker=8, news=lambda: None, command=COMMAND)
    await supervisor.watch([Task(camera=c, url="rtsp://x/") for c in ("a", "crashes", "b")])
    async with asyncio.timeout(15):
        while ("a", "b") not in supervisor.pids.values():
            await asyncio.sleep(0.02)
    left = {report.camera for report in supervisor.take()}
    await supervisor.close()
    assert {"a", "b"} <= left
    assert supervisor.pids == {}


async def test_cameras_are_dealt_out_to_as_many_workers_as_they_need() -> None:
    supervisor = Supervisor(per_worker=2, news=lambda: None, command=COMMAND)
    await supervisor.watch([Task(camera=str(n), url="rtsp://x/") for n in range(5)])
    async with asyncio.timeout(10):
        while len(supervisor.pids) < 3:
            await asyncio.sleep(0.02)
    dealt = sorted(supervisor.pids.values())
    await supervisor.close()
    assert dealt == [("0", "1"), ("2", "3"), ("4",)]


async def test_a_killed_worker_is_replaced_and_the_others_go_on(
    room: Room, rtsp: RtspServer
) -> None:
    rows = [f"{name},Kamera,{rtsp.url('moving')},," for name in ("one", "two")]
    room.watch(*rows, per_worker=1)
    await room.until(lambda: room.count("one") > 0 and room.count("two") > 0, "both are live")
    supervisor = room.feed._supervisor if room.feed else None
    assert supervisor is not None
    victim = next(pid for pid, cameras in supervisor.pids.items() if cameras == ("one",))
    one, two = room.count("one"), room.count("two")
    psutil.Process(victim).kill()
    await room.until(lambda: room.count("one") > one, "the killed one shows new pictures")
    assert room.count("two") > two
    assert {r.value["state"] for r in room.told if r.identity == "two" and r.value} <= {
        "starting",
        "live",
    }


def test_workers_die_with_their_parent() -> None:
    parent = """
import asyncio
from commandcenter.video.messages import Task
from commandcenter.video.supervisor import Supervisor
async def main():
    supervisor = Supervisor(per_worker=8, news=lambda: None)
    await supervisor.watch([Task(camera="x", url="rtsp://127.0.0.1:1/")])
    while not supervisor.take():
        await asyncio.sleep(0.05)
    print(*supervisor.pids, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert psutil.pid_exists(worker)
    process.kill()
    process.communicate()
    wait_until(lambda: not psutil.pid_exists(worker), "the worker is gone", seconds=5)


async def test_passwords_are_seen_nowhere(
    room: Room,
    guarded_rtsp: RtspServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENCV_LOG_LEVEL", "DEBUG")  # even when somebody wants to know all
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "48")
    secret = room.folder / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    wrong = room.folder / "wrong"
    wrong.write_text(leaks.secret("hunter2hunter2"), encoding="utf-8")
    room.watch(
        f"in,Masuk,{guarded_rtsp.url('moving')},operator,file:{secret}",
        f"out,Luar,{guarded_rtsp.url('moving')},operator,file:{wrong}",
        f"gone,Hilang,{guarded_rtsp.url('nothing')},operator,file:{secret}",
    )
    wanted = {"in": "live", "out": "unauthorized", "gone": "not_found"}
    await room.until(lambda: room.states() == wanted, f"the states are {wanted}")
    worker = psutil.Process(room.workers().pop())
    seen = (caplog.text, room.told, room.tray.kept, room.feed, room.desk.note)
    told = f"{seen} {worker.cmdline()} {worker.environ()}"
    for word in (PASSWORD, "p%40ss", "hunter2"):
        assert word not in told
    assert "camera worker" in caplog.text  # FFmpeg did talk


def test_only_the_worker_imports_cv2() -> None:
    look = "import sys, feeds.cameras; print('cv2' in sys.modules, 'numpy' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert told.stdout.split() == ["False", "False"]
    assert WORKER[-1] == "commandcenter.video.worker"
