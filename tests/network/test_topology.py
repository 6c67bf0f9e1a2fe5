"""The list of devices: what it may hold, and how its mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.lists import BadList
from commandcenter.network.topology import parents, parents_first, read_devices


def test_an_id_and_a_name_are_enough(devices: Path) -> None:
    devices.write_text("id,name\nrtr-dinkes,Dinas Kesehatan\n")
    link = read_devices(devices).rows[2]
    assert (link.role, link.probe, link.snmp_port, link.address) == ("office", "icmp", 161, "")


def test_a_wrong_row_costs_itself_and_every_mistake_is_told_by_row_and_column(
    devices: Path,
) -> None:
    devices.write_text(
        "id,name,parent,address,snmp_port,probe,notes\n"
        "core,Inti,,10.0.0.1,161,icmp,\n"
        ",,,,,,only a note\n"
        "a,A,core,-oops,161,icmp,\n"
        "b,B,core,10.0.0.2,0,snmp,\n"
        "c,C,core,10.0.0.3,70000,tcp:99999,\n"
        "core,Inti lagi,,10.0.0.4,161,icmp,\n"
        "d,D,cor,10.0.0.5,161,icmp,\n"
        "e,E,e,10.0.0.6,161,icmp,\n"
    )
    listed = read_devices(devices)
    told = [m.removeprefix(f"{devices}, ") for m in listed.sentences()]
    assert told == [
        "baris 4, kolom address: '-oops' bukan alamat IP atau nama host (baris ini dilewati)",
        "baris 5, kolom snmp_port: probe snmp memerlukan port SNMP (baris ini dilewati)",
        "baris 6, kolom probe: 'tcp:99999' tidak dikenal; tulis icmp, snmp atau tcp:443"
        " (baris ini dilewati)",
        "baris 6, kolom snmp_port: 70000 bukan nomor port (baris ini dilewati)",
        "baris 7, kolom id: 'core' sudah dipakai di baris 2 (baris ini dilewati)",
        "baris 8, kolom parent: tidak ada perangkat ber-id 'cor'",
        "baris 9, kolom parent: 'e' bergantung pada dirinya sendiri",
    ]
    assert [link.name for link in listed.rows.values()] == ["Inti", "D", "E"]
    with pytest.raises(BadList, match="kolom address"):
        listed.faultless()


def test_parents_are_told_nearest_first_and_come_before_their_children(devices: Path) -> None:
    devices.write_text("id,name,parent\nleaf,L,mid\nmid,M,core\ncore,C,\n")
    links = {link.id: link for link in read_devices(devices).faultless()}
    assert [p.id for p in parents(links["leaf"], links)] == ["mid", "core"]
    assert [link.id for link in parents_first(links)] == ["core", "mid", "leaf"]


@pytest.mark.parametrize(
    "address", ["010.1.1.1", "10.1.1", "167837953", "0x0a010101", "0.0.0.0", "::", "239.1.1.1"]
)
def test_what_would_be_read_as_another_address_is_no_address(devices: Path, address: str) -> None:
    """010.1.1.1 is 8.1.1.1, and 0.0.0.0 is this machine, which answers (louislam/uptime-kuma#1929,
    IngoZenz/personaldnsfilter#206)."""
    devices.write_text(f"id,name,address\na,A,{address}\nb,B,rtr-2.example\n")
    listed = read_devices(devices)
    assert [link.id for link in listed.rows.values()] == ["b"]
    assert f"{address!r} bukan alamat IP atau nama host" in listed.sentences()[0]
