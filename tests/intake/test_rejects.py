"""Bad input is kept with its reason, bounded in size and number."""

from __future__ import annotations

from commandcenter.records import rejects
from commandcenter.records.database import Records
from tests.conftest import NOW


async def test_the_newest_come_first_and_a_long_body_keeps_its_head(records: Records) -> None:
    for body in (b"first", b"x" * 100_000):
        await records.write(
            rejects.keep, at=NOW, feed="attendance", source="SN1", reason="bad", body=body
        )
    long, short = await records.read(rejects.latest, 10)
    assert (short.body, short.size) == (b"first", 5)
    assert (len(long.body), long.size) == (65_536, 100_000)
    assert long.at == NOW


async def test_old_ones_make_room(records: Records) -> None:
    for number in range(8):
        await records.write(rejects.keep, at=NOW, feed="f", source="s", reason=str(number), most=3)
    kept = await records.read(rejects.latest)
    assert [reject.reason for reject in kept] == ["7", "6", "5"]


async def test_texts_that_a_database_would_refuse_are_kept_all_the_same(records: Records) -> None:
    bad = "nul \0 and \ud800"
    await records.write(rejects.keep, at=NOW, feed="f", source=bad, reason=bad * 100)
    [kept] = await records.read(rejects.latest)
    assert kept.source == "nul � and ?"
    assert len(kept.reason) == 500
