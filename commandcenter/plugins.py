"""Finding panels and feeds: the file's name is the type, there is no list to keep."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, TypeVar

from commandcenter.feed import Feed
from commandcenter.panel import Panel

Kind = TypeVar("Kind", bound=Feed | Panel)


class NoSuchType(LookupError):
    """No file of that name; the sentence tells which there are."""


def panel_class(type_name: str) -> type[Panel]:
    """The Panel in panels/<type_name>.py. Raises NoSuchType."""
    return _find("panels", type_name, Panel)  # type: ignore[type-abstract]


def feed_class(type_name: str) -> type[Feed]:
    """The Feed in feeds/<type_name>.py. Raises NoSuchType."""
    return _find("feeds", type_name, Feed)  # type: ignore[type-abstract]


def types(folder: str) -> list[str]:
    """The names of the files in panels/ or feeds/."""
    package = importlib.import_module(folder)
    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_")


def _find(folder: str, type_name: str, kind: type[Kind]) -> type[Kind]:
    if type_name not in types(folder):
        there = ", ".join(types(folder))
        raise NoSuchType(f"there is no {folder}/{type_name}.py; there are {there}")
    module: Any = importlib.import_module(f"{folder}.{type_name}")
    found = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, kind)
        and thing.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise NoSuchType(
            f"{folder}/{type_name}.py must hold one {kind.__name__}, it holds {len(found)}"
        )
    return found[0]
