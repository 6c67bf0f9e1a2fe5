"""Spreadsheets that complaints came from: how old each is and how much of it could not be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from commandcenter.records.tables import complaint_file


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFile:
    """One file. Not `taken`: nothing of it could be used. Else `refused` rows could not."""

    name: str
    file_at: datetime
    taken: bool
    refused: int
    at: datetime


def note_file(connection: sa.Connection, file: ComplaintFile, origin: str) -> None:
    """Note what became of a file."""
    row = {name: getattr(file, name) for name in ComplaintFile.__dataclass_fields__}
    connection.execute(complaint_file.insert().values(**row, origin=origin))


def last_file(connection: sa.Connection, origin: str) -> ComplaintFile | None:
    """The file that was read last."""
    table = complaint_file.c
    names = ComplaintFile.__dataclass_fields__
    query = sa.select(*(table[name] for name in names)).where(table.origin == origin)
    row = connection.execute(query.order_by(table.id.desc()).limit(1)).mappings().one_or_none()
    return ComplaintFile(**row) if row is not None else None


def newest_file_at(connection: sa.Connection, origin: str) -> datetime | None:
    """The time of the newest file that was taken."""
    table = complaint_file.c
    query = sa.select(sa.func.max(table.file_at)).where(table.origin == origin, table.taken)
    found: datetime | None = connection.execute(query).scalar_one()
    return found
