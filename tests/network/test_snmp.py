"""One reader, real agents, and peers that answer something else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from commandcenter.network import keys, snmp
from commandcenter.network.counters import growth
from commandcenter.network.session import BadAnswer, NoAnswer
from tests import leaks
from tests.conftest import Tray
from tests.network.conftest import Agent, peer

PUBLIC = keys.v2c("public")
USER = keys.v3("nocuser", leaks.secret("authpass123"), leaks.secret("privpass123"))


@pytest.mark.parametrize("auth", [PUBLIC, USER], ids=["v2c", "v3"])
@pytest.mark.parametrize("interface", ["lo", "1"])
async def test_an_interface_is_read_by_name_and_by_number(
    agent: Agent, reader: snmp.SnmpReader, auth: object, interface: str
) -> None:
    sample = await reader.read_interface("127.0.0.1", agent.port, auth, interface)
    assert (sample.interface, sample.up, sample.octet_bits) == (1, True, 64)
    assert sample.in_octets == sample.out_octets  # what loopback sends it receives
    assert sample.in_octets is not None
    assert sample.in_octets > 0
    assert 0 < sample.rtt_ms < 500


async def test_traffic_between_two_looks_becomes_a_rate(
    own_agent: Agent, reader: snmp.SnmpReader
) -> None:
    before = await reader.read_interface("127.0.0.1", own_agent.port, PUBLIC, "lo")
    async with peer(lambda packet: None) as port:
        loop = asyncio.get_running_loop()
        sender, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
        )
        for _ in range(50):
            sender.sendto(bytes(20_000))
        sender.close()
    found = None
    async with asyncio.timeout(20):  # snmpd looks at its interfaces anew every few seconds
        while found is None or not found.into:
            after = await reader.read_interface("127.0.0.1", own_agent.port, PUBLIC, "lo")
            found = growth(before, after)
            await asyncio.sleep(0.05)
    assert after.in_octets is not None
    assert before.in_octets is not None
    assert after.in_octets - before.in_octets >= 50 * 20_000
    assert found.errors == 0


async def test_an_old_agent_is_read_by_its_32_bit_counters(
    agent: Agent, reader: snmp.SnmpReader
) -> None:
    sample = await reader.read_interface("127.0.0.1", agent.port, keys.v2c("old"), "lo")
    assert sample.octet_bits == 32
    assert sample.discontinuity_ticks is None
    assert sample.in_octets is not None


async def test_an_interface_that_is_not_there_is_named(
    agent: Agent, reader: snmp.SnmpReader
) -> None:
    with pytest.raises(BadAnswer, match="tidak ada antarmuka bernama ether9"):
        await reader.read_interface("127.0.0.1", agent.port, PUBLIC, "ether9")
    with pytest.raises(BadAnswer, match="tidak mengenal antarmuka 4711"):
        await reader.read_interface("127.0.0.1", agent.port, PUBLIC, "4711")


@pytest.mark.parametrize(
    ("auth", "failure", "reason"),
    [
        (keys.v2c("wrong"), NoAnswer, "tidak menjawab"),
        (keys.v3("nocuser", "otherpass1", "privpass123"), BadAnswer, "sandi autentikasi"),
        (keys.v3("nobody", "authpass123", "privpass123"), BadAnswer, "pengguna SNMPv3"),
        (keys.v3("nocuser", "authpass123", "otherpriv1"), NoAnswer, "periksa v3_priv"),
        (keys.v3("nocuser", "authpass123", None), BadAnswer, "tingkat keamanan SNMPv3"),
    ],
    ids=["community", "password", "user", "encryption", "level"],
)
async def test_wrong_keys_are_told_apart_and_never_shown(
    *,
    agent: Agent,
    reader: snmp.SnmpReader,
    tray: Tray,
    auth: object,
    failure: type[Exception],
    reason: str,
) -> None:
    with pytest.raises(failure, match=reason) as caught:
        await reader.read_interface("127.0.0.1", agent.port, auth, "lo")
    for secret in ("wrong", "otherpass1", "privpass123"):
        assert secret not in f"{caught.value!r} {tray.kept}"


def other_community(packet: bytes) -> bytes:
    return packet.replace(b"public\xa0", b"tamper\xa2")


def null_values(packet: bytes) -> bytes:
    return packet.replace(b"public\xa0", b"public\xa2")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "bukan SNMP"),
        (lambda packet: null_values(packet)[:-7], "bukan SNMP"),
        (lambda _: b"\x30\x84\xff\xff\xff\xff", "bukan SNMP"),
        (lambda _: b"\x30\x80" * 20_000, "bukan SNMP"),
        (lambda _: b"\x30", "bukan SNMP"),
        (lambda packet: packet.replace(b"\x02\x01\x01\x04", b"\x02\x01\x07\x04"), "versi SNMP"),
        (other_community, "community lain"),
        (null_values, "bukan bilangan"),
    ],
    ids=["http", "truncated", "length", "nested", "short", "version", "community", "types"],
)
async def test_garbage_becomes_a_bad_answer_and_is_put_aside(
    reader: snmp.SnmpReader, tray: Tray, reply: Callable[[bytes], bytes], reason: str
) -> None:
    async with peer(reply) as port:
        with pytest.raises(BadAnswer, match=reason):
            await reader.read_interface("127.0.0.1", port, PUBLIC, "1")
    assert [why for _, why, _ in tray.kept] == [why for _, why, _ in tray.kept if reason in why]
    assert tray.kept


async def test_a_device_that_was_replaced_is_read_by_snmp_v3_in_the_next_look(
    own_agent: Agent, tmp_path: Path, reader: snmp.SnmpReader
) -> None:
    """It has another engineID, as have agents that lost their files (net-snmp/net-snmp#821)."""
    await reader.read_interface("127.0.0.1", own_agent.port, USER, "lo")
    own_agent.kill()
    with pytest.raises(NoAnswer):
        await reader.read_interface("127.0.0.1", own_agent.port, USER, "lo")
    (tmp_path / "other").mkdir()
    other = Agent(tmp_path / "other", port=own_agent.port)
    other.start()
    try:
        assert (await reader.read_interface("127.0.0.1", own_agent.port, USER, "lo")).name == "lo"
    finally:
        other.kill()


async def test_silence_takes_as_long_as_was_agreed_and_others_do_not_wait(
    agent: Agent, reader: snmp.SnmpReader
) -> None:
    async with peer(lambda _: None) as port:
        silent = asyncio.create_task(reader.read_interface("127.0.0.1", port, PUBLIC, "1"))
        await reader.read_interface("127.0.0.1", agent.port, PUBLIC, "1")
        assert not silent.done()
        with pytest.raises(NoAnswer):
            await silent


async def test_a_lost_packet_is_told_as_loss_and_not_as_a_slow_line(
    agent: Agent, tray: Tray
) -> None:
    asked: list[bytes] = []
    before = 1_000

    def lossy(packet: bytes) -> bytes | None:
        """The real agent behind a line that loses the first packet after a good look."""
        asked.append(packet)
        if len(asked) == before + 1:
            return None
        with socket.socket(type=socket.SOCK_DGRAM) as line:
            line.settimeout(2)
            line.sendto(packet, ("127.0.0.1", agent.port))
            return line.recv(65_535)

    reader = snmp.SnmpReader(lambda why, packet: tray("snmp", why, packet), timeout=0.5, retries=1)
    async with peer(lossy) as port:
        await reader.read_interface("127.0.0.1", port, PUBLIC, "1")
        before = len(asked)
        sample = await reader.read_interface("127.0.0.1", port, PUBLIC, "1")
    await reader.close()
    assert (len(asked), sample.lost) == (before + 2, 1)
    assert 0 < sample.rtt_ms < 450  # the patience of 500 ms is not part of the way
