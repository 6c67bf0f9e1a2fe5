"""What changed between two drawings of a card, so that a browser is told only that.

A patch is a list of steps, each for the node at a path (places of children, from the top): this
node instead, these attributes, or these children, where a number is the old child at that place.
One square of a thousand that turns red costs a hundred bytes instead of a hundred kilobytes, and
the browser keeps every part that no path leads through.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from commandcenter.drawing import Node

Step: TypeAlias = list[Any]
"""[path, node], [path, attributes, "attributes"] or [path, children, "children"]."""
Kind: TypeAlias = Literal["attributes", "children"]


def patch(old: Node, new: Node) -> list[Step]:
    """The steps from `old` to `new`, to be taken in their order; none when they are equal."""
    steps: list[Step] = []
    _compare(old, new, [], steps)
    return steps


def _compare(old: Any, new: Any, path: list[int], steps: list[Step]) -> None:
    if old == new:
        return
    if not (_is_element(old) and _is_element(new)) or _own(old) != _own(new):
        steps.append([path, new])
        return
    kept = _kept(old, new)
    if kept is None:
        steps.append([path, new])
        return
    if old[1] != new[1]:
        steps.append([path, new[1], "attributes"])
    if kept != list(range(len(old) - 2)):
        told = [child if was is None else was for was, child in zip(kept, new[2:], strict=True)]
        steps.append([path, told, "children"])
    for place, (was, child) in enumerate(zip(kept, new[2:], strict=True)):
        if was is not None:
            _compare(old[was + 2], child, [*path, place], steps)


def _kept(old: list[Any], new: list[Any]) -> list[int | None] | None:
    """For each child of `new`, its place in `old`, or None if it is a new one; None when there is
    nothing to keep."""
    places = {_identity(child, place): place for place, child in enumerate(old[2:])}
    kept = [places.get(_identity(child, place)) for place, child in enumerate(new[2:])]
    return None if kept and all(was is None for was in kept) else kept


def _identity(child: Any, place: int) -> tuple[str, Any]:
    """As React tells children apart: by their keys, else by their places (assets/card.js)."""
    key = child[1].get("key") if _is_element(child) else None
    return ("place", place) if key is None else ("key", key)


def _is_element(node: Any) -> bool:
    return isinstance(node, list) and len(node) >= 2 and isinstance(node[1], dict)


def _own(node: list[Any]) -> tuple[str, Any]:
    """What must be equal for one element to become the other."""
    return node[0], node[1].get("key")
