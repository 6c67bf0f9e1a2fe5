"""Worker processes: replaced when they die, hang or grow, gone when we are, and fair to cameras."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from commandcenter.video import supervisor as supervising
from commandcenter.video.messages import Task
from commandcenter.video.offences import pause, penance
from commandcenter.video.process import WORKER, End, WorkerProcess
from commandcenter.video.supervisor import Supervisor
from tests.cameras.conftest import Listener
from tests.conftest import wait_until

Listen = Callable[[bytes | None], Awaitable[Listener]]

# A worker that does as its cameras are called.
ACTOR = """
import ctypes, faulthandler, os, signal, sys, threading, time
from datetime import UTC, datetime
from commandcenter.video.messages import Orders, Report
faulthandler.enable()
lock, granted, hoard, boards = threading.Lock(), {}, [], []
def say(camera, within=60.0, state="live", **more):
    report = Report(camera=camera, at=datetime.now(UTC), within=within,
                    thread=threading.get_ident(), state=state, **more)
    with lock:
        sys.stdout.buffer.write(report.encode())
        sys.stdout.buffer.flush()
def take_turns(camera):
    while True:
        say(camera, state=None, wants=True)
        granted[camera].acquire()
        say(camera, received=2000)
def act(task):
    camera = task.camera
    if task.link:
        take_turns(camera)
    time.sleep(task.rest)
    say(camera, within=0.2 if camera == "hangs" else 60.0, received=10, state=None)
    say(camera, within=0.2 if camera == "hangs" else 60.0,
        state="unauthorized" if camera == "locked" else "live",
        detail=f"{task.rest:.2f} {task.refused} {os.getpid()}")
    if camera == "crashes":
        time.sleep(0.1)
        ctypes.string_at(0)
    if camera == "babbles":
        sys.stdout.buffer.write(b"Traceback (most recent call last)")
        sys.stdout.buffer.flush()
    if camera == "gives-up":
        os._exit(3)
    if camera == "freezes":
        say("", within=0.2, state=None)
        os.kill(os.getpid(), signal.SIGSTOP)
    if camera == "grows":
        hoard.append(b"x" * (64 << 20))
        say(camera, received=64 << 20)
    if camera == "leaks":
        hoard.append(b"x" * (64 << 20))
    if camera.startswith("endless"):  # some bytes of it became packets, many did not
        stuck = {name: 60 << 20 for name in boards if name.startswith("endless")}
        say("", state=None, unread=stuck)
        hoard.append(b"x" * (64 << 20))
    time.sleep(60)
for line in sys.stdin.buffer:
    orders = Orders.read(line)
    boards[:] = [task.camera for task in orders.tasks or ()] or boards
    for task in orders.tasks or ():
        if task.camera not in granted:
            granted[task.camera] = threading.Semaphore(0)
            threading.Thread(target=act, args=(task,), daemon=True).start()
    if orders.grant:
        granted[orders.grant].release()
"""
COMMAND = (sys.executable, "-c", ACTOR)
TINY = 32 << 20  # spare memory that an actor's growth passes


def task(camera: str) -> Task:
    return Task(camera=camera, url="rtsp://x/")


def tasks(*cameras: str) -> list[Task]:
    return [task(camera) for camera in cameras]


async def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actors need little memory."""
    monkeypatch.setattr("commandcenter.video.process._EMPTY", 20 << 20)
    monkeypatch.setattr("commandcenter.video.process._CAMERA", 0)


class Team:
    """A supervisor of actors, and every report that it passed on."""

    def __init__(self, **options: object) -> None:
        told: dict[str, object] = {"per_worker": 8, "news": self._news, "command": COMMAND}
        self.supervisor = Supervisor(**(told | options))  # type: ignore[arg-type]
        self.told: dict[str, list[str]] = {}
        self.received: dict[str, int] = {}

    def _news(self) -> None:
        for report in self.supervisor.take():
            self.told.setdefault(report.camera, []).append(report.detail)
            before = self.received.get(report.camera, 0)
            self.received[report.camera] = before + report.received

    async def __aenter__(self) -> Team:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.close()


async def life_of(*cameras: str, spare: int = 1 << 30) -> End:
    """How a worker with these cameras ends."""
    process = await WorkerProcess.start(COMMAND, lambda report: None, spare)
    await process.watch(tasks(*cameras))
    async with asyncio.timeout(10):
        return await process.run()


async def test_a_worker_whose_camera_hangs_is_killed_and_the_camera_is_blamed() -> None:
    end = await life_of("good", "hangs")
    assert (end.why, end.blamed) == ("camera hangs hung", ("hangs",))


async def test_a_worker_that_stands_still_is_killed_and_nobody_alone_is_blamed() -> None:
    end = await life_of("good", "freezes")
    assert (end.why, end.blamed) == ("it stood still", ("freezes", "good"))


@pytest.mark.asvs("1.4.1")
async def test_after_a_crash_the_camera_whose_thread_it_was_is_blamed() -> None:
    end = await life_of("good", "crashes", "fine")
    assert (end.why, end.blamed) == ("camera crashes crashed it", ("crashes",))


async def test_a_worker_that_sends_garbage_is_killed_and_not_believed() -> None:
    end = await life_of("babbles")
    assert end.why.startswith("a frame of")


async def test_a_worker_that_ends_without_a_word_tells_its_exit_status() -> None:
    end = await life_of("gives-up")
    assert "exit status 3" in end.why


async def test_a_worker_that_grows_is_killed_and_who_sent_most_is_blamed(
    small: None,
) -> None:
    end = await life_of("good", "grows", "fine", spare=TINY)
    assert end.blamed == ("grows",)
    assert end.why.startswith("its memory grew to ")


async def test_where_nobody_sent_what_a_worker_grew_by_nobody_alone_is_blamed(small: None) -> None:
    end = await life_of("good", "leaks", spare=TINY)
    assert (end.blamed, end.endless) == (("good", "leaks"), False)


async def test_a_camera_that_crashes_its_worker_twice_gets_one_to_itself() -> None:
    async with Team() as team:
        await team.supervisor.watch(tasks("a", "crashes", "b"))
        await until(lambda: ("a", "b") in team.supervisor.pids.values())
        await until(lambda: {"a", "b"} <= team.told.keys())  # and they are watched again
        view = {one.cameras: one for one in team.supervisor.view()}
        assert view[("a", "b")].why == "camera crashes crashed it"
        assert view[("a", "b")].restarts == 2
        assert view[("a", "b")].rss > 5 << 20
        assert str(view[("a", "b")].started_at).endswith("+00:00")


async def test_a_camera_that_sends_a_picture_without_end_is_told_so_and_rests_for_minutes(
    small: None,
) -> None:
    async with Team(spare=TINY) as team:
        listed = tasks("a", "b", "endless")
        await team.supervisor.watch(listed)
        await until(
            lambda: "kamera mengirim satu gambar tanpa akhir" in team.told.get("endless", ())
        )
        await until(lambda: len(team.told["a"]) == len(team.told["b"]) == 2)  # they are back
        await team.supervisor.watch([*listed[:2], replace(listed[2], burst=3.0)])  # it is looked at
        assert list(team.supervisor.pids.values()) == [("a", "b")]
        (resting,) = (b for b in team.supervisor._berths if "endless" in b.tasks)
        assert 290 < resting.rests_until - asyncio.get_running_loop().time() < 330
        told = len(team.told["endless"])
        await team.supervisor.watch([*listed[:2], replace(listed[2], asked=1)])  # an operator asks
        await until(lambda: len(team.told["endless"]) > told)


async def test_where_two_may_be_the_endless_one_each_is_put_alone_and_nothing_is_told_yet(
    small: None,
) -> None:
    async with Team(spare=TINY) as team:
        await team.supervisor.watch(tasks("a", "endless-1", "endless-2", "b"))
        await until(lambda: ("a", "b") in team.supervisor.pids.values())
        assert team.supervisor.view()[0].why.endswith("from camera endless-1, endless-2")
        both = {"endless-1", "endless-2"}
        end = "kamera mengirim satu gambar tanpa akhir"  # alone, each is known
        await until(lambda: all(end in team.told.get(camera, ()) for camera in both))


def test_who_sends_without_end_is_looked_at_ever_more_seldom() -> None:
    assert [penance(n) // 60 for n in (1, 2)] == pytest.approx([5, 10], abs=1)
    assert all(1800 <= penance(n) <= 2000 for n in (4, 5, 500))


@pytest.mark.long
async def test_where_nobody_knows_who_ends_the_workers_they_are_parted_until_it_is_known() -> None:
    async with Team() as team:
        await team.supervisor.watch(tasks("a", "b", "gives-up", "c"))
        seen: set[tuple[str, ...]] = set()

        def parted() -> bool:
            seen.update(team.supervisor.pids.values())
            return {("a", "b"), ("c",), ("gives-up",)} <= seen

        await until(parted)


@pytest.mark.long
async def test_who_made_no_trouble_for_an_hour_is_put_together_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Team() as team:
        listed = tasks("a", "crashes", "b")
        await team.supervisor.watch(listed)
        await until(lambda: ("a", "b") in team.supervisor.pids.values())
        await team.supervisor.watch(listed)
        assert all(len(cameras) < 3 for cameras in team.supervisor.pids.values())  # still apart
        monkeypatch.setattr(supervising, "_FORGIVEN", -1.0)  # an hour is over
        await team.supervisor.watch(listed)
        await until(lambda: ("a", "b", "crashes") in team.supervisor.pids.values())


async def test_cameras_are_dealt_out_to_as_many_workers_as_they_need() -> None:
    async with Team(per_worker=2) as team:
        await team.supervisor.watch(tasks(*"01234"))
        await until(lambda: len(team.supervisor.pids) == 3)
        assert sorted(team.supervisor.pids.values()) == [("0", "1"), ("2", "3"), ("4",)]
    assert team.supervisor.pids == {}


async def test_many_cameras_do_not_open_at_once_but_a_lone_one_does() -> None:
    async with Team(per_worker=3) as team:
        await team.supervisor.watch(tasks(*"012345"))
        await until(lambda: len(team.told) == 6)
        rests = sorted(float(told[0].split()[0]) for told in team.told.values())
        gaps = [after - before for before, after in pairwise(rests)]
        assert rests[0] == 0.0
        assert min(gaps) >= 0.1
        await team.supervisor.watch(tasks(*"0123456"))
        await until(lambda: "6" in team.told)
        assert float(team.told["6"][0].split()[0]) < 0.2  # nobody is before it any more


async def test_a_closer_look_does_not_begin_a_watch_anew_and_a_new_address_does() -> None:
    async with Team() as team:
        one = task("one")
        await team.supervisor.watch([one])
        await until(lambda: "one" in team.told)
        (berth,) = team.supervisor._berths
        await team.supervisor.watch([replace(one, burst=3.0)])
        assert [told.rest for told in team.supervisor._orders(berth)] == [0.0]
        assert list(team.supervisor.pids.values()) == [("one",)]


async def test_a_refused_password_is_remembered_until_somebody_asks_or_it_changes() -> None:
    async with Team() as team:
        locked = task("locked")

        async def refused_in_a_new_worker() -> str:
            before = len(team.told.get("locked", ()))
            for pid in team.supervisor.pids:
                psutil.Process(pid).kill()
            await until(lambda: len(team.told.get("locked", ())) > before)
            return team.told["locked"][-1].split()[1]

        await team.supervisor.watch([locked])
        await until(lambda: "locked" in team.told)
        assert team.told["locked"][0].split()[1] == "False"
        await team.supervisor.watch([replace(locked, burst=3.0)])
        assert await refused_in_a_new_worker() == "True"
        await team.supervisor.watch([replace(locked, asked=1)])
        assert await refused_in_a_new_worker() == "False"
        (berth,) = team.supervisor._berths
        assert [told.refused for told in team.supervisor._orders(berth)] == [True]  # once more
        await team.supervisor.watch([replace(locked, asked=1, password="new")])
        assert [told.refused for told in team.supervisor._orders(berth)] == [False]
        known = replace(locked, url="rtsp://y/", refused=True)  # the feed knows it from before
        await team.supervisor.watch([known])
        assert [told.refused for told in team.supervisor._orders(berth)] == [True]


async def test_bytes_are_counted_for_each_camera_also_of_reports_that_tell_nothing_else() -> None:
    async with Team() as team:
        await team.supervisor.watch(tasks("a", "b"))
        await until(lambda: team.received == {"a": 10, "b": 10})


async def test_cameras_of_a_link_take_turns_within_its_budget() -> None:
    loop = asyncio.get_running_loop()
    async with Team(links={"radio": 40_000.0}, per_worker=2) as team:
        behind = [replace(task(c), link="radio") for c in ("a", "b", "c")]
        began = loop.time()
        await team.supervisor.watch([*behind, replace(task("free"), link="fibre")])
        await until(lambda: min(len(team.told.get(c, ())) for c in ("a", "b", "c")) >= 3)
        spent = sum(team.received[camera] for camera in ("a", "b", "c"))
        assert spent <= 40_000 * (loop.time() - began) + 2000  # the take that has just ended
        assert len(team.told["free"]) > 3  # its link has no budget
        victim = next(pid for pid, who in team.supervisor.pids.items() if "a" in who)
        before = len(team.told["a"])
        psutil.Process(victim).kill()
        await until(lambda: len(team.told["a"]) > before + 2)  # its turn was not lost with it


async def test_a_killed_worker_costs_the_others_nothing_and_its_own_cameras_a_moment() -> None:
    async with Team(per_worker=2) as team:
        await team.supervisor.watch(tasks("a", "b", "c"))
        await until(lambda: team.told.keys() == {"a", "b", "c"})
        victim = next(pid for pid, who in team.supervisor.pids.items() if who == ("a", "b"))
        psutil.Process(victim).kill()
        await until(lambda: len(team.told["a"]) == 2 and len(team.told["b"]) == 2)
        assert len(team.told["c"]) == 1  # it did not begin anew
        assert team.supervisor.trouble == ""


def test_the_first_worker_is_replaced_at_once_and_later_ones_with_patience() -> None:
    assert [pause(n) for n in (0, 1, 2)] == [0, 0, 0]
    assert 0.75 <= pause(3) <= 1
    assert 22 <= pause(50) <= 30


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


@pytest.mark.asvs("1.4.1")
def test_only_the_worker_imports_cv2() -> None:
    look = "import sys, feeds.cameras; print('cv2' in sys.modules, 'numpy' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert told.stdout.split() == ["False", "False"]
    assert WORKER[-1] == "commandcenter.video.worker"


# --- with real workers ----------------------------------------------------------------------------


async def test_a_locked_camera_gets_one_attempt_whatever_happens(listen: Listen) -> None:
    answer = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'
    camera = await listen(answer)
    url = f"rtsp://127.0.0.1:{camera.port}/x"
    locked = Task(camera="locked", url=url, user="a", password="guess", networks=("127.0.0.0/8",))

    def attempts() -> int:
        return sum(b"Authorization" in request for request in camera.requests)

    async with Team(command=WORKER) as team:
        await team.supervisor.watch([locked])
        await until(lambda: len(team.told.get("locked", ())) == 1)
        other = replace(locked, camera="other", url=f"{url}/other")
        await team.supervisor.watch([other, replace(locked, burst=3.0)])  # the list was renewed
        await until(lambda: "other" in team.told)
        (pid,) = team.supervisor.pids
        psutil.Process(pid).kill()
        await until(lambda: min(len(told) for told in team.told.values()) == 2)  # by a new worker
        assert attempts() == 2  # one for each address
        await team.supervisor.watch([other, replace(locked, asked=1)])  # an operator asks
        await until(lambda: attempts() == 3)
        await until(lambda: len(team.told["locked"]) == 3)
        assert attempts() == 3
