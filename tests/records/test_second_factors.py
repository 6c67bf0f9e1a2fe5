"""Second factors, as both databases keep them: what counts once counts once."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from commandcenter.access.sealing import Sealer
from commandcenter.access.second_factor import codes_on_paper, hash_of, new_secret
from commandcenter.records import second_factors
from commandcenter.records.accounts import Account
from commandcenter.records.database import Records
from commandcenter.records.second_factors import HasOne, factor_of, papers_left
from commandcenter.records.tables import metadata
from commandcenter.secret import Secret
from tests.conftest import NOW
from tests.records.test_access import alive, log, new, signed_in

PAPERS = codes_on_paper()
KEY, OTHER_KEY = (b64encode(bytes([n]) * 32).decode() for n in (1, 2))


async def set_up(records: Records, whose: Account, **other: Any) -> None:
    told: dict[str, Any] = {
        "secret": new_secret(),
        "step": 100,
        "papers": [hash_of(one) for one in PAPERS],
        "address": "10.0.0.1",
    }
    told |= other
    await records.write(second_factors.set_up, NOW, whose.name, whose.id, **told)


@pytest.mark.asvs("6.5.1")
async def test_a_code_counts_once_also_of_two_at_once_and_no_older_one_after_it(
    records: Records,
) -> None:
    ani = await new(records)
    await set_up(records, ani)
    both = [records.write(second_factors.use_step, ani.id, 102) for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [False, True]
    assert not await records.write(second_factors.use_step, ani.id, 101)
    assert not await records.write(second_factors.use_step, ani.id, 100)
    assert await records.write(second_factors.use_step, ani.id, 103)


@pytest.mark.asvs("6.5.1")
async def test_a_code_on_paper_opens_once_and_the_log_says_how_many_are_left(
    records: Records,
) -> None:
    ani = await new(records)
    await set_up(records, ani)
    use = second_factors.use_paper
    told: Any = NOW, ani.id, hash_of(PAPERS[0])
    both = [records.write(use, *told, address="10.0.0.1") for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [False, True]
    assert await records.read(papers_left, ani.id) == len(PAPERS) - 1
    assert (await log(records))[-1] == ("Ani", "account.paper_code", f"account/{ani.id}")


async def test_a_code_of_one_person_opens_nothing_for_another(records: Records) -> None:
    ani, budi = await new(records), await new(records, "budi")
    await set_up(records, ani)
    await set_up(records, budi, papers=[hash_of("ANOTHER")])
    use = second_factors.use_paper
    assert not await records.write(use, NOW, budi.id, hash_of(PAPERS[0]), address="")


async def test_two_browsers_that_set_it_up_at_once_do_not_make_two(records: Records) -> None:
    ani = await new(records)
    both = await asyncio.gather(*(set_up(records, ani) for _ in range(2)), return_exceptions=True)
    assert sorted(map(type, both), key=str) == sorted([type(None), HasOne], key=str)
    assert await records.read(papers_left, ani.id) == len(PAPERS)


async def test_taking_it_away_takes_its_papers_and_ends_every_session_but_one(
    records: Records,
) -> None:
    ani = await new(records)
    await set_up(records, ani)
    _, here = await signed_in(records, ani)
    await signed_in(records, ani)
    assert await records.write(second_factors.remove, NOW, "Ani", ani.id, keep_session=here)
    assert await records.read(factor_of, ani.id) is None
    assert await records.read(papers_left, ani.id) == 0
    assert await alive(records) == {here}
    assert not await records.write(second_factors.remove, NOW, "Ani", ani.id)
    acts = [act for _, act, _ in await log(records)]
    assert acts.count("account.factor_removed") == 1


@pytest.mark.asvs("14.2.4")
async def test_a_copy_of_the_database_alone_holds_no_secret(
    records: Records, tmp_path: Path
) -> None:
    ani, secret, sealer = await new(records), new_secret(), with_keys(tmp_path, KEY)
    await set_up(records, ani, secret=sealer.seal(secret, ani.id))
    copy = await records.read(everything)
    assert ani.username in copy
    assert secret not in copy
    kept = await records.read(factor_of, ani.id)
    assert kept is not None
    assert sealer.open(kept.secret, ani.id) == secret
    assert not with_keys(tmp_path, OTHER_KEY).opens(kept.secret, ani.id)


async def test_secrets_that_change_rows_open_nothing(records: Records, tmp_path: Path) -> None:
    ani, budi, sealer = await new(records), await new(records, "budi"), with_keys(tmp_path, KEY)
    for whose in (ani, budi):
        await set_up(records, whose, secret=sealer.seal(new_secret(), whose.id))
    assert await records.read(second_factors.lost, sealer) == []
    await records.write(exchange, ani.id, budi.id)
    assert await records.read(second_factors.lost, sealer) == ["ani", "budi"]


async def test_what_an_earlier_version_kept_readable_is_sealed_and_another_key_takes_over(
    records: Records, tmp_path: Path
) -> None:
    ani, budi, sealer = await new(records), await new(records, "budi"), with_keys(tmp_path, KEY)
    plain, sealed = new_secret(), new_secret()
    await set_up(records, ani, secret=plain)
    await set_up(records, budi, secret=sealer.seal(sealed, budi.id))
    assert await records.write(second_factors.seal_anew, sealer) == 1
    assert plain not in await records.read(everything)
    assert await records.write(second_factors.seal_anew, with_keys(tmp_path, OTHER_KEY, KEY)) == 2
    alone = with_keys(tmp_path, OTHER_KEY)
    assert await records.write(second_factors.seal_anew, alone) == 0
    for whose, secret in ((ani, plain), (budi, sealed)):
        kept = await records.read(factor_of, whose.id)
        assert kept is not None
        assert alone.open(kept.secret, whose.id) == secret


async def test_one_that_is_lost_keeps_no_other_from_being_sealed(
    records: Records, tmp_path: Path
) -> None:
    ani, budi = await new(records), await new(records, "budi")
    await set_up(records, ani, secret=with_keys(tmp_path, KEY).seal(new_secret(), ani.id))
    await set_up(records, budi)
    sealer = with_keys(tmp_path, OTHER_KEY)
    assert await records.write(second_factors.seal_anew, sealer) == 1
    assert await records.read(second_factors.lost, sealer) == ["ani"]


def with_keys(folder: Path, *keys: str) -> Sealer:
    (folder / "keys").write_text("\n".join(keys), encoding="utf-8")
    return Sealer(Secret(f"file:{folder}/keys"), folder / "own.key")


def everything(connection: sa.Connection) -> str:
    """All rows of all tables, as a copy of the database has them."""
    tables = metadata.sorted_tables
    return "\n".join(repr(row) for table in tables for row in connection.execute(table.select()))


def exchange(connection: sa.Connection, one: int, other: int) -> None:
    query = sa.text("SELECT account_id, secret FROM second_factor")
    kept = {row.account_id: row.secret for row in connection.execute(query)}
    swap = sa.text("UPDATE second_factor SET secret = :secret WHERE account_id = :whose")
    for whose, secret in ((one, kept[other]), (other, kept[one])):
        connection.execute(swap, {"whose": whose, "secret": secret})


async def test_the_secret_is_in_no_repr(records: Records) -> None:
    ani, secret = await new(records), new_secret()
    await set_up(records, ani, secret=secret)
    assert secret not in repr(await records.read(factor_of, ani.id))
