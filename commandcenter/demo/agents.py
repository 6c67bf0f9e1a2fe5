"""SNMP agents: one UDP socket a router, answering SNMPv2c behind a line that takes its time.

Like a real agent, one says nothing at all to a wrong community or to bytes that are not SNMP.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from commandcenter.demo import ber
from commandcenter.demo.ber import Oid
from commandcenter.demo.mib import Mib, router_mib
from commandcenter.demo.mishaps import Kind, Script
from commandcenter.demo.region import Region, Router

GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
_MOST_ROWS = 60  # of one answer, so that it fits a datagram


@dataclass(frozen=True, slots=True)
class Line:
    """What a provider's links are like: seconds to answer, share of lost requests, bit/s in all."""

    quickest: float
    slowest: float
    loss: float
    traffic: float


LINES = {
    "Telkom": Line(0.008, 0.013, 0.0005, 412e6),
    "Moratel": Line(0.015, 0.022, 0.0, 188e6),
    "Telkomsel": Line(0.055, 0.115, 0.004, 64e6),
}


@dataclass
class Agent(asyncio.DatagramProtocol):
    """The SNMP agent of one router, behind a line that takes its time and loses some."""

    router: Router
    mib: Mib
    line: Line
    community: str
    chance: random.Random
    now: Callable[[], float]
    trouble: Callable[[], Kind | None]
    """LINK_DOWN, LINK_LOSSY or nothing."""
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own class for it does not derive from DatagramTransport.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer after the line's delay, or leave the asker waiting."""
        trouble = self.trouble()
        lossy = trouble is Kind.LINK_LOSSY
        lost = self.chance.random() < (0.3 if lossy else self.line.loss)
        if trouble is Kind.LINK_DOWN or lost:
            return
        reply = answer(data, self.community, self.mib, self.now())
        if reply is not None:
            delay = self.chance.uniform(self.line.quickest, self.line.slowest)
            loop = asyncio.get_running_loop()
            loop.call_later(delay * (3.5 if lossy else 1), self._send, reply, addr)

    def _send(self, reply: bytes, addr: Any) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.sendto(reply, addr)


def make_agents(
    *,
    region: Region,
    community: str,
    script: Script,
    elapsed: Callable[[], float],
    now: Callable[[], float],
    seed: int = 0,
) -> list[Agent]:
    """An agent for every router that has an address."""
    means = _means(region)

    def trouble(router: str, chain: Sequence[str]) -> Kind | None:
        seconds = elapsed()
        if not script.things(Kind.LINK_DOWN, seconds).isdisjoint(chain):
            return Kind.LINK_DOWN
        return Kind.LINK_LOSSY if router in script.things(Kind.LINK_LOSSY, seconds) else None

    agents = []
    for router in region.routers:
        if not router.address:
            continue
        chance = random.Random(f"{seed} {router.id}")
        mib = router_mib(router, means[router.id], chance)
        wrong = partial(trouble, router.id, region.above(router.id))
        line = LINES[router.provider]
        agents.append(Agent(router, mib, line, community, chance, now, wrong))
    return agents


async def listen(agents: Sequence[Agent]) -> list[asyncio.DatagramTransport]:
    """Open the agents' sockets. Raises OSError."""
    loop = asyncio.get_running_loop()
    opened = []
    for agent in agents:
        here = agent.router.address, agent.router.snmp_port
        transport, _ = await loop.create_datagram_endpoint(partial(_same, agent), here)
        opened.append(transport)
    return opened


def answer(datagram: bytes, community: str, mib: Mib, now: float) -> bytes | None:
    """What the agent answers to a datagram; None: nothing (RFC 3416 section 4.2)."""
    try:
        (message,) = ber.split(datagram)
        version, told, (kind, pdu) = ber.split(ber.expect(message, ber.SEQUENCE))
        request, first, second, bindings = ber.split(pdu)
        names = [
            ber.read_oid(ber.split(ber.expect(b, ber.SEQUENCE))[0][1])
            for b in ber.split(ber.expect(bindings, ber.SEQUENCE))
        ]
    except ValueError:
        return None
    if ber.read_number(version[1]) != 1 or told[1] != community.encode():
        return None
    if kind == GET:
        found = [mib.get(name, now) for name in names]
    elif kind == GET_NEXT:
        found = [mib.next(name, now)[1] for name in names]
    elif kind == GET_BULK:
        found = _bulk(mib, names, ber.read_number(first[1]), ber.read_number(second[1]), now)
    else:
        return None
    listed = ber.wrap(ber.SEQUENCE, b"".join(found))
    reply = ber.number(ber.read_number(request[1])) + ber.number(0) + ber.number(0) + listed
    return ber.wrap(ber.SEQUENCE, ber.number(1) + ber.text(told[1]) + ber.wrap(RESPONSE, reply))


def _bulk(mib: Mib, names: Sequence[Oid], single: int, rows: int, now: float) -> list[bytes]:
    found = [mib.next(name, now)[1] for name in names[:single]]
    repeated = list(names[single:])
    for _ in range(rows):
        if not repeated or len(found) + len(repeated) > _MOST_ROWS:
            break
        step = [mib.next(name, now) for name in repeated]
        repeated = [name for name, _ in step]
        found += [binding for _, binding in step]
    return found


def _same(agent: Agent) -> Agent:
    return agent


def _means(region: Region) -> dict[str, float]:
    """bit/s that come in through each router: by employees, upwards the sum of what hangs on it."""
    people = {office.code: office.employees + 10 for office in region.offices}
    offices = [router for router in region.routers if router.role == "office" and router.address]
    crowd = dict.fromkeys(LINES, 0)
    for router in offices:
        crowd[router.provider] += people[router.office]
    means = dict.fromkeys((router.id for router in region.routers), 0.0)
    for router in offices:
        share = people[router.office] / crowd[router.provider]
        for one in region.above(router.id):
            means[one] += LINES[router.provider].traffic * share
    return means
