"""Walls and their scenes as config.toml declares them: a scene is a picture, the picture is the
CSS grid. One scene serves every shape of screen: as drawn, ultra-wide and portrait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from math import lcm
from typing import ClassVar

from pydantic import ConfigDict

WIDE, TALL = 2.5, 1.0  # width to height, from which and up to which a screen is another shape
_WORD = re.compile(r"\.|[A-Za-z_][A-Za-z0-9_-]*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SIZE = re.compile(r"[A-Za-z0-9.%(), -]+")


class _Table:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Picture(_Table):
    """Rows of words: each word is a panel, each panel a rectangle, "." is left empty."""

    picture: tuple[str, ...]
    """One text a row."""
    columns: tuple[str, ...] = ()
    """CSS sizes, one a column; equal ones without it."""
    rows: tuple[str, ...] = ()
    """CSS sizes, one a row."""

    @property
    def grid(self) -> list[list[str]]:
        """The picture as rows of words."""
        return [row.split() for row in self.picture]

    @property
    def panels(self) -> list[str]:
        """The panels in it, each once, in the order in which one reads."""
        return list(dict.fromkeys(word for row in self.grid for word in row if word != "."))

    def mistakes(self) -> Iterator[str]:
        """What CSS would not draw, and would not tell."""
        grid = self.grid
        if not grid or not grid[0] or len({len(row) for row in grid}) != 1:
            yield "picture: every row needs the same number of words"
            return
        for name in sorted({word for row in grid for word in row}):
            if not _WORD.fullmatch(name):
                yield f"picture: {name!r} must be letters, digits, - and _"
            elif name != "." and not _rectangular(name, grid):
                yield f"picture: {name} is not a rectangle"
        for key, sizes, count in (
            ("columns", self.columns, len(grid[0])),
            ("rows", self.rows, len(grid)),
        ):
            if sizes and len(sizes) != count:
                yield f"{key}: the picture has {count}, not {len(sizes)}"
            for size in sizes:
                if not _SIZE.fullmatch(size):
                    yield f"{key}: {size!r} is no CSS size such as 1fr, auto or 20%"

    def css(self) -> str:
        """The grid, and its panels in it, as CSS rules. assets/wall.css asks for `--alone`: whether
        one panel fills the screen."""
        areas = " ".join(f'"{" ".join(row)}"' for row in self.grid)
        columns = " ".join(self.columns or ["minmax(0, 1fr)"] * len(self.grid[0]))
        rows = " ".join(self.rows or ["minmax(0, 1fr)"] * len(self.grid))
        alone = int(len(self.panels) == 1)
        return "\n".join(
            [
                f".wall {{ grid-template: none; grid-template-areas: {areas};"
                f" grid-template-columns: {columns}; grid-template-rows: {rows};"
                f" --alone: {alone} }}",
                ".wall > .card[data-panel] { display: none }",  # also those of another shape
                *(
                    f'.wall > .card[data-panel="{name}"]'
                    f" {{ display: var(--display, flex); grid-area: {name} }}"
                    for name in self.panels
                ),
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Scene(Picture):
    """One picture of a rotation. `wide` and `tall` replace it on ultra-wide and portrait screens;
    without them they follow from it."""

    name: str
    """Each wall's own."""
    title: str = ""
    """What people call it; without it the name."""
    seconds: float = 0
    """How long it stays; 0 as long as the wall says."""
    pinned_by: tuple[str, ...] = ()
    """Feeds whose unacknowledged critical incidents keep this scene; "*" means all."""
    wide: Picture | None = None
    """From 2.5 times as wide as high; without it every panel gets a column of its own."""
    tall: Picture | None = None
    """From as high as wide; without it one panel stands below the other."""

    @property
    def called(self) -> str:
        """Its title, or its name."""
        return self.title or self.name

    @property
    def all_panels(self) -> list[str]:
        """The panels of every shape of it."""
        shapes = [self, self.wide or self, self.tall or self]
        return list(dict.fromkeys(panel for shape in shapes for panel in shape.panels))

    def shapes(self) -> Iterator[tuple[str, Picture]]:
        """Its pictures, by the key that declares each."""
        yield "", self
        for key, shape in (("wide ", self.wide), ("tall ", self.tall)):
            if shape is not None:
                yield key, shape

    def shape(self, width: float, height: float) -> Picture:
        """What a screen of this size shows."""
        if width / height >= WIDE:
            return self.wide or widened(self)
        if width / height <= TALL:
            return self.tall or stacked(self)
        return self

    def style(self) -> str:
        """The style sheet that shows this scene and nothing else, on a screen of any shape."""
        return (
            f"{self.css()}\n"
            f"@media (min-aspect-ratio: {WIDE}) {{\n{self.shape(WIDE, 1).css()}\n}}\n"
            f"@media (max-aspect-ratio: {TALL}) {{\n{self.shape(TALL, 1).css()}\n}}\n"
        )


@dataclass(frozen=True, kw_only=True)
class Wall(_Table):
    """A kind of screen, with one picture or several scenes that take turns."""

    name: str
    """In addresses: /wall/<name>."""
    title: str = ""
    """What people call it: "Ruang komando"."""
    seconds: float = 30
    """How long a scene stays."""
    reload_at: time | None = None
    """The hour, in the region's zone, at which its screens may load themselves anew; once a day."""
    sound: bool = True
    """Whether its screens sound while a critical incident waits for somebody."""
    picture: tuple[str, ...] = ()
    """Of a wall with one scene only, as in `[[wall.scene]]`."""
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    scene: tuple[Scene, ...] = ()
    """Its scenes, in the order of their turns."""

    @property
    def called(self) -> str:
        """Its title, or its name."""
        return self.title or self.name

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """In the order of their turns. A wall with a picture of its own has one."""
        if not self.picture:
            return self.scene
        only = Scene(
            name=self.name,
            title=self.title,
            picture=self.picture,
            columns=self.columns,
            rows=self.rows,
        )
        return (only, *self.scene)

    @property
    def panels(self) -> list[str]:
        """Every panel of every scene, each once."""
        return list(dict.fromkeys(p for scene in self.scenes for p in scene.all_panels))

    def stays(self, scene: Scene) -> float:
        """How long a scene stays, in seconds."""
        return scene.seconds or self.seconds

    def mistakes(self) -> Iterator[str]:
        """What is wrong with it, each as a sentence that begins with the key."""
        if not _NAME.fullmatch(self.name) or self.name == "pairing":
            yield "name: letters, digits, - and _, but not 'pairing': it is part of an address"
        if not self.scenes:
            yield "needs 'picture', or at least one [[wall.scene]]"
        if self.seconds <= 0:
            yield "seconds: must be above 0"
        names = [scene.name for scene in self.scenes]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield f'[[wall.scene]] "{name}" stands there twice'
        for scene in self.scenes:
            where = f'[[wall.scene]] "{scene.name}" ' if scene in self.scene else ""
            if scene.seconds < 0:
                yield f"{where}seconds: must not be below 0"
            for key, shape in scene.shapes():
                yield from (f"{where}{key}{mistake}" for mistake in shape.mistakes())


def widened(picture: Picture) -> Picture:
    """For ultra-wide screens: strips across the whole picture stay on top, side by side, every
    other panel gets a column of its own; more columns instead of wider cards."""
    strips, rest = _strips(picture)
    if len(rest) < 2:
        return picture
    width = lcm(len(strips) or 1, len(rest))
    rows = [_spread([name for name, _ in strips], width)] if strips else []
    sizes = ["auto"] * len(rows)
    return Picture(picture=(*rows, _spread(rest, width)), rows=(*sizes, "minmax(0, 1fr)"))


def stacked(picture: Picture) -> Picture:
    """For portrait screens: one column, in the order in which one reads."""
    strips, rest = _strips(picture)
    rows = [size for _, size in strips] + ["minmax(0, 1fr)"] * len(rest)
    return Picture(picture=tuple([name for name, _ in strips] + rest), rows=tuple(rows))


def _spread(names: Sequence[str], width: int) -> str:
    """Names side by side, each as often as it takes to be that wide."""
    return " ".join(name for name in names for _ in range(width // len(names)))


def _strips(picture: Picture) -> tuple[list[tuple[str, str]], list[str]]:
    """The rows at the top that are as high as what is in them and one panel wide, each with its
    size; and all other panels."""
    strips: list[tuple[str, str]] = []
    for row, size in zip(picture.grid, picture.rows, strict=False):
        if len(set(row)) != 1 or row[0] == "." or size != "auto":
            break
        strips.append((row[0], size))
    names = {name for name, _ in strips}
    return strips, [panel for panel in picture.panels if panel not in names]


def _rectangular(name: str, grid: Sequence[Sequence[str]]) -> bool:
    at = [(y, x) for y, row in enumerate(grid) for x, word in enumerate(row) if word == name]
    height = max(y for y, _ in at) - min(y for y, _ in at) + 1
    width = max(x for _, x in at) - min(x for _, x in at) + 1
    return height * width == len(at)
