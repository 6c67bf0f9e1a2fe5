"""Addresses of devices that the list tells by host name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

_PATIENCE = 3.0  # seconds for all names together; who is late is heard at the next look
_KEPT = 60.0  # seconds until a name is asked for again
_AT_ONCE = 4
_UNKNOWN = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))

SILENT = "alamat {name} belum diketahui: DNS komputer ini tidak menjawab"
LATE = "alamat {name} belum diketahui: DNS tidak menjawab tentang nama itu"
MISSING = "nama {name} tidak dikenal DNS; periksa kolom address"


class Names:
    """Looks names up beside the rest: a resolver that hangs holds up nothing, and an address that
    was known once is used until another is told."""

    def __init__(self) -> None:
        self.why: dict[str, str] = {}  # for each name without an address, why
        self.silent = False  # none of the names that were asked for was told
        self._known: dict[str, tuple[str, float]] = {}
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._pool: ThreadPoolExecutor | None = None

    async def resolve(self, hosts: Iterable[str]) -> dict[str, str]:
        """The address of each host that has one; an IP address is its own."""
        wanted = dict.fromkeys(hosts)
        names = [host for host in wanted if not _is_address(host)]
        self.silent = False
        if names:
            await self._ask(names)
        known = {name: self._known[name][0] for name in names if name in self._known}
        return {host: host for host in wanted if host not in names} | known

    def close(self) -> None:
        """Let go of the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _ask(self, names: Collection[str]) -> None:
        loop = asyncio.get_running_loop()
        self._pool = self._pool or ThreadPoolExecutor(_AT_ONCE, "names")
        for name in names:
            _, at = self._known.get(name, ("", -_KEPT))
            if name not in self._asked and loop.time() - at >= _KEPT:
                self._asked[name] = loop.run_in_executor(self._pool, _address, name)
        missing = [f for name, f in self._asked.items() if name not in self._known]
        if missing:
            await asyncio.wait(missing, timeout=_PATIENCE)
        self._hear(loop.time())

    def _hear(self, now: float) -> None:
        """Take what was told by now. When all fail at once it is our own resolver that fails."""
        told = {name: future for name, future in self._asked.items() if future.done()}
        errors = {name: future.exception() for name, future in told.items()}
        self._known |= {n: (told[n].result(), now) for n, error in errors.items() if not error}
        missing = {n for n, e in errors.items() if isinstance(e, OSError) and e.errno in _UNKNOWN}
        failed = {n for n in self._asked if n not in told or errors[n]}
        heard = any(now - at < 2 * _KEPT for _, at in self._known.values())
        self.silent = bool(failed) and not heard and (len(failed) > 1 or not missing)
        for name in failed:
            text = SILENT if self.silent else MISSING if name in missing else LATE
            self.why[name] = text.format(name=name)
        for name in told:
            del self._asked[name]


def _address(name: str) -> str:
    """IPv4 where there is one. Raises OSError."""
    told = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    told.sort(key=lambda one: one[0] != socket.AF_INET)
    found = [str(one[4][0]) for one in told if not ip_address(one[4][0]).is_unspecified]
    if not found:  # 0.0.0.0, as filters answer; pinging it is pinging this machine
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found[0]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
