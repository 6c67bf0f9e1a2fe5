"""The audit log: searched, and sealed like the log of incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from commandcenter.records import audit
from commandcenter.records.audit import Wanted
from commandcenter.records.database import Records
from commandcenter.records.incidents import open_incident
from commandcenter.records.tables import audit_chain, audit_log
from tests.conftest import NOW


@pytest.fixture
async def acts(records: Records) -> list[int]:
    """Who did what to what, one a minute."""
    told = [
        ("ani", "account.created", "account/2", "Budi 100%"),
        ("budi", "signed_in", "account/2", ""),
        ("budi", "display.paired", "display/1", "Layar depan"),
        ("budi", "display.revoked", "display/1", ""),
    ]
    return [
        await records.write(
            audit.append,
            NOW + timedelta(minutes=n),
            who,
            act,
            thing=thing,
            note=note,
            address=f"10.0.0.{n}",
        )
        for n, (who, act, thing, note) in enumerate(told)
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"limit": 2}, [4, 3]),
        ({"before": 3, "limit": 1}, [2]),
        ({"who": "ani"}, [1]),
        ({"act": "display."}, [4, 3]),
        ({"act": "display_"}, []),
        ({"thing": "account/2"}, [2, 1]),
        ({"text": "LAYAR"}, [3]),
        ({"text": "100%"}, [1]),
        ({"text": "0%0"}, []),
        ({"text": "10.0.0.3"}, [4]),
        ({"since": NOW + timedelta(minutes=2)}, [4, 3]),
        ({"until": NOW + timedelta(minutes=2)}, [2, 1]),
    ],
)
async def test_acts_are_searched(
    records: Records, acts: list[int], wanted: dict[str, Any], found: list[int]
) -> None:
    assert [e.number for e in await records.read(audit.search, Wanted(**wanted))] == found


async def test_steps_with_incidents_are_told_in_the_same_words(records: Records) -> None:
    number = await records.write(open_incident, ("r", "f", "k/1"), NOW, level="warning", title="x")
    [step] = await records.read(audit.steps, Wanted(act="incident.", thing=f"incident/{number}"))
    assert (step.who, step.act, step.thing) == ("watch", "incident.opened", f"incident/{number}")
    assert await records.read(audit.steps, Wanted(act="account.")) == []


async def test_an_untouched_log_is_sound(records: Records, acts: list[int]) -> None:
    verdict = await records.read(audit.verify)
    assert (verdict.mistakes, verdict.head.length) == ((), 4)


@pytest.mark.parametrize("what", ["UPDATE audit_log SET who = 'x'", "DELETE FROM audit_log"])
async def test_the_database_refuses_to_change_the_log(
    records: Records, acts: list[int], what: str
) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await records.write(lambda connection: connection.execute(sa.text(what)))


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (audit_log.update().where(audit_log.c.number == 2).values(who="nobody"), "2: changed"),
        (audit_log.delete().where(audit_log.c.number == 2), "2: missing"),
        (audit_log.delete().where(audit_log.c.number == 4), "the end of the log was cut off"),
        (audit_chain.update().values(length=9), "the end of the log was cut off"),
    ],
)
async def test_what_somebody_changes_past_us_is_found(
    records: Records, acts: list[int], change: sa.Executable, told: str
) -> None:
    def tamper(connection: sa.Connection) -> None:
        if connection.dialect.name == "sqlite":
            for what in ("update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER audit_log_no_{what}"))
        else:
            connection.execute(sa.text("DROP TRIGGER audit_log_append_only ON audit_log"))
        connection.execute(change)

    await records.write(tamper)
    verdict = await records.read(audit.verify)
    assert any(told in mistake for mistake in verdict.mistakes), verdict.mistakes
