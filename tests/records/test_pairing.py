"""A code, an operator who enters it, and a token: as both databases keep them."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from commandcenter.digest import digest
from commandcenter.records import audit
from commandcenter.records.database import Records
from commandcenter.records.displays import Act, displays, revoke, seen
from commandcenter.records.pairing import (
    ALPHABET,
    AlreadyClaimed,
    AskingExpired,
    NoAsking,
    TooManyAskings,
    ask,
    claim_code,
    claimed,
    collect,
)
from commandcenter.records.tables import metadata, pairing
from tests.conftest import NOW
from tests.records.conftest import OPERATOR, asking, paired

PLACE = {"name": "Layar depan", "room": "Ruang komando", "wall": "utama"}
IN_TEN_MINUTES = NOW + timedelta(minutes=10)


async def test_a_display_is_given_a_code_of_six_letters_that_nobody_mistakes(
    records: Records,
) -> None:
    asked = await asking(records)
    assert len(asked.code) == 6
    assert set(asked.code) <= set(ALPHABET)
    assert asked.expires_at == IN_TEN_MINUTES


async def test_the_code_entered_as_people_type_it_makes_the_display(records: Records) -> None:
    asked = await asking(records)
    typed = f" {asked.code[:3].lower()}-{asked.code[3:].lower()} "
    found = await records.write(claim_code, OPERATOR, typed, **PLACE)
    assert found is not None
    assert (found.name, found.room, found.wall) == ("Layar depan", "Ruang komando", "utama")
    assert (found.width, found.height, found.address) == (3840, 2160, "10.1.1.7")
    assert (found.paired_by, found.control, found.token_hash) == ("operator 1", {}, None)


async def test_there_is_no_token_before_the_code_was_entered(records: Records) -> None:
    asked = await asking(records)
    assert await records.read(claimed, asked.secret, NOW) is False
    with pytest.raises(NoAsking):
        await records.write(collect, asked.secret, NOW)


async def test_a_lost_answer_does_not_lose_the_display_and_voids_the_lost_token(
    records: Records,
) -> None:
    asked, found = await paired(records)
    lost, _ = await records.write(collect, asked.secret, NOW)
    token, now = await records.write(collect, asked.secret, NOW)
    assert now.token_hash == digest(token) != digest(lost)
    assert now.id == found.id


async def test_a_token_that_was_used_cannot_be_fetched_again(records: Records) -> None:
    asked, found = await paired(records)
    await records.write(collect, asked.secret, NOW)
    await records.write(
        seen, found.id, NOW, address="10.1.1.7", user_agent="kiosk", width=1920, height=1080
    )
    with pytest.raises(NoAsking):
        await records.write(collect, asked.secret, NOW)


async def test_a_display_that_was_revoked_before_it_collected_gets_nothing(
    records: Records, act: Act
) -> None:
    asked, found = await paired(records)
    await records.write(revoke, act, found.id)
    with pytest.raises(NoAsking):
        await records.read(claimed, asked.secret, NOW)
    with pytest.raises(NoAsking):
        await records.write(collect, asked.secret, NOW)


async def test_nothing_in_the_records_opens_a_door(records: Records) -> None:
    asked, _ = await paired(records)
    token, _ = await records.write(collect, asked.secret, NOW)

    def everything(connection: sa.Connection) -> str:
        rows = [connection.execute(sa.select(t)).all() for t in metadata.sorted_tables]
        return json.dumps(rows, default=str)

    told = await records.read(everything)
    assert digest(token) in told
    assert digest(asked.secret) in told
    assert token not in told
    assert asked.secret not in told


@pytest.mark.parametrize("code", ["", "AAAAAA", "BCDFGHJ", "BCD", "%", "'; DROP TABLE display"])
async def test_a_code_that_no_display_shows_pairs_nothing(records: Records, code: str) -> None:
    await asking(records)
    assert await records.write(claim_code, OPERATOR, code, **PLACE) is None
    assert await records.read(displays) == []
    assert await records.read(audit.search, audit.Wanted()) == []


async def test_of_two_operators_who_enter_a_code_at_once_one_pairs(records: Records) -> None:
    asked = await asking(records)
    both = [records.write(claim_code, OPERATOR, asked.code, **PLACE) for _ in range(2)]
    assert sorted(found is None for found in await asyncio.gather(*both)) == [False, True]
    assert len(await records.read(displays)) == 1


@pytest.mark.asvs("6.5.5")
async def test_a_code_cannot_be_entered_when_its_time_is_over(records: Records) -> None:
    asked = await asking(records)
    late = Act(who="operator 1", at=IN_TEN_MINUTES)
    assert await records.write(claim_code, late, asked.code, **PLACE) is None
    with pytest.raises(AskingExpired):
        await records.read(claimed, asked.secret, IN_TEN_MINUTES)


async def test_a_display_switched_off_after_its_code_was_entered_collects_hours_later(
    records: Records,
) -> None:
    asked, found = await paired(records)
    await records.write(ask, NOW + timedelta(hours=20), address="10.1.1.8")  # sweeps the expired
    assert await records.read(claimed, asked.secret, NOW + timedelta(hours=20))
    _, now = await records.write(collect, asked.secret, NOW + timedelta(hours=20))
    assert now.id == found.id


async def test_a_new_code_takes_the_place_of_the_older_one(records: Records) -> None:
    old = await asking(records)
    new = await records.write(ask, NOW, address="10.1.1.7", instead_of=old.secret)
    assert await records.write(claim_code, OPERATOR, old.code, **PLACE) is None
    assert await records.write(claim_code, OPERATOR, new.code, **PLACE) is not None


async def test_a_code_that_was_just_entered_is_not_replaced(records: Records) -> None:
    asked, _ = await paired(records)
    with pytest.raises(AlreadyClaimed):
        await records.write(ask, NOW, address="10.1.1.7", instead_of=asked.secret)
    assert await records.read(claimed, asked.secret, NOW)


async def test_one_address_has_at_most_five_open_askings(records: Records) -> None:
    asked = [await asking(records) for _ in range(5)]
    with pytest.raises(TooManyAskings, match="5 displays wait"):
        await asking(records)
    await asking(records, "10.1.1.8")  # another is not kept out by it
    await records.write(ask, NOW, address="10.1.1.7", instead_of=asked[0].secret)
    await records.write(claim_code, OPERATOR, asked[1].code, **PLACE)
    await asking(records)  # what was entered does not wait any more


@pytest.mark.parametrize(
    ("flood", "most"),
    [
        ([f"10.6.6.{n}" for n in range(40)], 200),
        ([f"2001:db8:6:{n:x}::{n}" for n in range(300)], 20),
        ([f"2001:db8:6::{n:x}" for n in range(300)], 5),
        ([f"2001:db8:{n:x}::1" for n in range(40)], 200),
    ],
    ids=["forty addresses", "a /48", "a /64", "forty sites"],
)
async def test_a_flood_keeps_no_display_from_its_code(
    records: Records, flood: list[str], most: int
) -> None:
    def press(connection: sa.Connection) -> None:
        for number in range(300):
            with suppress(TooManyAskings):
                ask(connection, NOW, address=flood[number % len(flood)])

    await records.write(press)
    assert await records.read(waiting) == most
    rooms = [await asking(records, at) for at in ("10.1.1.7", "10.1.1.8", "2001:db8:aa::7")]
    await records.write(press)
    assert await records.read(waiting) <= 200
    for asked in rooms:
        assert await records.write(claim_code, OPERATOR, asked.code, **PLACE) is not None


def waiting(connection: sa.Connection) -> int:
    return len(connection.execute(sa.select(pairing.c.id)).all())


async def test_all_addresses_together_have_at_most_two_hundred_open_askings(
    records: Records,
) -> None:
    def fill(connection: sa.Connection) -> None:
        for number in range(250):
            ask(connection, NOW, address=f"10.1.2.{number}")

    await records.write(fill)
    assert await records.read(waiting) == 200
    await records.write(ask, IN_TEN_MINUTES, address="10.1.1.7")  # the others have expired
    assert await records.read(waiting) == 1
