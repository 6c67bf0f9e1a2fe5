"""Records of an earlier version are brought to this one, with everything that is in them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from commandcenter.records import chain, database
from commandcenter.records.database import Records
from commandcenter.records.evidence import evidence_of
from commandcenter.records.incidents import incident_of, log_of, open_incidents

OLD = """
INSERT INTO incident (id, rule, feed, key, level, title, origin, opened_at, last_seen_at,
                      acknowledged_at, acknowledged_by, closed_at)
VALUES (1, 'r', 'network', 'device/a', 'critical', 'putus', 'live', {at}, {at}, NULL, NULL, NULL),
       (2, 'r', 'network', 'device/b', 'critical', 'putus', 'live', {at}, {at}, {at}, 'operator 1',
        NULL),
       (3, 'r', 'network', 'device/c', 'critical', 'putus', 'live', {at}, {at}, NULL, NULL, {at});
INSERT INTO incident_log (incident_id, at, who, step, note)
VALUES (1, {at}, 'watch', 'opened', 'putus'), (2, {at}, 'watch', 'opened', 'putus'),
       (2, {at}, 'operator 1', 'acknowledged', 'dicek'), (3, {at}, 'watch', 'closed', 'pulih');
""".format(at="'2026-11-21 02:42:17'")

OLD_EVIDENCE = """
INSERT INTO incident (id, rule, feed, key, level, title, origin, opened_at, last_seen_at)
VALUES (1, 'r', 'cameras', 'camera/pelabuhan', 'critical', 'beku', 'live', {at}, {at}),
       (2, 'r', 'network', 'device/a', 'critical', 'putus', 'live', {at}, {at});
INSERT INTO evidence (incident_id, at, kind, media_type, body)
VALUES (1, {at}, 'picture', 'image/jpeg', :picture), (2, {at}, 'reading', 'text/json', :reading)
""".format(at="'2026-11-21 02:42:17'")


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """A database without any table."""
    if request.param == "sqlite":
        records = Records(f"sqlite:///{tmp_path}/old.db")
    else:
        records = Records(request.getfixturevalue("postgres_url"))
        with records.engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
    yield records
    records.close()


def migrate_to(records: Records, revision: str) -> None:
    settings = Config()
    folder = str(Path(database.__file__).parent / "migrations")
    settings.set_main_option("script_location", folder)
    with records.engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)


def test_incidents_of_the_first_version_get_their_states_and_a_sealed_log(empty: Records) -> None:
    migrate_to(empty, "0002")
    with empty.engine.begin() as connection:
        for statement in filter(str.strip, OLD.split(";")):
            connection.execute(sa.text(statement))
    empty.migrate()
    with empty.engine.begin() as connection:
        states = [incident_of(connection, number).state for number in (1, 2, 3)]
        assert states == ["open", "acknowledged", "closed"]
        assert [row.id for row in open_incidents(connection)] == [1, 2]
        assert [(s.number, s.step, s.note) for s in log_of(connection, 2)] == [
            (2, "opened", "putus"),
            (3, "acknowledged", "dicek"),
        ]
        verdict = chain.verify(connection)
        assert (verdict.mistakes, verdict.head.length) == ((), 4)
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), connection.begin_nested():
            connection.execute(sa.text("DELETE FROM incident_log"))


def test_pictures_of_the_fourth_version_get_their_hash_and_the_name_of_their_camera(
    empty: Records,
) -> None:
    migrate_to(empty, "0004")
    with empty.engine.begin() as connection:
        incidents, pieces = OLD_EVIDENCE.split(";")
        connection.execute(sa.text(incidents))
        connection.execute(sa.text(pieces), {"picture": b"a jpeg", "reading": b"{}"})
    empty.migrate()
    with empty.engine.begin() as connection:
        [picture], [reading] = evidence_of(connection, 1), evidence_of(connection, 2)
    assert (picture.camera, picture.role, picture.state) == ("pelabuhan", "at", "kept")
    assert picture.sha256 == sha256(b"a jpeg").hexdigest()
    assert (reading.camera, reading.role) == ("", "")
    assert reading.sha256 == sha256(b"{}").hexdigest()


def test_the_tables_are_what_the_program_thinks_they_are(empty: Records) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from commandcenter.records.tables import metadata

    empty.migrate()
    with empty.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
