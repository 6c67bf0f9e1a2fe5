"""Second factors, as both databases keep them: what counts once counts once."""

from __future__ import annotations

import asyncio
from typing import Any

from commandcenter.access.second_factor import codes_on_paper, hash_of, new_secret
from commandcenter.records import second_factors
from commandcenter.records.accounts import Account
from commandcenter.records.database import Records
from commandcenter.records.second_factors import HasOne, factor_of, papers_left
from tests.conftest import NOW
from tests.records.test_access import alive, log, new, signed_in

PAPERS = codes_on_paper()


async def set_up(records: Records, whose: Account, **other: Any) -> None:
    told: dict[str, Any] = {
        "secret": new_secret(),
        "step": 100,
        "papers": [hash_of(one) for one in PAPERS],
        "address": "10.0.0.1",
    }
    told |= other
    await records.write(second_factors.set_up, NOW, whose.name, whose.id, **told)


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


async def test_the_secret_is_in_no_repr(records: Records) -> None:
    ani, secret = await new(records), new_secret()
    await set_up(records, ani, secret=secret)
    assert secret not in repr(await records.read(factor_of, ani.id))
