"""The routers of offices, kecamatan and providers: do they answer, and what goes through them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from commandcenter.feed import Desk, Feed, NotSeen, SourceDown
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList, Office, check_offices
from commandcenter.network import icmp, keys
from commandcenter.network.judgement import Judge
from commandcenter.network.look import Look, Memory
from commandcenter.network.looker import Looker
from commandcenter.network.names import Names
from commandcenter.network.pings import Pings
from commandcenter.network.providers import providers
from commandcenter.network.snmp import SnmpReader
from commandcenter.network.topology import Link, parents_first, read_devices
from commandcenter.reading import Reading
from commandcenter.secret import Secret, SecretMissing
from commandcenter.vocabulary import Device, LinkState

_SHORTEST_PASSWORD = 8
_NO_DNS = "DNS komputer ini tidak menjawab; perangkat yang ditulis dengan nama tidak dapat dicari"


@dataclass(kw_only=True)
class Network(Feed):
    """Devices of a list, asked by ping, SNMP or TCP; a broken parent makes its children unknown."""

    devices: Path
    """The list: id, name; role, office, kecamatan, provider, parent, address, snmp_port (0: none),
    probe (icmp, snmp, tcp:443), interface, latitude, longitude."""
    community: Secret | None = None
    """SNMP v2c, and v1 where an agent speaks nothing newer; without it and `v3_user` only
    reachability is known."""
    v3_user: str = ""
    """SNMP v3 is used instead of v2c when this is set."""
    v3_auth: Secret | None = None
    v3_priv: Secret | None = None
    v3_auth_protocol: Literal["SHA-256", "SHA-512", "SHA", "MD5"] = "SHA-256"
    v3_priv_protocol: Literal["AES", "AES-256", "DES"] = "AES"
    pings: int = 3
    """A look at a device is so many pings."""
    timeout: float = 1.0
    """How long an answer is waited for; SNMP asks twice, and who is silent to pings gets two more
    with two and a half times the patience."""
    degraded_loss_percent: float = 10.0
    """Of the last 30 packets; a look is only a few."""
    degraded_rtt_ms: float = 150.0
    down_after: int = 3
    """So many looks in a row without an answer make a device down."""
    ping_silent: bool = True
    """Whether a device that says nothing to SNMP or TCP is pinged before it is called down. Off
    where something else answers pings for it: a NAT, or this machine for simulated devices."""
    concurrency: int = 128
    """So many devices are asked at the same moment."""

    def __post_init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._list = KeptList(self.devices, "id", read_devices)
        self._memories: dict[str, Memory] = {}
        self._told: set[str] = set()
        self._names = Names()
        self._probe: icmp.Probe | None = None
        self._reader: SnmpReader | None = None

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        await self._read_list(desk)
        key = self._key()
        addresses = await self._resolve(desk)
        pings = Pings(await self._choose(desk))
        pings.start([a for i, a in addresses.items() if self._links[i].probe == "icmp"])
        looker = self._looker(desk, pings, key)

        async def look_at(link: Link) -> Look:
            why = self._names.why.get(link.address, "")
            return await looker.look(link, addresses.get(link.id, ""), why)

        looks: dict[str, Look] = {}
        values: dict[str, Device] = {}
        try:
            async for identity, told in desk.each(look_at, self._links):
                look = told if isinstance(told, Look) else self._unseen(desk, identity, told)
                looks[identity] = look
                if look.answered or not look.link.address:
                    yield self._device(desk, look, looks, values)
            looks |= await looker.ping_silent(looks.values(), addresses, others=self.ping_silent)
            for link in parents_first(self._links):
                if link.id not in values:  # silent: what that means depends on its parents
                    yield self._device(desk, looks[link.id], looks, values)
        finally:
            await pings.close()
        for reading in self._summaries(desk, values):
            yield reading
        if pings.trouble:
            self._probe = None  # look for another way next time
            raise SourceDown(pings.trouble)
        if why := _cut_off(looks.values()):
            raise SourceDown(why)

    def _unseen(self, desk: Desk, identity: str, told: NotSeen) -> Look:
        link = self._links[identity]
        probe = link.probe.partition(":")[0]
        return Look(link=link, at=desk.now(), probe=probe, unknowable=told.why)

    def check(self, offices: Sequence[Office]) -> None:
        links = read_devices(self.devices).faultless()
        check_offices(self.devices, (link.office for link in links), offices)

    async def close(self) -> None:
        """Let go of the SNMP socket and of the resolver's threads."""
        self._names.close()
        if self._reader is not None:
            await self._reader.close()
            self._reader = None

    def _looker(self, desk: Desk, pings: Pings, key: Any) -> Looker:
        if self._reader is None:
            self._reader = SnmpReader(
                lambda reason, packet: desk.reject(self.name, f"SNMP {reason}", packet),
                timeout=self.timeout,
                concurrency=self.concurrency,
            )
        return Looker(
            memories=self._memories,
            pings=pings,
            reader=self._reader,
            key=key,
            timeout=self.timeout,
            most_loss_percent=self.degraded_loss_percent,
            now=desk.now,
            reject=lambda reason: desk.reject(self.name, reason),
        )

    async def _resolve(self, desk: Desk) -> dict[str, str]:
        """The address of each device that has one, by id."""
        hosts = {link.id: link.address for link in self._links.values() if link.address}
        found = await self._names.resolve(hosts.values())
        _note(desk, "dns", _NO_DNS if self._names.silent else "")
        return {i: found[host] for i, host in hosts.items() if host in found}

    async def _choose(self, desk: Desk) -> icmp.Probe:
        if self._probe is None or not self._probe.conclusive:
            self._probe = await icmp.choose(self.pings, self.timeout)
            desk.note["probe"] = self._probe.name
            _note(desk, "ping", "" if self._probe.conclusive else icmp.NO_PING)
        return self._probe

    def _key(self) -> Any:
        try:
            if self.v3_user:
                self._check_passwords()
                return keys.v3(
                    self.v3_user,
                    self.v3_auth.reveal() if self.v3_auth else None,
                    self.v3_priv.reveal() if self.v3_priv else None,
                    (self.v3_auth_protocol, self.v3_priv_protocol),
                )
            if self.community:
                return keys.v2c(self.community.reveal())
        except SecretMissing as error:
            raise SourceDown(f"rahasia SNMP belum tersedia: {error}") from error
        if any(link.probe == "snmp" for link in self._links.values()):
            raise SourceDown("daftar meminta probe snmp: isi community atau v3_user")
        return None

    def _check_passwords(self) -> None:
        """pysnmp refuses short ones (RFC 3414 section 11.2) with every question."""
        for name, secret in (("v3_auth", self.v3_auth), ("v3_priv", self.v3_priv)):
            if secret and len(secret.reveal()) < _SHORTEST_PASSWORD:
                raise SourceDown(f"{name}: sandi SNMPv3 sedikitnya {_SHORTEST_PASSWORD} huruf")

    async def _read_list(self, desk: Desk) -> None:
        """Read the list again if it changed."""
        try:
            self._links = await self._list.current(desk)
        except BadList as error:
            raise SourceDown(f"perbaiki daftar perangkat:\n{error}") from error
        self._memories = {i: self._memories.get(i) or Memory() for i in self._links}

    def _device(
        self, desk: Desk, look: Look, looks: Mapping[str, Look], values: dict[str, Device]
    ) -> Reading:
        judge = Judge(
            links=self._links,
            memories=self._memories,
            most_loss_percent=self.degraded_loss_percent,
            most_rtt_ms=self.degraded_rtt_ms,
            down_after=self.down_after,
        )
        state, detail = judge.judge(look, looks)
        values[look.link.id] = _device(look, state, detail, desk.offices)
        return self.reading(f"device/{look.link.id}", {**values[look.link.id]}, look.at)

    def _summaries(self, desk: Desk, values: Mapping[str, Device]) -> Iterator[Reading]:
        """The providers, and what is no longer in the list."""
        told = {f"device/{identity}" for identity in values}
        for key, value in providers(values):
            told.add(key)
            yield self.reading(key, {**value}, desk.now())
        for key in sorted(self._told - told):
            yield self.reading(key, None, desk.now())
        self._told = told


def _cut_off(looks: Collection[Look]) -> str:
    """What to say when this machine cannot send to the devices; of one among others its own
    detail says it."""
    cut = [look for look in looks if look.cut_off]
    asked = sum(bool(look.link.address) for look in looks)
    if not cut or (len(cut) == 1 and any(look.answered for look in looks)):
        return ""
    return f"{len(cut)} dari {asked} perangkat tidak dapat ditanya: {cut[0].unknowable}"


def _note(desk: Desk, name: str, text: str) -> None:
    """Tell a fact on the health page, or take it back."""
    if text:
        desk.note[name] = text
    else:
        desk.note.pop(name, None)


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
