"""Hands out the turns of cameras behind links with a budget (budget.py), in an event loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping

from commandcenter.video.budget import Turns
from commandcenter.video.messages import Report, Task

_SLACK = 10.0  # seconds


class Grants:
    """`send` tells a camera that it may take a picture. `links`: bytes a second, by name."""

    def __init__(self, links: Mapping[str, float], send: Callable[[str], None]) -> None:
        self._turns = {name: Turns(rate) for name, rate in links.items()}
        self._send = send
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, task: Task, report: Report) -> None:
        """Count what a camera of a link received; begin and end its turns."""
        turns = self._turns.get(task.link)
        if turns is None:
            if report.wants:  # its link has no budget
                self._send(task.camera)
            return
        turns.took(report.received)
        if report.state is not None:
            turns.done(task.camera)
        if report.wants:
            turns.ask(task.camera, longest(task), asyncio.get_running_loop().time())
        self._deal()

    def leave(self, camera: str) -> None:
        """A camera is gone, or begins anew."""
        for turns in self._turns.values():
            turns.leave(camera)
        self._deal()

    def close(self) -> None:
        """No turn is handed out any more."""
        self._turns.clear()
        self._wait(math.inf)

    def _deal(self) -> None:
        now = asyncio.get_running_loop().time()
        granted = [turns.grant(now) for turns in self._turns.values()]
        for camera in granted:
            if camera:
                self._send(camera)
        self._wait(min((turns.next_at() for turns in self._turns.values()), default=math.inf))

    def _wait(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at < math.inf:
            self._timer = asyncio.get_running_loop().call_at(at, self._deal)


def longest(task: Task) -> float:
    """Seconds that one take lasts at most: look, open, wait for a keyframe."""
    return 2 * task.open_timeout + task.read_timeout + task.keyframe_timeout + _SLACK
