"""How far counters came between two samples, whatever the agent does in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.network.counters import Rates, Sample, comparable, growth, restarted

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
FAST = Rates(in_bps=1e12, out_bps=1e12, errors_per_second=0)


def test_ten_seconds_with_a_megabyte_in_are_800_kilobits_a_second() -> None:
    later = replace(QUIET, uptime_ticks=101_000, in_octets=2_000_000, out_errors=5)
    found = growth(QUIET, later)
    assert found is not None
    assert found.rates == Rates(in_bps=800_000, out_bps=0, errors_per_second=0.5)


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
    before = replace(QUIET, octet_bits=bits, uptime_ticks=booted, in_octets=start % 2**bits)
    after = replace(
        before, uptime_ticks=(booted + ticks) % 2**32, in_octets=(start + grown) % 2**bits
    )
    found = growth(before, after, FAST)
    assert found is not None
    assert found.into == grown
    assert found.seconds == pytest.approx(ticks / 100)


@given(ran=st.integers(360_001, 2**32 - 360_001), back=st.integers(0, 360_000))
def test_a_sysuptime_that_went_back_is_a_restart(ran: int, back: int) -> None:
    before = replace(QUIET, uptime_ticks=ran)
    after = replace(before, uptime_ticks=min(back, ran - 1), in_octets=0)
    assert restarted(before, after)
    assert not comparable(before, after)


@pytest.mark.parametrize("change", [{"interface": 5}, {"octet_bits": 32}])
def test_other_rows_and_other_counters_cannot_be_compared(change: dict[str, Any]) -> None:
    assert not comparable(QUIET, replace(QUIET, uptime_ticks=101_000, **change))


def test_a_counter_that_a_redial_cleared_has_not_wrapped() -> None:
    """PPPoE redials, and "clear counters": 3.2e9 to 0 is no 4 Gb/s (Cacti/cacti#3901)."""
    before = replace(QUIET, octet_bits=32, in_octets=3_200_000_000, speed_bps=10e6)
    after = replace(before, uptime_ticks=101_000, in_octets=5_000, out_octets=5_100_000)
    usual = Rates(in_bps=4e6, out_bps=1e5, errors_per_second=0)
    for speed in (10e6, None):
        assert growth(before, after, usual, speed) is None
        assert growth(before, after, None, speed) is None


def test_both_directions_never_wrap_in_the_same_look() -> None:
    after = replace(QUIET, octet_bits=32, uptime_ticks=101_000, in_octets=9, out_octets=9)
    assert growth(replace(QUIET, octet_bits=32), after, FAST) is None


def test_a_jump_further_than_the_line_can_carry_gives_nothing() -> None:
    after = replace(QUIET, uptime_ticks=101_000, in_octets=2**40)
    assert growth(QUIET, after, None, 100e6) is None


def test_errors_that_go_back_cost_only_the_errors() -> None:
    after = replace(QUIET, uptime_ticks=101_000, in_octets=2_000_000, in_errors=3, out_errors=None)
    found = growth(QUIET, after)
    assert found is not None
    assert (found.into, found.errors) == (1_000_000, None)


def test_what_an_agent_does_not_tell_stays_unknown() -> None:
    mute = replace(QUIET, in_octets=None, in_errors=None, out_errors=None)
    found = growth(mute, replace(mute, uptime_ticks=101_000))
    assert found is not None
    assert (found.into, found.out, found.errors) == (None, 0, None)


@pytest.mark.parametrize("ticks", [None, 100_000, 100_001, 900_000])
def test_where_the_agents_clock_is_of_no_use_ours_is_taken(ticks: int | None) -> None:
    before = replace(QUIET, at=50.0)
    found = growth(before, replace(before, uptime_ticks=ticks, at=60.0))
    assert found is not None
    assert found.seconds == 10


@pytest.mark.parametrize(("status", "up"), [(1, True), (4, True), (None, True), (2, False)])
def test_an_interface_that_does_not_say_is_not_called_down(status: int | None, *, up: bool) -> None:
    assert replace(QUIET, oper_status=status).up is up


def test_an_answer_that_waited_for_us_does_not_spoil_the_agents_clock() -> None:
    """On a busy machine an answer may be read seconds after it came."""
    before = replace(QUIET, at=2.0, within=1.9)
    found = growth(before, replace(QUIET, uptime_ticks=100_250, at=3.0))
    assert found is not None
    assert found.seconds == 2.5
