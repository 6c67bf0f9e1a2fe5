"""Whatever a machine sends, a line is either a scan or a BadLine; and n is what it counts."""

from __future__ import annotations

import io
import tarfile
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.attendance import fingerspot, iclock
from tests.conftest import NOW

WIB = ZoneInfo("Asia/Jakarta")
pins = st.text("0123456789ABC", min_size=1, max_size=24).filter(lambda pin: pin.strip("0"))
local = NOW.replace(tzinfo=None)
times = st.datetimes(local.replace(year=2000), local).map(lambda t: t.replace(microsecond=0))


@pytest.mark.asvs("1.3.3")
@given(st.binary())
def test_any_bytes_are_a_scan_or_a_bad_line(line: bytes) -> None:
    try:
        scan = iclock.read_scan(line, WIB, NOW)
    except iclock.BadLine:
        return
    assert scan.pin.isprintable()
    assert 0 <= scan.status <= 99_999


@given(pins, times, st.integers(0, 255), st.integers(0, 255))
def test_what_a_machine_writes_is_read_back(pin: str, at: Any, status: int, verify: int) -> None:
    scan = iclock.read_scan(f"{pin}\t{at}\t{status}\t{verify}\t0\t0\r".encode(), WIB, NOW)
    assert (scan.pin, scan.status, scan.verify) == (pin, status, verify)
    assert scan.scanned_at.replace(tzinfo=None) == at
    assert scan.scanned_at.utcoffset() == timedelta(hours=7)


@given(st.lists(st.text("ab\t1", max_size=5)))
def test_n_counts_the_lines_that_are_not_empty(lines: list[str]) -> None:
    told = iclock.records("\r\n".join(lines).encode())
    assert len(told) == sum(bool(line.strip()) for line in lines)


@given(st.binary())
def test_any_bytes_are_a_packed_batch_or_not(raw: bytes) -> None:
    with pytest.raises(iclock.BadLine):
        iclock.unpack(raw)


def test_a_packed_batch_that_would_fill_the_memory_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as package:
        member = tarfile.TarInfo("bomb")
        member.size = 60 * 2**20
        package.addfile(member, io.BytesIO(bytes(member.size)))
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(iclock.BadLine, match="unfolds"):
        iclock.unpack(packed.getvalue())


@given(st.binary() | st.text().map(str.encode))
def test_any_body_is_fingerspots_or_not(raw: bytes) -> None:
    with pytest.raises(iclock.BadLine):
        fingerspot.read_scans(raw)


@pytest.mark.parametrize(
    ("zone", "told"),
    [("Asia/Jakarta", 7), ("Asia/Makassar", 8), ("Asia/Jayapura", 9), ("Asia/Kolkata", 330)],
)
def test_the_zone_is_told_in_hours_or_else_in_minutes(zone: str, told: int) -> None:
    assert iclock.time_zone(ZoneInfo(zone), NOW) == told
