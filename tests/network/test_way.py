"""The way out of this machine, as its kernel tells of it."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from commandcenter.network.way import EXHAUSTED, NO_ROUTE, blocked

ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
wan0 00000000 0101A8C0 0003 0 0 0 00000000 0 0 0
wan0 0001A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
lte0 00000000 0102A8C0 0003 0 0 700 00000000 0 0 0
"""
NEIGHBOURS = """IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         {flags}         00:00:5e:00:01:01     *        wan0
"""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a kernel with a cable and a gateway that answers."""
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "sys/class/net/wan0").mkdir(parents=True)
    (tmp_path / "proc/net/route").write_text(ROUTES)
    (tmp_path / "proc/net/arp").write_text(NEIGHBOURS.format(flags="0x2"))
    (tmp_path / "sys/class/net/wan0/carrier").write_text("1\n")
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None)
    return tmp_path


def test_where_nothing_speaks_against_it_the_way_is_open(kernel: Path) -> None:
    assert blocked("10.1.2.3", kernel) == ""
    (kernel / "proc/net/arp").write_text("IP address\n")  # not asked yet
    assert blocked("10.1.2.3", kernel) == ""
    assert blocked("10.1.2.3", kernel / "elsewhere") == ""


def test_a_cable_that_is_out_is_ours(kernel: Path) -> None:
    """Without a daemon the route stays, and what is sent vanishes without an error."""
    (kernel / "sys/class/net/wan0/carrier").write_text("0\n")
    assert blocked("10.1.2.3", kernel) == "kabel jaringan komputer ini (wan0) tidak tersambung"
    assert blocked("192.168.1.7", kernel) == "kabel jaringan komputer ini (wan0) tidak tersambung"


def test_a_gateway_that_is_silent_is_no_fault_of_what_is_behind_it(kernel: Path) -> None:
    (kernel / "proc/net/arp").write_text(NEIGHBOURS.format(flags="0x0"))
    assert blocked("10.1.2.3", kernel) == (
        "gateway komputer ini (192.168.1.1) tidak menjawab; periksa kabel dan gateway itu"
    )
    assert blocked("192.168.1.7", kernel) == ""  # beside us: its silence is its own


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENETUNREACH, NO_ROUTE),
        (errno.EAFNOSUPPORT, NO_ROUTE),
        (errno.EMFILE, EXHAUSTED),
        (errno.EACCES, ""),
    ],
)
def test_what_the_kernel_refuses_is_told_for_what_it_is(
    kernel: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert blocked("fd00::1", kernel) == why
