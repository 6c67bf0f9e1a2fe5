"""Rates out of two samples, whatever the counters and the clock of the agent do in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.network.counters import Sample, rates

QUIET = Sample(
    interface=4,
    oper_status=1,
    uptime_ticks=100_000,
    discontinuity_ticks=0,
    in_octets=1_000_000,
    out_octets=5_000_000,
    in_errors=10,
    out_errors=0,
)


def test_ten_seconds_with_a_megabyte_in_are_800_kilobits_a_second() -> None:
    later = replace(QUIET, uptime_ticks=101_000, in_octets=2_000_000, out_errors=5)
    found = rates(QUIET, later)
    assert found is not None
    assert (found.in_bps, found.out_bps, found.errors_per_second) == (800_000, 0, 0.5)


@given(
    bits=st.sampled_from([32, 64]),
    start=st.integers(0, 2**64 - 1),
    grown=st.integers(0, 2**31 - 1),
    booted=st.integers(0, 2**32 - 1),
    ticks=st.integers(1, 360_000),
)
def test_wraps_of_counters_and_of_the_clock_change_nothing(
    bits: int, start: int, grown: int, booted: int, ticks: int
) -> None:
    before = replace(
        QUIET, octet_bits=bits, uptime_ticks=booted, in_octets=start % 2**bits, in_errors=2**32 - 1
    )
    after = replace(
        before,
        uptime_ticks=(booted + ticks) % 2**32,
        in_octets=(start + grown) % 2**bits,
        in_errors=0,
    )
    found = rates(before, after)
    assert found is not None
    assert found.in_bps == pytest.approx(grown * 8 / (ticks / 100))
    assert found.errors_per_second == pytest.approx(100 / ticks)


@given(ran=st.integers(360_001, 2**32 - 360_001), back=st.integers(0, 360_000))
def test_a_restarted_agent_gives_no_rate(ran: int, back: int) -> None:
    before = replace(QUIET, uptime_ticks=ran)
    assert rates(before, replace(before, uptime_ticks=min(back, ran - 1), in_octets=0)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"discontinuity_ticks": 100_500},
        {"interface": 5},
        {"octet_bits": 32},
        {"uptime_ticks": QUIET.uptime_ticks},
    ],
)
def test_samples_that_cannot_be_compared_give_no_rate(change: dict[str, int]) -> None:
    assert rates(QUIET, replace(QUIET, **{"uptime_ticks": 101_000, **change})) is None


def test_a_counter_that_was_set_back_gives_no_rate_of_its_own() -> None:
    found = rates(QUIET, replace(QUIET, uptime_ticks=101_000, in_octets=0, out_octets=5_001_000))
    assert found is not None
    assert found.in_bps is None
    assert found.out_bps == 800


def test_what_an_agent_does_not_tell_stays_unknown() -> None:
    mute = replace(QUIET, in_octets=None, in_errors=None, out_errors=None)
    found = rates(mute, replace(mute, uptime_ticks=101_000))
    assert found is not None
    assert found.in_bps is None
    assert found.errors_per_second is None
    assert found.out_bps == 0
