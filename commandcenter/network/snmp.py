"""What a router tells of its uplink over SNMP v2c and v3: IF-MIB (RFC 2863), SNMPv2-MIB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from time import perf_counter
from typing import Any, NoReturn

from pyasn1.type.univ import Integer
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto.errind import RequestTimedOut
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject
from pysnmp.proto.rfc3412 import MsgAndPduDispatcher

from commandcenter.network.counters import Sample

_UPTIME = "1.3.6.1.2.1.1.3.0"  # sysUpTime, 1/100 s, wraps after 497 days
_TYPE, _OPER_STATUS = "1.3.6.1.2.1.2.2.1.3", "1.3.6.1.2.1.2.2.1.8"
_IN_OCTETS, _OUT_OCTETS = "1.3.6.1.2.1.2.2.1.10", "1.3.6.1.2.1.2.2.1.16"  # 32 bits wide
_IN_ERRORS, _OUT_ERRORS = "1.3.6.1.2.1.2.2.1.14", "1.3.6.1.2.1.2.2.1.20"
_HC_IN_OCTETS, _HC_OUT_OCTETS = "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10"  # 64 bits
_DISCONTINUITY = "1.3.6.1.2.1.31.1.1.1.19"  # sysUpTime at which the counters last jumped
_NAMES = ("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.18", "1.3.6.1.2.1.2.2.1.2")
"""ifName, ifAlias and ifDescr: where an interface's name is looked for, in this order."""
_UP, _LOOPBACK = 1, 24  # ifOperStatus up(1), ifType softwareLoopback(24)
_MOST_INTERFACES, _ROWS_AT_ONCE = 2000, 10
_BETWEEN_QUESTIONS, _BETWEEN_WALKS = 0.003, 0.012  # seconds; about twice what each costs in CPU

Plain = int | bytes | None


class NoAnswer(Exception):
    """The agent is silent."""


class BadAnswer(Exception):
    """The agent answers, but not what was asked; the text says what is wrong."""


def v2c(community: str) -> Any:
    """The key to agents that go by a community (RFC 1901)."""
    return hlapi.CommunityData(community, mpModel=1)  # noqa: S508 (what the routers speak)


_AUTH = {
    "SHA-256": hlapi.USM_AUTH_HMAC192_SHA256,
    "SHA-512": hlapi.USM_AUTH_HMAC384_SHA512,
    "SHA": hlapi.USM_AUTH_HMAC96_SHA,
    "MD5": hlapi.USM_AUTH_HMAC96_MD5,
}
_PRIV = {
    "AES": hlapi.USM_PRIV_CFB128_AES,
    "AES-256": hlapi.USM_PRIV_CFB256_AES,
    "DES": hlapi.USM_PRIV_CBC56_DES,
}


def v3(
    user: str, auth: str | None, priv: str | None, protocols: tuple[str, str] = ("SHA-256", "AES")
) -> Any:
    """The key to agents that know users (RFC 3414): without `auth` no proof, without `priv` no
    encryption. `protocols` are those of both: SHA-256, SHA-512, SHA, MD5 and AES, AES-256, DES.
    """
    return hlapi.UsmUserData(
        user,
        auth,
        priv if auth else None,
        authProtocol=_AUTH[protocols[0]] if auth else hlapi.USM_AUTH_NONE,
        privProtocol=_PRIV[protocols[1]] if auth and priv else hlapi.USM_PRIV_NONE,
    )


class SnmpReader:
    """Asks hundreds of agents from one socket in one event loop.

    `timeout` in seconds for each of 1 + `retries` tries. What arrives and is not SNMP, or not for
    us, goes to `reject(reason, packet)`. Await `close` at the end.
    """

    def __init__(
        self,
        reject: Callable[[str, bytes], None],
        *,
        timeout: float = 1.0,
        retries: int = 1,
        concurrency: int = 128,
    ) -> None:
        self._reject = reject
        self._timeout, self._retries = timeout, retries
        self._places = asyncio.Semaphore(concurrency)
        self._turn = asyncio.Lock()
        self._engine = hlapi.SnmpEngine(msgAndPduDsp=_Listener(self._bad_packet))
        self._targets: dict[tuple[str, int], Any] = {}
        self._found: dict[tuple[str, int, str], int] = {}
        self._narrow: set[tuple[str, int]] = set()
        self._spoiled: dict[str, str] = {}
        self._questions: dict[tuple[str, ...], list[Any]] = {}

    async def read_interface(
        self, address: str, port: int, auth: Any, interface: str = ""
    ) -> Sample:
        """One interface of the agent at `address`, in one PDU.

        `interface` is an ifIndex, an ifName, ifAlias or ifDescr; empty is the lowest that is up and
        no loopback. It is looked for once. Raises NoAnswer, BadAnswer.
        """
        async with self._places:
            key = (address, port, interface)
            if key not in self._found:
                self._found[key] = await self._find(address, port, auth, interface)
            try:
                return await self._sample(address, port, auth, self._found[key])
            except (BadAnswer, NoAnswer):
                self._found.pop(key, None)  # after a restart an interface may have another number
                raise

    async def close(self) -> None:
        """Let go of the socket."""
        self._engine.close_dispatcher()
        await asyncio.sleep(0)  # the loop closes it in its next turn

    async def _sample(self, address: str, port: int, auth: Any, index: int) -> Sample:
        """Old agents have no 64-bit counters; that is noticed once and remembered."""
        narrow = (address, port) in self._narrow
        octets = (_IN_OCTETS, _OUT_OCTETS) if narrow else (_HC_IN_OCTETS, _HC_OUT_OCTETS)
        columns = (*octets, _OPER_STATUS, _IN_ERRORS, _OUT_ERRORS, _DISCONTINUITY)
        oids = (_UPTIME, *(f"{column}.{index}" for column in columns))
        told, seconds = await self._get(address, port, auth, oids)
        lost = min(self._retries, int(seconds // self._timeout))
        uptime, into, out, status, bad_in, bad_out, discontinuity = (told[oid] for oid in oids)
        sample = Sample(
            interface=index,
            oper_status=_needed(status, f"antarmuka {index}"),
            uptime_ticks=_needed(uptime, "sysUpTime"),
            discontinuity_ticks=discontinuity,
            in_octets=into,
            out_octets=out,
            in_errors=bad_in,
            out_errors=bad_out,
            octet_bits=32 if narrow else 64,
            rtt_ms=(seconds - lost * self._timeout) * 1000,
            lost=lost,
        )
        if sample.in_octets is None and not narrow:
            self._narrow.add((address, port))
            return await self._sample(address, port, auth, index)
        return sample

    async def _pace(self, seconds: float) -> None:
        """Queue up to ask, so that answers never wait behind the questions to others."""
        async with self._turn:
            await asyncio.sleep(seconds)

    async def _find(self, address: str, port: int, auth: Any, wanted: str) -> int:
        if wanted.isdecimal():
            return int(wanted)
        await self._pace(_BETWEEN_WALKS)
        if wanted:
            for column in _NAMES:
                async with aclosing(self._walk(address, port, auth, column)) as rows:
                    async for index, value in rows:
                        if value == wanted.encode():
                            return index
            raise BadAnswer(f"tidak ada antarmuka bernama {wanted}")
        types = {i: v async for i, v in self._walk(address, port, auth, _TYPE)}
        states = {i: v async for i, v in self._walk(address, port, auth, _OPER_STATUS)}
        real = sorted(index for index, kind in types.items() if kind != _LOOPBACK)
        if not real:
            raise BadAnswer("tidak ada antarmuka selain loopback; sebutkan di kolom interface")
        return next((index for index in real if states.get(index) == _UP), real[0])

    async def _get(
        self, address: str, port: int, auth: Any, oids: tuple[str, ...]
    ) -> tuple[dict[str, int | None], float]:
        """The numbers by OID, and the seconds until they came, lost tries included."""
        target = await self._target(address, port)
        await self._pace(_BETWEEN_QUESTIONS)
        if oids not in self._questions:  # pysnmp resolves each OID once, for a third of the cost
            asked = [hlapi.ObjectType(hlapi.ObjectIdentity(oid)) for oid in oids]
            self._questions[oids] = asked
        began = perf_counter()
        try:
            reply = await hlapi.get_cmd(
                self._engine,
                auth,
                target,
                hlapi.ContextData(),
                *self._questions[oids],
                lookupMib=False,
            )
        except (PySnmpError, OSError) as error:
            raise NoAnswer("pertanyaan tidak dapat dikirim") from error
        seconds = perf_counter() - began
        numbers: dict[str, int | None] = {}
        for name, value in self._bindings(address, port, reply):
            plain = _plain(value)
            if isinstance(plain, bytes):
                self._refuse(address, f"{name} bukan bilangan")
            else:
                numbers[str(name)] = plain
        if numbers.keys() != set(oids):
            self._refuse(address, "jawaban memuat OID yang tidak ditanyakan")
        return numbers, seconds

    async def _walk(
        self, address: str, port: int, auth: Any, column: str
    ) -> AsyncGenerator[tuple[int, Plain], None]:
        """Index and value of every row of a column. Raises NoAnswer, BadAnswer."""
        start = hlapi.ObjectType(hlapi.ObjectIdentity(column))
        walk = hlapi.bulk_walk_cmd(
            self._engine,
            auth,
            await self._target(address, port),
            hlapi.ContextData(),
            0,
            _ROWS_AT_ONCE,
            start,
            lexicographicMode=False,
            lookupMib=False,
            maxRows=_MOST_INTERFACES,
        )
        try:
            async with aclosing(walk) as replies:
                async for reply in replies:
                    for name, value in self._bindings(address, port, reply):
                        yield int(name[-1]), _plain(value)
        except (PySnmpError, OSError) as error:
            raise NoAnswer("pertanyaan tidak dapat dikirim") from error

    async def _target(self, address: str, port: int) -> Any:
        if (address, port) not in self._targets:
            kind = hlapi.Udp6TransportTarget if ":" in address else hlapi.UdpTransportTarget
            try:
                self._targets[address, port] = await kind.create(
                    (address, port), timeout=self._timeout, retries=self._retries
                )
            except (PySnmpError, OSError) as error:
                raise NoAnswer(f"alamat {address} tidak dikenal") from error
        return self._targets[address, port]

    def _bindings(self, address: str, port: int, reply: tuple[Any, Any, Any, Any]) -> Any:
        failure, status, _, bindings = reply
        spoiled = self._spoiled.pop(address, "")
        if failure is not None:
            self._targets.pop((address, port), None)  # a name may lead elsewhere by now
            if isinstance(failure, RequestTimedOut) and not spoiled:
                raise NoAnswer("tidak menjawab")
            raise BadAnswer(
                _REFUSALS.get(type(failure).__name__, f"jawaban rusak: {spoiled or failure}")
            )
        if status:
            raise BadAnswer(f"agen menolak: {status.prettyPrint()}")
        return bindings

    def _refuse(self, address: str, reason: str) -> NoReturn:
        self._reject(f"{address}: {reason}", b"")
        raise BadAnswer(reason)

    def _bad_packet(self, address: str, reason: str, packet: bytes) -> None:
        if any(known.transport_address[0] == address for known in self._targets.values()):
            self._spoiled[address] = reason
        self._reject(f"{address}: {reason}", packet)


class _Listener(MsgAndPduDispatcher):  # type: ignore[misc]
    """pysnmp's dispatcher, which drops bad packets in silence; here each leaves its reason."""

    def __init__(self, bad: Callable[[str, str, bytes], None]) -> None:
        super().__init__()
        self._bad = bad
        builder = self.mib_instrum_controller.get_mib_builder()
        self._counters = {
            reason: builder.import_symbols(mib, name)[0] for reason, (mib, name) in _DROPPED.items()
        }

    def receive_message(self, engine: Any, domain: Any, address: Any, packet: Any) -> Any:
        before = {reason: int(c.syntax) for reason, c in self._counters.items()}
        try:
            rest = super().receive_message(engine, domain, address, packet)
        except Exception as error:  # whatever the decoder stumbles over in a forged packet
            self._bad(address[0], f"bukan SNMP ({type(error).__name__})", bytes(packet))
            return b""
        for reason, counter in self._counters.items():
            if int(counter.syntax) != before[reason]:
                self._bad(address[0], reason, bytes(packet))
        return rest


_REFUSALS: Mapping[str, str] = {
    "WrongDigest": "sandi autentikasi SNMPv3 salah",
    "UnknownUserName": "pengguna SNMPv3 tidak dikenal",
}
_DROPPED: Mapping[str, tuple[str, str]] = {  # pysnmp counts what it drops, as SNMPv2-MIB demands
    "bukan SNMP (BER rusak)": ("__SNMPv2-MIB", "snmpInASNParseErrs"),
    "versi SNMP lain": ("__SNMPv2-MIB", "snmpInBadVersions"),
    "community lain": ("__SNMPv2-MIB", "snmpInBadCommunityNames"),
    "jenis PDU yang tidak diminta": ("__SNMP-MPD-MIB", "snmpUnknownPDUHandlers"),
    "pesan SNMPv3 rusak": ("__SNMP-MPD-MIB", "snmpInvalidMsgs"),
}


def _plain(value: Any) -> Plain:
    """Integers and strings as Python's own; None for noSuchObject and the like."""
    if isinstance(value, (NoSuchObject, NoSuchInstance, EndOfMibView)):
        return None
    return int(value) if isinstance(value, Integer) else bytes(value)


def _needed(value: int | None, what: str) -> int:
    if value is None:
        raise BadAnswer(f"agen tidak mengenal {what}")
    return value
