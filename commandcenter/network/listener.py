"""What arrives at the SNMP socket: what pysnmp drops in silence leaves its reason here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pysnmp.proto.rfc3412 import MsgAndPduDispatcher

from commandcenter.network.repair import repaired

_DROPPED: Mapping[str, tuple[str, str]] = {  # pysnmp counts what it drops, as SNMPv2-MIB demands
    "bukan SNMP (BER rusak)": ("__SNMPv2-MIB", "snmpInASNParseErrs"),
    "versi SNMP lain": ("__SNMPv2-MIB", "snmpInBadVersions"),
    "community lain": ("__SNMPv2-MIB", "snmpInBadCommunityNames"),
    "jenis PDU yang tidak diminta": ("__SNMP-MPD-MIB", "snmpUnknownPDUHandlers"),
    "pesan SNMPv3 rusak": ("__SNMP-MPD-MIB", "snmpInvalidMsgs"),
}


_COMMUNITY = re.compile(rb"\x02\x01.\x04([\x01-\x7f])", re.DOTALL)  # version, then community


class Listener(MsgAndPduDispatcher):  # type: ignore[misc]
    """pysnmp's dispatcher. What it cannot read is repaired if that is possible, else it goes to
    `bad(address, reason, packet)`."""

    def __init__(self, bad: Callable[[str, str, bytes], None]) -> None:
        super().__init__()
        self._bad = bad
        builder = self.mib_instrum_controller.get_mib_builder()
        self._counters = {
            reason: builder.import_symbols(mib, name)[0] for reason, (mib, name) in _DROPPED.items()
        }

    def receive_message(self, engine: Any, domain: Any, address: Any, packet: Any) -> Any:
        """Called by pysnmp for every datagram."""
        rest, reason = self._take(engine, domain, address, packet)
        if reason and (mended := repaired(bytes(packet))):
            rest, reason = self._take(engine, domain, address, mended)
        if reason:
            self._bad(address[0], reason, without_community(bytes(packet)))
        return rest

    def _take(self, engine: Any, domain: Any, address: Any, packet: Any) -> tuple[Any, str]:
        """What is left of the datagram, and why it was dropped."""
        before = {reason: int(c.syntax) for reason, c in self._counters.items()}
        try:
            rest = super().receive_message(engine, domain, address, packet)
        except Exception as error:  # whatever the decoder stumbles over in a forged packet
            return b"", f"bukan SNMP ({type(error).__name__})"
        dropped = (r for r, c in self._counters.items() if int(c.syntax) != before[r])
        return rest, next(dropped, "")


def without_community(packet: bytes) -> bytes:
    """A packet as it may be kept aside: agents send the community back, and it is a password."""
    found = _COMMUNITY.search(packet)
    if not found:
        return packet
    start, end = found.end(), found.end() + found[1][0]
    return packet[:start] + b"*" * len(packet[start:end]) + packet[end:]
