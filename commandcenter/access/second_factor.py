"""The second factor of people who sign in here with a password: codes that change every half a
minute (TOTP, RFC 6238, with the parameters that every authenticator app knows: SHA-1, six digits,
30 s), and codes on paper for the day on which the telephone is gone.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from datetime import datetime, timedelta

import pyotp

from commandcenter.access.throttle import Limit
from commandcenter.digest import digest

STEP = 30  # seconds
EITHER_WAY = 1  # steps that a telephone's clock may be wrong by, and a person slow (RFC 6238 5.2)
ON_PAPER = 8  # codes
_BYTES = 15  # of a code on paper: 120 bits, so that its plain hash cannot be turned back

OF_CODES = Limit(most=5, within=timedelta(minutes=15))
OF_A_DAY = Limit(most=20, within=timedelta(days=1))
"""Wrong codes of one account and password: 60 of a million numbers a day are tried at most."""


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226, section 4, R6)."""
    return pyotp.random_base32()


def address_of(secret: str, username: str, issuer: str) -> str:
    """What an authenticator app reads from the picture: otpauth://totp/…"""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def is_code(typed: str) -> bool:
    """Whether it looks like one of a telephone: six digits, with or without a gap."""
    code = "".join(typed.split())
    return len(code) == 6 and code.isascii() and code.isdigit()


def step_of(secret: str, typed: str, at: datetime) -> int | None:
    """Which step of time a code is of, in steps since 1970; None: it is not of this time."""
    if not is_code(typed):
        return None
    code = "".join(typed.split())
    now, known = int(at.timestamp()) // STEP, pyotp.HOTP(secret)
    near = range(now - EITHER_WAY, now + EITHER_WAY + 1)
    found = [step for step in near if hmac.compare_digest(known.at(step), code)]
    return found[-1] if found else None


def codes_on_paper() -> list[str]:
    """New ones, each for one use: ABCD-EFGH-…"""
    return [in_fours(_random(), "-") for _ in range(ON_PAPER)]


def hash_of(typed: str) -> str:
    """What a code on paper is known by, however it is typed."""
    return digest("".join(c for c in typed.upper() if c.isalnum()))


def in_fours(letters: str, between: str = " ") -> str:
    """As people read and type them: ABCD EFGH …"""
    return between.join(letters[i : i + 4] for i in range(0, len(letters), 4))


def _random() -> str:
    return b32encode(secrets.token_bytes(_BYTES)).decode()
