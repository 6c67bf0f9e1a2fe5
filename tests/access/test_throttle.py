"""The throttle: guessing is useless, and nobody is locked out for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.access.browsers import KnownBrowsers
from commandcenter.access.throttle import (
    OF_ACCOUNT,
    OF_ADDRESS,
    OF_BROWSER,
    Attempt,
    Budget,
    Limit,
    PaidAttempt,
    Throttle,
    name_key,
)
from tests.conftest import NOW

FIRST = Attempt(at=NOW, address="10.0.0.1", username="ani")


def after(seconds: float, attempt: Attempt = FIRST) -> Attempt:
    return replace(attempt, at=attempt.at + timedelta(seconds=seconds))


def test_ten_failures_of_one_address_are_enough_for_five_minutes() -> None:
    throttle = Throttle()
    names = [replace(after(n), username=f"name {n}") for n in range(11)]
    assert [throttle.take(one) for one in names] == [None] * 10 + ["address"]
    assert throttle.opens_in(names[-1]) == timedelta(seconds=290)
    assert throttle.take(after(299)) == "address"
    assert throttle.take(after(300)) is None


def test_one_address_alone_never_keeps_others_from_an_account() -> None:
    throttle = Throttle()
    for n in range(10_000):
        throttle.take(after(n * 0.5))  # more than an hour
    assert throttle.take(replace(after(5000), address="10.9.9.9")) is None


def test_twenty_failures_at_one_account_are_enough_for_a_quarter_of_an_hour() -> None:
    throttle = Throttle()
    many = [replace(after(n), address=f"10.0.1.{n}") for n in range(21)]
    assert [throttle.take(one) for one in many] == [None] * 20 + ["account"]
    elsewhere = replace(FIRST, address="10.9.9.9")
    assert throttle.take(after(899, elsewhere)) == "account"
    assert throttle.take(after(900, elsewhere)) is None


def test_a_name_that_nobody_has_is_throttled_alike() -> None:
    """Else the answer would come sooner for those who are there."""
    throttle = Throttle()
    many = [
        replace(FIRST, address=f"10.0.1.{n}", username=" Nobody" if n % 2 else "NOBODY")
        for n in range(21)
    ]
    assert [throttle.take(one) for one in many] == [None] * 20 + ["account"]


@pytest.mark.parametrize(
    "typed",
    [
        "ANI",
        " Ani ",
        "\uff41\uff4e\uff49",  # full width
        "\U0001d41a\U0001d427\U0001d422",  # mathematical bold
        "a\u00adn\u200bi",  # a soft hyphen, a space of no width
        "ani\u3000",
        "\ufe00ani",
    ],
)
def test_a_name_is_one_however_it_is_written(typed: str) -> None:
    """RFC 4518: a directory takes all of them for the same."""
    assert name_key(typed) == name_key("ani")
    assert name_key(f"{typed}  susanti") == name_key("ani\tsusanti")
    assert name_key(typed) != name_key("budi")


async def test_names_that_a_directory_takes_for_one_person_share_a_budget() -> None:
    throttle = Throttle()
    tolls = [
        PaidAttempt(throttle, replace(after(n), address=f"10.0.1.{n}", username=f"name {n}"))
        for n in range(21)
    ]
    assert {paid.pay() for paid in tolls} == {None}
    assert [await paid.pay_found("cn=Ani,dc=kobar") for paid in tolls] == [True] * 20 + [False]
    assert [paid.unseen for paid in tolls] == [False] * 20 + [True]
    tolls[0].give_back()
    assert await tolls[-1].pay_found("CN=Ani,dc=kobar")


def test_an_attack_from_elsewhere_never_spends_what_a_known_browser_has() -> None:
    throttle = Throttle()
    known = replace(FIRST, browser="of the desk")
    for n in range(1000):
        throttle.take(replace(FIRST, address=f"10.1.{n // 250}.{n % 250}"))
        throttle.take(FIRST)  # also from the very address of the desk
    assert throttle.take(known) is None
    assert throttle.take(replace(FIRST, address="10.9.9.9")) == "account"


def test_a_known_browser_guesses_ten_times_and_no_more() -> None:
    throttle = Throttle()
    known = replace(FIRST, browser="stolen")
    assert [throttle.take(after(n, known)) for n in range(11)] == [None] * 10 + ["account"]
    assert throttle.take(replace(known, username="budi")) is None  # another account, another budget


def test_many_at_once_are_paid_for_before_the_password_is_looked_at() -> None:
    throttle = Throttle()
    allowed = [throttle.take(FIRST) for _ in range(100)]  # of one instant
    assert allowed.count(None) == OF_ADDRESS.most


def test_who_was_right_has_not_spent_anything_but_forgives_nobody_else() -> None:
    throttle = Throttle()
    for n in range(9):
        throttle.take(after(n))
    for n in range(50):  # somebody with an account of their own at the same address
        own = replace(after(10 + n), username="thief")
        assert throttle.take(own) is None
        throttle.give_back(own)
    assert throttle.take(after(70)) is None
    assert throttle.take(after(71)) == "address"


def test_an_ipv6_customer_is_one_address() -> None:
    throttle = Throttle()
    many = [replace(FIRST, address=f"2001:db8:0:1::{n:x}", username=str(n)) for n in range(11)]
    assert [throttle.take(one) for one in many][-1] == "address"
    assert throttle.take(replace(FIRST, address="2001:db8:0:2::1")) is None
    mapped = replace(FIRST, address="::ffff:10.0.0.1")
    assert [throttle.take(mapped) for _ in range(10)].count(None) == 10
    assert throttle.take(replace(FIRST, username="other")) == "address"  # the same as 10.0.0.1


def test_it_remembers_ten_thousand_and_forgets_the_longest_silent() -> None:
    budget = Budget(Limit(most=1, within=timedelta(hours=1)))
    for n in range(20_000):
        assert budget.take(str(n), NOW + timedelta(milliseconds=n))
    assert len(budget) == 10_000
    assert not budget.take("19999", NOW + timedelta(seconds=30))
    assert budget.take("1", NOW + timedelta(seconds=30))


@given(st.lists(st.tuples(st.floats(0, 3600), st.booleans()), max_size=60))
def test_no_stretch_of_time_ever_sees_more_than_the_limit(told: list[tuple[float, bool]]) -> None:
    limit = Limit(most=5, within=timedelta(seconds=60))
    budget, taken = Budget(limit), []
    for at, _ in sorted(told):
        moment = NOW + timedelta(seconds=at)
        if budget.take("key", moment):
            taken.append(moment)
        else:
            assert timedelta() < budget.opens_in("key", moment) <= limit.within
    for begin in taken:
        assert sum(begin <= one < begin + limit.within for one in taken) <= limit.most


@pytest.mark.asvs("6.1.1")
def test_the_limits_are_those_of_the_documentation() -> None:
    assert (OF_ADDRESS.most, OF_ADDRESS.within) == (10, timedelta(minutes=5))
    assert (OF_ACCOUNT.most, OF_ACCOUNT.within) == (20, timedelta(minutes=15))
    assert (OF_BROWSER.most, OF_BROWSER.within) == (10, timedelta(minutes=15))


# --- the cookie of a browser that is known --------------------------------------------------------

OURS = KnownBrowsers(b"k" * 32)


def test_a_browser_is_known_for_those_who_signed_in_with_it() -> None:
    cookie = OURS.remember(OURS.remember("", "ani"), "budi")
    number = OURS.known(cookie, "ANI ")
    assert number
    assert OURS.known(cookie, "budi") == number
    assert OURS.known(cookie, "citra") == ""
    assert OURS.known("", "ani") == ""


def test_nobody_makes_one_up_or_moves_a_mark_to_another() -> None:
    cookie = OURS.remember("", "ani")
    number, mark = cookie.split(".")
    assert KnownBrowsers(b"x" * 32).known(cookie, "ani") == ""
    assert OURS.known(f"{'A' * 22}.{mark}", "ani") == ""
    assert OURS.known(f"{number}.{'A' * 22}", "ani") == ""
    for nonsense in ("..", "a.b", number, "é" * 50, "." * 500, f"{number}.{mark}.short"):
        assert OURS.known(nonsense, "ani") == ""


def test_the_cookie_tells_no_name_and_does_not_grow() -> None:
    cookie = ""
    for n in range(100):
        cookie = OURS.remember(cookie, f"person {n}")
    assert len(cookie) < 500
    assert "person" not in cookie
    assert OURS.known(cookie, "person 99")
    assert not OURS.known(cookie, "person 0")
