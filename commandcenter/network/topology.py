"""The devices of the network as their list names them, and who hangs on whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from commandcenter.hosts import has_zeros_in_front, is_host
from commandcenter.lists import Listed, read_list

_PROBE = re.compile(r"icmp|snmp|tcp:(?P<port>[1-9]\d{0,4})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A row of the list of devices."""

    id: str
    name: str
    role: Literal["office", "kecamatan", "core"] = "office"
    office: str = ""  # code of the office it serves
    kecamatan: str = ""
    provider: str = ""
    parent: str = ""  # id of the device it hangs on
    address: str = ""  # empty: not connected yet
    snmp_port: int = 161  # 0: it has no SNMP
    probe: str = "icmp"  # or "snmp", or "tcp:443"
    interface: str = ""  # ifIndex, ifName, ifAlias or ifDescr of the uplink
    latitude: float | None = None
    longitude: float | None = None


def read_devices(path: Path) -> Listed[Link]:
    """The list of devices. A device stays in it when only what it hangs on is wrong."""
    listed = read_list(path, Link)
    listed.leave_out_repeated("id")
    for number, link in list(listed.rows.items()):
        for column, reason in _mistakes(link):
            listed.leave_out(number, column, reason)
    links = {link.id: link for link in listed.rows.values()}
    for number, link in listed.rows.items():
        if reason := _wrong_parent(link, links):
            listed.remark(number, "parent", reason)
    return listed


def parents(link: Link, links: Mapping[str, Link]) -> Iterator[Link]:
    """What a device hangs on, nearest first; in a circle each once."""
    seen: set[str] = set()
    while link.parent in links and link.parent not in seen:
        seen.add(link.parent)
        link = links[link.parent]
        yield link


def parents_first(links: Mapping[str, Link]) -> list[Link]:
    """All devices, each after those it hangs on."""
    return sorted(links.values(), key=lambda link: sum(1 for _ in parents(link, links)))


def _wrong_parent(link: Link, links: Mapping[str, Link]) -> str:
    if link.parent and link.parent not in links:
        return f"tidak ada perangkat ber-id {link.parent!r}"
    if any(parent.id == link.id for parent in parents(link, links)):
        return f"{link.id!r} bergantung pada dirinya sendiri"
    return ""


def _mistakes(link: Link) -> Iterator[tuple[str, str]]:
    """Column and sentence for each thing for which a row cannot be used."""
    probe = _PROBE.fullmatch(link.probe)
    if not probe or int(probe["port"] or 1) > 65535:
        yield "probe", f"{link.probe!r} tidak dikenal; tulis icmp, snmp atau tcp:443"
    if link.probe == "snmp" and not link.snmp_port:
        yield "snmp_port", "probe snmp memerlukan port SNMP"
    if not 0 <= link.snmp_port <= 65535:
        yield "snmp_port", f"{link.snmp_port} bukan nomor port"
    if link.address and not is_host(link.address):
        hint = "; tulis tanpa nol di depan" if has_zeros_in_front(link.address) else ""
        yield "address", f"{link.address!r} bukan alamat IP atau nama host{hint}"
