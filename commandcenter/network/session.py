"""Asking hundreds of SNMP agents from one socket, each in the way that it bears.

Agents differ: some speak SNMPv1 only, some answer no question about many things at once, some
refuse a whole question for one OID that they do not like. Each is learnt once and remembered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

from pyasn1.type.univ import Integer, Null
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto.errind import RequestTimedOut, requestTimedOut
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from commandcenter.network.keys import as_v1
from commandcenter.network.listener import Listener

UPTIME = "1.3.6.1.2.1.1.3.0"  # sysUpTime, 1/100 s, wraps after 497 days
_V3 = 3  # snmpMessageProcessingModel of SNMPv3, RFC 3411
_ENGINES = (
    "__engineIdCache",
    "__engineIdCacheExpQueue",
)  # where pysnmp keeps the agents' engineIDs
_TOO_BIG = 1  # error-status tooBig(1), RFC 3416 section 3
_NO_SUCH_NAME = 2  # error-status of SNMPv1 at the end of what an agent knows
_MOST_QUESTIONS, _ROWS_AT_ONCE = 2000, 10
_BETWEEN_QUESTIONS, _BETWEEN_WALKS = 0.004, 0.012  # seconds; about twice what each costs in CPU
_MARGIN = 1.0  # seconds by which pysnmp's coarse clock may not be too early
_LEARN_EVERY = 5  # so many silences are between two attempts to learn why
_BAD_OF_MANY = 100  # of so many bad packets of one kind one is kept
_REMEMBERED = 100  # questions until what an agent refused is tried again
_MOST = 64  # OIDs at once
_FEW = 4  # OIDs at once for an agent that did not answer a question about more

Plain: TypeAlias = int | bytes | None


Question: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]
"""Asks with an engine, a key and a target."""


class NoAnswer(Exception):
    """The agent is silent."""


class NotAsked(Exception):
    """The question could not be sent: nothing is known of the agent."""


class BadAnswer(Exception):
    """The agent answers, but not what was asked; the text says what is wrong."""


class Told(NamedTuple):
    """What an agent told: the values by OID, None for what it does not know, the seconds from the
    question that it answered, and how many questions before that one were lost."""

    values: dict[str, Plain]
    seconds: float
    lost: int


class Reply(NamedTuple):
    """What came back to one question: pysnmp's error indication, error-status, error-index and
    bindings; and as in `Told`."""

    failure: Any
    status: Any
    index: Any
    bindings: Any
    seconds: float = 0.0
    lost: int = 0


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
    target: Any = None  # for its address

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
        self._bad: Counter[tuple[str, str]] = Counter()

    def agent(self, address: str, port: int) -> Agent:
        """What is known of the agent there."""
        return self._agents.setdefault((address, port), Agent(address, port))

    async def get(self, agent: Agent, key: Any, oids: Sequence[str]) -> Told:
        """Ask for some values. Raises NoAnswer, NotAsked, BadAnswer."""
        try:
            told = await self._get(agent, key, oids)
        except NoAnswer:
            self._forget_engine(agent)
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
        last, rows = column, {column}
        for _ in range(_MOST_QUESTIONS):
            reply = await self._send(agent, _spoken(agent, key), self._further(agent, last))
            self._fail(agent, reply.failure, key)
            status, bindings = reply.status, reply.bindings
            if agent.old and status == _NO_SUCH_NAME:
                return
            if status or not bindings:
                raise BadAnswer(f"agen menolak: {status.prettyPrint() if status else 'isi kosong'}")
            for name, value in bindings:
                last = str(name)
                if isinstance(value, EndOfMibView) or not last.startswith(f"{column}."):
                    return
                if last in rows and isinstance(value, Null):
                    return  # an endOfMibView that SNMPv1 does not know
                if last in rows:
                    raise BadAnswer(_REFUSALS["OidNotIncreasing"])
                rows.add(last)
                yield int(name[-1]), _plain(value)

    def _further(self, agent: Agent, oid: str) -> Question:
        """A question about what comes after an OID; SNMPv1 knows no GETBULK."""
        start = hlapi.ObjectType(hlapi.ObjectIdentity(oid))
        if agent.old or agent.one_by_one:
            return partial(_next, start)
        return partial(_bulk, start)

    def close(self) -> None:
        """Let go of the socket."""
        self._engine.close_dispatcher()

    def refuse(self, agent: Agent, oid: str, reason: str) -> None:
        """Put one odd value of an agent aside, once."""
        if oid not in agent.odd:
            agent.odd.add(oid)
            self._reject(f"{agent.address}: {reason}", b"")

    async def _get(self, agent: Agent, key: Any, oids: Sequence[str]) -> Told:
        """Ask in as many questions as the agent wants; leave out what it refuses."""
        agent.grow_older()
        told: dict[str, Plain] = dict.fromkeys(oids)
        waiting = _split([oid for oid in oids if oid not in agent.refused], agent.most)
        replies: list[Reply] = []
        while waiting:
            part = waiting.pop(0)
            reply = await self._ask(agent, key, part)
            replies.append(reply)
            if reply.status:
                index = int(reply.index or 0)
                waiting = [*_smaller(agent, part, int(reply.status), index), *waiting]
            else:
                heard = ((str(name), _plain(value)) for name, value in reply.bindings)
                told |= {name: value for name, value in heard if name in told}
        if all(reply.status for reply in replies):
            why = replies[-1].status.prettyPrint() if replies else "semua yang ditanyakan"
            raise BadAnswer(f"agen menolak: {why}{_RIGHTS.get(why, '')}")
        return Told(told, replies[0].seconds, replies[0].lost)

    async def _get_as_learnt(self, agent: Agent, key: Any, oids: Sequence[str]) -> Told:
        """Some agents answer a question about one OID only."""
        try:
            return await self._get(agent, key, oids)
        except NoAnswer:
            if len(oids) == 1:
                raise
            agent.bears(1)
            return await self._get(agent, key, oids)

    async def _ask(self, agent: Agent, key: Any, oids: Sequence[str]) -> Reply:
        """One question about some values."""
        await self._pace(_BETWEEN_QUESTIONS)
        reply = await self._send(agent, _spoken(agent, key), self._about(oids))
        self._fail(agent, reply.failure, key)
        return reply

    async def _send(
        self, agent: Agent, key: Any, question: Question, tries: int | None = None
    ) -> Reply:
        """Send a question, and again when no answer comes in time. An answer to any of them will
        do: over a satellite each comes later than that."""
        agent.spoiled = ""
        target = await self._target(agent)
        sent: list[tuple[asyncio.Task[Any], float]] = []
        failure: Any = requestTimedOut
        try:
            for _ in range(tries or 1 + self.retries):
                asked = asyncio.ensure_future(question(self._engine, key, target))
                sent.append((asked, perf_counter()))
                waiting = [task for task, _ in sent if not task.done()]
                await asyncio.wait(
                    waiting, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED
                )
                for lost, (task, began) in enumerate(sent):
                    if not task.done():
                        continue
                    failure, status, index, bindings = task.result()
                    if failure is None:
                        took = perf_counter() - began
                        return Reply(None, status, index, bindings, took, lost)
        except (PySnmpError, OSError) as error:
            raise NotAsked("pertanyaan tidak dapat dikirim") from error
        finally:
            for task, _ in sent:
                task.cancel()
        return Reply(failure, None, 0, ())

    def _about(self, oids: Iterable[str]) -> Question:
        return partial(_get, [self._question(oid) for oid in oids])

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
            reply = await self._send(agent, key, self._about((UPTIME,)), tries=1)
        except NotAsked:
            return False
        return reply.failure is None

    def _forget_engine(self, agent: Agent) -> None:
        """An agent that was replaced has another engineID (RFC 3414). pysnmp keeps the former one
        for five minutes, and offers no way to forget it."""
        model = self._engine.message_processing_subsystems[_V3]
        known, ending = (getattr(model, f"_{type(model).__name__}{name}") for name in _ENGINES)
        for peer in [peer for peer in known if peer[1][:2] == (agent.address, agent.port)]:
            del known[peer]
            for peers in ending.values():
                peers[:] = [other for other in peers if other != peer]

    async def _pace(self, seconds: float) -> None:
        """Queue up to ask, so that answers never wait behind the questions to others."""
        async with self._turn:
            await asyncio.sleep(seconds)

    async def _target(self, agent: Agent) -> Any:
        """Where pysnmp sends to. It keeps a question for as long as any answer may come."""
        if agent.target is None:
            kind = hlapi.Udp6TransportTarget if ":" in agent.address else hlapi.UdpTransportTarget
            where, patience = (agent.address, agent.port), self.timeout * (1 + self.retries)
            try:
                agent.target = await kind.create(where, timeout=patience + _MARGIN, retries=0)
            except (PySnmpError, OSError) as error:
                raise NotAsked(f"alamat {agent.address} tidak dikenal") from error
        return agent.target

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
        """Put the first of many aside, and some later: one agent must not push out all others."""
        for agent in self._agents.values():
            if agent.address == address:
                agent.spoiled = reason
        already = self._bad[address, reason]
        self._bad[address, reason] += 1
        if not already % _BAD_OF_MANY:
            self._reject(f"{address}: {reason}{f' (sudah {already} kali)' * bool(already)}", packet)


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


async def _get(oids: Sequence[Any], engine: Any, key: Any, target: Any) -> Any:
    return await hlapi.get_cmd(engine, key, target, hlapi.ContextData(), *oids, lookupMib=False)


async def _next(start: Any, engine: Any, key: Any, target: Any) -> Any:
    return await hlapi.next_cmd(engine, key, target, hlapi.ContextData(), start, lookupMib=False)


async def _bulk(start: Any, engine: Any, key: Any, target: Any) -> Any:
    where = engine, key, target, hlapi.ContextData()
    return await hlapi.bulk_cmd(*where, 0, _ROWS_AT_ONCE, start, lookupMib=False)


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
