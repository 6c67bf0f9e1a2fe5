"""The stage: everything one display shows at one moment, as its page is told it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from commandcenter.language import Language
from commandcenter.staging.control import Control
from commandcenter.staging.rotation import Rotation
from commandcenter.staging.scenes import Picture, Scene, Wall
from commandcenter.vocabulary import urgency

FOCUS = "focus"  # the card that shows one thing of a panel
Wellness = Literal["well", "broken", "none", "empty", "frame"]
"""Of a panel: it shows something; its code fails; it has no data; it has nothing to show; it
belongs to the frame of the wall and counts neither way."""
WHY = {
    "broken": "its panels cannot be drawn",
    "none": "no data yet",
    "empty": "nothing to show",
}


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What all displays share: the moment, what waits for a person, how the panels are."""

    now: datetime
    incidents: Sequence[Mapping[str, Any]] = ()
    """Open incidents (commandcenter.vocabulary.Incident)."""
    wellness: Mapping[str, Wellness]
    guests: bool = False

    @property
    def alarms(self) -> list[Mapping[str, Any]]:
        """Critical incidents that nobody has taken, the most urgent first."""
        waiting = [
            i for i in self.incidents if not i["acknowledged_at"] and not i.get("maintenance")
        ]
        return sorted((i for i in waiting if i["level"] == "critical"), key=urgency)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a display shows. `panels` are those whose drawings it needs."""

    wall: Wall
    scene: Scene
    control: Control
    pinned: Mapping[str, Any] | None
    """The incident because of which this scene stays."""
    skipped: Sequence[tuple[Scene, Wellness]]
    """Scenes that are left out, each with what is the matter with it."""
    alarms: int
    """Critical incidents that wait for a person."""
    guests: bool

    @property
    def panels(self) -> tuple[str, ...]:
        """Names of panels; a single thing of a panel is "focus:<panel>:<thing>"."""
        control = self.control
        if control.panel and control.thing:
            return (f"{FOCUS}:{control.panel}:{control.thing}",)
        return (control.panel,) if control.panel else tuple(self.scene.all_panels)

    def told(self, say: Language) -> dict[str, Any]:
        """As assets/stage.js shows it."""
        control = self.control
        return {
            "wall": self.wall.name,
            "scene": self.scene.name,
            "style": self._style(),
            "dark": control.dark,
            "message": control.message,
            "guests": self.guests,
            "turn": self._turn(),
            "title": self.scene.called,
            "notes": list(self._notes(say)),
            "alarms": self.alarms,
            "sound": self.wall.sound and not control.muted and not control.dark,
            "reloadAt": f"{self.wall.reload_at:%H:%M}" if self.wall.reload_at else None,
        }

    def _style(self) -> str:
        if not self.control.panel:
            return self.scene.style()
        return Picture(picture=(FOCUS if self.control.thing else self.control.panel,)).css()

    def _turn(self) -> list[int] | None:
        """Which scene of how many; None when nothing takes turns."""
        names = [scene.name for scene in self.wall.scenes]
        if self.control.panel or len(names) < 2:
            return None
        return [names.index(self.scene.name) + 1, len(names)]

    def _notes(self, say: Language) -> Iterable[str]:
        """What the corner says about the rotation itself."""
        if self.control.panel:
            yield say("full screen")
        elif self.control.scene:
            yield say("held")
        elif self.pinned is not None and self.guests:
            yield say("stays because of a critical incident")  # whose title is not for guests
        elif self.pinned is not None:
            yield say("stays because of: {incident}", incident=self.pinned["title"])
        for scene, why in self.skipped:
            yield say("{scene} skipped: {why}", scene=scene.called, why=say(WHY[why]))


def set_stage(
    wall: Wall, rotation: Rotation, control: Control, situation: Situation
) -> tuple[Stage, Rotation]:
    """What a display of this wall shows now, and where its rotation is."""
    control = _possible(control, wall)
    unfit = unfit_scenes(wall, situation.wellness)
    pins = _pins(wall, situation.alarms)
    if control.scene and control.scene != rotation.scene:
        rotation = Rotation(scene=control.scene, since=situation.now)
    rotation = rotation.step(
        wall,
        situation.now,
        usable=[scene.name for scene in wall.scenes if scene.name not in unfit],
        pinned=list(pins),
        held=bool(control.scene or control.panel),
    )
    scene = next(s for s in wall.scenes if s.name == rotation.scene)
    stage = Stage(
        wall=wall,
        scene=scene,
        control=control,
        pinned=pins.get(scene.name),
        skipped=[(s, unfit[s.name]) for s in wall.scenes if s.name in unfit and s != scene],
        alarms=len(situation.alarms),
        guests=situation.guests,
    )
    return stage, rotation


def unfit_scenes(wall: Wall, wellness: Mapping[str, Wellness]) -> dict[str, Wellness]:
    """Scenes none of whose panels shows anything, each with what is the matter with the first."""
    unfit: dict[str, Wellness] = {}
    for scene in wall.scenes:
        states = [wellness.get(panel, "none") for panel in scene.panels]
        content = [state for state in states if state != "frame"]
        if content and "well" not in content:
            unfit[scene.name] = content[0]
    return unfit


def _pins(wall: Wall, alarms: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Scene -> the most urgent incident that keeps it."""
    pins: dict[str, Mapping[str, Any]] = {}
    for scene in wall.scenes:
        mine = [i for i in alarms if _keeps(scene.pinned_by, str(i["feed"]))]
        if mine:
            pins[scene.name] = mine[0]
    return pins


def _keeps(feeds: Collection[str], feed: str) -> bool:
    return "*" in feeds or feed in feeds


def _possible(control: Control, wall: Wall) -> Control:
    """Without a scene that this wall does not have (any more)."""
    if control.scene in {"", *(scene.name for scene in wall.scenes)}:
        return control
    return replace(control, scene="")
