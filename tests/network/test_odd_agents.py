"""Agents as public bug reports tell of them: each is read as far as it can be, and told plainly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from commandcenter.demo import ber
from commandcenter.demo.ber import Oid
from commandcenter.network import keys
from commandcenter.network.counters import Sample
from commandcenter.network.session import BadAnswer
from commandcenter.network.snmp import SnmpReader
from tests.conftest import Tray
from tests.network.conftest import peer
from tests.network.odd_agent import COUNTER64, EXTENDED, GAUGE32, V1, V2C, OddAgent, Refusal, row

PUBLIC = keys.v2c("public")


async def read(reader: SnmpReader, agent: OddAgent, name: str = "wan", looks: int = 1) -> Sample:
    """The last of so many looks at an agent."""
    async with peer(agent) as port:
        for _ in range(looks):
            sample = await reader.read_interface("127.0.0.1", port, PUBLIC, name)
    return sample


async def test_an_interface_that_moved_to_another_row_is_found_in_the_same_look(
    reader: SnmpReader,
) -> None:
    """After a restart, or a new card, ifIndex is another (librenms/librenms#386)."""
    agent = OddAgent(row(2, "wan", 1_000) | row(3, "cctv", 7))
    async with peer(agent) as port:
        before = await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
        agent.mib = row(3, "wan", 2_000) | row(2, "cctv", 8)
        after = await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
        agent.mib = row(9, "wan", 3_000)
        gone = await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
    assert [(s.interface, s.in_octets) for s in (before, after, gone)] == [
        (2, 1_000),
        (3, 2_000),
        (9, 3_000),
    ]


@pytest.mark.parametrize("told", [b"wan\0", b" wan ", b"wan\r\n", b"\0wan\0\0"])
async def test_nuls_and_blanks_do_not_belong_to_a_name(reader: SnmpReader, told: bytes) -> None:
    """netboxlabs/orb-agent#319."""
    assert (await read(reader, OddAgent(row(7, "x", ifName=ber.text(told))))).interface == 7


async def test_64_bit_counters_that_stand_at_zero_are_not_believed(reader: SnmpReader) -> None:
    """librenms/librenms#6106."""
    zero = ber.number(0, COUNTER64)
    agent = OddAgent(row(2, "wan", 700, ifHCInOctets=zero, ifHCOutOctets=zero))
    sample = await read(reader, agent)
    assert (sample.in_octets, sample.octet_bits) == (700, 32)


async def test_64_bit_counters_that_stand_still_elsewhere_are_not_believed_either(
    reader: SnmpReader,
) -> None:
    stuck = ber.number(4711, COUNTER64)
    agent = OddAgent(row(2, "wan", 700, ifHCInOctets=stuck, ifHCOutOctets=stuck))
    async with peer(agent) as port:
        await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
        agent.mib = row(2, "wan", 900, ifHCInOctets=stuck, ifHCOutOctets=stuck)
        sample = await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
    assert (sample.in_octets, sample.octet_bits) == (900, 32)


def dislikes(column: int, status: int, index: int | None = None) -> Refusal:
    """Refuses a whole question for one column of ifXTable; `index` is where it says so."""

    def refuse(names: Sequence[Oid]) -> tuple[int, int] | None:
        bad = [place for place, name in enumerate(names, 1) if name[-3:-1] == (1, column)]
        return (status, bad[0] if index is None else index) if bad else None

    return refuse


@pytest.mark.parametrize(
    ("status", "index"),
    [(2, None), (5, None), (5, 0), (5, 77), (16, 0)],
    ids=["noSuchName", "genErr", "genErr of nothing", "genErr of nonsense", "authorizationError"],
)
async def test_one_oid_that_is_refused_is_left_out_and_asked_no_more(
    reader: SnmpReader, status: int, index: int | None
) -> None:
    """etingof/pysnmp#117, netdata/netdata#9580."""
    agent = OddAgent(row(2, "wan"))
    agent.refuse = dislikes(19, status, index)
    sample = await read(reader, agent, looks=2)
    assert (sample.in_octets, sample.discontinuity_ticks) == (5_000_000, None)
    agent.asked.clear()
    await read(reader, agent)
    async with peer(agent) as port:
        for _ in range(2):
            await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
            asked, agent.asked = agent.asked, []
    assert len(asked) == 1


async def test_an_answer_that_would_be_too_big_is_asked_for_in_parts(reader: SnmpReader) -> None:
    agent = OddAgent(row(2, "wan"), refuse=lambda names: (1, 0) if len(names) > 3 else None)
    assert (await read(reader, agent)).in_octets == 5_000_000


@pytest.mark.parametrize("most", [4, 1])
async def test_an_agent_that_is_silent_to_big_questions_gets_small_ones(
    reader: SnmpReader, most: int
) -> None:
    """alouca/gosnmp#20, lextudio/sharpsnmplib#238."""
    assert (await read(reader, OddAgent(row(2, "wan"), most=most))).in_octets == 5_000_000


async def test_an_agent_that_stumbles_over_getbulk_is_walked_row_by_row(reader: SnmpReader) -> None:
    """bonomani/devmon#102: RouterOS answers tooBig; gosnmp/gosnmp#100: silence."""
    agent = OddAgent(row(2, "wan"))
    agent.bulk = False
    assert (await read(reader, agent)).interface == 2


async def test_a_counter64_in_snmpv1_is_passed_over(reader: SnmpReader) -> None:
    """lextudio/pysnmp#44."""
    mib = {oid: v for oid, v in row(2, "wan").items() if oid[-2] not in (15, 19)}
    wrong = mib | {(*oid[:-2], 10, 2): ber.number(7, COUNTER64) for oid in list(mib)[:1]}
    sample = await read(reader, OddAgent(wrong, versions=(V1,)))
    assert (sample.in_octets, sample.out_octets) == (None, 5_000_000)


async def test_a_line_that_comes_up_tells_its_speed_anew(reader: SnmpReader) -> None:
    """albin-lindstrom/zabbix-edgemax-template#1: 10 Mb/s while it is down."""
    slow, down = ber.number(10, GAUGE32), ber.number(2)
    agent = OddAgent(row(2, "wan", 5_000_000, ifHighSpeed=slow, ifOperStatus=down))
    async with peer(agent) as port:
        await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
        agent.mib = row(2, "wan")
        for _ in range(2):
            sample = await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
    assert sample.speed_bps == 1e9


async def test_an_agent_that_speaks_snmpv1_only_is_read(reader: SnmpReader) -> None:
    """librenms/librenms#4918: airFiber. SNMPv1 has no Counter64 and refuses what is not there."""
    mib = {oid: v for oid, v in row(2, "wan").items() if oid[-2] not in (6, 15, 19)}
    agent = OddAgent(mib, versions=(V1,))
    sample = await read(reader, agent, looks=2)
    assert (sample.interface, sample.in_octets, sample.octet_bits) == (2, 5_000_000, 32)
    assert {version for version, _, _ in agent.asked} == {V1}


async def test_in_snmpv1_too_a_name_that_is_repeated_without_a_value_is_the_end(
    reader: SnmpReader,
) -> None:
    """An endOfMibView, which only SNMPv2 knows; here after the column of names."""
    mib = {oid: v for oid, v in row(2, "wan").items() if oid[:-2] != EXTENDED or oid[-2] == 1}
    agent = OddAgent(mib, versions=(V1,), mixed=True)
    assert (await read(reader, agent)).interface == 2


async def test_two_rows_of_the_list_may_be_one_interface(reader: SnmpReader) -> None:
    """One of them is asked by ping, perhaps: both wait for the same search."""
    agent = OddAgent(row(2, "wan"))
    async with peer(agent) as port:
        one = partial(reader.read_interface, "127.0.0.1", port, PUBLIC, "wan")
        found = await asyncio.gather(one(), one())
    assert [sample.interface for sample in found] == [2, 2]


async def test_an_agent_that_speaks_both_is_read_in_v2c(reader: SnmpReader) -> None:
    agent = OddAgent(row(2, "wan"))
    await read(reader, agent)
    assert {version for version, _, _ in agent.asked} == {V2C}


ODD = {
    "a forgotten zero": (
        "ifInErrors",
        b"\x41\x04\xb2\xd0\x5e\x00",
        3_000_000_000,
    ),
    "wider than its type": ("ifInErrors", b"\x41\x06\x01\x02\x03\x04\x05\x06", None),
    "a number as text": ("ifInErrors", ber.text(" 42\0"), 42),
    "a counter that calls itself an integer": (
        "ifInErrors",
        b"\x02\x05\x00\xdf\x65\x08\x93",
        3_747_940_499,
    ),
    "a word": ("ifInErrors", ber.text("n/a"), None),
    "nothing": ("ifInErrors", ber.empty(ber.NULL), None),
    "a negative number": ("ifInErrors", ber.number(-5), None),
    "an unknown type": ("ifInErrors", b"\x4f\x01\x07", None),
}


@pytest.mark.parametrize(("column", "value", "right"), ODD.values(), ids=list(ODD))
async def test_one_odd_value_costs_only_itself(
    reader: SnmpReader, column: str, value: bytes, right: int | None
) -> None:
    sample = await read(reader, OddAgent(row(2, "wan", 5_000_000, **{column: value})))
    assert sample.in_errors == right
    assert (sample.in_octets, sample.oper_status) == (5_000_000, 1)


async def test_an_odd_value_is_put_aside_once(reader: SnmpReader, tray: Tray) -> None:
    agent = OddAgent(row(2, "wan", ifInErrors=ber.text("n/a")))
    await read(reader, agent, looks=3)
    assert [why for _, why, _ in tray.kept] == ["127.0.0.1: 1.3.6.1.2.1.2.2.1.14.2 bukan bilangan"]


async def test_the_forgotten_zero_is_put_back_in_a_counter64(reader: SnmpReader) -> None:
    bare = b"\x46\x08\xff\xff\xff\xff\xff\xff\xff\x00"
    sample = await read(reader, OddAgent(row(2, "wan", ifHCInOctets=bare)))
    assert sample.in_octets == 2**64 - 256


@pytest.mark.parametrize(
    ("speed", "high", "right"),
    [(0, 0, None), (2**32 - 1, 10_000, 1e10), (2**32 - 1, 0, None), (64_000, 0, 64e3)],
)
async def test_a_speed_that_an_agent_does_not_know_is_none(
    reader: SnmpReader, speed: int, high: int, right: float | None
) -> None:
    told = {"ifSpeed": ber.number(speed, GAUGE32), "ifHighSpeed": ber.number(high, GAUGE32)}
    assert (await read(reader, OddAgent(row(2, "wan", 5_000_000, **told)))).speed_bps == right


async def test_a_state_that_no_standard_knows_is_not_known(reader: SnmpReader) -> None:
    sample = await read(reader, OddAgent(row(2, "wan", ifOperStatus=ber.number(99))))
    assert (sample.oper_status, sample.up) == (None, True)


async def test_an_agent_that_knows_the_interface_no_more_says_so(reader: SnmpReader) -> None:
    with pytest.raises(BadAnswer, match="tidak mengenal antarmuka 7"):
        await read(reader, OddAgent(row(2, "wan")), "7")


async def test_an_agent_without_sysuptime_is_read(reader: SnmpReader) -> None:
    agent = OddAgent(row(2, "wan"))
    agent.refuse = lambda names: (5, 1) if len(names[0]) == 9 and len(names) > 1 else None
    sample = await read(reader, agent)
    assert (sample.uptime_ticks, sample.in_octets) == (None, 5_000_000)


async def test_an_answer_that_comes_after_the_second_try_is_taken(tray: Tray) -> None:
    """Over a satellite each one comes later than that (lextudio/pysnmp#22)."""
    agent = OddAgent(row(2, "wan"))
    reader = SnmpReader(lambda why, packet: tray("snmp", why, packet), timeout=0.3, retries=2)
    async with peer(agent, delay=0.4) as port:
        sample = await reader.read_interface("127.0.0.1", port, PUBLIC, "2")
    await reader.close()
    assert (sample.interface, sample.lost) == (2, 0)
    assert sample.rtt_ms >= 400


async def test_an_agent_whose_getbulk_answers_are_empty_is_walked_row_by_row(
    reader: SnmpReader,
) -> None:
    """net-snmp/net-snmp#746."""
    assert (await read(reader, OddAgent(row(7, "wan"), rows=0))).interface == 7


async def test_rows_in_no_order_are_read_and_a_circle_is_told(reader: SnmpReader) -> None:
    first, second, third = (*EXTENDED, 1, 3), (*EXTENDED, 1, 2), (*EXTENDED, 6, 2)
    chain = {(*EXTENDED, 1): first, first: second, second: third}
    agent = OddAgent(row(3, "lan") | row(2, "wan"), bulk=False, after=chain)
    assert (await read(reader, agent)).interface == 2
    agent.after = chain | {second: first}
    agent.mib = row(3, "lan") | row(2, "dsl")
    with pytest.raises(BadAnswer, match="berputar-putar"):
        await read(reader, agent)


async def test_a_name_that_several_interfaces_have_is_told_and_none_is_picked(
    reader: SnmpReader,
) -> None:
    """netdisco/snmp-info#321: else a port of the LAN may stand for the uplink."""
    agent = OddAgent(row(2, "wan") | row(3, "wan"))
    with pytest.raises(BadAnswer, match="2 antarmuka bernama wan; tulis nomornya"):
        await read(reader, agent)
    agent = OddAgent(row(2, "wan") | row(3, "wan", ifDescr=ber.text("other")))
    assert (await read(reader, agent)).interface == 2  # by ifDescr it is the only one


async def test_the_interface_that_was_chosen_is_kept_when_it_goes_down(reader: SnmpReader) -> None:
    """Else a port of the LAN takes its place, and all looks well (mininet/mininet#883)."""
    agent, down = OddAgent(row(1, "ether1") | row(2, "ether2")), ber.number(2)
    async with peer(agent) as port:
        seen = [await reader.read_interface("127.0.0.1", port, PUBLIC)]
        agent.mib |= row(1, "ether1", ifOperStatus=down)
        seen += [await reader.read_interface("127.0.0.1", port, PUBLIC) for _ in range(2)]
        agent.ticks = 100  # started anew, and the line is still down
        seen += [await reader.read_interface("127.0.0.1", port, PUBLIC) for _ in range(2)]
    assert [(s.name, s.up) for s in seen] == [("ether1", True)] + [("ether1", False)] * 4


async def test_a_slow_search_for_an_interface_goes_on_beside_the_looks(
    reader: SnmpReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """librenms/librenms#2149: a slow agent makes the values of all others old."""
    monkeypatch.setattr("commandcenter.network.snmp._SEARCH", 0.05)
    agent = OddAgent(row(1, "a") | row(2, "b") | row(3, "wan"), bulk=False)
    async with peer(agent, delay=0.02) as port:
        reader_told = []
        while True:
            try:
                sample = await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
                break
            except BadAnswer as error:
                reader_told.append(str(error))
    assert sample.interface == 3
    assert set(reader_told) == {"agen menjawab lambat; antarmukanya masih dicari"}


async def test_a_community_is_not_kept_with_what_is_put_aside(
    reader: SnmpReader, tray: Tray
) -> None:
    """Agents send it back, and whoever reads rejected input would read it."""

    def cut(packet: bytes) -> bytes | None:
        told = OddAgent(row(2, "wan"))(packet)
        return told and told[:-9]

    async with peer(cut) as port:
        with pytest.raises(BadAnswer):
            await reader.read_interface("127.0.0.1", port, keys.v2c("rahasia7"), "wan")
    assert tray.kept
    assert not [body for _, _, body in tray.kept if b"rahasia7" in body]


async def test_of_many_bad_packets_of_one_agent_some_are_kept(
    reader: SnmpReader, tray: Tray
) -> None:
    """Else one agent pushes all other rejected input out within a day."""
    async with peer(lambda _: b"\x16\x03\x01no SNMP") as port:
        for _ in range(2):
            with pytest.raises(BadAnswer):
                await reader.read_interface("127.0.0.1", port, PUBLIC, "wan")
    assert [why for _, why, _ in tray.kept] == ["127.0.0.1: bukan SNMP (BER rusak)"]


@pytest.mark.parametrize("interface", ["wan", ""])
async def test_where_an_agent_shows_no_interface_its_rights_are_to_be_looked_at(
    reader: SnmpReader, interface: str
) -> None:
    """The agent of Debian, as it is installed, shows the system group only."""
    agent = OddAgent({(1, 3, 6, 1, 2, 1, 1, 5, 0): ber.text("rtr")})
    with pytest.raises(BadAnswer, match="periksa hak baca"):
        await read(reader, agent, interface)
