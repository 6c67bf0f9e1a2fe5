"""Cookies: our own are read, and nothing else costs anything."""

from __future__ import annotations

import time

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Scope

from commandcenter.web.cookies import MOST, with_our_cookies


def cookies(*told: str) -> dict[str, str]:
    """What the application finds of these Cookie headers."""
    headers = [(b"cookie", one.encode("latin-1")) for one in told]
    scope: Scope = {"type": "http", "headers": [(b"host", b"a"), *headers]}
    return HTTPConnection(with_our_cookies(scope)).cookies


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("commandcenter_session=abc", {"commandcenter_session": "abc"}),
        ("a=b; commandcenter_session=abc;c=d", {"commandcenter_session": "abc"}),
        ("__Host-commandcenter_display=a.b-c_d=", {"__Host-commandcenter_display": "a.b-c_d="}),
        ("commandcenter_session=", {"commandcenter_session": ""}),
        ("commandcenter_session=one; commandcenter_session=two", {"commandcenter_session": "one"}),
        ('commandcenter_session="abc"', {}),
        ("commandcenter_session=a\\054b", {}),
        ("commandcenter_session=" + "x" * 513, {}),
        ("commandcenter_sessionx y=abc", {}),
        ("xcommandcenter_session=abc", {}),
        ("\xe9=\xe9; ;;=; commandcenter_half=1", {"commandcenter_half": "1"}),
        ("", {}),
    ],
)
def test_our_own_cookies_are_passed_on_and_no_others(told: str, found: dict[str, str]) -> None:
    assert cookies(told) == found


def test_a_browser_may_send_them_in_several_headers() -> None:
    """RFC 9113, section 8.2.3."""
    assert len(cookies("commandcenter_session=a", "commandcenter_half=b; x=y")) == 2


def test_there_is_an_end_to_them() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert len(cookies("; ".join(f"commandcenter_{letter}=1" for letter in letters))) == MOST


@pytest.mark.parametrize("pump", ["\\", '\\"', ";", "=", "commandcenter_session=;", '"'])
def test_what_stops_the_reader_of_python_is_nothing_here(pump: str) -> None:
    """CVE-2024-7592: 60 kB took 28 s."""
    began = time.thread_time()
    cookies('commandcenter_session="' + pump * 60_000 + '"')
    assert time.thread_time() - began < 2
