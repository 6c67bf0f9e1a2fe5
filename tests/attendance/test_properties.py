"""Whatever a machine sends, a line is either a scan or a BadLine; and n is what it counts."""

from __future__ import annotations

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
    told = iclock.count("\r\n".join(lines).encode())
    assert told == sum(bool(line.strip()) for line in lines)


@given(st.lists(st.sampled_from([b"a\t1", b"\0", b" ", b"\t", b"\r", b"\n"])).map(b"".join))
def test_pages_have_every_line_that_is_counted(body: bytes) -> None:
    long = body * 10_000
    pages = [*iclock.pages(long)]
    assert sum(map(len, pages)) == iclock.count(long)
    assert all(len(b"\n".join(page)) <= 17_000 + len(body) for page in pages if b"\n" in body)


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
