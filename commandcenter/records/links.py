"""Links in messages with which one acknowledges: each counts once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from commandcenter.records.incidents import IncidentRow
from commandcenter.records.life import Step, Terms, take_step
from commandcenter.records.tables import used_signature
from commandcenter.records.upsert import insert_missing


class LinkUsed(Exception):
    """This link was used before."""


def acknowledge_once(
    connection: sa.Connection,
    mark: str,
    expires_at: datetime,
    step: Step,
    at: datetime,
    terms: Terms,
) -> IncidentRow:
    """Take the step, and note the link's `mark` (at most 80 characters) as used, or do neither.
    Raises LinkUsed, and what take_step raises."""
    # Marks are forgotten some time after their moment: a link's must not be before it expires.
    used = {"signature": mark, "at": expires_at}
    if not insert_missing(connection, used_signature, [used]):
        raise LinkUsed(mark)
    return take_step(connection, step, at, terms)


def is_used(connection: sa.Connection, mark: str) -> bool:
    """Whether a link with this mark was used."""
    query = sa.select(used_signature.c.signature).where(used_signature.c.signature == mark)
    return connection.execute(query).first() is not None
