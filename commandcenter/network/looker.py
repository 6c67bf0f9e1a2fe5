"""One look at one device, in the way that its row of the list asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commandcenter.network.counters import Sample
from commandcenter.network.icmp import NO_PING, NOT_SENT, Reach, connect
from commandcenter.network.look import Look, Memory
from commandcenter.network.pings import Pings
from commandcenter.network.session import BadAnswer, NoAnswer, NotAsked
from commandcenter.network.snmp import SnmpReader
from commandcenter.network.topology import Link
from commandcenter.network.way import EXHAUSTED, NotSent, blocked

_ONLY_SNMP = "menjawab SNMP, tetapi tidak menjawab ping; jika memang begitu, pakai probe snmp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Looker:
    """What all looks of one round share."""

    memories: Mapping[str, Memory]
    pings: Pings
    reader: SnmpReader
    key: Any  # to the agents; None: SNMP is not asked
    timeout: float
    most_loss_percent: float
    now: Callable[[], datetime]
    reject: Callable[[str], None]

    async def look(self, link: Link, address: str, why: str) -> Look:
        """A look at the device at `address`; "" when its name has none, and `why`."""
        look = Look(link=link, at=self.now(), probe=link.probe.partition(":")[0])
        if not link.address:
            return replace(look, probe="")
        if not address:
            self.memories[link.id].rates(None)
            return replace(look, unknowable=why)
        try:
            look = await self._look(look, address)
        except NotSent as error:
            look = replace(look, unknowable=str(error), cut_off=True)
        if not look.answered and not look.unknowable and (why := blocked(address)):
            look = replace(look, unknowable=why, cut_off=True)
        return replace(look, at=self.now())

    async def ping_silent(
        self, looks: Iterable[Look], addresses: Mapping[str, str], *, others: bool
    ) -> dict[str, Look]:
        """Those that answer a ping after all, sent with more patience: they are not down. With
        `others` also those that were asked by SNMP or TCP only."""
        silent = [
            look
            for look in looks
            if not (look.answered or look.cut_off)
            and look.link.id in addresses
            and (others if look.link.probe != "icmp" else not look.unknowable)
        ]
        found = await self.pings.more([addresses[look.link.id] for look in silent])
        told = ((look, found.get(addresses[look.link.id])) for look in silent)
        return {look.link.id: self._after_all(look, reach) for look, reach in told if reach}

    def _after_all(self, look: Look, reach: Reach) -> Look:
        """A silent look, and what came back from a ping later."""
        if look.link.probe == "icmp":
            self.memories[look.link.id].forget()  # nothing was lost, it was late
            return self._reached(look, reach)
        trouble = look.unknowable or _only_ping(look)
        no_loss = replace(look, loss_percent=None, lossy=False)
        return replace(no_loss, answered=True, trouble=trouble, unknowable="", cut_off=False)

    async def _look(self, look: Look, address: str) -> Look:
        link = look.link
        if link.probe == "snmp":
            return await self._ask(look, address)
        if link.probe == "icmp":
            look = await self._pinged(look, address)
        else:
            port = int(link.probe.removeprefix("tcp:"))
            rtt_ms = await connect(address, port, self.timeout)
            look = self._reached(look, Reach(rtt_ms, 1, int(rtt_ms is None)))
        if self.key is None or not link.snmp_port:
            return look
        return await self._ask(look, address)

    async def _pinged(self, look: Look, address: str) -> Look:
        look, reach = replace(look, probe=self.pings.name), await self.pings.reach(address)
        if reach is None:
            return replace(look, unknowable=self.pings.trouble)
        if reach == NOT_SENT:
            raise NotSent(blocked(address) or EXHAUSTED)
        if reach.rtt_ms is None and not self.pings.conclusive:
            return replace(look, unknowable=NO_PING)
        return self._reached(look, reach)

    def _reached(self, look: Look, reach: Reach) -> Look:
        memory = self.memories[look.link.id]
        memory.hear(reach.sent, reach.lost, reach.rtt_ms)
        return replace(
            look,
            answered=reach.lost < reach.sent,
            rtt_ms=reach.rtt_ms,
            usual_rtt_ms=memory.rtt_ms,
            loss_percent=memory.loss_percent,
            lossy=memory.lossy(self.most_loss_percent),
        )

    async def _ask(self, look: Look, address: str) -> Look:
        """What SNMP adds to a look. A device that answers it is not down, whatever ping says."""
        memory = self.memories[look.link.id]
        try:
            sample, trouble, answered = await self._sample(look.link, address)
        except NotAsked as error:
            memory.rates(None)
            why = f"SNMP: {error}"
            return replace(look, trouble=why, unknowable="" if look.answered else why)
        rates = memory.rates(sample)
        if look.link.probe == "snmp":
            lost = sample.lost if sample else int(not answered)
            reach = Reach(sample.rtt_ms if sample else None, lost + answered, lost)
            look = self._reached(look, reach)
        elif answered and not look.answered:
            trouble = trouble or ("" if look.unknowable else _ONLY_SNMP)
            look = replace(look, answered=True, loss_percent=None, lossy=False, unknowable="")
        return replace(look, sample=sample, rates=rates, passes=memory.passes, trouble=trouble)

    async def _sample(self, link: Link, address: str) -> tuple[Sample | None, str, bool]:
        """The sample, else why there is none, and whether anybody answered at all."""
        port, name = link.snmp_port, link.interface
        try:
            sample = await self.reader.read_interface(address, port, self.key, name)
        except NoAnswer as error:
            return None, f"SNMP {error}", False
        except BadAnswer as error:
            return None, f"SNMP: {error}", True
        return sample, "", True


def _only_ping(look: Look) -> str:
    """What to say of a device that answers a ping and nothing else."""
    if look.link.probe == "snmp":
        return f"menjawab ping, tetapi {look.trouble}"
    return f"menjawab ping, tetapi tidak di {look.link.probe}"
