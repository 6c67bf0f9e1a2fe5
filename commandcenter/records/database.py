"""Opening the records: SQLite by default, PostgreSQL by URL; migrated on start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import event

from commandcenter.private import tighten_one
from commandcenter.secret import redact

P = ParamSpec("P")
T = TypeVar("T")

# The database is away or refuses to work; other errors are faults of ours.
_DOWN = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)
_MIGRATION_LOCK = 0x636D6463  # "cmdc": PostgreSQL's advisory lock while tables change


class RecordsDown(RuntimeError):
    """The database cannot be used. Its text tells why, without the password."""


class Records:
    """The database. Work is a function over a connection, run in one transaction off the loop.

    SQLite has one writer: writes go through a single thread, so none waits on a lock.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._writer = ThreadPoolExecutor(
            1 if self.engine.dialect.name == "sqlite" else 4, "records"
        )
        self._reader = ThreadPoolExecutor(4, "records-read")

    async def write(
        self, act: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act(connection, …)` in one transaction. Durable when this returns.

        Raises RecordsDown when the database cannot be reached or written.
        """
        return await self._run(self._writer, act, *args, **kwargs)

    async def read(
        self, act: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act(connection, …)`, which only reads. Raises RecordsDown."""
        return await self._run(self._reader, act, *args, **kwargs)

    async def _run(
        self, pool: ThreadPoolExecutor, act: Callable[..., T], *args: Any, **kw: Any
    ) -> T:
        def transaction() -> T:
            with self.engine.begin() as connection:
                return act(connection, *args, **kw)

        try:
            return await asyncio.get_running_loop().run_in_executor(pool, transaction)
        except _DOWN as error:
            raise RecordsDown(_why(self.url, error)) from error

    async def ping(self) -> str:
        """Which database answers: "sqlite" or "postgresql". Raises RecordsDown."""
        await self.read(lambda connection: connection.execute(sa.text("SELECT 1")).scalar())
        return self.engine.dialect.name

    def migrate(self) -> None:
        """Bring the tables to this version. Several processes may call it at once."""
        migrations = AlembicConfig()
        migrations.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        try:
            with self.engine.begin() as connection:
                if self.engine.dialect.name == "postgresql":
                    lock = sa.text("SELECT pg_advisory_xact_lock(:n)")
                    connection.execute(lock, {"n": _MIGRATION_LOCK})
                else:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                migrations.attributes["connection"] = connection
                command.upgrade(migrations, "head")
        except _DOWN as error:
            raise RecordsDown(_why(self.url, error)) from error

    def close(self) -> None:
        """Let running work end, then let go of the database."""
        self._writer.shutdown()
        self._reader.shutdown()
        self.engine.dispose()


def look(url: str, act: Callable[[sa.Connection], T]) -> T | None:
    """What `act(connection)` reads from records as they are, for whoever only looks: they are
    neither made nor migrated. None: there are none, or they do not answer."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return None
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return act(connection)
    except _DOWN:
        return None
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    if parsed.database and not parsed.database.startswith((":memory:", "file:")):
        _make_private(Path(parsed.database))
    engine = sa.create_engine(parsed, hide_parameters=True, connect_args={"timeout": 30})
    event.listen(engine, "connect", _durable)
    return engine


def _make_private(file: Path) -> None:
    """The file and what SQLite puts beside it, with the rights of the file, for us alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # why it cannot be made, SQLite will say
        file.touch(mode=0o600)
    for name in ("", "-wal", "-shm", "-journal"):
        tighten_one(file.with_name(file.name + name))


def _durable(connection: Any, _: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _why(url: str, error: sa.exc.SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return f"{redact(url)}: {redact(str(cause))}"
