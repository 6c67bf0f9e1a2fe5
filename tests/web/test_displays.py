"""What a web process knows of its displays: at once after its own acts, soon after another's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from commandcenter.records import audit
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.displays import change, kept, revoke
from commandcenter.records.pairing import ask
from commandcenter.web import displays as module
from commandcenter.web.displays import Display, Displays, NoDisplay, NoSuchCode
from tests.conftest import NOW, Clock, free_port
from tests.leaks import secret

WHO: dict[str, Any] = {"who": "operator 1", "address": "127.0.0.1"}


@pytest.fixture
async def displays(records: Records, clock: Clock) -> Displays:
    found = Displays(records, clock)
    await found.load()
    return found


async def new_one(displays: Displays, name: str = "Layar depan") -> tuple[Display, str]:
    """A paired display that has collected its token."""
    asked = await displays.records.write(ask, displays.now(), address="10.1.1.7")
    found = await displays.pair(
        asked.code, name, "Ruang komando", "utama", "operator 1", "127.0.0.1"
    )
    token = await displays.collect(asked.secret, "10.1.1.7")
    assert token is not None
    return found, token


@asynccontextmanager
async def keeping(displays: Displays) -> AsyncIterator[None]:
    task = asyncio.create_task(displays.keep())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_display_is_known_by_its_token_as_soon_as_it_has_it(displays: Displays) -> None:
    found, token = await new_one(displays)
    known = displays.by_token(token)
    assert known is not None
    assert (known.id, known.name) == (found.id, "Layar depan")
    assert displays.by_token("") is None
    assert displays.by_token(token + "x") is None
    assert displays.by_token(known.token_hash or "") is None  # the records' own word opens nothing


async def test_a_revoked_display_is_nobody_at_once_but_stays_in_the_list(
    displays: Displays,
) -> None:
    found, token = await new_one(displays)
    await displays.revoke(found.id, **WHO)
    assert displays.by_token(token) is None
    assert displays.revoked_at(token) == NOW
    assert [d.name for d in displays.all()] == ["Layar depan"]
    assert displays.revoked_at("unknown") is None


async def test_a_code_that_no_display_shows_is_told_in_a_sentence(displays: Displays) -> None:
    with pytest.raises(NoSuchCode, match="No display shows this code"):
        await displays.pair("BCDFGH", "x", "", "utama", "operator 1", "127.0.0.1")
    assert displays.all() == []


async def test_every_act_is_known_at_once_told_to_listeners_and_written_down(
    displays: Displays,
) -> None:
    found, _ = await new_one(displays)
    told: list[str] = []
    displays.listeners.append(lambda: told.append("changed"))
    await displays.change(found.id, name="Layar kiri", **WHO)
    await displays.control(found.id, {"scene": "peta"}, **WHO, step="scene", note="peta")
    await displays.save_preset("rapat", {"utama": "peta"}, **WHO)
    await displays.set_guests(True, **WHO)
    known = displays.get(found.id)
    assert known is not None
    assert (known.name, known.control) == ("Layar kiri", {"scene": "peta"})
    assert (displays.presets(), displays.guests) == ({"rapat": {"utama": "peta"}}, True)
    await displays.delete_preset("rapat", **WHO)
    await displays.set_guests(False, **WHO)
    assert (displays.presets(), displays.guests) == ({}, False)
    assert told == ["changed"] * 6
    log = await displays.records.read(audit.search, audit.Wanted(act="display."))
    steps = [entry.act.removeprefix("display.") for entry in reversed(log)]
    assert steps[:4] == ["paired", "collected", "changed", "scene"]
    assert steps[4:] == ["preset-saved", "guests", "preset-deleted", "guests"]
    assert (log[0].who, log[0].source_address) == ("operator 1", "127.0.0.1")


async def test_what_is_remembered_is_what_the_records_have(displays: Displays) -> None:
    found, _ = await new_one(displays)
    await displays.change(found.id, wall="gubernur", **WHO)
    await displays.set_guests(True, **WHO)
    await displays.save_preset("rapat", {"a": 1}, **WHO)
    another = Displays(displays.records, displays.now)
    await another.load()
    assert another.all() == displays.all()
    assert (another.presets(), another.guests) == (displays.presets(), displays.guests)


async def test_a_display_that_is_not_there_cannot_be_changed(displays: Displays) -> None:
    with pytest.raises(NoDisplay):
        await displays.control(99, {}, **WHO, step="scene")
    assert displays.get(99) is None


async def test_a_reading_from_before_an_act_does_not_undo_it(
    displays: Displays, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, token = await new_one(displays)
    read = displays.records.read
    first = True

    async def slow(act: Any, *args: Any, **kw: Any) -> Any:
        nonlocal first
        told = await read(act, *args, **kw)
        if first:  # the answer is on its way while an operator revokes
            first = False
            await displays.revoke(found.id, **WHO)
        return told

    monkeypatch.setattr(displays.records, "read", slow)
    await displays.load()
    assert displays.by_token(token) is None


async def test_another_process_change_is_seen_at_the_next_reading(
    displays: Displays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_EVERY", 0.01)
    found, token = await new_one(displays)
    revoked = asyncio.Event()
    displays.listeners.append(revoked.set)
    another = Displays(displays.records, displays.now)
    await another.load()
    async with keeping(displays):
        await another.revoke(found.id, **WHO)
        await asyncio.wait_for(revoked.wait(), 5)
    assert displays.by_token(token) is None


async def test_nothing_is_told_when_nothing_changed(displays: Displays) -> None:
    await new_one(displays)
    told: list[str] = []
    displays.listeners.append(lambda: told.append("changed"))
    await displays.load()
    assert told == []


async def test_a_display_that_is_here_is_written_down_once_a_minute(
    displays: Displays, clock: Clock
) -> None:
    found, _ = await new_one(displays)

    async def seen() -> tuple[Any, int]:
        row = (await displays.records.read(kept)).displays[found.id]
        return row.last_seen_at, row.width

    await displays.heard(found.id, "10.1.1.7", 1920, 1080)
    assert await seen() == (NOW, 1920)
    clock.forward(59)
    await displays.heard(found.id, "10.1.1.7", 3840, 2160)
    assert await seen() == (NOW, 1920)
    clock.forward(1)
    await displays.heard(found.id, "10.1.1.7", 3840, 2160)
    assert await seen() == (NOW + timedelta(minutes=1), 3840)
    await displays.heard(99, "10.1.1.7", 1, 1)  # of no display there is nothing to write


async def test_while_the_records_are_away_nobody_is_known_the_fall_is_told_once_and_none_is_harmed(
    clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRY_EVERY", 0.01)
    records = Records(f"postgresql://test:{secret('hidden-of-postgres')}@127.0.0.1:{free_port()}/x")
    displays = Displays(records, clock)
    tried = 0
    read = records.read

    async def counted(*args: Any, **kw: Any) -> Any:
        nonlocal tried
        tried += 1
        return await read(*args, **kw)

    monkeypatch.setattr(records, "read", counted)
    with caplog.at_level(logging.INFO), pytest.raises(TimeoutError):
        async with keeping(displays), asyncio.timeout(0.5):
            await displays.loaded.wait()
    with pytest.raises(RecordsDown):
        await displays.set_guests(True, **WHO)
    records.close()
    assert tried > 1
    assert len(caplog.records) == 1
    assert "hidden" not in caplog.text
    assert displays.guests is False
    assert displays.by_token("x") is None


async def test_a_display_is_here_also_while_the_records_cannot_note_it(
    displays: Displays, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, token = await new_one(displays)

    async def down(*_: Any, **__: Any) -> None:
        raise RecordsDown("away")

    monkeypatch.setattr(displays.records, "write", down)
    await displays.heard(found.id, "10.1.1.7", 1920, 1080)
    assert displays.by_token(token) is not None


async def test_rows_written_by_another_process_are_what_a_fresh_start_knows(
    records: Records, displays: Displays
) -> None:
    found, token = await new_one(displays)
    act = displays._act("operator 2", "127.0.0.1")
    await records.write(change, act, found.id, room="Ruang rapat")
    await records.write(revoke, act, found.id)
    fresh = Displays(records, displays.now)
    await fresh.load()
    known = fresh.get(found.id)
    assert known is not None
    assert (known.room, known.revoked_by) == ("Ruang rapat", "operator 2")
    assert fresh.by_token(token) is None
