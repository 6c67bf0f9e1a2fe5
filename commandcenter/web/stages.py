"""Which stage stands before each display and each preview, stepped on by the clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from commandcenter.board import Board
from commandcenter.staging.control import Control, control_of
from commandcenter.staging.rotation import Rotation
from commandcenter.staging.scenes import Wall
from commandcenter.staging.stage import Situation, Stage, Wellness, set_stage


class Shown(Protocol):
    """What is known of a paired display."""

    @property
    def id(self) -> int: ...
    @property
    def wall(self) -> str: ...
    @property
    def revoked_at(self) -> datetime | None: ...
    @property
    def control(self) -> Mapping[str, Any]: ...


class Stages:
    """A place is "wall/<name>", a preview of a wall as it is, or "display/<id>".

    All displays of a wall follow its one rotation, so that neighbours change together; a display
    that an operator sent to a scene goes its own way until it is told otherwise.
    """

    def __init__(
        self,
        *,
        walls: Sequence[Wall],
        display: Callable[[int], Shown | None],
        board: Board,
        panels: Collection[str],
        wellness: Callable[[Iterable[str]], Mapping[str, Wellness]],
        guests: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self.walls = {wall.name: wall for wall in walls}
        self._panels = panels
        self._rotating = {p for wall in walls if len(wall.scenes) > 1 for p in wall.panels}
        self._display = display
        self._board, self._wellness, self._guests, self._now = board, wellness, guests, now
        self._rotations: dict[str, Rotation] = {}
        self._own: dict[str, Rotation] = {}

    def step(self, places: Iterable[str]) -> dict[str, Stage | None]:
        """What each place shows now; None where there is nothing to show (any more)."""
        situation = self._situation()
        for wall in self.walls.values():
            rotation = self._rotations.get(wall.name) or _beginning(situation.now)
            _, self._rotations[wall.name] = set_stage(wall, rotation, Control(), situation)
        return {place: self._stage(place, situation) for place in places}

    def show(self, place: str, scene: str) -> None:
        """Send a display to a scene, from which it goes on by itself."""
        self._own[place] = Rotation(scene=scene, since=self._now())

    def rejoin(self, place: str) -> None:
        """Let a display follow its wall again."""
        self._own.pop(place, None)

    def _stage(self, place: str, situation: Situation) -> Stage | None:
        wall, control = self._whose(place)
        if wall is None:
            return None
        rotation = self._own.get(place) or self._rotations[wall.name]
        stage, moved = set_stage(wall, rotation, control, situation)
        if place in self._own:
            self._own[place] = moved
        return stage

    def _whose(self, place: str) -> tuple[Wall | None, Control]:
        kind, _, name = place.partition("/")
        if kind == "wall":
            return self.walls.get(name), Control()
        display = self._display(int(name))
        if display is None or display.revoked_at is not None:
            return None, Control()
        # A wall that config.toml no longer has: the first one is better than nothing.
        first = next(iter(self.walls.values()), None)
        control = control_of(display.control)
        if control.panel not in self._panels:  # config.toml changed since
            control = replace(control, panel="", thing="")
        return self.walls.get(display.wall, first), control

    def _situation(self) -> Situation:
        return Situation(
            now=self._now(),
            incidents=[r.value or {} for r in self._board.all("incidents", "incident")],
            wellness=self._wellness(self._rotating),
            guests=self._guests(),
        )


def _beginning(now: datetime) -> Rotation:
    return Rotation(scene="", since=now)
