"""A signed message: whoever knows the secret made it, lately, and nobody changed it since.

X-Timestamp is the Unix time in seconds, X-Signature-256 is `sha256=` and the hexadecimal
HMAC-SHA256(secret, timestamp + "." + raw body).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime

WINDOW_SECONDS = 300

_STAMP = re.compile(r"[0-9]{9,11}", re.ASCII)
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII | re.IGNORECASE)


class BadSignature(ValueError):
    """The sender has not shown who it is; the sentence says what is wrong."""


def check_signature(
    secret: str, timestamp: str, signature: str, body: bytes, now: datetime
) -> tuple[str, datetime]:
    """The signature in lower case and the time at which it was made. Raises BadSignature."""
    given = _SIGNATURE.fullmatch(signature)
    if not _STAMP.fullmatch(timestamp) or given is None:
        raise BadSignature("X-Timestamp and X-Signature-256 (sha256=<64 hex digits>) are needed")
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    if not hmac.compare_digest(expected.hexdigest(), given[1].lower()):
        raise BadSignature("the signature does not fit timestamp, body and secret")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise BadSignature(f"X-Timestamp is more than {WINDOW_SECONDS} s away from our clock")
    return given[1].lower(), datetime.fromtimestamp(int(timestamp), UTC)
