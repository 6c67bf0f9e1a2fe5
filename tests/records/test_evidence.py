"""The evidence of incidents: wanted, kept, missed, and in the end forgotten but for its facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from commandcenter.records import evidence, life
from commandcenter.records.database import Records
from commandcenter.records.evidence import (
    Evidence,
    Wish,
    evidence_of,
    fill,
    forget_pictures,
    keep,
    miss,
    piece,
    want,
    wanted,
)
from commandcenter.records.incidents import open_incident, recover
from commandcenter.records.tables import evidence as pieces
from tests.conftest import NOW

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
LATER = NOW + timedelta(seconds=60)


@pytest.fixture
async def number(records: Records) -> int:
    """An incident about a camera, and what is wanted for it."""
    return await opened(records, "pelabuhan")


async def opened(records: Records, camera: str) -> int:
    thing = ("camera-bad", "cameras", f"camera/{camera}")
    number = await records.write(open_incident, thing, NOW, level="critical", title="beku")
    await records.write(want, number, [wish(camera, "before", NOW), wish(camera, "after", LATER)])
    return number


def wish(camera: str, role: evidence.Role, at: datetime) -> Wish:
    return Wish(camera=camera, role=role, fell_at=NOW - timedelta(seconds=30), at=at)


async def due(records: Records, now: datetime) -> list[Evidence]:
    return await records.read(wanted, now)


async def test_a_still_is_wanted_from_its_moment_on_and_only_until_it_is_there(
    records: Records, number: int
) -> None:
    [before] = await due(records, NOW)
    assert (before.incident_id, before.camera, before.role) == (number, "pelabuhan", "before")
    taken = NOW - timedelta(seconds=65)
    assert await records.write(fill, before.id, taken, JPEG)
    assert [one.role for one in await due(records, LATER)] == ["after"]
    assert not await records.write(fill, before.id, NOW, b"another one")
    kept = await records.read(piece, before.id)
    assert kept is not None
    assert (kept.state, kept.at, kept.body) == ("kept", taken, JPEG)
    assert kept.sha256 == sha256(JPEG).hexdigest()


async def test_a_still_that_was_given_up_is_not_looked_for_any_more(
    records: Records, number: int
) -> None:
    [before] = await due(records, NOW)
    assert await records.write(miss, before.id)
    assert await due(records, NOW) == []
    assert not await records.write(fill, before.id, NOW, JPEG)
    [told, _] = await records.read(evidence_of, number)
    assert (told.state, told.sha256) == ("missed", "")


async def test_an_incident_that_reopens_again_and_again_gets_stills_but_not_without_end(
    records: Records, number: int
) -> None:
    some = [wish(f"c{n}", "at", NOW) for n in range(8)]
    for _ in range(10):
        await records.write(want, number, some)
    assert len(await records.read(evidence_of, number)) <= evidence.MOST_STILLS


async def test_pictures_are_forgotten_in_time_but_for_those_of_what_is_still_open(
    records: Records,
) -> None:
    over, still_open = [await opened(records, camera) for camera in ("lama", "masih")]
    for one in await due(records, NOW):
        await records.write(fill, one.id, NOW, JPEG)
    await records.write(keep, over, NOW, "reading", b'{"state": "frozen"}')
    thing = ("camera-bad", "cameras", "camera/lama")
    await records.write(recover, thing, LATER, reason="pulih")
    await records.write(life.lapse, NOW + timedelta(days=2), life.Terms())
    later = NOW + timedelta(days=31)
    limit = later - timedelta(days=30)
    assert await records.write(forget_pictures, NOW, later) == 0
    assert await records.write(forget_pictures, limit, later) == 1
    picture, _, reading = await records.read(evidence_of, over)
    assert (picture.state, picture.forgotten_at) == ("forgotten", later)
    assert (picture.camera, picture.at) == ("lama", NOW)
    assert picture.sha256 == sha256(JPEG).hexdigest()
    assert reading.state == "kept"
    [kept, *_] = await records.read(evidence_of, still_open)
    assert kept.state == "kept"
    bodies = sa.select(pieces.c.body).where(pieces.c.id == picture.id)
    assert await records.read(lambda c: c.execute(bodies).scalar_one()) == b""
