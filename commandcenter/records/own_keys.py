"""Keys of our own, made once and kept with the records, so that what was signed with them holds
also after a restart. They leave the records for nobody but the program."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from commandcenter.records.tables import setting
from commandcenter.records.upsert import insert_missing


def own_key(connection: sa.Connection, name: str, at: datetime) -> bytes:
    """The key of this name, 32 bytes; made now if there is none yet."""
    key = f"key.{name}"
    made = {"key": key, "value": secrets.token_hex(32), "changed_at": at, "changed_by": "program"}
    insert_missing(connection, setting, [made])
    kept = connection.execute(sa.select(setting.c.value).where(setting.c.key == key)).scalar_one()
    return bytes.fromhex(kept)
