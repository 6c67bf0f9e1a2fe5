"""The routers of offices, kecamatan and providers: do they answer, and what goes through them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any, Literal

from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList, Office, check_offices
from commandcenter.network import counters, icmp, snmp
from commandcenter.network.look import Look, Memory
from commandcenter.network.topology import Link, parents, parents_first, read_devices
from commandcenter.reading import Reading
from commandcenter.secret import Secret, SecretMissing
from commandcenter.vocabulary import Device, LinkState, Provider


@dataclass(kw_only=True)
class Network(Feed):
    """Devices of a list, asked by ping, SNMP or TCP; a broken parent makes its children unknown."""

    devices: Path
    """The list: id, name; role, office, kecamatan, provider, parent, address, snmp_port (0: none),
    probe (icmp, snmp, tcp:443), interface, latitude, longitude."""
    community: Secret | None = None
    """SNMP v2c; without it and `v3_user` only reachability is known."""
    v3_user: str = ""
    """SNMP v3 is used instead of v2c when this is set."""
    v3_auth: Secret | None = None
    v3_priv: Secret | None = None
    v3_auth_protocol: Literal["SHA-256", "SHA-512", "SHA", "MD5"] = "SHA-256"
    v3_priv_protocol: Literal["AES", "AES-256", "DES"] = "AES"
    pings: int = 3
    """A look at a device is so many pings."""
    timeout: float = 1.0
    """How long an answer is waited for; SNMP asks twice."""
    degraded_loss_percent: float = 10.0
    degraded_rtt_ms: float = 150.0
    down_after: int = 3
    """So many looks in a row without an answer make a device down."""
    concurrency: int = 128
    """So many devices are asked at the same moment."""

    def __post_init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._list = KeptList(self.devices, "id", read_devices)
        self._memories: dict[str, Memory] = {}
        self._told: set[str] = set()
        self._probe: icmp.Probe | None = None
        self._reader: snmp.SnmpReader | None = None

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        await self._read_list(desk)
        auth = self._auth()
        probe = await self._choose(desk)
        pings = asyncio.create_task(self._ping(probe))
        tasks = [
            asyncio.create_task(self._look(desk, link, pings, auth))
            for link in self._links.values()
        ]
        looks: dict[str, Look] = {}
        values: dict[str, Device] = {}
        try:
            for next_look in asyncio.as_completed(tasks):
                look = await next_look
                looks[look.link.id] = look
                if look.answered or not look.link.address:
                    yield self._device(desk, look, looks, values)
            for link in parents_first(self._links):
                if link.id not in values:  # silent: what that means depends on its parents
                    yield self._device(desk, looks[link.id], looks, values)
        finally:
            await _cancel([pings, *tasks])
        for reading in self._summaries(desk, values):
            yield reading

    def check(self, offices: Sequence[Office]) -> None:
        links = read_devices(self.devices).faultless()
        check_offices(self.devices, (link.office for link in links), offices)

    async def close(self) -> None:
        """Let go of the SNMP socket."""
        if self._reader is not None:
            await self._reader.close()
            self._reader = None

    async def _look(
        self, desk: Desk, link: Link, pings: asyncio.Task[dict[str, icmp.Reach]], auth: Any
    ) -> Look:
        if not link.address:
            return Look(link=link, at=desk.now())
        memory = self._memories.setdefault(link.id, Memory())
        sample, trouble = None, ""
        if link.probe == "snmp":
            sample, trouble, answered = await self._ask(desk, link, auth)
            rtt_ms = sample.rtt_ms if sample else None
            lost = sample.lost if sample else 0
            reach = icmp.Reach(rtt_ms, memory.loss_percent(*[False] * lost, answered))
        else:
            reach = await self._reach(link, memory, pings)
            answered = reach.rtt_ms is not None
            if answered and auth is not None and link.snmp_port:
                sample, trouble, _ = await self._ask(desk, link, auth)
        return Look(
            link=link,
            at=desk.now(),
            probe=desk.note["probe"] if link.probe == "icmp" else link.probe.partition(":")[0],
            answered=answered,
            rtt_ms=reach.rtt_ms,
            loss_percent=reach.loss_percent,
            sample=sample,
            rates=memory.rates(sample),
            trouble=trouble,
        )

    async def _reach(
        self, link: Link, memory: Memory, pings: asyncio.Task[dict[str, icmp.Reach]]
    ) -> icmp.Reach:
        if link.probe == "icmp":
            return (await asyncio.shield(pings))[link.address]
        port = int(link.probe.removeprefix("tcp:"))
        rtt_ms = await icmp.connect(link.address, port, self.timeout)
        return icmp.Reach(rtt_ms, memory.loss_percent(rtt_ms is not None))

    async def _ask(
        self, desk: Desk, link: Link, auth: Any
    ) -> tuple[counters.Sample | None, str, bool]:
        """The sample, else why there is none, and whether anybody answered at all."""
        reader = self._reader_for(desk)
        try:
            sample = await reader.read_interface(link.address, link.snmp_port, auth, link.interface)
        except snmp.NoAnswer as error:
            return None, f"SNMP {error}", False
        except snmp.BadAnswer as error:
            return None, f"SNMP: {error}", True
        return sample, "", True

    def _reader_for(self, desk: Desk) -> snmp.SnmpReader:
        if self._reader is None:
            self._reader = snmp.SnmpReader(
                lambda reason, packet: desk.reject(self.name, f"SNMP {reason}", packet),
                timeout=self.timeout,
                concurrency=self.concurrency,
            )
        return self._reader

    async def _choose(self, desk: Desk) -> icmp.Probe:
        if self._probe is None:
            self._probe = await icmp.choose(self.pings, self.timeout)
            desk.note["probe"] = self._probe.name
        return self._probe

    async def _ping(self, probe: icmp.Probe) -> dict[str, icmp.Reach]:
        wanted = [k.address for k in self._links.values() if k.address and k.probe == "icmp"]
        try:
            return await probe.reach(wanted)
        except icmp.ProbeFailed as error:
            self._probe = None  # look for another way next time
            raise SourceDown(f"alat ping tidak bekerja: {error}") from error

    def _auth(self) -> Any:
        try:
            if self.v3_user:
                return snmp.v3(
                    self.v3_user,
                    self.v3_auth.reveal() if self.v3_auth else None,
                    self.v3_priv.reveal() if self.v3_priv else None,
                    (self.v3_auth_protocol, self.v3_priv_protocol),
                )
            if self.community:
                return snmp.v2c(self.community.reveal())
        except SecretMissing as error:
            raise SourceDown(f"rahasia SNMP belum tersedia: {error}") from error
        if any(link.probe == "snmp" for link in self._links.values()):
            raise SourceDown("daftar meminta probe snmp: isi community atau v3_user")
        return None

    async def _read_list(self, desk: Desk) -> None:
        """Read the list again if it changed."""
        try:
            self._links = await self._list.current(desk)
        except BadList as error:
            raise SourceDown(f"perbaiki daftar perangkat:\n{error}") from error
        self._memories = {k: m for k, m in self._memories.items() if k in self._links}

    def _device(
        self, desk: Desk, look: Look, looks: Mapping[str, Look], values: dict[str, Device]
    ) -> Reading:
        state, detail = self._judge(look, looks)
        values[look.link.id] = _device(look, state, detail, desk.offices)
        return self.reading(f"device/{look.link.id}", {**values[look.link.id]}, look.at)

    def _judge(self, look: Look, looks: Mapping[str, Look]) -> tuple[LinkState, str]:
        if not look.link.address:
            return "unconnected", "belum terhubung"
        memory = self._memories[look.link.id]
        if look.answered:
            memory.failures = 0
            detail = _complaint(look, self.degraded_loss_percent, self.degraded_rtt_ms)
            return ("degraded" if detail else "up"), detail
        silent = list(_silent_parents(look.link, self._links, looks))
        broken = [p for p in silent if self._memories[p.id].failures >= self.down_after]
        if broken:
            memory.failures = 0
            memory.answers.clear()  # looks along a broken way prove nothing
            return "unknown", f"di belakang {broken[-1].name} yang putus"
        memory.failures += 1
        if memory.failures >= self.down_after and not silent:
            memory.answers.clear()  # when it comes back, it starts anew
            return "down", f"tidak menjawab {memory.failures} kali berturut-turut"
        return "degraded", f"tidak menjawab {memory.failures} kali, sedang dipastikan"

    def _summaries(self, desk: Desk, values: Mapping[str, Device]) -> Iterator[Reading]:
        """The providers, and what is no longer in the list."""
        told = {f"device/{identity}" for identity in values}
        for name in dict.fromkeys(v["provider"] for v in values.values() if v["provider"]):
            key = f"provider/{_slug(name)}"
            told.add(key)
            yield self.reading(key, {**provider(name, values)}, desk.now())
        for key in sorted(self._told - told):
            yield self.reading(key, None, desk.now())
        self._told = told


def provider(name: str, values: Mapping[str, Device]) -> Provider:
    """All devices of a provider together; traffic is counted at the leaves, where it ends."""
    its = [v for v in values.values() if v["provider"] == name and v["state"] != "unconnected"]
    inner = {v["parent"] for v in values.values()}
    leaves = [v for k, v in values.items() if v["provider"] == name and k not in inner]
    rtts = [v["rtt_ms"] for v in its if v["rtt_ms"] is not None]
    losses = [v["loss_percent"] for v in its if v["loss_percent"] is not None]
    return Provider(
        name=name,
        devices=len(its),
        up=sum(v["state"] == "up" for v in its),
        in_bps=_sum(v["in_bps"] for v in leaves),
        out_bps=_sum(v["out_bps"] for v in leaves),
        rtt_ms=median(rtts) if rtts else None,
        loss_percent=fmean(losses) if losses else None,
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _silent_parents(
    link: Link, links: Mapping[str, Link], looks: Mapping[str, Look]
) -> Iterator[Link]:
    """The unbroken row of silent devices above a device, nearest first."""
    for parent in parents(link, links):
        if not parent.address:
            continue  # it is on paper only; the way leads past it
        if looks[parent.id].answered:
            return
        yield parent


def _complaint(look: Look, most_loss: float, most_rtt_ms: float) -> str:
    """What is wrong with a device that answers, "" when nothing is."""
    if look.sample and not look.sample.up:
        return f"antarmuka {look.sample.interface} tidak aktif (ifOperStatus)"
    if look.loss_percent is not None and look.loss_percent > most_loss:
        return f"paket hilang {look.loss_percent:.0f} %"
    if look.rtt_ms is not None and look.rtt_ms > most_rtt_ms:
        return f"waktu tempuh {look.rtt_ms:.0f} ms"
    return look.trouble


def _device(look: Look, state: LinkState, detail: str, offices: Sequence[Office]) -> Device:
    link, sample, flow = look.link, look.sample, look.rates
    office = next((o for o in offices if o.code == link.office), None)
    here = link if link.latitude is not None else office
    return Device(
        name=link.name,
        role=link.role,
        office=link.office,
        kecamatan=link.kecamatan or (office.kecamatan if office else ""),
        provider=link.provider,
        parent=link.parent,
        state=state,
        detail=detail,
        probe=look.probe,
        rtt_ms=look.rtt_ms,
        loss_percent=None if state == "unknown" else look.loss_percent,
        in_bps=flow.in_bps if flow else None,
        out_bps=flow.out_bps if flow else None,
        errors_per_second=flow.errors_per_second if flow else None,
        uptime_seconds=sample.uptime_seconds if sample else None,
        latitude=here.latitude if here else None,
        longitude=here.longitude if here else None,
    )


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
