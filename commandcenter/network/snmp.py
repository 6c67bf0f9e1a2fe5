"""What a router tells of its uplink over SNMP v1, v2c and v3: IF-MIB (RFC 2863), SNMPv2-MIB."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias

from commandcenter.network.counters import UP, Sample, restarted
from commandcenter.network.places import Places
from commandcenter.network.session import UPTIME, Agent, BadAnswer, Plain, Session, Told

Place: TypeAlias = tuple[str, int, str]  # address, port, and the interface as the list names it

_TYPE, _OPER_STATUS = "1.3.6.1.2.1.2.2.1.3", "1.3.6.1.2.1.2.2.1.8"
_IN_OCTETS, _OUT_OCTETS = "1.3.6.1.2.1.2.2.1.10", "1.3.6.1.2.1.2.2.1.16"  # 32 bits wide
_IN_ERRORS, _OUT_ERRORS = "1.3.6.1.2.1.2.2.1.14", "1.3.6.1.2.1.2.2.1.20"
_HC_IN_OCTETS, _HC_OUT_OCTETS = "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10"  # 64 bits
_DISCONTINUITY = "1.3.6.1.2.1.31.1.1.1.19"  # sysUpTime at which the counters last jumped
_SPEED, _HIGH_SPEED = "1.3.6.1.2.1.2.2.1.5", "1.3.6.1.2.1.31.1.1.1.15"  # bit/s, Mbit/s
_DESCRIPTION = "1.3.6.1.2.1.2.2.1.2"
_NAMES = ("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.18", _DESCRIPTION)
"""ifName, ifAlias and ifDescr: where an interface's name is looked for, in this order."""
_LOOPBACK = 24  # ifType softwareLoopback(24)
_FASTER = 2**32 - 1  # ifSpeed of a line that it cannot express
_MOST_HIGH_SPEED = 1_000_000  # Mbit/s: more is an agent that tells bit/s there
_STATES = range(1, 8)  # ifOperStatus
_SLOWEST = 20.0  # seconds that one look at one agent may last
_AT_A_TIME = 6  # agents of which an answer is expected at any moment
_SEARCH = 5.0  # seconds that a look waits until an interface is found; the search goes on
_LONGEST_SEARCH = 300.0  # seconds
_PATIENCE = 0.2  # seconds after which an agent that says nothing holds up no other
_NO_ROWS = "agen tidak memperlihatkan antarmuka apa pun; periksa hak baca (view) di perangkat"


@dataclass
class Interface:
    """A row of ifTable as it was found, and which of its counters can be believed."""

    index: int
    column: str = ""  # where its name stands; "" when the list tells the index
    name: str = ""
    speed_bps: float | None = None
    bits: int = 0  # width of the octet counters that count; 0: not known yet
    last: Sample | None = None
    counts: tuple[int | None, ...] = ()  # 64 bits in and out, 32 bits in and out

    def octets(self, counts: tuple[int | None, ...]) -> tuple[int | None, int | None, int]:
        """In, out and their width. Some agents have 64-bit counters that stand still, mostly at
        zero, while those of 32 bits count: which of them move is found out once."""
        before, self.counts = self.counts, counts
        wide, narrow = counts[:2], counts[2:]
        if not self.bits:
            missing = None in wide and None not in narrow
            still = not any(wide) and any(narrow)
            self.bits = 32 if missing or still else _moving(before, counts) if before else 0
        return (*narrow, 32) if self.bits == 32 else (*wide, 64)  # type: ignore[return-value]


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
        self._session = Session(reject, timeout, retries)
        self._open = asyncio.Semaphore(concurrency)
        self._places = Places(_AT_A_TIME, _PATIENCE)
        self._found: dict[Place, Interface] = {}
        self._searches: dict[Place, asyncio.Task[Interface]] = {}
        self._chosen: dict[Place, str] = {}  # names, where the list tells none

    async def read_interface(
        self, address: str, port: int, key: Any, interface: str = ""
    ) -> Sample:
        """One interface of the agent at `address` (no host name), in one PDU if it bears that.

        `interface` is an ifIndex, an ifName, ifAlias or ifDescr; empty is the lowest that is up and
        no loopback, and stays the same when it goes down. Its name is asked for every time: after a
        restart, or when a card was put in, it may stand in another row.

        Raises NoAnswer, NotAsked, BadAnswer.
        """
        async with self._open, self._places.one():
            agent, place = self._session.agent(address, port), (address, port, interface)
            try:
                async with asyncio.timeout(_SLOWEST + 4 * self._session.timeout):
                    return await self._read(agent, key, place)
            except BadAnswer:
                self._found.pop(place, None)
                if place not in self._searches:
                    agent.forget()
                raise
            except TimeoutError as error:
                raise BadAnswer("agen menjawab terlalu lambat") from error

    async def close(self) -> None:
        """Let go of the socket."""
        for search in self._searches.values():
            search.cancel()
        await asyncio.gather(*self._searches.values(), return_exceptions=True)
        self._session.close()
        await asyncio.sleep(0)  # the loop closes it in its next turn

    async def _read(self, agent: Agent, key: Any, place: Place) -> Sample:
        known = self._found.get(place)
        if known and (sample := await self._sample(agent, key, known)):
            if known.last and restarted(known.last, sample):
                agent.forget()
                del self._found[place]
            elif known.last and known.last.oper_status != sample.oper_status:
                known.speed_bps = await self._speed(agent, key, known.index)
            known.last = sample
            return sample
        await self._session.get(agent, key, [UPTIME])  # learns how it wants to be asked
        self._found[place] = found = await self._search(agent, key, place)
        sample = await self._sample(agent, key, found)
        if sample is None:
            raise BadAnswer(f"antarmuka {found.name} berganti nomor terus-menerus")
        found.last = sample
        return sample

    async def _sample(self, agent: Agent, key: Any, interface: Interface) -> Sample | None:
        """None when another interface stands in its row."""
        oids, index = _columns(interface, agent), interface.index
        asked = [UPTIME, *(f"{column}.{index}" for column in oids)]
        told = await self._session.get(agent, key, asked)
        name = f"{interface.column}.{index}"
        if (
            name in asked
            and name not in agent.refused
            and _text(told.values[name]) != interface.name
        ):
            return None
        return self._told(agent, interface, told)

    def _told(self, agent: Agent, interface: Interface, told: Told) -> Sample:
        index = interface.index

        def number(oid: str) -> int | None:
            return self._number(agent, oid, told.values.get(oid))

        def column(name: str) -> int | None:
            return number(f"{name}.{index}")

        counters = (_HC_IN_OCTETS, _HC_OUT_OCTETS, _IN_OCTETS, _OUT_OCTETS)
        into, out, bits = interface.octets(tuple(map(column, counters)))
        status = column(_OPER_STATUS)
        if status is None and into is None and out is None:
            odd = next((oid for oid in agent.odd if oid.endswith(f".{index}")), "")
            unknown = f"agen tidak mengenal antarmuka {interface.name or index}"
            raise BadAnswer(f"{odd} bukan bilangan" if odd else unknown)
        return Sample(
            interface=index,
            name=interface.name,
            oper_status=status if status in _STATES else None,
            uptime_ticks=number(UPTIME),
            discontinuity_ticks=column(_DISCONTINUITY),
            in_octets=into,
            out_octets=out,
            in_errors=column(_IN_ERRORS),
            out_errors=column(_OUT_ERRORS),
            octet_bits=bits,
            speed_bps=interface.speed_bps,
            at=perf_counter(),
            within=told.seconds,
            rtt_ms=told.seconds * 1000,
            lost=told.lost,
        )

    def _number(self, agent: Agent, oid: str, value: Plain) -> int | None:
        """A count. Some agents write it as a text; what is none costs only itself."""
        if isinstance(value, bytes):
            text = _text(value)
            if text.isascii() and text.isdecimal():
                return int(text)
            self._session.refuse(agent, oid, f"{oid} bukan bilangan")
            return None
        return value if value is None or value >= 0 else None

    async def _search(self, agent: Agent, key: Any, place: Place) -> Interface:
        """Find the interface. A search that takes long goes on beside the looks, so that a slow
        agent holds up nobody."""
        search = self._searches.get(place)
        if search is None:
            search = asyncio.create_task(self._find(agent, key, place))
            search.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._searches[place] = search
        await asyncio.wait([search], timeout=_SEARCH)
        if not search.done():
            raise BadAnswer("agen menjawab lambat; antarmukanya masih dicari")
        self._searches.pop(place, None)  # another row of the list may be the same interface
        return search.result()

    async def _find(self, agent: Agent, key: Any, place: Place) -> Interface:
        wanted = place[2]
        async with asyncio.timeout(_LONGEST_SEARCH):
            if wanted.isdecimal():
                found = Interface(index=int(wanted))
            elif wanted:
                found = await self._named(agent, key, wanted)
            else:
                found = await self._default(agent, key, place)
            found.speed_bps = await self._speed(agent, key, found.index)
        return found

    async def _named(self, agent: Agent, key: Any, wanted: str) -> Interface:
        name, several, rows_seen = _text(wanted.encode()), 0, 0
        for column in _NAMES:
            async with aclosing(self._session.walk(agent, key, column)) as rows:
                names = {index: _text(value) async for index, value in rows}
            rows_seen += len(names)
            found = [index for index, told in names.items() if told == name]
            if len(found) == 1:
                return Interface(index=found.pop(), column=column, name=name)
            several = several or len(found)
        if several:
            raise BadAnswer(
                f"{several} antarmuka bernama {wanted}; tulis nomornya (ifIndex) di kolom interface"
            )
        raise BadAnswer(f"tidak ada antarmuka bernama {wanted}" if rows_seen else _NO_ROWS)

    async def _default(self, agent: Agent, key: Any, place: Place) -> Interface:
        """The one that was chosen before, though it is down by now; else the lowest that is up."""
        if chosen := self._chosen.get(place):
            with suppress(BadAnswer):
                return await self._named(agent, key, chosen)
        found = await self._lowest(agent, key)
        self._chosen[place] = found.name
        return found

    async def _lowest(self, agent: Agent, key: Any) -> Interface:
        walk = self._session.walk
        types = {i: v async for i, v in walk(agent, key, _TYPE)}
        states = {i: v async for i, v in walk(agent, key, _OPER_STATUS)}
        real = sorted(index for index, kind in types.items() if kind != _LOOPBACK)
        if not types:
            raise BadAnswer(_NO_ROWS)
        if not real:
            raise BadAnswer("tidak ada antarmuka selain loopback; sebutkan di kolom interface")
        index = next((index for index in real if states.get(index) == UP), real[0])
        name = await self._session.get(agent, key, [f"{_DESCRIPTION}.{index}"])
        if text := _text(name.values[f"{_DESCRIPTION}.{index}"]):
            return Interface(index=index, column=_DESCRIPTION, name=text)
        return Interface(index=index)

    async def _speed(self, agent: Agent, key: Any, index: int) -> float | None:
        """bit/s; None when the agent does not know: 0, or what ifSpeed tells of all over 4 Gb/s."""
        high_oid, low_oid = f"{_HIGH_SPEED}.{index}", f"{_SPEED}.{index}"
        told = (await self._session.get(agent, key, [low_oid, high_oid])).values
        high, low = (self._number(agent, oid, told[oid]) for oid in (high_oid, low_oid))
        if high and high <= _MOST_HIGH_SPEED:
            return high * 1e6
        return float(low) if low and low < _FASTER else None


def _columns(interface: Interface, agent: Agent) -> list[str]:
    wide = [] if agent.old or interface.bits == 32 else [_HC_IN_OCTETS, _HC_OUT_OCTETS]
    narrow = [] if interface.bits == 64 else [_IN_OCTETS, _OUT_OCTETS]
    newer = [] if agent.old else [_DISCONTINUITY]
    name = [interface.column] if interface.column else []
    return [*wide, *narrow, _OPER_STATUS, _IN_ERRORS, _OUT_ERRORS, *newer, *name]


def _moving(before: tuple[int | None, ...], after: tuple[int | None, ...]) -> int:
    """The width of the counters that count; 0 when nothing went through."""
    wide_in, wide_out, narrow_in, narrow_out = (
        old != new for old, new in zip(before, after, strict=True)
    )
    if (narrow_in and not wide_in) or (narrow_out and not wide_out):
        return 32
    return 64 if wide_in or wide_out else 0


def _text(value: Plain) -> str:
    """A name without the NULs and blanks that some agents send along."""
    if not isinstance(value, bytes):
        return ""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.strip("\0 \t\r\n")
