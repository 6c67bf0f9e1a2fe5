"""One camera's thread: probe, open, read, tell; and again, with patience, after a failure."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from commandcenter.video.capture import Frame, Stream, decode, still, thumbnail
from commandcenter.video.messages import CameraFault, Picture, Report, Task
from commandcenter.video.rtsp import describe
from commandcenter.video.snapshot import Snapshot
from commandcenter.video.stillness import Stillness
from commandcenter.vocabulary import CameraState

_LONGEST_REST = 30.0
_LOOK_EVERY = 1.0  # a stream of nothing but keyframes is not judged 25 times a second
_SETTLE = 0.3  # servers refuse an open while they still take down the probe's session
_SLACK = 5.0  # a busy machine is not a hanging camera
_log = logging.getLogger(__name__)


class Watch:
    """Watches one camera in a thread of its own until `stop` is set."""

    def __init__(self, task: Task, tell: Callable[[Report], None]) -> None:
        self.task = task
        self.stop = threading.Event()
        self._send = tell
        self._failures = 0
        self._stillness = Stillness()
        self._due = self._look_due = 0.0

    def start(self) -> None:
        """Begin, in a daemon thread: a hanging one must not keep the process alive."""
        threading.Thread(target=self._run, name=self.task.camera, daemon=True).start()

    def _run(self) -> None:
        self._rest(self.task.rest)
        with asyncio.Runner() as runner:
            while not self.stop.is_set():
                fault = self._attempt(runner)
                if fault is not None:
                    self._rest_after(fault)

    def _attempt(self, runner: asyncio.Runner) -> CameraFault | None:
        """Follow the camera as long as that goes well; why not, None if it may be tried again."""
        follow = self._snapshots if urlsplit(self.task.url).scheme != "rtsp" else self._stream
        try:
            follow(runner)
        except CameraFault as fault:
            broke = fault.state == "unreachable" and self._failures == 0 and self._due > 0
            self._failures += 1
            if not broke:
                return fault
            # A stream that broke is reopened; only when that fails is the camera lost.
            self._rest(pause(1))
        except Exception as error:  # whatever a strange stream makes a library stumble over
            self._failures += 1
            _log.exception("camera %s", self.task.camera)
            return CameraFault("unreachable", f"gagal dibaca ({type(error).__name__})")
        return None

    def _stream(self, runner: asyncio.Runner) -> None:
        stream = self._open(runner)
        try:
            while not self.stop.is_set():
                self._tell(self.task.read_timeout * 2)
                stream.wait()
                at = datetime.now(UTC)
                if time.monotonic() >= self._look_due:
                    self._look(stream.frame(), at)
        finally:
            stream.close()

    def _open(self, runner: asyncio.Runner) -> Stream:
        self._probe(runner)
        self._rest(_SETTLE)
        self._tell(self.task.open_timeout * 2)
        try:
            return Stream(self.task)
        except CameraFault:
            self._probe(runner)  # it may know better by now
            raise

    def _probe(self, runner: asyncio.Runner) -> None:
        task = self.task
        self._tell(task.open_timeout)
        runner.run(describe(task.url, task.user, task.password, task.open_timeout))

    def _snapshots(self, runner: asyncio.Runner) -> None:
        camera = Snapshot(self.task)
        try:
            while not self.stop.is_set():
                self._tell(self.task.read_timeout)
                jpeg = runner.run(camera.fetch())
                frame = decode(jpeg)
                if frame is None:
                    raise CameraFault("unsupported", "gambar JPEG rusak", jpeg[: 64 * 1024])
                self._look(frame, datetime.now(UTC))
                self._rest(self.task.every)
        finally:
            runner.run(camera.close())

    def _look(self, frame: Frame | None, at: datetime) -> None:
        """Judge a frame that arrived at `at`, and send a still of it when one is due."""
        if frame is None:
            raise CameraFault("unsupported", "gambar dalam aliran tidak dapat dibaca")
        changed_at = self._stillness.judge(thumbnail(frame), at)
        now = time.monotonic()
        self._look_due = now + min(_LOOK_EVERY, self.task.every) * 0.8
        self._failures = 0
        if now < self._due:
            return
        self._due = now + self.task.every * 0.8  # keyframes do not fall on the second
        jpeg, width, height = still(frame, self.task.width, self.task.quality)
        picture = Picture(
            captured_at=at, changed_at=changed_at, width=width, height=height, jpeg=jpeg
        )
        state, detail = judge(at, changed_at, self.task.frozen_after)
        self._tell(self.task.read_timeout * 2, state, detail, picture)

    def _rest_after(self, fault: CameraFault) -> None:
        rest = pause(self._failures)
        if fault.state == "unauthorized":  # cameras lock out who keeps trying
            rest = self.task.unauthorized_pause
        self._tell(rest, fault.state, fault.detail, rejected=fault.rejected)
        self.stop.wait(rest)

    def _rest(self, seconds: float) -> None:
        self._tell(seconds)
        self.stop.wait(seconds)

    def _tell(
        self,
        within: float,
        state: CameraState | None = None,
        detail: str = "",
        picture: Picture | None = None,
        rejected: bytes = b"",
    ) -> None:
        if self.stop.is_set():
            return
        report = Report(
            camera=self.task.camera,
            at=datetime.now(UTC),
            within=within + _SLACK,
            thread=threading.get_ident(),
            state=state,
            detail=detail,
            picture=picture,
            rejected=rejected,
        )
        self._send(report)


def judge(at: datetime, changed_at: datetime, frozen_after: float) -> tuple[CameraState, str]:
    """Live or frozen, and what to say of it."""
    same = at - changed_at
    if same < timedelta(seconds=frozen_after):
        return "live", ""
    return "frozen", "gambar tidak berubah walau aliran berjalan"


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row, with jitter: 1, 2, 4 … 30."""
    return min(_LONGEST_REST, 2.0 ** min(failures - 1, 10)) * random.uniform(0.75, 1.0)
