"""What is made of a frame: masked before anything else, then judged and made into stills."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from commandcenter.video.capture import Frame
from commandcenter.video.judge import Judge, Verdict
from commandcenter.video.masks import burn
from commandcenter.video.messages import Picture, Task
from commandcenter.video.stills import make
from commandcenter.vocabulary import CameraState

_PATIENCE = 1.0


class Darkroom:
    """One camera's; all of a worker share `one_at_a_time`. `close` saves what it has learnt of how
    the camera looks."""

    def __init__(self, task: Task, one_at_a_time: threading.Lock) -> None:
        self._one_at_a_time = one_at_a_time
        history = Path(task.history) / f"{task.camera}.looks" if task.history else None
        self._judge = Judge(frozen_after=task.frozen_after, every=task.every, history=history)
        self._verdict: Verdict | None = None
        self._judged_at = datetime.min.replace(tzinfo=UTC)

    @property
    def doubts(self) -> bool:
        """Whether another picture would be of use sooner than usual."""
        return self._judge.doubts

    @contextmanager
    def turn(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Have it to oneself; `waiting` is called now and then until one has."""
        while not self._one_at_a_time.acquire(timeout=_PATIENCE):
            waiting()
        try:
            yield
        finally:
            self._one_at_a_time.release()

    def develop(self, frame: Frame, at: datetime, task: Task) -> tuple[Picture, CameraState, str]:
        """The picture that was taken at `at`, and what is to be said of it. Changes `frame`."""
        burn(frame, task.masks)
        verdict = self._look(frame, at, task)
        small, large = make(frame, task)
        picture = Picture(
            captured_at=at,
            changed_at=verdict.changed_at,
            width=frame.shape[1],
            height=frame.shape[0],
            small=small,
            large=large,
        )
        return picture, verdict.state, verdict.detail

    def _look(self, frame: Frame, at: datetime, task: Task) -> Verdict:
        """Judge no more often than without a burst: between two keyframes of a quiet scene most
        blocks repeat to the last bit, as those of a frozen picture do."""
        patient = task.burst > 0 or task.way == "http"
        sooner = self.doubts and not patient
        pause = timedelta(seconds=task.every * 0.8)
        if self._verdict is None or sooner or at - self._judged_at >= pause:
            self._verdict, self._judged_at = self._judge.judge(frame, at, patient=patient), at
        return self._verdict

    def close(self) -> None:
        """Save what it has learnt."""
        self._judge.close()
