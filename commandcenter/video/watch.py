"""One camera's thread: take pictures in the way that suits it, tell; and with patience, again."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from commandcenter.video import jpeg
from commandcenter.video.addresses import Resolved, own_addresses, resolve
from commandcenter.video.capture import Stream
from commandcenter.video.clock import Pace
from commandcenter.video.darkroom import Darkroom
from commandcenter.video.fence import Fence
from commandcenter.video.keyframes import Keyframes
from commandcenter.video.messages import CameraFault, Picture, Report, Task
from commandcenter.video.relay import Relay, RelayThread
from commandcenter.video.route import Route, ask, lead
from commandcenter.video.rtsp import Description
from commandcenter.video.session import Session, Shot
from commandcenter.video.traffic import carries, received
from commandcenter.vocabulary import CameraState

if TYPE_CHECKING:
    from commandcenter.video.snapshot import Snapshot

_LONGEST_REST = 30.0
_SETTLE = 0.3  # servers refuse an open while they still take down the session before
_SLACK = 5.0  # a busy machine is not a hanging camera
_SIGN_EVERY = 5.0  # a sign of life for every packet would be 25 a second
_REMIND = 10.0  # a wish that was lost with its hearer is told again
_LOCKED = 60.0
_REFUSED = "kata sandi ditolak kamera"
_SHORT = 10.0  # a session that ends so soon is like one that was meant for one picture
_DOUBT = 1.0  # seconds until the next look at what seems to stand still
_LASTING = 60.0  # seconds: a session that breaks sooner is one of a series
_SERIES = 3
_UNSTEADY = "aliran putus berulang kali tak lama setelah disambung"
_log = logging.getLogger(__name__)


class Watch:
    """Watches one camera in a thread of its own until `stop` is set.

    `tell` takes what it reports, in that thread; `relays` carry connections over links with a
    budget; who has `one_at_a_time` may have a whole frame in memory.
    """

    def __init__(
        self,
        task: Task,
        tell: Callable[[Report], None],
        relays: RelayThread | None = None,
        one_at_a_time: threading.Lock | None = None,
    ) -> None:
        self.task = task
        # Daemon: a thread that hangs must not keep the process alive.
        self.thread = threading.Thread(target=self._run, name=task.camera, daemon=True)
        self._stirred = threading.Event()
        self._granted = threading.Event()
        self.stop = Stop(self._stirred, self._granted)
        self._send = tell
        self._relays = relays or RelayThread()
        self._one_at_a_time = one_at_a_time or threading.Lock()
        self._relay: Relay | None = None
        self._helped = False
        self._keyframes = Keyframes()
        self._locked = task.refused
        self._failures = 0
        self._worked = False
        self._broke = 0  # sessions in a row that broke soon
        self.where: Resolved | None = None  # whom it is connected to, if it is
        self._received = self._carried = self.packets = 0
        self._usual = self._sign_due = 0.0
        self._opened = self._taken = self._shown = float("-inf")
        self._pace = Pace(task.every)

    # --- from other threads -----------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def grant(self) -> None:
        """It may take the picture that it wanted to take."""
        self._granted.set()

    def renew(self, task: Task) -> None:
        """The same camera, but somebody looks, or looks away, or asks for a new attempt."""
        if task.asked > self.task.asked:
            self._locked = False
        self.task = task
        self._stirred.set()

    # --- its own thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        if self._locked:
            self._tell(_LOCKED, "unauthorized", _REFUSED)
        self._rest(self.task.rest)
        with ExitStack() as self._kept, asyncio.Runner() as self._runner:
            while not self.stop.is_set():
                self._attempt()

    @cached_property
    def _darkroom(self) -> Darkroom:
        return self._kept.enter_context(closing(Darkroom(self.task, self._one_at_a_time)))

    def _attempt(self) -> None:
        """Take pictures as long as that goes well."""
        self._wait_while_locked()
        follow = self._snapshots if self.task.way == "http" else self._stream
        try:
            follow()
        except CameraFault as fault:
            self._fail(fault)
        except Exception as error:  # whatever a strange stream makes a library stumble over
            _log.exception("camera %s", self.task.camera)
            self._fail(CameraFault("unreachable", f"gagal dibaca ({type(error).__name__})"))

    def _fail(self, fault: CameraFault) -> None:
        """A stream that broke is reopened at once; only when that fails is the camera lost."""
        self._failures += 1
        broke, self._worked = self._worked and fault.state == "unreachable", False
        if broke:
            lasted = time.monotonic() - self._opened
            self._broke = self._broke + 1 if lasted < _LASTING else 0
            if lasted < _SHORT:
                self._rest_until_due()
            return
        self._locked = fault.state == "unauthorized"
        rest = pause(self._failures)
        self._tell(rest, fault.state, fault.detail, rejected=fault.rejected)
        if not self._locked:
            self._rest(rest)

    def _wait_while_locked(self) -> None:
        """Cameras lock out who keeps trying: after a refused password only an operator's asking,
        or a new password, which is a new watch, makes another attempt."""
        while self._locked and not self.stop.is_set():
            self._rest(_LOCKED)

    # --- streams ----------------------------------------------------------------------------------

    def _stream(self) -> None:
        """One session after the other with a stream: keyframes, or while somebody looks, bursts."""
        self._wait_for_turn()
        self._tell(self.task.open_timeout)
        task = self.task
        where = self.where = self._runner.run(resolve(task.url, task.networks, own_addresses()))
        found = self._probe(where)
        with self._lead(where, found) as route:
            while not self.stop.is_set():
                self._session(where, route)
                if self.task.way == "snap" and not self.task.burst:
                    break
        self._rest_until_due()

    def _session(self, where: Resolved, route: Route) -> None:
        """Follow the stream until `task` wants it otherwise, or it was meant for one picture."""
        burst = self.task.burst
        pace = Pace(1 / burst) if burst else self._pace
        with closing(self._open(where, route, full=burst > 0)) as stream:
            session = Session(
                *(stream, self.task, pace),
                full=burst > 0,
                usual=self._usual,
                keyframes=self._keyframes,
                carried=lambda least: self._relay is None and carries(where.peer, least),
            )
            while not self.stop.is_set() and self.task.burst == burst:
                self._sign(self.task.read_timeout * 2)
                shot = session.next()
                self._count(session.received)
                self._usual = session.rate or self._usual
                if shot is None or not self._show(shot, session):
                    continue
                if self.task.way == "snap" and not burst:
                    return

    def _open(self, where: Resolved, route: Route, *, full: bool) -> Stream:
        self.stop.wait(_SETTLE)
        self._tell(self.task.open_timeout * 2)
        self._opened = time.monotonic()
        try:
            stream = Stream(route.task, full=full)
        except CameraFault as fault:
            if (refused := route.refusal()) is not None:
                raise refused from fault
            if fault.state == "unreachable":
                self._probe(where)  # it may know better by now
                self._helped = not self._helped  # FFmpeg may not have understood what we do
            raise
        if self._is_elsewhere(where):
            stream.close()
            raise CameraFault("forbidden", "kamera mengalihkan ke luar jaringan yang diizinkan")
        return stream

    def _is_elsewhere(self, where: Resolved) -> bool:
        """Whether FFmpeg was led away, to where no camera may be."""
        there = received()
        gone = not any(one.peer == where.peer for one in there)
        return gone and bool(Fence().strays(self.task.networks, there))

    def _probe(self, where: Resolved) -> Description:
        self._tell(self.task.open_timeout)
        return self._runner.run(ask(self.task, where))

    def _show(self, shot: Shot, session: Session) -> bool:
        """Tell a picture; False when it is broken, or older than what was told already."""
        if shot.taken <= self._taken:
            return False
        with self._darkroom.turn(lambda: self._sign(_SIGN_EVERY)):
            frame = shot.frame()
            if frame is None:
                session.broke(shot)
                return False
            picture, state, detail = self._darkroom.develop(frame, _moment(shot.taken), self.task)
        session.took()
        self._hurry_in_doubt()
        self._show_picture(shot.taken, picture, state, detail)
        return True

    def _hurry_in_doubt(self) -> None:
        """A freeze is known sooner when the next keyframes are looked at, too."""
        if self._darkroom.doubts and not (self.task.link or self.task.burst):
            self._pace.hurry(time.monotonic() + _DOUBT)

    # --- JPEGs over HTTP --------------------------------------------------------------------------

    def _snapshots(self) -> None:
        from commandcenter.video.snapshot import Snapshot  # 10 MB that few workers need

        camera = Snapshot(self.task)
        try:
            while not self.stop.is_set():
                self._wait_for_turn()
                self._snapshot(camera)
                self._rest_until_due()
        finally:
            self._runner.run(camera.close())

    def _snapshot(self, camera: Snapshot) -> None:
        self._tell(self.task.read_timeout)
        fetched = self._runner.run(camera.fetch())
        self._received += fetched.bytes
        now = time.monotonic()
        with self._darkroom.turn(lambda: self._sign(_SIGN_EVERY)):
            frame = jpeg.read(fetched.jpeg)
            taken = now - fetched.age_seconds
            picture, state, detail = self._darkroom.develop(frame, _moment(taken), self.task)
        self._pace.took(now)
        self._show_picture(taken, picture, state, detail)

    # --- links with a budget ----------------------------------------------------------------------

    def _wait_for_turn(self) -> None:
        """Behind a link with a budget: wish for a picture, and wait until it is granted."""
        if not self.task.link:
            return
        self._granted.clear()
        while not self.stop.is_set():
            self._tell(_REMIND, wants=True)
            if self._granted.wait(_REMIND):
                return

    @contextmanager
    def _lead(self, where: Resolved, found: Description) -> Iterator[Route]:
        """The way to open it, and what comes that way counted."""
        helped = self._helped or not found.plain
        with lead(self._relays, self.task, where, interpreted=helped) as route:
            self._relay, self._carried = route.relay, 0
            try:
                yield route
            finally:
                self._count(0)
                self._relay = None

    def _count(self, size: int) -> None:
        """Count what came: a relay knows better than the sizes of packets."""
        if self._relay is not None:
            size, self._carried = self._relay.received - self._carried, self._relay.received
        self._received += size
        self.packets += 1

    # --- rests and reports ------------------------------------------------------------------------

    def _rest_until_due(self) -> None:
        """Rest until the next picture is due, sooner when somebody begins to look."""
        while not self.stop.is_set():
            now = time.monotonic()
            rest = self._pace.rest(now)
            if self.task.burst:
                rest = min(rest, self._shown + 1 / self.task.burst - now)
            if rest <= 0:
                return
            self._rest(rest)

    def _rest(self, seconds: float) -> None:
        """Wait so long, or until somebody wants something else."""
        self.where = None
        self._tell(seconds)
        self._stirred.wait(seconds)
        self._stirred.clear()

    def _sign(self, within: float) -> None:
        """A sign of life, if it is time for one."""
        if time.monotonic() >= self._sign_due:
            self._tell(within + _SIGN_EVERY)

    def _show_picture(
        self, taken: float, picture: Picture, state: CameraState, detail: str
    ) -> None:
        self._taken, self._shown = taken, time.monotonic()
        self._failures = 0
        self._worked = True
        if self._shown - self._opened >= _LASTING:
            self._broke = 0
        if self._broke >= _SERIES and state == "live":
            state, detail = "late", _UNSTEADY
        self._tell(self.task.read_timeout * 2 + _SIGN_EVERY, state, detail, picture)

    def _tell(
        self,
        within: float,
        state: CameraState | None = None,
        detail: str = "",
        picture: Picture | None = None,
        rejected: bytes = b"",
        wants: bool = False,
    ) -> None:
        if self.stop.is_set():
            return
        received, self._received = self._received, 0
        self._sign_due = time.monotonic() + _SIGN_EVERY
        report = Report(
            camera=self.task.camera,
            at=datetime.now(UTC),
            within=within + _SLACK,
            thread=threading.get_ident(),
            state=state,
            detail=detail,
            picture=picture,
            rejected=rejected,
            received=received,
            keyframe_every=round(self._keyframes.longest(time.monotonic()), 1),
            wants=wants,
        )
        self._send(report)


class Stop(threading.Event):
    """The wish to end, which also wakes whoever waits for something else."""

    def __init__(self, *others: threading.Event) -> None:
        super().__init__()
        self._others = others

    def set(self) -> None:
        """Wish it."""
        super().set()
        for other in self._others:
            other.set()


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row, with jitter: 1, 2, 4 … 30."""
    return min(_LONGEST_REST, 2.0 ** min(failures - 1, 10)) * random.uniform(0.75, 1.0)


def _moment(taken: float) -> datetime:
    """A time of time.monotonic() as that of the wall."""
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - taken)
