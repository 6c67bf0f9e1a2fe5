"""Reachability by each of the tools, on loopback."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest

from commandcenter.network import icmp
from commandcenter.network.way import NotSent
from tests.conftest import free_port
from tests.network.conftest import DEAD
from tests.tcp import serving

HOSTS = ("127.0.0.1", "127.0.0.2", "::1")
RAW = icmp.Icmplib(privileged=os.getuid() == 0, timeout=0.3)


@pytest.mark.parametrize(
    "probe", [icmp.Fping(timeout=0.3), RAW, icmp.TcpConnect(timeout=0.3)], ids=lambda p: p.name
)
async def test_the_living_answer_and_the_dead_do_not(probe: icmp.Probe) -> None:
    if probe is RAW and not icmp._allowed(privileged=RAW.privileged):
        pytest.skip("this kernel lets this user send no ICMP")
    found = await probe.reach([*HOSTS, DEAD, *HOSTS])
    assert list(found) == [*HOSTS, DEAD]
    for host in HOSTS:
        rtt = found[host].rtt_ms
        assert rtt is not None
        assert 0 < rtt < 1000
        assert found[host].lost == 0
    assert found[DEAD] == probe.silence


async def test_the_first_tool_that_works_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icmp, "_allowed", lambda privileged: False)
    assert (await icmp.choose()).name == "fping"
    monkeypatch.setenv("PATH", "/nowhere")
    assert (await icmp.choose()).name == "tcp"
    monkeypatch.setattr(icmp, "_allowed", lambda privileged: privileged)
    assert await icmp.choose() == icmp.Icmplib(privileged=True, concurrency=16)
    monkeypatch.setattr(icmp, "_allowed", lambda privileged: True)
    assert await icmp.choose() == icmp.Icmplib(privileged=False)


async def test_losses_are_read_from_what_fping_says(tmp_path: Path) -> None:
    script = tmp_path / "fping"
    script.write_text(
        "#!/bin/sh\n"
        'echo "ICMP Host Unreachable from 127.0.0.9 for ICMP Echo sent to 127.0.0.8" >&2\n'
        'echo "127.0.0.7 : duplicate for [0], 84 bytes, 0.41 ms" >&2\n'
        'echo "127.0.0.7 : [1], timed out (1.00 avg, 50% loss)" >&2\n'
        'echo "127.0.0.7 : 1.00 - 3.00" >&2\n'
        'echo "127.0.0.8 : 1.0.0 nan -3" >&2\n'
        'echo "fd00::7       : 4.00 4.00 4.00" >&2\n'
        "exit 1\n"
    )
    script.chmod(0o755)
    found = await icmp.Fping(command=str(script)).reach(["127.0.0.7", "127.0.0.8", "fd00::7"])
    assert found == {
        "127.0.0.7": icmp.Reach(2.0, 3, 1),
        "127.0.0.8": icmp.Reach(None, 3, 3),
        "fd00::7": icmp.Reach(4.0, 3, 0),
    }


async def test_a_broken_fping_says_why(tmp_path: Path) -> None:
    with pytest.raises(icmp.ProbeFailed, match="No such file"):
        await icmp.Fping(command=str(tmp_path / "none")).reach(["127.0.0.1"])
    script = tmp_path / "fping"
    script.write_text("#!/bin/sh\necho cannot create raw socket >&2\nexit 4\n")
    script.chmod(0o755)
    with pytest.raises(icmp.ProbeFailed, match="cannot create raw socket"):
        await icmp.Fping(command=str(script)).reach(["127.0.0.1"])


async def test_a_refused_connection_is_an_answer_and_silence_is_none() -> None:
    assert await icmp.connect("127.0.0.1", free_port(), 0.3) is not None
    assert await icmp.connect(DEAD, 443, 0.3) is None


async def test_a_connection_that_is_taken_is_an_answer() -> None:
    async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None: ...

    async with serving(hang_up) as port:
        assert await icmp.connect("127.0.0.1", port, 0.3) is not None


async def test_where_no_socket_is_left_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """ValentinBELYN/icmplib#41: of 1,173 hosts those beyond 1,024 files looked dead."""

    def full(*_: object, **__: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socket", full)
    assert await icmp.Icmplib()._ping("127.0.0.1") == icmp.NOT_SENT
    with pytest.raises(NotSent, match="kehabisan soket"):
        await icmp.connect("127.0.0.1", 9, 1.0)
