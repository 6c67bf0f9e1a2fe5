"""The sealed log: nothing in it can be changed unseen, and the database itself refuses to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from commandcenter.records import chain
from commandcenter.records.database import Records
from commandcenter.records.incidents import open_incident
from commandcenter.records.tables import incident, incident_chain, incident_log
from tests.conftest import NOW

Change = Any


def free(connection: sa.Connection) -> None:
    """What somebody with the database's password can do."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("DROP TRIGGER incident_log_no_update"))
        connection.execute(sa.text("DROP TRIGGER incident_log_no_delete"))
    else:
        connection.execute(sa.text("DROP TRIGGER incident_log_append_only ON incident_log"))


def tamper(connection: sa.Connection, statement: sa.Executable) -> None:
    free(connection)
    connection.execute(statement)


@pytest.fixture
async def ten(records: Records) -> list[int]:
    """Ten incidents, each with one step."""
    return [
        await records.write(
            open_incident, ("r", "f", f"k/{n}"), NOW, level="warning", title=f"Insiden {n}"
        )
        for n in range(10)
    ]


async def test_an_untouched_log_is_sound(records: Records, ten: list[int]) -> None:
    verdict = await records.read(chain.verify)
    assert verdict.mistakes == ()
    assert verdict.head.length == 10
    assert [row.number for row in await records.read(chain.log_since, 7)] == [8, 9, 10]


async def test_an_empty_log_is_sound(records: Records) -> None:
    verdict = await records.read(chain.verify)
    assert (verdict.mistakes, verdict.head) == ((), chain.Head(length=0, hash=chain.START))


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize("what", ["UPDATE incident_log SET who = 'x'", "DELETE FROM incident_log"])
async def test_the_database_refuses_to_change_the_log(
    records: Records, ten: list[int], what: str
) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await records.write(lambda connection: connection.execute(sa.text(what)))


async def test_postgresql_refuses_to_empty_the_log(postgres_records: Records) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await postgres_records.write(
            lambda connection: connection.execute(sa.text("TRUNCATE incident_log"))
        )


@pytest.mark.asvs("11.4.3")
@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (incident_log.update().where(incident_log.c.number == 4).values(who="x"), "4: changed"),
        (incident_log.update().where(incident_log.c.number == 4).values(note=""), "4: changed"),
        (incident_log.update().where(incident_log.c.number == 4).values(at=NOW.replace(year=2020)),
         "4: changed"),
        (incident_log.delete().where(incident_log.c.number == 4), "4: missing"),
        (incident_log.delete().where(incident_log.c.number == 10), "end of the log"),
        (incident_chain.update().values(length=9), "end of the log"),
        (incident.update().where(incident.c.title == "Insiden 3").values(state="closed"),
         "its log says open"),
    ],
)  # fmt: skip
async def test_what_was_changed_past_the_program_is_found(
    records: Records, ten: list[int], statement: sa.Executable, place: str
) -> None:
    await records.write(tamper, statement)
    verdict = await records.read(chain.verify)
    assert any(place in mistake for mistake in verdict.mistakes), verdict.mistakes


async def test_a_log_that_was_written_anew_does_not_fit_an_end_that_was_noted_down(
    records: Records, ten: list[int]
) -> None:
    noted = (await records.read(chain.head)).hash

    def write_anew(connection: sa.Connection) -> None:
        free(connection)
        connection.execute(incident_log.delete().where(incident_log.c.number >= 9))
        last = chain.log_since(connection, 7)[0]
        connection.execute(incident_chain.update().values(length=8, hash=last.hash))

    await records.write(write_anew)
    assert (await records.read(chain.verify)).mistakes == ()
    [mistake] = (await records.read(chain.verify, noted)).mistakes
    assert noted in mistake


async def test_writers_of_several_processes_make_one_chain(records: Records) -> None:
    others = [Records(records.url) for _ in range(3)]
    await asyncio.gather(
        *(
            at.write(open_incident, ("r", "f", f"k/{n}/{m}"), NOW, level="warning", title="x")
            for n in range(10)
            for m, at in enumerate((records, *others))
        )
    )
    for other in others:
        other.close()
    verdict = await records.read(chain.verify)
    assert (verdict.mistakes, verdict.head.length) == ((), 40)
