"""An order of an operator to one display, checked, as the control that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import StringConstraints

from commandcenter.access.roles import Eyes
from commandcenter.access.sees import Sees
from commandcenter.board import Board
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.staging.control import LONGEST_MESSAGE, Control
from commandcenter.staging.scenes import Wall

Act: TypeAlias = Literal[
    "scene", "hold", "continue", "panel", "thing", "back", "dark", "lit", "message", "mute",
    "sound", "reload", "wall",
]  # fmt: skip
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_MESSAGE)]

_SIMPLE: Mapping[str, Mapping[str, Any]] = {
    "continue": {"scene": ""},
    "back": {"panel": "", "thing": ""},
    "dark": {"dark": True},
    "lit": {"dark": False},
    "mute": {"muted": True},
    "sound": {"muted": False},
    "reload": {},
    "wall": {},
}


NONE = {
    "wall": "There is no wall {name}; there are: {there}",
    "scene": "There is no scene {name} on this wall; there are: {there}",
    "panel": "There is no panel {name}; there are: {there}",
    "camera": "There is no camera {name}; there are: {there}",
}


class Refused(Exception):
    """An order that cannot be followed; its text is a sentence in the operator's language."""


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Knows what there is to be shown."""

    walls: Mapping[str, Wall]
    panels: Mapping[str, Panel]
    board: Board
    say: Language

    def follow(
        self, act: Act, value: str, control: Control, wall: Wall, showing: Callable[[], str]
    ) -> Control:
        """The next control of a display of `wall`, which shows the scene `showing()` now. Raises
        Refused."""
        match act:
            case "scene":  # a held display stays held, by the other scene
                scene = self._scene(value, wall)
                kept = scene if control.scene else ""
                return replace(control, scene=kept, panel="", thing="")
            case "hold":
                return replace(control, scene=self._scene(value or showing(), wall))
            case "panel":
                return replace(control, panel=self._panel(value), thing="")
            case "thing":
                panel, thing = self._thing(value)
                return replace(control, panel=panel, thing=thing)
            case "message":
                return replace(control, message=value)
            case "wall":
                self.wall(value)
        return replace(control, **_SIMPLE[act])

    def wall(self, name: str) -> Wall:
        """A wall of config.toml. Raises Refused."""
        return self.walls[self._one_of("wall", name, self.walls)]

    def _scene(self, name: str, wall: Wall) -> str:
        return self._one_of("scene", name, [scene.name for scene in wall.scenes])

    def _panel(self, name: str) -> str:
        return self._one_of("panel", name, self.panels)

    def _thing(self, value: str) -> tuple[str, str]:
        """ "cctv:simpang" is the camera simpang of the panel cctv."""
        name, _, thing = value.partition(":")
        panel = self.panels[self._panel(name)]
        sees = Sees(known=self.board, eyes=Eyes(role="display"))
        told = (r.identity for feed in panel.feeds for r in self.board.all(feed, "camera"))
        there = [camera for camera in told if sees.camera(camera)]
        if panel.only(thing) is None:
            there = []
        return name, self._one_of("camera", thing, there)

    def _one_of(self, kind: str, name: str, there: Collection[str]) -> str:
        if name not in there:
            raise Refused(self.say(NONE[kind], name=name, there=", ".join(there) or "–"))
        return name
