"""Codes of a telephone (RFC 6238) and on paper."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from commandcenter.access.second_factor import (
    ON_PAPER,
    address_of,
    codes_on_paper,
    hash_of,
    new_secret,
    step_of,
)
from tests.conftest import NOW

RFC_SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.asvs("6.5.4")
@pytest.mark.parametrize(
    ("seconds", "code"),  # RFC 6238, appendix B, SHA-1, the last six of eight digits
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert step_of(RFC_SECRET, code, at) == seconds // 30


@pytest.mark.asvs("6.5.5")
def test_a_telephone_may_be_half_a_minute_fast_or_slow_and_no_more() -> None:
    secret = new_secret()
    code, step = pyotp.TOTP(secret).at(NOW), int(NOW.timestamp()) // 30
    begun = NOW - timedelta(seconds=NOW.timestamp() % 30)
    assert [step_of(secret, code, begun + timedelta(seconds=s)) for s in (-30, 0, 59)] == [step] * 3
    assert step_of(secret, code, begun - timedelta(seconds=31)) is None
    assert step_of(secret, code, begun + timedelta(seconds=60)) is None


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "１２３４５６", "abcdef", "12 34", "-12345"]
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert step_of(new_secret(), typed, NOW) is None


def test_a_code_may_be_typed_with_a_gap() -> None:
    secret = new_secret()
    code = pyotp.TOTP(secret).at(NOW)
    assert step_of(secret, f" {code[:3]} {code[3:]} ", NOW) is not None


def test_the_address_names_the_region_and_the_person() -> None:
    told = urlsplit(address_of(RFC_SECRET, "ani@dinkes", "Kabupaten Kotawaringin Barat"))
    assert (told.scheme, told.netloc) == ("otpauth", "totp")
    assert told.path == "/Kabupaten%20Kotawaringin%20Barat:ani%40dinkes"
    assert parse_qs(told.query)["secret"] == [RFC_SECRET]


@pytest.mark.asvs("6.5.3")
def test_codes_on_paper_differ_and_are_known_however_they_are_typed() -> None:
    codes = codes_on_paper()
    assert len(set(codes)) == ON_PAPER
    one = codes[0]
    assert {len(part) for part in one.split("-")} == {4}
    assert hash_of(one) == hash_of(one.lower().replace("-", " ")) != hash_of(codes[1])
