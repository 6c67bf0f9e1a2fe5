"""Buttons and forms of a desk page, as drawings.

What one does stands in its attributes: `data-post` is the door, `data-say` what is told there
beside the fields of a form (assets/screens.js).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from commandcenter.drawing import Node, tag


def press(word: Node, door: str, told: Mapping[str, Any], **attributes: Any) -> list[Any]:
    """A button that tells a door something. With `pressed` it shows whether that is so already."""
    pressed: bool | None = attributes.pop("pressed", None)
    return tag(
        "button",
        attributes.pop("classes", ""),
        word,
        type="button",
        data_post=door,
        data_say=orjson.dumps(told).decode(),
        aria_pressed=None if pressed is None else str(pressed).lower(),
        **attributes,
    )


def form(classes: str, door: str, *children: Node, **attributes: Any) -> list[Any]:
    """A form that tells a door its fields, and `told` beside them. It keeps what was typed until it
    was sent; with `reset` it is empty then."""
    told = attributes.pop("told", {})
    return tag(
        "form",
        classes,
        *children,
        data_post=door,
        data_say=orjson.dumps(told).decode() if told else None,
        data_reset=1 if attributes.pop("reset", False) else None,
        **attributes,
    )


def submit(word: str, classes: str = "") -> Node:
    """The button of a form."""
    return tag("button", classes, word, type="submit")


def entry(label: str, name: str, **attributes: Any) -> Node:
    """A line to type in. The attributes are React's: maxLength, defaultValue, required."""
    return tag("label", "", tag("small", "", label), tag("input", "", name=name, **attributes))


def line(label: str, name: str, **attributes: Any) -> Node:
    """A line to type in without room for its label."""
    return tag("input", "", name=name, placeholder=label, aria_label=label, **attributes)


def choice(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "") -> Node:
    """One of several, each a value and a word. Another `chosen` makes another element, because the
    browser keeps what a person chose in this one."""
    made = (tag("option", "", word, value=value, key=value) for value, word in options)
    told = {"name": name, "defaultValue": chosen or None, "key": chosen, "aria_label": label}
    picker = tag("select", "", *made, **told)
    return tag("label", "", tag("small", "", label), picker)
