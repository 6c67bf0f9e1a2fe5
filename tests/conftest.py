"""Real parts for every test: a Redis, an SQLite and a PostgreSQL database, free ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import redis

from commandcenter.feed import Desk
from commandcenter.lists import Office
from commandcenter.records.database import Records

pytest_plugins = ("tests.leaks.plugin",)  # nothing that the suite says may hold its secrets

LONGEST = (  # folders and files whose tests wait or start much: first, so that no worker is left
    "tests/system",
    "tests/kiosk",
    "tests/benchmarks",
    "tests/cameras",
    "tests/web/screens",
    "tests/web/operators",
    "tests/web/test_",
    "tests/web",
)

NOW = datetime(2026, 11, 21, 2, 42, 17, tzinfo=UTC)  # 09:42:17 WIB, a Saturday


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin; the many short tests fill what is left at the end."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    found = (n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
    return next(found, len(LONGEST))


def free_port() -> int:
    """A TCP port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisProcess:
    """A real redis-server that a test may stop, freeze and start again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.folder), "--save", "", "--appendonly", "yes"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(self.url)
        wait_until(lambda: _answers(client), "redis-server answers")
        client.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def forget(self) -> None:
        """Lose the data, as after a broken disk. Call while it is stopped."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def wait_until(true: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Return as soon as `true()` holds; fail the test when it never does."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """What the program does to its own process, no test leaves to the next one."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def redis_process(tmp_path: Path) -> Iterator[RedisProcess]:
    """A Redis of the test's own, to be maltreated."""
    (tmp_path / "redis").mkdir()
    server = RedisProcess(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    server = RedisProcess(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(shared_redis: RedisProcess) -> str:
    """An empty Redis that is shared by well-behaved tests."""
    client = redis.Redis.from_url(shared_redis.url)
    client.flushall()
    client.close()
    return shared_redis.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL of the session's own. initdb refuses root, so root lends it to nobody."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    port = free_port()
    programs = _postgres_programs()
    user = 65534 if os.getuid() == 0 else None
    if user is not None:
        os.chown(folder, user, user)
    data = folder / "data"
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "test", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
    server = subprocess.Popen(command, user=user, cwd=folder, stderr=subprocess.DEVNULL)
    url = f"postgresql://test@127.0.0.1:{port}/postgres"
    wait_until(lambda: _accepts(url), "postgres accepts connections")
    yield url
    server.terminate()
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs() -> Path:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no row; tests copy it, because migrating takes its time."""
    path = tmp_path_factory.mktemp("migrated") / "records.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_records(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Records]:
    shutil.copy(migrated_sqlite, tmp_path / "records.db")
    records = Records(f"sqlite:///{tmp_path}/records.db")
    yield records
    records.close()


@pytest.fixture(scope="session")
def tables(postgres_url: str) -> str:
    """What makes every table, as SQL."""
    _migrate(postgres_url)
    dump = [str(_postgres_programs() / "pg_dump"), "--inserts", "--no-owner", postgres_url]
    told = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in told.splitlines() if not line.startswith("\\"))


@pytest.fixture
def postgres_records(postgres_url: str, tables: str) -> Iterator[Records]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + tables)
    records = Records(postgres_url)
    yield records
    records.close()


def _migrate(url: str) -> None:
    records = Records(url)
    records.migrate()
    records.close()


@pytest.fixture(params=["sqlite", "postgres"])
def records(request: pytest.FixtureRequest) -> Records:
    """The records on each database that we promise to work on."""
    found: Records = request.getfixturevalue(f"{request.param}_records")
    return found


@dataclass
class Clock:
    """The time, moved by the test."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Tray:
    """Where a test sees what a feed has put aside."""

    kept: list[tuple[str, str, bytes]] = field(default_factory=list)

    def __call__(self, source: str, reason: str, body: bytes = b"") -> None:
        self.kept.append((source, reason, body))


@pytest.fixture
def tray() -> Tray:
    return Tray()


@pytest.fixture
def desk(clock: Clock, tray: Tray, sqlite_records: Records) -> Desk:
    """What a feed is lent: SQLite, a clock the test moves, a tray the test reads."""
    offices = (
        Office(code="dinkes", name="Dinas Kesehatan", kecamatan="Arut Selatan", employees=4),
        Office(code="camat-utara", name="Kec. Arut Utara", kecamatan="Arut Utara", employees=2),
    )
    return Desk(
        now=clock,
        zone=ZoneInfo("Asia/Jakarta"),
        offices=offices,
        records=sqlite_records,
        reject=tray,
        wake=lambda: None,
    )
