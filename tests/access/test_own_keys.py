"""Keys of our own: made once, whoever asks first, and told to nobody."""

from __future__ import annotations

from commandcenter.records import audit
from commandcenter.records.database import Records
from commandcenter.records.own_keys import own_key
from tests.conftest import NOW


async def test_a_key_is_made_once_and_another_name_has_another(records: Records) -> None:
    key = await records.write(own_key, "browsers", NOW)
    assert len(key) == 32
    assert await records.write(own_key, "browsers", NOW) == key
    assert await records.write(own_key, "links", NOW) != key


async def test_no_log_has_it(records: Records) -> None:
    await records.write(own_key, "browsers", NOW)
    assert await records.read(audit.search, audit.Wanted()) == []
