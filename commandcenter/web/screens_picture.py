"""The small picture of what a display shows: its scene's own picture, in its own shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from commandcenter.drawing import Node, div, span
from commandcenter.staging.scenes import Scene

USUAL = (16, 9)


def picture(scene: Scene, size: tuple[int, int], cell: Callable[[str], Node]) -> Node:
    """The cells of a scene as a screen of `size` shows them."""
    shape = scene.shape(*size)
    columns, rows = shape.columns, shape.rows
    style = {
        "gridTemplateAreas": " ".join(f'"{" ".join(row)}"' for row in shape.grid),
        "gridTemplateColumns": " ".join(columns or ["minmax(0, 1fr)"] * len(shape.grid[0])),
        "gridTemplateRows": " ".join(rows or ["minmax(0, 1fr)"] * len(shape.grid)),
    }
    cells = (div("part", cell(name), key=name, style={"gridArea": name}) for name in shape.panels)
    return div("mini", *cells, style=style, key=scene.name)


def screen(about: Mapping[str, Any], inside: Node, words: Mapping[str, str]) -> Node:
    """The display around it: its shape, and what lies over the scene."""
    width, height = size_of(about)
    told = " · ".join(filter(None, (words["shows"], about["message"])))
    return div(
        "screen dark" if about["dark"] else "screen",
        inside,
        span("over", about["message"]) if about["message"] else None,
        span("off", words["dark"]) if about["dark"] else None,
        role="img",
        aria_label=told,
        style={"aspectRatio": f"{width} / {height}", "--ratio": width / height},
    )


def size_of(about: Mapping[str, Any]) -> tuple[int, int]:
    """In pixels; of a display that has not told it, the usual shape."""
    width, height = about["width"], about["height"]
    return (width, height) if width and height else USUAL
