"""Challenges as cameras write them, and what is answered."""

from __future__ import annotations

import hashlib
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from commandcenter.video.login import Login, authorization, is_simple, schemes
from commandcenter.video.messages import CameraFault
from tests.leaks import secret

PASSWORD = secret("kunci-gerbang")
URI = "rtsp://10.0.0.5/x"


def said(challenge: str, **more: int) -> dict[str, str]:
    told = authorization([challenge], URI, "ops", PASSWORD, **more)  # type: ignore[arg-type]
    assert told.startswith("Digest ")
    return parse_keqv_list(parse_http_list(told.removeprefix("Digest ")))


def hashed(name: str, *parts: str) -> str:
    return hashlib.new(name, ":".join(parts).encode()).hexdigest()


@pytest.mark.parametrize("algorithm", ["MD5", "md5", "SHA-256", "SHA-512-256"])
def test_each_algorithm_without_a_quality_is_answered_as_rfc_2069_says(algorithm: str) -> None:
    told = said(f'Digest realm="a b", nonce="n", algorithm={algorithm}')
    name = {"M": "md5", "m": "md5"}.get(algorithm[0], algorithm.lower().replace("-", ""))
    name = "sha512_256" if name == "sha512256" else name
    secret_, asked = hashed(name, "ops", "a b", PASSWORD), hashed(name, "DESCRIBE", URI)
    assert told["response"] == hashed(name, secret_, "n", asked)
    assert told["algorithm"] == algorithm
    assert "qop" not in told


def test_a_session_is_answered_with_the_nonces_of_both_sides() -> None:
    told = said('Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"', count=3)
    inner = hashed("md5", hashed("md5", "ops", "r", PASSWORD), "n", told["cnonce"])
    middle = ("n", "00000003", told["cnonce"], "auth", hashed("md5", "DESCRIBE", URI))
    assert told["response"] == hashed("md5", inner, *middle)
    assert told["nc"] == "00000003"


def test_a_camera_that_wants_whole_requests_signed_gets_them() -> None:
    told = said('Digest realm="r", nonce="n", qop="auth-int"')
    asked = hashed("md5", "DESCRIBE", URI, hashed("md5", ""))
    middle = ("n", "00000001", told["cnonce"], "auth-int", asked)
    assert told["response"] == hashed("md5", hashed("md5", "ops", "r", PASSWORD), *middle)


def test_a_camera_that_wants_no_user_name_gets_its_hash() -> None:
    told = said('Digest realm="r", nonce="n", algorithm=SHA-256, userhash=true')
    assert (told["username"], told["userhash"]) == (hashed("sha256", "ops", "r"), "true")


def test_a_realm_with_quotes_is_hashed_as_it_is_and_written_as_it_must_be() -> None:
    told = authorization(
        [r'Digest realm="the \"gate\"", nonce="n", opaque=""'], URI, "ops", PASSWORD
    )
    assert r'realm="the \"gate\""' in told
    assert 'opaque=""' in told
    inner = hashed("md5", "ops", 'the "gate"', PASSWORD), hashed("md5", "DESCRIBE", URI)
    assert hashed("md5", inner[0], "n", inner[1]) in told


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_realm_beyond_ascii_is_hashed_and_goes_back_byte_by_byte(encoding: str) -> None:
    """psf/requests#6102: the name that an installer gave the device, or a user's own."""
    realm = "网络摄像机 é".encode(encoding)
    heard = b'Digest realm="%s", nonce="n"' % realm
    told = authorization([heard.decode("latin-1")], URI, "Ondřej", PASSWORD).encode("latin-1")
    assert b'realm="%s"' % realm in told
    assert b'username="%s"' % "Ondřej".encode() in told
    secret_ = hashlib.md5(b":".join(["Ondřej".encode(), realm, PASSWORD.encode()])).hexdigest()
    assert hashed("md5", secret_, "n", hashed("md5", "DESCRIBE", URI)).encode() in told


def test_several_challenges_in_one_line_are_as_many() -> None:
    line = 'Basic realm="a, b", Digest realm=r,nonce=,qop="auth,auth-int"'
    assert schemes([line]) == "Basic, Digest MD5"
    assert authorization([line], URI, "ops", PASSWORD).startswith('Digest username="ops"')


@pytest.mark.parametrize("line", ["Negotiate", "", "Digest algorithm=MD4", "=", '"', "Bearer a=="])
def test_a_way_in_that_nobody_knows_offers_no_password(line: str) -> None:
    with pytest.raises(CameraFault, match="tidak dikenal") as told:
        authorization([line], URI, "ops", PASSWORD)
    assert told.value.state == "unsupported"  # so nothing is locked


@pytest.mark.parametrize("stale", ["true", "TRUE", '"True"'])
def test_a_nonce_that_was_too_old_is_answered_once_more(stale: str) -> None:
    login = Login("ops", PASSWORD)
    first, old = 'Digest realm="r", nonce="1"', f'Digest realm="r", nonce="2", stale={stale}'
    assert login.may_answer([first], tries=0)
    assert not login.may_answer([first], tries=1)
    assert login.may_answer([old], tries=1)
    assert not login.may_answer([old], tries=2)  # some say so of every password


def test_a_refusal_that_says_it_is_not_stale_is_a_refusal() -> None:
    """AlexxIT/go2rtc#2344: stale="FALSE" in each challenge."""
    challenge = 'Digest realm="r", nonce="1", stale="FALSE"'
    assert not Login("ops", PASSWORD).may_answer([challenge], tries=1)


@pytest.mark.parametrize(
    ("challenges", "simple"),
    [
        (['Basic realm="r"'], True),
        (['Digest realm="r", nonce="n"', 'Basic realm="r"'], True),
        (['Digest realm="r", nonce="n", qop="auth,auth-int"'], True),
        (['Digest realm="r", nonce="n", algorithm=SHA-256'], False),
        (['Digest realm="r", nonce="n"', 'Digest realm="r", nonce="n", algorithm=SHA-256'], False),
        (['Digest realm="r", nonce="n", qop="auth-int"'], False),
        ([r'Digest realm="\"r\"", nonce="n"'], False),
        (['Digest realm="r", nonce="n", userhash=true'], False),
        (['Digest realm="r", nonce="n", algorithm=MD5-sess'], False),
    ],
)
def test_what_ffmpeg_cannot_answer_is_known(challenges: list[str], simple: bool) -> None:
    assert is_simple(challenges, "ops") is simple
