"""Maintenance windows: while one is open, nothing new is told of what it covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from commandcenter.incidents.dependencies import Dependencies, Known, Node

Scope: TypeAlias = tuple[str, str]  # kind and which, as words are compared

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class Window(Protocol):
    """Work that is planned. `kind` is "thing", "office", "provider", "kecamatan", "feed" or
    "region"; `scope` names one: the thing as "feed/key" ("network/device/rtr-dinkes"), the office
    by its code, nothing for the region."""

    @property
    def kind(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def starts_at(self) -> datetime:
        """UTC, as is `ends_at`, when it is over."""

    @property
    def ends_at(self) -> datetime: ...


class Maintenance:
    """What is worked on at which time."""

    def __init__(self, windows: Iterable[Window] = ()) -> None:
        self._windows = tuple(windows)
        self._from = self._until = _FIRST  # between them `_active` holds
        self._active: frozenset[Scope] = frozenset()

    def active(self, now: datetime) -> frozenset[Scope]:
        """The scopes of the windows that are open."""
        if not self._from <= now < self._until:
            self._look(now)
        return self._active

    def _look(self, now: datetime) -> None:
        edges = [edge for window in self._windows for edge in (window.starts_at, window.ends_at)]
        self._from = max((edge for edge in edges if edge <= now), default=_FIRST)
        self._until = min((edge for edge in edges if edge > now), default=_LAST)
        self._active = frozenset(
            _scope(window.kind, "" if window.kind == "region" else window.scope)
            for window in self._windows
            if window.starts_at <= now < window.ends_at
        )


def is_covered(node: Node, graph: Dependencies, active: frozenset[Scope]) -> bool:
    """Whether a thing, or whatever it hangs on, is in the scope of an open window."""
    return bool(active) and graph.applies(
        node,
        lambda node, known, inherited: not active.isdisjoint(_scopes(node, known, inherited)),
    )


def _scopes(node: Node, known: Known | None, inherited: bool) -> Iterator[Scope]:
    """Every scope that a thing is in. A provider's core only stands in its kecamatan: work there
    does not take it into account for all that hangs on it."""
    yield _scope("region", "")
    yield _scope("feed", node.feed)
    yield _scope("thing", f"{node.feed}/{node.key}")
    for kind, which in known.place._asdict().items() if known else ():
        passing = inherited and kind == "kecamatan" and known and known.role == "core"
        if which and not passing:
            yield _scope(kind, which)


def _scope(kind: str, which: str) -> Scope:
    return kind, which.strip().casefold()
