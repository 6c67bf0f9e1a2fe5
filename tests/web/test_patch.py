"""A patch and the old drawing make the new drawing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.drawing import Node, div, span
from commandcenter.web.patch import patch

NODES = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inside: st.builds(
        lambda name, told, children: [name, told, *children],
        st.sampled_from(["div", "span", "i"]),
        st.dictionaries(st.sampled_from(["className", "key", "title"]), st.integers(0, 2)),
        st.lists(inside, max_size=4),
    ),
    max_leaves=20,
)


def patched(node: Any, steps: list[Any]) -> Any:
    """As assets/live.js does it."""
    for path, value, *kind in copy.deepcopy(steps):
        node = _step(node, path, value, "".join(kind))
    return node


def _step(node: Any, path: list[int], value: Any, kind: str) -> Any:
    if path:
        place = path[0] + 2
        return [*node[:place], _step(node[place], path[1:], value, kind), *node[place + 1 :]]
    if kind == "attributes":
        return [node[0], value, *node[2:]]
    if kind == "children":
        return [*node[:2], *(node[c + 2] if isinstance(c, int) else c for c in value)]
    return value


@given(NODES, NODES)
def test_any_drawing_becomes_any_other(old: Node, new: Node) -> None:
    assert patched(old, patch(old, new)) == new


@given(NODES)
def test_what_did_not_change_needs_no_step(node: Node) -> None:
    assert patch(node, copy.deepcopy(node)) == []


def squares(states: list[str]) -> Node:
    cells = (div(f"cell {state}", key=n, title=f"Kantor {n}") for n, state in enumerate(states))
    return div("squares", *cells)


def test_one_square_of_a_thousand_is_one_step() -> None:
    before = ["ok"] * 1000
    after = before.copy()
    after[417] = "bad"
    (step,) = patch(squares(before), squares(after))
    assert step == [
        [417], {"key": 417, "title": "Kantor 417", "className": "cell bad"}, "attributes",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        (div("a", "x"), div("a", "y"), [[[0], "y"]]),
        (div("a", "x"), div("b", "x"), [[[], {"className": "b"}, "attributes"]]),
        (div("a", "x"), div("a", "x", "y"), [[[], [0, "y"], "children"]]),
        (div("a"), span("a"), [[[], span("a")]]),
        (div("a", None), div("a", "x"), [[[0], "x"]]),
        (div("a", div("b", key=1)), div("a", div("b", key=2)), [[[], div("a", div("b", key=2))]]),
    ],
    ids=["text", "attributes", "one more child", "another element", "from nothing", "another row"],
)
def test_a_step_is_as_small_as_it_may_be(old: Node, new: Node, steps: list[Any]) -> None:
    assert patch(old, new) == steps


def rows(*numbers: int) -> Node:
    return div("rows", *(div("row", f"Insiden {n}", key=n) for n in numbers))


def test_rows_that_come_go_and_change_places_are_told_by_their_old_places() -> None:
    assert patch(rows(1, 2, 3), rows(4, 1, 3)) == [
        [[], [div("row", "Insiden 4", key=4), 0, 2], "children"]
    ]
    assert patch(rows(1, 2, 3), rows(3, 1, 2)) == [[[], [2, 0, 1], "children"]]
