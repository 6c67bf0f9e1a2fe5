"""A worker process: `python -m commandcenter.video.worker`, started by the supervisor.

Its orders come as lines of JSON on stdin, never on the command line, where everybody could read the
passwords; its reports leave on stdout. It ends when stdin does, or when its parent dies.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from commandcenter.video.messages import Orders, Report, Task
from commandcenter.video.traffic import Connection, Progress, Unread, cut, received

if TYPE_CHECKING:
    from commandcenter.video.watch import Watch

_log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1  # prctl(2)
_BEAT, _SILENCE = 2.0, 8.0  # seconds
_LOOK = 0.5  # seconds, in which a camera can send 60 MB at 1 Gbit/s


def main() -> None:
    """Watch the cameras that stdin names until it ends."""
    _die_with_parent()
    faulthandler.enable()  # after a crash the supervisor reads whose thread it was
    crew = Crew(_take_stdout())
    threading.Thread(target=crew.beat, name="beat", daemon=True).start()
    for line in sys.stdin.buffer:
        orders = Orders.read(line)
        if orders.tasks is not None:
            crew.watch(orders.tasks)
        if orders.grant:
            crew.grant(orders.grant)
    os._exit(0)  # threads may hang in a read; the kernel closes their connections


class Crew:
    """The watches of this process, one per camera, all telling on one pipe."""

    def __init__(self, out: BinaryIO) -> None:
        from commandcenter.video.relay import RelayThread

        self._out = out
        self._lock = threading.Lock()
        self._relays = RelayThread()
        self._one_at_a_time = threading.Lock()  # a frame of 8K is 100 MB
        self._watches: dict[str, Watch] = {}
        self._starters: dict[str, threading.Thread] = {}

    def watch(self, tasks: Sequence[Task]) -> None:
        """Watch these cameras and no others; those whose task is the same go on undisturbed, and
        those that are only to be watched more closely keep their connection."""
        wanted = {task.camera: task for task in tasks}
        old = dict(self._watches)
        for camera, watch in old.items():
            if camera in wanted and goes_on(watch.task, wanted[camera]):
                if watch.task != wanted[camera]:
                    watch.renew(wanted[camera])
            else:
                watch.stop.set()
                del self._watches[camera]
        for camera in [camera for camera in wanted if camera not in self._watches]:
            self._begin(wanted[camera], old.get(camera))

    def grant(self, camera: str) -> None:
        """A camera behind a link may take a picture now."""
        if camera in self._watches:
            self._watches[camera].grant()

    def beat(self) -> None:
        """Tell for ever that this process is alive, and what its cameras sent that led to nothing:
        a thread that hangs in a library and lets no other one run would silence all of them. Cut
        what leads elsewhere."""
        from commandcenter.video.fence import Fence

        unread, fence = Unread(), Fence()
        told: dict[str, int] = {}
        due = 0.0
        while True:
            connections = received()
            if strays := fence.strays(self._networks(), connections):
                _log.warning("cut: %s; no camera may be there", ", ".join(map(_named, strays)))
                cut(strays)
            now, came = time.monotonic(), unread.look(self._progress(), connections)
            if now >= due or came != told:
                self._tell(_alive(came))
                told, due = came, now + _BEAT
            time.sleep(_LOOK)

    def _networks(self) -> set[str]:
        watches = dict(self._watches).values()
        return {network for watch in watches for network in watch.task.networks}

    def _progress(self) -> dict[str, Progress]:
        found: dict[str, Progress] = {}
        for camera, watch in dict(self._watches).items():  # the main thread may change it
            where = watch.where
            peer = None if where is None else where.peer
            found[camera] = (peer, watch.packets)
        return found

    def _begin(self, task: Task, before: Watch | None) -> None:
        """Begin a watch, after the one that it replaces: a camera has one session with us."""
        from commandcenter.video.watch import Watch  # loads cv2, which may print to stdout

        camera = task.camera
        self._watches[camera] = watch = Watch(task, self._tell, self._relays, self._one_at_a_time)
        if before is None:
            watch.start()
            return
        starting = (self._starters.get(camera), before, watch)
        self._starters[camera] = threading.Thread(target=_follow, args=starting, daemon=True)
        self._starters[camera].start()

    def _tell(self, report: Report) -> None:
        frame = report.encode()
        with self._lock:
            self._out.write(frame)
            self._out.flush()


def _alive(came: Mapping[str, int]) -> Report:
    return Report(
        camera="",
        at=datetime.now(UTC),
        within=_SILENCE,
        thread=threading.get_ident(),
        unread=came,
    )


def _named(stray: Connection) -> str:
    address, port = stray.peer
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def goes_on(old: Task, new: Task) -> bool:
    """Whether a watch can turn from one task to the other without beginning anew."""
    return replace(old, burst=new.burst, asked=new.asked) == new


def _follow(earlier: threading.Thread | None, before: Watch, watch: Watch) -> None:
    if earlier is not None:
        earlier.join()  # it may still wait to start `before`
    if before.thread.is_alive():
        before.thread.join()
    if not watch.stop.is_set():
        watch.start()


def _take_stdout() -> BinaryIO:
    """The pipe to the supervisor. Whatever else prints to stdout goes to stderr from now on."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _die_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, who ends us
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
