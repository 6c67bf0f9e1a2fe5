"""Signatures that were used: a signed message counts once, however often it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from commandcenter.records.tables import used_signature
from commandcenter.records.upsert import insert_missing

_KEPT = timedelta(seconds=660)  # twice the window, as clocks may differ both ways


def use_once(connection: sa.Connection, signature: str, now: datetime) -> bool:
    """Note that this signature is used now. False: this very message was taken before."""
    connection.execute(used_signature.delete().where(used_signature.c.at < now - _KEPT))
    return bool(insert_missing(connection, used_signature, [{"signature": signature, "at": now}]))
