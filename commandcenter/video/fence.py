"""Find connections that lead outside of the networks in which cameras may be.

An address is checked before it is opened (addresses.py), and a redirect that we are told is not
followed; but a camera can answer us well and redirect FFmpeg, which follows, a moment later.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from commandcenter.video.addresses import is_allowed, own_addresses
from commandcenter.video.traffic import Connection


class Fence:
    """Remembers its judgements as long as the networks stay the same."""

    def __init__(self) -> None:
        self._networks: frozenset[str] = frozenset()
        self._allowed: dict[str, bool] = {}

    def strays(
        self, networks: Collection[str], connections: Collection[Connection]
    ) -> list[Connection]:
        """Those of `connections` whose other end is not in `networks` (CIDR). A relay, of which
        both ends are this process, is none."""
        if self._networks != frozenset(networks):
            self._networks, self._allowed = frozenset(networks), {}
        ours = {one.port for one in connections}
        return [
            one
            for one in connections
            if not (one.peer[1] in ours and ipaddress.ip_address(one.peer[0]).is_loopback)
            and not self._allows(one.peer[0])
        ]

    def _allows(self, address: str) -> bool:
        if address not in self._allowed:
            networks = [ipaddress.ip_network(network) for network in self._networks]
            self._allowed[address] = is_allowed(address, networks, own_addresses())
        return self._allowed[address]
