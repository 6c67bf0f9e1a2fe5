"""Outages: one broken thing, its incident, and everything that is cut off behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from commandcenter.incidents.decision import Affected
from commandcenter.incidents.dependencies import Dependencies, Node
from commandcenter.incidents.rules import Thing

MOST_AFFECTED = 500
SAME_OUTAGE = timedelta(seconds=120)
"""An incident that opened at most so long before the thing above it broke was its first sign."""


@dataclass(slots=True)
class Outage:
    """What is behind it grows while its incident is open, and never shrinks."""

    thing: Thing
    behind: set[Affected] = field(default_factory=set)
    told: tuple[Affected, ...] = ()
    swept: bool = False  # the incidents behind it have gone into its own
    grown: bool = False

    def add(self, affected: Iterable[Affected]) -> bool:
        """These are behind it. True: some were not known to be."""
        before = len(self.behind)
        self.behind.update(affected)
        grown = len(self.behind) > before
        self.grown = self.grown or grown
        self.swept = self.swept and not grown
        return grown

    def news(self) -> tuple[Affected, ...] | None:
        """What is behind it, sorted, if that is more than was told."""
        if not self.grown:
            return None
        before, self.told = self.told, tuple(sorted(self.behind)[:MOST_AFFECTED])
        self.grown = False
        return None if self.told == before else self.told


class Outages:
    """The outages whose incidents are open, by the broken thing."""

    def __init__(self, graph: Dependencies) -> None:
        self._graph = graph
        self._outages: dict[Node, Outage] = {}

    def take_over(self, thing: Thing, told: tuple[Affected, ...]) -> None:
        """Go on with an incident that says already what is behind it."""
        if told:
            self._outages[_node(thing)] = Outage(thing, set(told), told)

    def sweep(self, thing: Thing) -> list[Node]:
        """It is told that this is broken: what is behind it, once for each time it breaks, and
        again when more is found behind it."""
        node = _node(thing)
        outage = self._outages.setdefault(node, Outage(thing))
        if outage.swept or outage.thing != thing:
            return []
        behind = [below for below in self._graph.behind(node) if self._graph.is_severed(below)]
        outage.add(map(self._graph.affected, behind))
        outage.swept = True
        return behind

    def grow(self, node: Node) -> list[Thing]:
        """This is behind something broken: the incidents that have to say so now."""
        above = [self._outages[top] for top in self._graph.tops(node) if top in self._outages]
        affected = [self._graph.affected(node)]
        return [outage.thing for outage in above if outage.add(affected)]

    def mended(self, node: Node) -> None:
        """It is not broken any more, though its incident may still be open."""
        if node in self._outages:
            self._outages[node].swept = False

    def news(self, thing: Thing) -> tuple[Affected, ...] | None:
        """What is behind it, if its incident does not say so yet."""
        outage = self._outages.get(_node(thing))
        return outage.news() if outage is not None and outage.thing == thing else None

    def end(self, thing: Thing) -> None:
        """Its incident is not open any more."""
        outage = self._outages.get(_node(thing))
        if outage is not None and outage.thing == thing:
            del self._outages[_node(thing)]


def _node(thing: Thing) -> Node:
    return Node(thing.feed, thing.key)
