"""The feed: what becomes of a device as it answers, fails, dies and comes back."""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from commandcenter.feed import Desk, SourceDown
from commandcenter.network.icmp import Probe, ProbeFailed, Reach, TcpConnect
from commandcenter.reading import Reading
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


@pytest.fixture
def no_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing answers a ping: loopback would always."""

    async def choose(*_: object) -> Probe:
        return Deaf()

    monkeypatch.setattr("commandcenter.network.icmp.choose", choose)


@pytest.mark.usefixtures("no_ping")
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
    assert (telkom["leaves"], telkom["telling"]) == (2, 0)
    assert telkom["loss_percent"] == 0  # of what answers: that others are dead is told by `up`
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
    told = "SNMP tidak menjawab (periksa community, hak akses di perangkat, port)"
    assert (device["state"], device["detail"]) == ("degraded", told)
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


class Deaf(Probe):
    """A network in which nobody answers a ping."""

    name = "icmp"

    async def reach(self, addresses: Collection[str]) -> dict[str, Reach]:
        return dict.fromkeys(addresses, self.silence)


class Slow(Probe):
    """A network as slow and lossy as the test says."""

    reach_ = Reach(10.0, 3, 0)
    name = "icmp"

    async def reach(self, addresses: object) -> dict[str, Reach]:
        return {"127.0.0.1": self.reach_}


@pytest.mark.parametrize(
    ("reach", "state", "detail"),
    [
        (Reach(150.0, 30, 3), "up", ""),
        (Reach(151.0, 3, 0), "degraded", "waktu tempuh 151 ms"),
        (Reach(20.0, 30, 10), "degraded", "paket hilang 33 %"),
        (Reach(20.0, 3, 1), "up", ""),  # one of three is chance
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
    with pytest.raises(SourceDown, match="tidak dapat dibaca"):
        await look(feed, desk)
    write(devices, "a,A,office,,,,0,pigeon,")
    with pytest.raises(SourceDown, match="baris 2, kolom probe: 'pigeon' tidak dikenal"):
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
    assert "'pigeon' tidak dikenal" in desk.list_mistakes[0]
    write(devices, "b,B,office,,,,0,icmp,")
    gone = await look(feed, desk)
    assert [key for key, reading in gone.items() if reading.value is None] == [
        "device/a",
        "provider/telkom",
    ]
    assert not desk.list_mistakes
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


async def keep(feed: Network, desk: Desk, told: dict[str, Reading]) -> None:
    """Take what one look tells, also when it ends badly."""
    async for reading in feed.read(desk):
        told[reading.key] = reading


async def test_a_ping_tool_that_vanishes_is_told_and_costs_only_the_pinged(
    *, network: Make, devices: Path, agent: Agent, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(Slow):
        async def reach(self, addresses: object) -> dict[str, Reach]:
            raise ProbeFailed("fping: No such file or directory")

    async def choose(*_: object) -> Probe:
        return Gone()

    write(
        devices,
        "a,A,office,,,127.0.0.1,0,icmp,",
        f"b,B,office,,,127.0.0.1,{agent.port},snmp,lo",
    )
    feed = network()
    told: dict[str, Reading] = {}
    with monkeypatch.context() as patch:
        patch.setattr("commandcenter.network.icmp.choose", choose)
        with pytest.raises(SourceDown, match="alat ping tidak bekerja: fping"):
            await keep(feed, desk, told)
    assert value(told, "device/a")["state"] == "unknown"
    assert value(told, "device/b")["state"] == "up"
    assert value(await look(feed, desk), "device/a")["state"] == "up"


async def test_where_no_ping_is_allowed_silence_is_unknown_and_never_down(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def choose(*_: object) -> Probe:
        return TcpConnect(timeout=0.1)

    monkeypatch.setattr("commandcenter.network.icmp.choose", choose)
    write(devices, f"a,A,office,,,{DEAD},0,icmp,", "b,B,office,,,127.0.0.1,0,icmp,")
    feed = network()
    for _ in range(4):
        readings = await look(feed, desk)
    device = value(readings, "device/a")
    assert (device["state"], device["loss_percent"]) == ("unknown", None)
    assert "tidak boleh mengirim ping" in str(device["detail"])
    assert "tidak boleh mengirim ping" in desk.note["ping"]
    assert value(readings, "device/b")["state"] == "up"  # a refused connection is an answer


async def test_what_answers_a_ping_and_no_snmp_is_never_down(
    network: Make, devices: Path, desk: Desk
) -> None:
    async with peer(lambda _: None) as port:
        write(devices, f"rtr,Kumai,office,telkom,,127.0.0.1,{port},snmp,lo")
        feed = network(timeout=0.1)
        for _ in range(4):
            device = value(await look(feed, desk), "device/rtr")
    assert device["state"] == "degraded"
    assert str(device["detail"]).startswith("menjawab ping, tetapi SNMP tidak menjawab (periksa")


@pytest.mark.usefixtures("no_ping")
async def test_what_answers_snmp_and_no_ping_is_never_down(
    network: Make, devices: Path, agent: Agent, desk: Desk
) -> None:
    write(devices, f"rtr,Kumai,office,telkom,,127.0.0.1,{agent.port},icmp,lo")
    feed = network()
    for _ in range(4):
        device = value(await look(feed, desk), "device/rtr")
    assert (device["state"], device["loss_percent"]) == ("degraded", None)
    assert "menjawab SNMP, tetapi tidak menjawab ping" in str(device["detail"])


def resolver(answers: dict[str, str | int]) -> Callable[..., object]:
    """A resolver that tells addresses, or fails with an error of getaddrinfo."""

    def getaddrinfo(host: str, *_: object, **__: object) -> object:
        told = answers[host]
        if isinstance(told, int):
            raise socket.gaierror(told, "as the resolver says")
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (told, 0))]

    return getaddrinfo


async def test_a_name_without_an_address_costs_only_its_device(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        devices,
        "good,Ada,office,,,rtr.example,0,icmp,",
        "bad,Salah,office,,,rtr.exmaple,0,icmp,",
        "number,Angka,office,,,127.0.0.1,0,icmp,",
    )
    names: dict[str, str | int] = {"rtr.example": "127.0.0.1", "rtr.exmaple": socket.EAI_NONAME}
    feed = network()
    monkeypatch.setattr("commandcenter.network.names.socket.getaddrinfo", resolver(names))
    for _ in range(4):
        readings = await look(feed, desk)
    bad = value(readings, "device/bad")
    assert (bad["state"], bad["detail"]) == (
        "unknown",
        "nama rtr.exmaple tidak dikenal DNS; periksa kolom address",
    )
    assert [value(readings, f"device/{i}")["state"] for i in ("good", "number")] == ["up", "up"]
    assert "dns" not in desk.note


@pytest.mark.parametrize("error", [socket.EAI_NONAME, socket.EAI_AGAIN])
async def test_when_no_name_is_told_our_resolver_is_down_and_not_the_devices(
    *, network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    write(devices, "a,A,office,,,a.example,0,icmp,", "b,B,office,,,b.example,0,icmp,")
    feed = network()
    where = "commandcenter.network.names.socket.getaddrinfo"
    monkeypatch.setattr(where, resolver({"a.example": error, "b.example": error}))
    for _ in range(4):
        readings = await look(feed, desk)
    for key in ("device/a", "device/b"):
        assert value(readings, key)["state"] == "unknown"
        assert "DNS komputer ini tidak menjawab" in str(value(readings, key)["detail"])
    assert "DNS komputer ini tidak menjawab" in desk.note["dns"]
    monkeypatch.setattr(where, resolver({"a.example": "127.0.0.1", "b.example": "127.0.0.1"}))
    assert value(await look(feed, desk), "device/a")["state"] == "up"
    assert "dns" not in desk.note


async def test_a_fault_in_one_look_costs_one_device(
    *, network: Make, devices: Path, desk: Desk, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: object) -> float:
        raise ZeroDivisionError

    monkeypatch.setattr("commandcenter.network.looker.connect", connect)
    write(devices, "a,A,office,,,127.0.0.1,0,tcp:9,", "b,B,office,,,127.0.0.1,0,icmp,")
    readings = await look(network(), desk)
    device = value(readings, "device/a")
    assert (device["state"], device["detail"]) == (
        "degraded",  # it answers a ping
        "kesalahan program saat memeriksa: ZeroDivisionError",
    )
    assert value(readings, "device/b")["state"] == "up"
    assert [told[:2] for told in tray.kept] == [
        ("a", "kesalahan program saat memeriksa: ZeroDivisionError")
    ]


async def test_a_user_of_snmp_v3_reads_with_both_passwords(
    network: Make, devices: Path, agent: Agent, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH", "authpass123")
    monkeypatch.setenv("PRIV", "privpass123")
    write(devices, f"rtr,Kumai,office,,,127.0.0.1,{agent.port},snmp,lo")
    feed = network(v3_user="nocuser", v3_auth=Secret("env:AUTH"), v3_priv=Secret("env:PRIV"))
    assert value(await look(feed, desk), "device/rtr")["state"] == "up"


async def test_a_password_that_snmp_v3_does_not_take_is_told(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH", "tooshrt")
    write(devices, "rtr,Kumai,office,,,127.0.0.1,161,snmp,lo")
    with pytest.raises(SourceDown, match="v3_auth: sandi SNMPv3 sedikitnya 8 huruf"):
        await look(network(v3_user="nocuser", v3_auth=Secret("env:AUTH")), desk)


@pytest.mark.usefixtures("no_ping")
async def test_what_could_not_be_asked_is_unknown_and_never_down(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def create(*_: object, **__: object) -> object:
        raise OSError("no route")

    monkeypatch.setattr("commandcenter.network.session.hlapi.UdpTransportTarget.create", create)
    write(devices, "rtr,Kumai,office,,,127.0.0.1,161,snmp,lo")
    feed = network()
    for _ in range(4):
        device = value(await look(feed, desk), "device/rtr")
    assert (device["state"], device["detail"]) == (
        "unknown",
        "SNMP: alamat 127.0.0.1 tidak dikenal",
    )


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


@pytest.mark.parametrize("probe", ["icmp", "snmp", "tcp:9"])
async def test_when_our_own_way_out_is_cut_it_is_told_once_and_no_device_is_down(
    *, network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, probe: str
) -> None:
    """louislam/uptime-kuma#774."""
    monkeypatch.setattr("commandcenter.network.looker.blocked", lambda _: "kabel lepas")
    write(
        devices,
        f"a,A,office,telkom,,{DEAD},9,{probe},",
        f"b,B,office,telkom,,{DEAD},9,{probe},",
        "c,C,office,telkom,,,9,icmp,",
    )
    feed = network(timeout=0.1)
    for _ in range(4):
        readings: dict[str, Reading] = {}
        with pytest.raises(SourceDown, match="2 dari 2 perangkat tidak dapat ditanya: kabel lepas"):
            await look(feed, desk, readings)
    told = [value(readings, f"device/{i}") for i in ("a", "b")]
    assert [(d["state"], d["detail"]) for d in told] == [("unknown", "kabel lepas")] * 2


async def test_one_device_that_we_have_no_way_to_is_unknown_and_the_source_is_well(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commandcenter.network.looker.blocked", lambda _: "tidak punya rute")
    write(devices, f"a,A,office,,,{DEAD},0,icmp,", "b,B,office,,,127.0.0.1,0,icmp,")
    readings = await look(network(timeout=0.1), desk)
    assert [value(readings, f"device/{i}")["state"] for i in ("a", "b")] == ["unknown", "up"]


async def test_a_device_that_was_down_is_still_down_after_a_look_that_proved_nothing(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each hiccup of our own ends its incident and opens another one."""
    write(devices, f"a,A,office,,,{DEAD},0,icmp,", "b,B,office,,,127.0.0.1,0,icmp,")
    feed = network(timeout=0.1)
    cut = ["", "", "", "kabel lepas", ""]
    states = []
    for why in cut:
        monkeypatch.setattr("commandcenter.network.looker.blocked", lambda _, why=why: why)
        states.append(value(await look(feed, desk), "device/a")["state"])
    assert states == ["degraded", "degraded", "down", "unknown", "down"]


async def test_a_name_that_a_filter_sends_to_0_0_0_0_is_not_this_machine(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IngoZenz/personaldnsfilter#206: pinging it is pinging ourselves."""
    write(devices, "a,A,office,,,rtr.example,0,icmp,", "b,B,office,,,good.example,0,icmp,")
    feed = network()
    names: dict[str, str | int] = {"rtr.example": "0.0.0.0", "good.example": "127.0.0.1"}
    monkeypatch.setattr("commandcenter.network.names.socket.getaddrinfo", resolver(names))
    readings = await look(feed, desk)
    assert [value(readings, f"device/{i}")["state"] for i in ("a", "b")] == ["unknown", "up"]


class Far(Probe):
    """A network in which everybody answers after 1.2 seconds."""

    name = "icmp"

    async def reach(self, addresses: Collection[str]) -> dict[str, Reach]:
        told = Reach(1200.0, self.pings, 0) if self.timeout > 1.2 else self.silence
        return dict.fromkeys(addresses, told)


async def test_a_device_that_answers_each_ping_late_is_slow_and_not_down(
    network: Make, devices: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def choose(*_: object) -> Probe:
        return Far(timeout=1.0)

    monkeypatch.setattr("commandcenter.network.icmp.choose", choose)
    write(devices, "rtr,Kumai,office,,,127.0.0.1,0,icmp,")
    feed = network(ping_silent=False)
    for _ in range(4):
        device = value(await look(feed, desk), "device/rtr")
    assert (device["state"], device["detail"], device["loss_percent"]) == (
        "degraded",
        "waktu tempuh 1200 ms",
        0,
    )
