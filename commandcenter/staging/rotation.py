"""Whose turn it is: the scenes of a wall, one after the other, whatever happens to one of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from commandcenter.staging.scenes import Scene, Wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The scene that is shown, and since when."""

    scene: str
    since: datetime

    def step(
        self,
        wall: Wall,
        now: datetime,
        *,
        usable: Collection[str],
        pinned: Collection[str] = (),
        held: bool = False,
    ) -> Rotation:
        """As it is at `now`: unchanged, or the next scene that may be shown.

        Only `pinned` scenes take turns while there are any, else the `usable` ones; when none is
        usable all do, because a wall that explains itself is better than a dark one.
        """
        scenes = wall.scenes
        names = [scene.name for scene in scenes]
        allowed = [n for n in names if n in pinned] or [n for n in names if n in usable] or names
        if held and self.scene in names:
            return self
        if self.scene not in allowed:
            return Rotation(scene=_after(self.scene, scenes, allowed), since=now)
        if (now - self.since).total_seconds() < wall.stays(scenes[names.index(self.scene)]):
            return self
        return Rotation(scene=_after(self.scene, scenes, allowed), since=now)


def _after(name: str, scenes: Sequence[Scene], allowed: Collection[str]) -> str:
    """The next of `allowed` behind the scene `name`; of an unknown one, the first."""
    names = [scene.name for scene in scenes]
    start = names.index(name) + 1 if name in names else 0
    return next(n for n in names[start:] + names[:start] if n in allowed)
