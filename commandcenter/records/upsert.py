"""INSERT … ON CONFLICT, which SQLite and PostgreSQL both speak and SQLAlchemy Core spells twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(
    connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
) -> int:
    """Insert those of `rows` that break no unique constraint; returns how many they were."""
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).on_conflict_do_nothing()
    # Without this option SQLAlchemy does not ask psycopg how many rows an INSERT of many made.
    counting = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counting, rows).rowcount
