"""Displays in the records: every one that was ever paired, and the log of what people did.

Whatever a person does is written together with its line in the log, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.records import audit
from commandcenter.records.tables import display, pairing, preset, setting
from commandcenter.records.upsert import insert_missing


class NoDisplay(LookupError):
    """There is no display with this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """A display as the records have it. Width and height are in pixels; 0: not told yet."""

    id: int
    name: str
    room: str
    wall: str
    paired_at: datetime
    paired_by: str
    revoked_at: datetime | None
    revoked_by: str | None
    last_seen_at: datetime | None
    address: str
    user_agent: str
    width: int
    height: int
    control: dict[str, Any]
    token_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something, when and from where: the part of a log line that every step has."""

    who: str
    at: datetime
    source_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that a web process remembers of the displays."""

    displays: dict[int, Display]
    presets: dict[str, dict[str, Any]]
    settings: dict[str, Any]


def kept(connection: sa.Connection) -> Kept:
    """Everything at once."""
    return Kept(
        displays={row.id: row for row in displays(connection)},
        presets=presets(connection),
        settings={row.key: row.value for row in connection.execute(sa.select(setting))},
    )


def displays(connection: sa.Connection) -> list[Display]:
    """Every display that was ever paired, the revoked ones too, oldest first."""
    rows = connection.execute(sa.select(display).order_by(display.c.id)).mappings()
    return [Display(**row) for row in rows]


def display_of(connection: sa.Connection, display_id: int) -> Display:
    """One display by its number. Raises NoDisplay."""
    wanted = sa.select(display).where(display.c.id == display_id)
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise NoDisplay(f"there is no display {display_id}")
    return Display(**row)


def change(
    connection: sa.Connection,
    act: Act,
    display_id: int,
    *,
    name: str | None = None,
    room: str | None = None,
    wall: str | None = None,
) -> Display:
    """Rename a display, or move it to another room or wall. Raises NoDisplay."""
    before = display_of(connection, display_id)
    asked = {"name": name, "room": room, "wall": wall}
    new = {k: v for k, v in asked.items() if v is not None and v != getattr(before, k)}
    if not new:
        return before
    note = ", ".join(f"{key}: {getattr(before, key)} → {value}" for key, value in new.items())
    return _set(connection, act, display_id, "changed", note, new)


def revoke(connection: sa.Connection, act: Act, display_id: int) -> Display:
    """Its token opens nothing any more. Once is enough: a second time changes nothing.

    The token's hash stays, so that the display can be told what became of it. Raises NoDisplay.
    """
    before = display_of(connection, display_id)
    if before.revoked_at is not None:
        return before
    forget_pairing(connection, display_id)
    revoked = {"revoked_at": act.at, "revoked_by": act.who}
    return _set(connection, act, display_id, "revoked", "", revoked)


def set_control(
    connection: sa.Connection,
    act: Act,
    display_id: int,
    control: dict[str, Any],
    *,
    step: str,
    note: str = "",
) -> Display:
    """What an operator wants a display to show; `step` names it in the log. Raises NoDisplay."""
    return _set(connection, act, display_id, step, note, {"control": control})


def arrange(
    connection: sa.Connection,
    act: Act,
    wanted: Mapping[int, Mapping[str, Any]],
    *,
    step: str,
    note: str = "",
) -> list[Display]:
    """Give each of several displays its "wall" and "control": all of them or none. Raises
    NoDisplay."""
    return [_set(connection, act, n, step, note, dict(values)) for n, values in wanted.items()]


def seen(
    connection: sa.Connection,
    display_id: int,
    at: datetime,
    *,
    address: str,
    user_agent: str,
    width: int,
    height: int,
) -> None:
    """A display was here with its token, so the secret it was paired with has done its work."""
    told = {"address": address, "user_agent": user_agent, "width": width, "height": height}
    told = {key: value for key, value in told.items() if value}
    found = display.update().where(display.c.id == display_id)
    connection.execute(found.values(last_seen_at=at, **told))
    forget_pairing(connection, display_id)


def forget_pairing(connection: sa.Connection, display_id: int) -> None:
    """Nobody can fetch a token for this display any more."""
    connection.execute(pairing.delete().where(pairing.c.display_id == display_id))


def presets(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """The settings of each preset, by its name, in the order of the names."""
    rows = connection.execute(sa.select(preset).order_by(preset.c.name))
    return {row.name: row.settings for row in rows}


def save_preset(
    connection: sa.Connection, act: Act, name: str, settings: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Keep a preset under its name, also in place of an older one; all presets afterwards."""
    row = {"name": name, "settings": settings, "saved_at": act.at, "saved_by": act.who}
    if not insert_missing(connection, preset, [row]):
        connection.execute(preset.update().where(preset.c.name == name).values(row))
    log(connection, act, "preset-saved", note=name)
    return presets(connection)


def delete_preset(connection: sa.Connection, act: Act, name: str) -> dict[str, dict[str, Any]]:
    """Forget a preset; one that is not there is forgotten already. All presets afterwards."""
    if connection.execute(preset.delete().where(preset.c.name == name)).rowcount:
        log(connection, act, "preset-deleted", note=name)
    return presets(connection)


def setting_of(connection: sa.Connection, key: str, default: Any = None) -> Any:
    """What holds for all displays under this key."""
    wanted = sa.select(setting.c.value).where(setting.c.key == key)
    found = connection.execute(wanted).first()
    return default if found is None else found.value


def put_setting(connection: sa.Connection, act: Act, key: str, value: Any) -> None:
    """Let `value`, any JSON, hold for all displays from now on."""
    row = {"key": key, "value": value, "changed_at": act.at, "changed_by": act.who}
    if not insert_missing(connection, setting, [row]):
        connection.execute(setting.update().where(setting.c.key == key).values(row))
    log(connection, act, key, note=str(value))


def log(
    connection: sa.Connection, act: Act, step: str, *, display_id: int | None = None, note: str = ""
) -> None:
    """Write a line into the audit log: "display.paired", about one display or about all."""
    audit.append(
        connection,
        act.at,
        act.who,
        f"display.{step}",
        thing="" if display_id is None else f"display/{display_id}",
        note=note,
        address=act.source_address,
    )


def _set(
    connection: sa.Connection,
    act: Act,
    display_id: int,
    step: str,
    note: str,
    values: dict[str, Any],
) -> Display:
    connection.execute(display.update().where(display.c.id == display_id).values(values))
    after = display_of(connection, display_id)  # raises before the log speaks of nobody
    log(connection, act, step, display_id=display_id, note=note)
    return after
