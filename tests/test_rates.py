"""Token buckets: who comes too often waits, nobody else does, and memory has a bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.rates import Answer, Rates, source_of


def test_after_a_burst_one_is_allowed_each_time_the_rate_says_so() -> None:
    rates = Rates(rate=0.5, burst=3)
    assert [rates.take("a", 0).allowed for _ in range(4)] == [True, True, True, False]
    assert [rates.take("a", second).allowed for second in (1, 2, 3, 4)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_refusal_says_how_long_to_wait_and_the_first_one_that_it_is_the_first() -> None:
    rates = Rates(rate=0.1, burst=2)
    assert [rates.take("a", 0).allowed for _ in range(2)] == [True, True]
    assert rates.take("a", 0) == Answer(allowed=False, first=True, wait=10)
    assert rates.take("a", 7) == Answer(allowed=False, first=False, wait=3)
    assert rates.take("a", 10).allowed


def test_one_source_does_not_pay_for_another() -> None:
    rates = Rates(rate=1, burst=1)
    assert [rates.take(source, 0).allowed for source in "aab"] == [True, False, True]


def test_of_more_sources_than_it_may_keep_the_one_silent_for_longest_is_forgotten() -> None:
    rates = Rates(rate=0.001, burst=1, most=2)
    for source in "abc":
        rates.take(source, 0)
    assert not rates.take("c", 0).allowed
    assert rates.take("a", 0).allowed
    assert len(rates._buckets) == 2


@given(
    rate=st.floats(0.01, 100),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(-5, 20), max_size=200),
)
def test_never_more_than_the_burst_and_what_the_time_has_brought(
    rate: float, burst: int, gaps: list[float]
) -> None:
    rates, now, waited, allowed = Rates(rate=rate, burst=burst), 0.0, 0.0, 0
    for gap in gaps:
        now += gap
        waited += max(0.0, gap)
        allowed += rates.take("a", now).allowed
    assert allowed <= burst + rate * waited + 1e-6 * (1 + waited)


@pytest.mark.asvs("15.3.4")
@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_source_is_what_a_stranger_cannot_change(address: str, source: str) -> None:
    assert source_of(address) == source
