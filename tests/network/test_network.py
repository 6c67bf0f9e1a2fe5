"""The feed: what becomes of a device as it answers, fails, dies and comes back."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from commandcenter.feed import Desk, SourceDown
from commandcenter.network.icmp import Probe, ProbeFailed, Reach
from commandcenter.secret import Secret
from feeds.network import Network
from tests.conftest import Tray
from tests.network.conftest import DEAD, Agent, look, peer, value, write

Make = Callable[..., Network]


async def test_a_router_is_pinged_and_read_by_snmp(
    network: Make, devices: Path, agent: Agent, desk: Desk
) -> None:
    write(devices, f"rtr,Dinas Kesehatan,office,Telkom Astinet,,127.0.0.1,{agent.port},icmp,lo")
    feed = network()
    await look(feed, desk)
    readings = await look(feed, desk)
    device = value(readings, "device/rtr")
    assert (device["state"], device["detail"], device["loss_percent"]) == ("up", "", 0)
    assert device["probe"] == desk.note["probe"]
    assert isinstance(device["uptime_seconds"], float)
    assert list(readings)[-1] == "provider/telkom-astinet"
    assert value(readings, "provider/telkom-astinet")["name"] == "Telkom Astinet"


async def test_a_list_of_ids_and_names_shows_what_is_not_connected(
    network: Make, devices: Path, desk: Desk
) -> None:
    devices.write_text("id,name,office\nrtr-dinkes,Dinas Kesehatan,dinkes\n")
    device = value(await look(network(), desk), "device/rtr-dinkes")
    assert (device["state"], device["rtt_ms"], device["in_bps"]) == ("unconnected", None, None)
    assert device["kecamatan"] == "Arut Selatan"  # known from the list of offices


async def test_a_device_dies_and_comes_back(
    network: Make, devices: Path, own_agent: Agent, desk: Desk
) -> None:
    write(devices, f"rtr,Kumai,office,telkom,,127.0.0.1,{own_agent.port},snmp,lo")
    feed = network()

    async def state() -> tuple[object, object]:
        device = value(await look(feed, desk), "device/rtr")
        return device["state"], device["detail"]

    assert await state() == ("up", "")
    own_agent.kill()
    assert await state() == ("degraded", "tidak menjawab 1 kali, sedang dipastikan")
    assert await state() == ("degraded", "tidak menjawab 2 kali, sedang dipastikan")
    assert await state() == ("down", "tidak menjawab 3 kali berturut-turut")
    own_agent.start()
    assert await state() == ("up", "")


async def test_behind_a_broken_parent_things_are_unknown_unless_they_answer(
    network: Make, devices: Path, desk: Desk
) -> None:
    write(
        devices,
        f"leaf,Puskesmas,office,telkom,mid,{DEAD},0,icmp,",
        f"mid,Kec. Kumai,kecamatan,telkom,paper,{DEAD},0,icmp,",
        "paper,Kotak,kecamatan,telkom,core,,0,icmp,",
        f"core,Inti Telkom,core,telkom,,{DEAD},0,icmp,",
        "alive,Bappeda,office,telkom,mid,127.0.0.1,0,icmp,",
    )
    feed = network(down_after=2)
    first = await look(feed, desk)
    assert [value(first, f"device/{d}")["state"] for d in ("core", "mid", "leaf", "alive")] == [
        "degraded",
        "degraded",
        "degraded",
        "up",
    ]
    second = await look(feed, desk)
    assert value(second, "device/core")["state"] == "down"
    for child in ("mid", "leaf"):
        device = value(second, f"device/{child}")
        assert device["state"] == "unknown"
        assert device["detail"] == "di belakang Inti Telkom yang putus"
        assert device["loss_percent"] is None
    assert value(second, "device/alive")["state"] == "up"
    telkom = value(second, "provider/telkom")
    assert (telkom["devices"], telkom["up"], telkom["in_bps"]) == (4, 1, None)
    assert telkom["loss_percent"] == 50  # of the core and of what answers; nothing else is known
    assert next(iter(second)) in ("device/alive", "device/paper")  # known before the silent ones


async def test_when_a_parent_returns_its_children_are_given_time_to_return(
    network: Make, devices: Path, desk: Desk
) -> None:
    row = f"leaf,Puskesmas,office,telkom,core,{DEAD},0,icmp,"
    write(devices, row, f"core,Inti,core,telkom,,{DEAD},0,icmp,")
    feed = network(down_after=2)
    for _ in range(3):
        readings = await look(feed, desk)
    assert value(readings, "device/leaf")["state"] == "unknown"
    write(devices, row, "core,Inti,core,telkom,,127.0.0.1,0,icmp,")
    assert value(await look(feed, desk), "device/leaf")["state"] == "degraded"
    assert value(await look(feed, desk), "device/leaf")["state"] == "down"


async def test_a_silent_agent_behind_a_ping_is_a_degraded_link(
    network: Make, devices: Path, desk: Desk
) -> None:
    async with peer(lambda _: None) as port:
        write(devices, f"rtr,Kumai,office,telkom,,127.0.0.1,{port},icmp,lo")
        device = value(await look(network(), desk), "device/rtr")
    assert (device["state"], device["detail"]) == ("degraded", "SNMP tidak menjawab")
    assert device["rtt_ms"] is not None


async def test_garbage_is_told_kept_aside_and_disturbs_nobody(
    network: Make, devices: Path, agent: Agent, desk: Desk, tray: Tray
) -> None:
    async with peer(lambda _: b"\x16\x03\x01not snmp") as port:
        write(
            devices,
            f"bad,Kumai,office,telkom,,127.0.0.1,{port},icmp,lo",
            f"good,Lada,office,telkom,,127.0.0.2,{agent.port},icmp,",
            f"fine,Utara,office,telkom,,127.0.0.1,{agent.port},icmp,lo",
        )
        readings = await look(network(), desk)
    assert value(readings, "device/bad")["detail"] == "SNMP: jawaban rusak: bukan SNMP (BER rusak)"
    assert value(readings, "device/fine")["state"] == "up"
    assert tray.kept[0] == (
        "network",
        "SNMP 127.0.0.1: bukan SNMP (BER rusak)",
        b"\x16\x03\x01not snmp",
    )


async def test_a_port_may_stand_for_the_device(network: Make, devices: Path, desk: Desk) -> None:
    write(
        devices,
        "on,Ada,office,,,127.0.0.1,0,tcp:9,",
        f"off,Tiada,office,,,{DEAD},0,tcp:443,",
    )
    readings = await look(network(), desk)
    assert value(readings, "device/on")["state"] == "up"
    assert value(readings, "device/on")["probe"] == "tcp"
    assert value(readings, "device/off")["loss_percent"] == 100


class Slow(Probe):
    """A network as slow and lossy as the test says."""

    reach_ = Reach(10.0, 0.0)
    name = "icmp"

    async def reach(self, addresses: object) -> dict[str, Reach]:
        return {"127.0.0.1": self.reach_}


@pytest.mark.parametrize(
    ("reach", "state", "detail"),
    [
        (Reach(150.0, 10.0), "up", ""),
        (Reach(151.0, 0.0), "degraded", "waktu tempuh 151 ms"),
        (Reach(20.0, 33.3), "degraded", "paket hilang 33 %"),
    ],
)
async def test_a_slow_or_lossy_link_is_degraded(
    *,
    network: Make,
    devices: Path,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    reach: Reach,
    state: str,
    detail: str,
) -> None:
    write(devices, "rtr,Kumai,office,,,127.0.0.1,0,icmp,")
    monkeypatch.setattr(Slow, "reach_", reach)

    async def choose(*_: object) -> Probe:
        return Slow()

    monkeypatch.setattr("commandcenter.network.icmp.choose", choose)
    device = value(await look(network(), desk), "device/rtr")
    assert (device["state"], device["detail"]) == (state, detail)


async def test_a_bad_list_is_the_source_being_down_until_it_is_good(
    network: Make, devices: Path, desk: Desk
) -> None:
    feed = network()
    with pytest.raises(SourceDown, match="cannot be read"):
        await look(feed, desk)
    write(devices, "a,A,office,,nobody,,0,icmp,")
    with pytest.raises(SourceDown, match="row 2, column parent: tidak ada perangkat"):
        await look(feed, desk)
    write(devices, "a,A,office,,,,0,icmp,")
    assert "device/a" in await look(feed, desk)


async def test_the_list_may_be_edited_while_the_system_runs(
    network: Make, devices: Path, desk: Desk
) -> None:
    feed = network()
    write(devices, "a,A,office,telkom,,,0,icmp,", "b,B,office,,,,0,icmp,")
    assert (await look(feed, desk)).keys() == {"device/a", "device/b", "provider/telkom"}
    write(devices, "a,A,office,telkom,,,0,pigeon,")
    assert (await look(feed, desk)).keys() == {"device/a", "device/b", "provider/telkom"}
    assert "'pigeon' tidak dikenal" in desk.note["devices"]
    write(devices, "b,B,office,,,,0,icmp,")
    gone = await look(feed, desk)
    assert [key for key, reading in gone.items() if reading.value is None] == [
        "device/a",
        "provider/telkom",
    ]
    assert "devices" not in desk.note
    assert (await look(feed, desk)).keys() == {"device/b"}


async def test_a_missing_secret_says_where_to_put_it(
    network: Make, devices: Path, desk: Desk, tmp_path: Path
) -> None:
    write(devices, "a,A,office,,,127.0.0.1,0,icmp,")
    feed = network(community=Secret(f"file:{tmp_path}/community"))
    with pytest.raises(SourceDown, match="put the secret into the file"):
        await look(feed, desk)


async def test_a_probe_by_snmp_needs_a_key(network: Make, devices: Path, desk: Desk) -> None:
    write(devices, "a,A,office,,,127.0.0.1,161,snmp,")
    with pytest.raises(SourceDown, match="isi community atau v3_user"):
        await look(network(community=None), desk)


async def test_a_ping_tool_that_vanishes_is_told_and_another_is_looked_for(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(Slow):
        async def reach(self, addresses: object) -> dict[str, Reach]:
            raise ProbeFailed("fping: No such file or directory")

    async def choose(*_: object) -> Probe:
        return Gone()

    write(devices, "a,A,office,,,127.0.0.1,0,icmp,")
    feed = network()
    with monkeypatch.context() as patch:
        patch.setattr("commandcenter.network.icmp.choose", choose)
        with pytest.raises(SourceDown, match="alat ping tidak bekerja: fping"):
            await look(feed, desk)
    assert value(await look(feed, desk), "device/a")["state"] == "up"


async def test_a_user_of_snmp_v3_reads_with_both_passwords(
    network: Make, devices: Path, agent: Agent, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH", "authpass123")
    monkeypatch.setenv("PRIV", "privpass123")
    write(devices, f"rtr,Kumai,office,,,127.0.0.1,{agent.port},snmp,lo")
    feed = network(v3_user="nocuser", v3_auth=Secret("env:AUTH"), v3_priv=Secret("env:PRIV"))
    assert value(await look(feed, desk), "device/rtr")["state"] == "up"


async def test_300_devices_are_looked_at_at_once_and_hardly_any_looks_slow_for_it(
    network: Make, devices: Path, desk: Desk, tmp_path: Path
) -> None:
    addresses = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(300)]
    many = Agent(tmp_path, addresses)
    many.start()
    rows = [
        f"rtr-{n},Kantor {n},office,p{n % 3},,{address},{many.port},{('icmp', 'snmp')[n % 2]},1"
        for n, address in enumerate(addresses)
    ]
    write(devices, *rows)
    feed = network(timeout=1.0, pings=3)
    await look(feed, desk)
    began, cpu = time.perf_counter(), time.process_time()
    readings = await look(feed, desk)
    seconds, cost = time.perf_counter() - began, time.process_time() - cpu
    many.kill()
    details = Counter(value(readings, f"device/rtr-{n}")["detail"] for n in range(300))
    logging.info("300 devices: %.2f s, %.2f s of CPU", seconds, cost)
    # They do not look slow because there are so many; on a busy machine a few may.
    assert details[""] >= 270, details
