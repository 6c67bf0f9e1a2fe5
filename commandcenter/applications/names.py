"""Names of hosts and whether DNS knows them: asked apart from the pages, so that a resolver that is
silent is told from a server that is silent."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from contextlib import suppress

from commandcenter.applications.answer import Fault

_UNKNOWN = {socket.EAI_NONAME, socket.EAI_NODATA} if hasattr(socket, "EAI_NODATA") else {
    socket.EAI_NONAME
}  # fmt: skip


class NameFailed(Exception):
    """A name has no address, or nobody could tell it. `fault` says which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Names:
    """Looks names up, each name once at a time.

    The C library's getaddrinfo (RFC 3493) cannot be given up: while a resolver is silent it may
    take half a minute. It runs in threads of its own, so that nothing else has to wait for one.
    """

    def __init__(self) -> None:
        self._pending: dict[str, asyncio.Future[Exception | None]] = {}

    async def check(self, host: str, timeout: float) -> None:
        """Return when `host` has an address. Raises NameFailed."""
        if is_address(host):
            return
        try:
            async with asyncio.timeout(timeout):
                error = await asyncio.shield(self._look_up(host))
        except TimeoutError:
            raise NameFailed(Fault.NO_RESOLVER) from None
        if error is not None:
            raise NameFailed(fault_of(error)) from error

    def _look_up(self, host: str) -> asyncio.Future[Exception | None]:
        pending = self._pending.get(host)
        if pending is None:
            loop = asyncio.get_running_loop()
            pending = self._pending[host] = loop.create_future()
            pending.add_done_callback(lambda _: self._pending.pop(host, None))
            thread = threading.Thread(target=_ask, args=(host, loop, pending), daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no thread to be had: the next look asks again
                pending.cancel()
                raise
        return pending


def _ask(
    host: str, loop: asyncio.AbstractEventLoop, told: asyncio.Future[Exception | None]
) -> None:
    error: Exception | None = None
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as caught:
        error = caught
    with suppress(RuntimeError):  # the program has ended meanwhile
        loop.call_soon_threadsafe(_tell, told, error)


def _tell(told: asyncio.Future[Exception | None], error: Exception | None) -> None:
    if not told.done():
        told.set_result(error)


def fault_of(error: Exception) -> Fault:
    """What a failed look-up says: the name is unknown, or the resolver did not answer.

    A server failure of the name's own zone is told as EAI_AGAIN, too.
    """
    if isinstance(error, UnicodeError):  # a label that is longer than DNS allows
        return Fault.NO_SUCH_NAME
    if isinstance(error, socket.gaierror):
        return Fault.NO_SUCH_NAME if error.errno in _UNKNOWN else Fault.NO_RESOLVER
    return Fault.OURS


def is_address(host: str) -> bool:
    """Whether it is an IPv4 or IPv6 address already."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
