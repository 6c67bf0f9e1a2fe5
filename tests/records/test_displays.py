"""Displays, presets and settings; and that each act of a person is in the log."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from commandcenter.records import audit
from commandcenter.records.database import Records
from commandcenter.records.displays import (
    Act,
    NoDisplay,
    change,
    delete_preset,
    display_of,
    displays,
    kept,
    presets,
    put_setting,
    revoke,
    save_preset,
    seen,
    set_control,
    setting_of,
)
from commandcenter.records.tables import metadata
from tests.conftest import NOW
from tests.records.conftest import paired


async def steps(records: Records, display_id: int | None = None) -> list[tuple[str, str, str]]:
    """Who did what, oldest first."""
    thing = "" if display_id is None else f"display/{display_id}"
    rows = await records.read(audit.search, audit.Wanted(act="display.", thing=thing))
    return [(row.who, row.act.removeprefix("display."), row.note) for row in reversed(rows)]


def test_the_migrations_make_the_tables_that_the_code_expects(records: Records) -> None:
    with records.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences: list[Any] = compare_metadata(context, metadata)
    assert differences == []


async def test_a_display_is_renamed_and_moved_and_the_log_says_from_where(
    records: Records, act: Act
) -> None:
    _, found = await paired(records)
    now = await records.write(change, act, found.id, name="Layar kiri", wall="gubernur")
    assert (now.name, now.room, now.wall) == ("Layar kiri", "Ruang komando", "gubernur")
    note = "name: Layar depan → Layar kiri, wall: utama → gubernur"
    assert (await steps(records, found.id))[-1] == ("operator 1", "changed", note)


async def test_a_change_that_changes_nothing_is_not_in_the_log(records: Records, act: Act) -> None:
    _, found = await paired(records)
    assert await records.write(change, act, found.id, name="Layar depan") == found
    assert [step for _, step, _ in await steps(records)] == ["paired"]


async def test_a_display_is_revoked_once(records: Records, act: Act) -> None:
    _, found = await paired(records)
    first = await records.write(revoke, act, found.id)
    again = await records.write(revoke, Act(who="operator 2", at=NOW), found.id)
    assert first == again
    assert (again.revoked_at, again.revoked_by) == (NOW, "operator 1")
    assert [step for _, step, _ in await steps(records)] == ["paired", "revoked"]


async def test_what_an_operator_wants_is_kept_with_the_name_of_the_step(
    records: Records, act: Act
) -> None:
    _, found = await paired(records)
    control = {"scene": "jaringan", "hold": True}
    await records.write(set_control, act, found.id, control, step="scene", note="jaringan")
    assert (await records.read(display_of, found.id)).control == control
    assert (await steps(records))[-1] == ("operator 1", "scene", "jaringan")


async def test_a_display_that_is_not_there_is_told_and_not_logged(
    records: Records, act: Act
) -> None:
    with pytest.raises(NoDisplay, match="there is no display 99"):
        await records.write(change, act, 99, name="x")
    with pytest.raises(NoDisplay):
        await records.write(revoke, act, 99)
    with pytest.raises(NoDisplay):
        await records.write(set_control, act, 99, {}, step="scene")
    assert await steps(records) == []


async def test_a_display_that_was_seen_tells_what_it_is_by_now(records: Records) -> None:
    _, found = await paired(records)
    await records.write(
        seen, found.id, NOW, address="10.1.1.99", user_agent="kiosk", width=1920, height=1080
    )
    now = await records.read(display_of, found.id)
    assert (now.last_seen_at, now.address, now.width) == (NOW, "10.1.1.99", 1920)
    await records.write(seen, found.id, NOW, address="", user_agent="", width=0, height=0)
    assert await records.read(display_of, found.id) == now


async def test_a_preset_is_saved_again_and_deleted(records: Records, act: Act) -> None:
    assert await records.write(save_preset, act, "rapat", {"utama": "peta"})
    assert await records.write(save_preset, act, "rapat", {"utama": "cctv"}) == {
        "rapat": {"utama": "cctv"}
    }
    assert await records.write(delete_preset, act, "rapat") == {}
    assert await records.write(delete_preset, act, "rapat") == {}
    assert await records.read(presets) == {}
    assert [step for _, step, _ in await steps(records)] == [
        "preset-saved",
        "preset-saved",
        "preset-deleted",
    ]


async def test_a_setting_holds_for_all_displays(records: Records, act: Act) -> None:
    assert await records.read(setting_of, "guests", False) is False
    await records.write(put_setting, act, "guests", True)
    await records.write(put_setting, act, "guests", False)
    await records.write(put_setting, act, "guests", True)
    assert await records.read(setting_of, "guests") is True
    assert (await steps(records))[-1] == ("operator 1", "guests", "True")


async def test_everything_is_read_at_once(records: Records, act: Act) -> None:
    _, found = await paired(records)
    await records.write(save_preset, act, "rapat", {"utama": "peta"})
    await records.write(put_setting, act, "guests", True)
    told = await records.read(kept)
    assert told.displays == {found.id: found}
    assert (told.presets, told.settings) == ({"rapat": {"utama": "peta"}}, {"guests": True})


async def test_names_that_no_database_can_hold_are_kept_as_far_as_they_can(
    records: Records, act: Act
) -> None:
    _, found = await paired(records, "layar\x00 " + "panjang " * 40)
    assert found.name.startswith("layar panjang")
    assert len(found.name) == 80
    assert found.name.endswith("…")
    await records.write(save_preset, act, "\ud800" + "x" * 200, {"a": "\ud800 \x00"})
    (name,) = await records.read(presets)
    assert await records.write(delete_preset, act, name) == {}
    assert await records.read(displays) == [found]
