"""Asking hundreds of SNMP agents from one socket, each in the way that it bears.

Agents differ: some speak SNMPv1 only, some answer no question about many things at once, some
refuse a whole question for one OID that they do not like. Each is learnt once and remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias

from pyasn1.type.univ import Integer, Null
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto.errind import RequestTimedOut
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from commandcenter.network.keys import as_v1
from commandcenter.network.listener import Listener

UPTIME = "1.3.6.1.2.1.1.3.0"  # sysUpTime, 1/100 s, wraps after 497 days
_TOO_BIG = 1  # error-status tooBig(1), RFC 3416 section 3
_MOST_ROWS, _ROWS_AT_ONCE = 2000, 10
_BETWEEN_QUESTIONS, _BETWEEN_WALKS = 0.004, 0.012  # seconds; about twice what each costs in CPU
_LEARN_EVERY = 5  # so many silences are between two attempts to learn why
_REMEMBERED = 100  # questions until what an agent refused is tried again
_MOST = 64  # OIDs at once
_FEW = 4  # OIDs at once for an agent that did not answer a question about more

Plain: TypeAlias = int | bytes | None


class NoAnswer(Exception):
    """The agent is silent."""


class NotAsked(Exception):
    """The question could not be sent: nothing is known of the agent."""


class BadAnswer(Exception):
    """The agent answers, but not what was asked; the text says what is wrong."""


@dataclass
class Agent:
    """What was learnt of one agent."""

    address: str
    port: int
    old: bool = False  # it speaks SNMPv1 only
    most: int = _MOST  # OIDs in one question
    asked: int = 0  # questions since that was learnt
    one_by_one: bool = False  # it stumbles over GETBULK
    refused: dict[str, int] = field(default_factory=dict)  # OID: questions until asked for again
    odd: set[str] = field(default_factory=set)  # OIDs whose value is no number: told once
    silences: int = 0  # in a row
    spoiled: str = ""  # why the latest packet from there was dropped
    target: Any = None

    def forget(self) -> None:
        """It was restarted: it may be another one by now."""
        self.refused.clear()
        self.odd.clear()
        self.most, self.one_by_one = _MOST, False

    def bears(self, most: int) -> None:
        """It answers no more than `most` OIDs at once."""
        self.most, self.asked = max(1, most), 0

    def grow_older(self) -> None:
        """What was learnt is tried anew after a while: it may have been a passing trouble."""
        self.refused = {oid: left - 1 for oid, left in self.refused.items() if left > 1}
        self.asked += 1
        if self.asked > _REMEMBERED:
            self.most = _MOST


class Session:
    """One SNMP engine and its socket. What arrives and is not for us goes to `reject`.

    `timeout` in seconds for each of 1 + `retries` tries. Await `close` at the end.
    """

    def __init__(self, reject: Callable[[str, bytes], None], timeout: float, retries: int) -> None:
        self.timeout, self.retries = timeout, retries
        self._reject = reject
        self._turn = asyncio.Lock()
        self._engine = hlapi.SnmpEngine(msgAndPduDsp=Listener(self._bad_packet))
        self._agents: dict[tuple[str, int], Agent] = {}
        self._questions: dict[str, Any] = {}

    def agent(self, address: str, port: int) -> Agent:
        """What is known of the agent there."""
        return self._agents.setdefault((address, port), Agent(address, port))

    async def get(
        self, agent: Agent, key: Any, oids: Sequence[str]
    ) -> tuple[dict[str, Plain], float]:
        """The values by OID, None for what it does not know, and the seconds until they came,
        lost tries included. Raises NoAnswer, NotAsked, BadAnswer.
        """
        try:
            told = await self._get(agent, key, oids)
        except NoAnswer:
            if not await self._learn(agent, key, oids):
                raise
            told = await self._get_as_learnt(agent, key, oids)
        agent.silences = 0
        return told

    async def walk(
        self, agent: Agent, key: Any, column: str
    ) -> AsyncGenerator[tuple[int, Plain], None]:
        """Index and value of every row of a column; some twice when the agent stumbles over
        GETBULK. Raises NoAnswer, BadAnswer.
        """
        try:
            async with aclosing(self._walk(agent, key, column)) as rows:
                async for row in rows:
                    yield row
            return
        except (NoAnswer, BadAnswer):
            if agent.old or agent.one_by_one:
                raise
            agent.one_by_one = True
        async with aclosing(self._walk(agent, key, column)) as rows:
            async for row in rows:
                yield row

    async def _walk(
        self, agent: Agent, key: Any, column: str
    ) -> AsyncGenerator[tuple[int, Plain], None]:
        await self._pace(_BETWEEN_WALKS)
        target = await self._target(agent)
        start = hlapi.ObjectType(hlapi.ObjectIdentity(column))
        how = {"lexicographicMode": False, "lookupMib": False, "maxRows": _MOST_ROWS}
        where = (self._engine, _spoken(agent, key), target, hlapi.ContextData())
        walk = (
            hlapi.walk_cmd(*where, start, **how)  # SNMPv1 knows no GETBULK
            if agent.old or agent.one_by_one
            else hlapi.bulk_walk_cmd(*where, 0, _ROWS_AT_ONCE, start, **how)
        )
        try:
            async with aclosing(walk) as replies:
                async for failure, status, _, bindings in replies:
                    self._fail(agent, failure, key)
                    if status:
                        raise BadAnswer(f"agen menolak: {status.prettyPrint()}")
                    for name, value in bindings:
                        yield int(name[-1]), _plain(value)
        except (PySnmpError, OSError) as error:
            raise NotAsked("pertanyaan tidak dapat dikirim") from error

    def close(self) -> None:
        """Let go of the socket."""
        self._engine.close_dispatcher()

    def refuse(self, agent: Agent, oid: str, reason: str) -> None:
        """Put one odd value of an agent aside, once."""
        if oid not in agent.odd:
            agent.odd.add(oid)
            self._reject(f"{agent.address}: {reason}", b"")

    async def _get(
        self, agent: Agent, key: Any, oids: Sequence[str]
    ) -> tuple[dict[str, Plain], float]:
        """Ask in as many questions as the agent wants; leave out what it refuses."""
        agent.grow_older()
        told: dict[str, Plain] = dict.fromkeys(oids)
        waiting = _split([oid for oid in oids if oid not in agent.refused], agent.most)
        seconds, answered, status = 0.0, False, None
        while waiting:
            part = waiting.pop(0)
            began = perf_counter()
            status, index, bindings = await self._ask(agent, key, part)
            seconds = seconds or perf_counter() - began
            if not status:
                answered = True
                told |= {name: value for name, value in bindings.items() if name in told}
            else:
                waiting = [*_smaller(agent, part, int(status), index), *waiting]
        if not answered:
            why = status.prettyPrint() if status is not None else "semua yang ditanyakan"
            raise BadAnswer(f"agen menolak: {why}{_RIGHTS.get(why, '')}")
        return told, seconds

    async def _get_as_learnt(
        self, agent: Agent, key: Any, oids: Sequence[str]
    ) -> tuple[dict[str, Plain], float]:
        """Some agents answer a question about one OID only."""
        try:
            return await self._get(agent, key, oids)
        except NoAnswer:
            if len(oids) == 1:
                raise
            agent.bears(1)
            return await self._get(agent, key, oids)

    async def _ask(
        self, agent: Agent, key: Any, oids: Sequence[str]
    ) -> tuple[Any, int, Mapping[str, Plain]]:
        """One question: error-status, error-index (from 1), and the values by OID."""
        target = await self._target(agent)
        await self._pace(_BETWEEN_QUESTIONS)
        reply = await self._send(agent, _spoken(agent, key), target, oids)
        failure, status, index, bindings = reply
        self._fail(agent, failure, key)
        return status, int(index or 0), {str(name): _plain(value) for name, value in bindings}

    async def _send(self, agent: Agent, key: Any, target: Any, oids: Iterable[str]) -> Any:
        agent.spoiled = ""
        asked = [self._question(oid) for oid in oids]
        context = hlapi.ContextData()
        try:
            return await hlapi.get_cmd(self._engine, key, target, context, *asked, lookupMib=False)
        except (PySnmpError, OSError) as error:
            raise NotAsked("pertanyaan tidak dapat dikirim") from error

    def _question(self, oid: str) -> Any:
        """pysnmp resolves each OID once, for a third of the cost."""
        if oid not in self._questions:
            self._questions[oid] = hlapi.ObjectType(hlapi.ObjectIdentity(oid))
        return self._questions[oid]

    async def _learn(self, agent: Agent, key: Any, oids: Sequence[str]) -> bool:
        """Whether a silent agent answers a smaller question, or the same in SNMPv1."""
        agent.silences += 1
        if agent.silences % _LEARN_EVERY != 1:
            return False
        older = as_v1(key)
        newer, old = await asyncio.gather(
            self._answers(agent, key), self._answers(agent, older) if older else _no()
        )
        if newer and len(oids) > _FEW:
            agent.bears(_FEW)
        if newer or old:
            agent.old = not newer
        return newer or old

    async def _answers(self, agent: Agent, key: Any) -> bool:
        try:
            target = await self._make_target(agent, retries=0)
            failure, *_ = await self._send(agent, key, target, (UPTIME,))
        except NotAsked:
            return False
        return failure is None

    async def _pace(self, seconds: float) -> None:
        """Queue up to ask, so that answers never wait behind the questions to others."""
        async with self._turn:
            await asyncio.sleep(seconds)

    async def _target(self, agent: Agent) -> Any:
        if agent.target is None:
            agent.target = await self._make_target(agent, self.retries)
        return agent.target

    async def _make_target(self, agent: Agent, retries: int) -> Any:
        kind = hlapi.Udp6TransportTarget if ":" in agent.address else hlapi.UdpTransportTarget
        where = agent.address, agent.port
        try:
            return await kind.create(where, timeout=self.timeout, retries=retries)
        except (PySnmpError, OSError) as error:
            raise NotAsked(f"alamat {agent.address} tidak dikenal") from error

    def _fail(self, agent: Agent, failure: Any, key: Any) -> None:
        """Say what pysnmp's error indication means, if it is one."""
        if failure is None:
            return
        if isinstance(failure, RequestTimedOut) and not agent.spoiled:
            check = "community" if as_v1(key) else "v3_priv"  # a wrong one looks like silence
            raise NoAnswer(f"tidak menjawab (periksa {check}, hak akses di perangkat, port)")
        told = _REFUSALS.get(type(failure).__name__)
        raise BadAnswer(told or f"jawaban rusak: {agent.spoiled or failure}")

    def _bad_packet(self, address: str, reason: str, packet: bytes) -> None:
        for agent in self._agents.values():
            if agent.address == address:
                agent.spoiled = reason
        self._reject(f"{address}: {reason}", packet)


_REFUSALS: Mapping[str, str] = {  # by the name of pysnmp's error indication
    "WrongDigest": "sandi autentikasi SNMPv3 salah (v3_auth atau v3_auth_protocol)",
    "AuthenticationFailure": "sandi autentikasi SNMPv3 salah (v3_auth atau v3_auth_protocol)",
    "DecryptionError": "sandi enkripsi SNMPv3 salah (v3_priv atau v3_priv_protocol)",
    "UnknownUserName": "pengguna SNMPv3 tidak dikenal (v3_user)",
    "UnknownSecurityName": "pengguna SNMPv3 tidak dikenal (v3_user)",
    "UnsupportedSecurityLevel": "agen meminta tingkat keamanan SNMPv3 lain (v3_auth, v3_priv)",
    "NotInTimeWindow": "jam mesin SNMPv3 agen tidak cocok; nyalakan ulang agennya",
    "UnknownEngineID": "agen menyebut engineID SNMPv3 lain",
    "OidNotIncreasing": "daftar antarmuka agen berputar-putar (OID tidak naik)",
}


_RIGHTS: Mapping[str, str] = {
    "authorizationError": "; periksa hak baca (view) dan tingkat keamanan SNMPv3 (v3_priv)",
    "noAccess": "; periksa hak baca (view)",
}


async def _no() -> bool:
    return False


def _spoken(agent: Agent, key: Any) -> Any:
    return as_v1(key) or key if agent.old else key


def _split(oids: Sequence[str], most: int) -> list[Sequence[str]]:
    return [oids[at : at + most] for at in range(0, len(oids), most)]


def _smaller(agent: Agent, part: Sequence[str], status: int, index: int) -> list[Sequence[str]]:
    """What to ask instead of a question that was refused: without the OID that error-index tells,
    else in halves, until the culprit stands alone."""
    if status == _TOO_BIG and len(part) > 1:
        agent.bears(len(part) // 2)
        return _split(part, agent.most)
    if not 1 <= index <= len(part) and len(part) > 1:
        return _split(part, (len(part) + 1) // 2)
    place = index - 1 if 1 <= index <= len(part) else 0
    agent.refused[part[place]] = _REMEMBERED
    rest = [*part[:place], *part[place + 1 :]]
    return [rest] if rest else []


def _plain(value: Any) -> Plain:
    """Integers and strings as Python's own; None for noSuchObject and the like."""
    if isinstance(value, (NoSuchObject, NoSuchInstance, EndOfMibView)):
        return None
    if isinstance(value, Null):
        return b""
    return int(value) if isinstance(value, Integer) else bytes(value)
