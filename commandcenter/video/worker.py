"""A worker process: `python -m commandcenter.video.worker`, started by the supervisor.

Its tasks come as lines of JSON on stdin, never on the command line, where everybody could read the
passwords; its reports leave on stdout. It ends when stdin does, or when its parent dies.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from commandcenter.video.messages import Report, Task, read_tasks

if TYPE_CHECKING:
    from commandcenter.video.watch import Watch

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Watch the cameras that stdin names until it ends."""
    _die_with_parent()
    faulthandler.enable()  # after a crash the supervisor reads whose thread it was
    crew = Crew(_take_stdout())
    for line in sys.stdin.buffer:
        crew.watch(read_tasks(line))
    os._exit(0)  # threads may hang in a read; the kernel closes their connections


class Crew:
    """The watches of this process, one per camera, all telling on one pipe."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._watches: dict[str, Watch] = {}

    def watch(self, tasks: Sequence[Task]) -> None:
        """Watch these cameras and no others; those whose task is the same go on undisturbed."""
        from commandcenter.video.watch import Watch  # loads cv2, which may print to stdout

        wanted = {task.camera: task for task in tasks}
        for camera, watch in list(self._watches.items()):
            if wanted.get(camera) != watch.task:
                watch.stop.set()
                del self._watches[camera]
        for camera in wanted.keys() - self._watches.keys():
            self._watches[camera] = watch = Watch(wanted[camera], self._tell)
            watch.start()

    def _tell(self, report: Report) -> None:
        frame = report.encode()
        with self._lock:
            self._out.write(frame)
            self._out.flush()


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
