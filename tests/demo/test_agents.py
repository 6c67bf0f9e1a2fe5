"""The agents answer a real SNMP client, and are silent when the script says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, strategies
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    bulk_walk_cmd,
    get_cmd,
)

from commandcenter.demo import ber
from commandcenter.demo.agents import GET, Agent, answer, listen, make_agents
from commandcenter.demo.mib import Mib
from commandcenter.demo.mishaps import Kind, Script
from commandcenter.demo.region import Region

UPTIME, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"
IN_OCTETS, STATUS = "1.3.6.1.2.1.31.1.1.1.6.2", "1.3.6.1.2.1.2.2.1.8.2"


@dataclass
class Network:
    """The agents of the regency on a port of the test's own; the test moves the time."""

    region: Region
    script: Script
    port: int
    elapsed: float = 0.0
    now: float = 1_795_228_937.0  # 21 November 2026, 09:42:17 WIB

    def agents(self, routers: Sequence[str]) -> list[Agent]:
        moved = [replace(r, snmp_port=self.port) for r in self.region.routers]
        made = make_agents(
            region=replace(self.region, routers=moved),
            community="rahasia",
            script=self.script,
            elapsed=lambda: self.elapsed,
            now=lambda: self.now,
        )
        return [agent for agent in made if agent.router.id in routers]


@pytest.fixture
def network(region: Region, script: Script) -> Network:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.20.0.1", 0))
        return Network(region, script, probe.getsockname()[1])


async def ask(agent: Agent, *names: str) -> list[Any]:
    """A GET by pysnmp; the values."""
    target = await UdpTransportTarget.create(_address(agent), timeout=2, retries=1)
    community, engine = CommunityData("rahasia", mpModel=1), SnmpEngine()
    objects = [ObjectType(ObjectIdentity(name)) for name in names]
    error, status, _, found = await get_cmd(
        engine, community, target, ContextData(), *objects, lookupMib=False
    )
    engine.close_dispatcher()
    assert not error, error
    assert not status
    return [value for _, value in found]


def _address(agent: Agent) -> tuple[str, int]:
    return agent.router.address, agent.router.snmp_port


async def test_a_get_tells_name_state_and_counters(network: Network) -> None:
    (agent,) = network.agents(["rtr-dinkes"])
    (transport,) = await listen([agent])
    name, status, uptime, octets = await ask(agent, NAME, STATUS, UPTIME, IN_OCTETS)
    assert str(name) == "rtr-dinkes"
    assert int(status) == 1
    assert type(uptime).__name__ == "TimeTicks"
    assert type(octets).__name__ == "Counter64"
    transport.close()


async def test_the_rate_between_two_gets_is_that_of_the_provider(network: Network) -> None:
    agents = network.agents(["core-telkom", "core-moratel", "core-telkomsel"])
    transports = await listen(agents)
    before = [await ask(agent, UPTIME, IN_OCTETS) for agent in agents]
    network.now += 30
    after = [await ask(agent, UPTIME, IN_OCTETS) for agent in agents]
    rates = [
        (int(b[1]) - int(a[1])) * 8 / ((int(b[0]) - int(a[0])) / 100) / 1e6
        for a, b in zip(before, after, strict=True)
    ]
    assert 250 < rates[0] < 800  # Mb/s: telkom carries the most
    assert 110 < rates[1] < 370
    assert 38 < rates[2] < 125
    for transport in transports:
        transport.close()


async def test_a_bulk_walk_finds_the_loopback_and_the_uplink(network: Network) -> None:
    (agent,) = network.agents(["rtr-kumai"])
    (transport,) = await listen([agent])
    target = await UdpTransportTarget.create(_address(agent), timeout=2)
    table = ObjectType(ObjectIdentity("1.3.6.1.2.1.31.1.1.1.1"))
    community, engine = CommunityData("rahasia", mpModel=1), SnmpEngine()
    found = [
        (str(name), str(value))
        async for _, _, _, rows in bulk_walk_cmd(
            engine,
            community,
            target,
            ContextData(),
            0,
            25,
            table,
            lexicographicMode=False,
            lookupMib=False,
        )
        for name, value in rows
    ]
    engine.close_dispatcher()
    transport.close()
    assert [value for _, value in found] == ["lo", "ether1-wan"]


def request(community: str, number: int) -> bytes:
    name = ber.oid((1, 3, 6, 1, 2, 1, 1, 5, 0)) + ber.empty(ber.NULL)
    listed = ber.wrap(ber.SEQUENCE, ber.wrap(ber.SEQUENCE, name))
    pdu = ber.number(number) + ber.number(0) + ber.number(0) + listed
    return ber.wrap(ber.SEQUENCE, ber.number(1) + ber.text(community) + ber.wrap(GET, pdu))


def request_id(reply: bytes) -> int:
    (message,) = ber.split(reply)
    pdu = ber.split(message[1])[2]
    return ber.read_number(ber.split(pdu[1])[0][1])


async def first_answer(agent: Agent, datagrams: Sequence[bytes]) -> bytes:
    """Send these one after another from one socket; the first datagram that comes back."""
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        for datagram in datagrams:
            await loop.sock_sendto(client, datagram, _address(agent))
        return await asyncio.wait_for(loop.sock_recv(client, 2000), 5)


async def test_a_wrong_community_and_garbage_get_no_answer(network: Network) -> None:
    (agent,) = network.agents(["rtr-dinkes"])
    (transport,) = await listen([agent])
    asked = [request("public", 1), b"\x30\x84\xff\xff\xff\xff", b"halo", request("rahasia", 2)]
    assert request_id(await first_answer(agent, asked)) == 2
    transport.close()


async def test_a_fallen_link_is_silent_until_it_heals(network: Network) -> None:
    (fallen,) = network.script.things(Kind.LINK_DOWN, 30)
    (agent,) = network.agents([fallen])
    network.elapsed = 30
    agent.datagram_received(request("rahasia", 1), ("127.0.0.1", 9))  # would fail to be sent
    (transport,) = await listen([agent])
    mishap = network.script.wrong(30)[0]
    network.elapsed = mishap.until + 1
    assert request_id(await first_answer(agent, [request("rahasia", 2)])) == 2
    network.elapsed = 30
    assert agent.trouble() is Kind.LINK_DOWN
    transport.close()


def test_what_hangs_on_a_fallen_kecamatan_falls_with_it(network: Network) -> None:
    towns = {r.id for r in network.region.routers if r.role == "kecamatan"}
    network.elapsed = next(
        t for t in range(3600) if network.script.things(Kind.LINK_DOWN, t) & towns
    )
    (town,) = network.script.things(Kind.LINK_DOWN, network.elapsed)
    behind = [r.id for r in network.region.routers if town in network.region.above(r.id)]
    assert len(behind) >= 3
    for agent in network.agents(behind):
        assert agent.trouble() is Kind.LINK_DOWN


@given(strategies.binary(max_size=200))
def test_no_datagram_breaks_an_agent(datagram: bytes) -> None:
    assert answer(datagram, "rahasia", Mib({}), 0.0) is None


@given(strategies.integers(0, 2**64 - 1))
def test_numbers_survive_the_wire(value: int) -> None:
    ((tag, body),) = ber.split(ber.number(value, ber.COUNTER64))
    assert (tag, ber.read_number(body)) == (ber.COUNTER64, value)
