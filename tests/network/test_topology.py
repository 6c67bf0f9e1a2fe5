"""The list of devices: what it may hold, and how its mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.lists import BadList
from commandcenter.network.topology import parents, parents_first, read_devices


def test_an_id_and_a_name_are_enough(devices: Path) -> None:
    devices.write_text("id,name\nrtr-dinkes,Dinas Kesehatan\n")
    link = read_devices(devices)["rtr-dinkes"]
    assert (link.role, link.probe, link.snmp_port, link.address) == ("office", "icmp", 161, "")


def test_every_mistake_is_told_at_once_by_row_and_column(devices: Path) -> None:
    devices.write_text(
        "id,name,parent,address,snmp_port,probe,notes\n"
        "core,Inti,,10.0.0.1,161,icmp,\n"
        ",,,,,,only a note\n"
        "a,A,cor,-oops,161,icmp,\n"
        "b,B,c,10.0.0.2,0,snmp,\n"
        "c,C,b,10.0.0.3,70000,tcp:99999,\n"
        "core,Inti lagi,,10.0.0.4,161,ping,\n"
    )
    with pytest.raises(BadList) as caught:
        read_devices(devices)
    told = [m.removeprefix(f"{devices}, ") for m in caught.value.mistakes]
    assert told == [
        "row 4, column address: '-oops' bukan alamat IP atau nama host",
        "row 4, column parent: tidak ada perangkat ber-id 'cor'",
        "row 5, column parent: 'b' bergantung pada dirinya sendiri",
        "row 5, column snmp_port: probe snmp memerlukan port SNMP",
        "row 6, column parent: 'c' bergantung pada dirinya sendiri",
        "row 6, column probe: 'tcp:99999' tidak dikenal; tulis icmp, snmp atau tcp:443",
        "row 6, column snmp_port: 70000 bukan nomor port",
        "row 7, column id: 'core' sudah dipakai di baris lain",
        "row 7, column probe: 'ping' tidak dikenal; tulis icmp, snmp atau tcp:443",
    ]


def test_parents_are_told_nearest_first_and_come_before_their_children(devices: Path) -> None:
    devices.write_text("id,name,parent\nleaf,L,mid\nmid,M,core\ncore,C,\n")
    links = read_devices(devices)
    assert [p.id for p in parents(links["leaf"], links)] == ["mid", "core"]
    assert [link.id for link in parents_first(links)] == ["core", "mid", "leaf"]
