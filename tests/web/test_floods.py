"""Doors under floods: the flood waits, everybody else goes on."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from commandcenter.access.roles import Visitor
from commandcenter.web.floods import DOORS, KNOWN, Door, Floods, Guesses, TooManyCodes, TooOften
from tests.conftest import Clock


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def floods(seconds: Seconds) -> Floods:
    return Floods(seconds)


def knock(path: str, address: str = "10.9.9.9", method: str = "POST") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "client": (address, 40_000)}


PATHS = {
    "sign-in": "/sign-in",
    "code": "/sign-in/code",
    "oidc": "/sign-in/oidc/back",
    "page": "/sign-in",
    "pairing": "/wall/pairing",
    "collect": "/wall/pairing/collect",
    "enter": "/enter/some-token",
    "link": "/a/some-token",
}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_each_open_door_has_its_limit_and_opens_again_by_itself(
    floods: Floods, seconds: Seconds, door: Any
) -> None:
    scope = knock(PATHS[door.name], method=door.methods[0])
    assert [floods.knock(scope) for _ in range(door.burst)] == [None] * door.burst
    refused = floods.knock(scope)
    assert refused is not None
    assert (refused.what, refused.first) == (door.name, True)
    assert refused.headers["Retry-After"] == str(refused.wait)
    seconds.now += refused.wait
    assert floods.knock(scope) is None


def test_a_flood_at_one_door_from_one_address_closes_no_other_door_and_for_nobody_else(
    floods: Floods,
) -> None:
    for _ in range(1000):
        floods.knock(knock("/sign-in"))
    assert floods.knock(knock("/sign-in")) is not None
    assert floods.knock(knock("/sign-in", address="10.9.9.10")) is None
    assert floods.knock(knock("/wall/pairing/collect")) is None


def test_whoever_has_a_whole_network_of_ipv6_addresses_is_one(floods: Floods) -> None:
    for last in range(1000):
        floods.knock(knock("/sign-in", address=f"2001:db8:7:7::{last:x}"))
    assert floods.knock(knock("/sign-in", address="2001:db8:7:7:ffff::1")) is not None
    assert floods.knock(knock("/sign-in", address="2001:db8:7:8::1")) is None


def test_this_machine_is_not_exempt(floods: Floods) -> None:
    for _ in range(1000):
        floods.knock(knock("/sign-in", address="127.0.0.1"))
    assert floods.knock(knock("/sign-in", address="127.0.0.1")) is not None


@pytest.mark.parametrize(
    "path",
    ["/", "/wall", "/wall/utama", "/live", "/console", "/snapshots/a/1/small.jpg", "/healthz"],
)
def test_what_people_and_displays_do_all_day_is_not_counted_by_address(
    floods: Floods, path: str
) -> None:
    assert {floods.knock(knock(path, method="GET")) for _ in range(5000)} == {None}


def test_five_displays_that_wait_at_one_address_are_within_the_limit(
    floods: Floods, seconds: Seconds
) -> None:
    for _ in range(600):  # ten minutes, each asks every second
        seconds.now += 1
        for _ in range(5):
            assert floods.knock(knock("/wall/pairing/collect")) is None


def test_wrong_sessions_and_wrong_tokens_are_counted_apart(floods: Floods) -> None:
    scope = knock("/api/v1/incidents", method="GET")
    assert [floods.wrong("token", scope) for _ in range(30)] == [None] * 30
    assert isinstance(floods.wrong("token", scope), TooOften)
    assert floods.wrong("session", scope) is None
    socket = {"type": "websocket", "path": "/live", "client": None}
    assert floods.wrong("session", socket) is None


@pytest.mark.asvs("16.3.3")
def test_a_flood_is_told_once_and_with_no_word_of_what_was_tried(
    floods: Floods, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            floods.knock(knock("/enter/some-token"))
    assert caplog.messages == ["10.9.9.9 knocks too often (enter); it has to wait"]


def test_ten_thousand_strangers_are_kept_and_the_next_ones_push_the_oldest_out(
    floods: Floods,
) -> None:
    for number in range(10_500):
        floods.knock(
            knock("/sign-in", address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        )
    kept = next(rates for door, _, rates in floods._doors if door.name == "sign-in")
    assert len(kept._buckets) == 10_000


# --- whom we know ---------------------------------------------------------------------------------

ANI = Visitor(kind="person", id=1, name="Ani", role="operator")
BUDI = Visitor(kind="person", id=2, name="Budi", role="operator")
ASKED = {
    "file": "/snapshots/simpang-lima/7/small.jpg",
    "export": "/console/incidents/7/evidence.zip",
    "read": "/console/incidents/7",
    "write": "/api/v1/readings",
    "act": "/console/steps",
    "live": "/live",
}


def asked(limit: Door, address: str = "10.9.9.9") -> dict[str, Any]:
    if limit.methods == ("WS",):
        return {"type": "websocket", "path": ASKED[limit.name], "client": (address, 40_000)}
    return knock(ASKED[limit.name], address, limit.methods[0])


@pytest.mark.asvs("2.3.2", "2.4.1")
@pytest.mark.parametrize("limit", KNOWN, ids=lambda limit: limit.name)
def test_what_one_of_us_does_has_its_limit_wherever_they_come_from_and_goes_on_by_itself(
    floods: Floods, seconds: Seconds, limit: Door
) -> None:
    for number in range(limit.burst):
        assert floods.known(ANI, asked(limit, f"10.9.{number >> 8}.{number & 255}")) is None
    refused = floods.known(ANI, asked(limit))
    assert refused is not None
    assert (refused.what, refused.first) == (limit.name, True)
    assert floods.known(BUDI, asked(limit)) is None  # a neighbour, behind the same address
    seconds.now += refused.wait
    assert floods.known(ANI, asked(limit)) is None


def test_whoever_exports_too_much_can_still_work(floods: Floods) -> None:
    for _ in range(100):
        floods.known(ANI, knock("/console/history.csv", method="GET"))
    assert floods.known(ANI, knock("/console/history.csv", method="GET")) is not None
    for path, method in (("/console/steps", "POST"), ("/console", "GET"), ("/admin", "GET")):
        assert floods.known(ANI, knock(path, method=method)) is None


def test_a_wall_of_sixteen_cameras_on_five_pages_is_within_the_limit(
    floods: Floods, seconds: Seconds
) -> None:
    for _ in range(120):
        seconds.now += 1
        for _ in range(5 * 16):
            assert floods.known(ANI, knock("/snapshots/a/1/small.jpg", method="GET")) is None


# --- wrong pairing codes --------------------------------------------------------------------------


def test_after_ten_wrong_codes_in_ten_minutes_a_person_waits_and_nobody_else(clock: Clock) -> None:
    guesses = Guesses(clock)
    for _ in range(10):
        guesses.check(1)
        guesses.wrong(1)
        clock.forward(30)
    with pytest.raises(TooManyCodes) as told:
        guesses.check(1)
    assert told.value.minutes == 5
    guesses.check(2)
    clock.forward(300)
    guesses.check(1)
    guesses.wrong(1)
    with pytest.raises(TooManyCodes):
        guesses.check(1)


def test_right_codes_are_not_counted(clock: Clock) -> None:
    guesses = Guesses(clock)
    for _ in range(500):
        guesses.check(1)


def test_never_more_than_ten_tries_fall_into_any_ten_minutes(clock: Clock) -> None:
    guesses, tries = Guesses(clock), []
    for _ in range(7200):
        clock.forward(1)
        try:
            guesses.check(1)
        except TooManyCodes:
            continue
        guesses.wrong(1)
        tries.append(clock.now)
    assert len(tries) == 120
    windows = [sum(t <= at < t + timedelta(minutes=10) for at in tries) for t in tries]
    assert max(windows) == 10
