"""The devices of the network as their list names them, and who hangs on whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from commandcenter.lists import BadList, read_list, read_table

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)
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


def read_devices(path: Path) -> dict[str, Link]:
    """The list of devices by id. Raises BadList with every mistake at once."""
    links = read_list(path, Link)
    by_id = {link.id: link for link in links}
    found = [(place, *told) for place, link in enumerate(links) for told in _mistakes(link, by_id)]
    seen: set[str] = set()
    for place, link in enumerate(links):
        if link.id in seen:
            found.append((place, "id", f"{link.id!r} sudah dipakai di baris lain"))
        seen.add(link.id)
    if found:
        rows = _row_numbers(path)
        raise BadList([f"{path}, row {rows[n]}, column {c}: {m}" for n, c, m in sorted(found)])
    return by_id


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


def _mistakes(link: Link, links: Mapping[str, Link]) -> Iterator[tuple[str, str]]:
    """Column and sentence for each thing that is wrong with a row."""
    if link.parent and link.parent not in links:
        yield "parent", f"tidak ada perangkat ber-id {link.parent!r}"
    elif any(parent.id == link.id for parent in parents(link, links)):
        yield "parent", f"{link.id!r} bergantung pada dirinya sendiri"
    probe = _PROBE.fullmatch(link.probe)
    if not probe or int(probe["port"] or 1) > 65535:
        yield "probe", f"{link.probe!r} tidak dikenal; tulis icmp, snmp atau tcp:443"
    if link.probe == "snmp" and not link.snmp_port:
        yield "snmp_port", "probe snmp memerlukan port SNMP"
    if not 0 <= link.snmp_port <= 65535:
        yield "snmp_port", f"{link.snmp_port} bukan nomor port"
    if link.address and not _is_address(link.address):
        yield "address", f"{link.address!r} bukan alamat IP atau nama host"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return bool(_HOST_NAME.fullmatch(text))
    return True


def _row_numbers(path: Path) -> list[int]:
    """Where read_list found its rows: it passes over those that say nothing it knows."""
    header, *lines = read_table(str(path), path.read_bytes())
    known = {f.name for f in fields(Link)}
    ours = [name.strip().lower() in known for name in header]
    return [
        number
        for number, cells in enumerate(lines, start=2)
        if any(cell for cell, our in zip(cells, ours, strict=False) if our)
    ]
