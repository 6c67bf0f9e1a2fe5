"""No pattern of ours takes more than linear time, whatever it is given.

Strangers choose what we look through: paths, headers, names of machines, pages of servers. A text
of which a pattern takes quadratic time stops a process (CWE-1333).
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.secret import redact
from commandcenter.web.doors import DOORS, pattern_of
from tests.web.conftest import ROOT

PACKAGES = ("commandcenter", "panels", "feeds")
CALLS = ("compile", "sub", "split", "search", "match", "fullmatch", "findall", "finditer")
SHORT, LONG = 8_000, 64_000  # characters
SUSPECT, TOO_LONG = 0.02, 1.0  # seconds: linear takes milliseconds, quadratic minutes
USUAL = [*" a0/:=\\\"'-._<>@%&;,", "\n", "\t", "é", "a ", "0 ", "a=", "0.", "a/", ": "]
FROM_THE_START = {
    "commandcenter.attendance.iclock._UNTABBED",
    "commandcenter.attendance.outline._SCAN",
    "commandcenter.complaints.columns._OF_PEOPLE",
    "commandcenter.complaints.dates._FORMS",
    "commandcenter.lists._DECIMAL_COMMA",
    "commandcenter.network.icmp._FPING_LINE",
    "commandcenter.spreadsheet._CUT",
    "commandcenter.video.heads._HEADER",
    "commandcenter.video.heads._STATUS",
    "commandcenter.video.interpreter._FIRST",
    "commandcenter/complaints/sheet.py: re.fullmatch",
    "commandcenter/demo/rtsp.py: re.findall",  # the demo's own cameras, on this machine
}
"""Patterns that are only asked whether a text begins with them, or is one as a whole: a search with
them would take quadratic time."""


class Found(NamedTuple):
    """A pattern of ours."""

    where: str
    pattern: re.Pattern[Any]


def patterns() -> list[Found]:
    found: dict[Any, Found] = {}
    for where, pattern in [*of_modules(), *of_lines(), *of_doors()]:
        found.setdefault(pattern.pattern, Found(where, pattern))
    return sorted(found.values(), key=lambda one: one.where)


def of_modules() -> Iterator[Found]:
    """Those that modules and classes keep."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(
            importlib.import_module(package).__path__, f"{package}."
        ):
            if not module.name.endswith("__main__"):
                for name, value in vars(importlib.import_module(module.name)).items():
                    yield from inside(value, f"{module.name}.{name}")


def inside(value: Any, where: str, depth: int = 0) -> Iterator[Found]:
    if isinstance(value, re.Pattern):
        yield Found(where, value)
    elif depth == 4:
        return
    elif isinstance(value, type):
        for one in vars(value).values():
            yield from inside(one, where, 4)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from inside(pair, where, depth + 1)
    elif isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from inside(one, where, depth + 1)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from inside(getattr(value, name, None), where, depth + 1)


def of_lines() -> Iterator[Found]:
    """Those that stand where they are used."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=call),
                    args=[ast.Constant(value=pattern), *_],
                ) if call in CALLS:
                    yield Found(f"{path.relative_to(ROOT)}: re.{call}", re.compile(pattern))


def of_doors() -> Iterator[Found]:
    for door in DOORS:
        yield Found(f"the door {door.path}", re.compile(pattern_of(door.path)))


def pumps(pattern: re.Pattern[Any]) -> list[str]:
    """Texts that make a pattern stumble when they come again and again: its own words."""
    source = pattern.pattern
    source = source.decode("latin-1") if isinstance(source, bytes) else source
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\\[a-zA-Z]|\(\?\w*", "", source)))
    return [*USUAL, *(word + end for word in sorted(words)[:12] for end in ("", "=", ":", " "))]


def seconds(ask: Callable[[Any], object], pattern: re.Pattern[Any], pump: str, size: int) -> float:
    text: Any = pump * (size // len(pump)) + "\0"
    if isinstance(pattern.pattern, bytes):
        text = text.encode("latin-1")
    began = time.thread_time()
    ask(text)
    return time.thread_time() - began


@pytest.mark.parametrize("found", patterns(), ids=lambda found: found.where)
def test_it_takes_linear_time(found: Found) -> None:
    pattern = found.pattern
    asks: list[Callable[[Any], object]] = [pattern.fullmatch, pattern.match]
    if found.where not in FROM_THE_START:
        asks.append(lambda text: sum(1 for _ in pattern.finditer(text)))
    for ask in asks:
        for pump in pumps(pattern):
            if seconds(ask, pattern, pump, SHORT) > SUSPECT:
                assert seconds(ask, pattern, pump, LONG) < TOO_LONG, repr(pump)


def test_those_that_are_asked_from_the_start_only_are_still_there() -> None:
    assert {found.where for found in patterns()} >= FROM_THE_START


PARTS = st.sampled_from(
    (
        *("http://", "://", "@", "?", "/", ":", "=", '"', "'", "a", "Z9", "1", ".", " ", ";", "\\"),
        *("cookie:", "set-cookie: ", "authorization: ", "bearer ", "token=", "&auth="),
        *("/a/", "/enter/", "cc_"),
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=4).map("".join), st.text(max_size=3))
def test_no_text_makes_the_hiding_of_secrets_slow(pump: str, end: str) -> None:
    began = time.thread_time()
    redact(pump * (20_000 // len(pump)) + end)
    assert time.thread_time() - began < TOO_LONG


def test_the_search_for_patterns_finds_them() -> None:
    assert len(patterns()) > 250
