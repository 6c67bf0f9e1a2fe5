"""An SNMP agent whose answers may be as wrong as those of real devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from commandcenter.demo import ber
from commandcenter.demo.ber import Oid

GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
COUNTER32, GAUGE32, TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
V1, V2C = 0, 1
TABLE, EXTENDED = (1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)

Mib = dict[Oid, bytes]
Refusal = Callable[[Sequence[Oid]], tuple[int, int] | None]


def row(index: int, name: str, octets: int = 5_000_000, **other: bytes) -> Mib:
    """A row of ifTable and ifXTable; `other` replaces columns by their names."""
    columns = {
        "ifDescr": (TABLE, 2, ber.text(name)),
        "ifType": (TABLE, 3, ber.number(6)),
        "ifSpeed": (TABLE, 5, ber.number(10**9, GAUGE32)),
        "ifOperStatus": (TABLE, 8, ber.number(1)),
        "ifInOctets": (TABLE, 10, ber.number(octets % 2**32, COUNTER32)),
        "ifInErrors": (TABLE, 14, ber.number(0, COUNTER32)),
        "ifOutOctets": (TABLE, 16, ber.number(octets % 2**32, COUNTER32)),
        "ifOutErrors": (TABLE, 20, ber.number(0, COUNTER32)),
        "ifName": (EXTENDED, 1, ber.text(name)),
        "ifHCInOctets": (EXTENDED, 6, ber.number(octets, COUNTER64)),
        "ifHCOutOctets": (EXTENDED, 10, ber.number(octets, COUNTER64)),
        "ifHighSpeed": (EXTENDED, 15, ber.number(1000, GAUGE32)),
        "ifCounterDiscontinuityTime": (EXTENDED, 19, ber.number(0, TICKS)),
    }
    values = {key: other.get(key, value) for key, (_, _, value) in columns.items()}
    return {(*columns[key][0], columns[key][1], index): value for key, value in values.items()}


@dataclass
class OddAgent:
    """Answers like an agent that knows `mib`. `refuse` says error-status and error-index for a
    question, or None; `None` instead of an answer is silence."""

    mib: Mib
    versions: Sequence[int] = (V1, V2C)
    bulk: bool = True  # it answers GETBULK
    rows: int = 99  # at most so many rows for a GETBULK
    after: Mapping[Oid, Oid] = field(default_factory=dict)  # what it says comes next, if not so
    most: int = 99  # OIDs: a question about more is not answered
    refuse: Refusal = lambda _: None
    mixed: bool = False  # in SNMPv1 it says endOfMibView and the like, which is SNMPv2's
    asked: list[tuple[int, int, list[Oid]]] = field(default_factory=list)  # version, kind, OIDs
    ticks: int = 9_000_000

    def __call__(self, packet: bytes) -> bytes | None:
        """What it answers to a datagram."""
        (message,) = ber.split(packet)
        (_, version), community, (kind, pdu) = ber.split(message[1])
        request, _, repetitions, (_, bindings) = ber.split(pdu)
        names = [ber.read_oid(ber.split(one)[0][1]) for _, one in ber.split(bindings)]
        spoken = ber.read_number(version)
        if (
            spoken not in self.versions
            or len(names) > self.most
            or (kind == GET_BULK and not self.bulk)
        ):
            return None
        self.asked.append((spoken, kind, names))
        mib = self.mib | {UPTIME: ber.number(self.ticks, TICKS)}
        rows = min(ber.read_number(repetitions[1]), self.rows) if kind == GET_BULK else 1
        told = _get(mib, names) if kind == GET else _next(mib, names, rows, self.after)
        status, index = (self.refuse(names) if kind == GET else None) or (0, 0)
        missing = [place for place, (_, value) in enumerate(told, 1) if value[0] >= 0x80]
        if spoken == V1 and missing and not status and not self.mixed:
            status, index = 2, missing[0]  # noSuchName: SNMPv1 has no other way to say it
        if status:
            told = [(name, ber.empty(ber.NULL)) for name in names]
        answer = b"".join(ber.wrap(ber.SEQUENCE, ber.oid(n) + value) for n, value in told)
        body = ber.wrap(*request) + ber.number(status) + ber.number(index)
        body += ber.wrap(ber.SEQUENCE, answer)
        head = ber.number(spoken) + ber.wrap(*community)
        return ber.wrap(ber.SEQUENCE, head + ber.wrap(RESPONSE, body))


def _get(mib: Mapping[Oid, bytes], names: Sequence[Oid]) -> list[tuple[Oid, bytes]]:
    return [(name, mib.get(name, ber.empty(ber.NO_SUCH_INSTANCE))) for name in names]


def _next(
    mib: Mapping[Oid, bytes], names: Sequence[Oid], rows: int, after: Mapping[Oid, Oid]
) -> list[tuple[Oid, bytes]]:
    told: list[tuple[Oid, bytes]] = []
    for name in names:
        later = [after[name]] if name in after else sorted(o for o in mib if o > name)[:rows]
        told += [(oid, mib[oid]) for oid in later]
        if not later and rows:
            told.append((name, ber.empty(ber.END_OF_MIB_VIEW)))
    return told
