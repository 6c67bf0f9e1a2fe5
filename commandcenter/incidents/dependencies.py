"""Who hangs on whom, learnt from readings: an office on its link, a link on its provider's core.

A device hangs on its `parent`. Anything else hangs on the device that it names as `behind`, else
on every device with the role "office" that serves its `office`: it is cut off when all of them
are. Whoever stands in a circle hangs on nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from commandcenter.incidents.decision import Affected, Place

LONGEST_LINE = 64  # devices above each other; more are a mistake in a list

_Ref: TypeAlias = tuple[str, str, str]  # what is hung on: "device" or "office", feed or "", its id


class Node(NamedTuple):
    """A thing in the graph."""

    feed: str
    key: str


class Known(NamedTuple):
    """What its latest reading says of a thing."""

    name: str
    place: Place
    role: str
    hangs_on: _Ref | None

    @classmethod
    def of(cls, node: Node, value: Mapping[str, Any]) -> Known:
        """What a reading's value says of its thing."""
        place = Place.of(node.key, value)
        name = value.get("name") or value.get("office_name") or node.key.partition("/")[2]
        return cls(str(name), place, str(value.get("role") or ""), _hangs_on(node, value))


class Dependencies:
    """The graph, and which of its things are broken."""

    def __init__(self) -> None:
        self._known: dict[Node, Known] = {}
        self._offered: dict[_Ref, dict[Node, None]] = {}  # the devices that can be hung on
        self._hanging: dict[_Ref, dict[Node, None]] = {}
        self._broken: dict[Node, set[str]] = {}  # under these rules

    # ------------------------------------------------------------------ what is told

    def note(self, node: Node, value: Mapping[str, Any]) -> bool:
        """Learn from a reading. True: something known hangs elsewhere than before."""
        known, before = Known.of(node, value), self._known.get(node)
        if known == before:
            return False
        if before is not None:
            self._take_out(node, before)
        self._known[node] = known
        for ref in _offers(node, known):
            self._offered.setdefault(ref, {})[node] = None
        if known.hangs_on is not None:
            self._hanging.setdefault(known.hangs_on, {})[node] = None
        return before is not None and _edges(node, before) != _edges(node, known)

    def forget(self, node: Node) -> None:
        """The thing no longer exists."""
        self._broken.pop(node, None)
        if (known := self._known.pop(node, None)) is not None:
            self._take_out(node, known)

    def breaks(self, node: Node, rule: str) -> None:
        """It is bad under a rule that severs."""
        self._broken.setdefault(node, set()).add(rule)

    def mends(self, node: Node, rule: str) -> bool:
        """It is good under that rule. True: it was broken and is not any more."""
        rules = self._broken.get(node)
        if rules is None or rule not in rules:
            return False
        rules.discard(rule)
        return not rules and self._broken.pop(node, None) is not None

    def whole(self, node: Node) -> None:
        """Nothing is known of it being broken."""
        self._broken.pop(node, None)

    # ------------------------------------------------------------------ what follows

    def is_broken(self, node: Node) -> bool:
        """Whether it takes down what hangs on it."""
        return node in self._broken

    def is_severed(self, node: Node) -> bool:
        """Whether every way up from it is broken."""
        if not self._broken:
            return False
        ways = self._ways(node)
        return bool(ways) and all(any(map(self.is_broken, way)) for way in ways)

    def tops(self, node: Node) -> list[Node]:
        """The topmost broken things above it."""
        broken = ([above for above in way if above in self._broken] for way in self._ways(node))
        return sorted({way[-1] for way in broken if way})

    def behind(self, node: Node) -> list[Node]:
        """Everything that hangs on it, whatever else it hangs on, nearest first."""
        seen, waiting = {node: None}, deque([node])
        while waiting:
            new = [child for child in self._children(waiting.popleft()) if child not in seen]
            seen.update(dict.fromkeys(new))
            waiting.extend(new)
        return [*seen][1:]

    def applies(self, node: Node, here: Callable[[Node, Known | None, bool], bool]) -> bool:
        """Whether `here(node, known, inherited)` holds for it, or on every way up from it."""
        if here(node, self._known.get(node), False):
            return True
        ways = self._ways(node)
        return bool(ways) and all(
            any(here(above, self._known.get(above), True) for above in way) for way in ways
        )

    def affected(self, node: Node) -> Affected:
        """A thing as an incident tells it."""
        known = self._known.get(node)
        return Affected(*node, known.name if known else node.key)

    def is_cut_off(self, feed: str) -> bool:
        """Whether everything that is known of a feed is behind something broken."""
        nodes = [node for node in self._known if node.feed == feed] if self._broken else []
        return bool(nodes) and all(map(self.is_severed, nodes))

    # ------------------------------------------------------------------ up and down

    def _ways(self, node: Node) -> list[list[Node]]:
        """Each way up, nearest first; it has none when it hangs on nobody."""
        known = self._known.get(node)
        if known is None or known.hangs_on is None:
            return []
        if _is_device(node):
            line = self._line(node)
            return [line] if line else []
        return [[above, *self._line(above)] for above in self._offered.get(known.hangs_on, ())]

    def _line(self, device: Node) -> list[Node]:
        """The devices above a device."""
        seen = {device: None}
        for above in islice(self._climb(device), LONGEST_LINE):
            if above == device:
                return []
            if above in seen:
                break
            seen[above] = None
        return [*seen][1:]

    def _climb(self, device: Node) -> Iterator[Node]:
        known = self._known.get(device)
        while known is not None and known.hangs_on in self._offered:
            device = next(iter(self._offered[known.hangs_on]))
            yield device
            known = self._known.get(device)

    def _children(self, node: Node) -> Iterator[Node]:
        for ref in _offers(node, self._known.get(node)):
            yield from self._hanging.get(ref, ())

    def _take_out(self, node: Node, known: Known) -> None:
        for ref in _offers(node, known):
            _drop(self._offered, ref, node)
        if known.hangs_on is not None:
            _drop(self._hanging, known.hangs_on, node)


def _is_device(node: Node) -> bool:
    return node.key.startswith("device/")


def _hangs_on(node: Node, value: Mapping[str, Any]) -> _Ref | None:
    if _is_device(node):
        parent = value.get("parent")
        return ("device", node.feed, str(parent)) if parent else None
    if behind := value.get("behind"):
        return ("device", "", str(behind))
    kind, _, identity = node.key.partition("/")
    office = value.get("office") or (identity if kind == "office" else "")
    return ("office", "", str(office)) if office else None


def _offers(node: Node, known: Known | None) -> Iterator[_Ref]:
    """What others name when they hang on it."""
    if known is None or not _is_device(node):
        return
    identity = node.key.partition("/")[2]
    yield "device", node.feed, identity
    yield "device", "", identity
    if known.role == "office" and known.place.office:
        yield "office", "", known.place.office


def _edges(node: Node, known: Known) -> tuple[_Ref | None, list[_Ref]]:
    return known.hangs_on, list(_offers(node, known))


def _drop(index: dict[_Ref, dict[Node, None]], ref: _Ref, node: Node) -> None:
    nodes = index.get(ref, {})
    nodes.pop(node, None)
    if not nodes:
        index.pop(ref, None)
