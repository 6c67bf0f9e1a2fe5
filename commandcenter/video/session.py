"""One session with a stream: packets in, the pictures that are due and their times out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from commandcenter.video.capture import Frame, Packet, Stream, decode_keyframe
from commandcenter.video.clock import WAITED, Clock, Drift, Pace
from commandcenter.video.keyframes import SHORTEN, Keyframes
from commandcenter.video.messages import CameraFault, Task

_KEPT = 64 * 1024  # bytes of a broken picture
_BROKEN_IN_A_ROW = 5
_LONGEST_LAG = 30.0  # what is so far behind does not catch up; a new session begins with now
_FLOOD = 12.5e6  # bytes a second, thrice what a good 4K camera sends
_MEASURED = 5.0
# Who wakes for every packet and looks into it needs twice the time of one who reads a few of them
# together. Meanwhile they wait in the kernel, which holds some seconds of a TCP connection, but of
# UDP less than a keyframe.
_NAP = 0.2
_TIMELY = 0.15  # seconds of lag: who is behind does not sleep
_ENOUGH = 64 * 1024  # bytes, more than what a camera says on the connection of a stream by UDP
_SOON = 60.0  # in that time


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A picture that is due, not decoded yet. `taken`: by time.monotonic()."""

    taken: float
    frame: Callable[[], Frame | None]
    coded: bytes = field(default=b"", repr=False)


class Session:
    """Follows an open stream. `full`: it decodes every frame, for a burst; how many bytes that
    costs cannot be seen then, and `usual` bytes a second are taken for it.

    `keyframes` learns how far apart they are; `carried` tells whether it is known to come by TCP,
    which has brought at least so many bytes.
    """

    def __init__(
        self,
        stream: Stream,
        task: Task,
        pace: Pace,
        *,
        full: bool = False,
        usual: float = 0.0,
        keyframes: Keyframes | None = None,
        carried: Callable[[int], bool] = lambda _: False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.received = 0
        """Bytes of the last packet."""
        self.rate = 0.0
        """Bytes a second over the last few seconds; 0: not known yet."""
        self._usual = usual
        self._stream = stream
        self._task = task
        self._pace = pace
        self._full = full
        self._clock, self._drift = Clock(), Drift()
        self._keyframes = keyframes or Keyframes()
        self._held: tuple[bytes, float] | None = None
        self._keyframe_at: float | None = None
        self._broken = 0
        self._began = self._now = 0.0
        self._seen_keyframe = False
        self._carried, self._sleep = carried, sleep
        self._may_nap = self._caught_up = False
        self._counted = (0.0, 0)  # since when, and how many bytes

    def next(self) -> Shot | None:
        """Wait for the next packet; the picture that is due and whose time is known, if any.

        Raises CameraFault: unreachable when the stream has ended, late when it brings no keyframe
        or lags behind, unsupported when it brings what no camera should.
        """
        if self._caught_up and self._may_nap:
            self._sleep(_NAP)
        packet = self._stream.wait(exactly=not self._may_nap)
        since = packet.arrived - (self._now or packet.arrived)
        self.received = round(self._usual * since) if self._full else packet.size
        self._now = packet.arrived
        if self._clock.arrived(packet.pts, packet.arrived, packet.waited):
            self._held = None
        self._check_keyframes(packet)
        lag = self._check_lag(packet, since)
        self._check_rate(packet)
        self._caught_up = packet.waited >= WAITED and lag < _TIMELY
        if self._full:
            return self._moment(packet)
        if packet.keyframe:
            self._keyframe_at = packet.arrived
            self._ask_whether_to_nap(packet.arrived)
            if self._pace.is_due(packet.arrived):
                self._held = (self._stream.keyframe(), packet.pts)
        return self._release()

    def broke(self, shot: Shot) -> None:
        """A picture could not be decoded. Raises CameraFault when that goes on."""
        self._broken += 1
        if self._broken >= _BROKEN_IN_A_ROW:
            raise CameraFault(
                "unsupported", "gambar dalam aliran tidak dapat dibaca", shot.coded[:_KEPT]
            )

    def took(self) -> None:
        """A picture was taken: the next is due later."""
        self._broken = 0
        self._pace.took(self._now)

    def _moment(self, packet: Packet) -> Shot | None:
        if not (self._clock.settled and self._pace.is_due(packet.arrived)):
            return None
        return Shot(taken=self._clock.taken(packet.pts), frame=self._stream.frame)

    def _release(self) -> Shot | None:
        """The keyframe that is held back until the clock knows how old it is."""
        if self._held is None or not self._clock.settled:
            return None
        (coded, pts), self._held = self._held, None
        return Shot(taken=self._clock.taken(pts), frame=lambda: decode_keyframe(coded), coded=coded)

    def _ask_whether_to_nap(self, now: float) -> None:
        self._began = self._began or now
        if not self._may_nap and now - self._began < _SOON:
            self._may_nap = self._carried(_ENOUGH)

    def _check_keyframes(self, packet: Packet) -> None:
        """Learn how far apart they are. Raises CameraFault when none comes."""
        if self._keyframe_at is None:
            self._keyframe_at = packet.arrived
        usual, gap = self._task.keyframe_timeout, packet.arrived - self._keyframe_at
        if packet.keyframe:
            if (self._seen_keyframe or gap > usual) and not self._full:
                self._keyframes.note(gap, packet.arrived)
            self._keyframe_at, self._seen_keyframe = packet.arrived, True
            return
        # A turn on a thin link lasts no longer than is usual.
        longest = usual if self._task.link else self._keyframes.patience(usual, packet.arrived)
        if gap > longest:
            self._keyframes.note(gap, packet.arrived)
            why = f"tidak ada keyframe sejak {gap:.0f} detik"
            raise CameraFault("late", f"{why}; {SHORTEN}")

    def _check_lag(self, packet: Packet, since: float) -> float:
        """By how many seconds it lags behind. Raises CameraFault when that is too much."""
        lag = packet.arrived - self._clock.taken(packet.pts)
        if not self._task.rate and self._drift.is_clock(lag, since, packet.size, packet.arrived):
            self._clock.wrong, lag = True, 0.0
        if lag > _LONGEST_LAG:
            why = f"aliran tertinggal {lag:.0f} detik"
            raise CameraFault("late", f"{why}; sambungan terlalu lambat, pakai sub-stream")
        return lag

    def _check_rate(self, packet: Packet) -> None:
        """Raises CameraFault when it sends what no camera should."""
        self._measure(packet)
        if self.rate > _FLOOD:
            megabits = self.rate * 8e-6
            raise CameraFault("unsupported", f"kamera mengirim {megabits:.0f} Mbit/detik")

    def _measure(self, packet: Packet) -> None:
        """Measure the rate anew every few seconds."""
        since, size = self._counted
        seconds = packet.arrived - since
        if not since or seconds >= _MEASURED:
            self.rate = size / seconds if since else 0.0
            since, size = packet.arrived, 0
        self._counted = (since, size + packet.size)
