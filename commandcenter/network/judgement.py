"""What a look at a device means: up, degraded, down, or that nothing is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commandcenter.network.counters import (
    DORMANT,
    DOWN,
    LOWER_LAYER_DOWN,
    NOT_PRESENT,
    TESTING,
)
from commandcenter.network.look import Look, Memory
from commandcenter.network.topology import Link, parents
from commandcenter.vocabulary import LinkState

_NOT_UP: Mapping[int, str] = {  # ifOperStatus, RFC 2863 section 3.1.14
    DOWN: "tidak aktif (ifOperStatus down)",
    TESTING: "sedang diuji (ifOperStatus testing)",
    DORMANT: "menunggu dan tidak dilewati data (ifOperStatus dormant)",
    NOT_PRESENT: "tidak terpasang (ifOperStatus notPresent)",
    LOWER_LAYER_DOWN: "terputus di lapisan bawahnya (ifOperStatus lowerLayerDown)",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """The limits, and what is known of all devices."""

    links: Mapping[str, Link]
    memories: Mapping[str, Memory]
    most_loss_percent: float
    most_rtt_ms: float
    down_after: int

    def judge(self, look: Look, looks: Mapping[str, Look]) -> tuple[LinkState, str]:
        """State and reason. `looks` holds those at the device's parents when it was silent."""
        if not look.link.address:
            return "unconnected", "belum terhubung"
        memory = self.memories[look.link.id]
        if look.answered:
            memory.failures = 0
            detail = self._complaint(look)
            return ("degraded" if detail else "up"), detail
        if look.unknowable:  # it counts neither for nor against the device
            memory.forget()
            return "unknown", look.unknowable
        silent = list(_silent_parents(look.link, self.links, looks))
        broken = [p for p in silent if self.memories[p.id].failures >= self.down_after]
        if broken:
            memory.failures = 0
            memory.forget()  # looks along a broken way prove nothing
            return "unknown", f"di belakang {broken[-1].name} yang putus"
        memory.failures += 1
        if memory.failures >= self.down_after and not silent:
            memory.forget()  # when it comes back, it starts anew
            return "down", f"tidak menjawab {memory.failures} kali berturut-turut"
        return "degraded", f"tidak menjawab {memory.failures} kali, sedang dipastikan"

    def _complaint(self, look: Look) -> str:
        """What is wrong with a device that answers, "" when nothing is."""
        if look.sample and (detail := _not_up(look)):
            return f"antarmuka {look.sample.name or look.sample.interface} {detail}"
        if look.lossy:
            return f"paket hilang {look.loss_percent or 0:.0f} %"
        if look.usual_rtt_ms is not None and look.usual_rtt_ms > self.most_rtt_ms:
            return f"waktu tempuh {look.usual_rtt_ms:.0f} ms"
        return look.trouble


def _not_up(look: Look) -> str:
    """What its interface says of itself, unless traffic proves the contrary. Some agents call every
    PPPoE interface dormant: that is believed when nothing passes."""
    status = look.sample.oper_status if look.sample else None
    if look.passes or (status == DORMANT and look.passes is None):
        return ""
    return _NOT_UP.get(status, "") if status else ""


def _silent_parents(
    link: Link, links: Mapping[str, Link], looks: Mapping[str, Look]
) -> Iterator[Link]:
    """The unbroken row of silent devices above a device, nearest first."""
    for parent in parents(link, links):
        look = looks[parent.id]
        if not parent.address or look.unknowable:
            continue  # it is on paper only, or not looked at; the way leads past it
        if look.answered:
            return
        yield parent
