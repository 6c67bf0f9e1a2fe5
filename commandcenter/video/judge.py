"""Is it a picture of what the camera is there for? Scene, stillness and patience put together.

A state is told when it has been seen in several looks in a row, and taken back likewise; "frozen"
has its own time. What is wrong comes in this order: dark, covered, defocused, moved, frozen.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from commandcenter.video import scene
from commandcenter.video.capture import Frame
from commandcenter.video.habits import Habits
from commandcenter.video.scene import Grey, View
from commandcenter.video.stillness import Stillness
from commandcenter.video.stills import shrink
from commandcenter.vocabulary import CameraState

HOLD, LOOKS = timedelta(seconds=30), 3
"""A state must have lasted so long, and so many looks, before it is told."""
ACCEPT = timedelta(days=2)
"""A camera that was turned, or has another lens, is told of for so long; then it is its new
normal. What covers it never is."""
_TEXTS: dict[CameraState, str] = {
    "dark": "gambar gelap; periksa lampu atau lensa kamera",
    "covered": "kamera mungkin tertutup",
    "defocused": "gambar kurang tajam dibanding biasanya",
    "moved": "arah kamera berubah dari biasanya",
    "frozen": "gambar tidak berubah walau aliran berjalan",
}
_DOUBTS = 3  # looks one after the other that may come sooner
_NIGHT = "gelap seperti biasa pada jam ini"
_PLAIN = "gambar satu warna saja; kamera atau kanal perekam tanpa sinyal"
_COARSE = 8  # every so many pixels
_LIT = 30.0  # levels, on average
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a camera after a look at it."""

    state: CameraState
    detail: str
    changed_at: datetime
    """Since when its picture has looked as it does."""


class Judge:
    """Judges one camera.

    `frozen_after`: seconds that a picture must not have changed, but two looks at least; `every`:
    seconds between looks; `history`: the camera's own file (.npz); None forgets all at the end.
    """

    def __init__(
        self, *, frozen_after: float, every: float, history: Path | None, accept: timedelta = ACCEPT
    ) -> None:
        self._frozen_after = timedelta(seconds=max(frozen_after, 2 * every))
        self._pause = timedelta(seconds=every / 2)
        self._accept = accept
        self._file = history
        self._habits = Habits.load(history) if history is not None else Habits()
        self._hold = Hold(cast("CameraState", self._habits.trouble or "live"))
        self._stillness = Stillness(every)
        self._looked_at: datetime | None = None
        self._verdict: Verdict | None = None
        self._doubted = 0
        self._every = timedelta(seconds=every)

    @property
    def doubts(self) -> bool:
        """Whether another look would be of use sooner than usual: the last one was as one before,
        once more and the picture is frozen."""
        return 0 < self._doubted <= _DOUBTS

    def judge(self, frame: Frame, at: datetime, *, patient: bool = False) -> Verdict:
        """Look at the keyframe of `at`. One that comes too soon after the last is not looked at,
        unless there are doubts. `patient`: what repeats need not be frozen, but what lies between
        the keyframes of a quiet scene, or a JPEG that a camera hands out for some seconds.

        Masks have been burned into it before, so that nothing of what they hide is learnt.
        """
        soon = self._looked_at is not None and timedelta(0) <= at - self._looked_at < self._pause
        if self._verdict is None or not soon or (self.doubts and not patient):
            self._looked_at = at
            self._verdict = self._look(frame, at, patient)
        return self._verdict

    def close(self) -> None:
        """Keep what was learnt."""
        self._habits.settle()
        self._save()

    def _look(self, frame: Frame, at: datetime, patient: bool) -> Verdict:
        grey = one_channel(frame)
        view, small = scene.measure(shrink(grey, scene.FINE))
        lit = _is_lit(frame)
        view = replace(view, black=0.0) if lit else view
        changed_at = self._stillness.judge(grey, small, at, lit=lit)
        still = self._is_frozen(changed_at, at, patient)
        self._doubted = self._doubted + 1 if self._stillness.returns and not still else 0
        state = self._scene(view, at, still)
        if state == "live" and still:
            state = "frozen"
        return Verdict(state, self._words(state, view), changed_at)

    def _words(self, state: CameraState, view: View) -> str:
        if state == "live" and view.black:
            return _NIGHT
        if state == "frozen" and self._stillness.is_plain:
            return _PLAIN
        return _TEXTS.get(state, "")

    def _is_frozen(self, changed_at: datetime, at: datetime, patient: bool) -> bool:
        """It began to be so somewhere between the look of `changed_at` and the one before."""
        lasted = at - changed_at >= self._frozen_after - self._every * (0.2 if patient else 1.0)
        return lasted and self._stillness.returns >= 2

    def _scene(self, view: View, at: datetime, still: bool) -> CameraState:
        usual = self._habits.usual(at)
        seen = self._seen(view, usual, at)
        if seen == "live" and self._hold.is_open(at) and not self._vouches(view, usual):
            return self._hold.told  # it says nothing, neither way
        self._learn(view, at, seen, bool(usual), still)
        told = self._hold.take(seen, at)
        if told != (self._habits.trouble or "live"):
            self._habits.trouble = "" if told == "live" else told
            self._habits.since = at.timestamp()
            self._save()
        if told in ("moved", "defocused") and at - self._since() >= self._accept:
            return self._begin_anew()
        return told

    def _seen(self, view: View, usual: list[View], at: datetime) -> CameraState:
        """What this look alone says; a trouble is over only when a look shows that it is."""
        state = scene.judge(view, usual)
        if state == "dark" and self._habits.is_usually_black(at):
            state = "live"
        if state == "live" and not scene.vouches(view, usual, self._hold.told):
            return self._hold.told
        return state

    def _vouches(self, view: View, usual: list[View]) -> bool:
        """Whether a look shows that what was seen before it is over, or was nothing."""
        return scene.vouches(view, usual, self._hold.seen)

    def _learn(self, view: View, at: datetime, seen: CameraState, known: bool, still: bool) -> None:
        """Learn good looks; of an hour that is not known yet also that it is black."""
        good = seen == "live" or (seen == "dark" and not known)
        if good and not still and self._habits.learn(view, at):
            self._save()

    def _since(self) -> datetime:
        return datetime.fromtimestamp(self._habits.since, UTC)

    def _begin_anew(self) -> CameraState:
        self._habits, self._hold = Habits(), Hold("live")
        self._save()
        return "live"

    def _save(self) -> None:
        if self._file is None:
            return
        try:
            self._habits.save(self._file)
        except OSError as error:
            _log.warning("what was learnt of a camera cannot be saved: %s", error.strerror)


class Hold:
    """The state that is told: it changes when another one has been seen for long enough."""

    def __init__(self, state: CameraState) -> None:
        self.told = state
        self.seen = state
        self._since: datetime | None = None
        self._last: datetime | None = None
        self._count = 0

    def is_open(self, at: datetime) -> bool:
        """Whether something is being seen that is not told yet."""
        return self.seen != self.told and self._last is not None and at - self._last < HOLD

    def take(self, state: CameraState, at: datetime) -> CameraState:
        """What is told after this state was seen at `at`."""
        if state != self.seen or self._since is None:
            self.seen, self._since, self._count = state, at, 0
        self._last = at
        self._count += 1
        if self._count >= LOOKS and at - self._since >= HOLD:
            self.told = state
        return self.told


def _is_lit(frame: Frame) -> bool:
    """Whether any of its colours is bright: the blue of a lost signal has no green."""
    return max(cv2.mean(frame[::_COARSE, ::_COARSE])) >= _LIT


def one_channel(frame: Frame) -> Grey:
    """The green of a frame: it tells as much as its grey, for a third of the work."""
    if frame.ndim == 2:
        return frame
    return np.asarray(cv2.extractChannel(frame, min(1, frame.shape[2] - 1)), np.uint8)
