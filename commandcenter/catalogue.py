"""The catalogue of the tables of config.toml with their options, made from the code itself.

`commandcenter options` prints it as Markdown; docs/options.md is that, and a test keeps it so.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from typing import Any

from commandcenter.config import Incidents, Person
from commandcenter.feed import Feed
from commandcenter.incidents.rules import Rule
from commandcenter.notify.settings import Channel, Duty, Escalation, Notify
from commandcenter.panel import Panel
from commandcenter.plugins import feed_class, panel_class, types
from commandcenter.staging.scenes import Picture, Scene, Wall

WALLS: tuple[tuple[str, type[Any]], ...] = (
    ("`[[wall]]`", Wall),
    ("`[[wall.scene]]`", Scene),
    ("`[wall.scene.wide]`, `[wall.scene.tall]`", Picture),
)
INCIDENTS: tuple[tuple[str, type[Any]], ...] = (
    ("`[[rule]]`", Rule),
    ("`[incidents]`", Incidents),
    ("`[[person]]`", Person),
    ("`[notify]`", Notify),
    ("`[[channel]]`", Channel),
    ("`[[duty]]`", Duty),
    ("`[[escalation]]`", Escalation),
)


def catalogue() -> str:
    """Every table of config.toml: what it is, and a table of its options."""
    parts = [
        "# Options",
        "",
        "Times are in seconds. The type of a panel or feed is its file's name.",
    ]
    parts += ["", "## Walls", "", *_tables(WALLS), "## Incidents", "", *_tables(INCIDENTS)]
    for folder, find, base in (("panels", panel_class, Panel), ("feeds", feed_class, Feed)):
        parts += [f"## {folder.capitalize()}", "", *_common(base)]
        for name in types(folder):
            parts += _one(folder[:-1], name, find(name), base)
    return "\n".join(parts).rstrip() + "\n"


def _tables(tables: Iterable[tuple[str, type[Any]]]) -> Iterator[str]:
    for where, of in tables:
        yield from (where, "", inspect.cleandoc(of.__doc__ or ""), "")
        yield from _table(of, list(fields(of)))


def _common(base: type[Any]) -> Iterator[str]:
    yield f"Every {base.__name__.lower()} has:"
    yield ""
    yield from _table(base, [f for f in fields(base) if f.name != "name"])


def _one(kind: str, name: str, of: type[Any], base: type[Any]) -> Iterator[str]:
    inherited = {f.name: f.default for f in fields(base)}
    own = [f for f in fields(of) if f.name not in inherited or inherited[f.name] != f.default]
    yield f"### {name}"
    yield ""
    yield inspect.cleandoc(of.__doc__ or "")
    yield ""
    yield f"`[{kind}.{name}]`"
    yield ""
    yield from _table(of, own)


def _table(of: type[Any], shown: list[Field[Any]]) -> Iterator[str]:
    told = _sentences(of)
    if not shown:
        return
    yield "| key | default | |"
    yield "|---|---|---|"
    for field in shown:
        yield f"| `{field.name}` | {_default(field)} | {told.get(field.name, '')} |"
    yield ""


def _default(field: Field[Any]) -> str:
    if field.default is MISSING and field.default_factory is MISSING:
        return "**needed**"
    if field.default in ("", None, (), MISSING):
        return ""
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{value}`"


def _sentences(of: type[Any]) -> dict[str, str]:
    """Field -> the string that stands below it in the source, of the class and its bases."""
    found: dict[str, str] = {}
    for cls in reversed(of.__mro__[:-1]):
        if cls.__module__.startswith(("commandcenter", "panels", "feeds")):
            found |= _below(cls)
    return found


def _below(cls: type[Any]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    found: dict[str, str] = {}
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for field, below in pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found
