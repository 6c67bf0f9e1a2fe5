"""Evidence: how a thing looked around the moment when its incident opened.

A still is wanted first, in the same transaction that opens the incident, so that no restart loses
the errand; then it is kept, or missed when no picture came in time. Pictures are kept for a limited
time; of a forgotten one the record still says whose it was, when it was taken, and its hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from commandcenter.records.incidents import ACTIVE
from commandcenter.records.tables import evidence, incident

Kind: TypeAlias = Literal["picture", "series", "reading"]
Role: TypeAlias = Literal["", "before", "at", "after"]
State: TypeAlias = Literal["wanted", "kept", "missed", "forgotten"]

MOST_STILLS = 60  # of one incident: one that reopens again and again must not fill the disk
MOST_WANTED = 5000  # read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A still to be fetched from `at` on: of a camera, around the fall at `fell_at`."""

    camera: str
    role: Role
    fell_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece. `body` is a JPEG, or JSON: of a series a list of {"at", "name", "value"}."""

    id: int
    incident_id: int
    at: datetime
    """When it was taken; of a still that is not there, from when on it was looked for."""
    kind: Kind
    media_type: str
    camera: str
    """Id of the camera; "" of all but pictures, and of pictures whose camera nobody noted."""
    role: Role
    """Where a picture stands to the fall."""
    fell_at: datetime | None
    """The fall that a still belongs to."""
    state: State
    sha256: str
    """Of the body when it was kept, in hex; "" until then."""
    forgotten_at: datetime | None
    body: bytes
    """b"" unless `state` is "kept"."""


def keep(
    connection: sa.Connection,
    incident_id: int,
    at: datetime,
    kind: Kind,
    body: bytes,
    *,
    camera: str = "",
    role: Role = "",
    fell_at: datetime | None = None,
) -> int:
    """Keep one piece; its number."""
    values = {
        "incident_id": incident_id,
        "at": at,
        "kind": kind,
        "media_type": "image/jpeg" if kind == "picture" else "application/json",
        "camera": camera,
        "role": role,
        "fell_at": fell_at,
        "sha256": _hash(body),
        "body": body,
    }
    return int(
        connection.execute(evidence.insert().values(**values).returning(evidence.c.id)).scalar_one()
    )


def want(connection: sa.Connection, incident_id: int, wishes: Sequence[Wish]) -> None:
    """Have these stills fetched, unless the incident has very many already."""
    pictures = (evidence.c.incident_id == incident_id) & (evidence.c.kind == "picture")
    count = sa.select(sa.func.count()).select_from(evidence).where(pictures)
    if not wishes or connection.execute(count).scalar_one() + len(wishes) > MOST_STILLS:
        return
    same = {"incident_id": incident_id, "kind": "picture", "media_type": "image/jpeg"}
    same |= {"state": "wanted", "body": b""}
    connection.execute(evidence.insert(), [{**same, **_told(wish)} for wish in wishes])


def wanted(connection: sa.Connection, now: datetime) -> list[Evidence]:
    """The stills to be fetched by now, the longest due first."""
    due = (evidence.c.state == "wanted") & (evidence.c.at <= now)
    query = _without_bodies().where(due).order_by(evidence.c.at, evidence.c.id)
    return _pieces(connection, query.limit(MOST_WANTED))


def fill(connection: sa.Connection, number: int, taken_at: datetime, jpeg: bytes) -> bool:
    """Here is a wanted still; False: it is not wanted any more, and nothing was changed."""
    here = {"state": "kept", "at": taken_at, "sha256": _hash(jpeg), "body": jpeg}
    return _settle(connection, number, here)


def miss(connection: sa.Connection, number: int) -> bool:
    """No picture came; False: it is not wanted any more, and nothing was changed."""
    return _settle(connection, number, {"state": "missed"})


def evidence_of(connection: sa.Connection, incident_id: int) -> list[Evidence]:
    """All of an incident, without the bodies; in the order in which it came to be."""
    query = _without_bodies().where(evidence.c.incident_id == incident_id)
    return _pieces(connection, query.order_by(evidence.c.id))


def piece(connection: sa.Connection, number: int) -> Evidence | None:
    """One piece with its body."""
    found = _pieces(connection, sa.select(evidence).where(evidence.c.id == number))
    return found[0] if found else None


def forget_pictures(connection: sa.Connection, before: datetime, now: datetime) -> int:
    """Forget the pictures that were taken earlier, but for those of incidents that still need
    somebody; how many they were."""
    active = sa.select(incident.c.id).where(incident.c.state.in_(ACTIVE))
    old = (evidence.c.kind == "picture") & (evidence.c.state == "kept") & (evidence.c.at < before)
    change = evidence.update().where(old, evidence.c.incident_id.not_in(active))
    gone = {"state": "forgotten", "forgotten_at": now, "body": b""}
    return connection.execute(change.values(**gone)).rowcount


def _told(wish: Wish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in Wish.__dataclass_fields__}


def _settle(connection: sa.Connection, number: int, values: dict[str, Any]) -> bool:
    wish = (evidence.c.id == number) & (evidence.c.state == "wanted")
    return connection.execute(evidence.update().where(wish).values(**values)).rowcount == 1


def _without_bodies() -> sa.Select[Any]:
    return sa.select(*(c for c in evidence.c if c.name != "body"))


def _pieces(connection: sa.Connection, query: sa.Select[Any]) -> list[Evidence]:
    rows: Iterable[Any] = connection.execute(query).mappings()
    return [Evidence(**{"body": b"", **row}) for row in rows]


def _hash(body: bytes) -> str:
    return sha256(body).hexdigest()
