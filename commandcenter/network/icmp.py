"""Reachability of hundreds of hosts at once: ICMP echo (RFC 792, RFC 4443), else TCP connect."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from statistics import fmean

from icmplib import ICMPLibError, SocketPermissionError, SocketUnavailableError, async_ping
from icmplib.sockets import ICMPv4Socket

from commandcenter.network.way import EXHAUSTED, NotSent, exhausted

_SPACING = 0.004  # seconds between the first pings of two hosts, so that answers do not queue up
_BETWEEN_PINGS = 0.2  # seconds between two pings of one host
_FPING_LINE = re.compile(r"(?P<host>\S+)\s+:(?P<times>( (\d+(\.\d+)?|-))+)\s*")


class ProbeFailed(Exception):
    """The tool that probes does not work (any more); the text says why."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What came back from one host: the round trip in ms (None: nothing), packets sent and lost."""

    rtt_ms: float | None
    sent: int
    lost: int


NOT_SENT = Reach(None, 0, 0)
NO_PING = "komputer ini tidak boleh mengirim ping; izinkan dengan net.ipv4.ping_group_range"


@dataclass(frozen=True, kw_only=True)
class Probe(ABC):
    """A way to find out whether hosts answer. Times are in seconds."""

    pings: int = 3
    timeout: float = 1.0
    concurrency: int = 256
    name = ""
    conclusive = True  # a host that stays silent is not reached

    @abstractmethod
    async def reach(self, addresses: Collection[str]) -> dict[str, Reach]:
        """Probe every address (IPv4 or IPv6) at once. Raises ProbeFailed."""

    @property
    def silence(self) -> Reach:
        """Nothing came back."""
        return Reach(None, self.pings, self.pings)


@dataclass(frozen=True, kw_only=True)
class Icmplib(Probe):
    """Echo requests sent by this process."""

    privileged: bool = False
    name = "icmp"

    async def reach(self, addresses: Collection[str]) -> dict[str, Reach]:
        return await _each(addresses, self._ping, self.concurrency)

    async def _ping(self, address: str) -> Reach:
        try:
            host = await async_ping(
                address,
                count=self.pings,
                interval=_BETWEEN_PINGS,
                timeout=self.timeout,
                privileged=self.privileged,
            )
        except (SocketPermissionError, SocketUnavailableError) as error:
            raise ProbeFailed(f"icmp: {error}") from error
        except (ICMPLibError, OSError):
            return NOT_SENT  # no socket left, or none for IPv6
        sent = host.packets_sent or self.pings
        return _summary([*host.rtts, *[None] * (sent - len(host.rtts))])


@dataclass(frozen=True, kw_only=True)
class Fping(Probe):
    """One fping process for all hosts; it may hold the right that an ordinary user lacks."""

    command: str = "fping"
    name = "fping"

    async def reach(self, addresses: Collection[str]) -> dict[str, Reach]:
        if not addresses:
            return {}
        lines = map(_FPING_LINE.fullmatch, (await self._run(addresses)).splitlines())
        found = {line["host"]: _summary(_times(line["times"])) for line in lines if line}
        return {address: found.get(address, self.silence) for address in addresses}

    async def _run(self, addresses: Collection[str]) -> str:
        milliseconds = [f"-p{_BETWEEN_PINGS * 1000:.0f}", f"-t{self.timeout * 1000:.0f}", "-i1"]
        try:
            process = await asyncio.create_subprocess_exec(
                self.command,
                f"-C{self.pings}",
                "-q",
                *milliseconds,
                *dict.fromkeys(addresses),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise ProbeFailed(f"{self.command}: {error.strerror}") from error
        try:
            seconds = 30 + len(addresses) / 100 + self.pings * self.timeout
            _, told = await asyncio.wait_for(process.communicate(), seconds)
        except TimeoutError as error:
            raise ProbeFailed(f"{self.command}: no end after {seconds:.0f} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = told.decode(errors="replace")
        # 0 all answer, 1 some do not, 2 some names are unknown; 3 and 4 are fping's own troubles.
        if process.returncode not in (0, 1, 2):
            raise ProbeFailed(f"{self.command}: {text.strip()[:200] or process.returncode}")
        return text


@dataclass(frozen=True, kw_only=True)
class TcpConnect(Probe):
    """Where no ping is allowed: a host that accepts or refuses a connection is there. Of one that
    does not, nothing is known: a filter looks the same."""

    ports: tuple[int, ...] = (443, 80, 22, 8291)  # 8291: RouterOS Winbox
    name = "tcp"
    conclusive = False

    async def reach(self, addresses: Collection[str]) -> dict[str, Reach]:
        return await _each(addresses, self._knock, self.concurrency)

    async def _knock(self, address: str) -> Reach:
        try:
            times = await asyncio.gather(*(connect(address, p, self.timeout) for p in self.ports))
        except NotSent:
            return NOT_SENT
        answered = [ms for ms in times if ms is not None]
        return Reach(min(answered), self.pings, 0) if answered else self.silence


async def connect(address: str, port: int, timeout: float) -> float | None:
    """Milliseconds until a TCP connection was accepted or refused; None when nobody answered.
    Raises NotSent.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), timeout)
    except ConnectionRefusedError:
        return (clock() - began) * 1000  # a refusal is an answer, too
    except (OSError, TimeoutError) as error:
        if exhausted(error):
            raise NotSent(EXHAUSTED) from error
        return None
    took = (clock() - began) * 1000
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return took


async def choose(pings: int = 3, timeout: float = 1.0) -> Probe:
    """The best way that this machine allows, found by trying.

    Raw sockets come after fping: every one of them hears every ICMP packet of the machine, which
    costs 300 hosts 2.7 s of CPU and invents loss, where fping takes 0.04 s.
    """
    if _allowed(privileged=False):
        return Icmplib(pings=pings, timeout=timeout)
    fping = Fping(pings=pings, timeout=timeout)
    if await _works(fping):
        return fping
    if _allowed(privileged=True):
        return Icmplib(pings=pings, timeout=timeout, privileged=True, concurrency=16)
    return TcpConnect(pings=pings, timeout=timeout)


def _allowed(*, privileged: bool) -> bool:
    try:
        ICMPv4Socket(None, privileged).close()
    except (ICMPLibError, OSError):
        return False
    return True


async def _works(probe: Probe) -> bool:
    try:
        return (await probe.reach(["127.0.0.1"]))["127.0.0.1"].rtt_ms is not None
    except ProbeFailed:
        return False


async def _each(
    addresses: Collection[str], ask: Callable[[str], Awaitable[Reach]], concurrency: int
) -> dict[str, Reach]:
    places = asyncio.Semaphore(concurrency)

    async def one(number: int, address: str) -> Reach:
        await asyncio.sleep(number * _SPACING)
        async with places:
            return await ask(address)

    once = tuple(dict.fromkeys(addresses))
    found = await asyncio.gather(*(one(number, address) for number, address in enumerate(once)))
    return dict(zip(once, found, strict=True))


def _summary(times: Collection[float | None]) -> Reach:
    answered = [ms for ms in times if ms is not None and ms >= 0]  # a clock that was set back
    rtt_ms = round(fmean(answered), 3) if answered else None
    return Reach(rtt_ms, len(times), sum(ms is None for ms in times))


def _times(text: str) -> list[float | None]:
    return [None if told == "-" else float(told) for told in text.split()]
