"""The signed webhook: POST /complaints with one complaint as JSON, signed as in `signature`."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import orjson

from commandcenter.complaints import dates
from commandcenter.complaints.words import identity, outline, place, public, stage, text
from commandcenter.records.complaints import BadComplaint, Told


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises BadComplaint."""
    try:
        told = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
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
    description = public(told.get("description"), 10_000)
    return Told(
        source="webhook",
        external_id=identity(told.get("id")),
        title=public(told.get("title"), 300) or text(description, 80),
        description=description,
        category=text(told.get("category"), 120),
        agency=text(told.get("agency"), 160),
        address=public(told.get("address"), 300),
        latitude=latitude,
        longitude=longitude,
        stage=stage(str(told.get("stage") or "")),
        received_at=dates.moment(str(told.get("received_at") or ""), zone, now),
        due_at=dates.due(str(told.get("due_at") or ""), zone),
        closed_at=dates.moment(str(told.get("closed_at") or ""), zone, now),
        updated_at=said_at,
    )


def without_people(body: bytes) -> bytes:
    """Of a body that is put aside, what names nobody (`outline`); no JSON object, nothing."""
    try:
        return outline(read_object(body))
    except BadComplaint:
        return b""
