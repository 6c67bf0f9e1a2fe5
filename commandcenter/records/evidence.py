"""Evidence: how a thing looked when its incident opened. Pictures are kept for a limited time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from commandcenter.records.tables import evidence

Kind = Literal["picture", "series", "reading"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece. `body` is a JPEG, or JSON: of a series a list of {"at", "name", "value"}."""

    id: int
    incident_id: int
    at: datetime
    kind: Kind
    media_type: str
    body: bytes


def keep(
    connection: sa.Connection, incident_id: int, at: datetime, kind: Kind, body: bytes
) -> None:
    """Keep one piece."""
    media_type = "image/jpeg" if kind == "picture" else "application/json"
    told = {"incident_id": incident_id, "at": at, "kind": kind, "media_type": media_type}
    connection.execute(evidence.insert().values(**told, body=body))


def evidence_of(connection: sa.Connection, incident_id: int) -> list[Evidence]:
    """All of an incident, without the bodies; oldest first."""
    query = sa.select(*(c for c in evidence.c if c.name != "body"))
    query = query.where(evidence.c.incident_id == incident_id).order_by(evidence.c.id)
    return [Evidence(**row, body=b"") for row in connection.execute(query).mappings()]


def piece(connection: sa.Connection, number: int) -> Evidence | None:
    """One piece with its body."""
    row = connection.execute(sa.select(evidence).where(evidence.c.id == number)).mappings()
    found = row.one_or_none()
    return Evidence(**found) if found else None


def forget_pictures(connection: sa.Connection, before: datetime) -> int:
    """Forget the pictures that are older; how many they were."""
    old = (evidence.c.kind == "picture") & (evidence.c.at < before)
    return connection.execute(evidence.delete().where(old)).rowcount
