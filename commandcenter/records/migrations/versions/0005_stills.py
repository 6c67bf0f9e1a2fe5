"""Stills around incidents: of which camera, from before, at or after the fall, with a hash, and
wanted before they are there."""

from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from commandcenter.records.tables import Moment

revision = "0005"
down_revision = "0004"

_WANTED = sa.text("state = 'wanted'")
_EVIDENCE = sa.table(
    "evidence",
    *(sa.column(name) for name in ("id", "incident_id", "kind", "camera", "role", "sha256")),
    sa.column("body", sa.LargeBinary),
)
_INCIDENT = sa.table("incident", sa.column("id"), sa.column("key"))


def upgrade() -> None:
    for name, length, usual in (
        ("camera", 120, ""),
        ("role", 8, ""),
        ("state", 12, "kept"),
        ("sha256", 64, ""),
    ):
        kind = sa.String(length=length)
        op.add_column("evidence", sa.Column(name, kind, server_default=usual, nullable=False))
    for name in ("fell_at", "forgotten_at"):
        op.add_column("evidence", sa.Column(name, Moment(), nullable=True))
    where: dict[str, Any] = {"sqlite_where": _WANTED, "postgresql_where": _WANTED}
    op.create_index("ix_evidence_wanted", "evidence", ["at"], unique=False, **where)
    _hash()
    _name_cameras()


def _hash() -> None:
    """The hash of what is kept already; one body at a time, because they may be many."""
    connection, row = op.get_bind(), _EVIDENCE.c
    for number in connection.scalars(sa.select(row.id)).all():
        body = connection.scalar(sa.select(row.body).where(row.id == number)) or b""
        change = _EVIDENCE.update().where(row.id == number)
        connection.execute(change.values(sha256=sha256(body).hexdigest()))


def _name_cameras() -> None:
    """Until now only incidents about cameras had a picture, one: of the fall."""
    about = sa.select(sa.func.substr(_INCIDENT.c.key, len("camera/") + 1)).where(
        _INCIDENT.c.id == _EVIDENCE.c.incident_id, _INCIDENT.c.key.startswith("camera/")
    )
    named = sa.func.coalesce(about.scalar_subquery(), "")
    pictures = _EVIDENCE.update().where(_EVIDENCE.c.kind == "picture")
    op.execute(pictures.values(camera=named, role="at"))
