"""Who is connected to a listener, and who has to make room for whom.

A stranger can open connections and say nothing. So one address holds only so many; beyond that, and
beyond what the listener holds in all, the oldest connection that waits is cut, of whoever has most.
A connection on which something is being done is never cut for another.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Protocol

from commandcenter.rates import source_of

RESERVED = 256  # descriptors for everything else: the bus, the records, files, what is looked at


class Connection(Protocol):
    """One connection of a listener."""

    source: str
    """Whose it is (commandcenter.rates.source_of); "": of a proxy, which speaks for many."""

    @property
    def waits(self) -> bool:
        """Whether nothing would be lost with it: no whole request has come, or all are answered."""

    def cut(self) -> None:
        """End it at once."""


@dataclass(kw_only=True)
class Connections:
    """Those of one listener."""

    most: int = 2000
    of_one: int = 128
    """How many one address may hold. A whole network may share an address: with one more, the
    oldest of its own makes room."""
    proxies: tuple[str, ...] = ()
    """Addresses or networks that speak for many ("*": all): only `most` holds for them."""
    cut: int = 0
    """How many had to make room."""
    _held: dict[str, dict[Connection, None]] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        told = ("0.0.0.0/0", "::/0") if "*" in self.proxies else self.proxies
        self._proxies = [ip_network(one, strict=False) for one in told if _is_network(one)]

    def __len__(self) -> int:
        return self._count

    def source(self, address: str) -> str:
        """Whose a connection from this address is."""
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return address[:80]
        if any(found in network for network in self._proxies):
            return ""
        return source_of(address)

    def came(self, connection: Connection) -> None:
        """One more. Where there is no room, and nobody who waits, it is cut itself."""
        mine = self._held.setdefault(connection.source, {})
        mine[connection] = None
        self._count += 1
        if connection.source and len(mine) > self.of_one:
            self._make_room([mine], connection)
        if self._count > self.most:
            self._make_room(sorted(self._held.values(), key=len, reverse=True), connection)

    def left(self, connection: Connection) -> None:
        """It is gone. Told twice is told once."""
        mine = self._held.get(connection.source, {})
        if connection in mine:
            del mine[connection]
            self._count -= 1
            if not mine:
                del self._held[connection.source]

    def _make_room(self, among: Iterable[dict[Connection, None]], newest: Connection) -> None:
        waiting = (c for held in among for c in held if c.waits and c is not newest)
        gone = next(waiting, newest)
        self.cut += 1
        self.left(gone)
        gone.cut()


def _is_network(told: str) -> bool:
    try:
        ip_network(told, strict=False)
    except ValueError:
        return False
    return True


def room(wanted: int) -> int:
    """How many connections this process has descriptors for: `wanted`, or what is left beside the
    reserved ones."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(RESERVED // 2, soft - RESERVED))
