"""Bad input is kept with its reason, bounded in size and number."""

from __future__ import annotations

import sqlalchemy as sa

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


async def test_a_source_that_sends_much_pushes_out_its_own_and_nobody_elses(
    records: Records,
) -> None:
    def fill(connection: sa.Connection) -> None:
        def one(feed: str, source: str, reason: str) -> None:
            rejects.keep(connection, at=NOW, feed=feed, source=source, reason=reason, most=10)

        one("import", "aduan.csv", "honest")
        one("attendance", "DK1", "honest")
        for number in range(30):
            one("attendance", "10.6.6.6", str(number))
        for number in range(30):
            one("intake", f"10.6.6.{number}", str(number))  # sources that it makes up

    await records.write(fill)
    kept = [(r.feed, r.source, r.reason) for r in await records.read(rejects.latest)]
    assert len(kept) == 10
    assert ("import", "aduan.csv", "honest") in kept
    assert ("attendance", "DK1", "honest") in kept
    assert ("attendance", "10.6.6.6", "29") in kept  # the newest of it
    assert sum(feed == "intake" for feed, *_ in kept) in (4, 5)


async def test_of_a_head_the_size_of_the_whole_is_told(records: Records) -> None:
    await records.write(
        rejects.keep, at=NOW, feed="f", source="s", reason="r", body=b"head", size=10**7
    )
    [kept] = await records.read(rejects.latest)
    assert (kept.body, kept.size) == (b"head", 10**7)
