"""The link with which one acknowledges from a message, signed by us: RFC 2104 HMAC-SHA256.

A token is `payload.signature`, both base64url without padding (RFC 4648 section 5); the payload is
the JSON list [incident, version, who, expiry as Unix time]. Whoever has the token may acknowledge
this incident, as it was at this version, once. That it was used is for the records to remember.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOLDS = timedelta(hours=24)
_LONGEST = 600
_CONTEXT = b"commandcenter acknowledge\n"  # the same secret may sign other things


class BadLink(ValueError):
    """A token that acknowledges nothing. The sentence is one for translation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AckLink:
    """What a token says. `who` is the person who was told, or the channel."""

    incident: int
    version: int
    who: str
    expires_at: datetime


def sign(link: AckLink, secret: str) -> str:
    """The token that says this."""
    told = [link.incident, link.version, link.who, int(link.expires_at.timestamp())]
    payload = _text(json.dumps(told, separators=(",", ":")).encode())
    return f"{payload}.{_signature(payload, secret)}"


def read(token: str, secret: str, now: datetime) -> AckLink:
    """What a token says. Raises BadLink when it is not ours, was changed, or has expired."""
    payload, _, signature = token.partition(".")
    if len(token) > _LONGEST or not token.isascii():
        raise BadLink("This link is not one of ours")
    if not hmac.compare_digest(signature, _signature(payload, secret)):
        raise BadLink("This link is not one of ours")
    try:
        incident, version, who, expires = json.loads(_bytes(payload))
        link = AckLink(
            incident=incident,
            version=version,
            who=who,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
    except (ValueError, TypeError, OverflowError, OSError, binascii.Error) as error:
        raise BadLink("This link is not one of ours") from error
    if now >= link.expires_at:
        raise BadLink("This link has expired")
    return link


def _signature(payload: str, secret: str) -> str:
    return _text(hmac.new(secret.encode(), _CONTEXT + payload.encode(), hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
