"""The signed webhook: POST /complaints with one complaint as JSON.

X-Timestamp is the Unix time in seconds, X-Signature-256 is `sha256=` and the hexadecimal
HMAC-SHA256(secret, timestamp + "." + raw body).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, tzinfo
from typing import Any

import orjson

from commandcenter.complaints import dates
from commandcenter.complaints.words import identity, place, stage, text
from commandcenter.records.complaints import BadComplaint, Told

WINDOW_SECONDS = 300

_STAMP = re.compile(r"[0-9]{9,11}", re.ASCII)
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII | re.IGNORECASE)
_KEPT = ("id", "category", "agency", "stage", "received_at", "due_at", "lat", "long")


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


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises BadComplaint."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadComplaint(
            f"the body is not JSON: line {error.lineno}, column {error.colno}"
        ) from None
    if not isinstance(told, dict):
        raise BadComplaint("the body is not a JSON object")
    return told


def read_complaint(told: dict[str, Any], said_at: datetime, zone: tzinfo, now: datetime) -> Told:
    """What the sender says. Unknown fields are ignored, never kept. Raises BadComplaint."""
    latitude, longitude = place(told.get("lat"), told.get("long"))
    description = text(told.get("description"), 10_000)
    return Told(
        source="webhook",
        external_id=identity(told.get("id")),
        title=text(told.get("title"), 300) or text(description, 80),
        description=description,
        category=text(told.get("category"), 120),
        agency=text(told.get("agency"), 160),
        address=text(told.get("address"), 300),
        latitude=latitude,
        longitude=longitude,
        stage=stage(str(told.get("stage") or "")),
        received_at=dates.moment(str(told.get("received_at") or ""), zone, now),
        due_at=dates.due(str(told.get("due_at") or ""), zone),
        closed_at=dates.moment(str(told.get("closed_at") or ""), zone, now),
        updated_at=said_at,
    )


def without_people(body: bytes) -> bytes:
    """Of a body that is put aside, the fields in which nobody is named; no JSON, nothing."""
    try:
        told = read_object(body)
    except BadComplaint:
        return b""
    return orjson.dumps({k: text(told[k], 160) for k in _KEPT if k in told})
