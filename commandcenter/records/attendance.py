"""Fingerprint machines and the scans they sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from commandcenter.rates import source_of
from commandcenter.records.tables import machine, scan
from commandcenter.records.upsert import insert_missing

_RESEND = "resend"  # among the stamps: "due" or "asked", see poll()
_ASKS_NO_MORE = timedelta(minutes=10)
_MOST_OF_ONE_HOUSE = 20  # serials nobody listed, of one address
_MOST_PENDING = 200  # and of all: a stranger who invents serials must not fill the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One person at one machine. No source gives scans a number of their own."""

    pin: str
    scanned_at: datetime
    device_time: str
    """As the machine wrote it: local, without a zone."""
    status: int
    """0 in, 1 out, 2 break out, 3 break in, 4 overtime in, 5 overtime out."""
    verify: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What one request of a machine tells of the machine itself; "" and None tell nothing."""

    serial: str
    at: datetime
    accepted: bool
    address: str = ""
    firmware: str = ""
    stamps: dict[str, str] = field(default_factory=dict)
    since: datetime | None = None
    """Since when it is heard without being in the list."""


Clock = Mapping[str, Any]
"""What is known of a machine's clock, as `commandcenter.attendance.clock` wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMachine:
    """A machine that has spoken to us at least once. Times are those of our own clock."""

    serial: str
    accepted: bool
    first_seen: datetime
    last_seen: datetime
    address: str
    firmware: str
    stamps: dict[str, str]
    clock: Clock = field(default_factory=dict)
    trouble: str = ""
    """Why nothing of what it sent last could be read."""
    read_at: datetime | None = None
    """When scans of it were last read; None: never."""


def meet(connection: sa.Connection, contact: Contact) -> None:
    """Note that a machine spoke; one that nobody listed only if there is room for it."""
    known = _find(connection, contact.serial)
    if known is None:
        _introduce(connection, contact)
        return
    values: dict[str, Any] = {
        "accepted": contact.accepted,
        "last_seen": max(known.last_seen, contact.at),
        "stamps": _stamps(known, contact),
    }
    told = {"address": contact.address, "firmware": contact.firmware}
    values |= {name: text for name, text in told.items() if text}
    _update(connection, contact.serial, values)


def greet(connection: sa.Connection, contact: Contact) -> dict[str, str]:
    """Note a handshake. Returns the stamps to echo: none makes the machine send all it has."""
    meet(connection, contact)
    known = _find(connection, contact.serial)
    if known is None or _RESEND not in known.stamps:
        return {} if known is None else known.stamps
    _update(connection, contact.serial, {"stamps": {}})
    return {}


def poll(connection: sa.Connection, contact: Contact) -> bool:
    """Note a poll for commands. Returns, once, True for a machine that was pending before.

    It must send everything again, because what it sent while pending was not taken.
    """
    meet(connection, contact)
    known = _find(connection, contact.serial)
    due = known is not None and known.stamps.get(_RESEND) == "due"
    if due:
        _update(connection, contact.serial, {"stamps": {_RESEND: "asked"}})
    return due


def add(connection: sa.Connection, contact: Contact, scans: Sequence[Scan]) -> int:
    """Keep scans of an accepted machine, and nothing else. Returns how many were new."""
    _find(connection, contact.serial)  # what it sends twice at once waits for each other
    return _add(connection, contact, scans)


def take(
    connection: sa.Connection,
    contact: Contact,
    scans: Sequence[Scan],
    judge: Callable[[Clock, int], Clock],
    trouble: str = "",
) -> int:
    """Keep the scans of an accepted machine, the last ones of an upload. Returns how many of them
    were new.

    `judge` says what is known of its clock from what was known and how many scans were new.
    `trouble` is why its lines could not be read, when none could.
    """
    meet(connection, contact)
    new = _add(connection, contact, scans)
    known = _find(connection, contact.serial)
    if known is not None:
        values: dict[str, Any] = {"clock": dict(judge(known.clock, new))}
        if scans or trouble:
            values["trouble"] = trouble[:200]
        if scans:
            values["read_at"] = contact.at
        _update(connection, contact.serial, values)
    return new


def machines(connection: sa.Connection) -> list[KnownMachine]:
    """All machines that ever spoke to us, listed or not."""
    return [KnownMachine(**row) for row in connection.execute(sa.select(machine)).mappings()]


def _add(connection: sa.Connection, contact: Contact, scans: Sequence[Scan]) -> int:
    rows = [
        {
            "serial": contact.serial,
            "pin": s.pin,
            "scanned_at": s.scanned_at,
            "device_time": s.device_time,
            "status": s.status,
            "verify": s.verify,
            "received_at": contact.at,
        }
        for s in scans
    ]
    return insert_missing(connection, scan, rows)


def _find(connection: sa.Connection, serial: str) -> KnownMachine | None:
    query = sa.select(machine).where(machine.c.serial == serial).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else KnownMachine(**row)


def _stamps(known: KnownMachine, contact: Contact) -> dict[str, str]:
    if not contact.accepted:
        return {}
    if not known.accepted:
        return {_RESEND: "due"}
    # Until it has sent everything again, a newer stamp would make it leave the older scans out.
    return known.stamps if _RESEND in known.stamps else {**known.stamps, **contact.stamps}


def _update(connection: sa.Connection, serial: str, values: dict[str, Any]) -> None:
    connection.execute(machine.update().where(machine.c.serial == serial).values(values))


def _introduce(connection: sa.Connection, contact: Contact) -> None:
    if not contact.accepted and not _has_room(connection, contact):
        return
    was_pending = contact.accepted and contact.since is not None  # and there was no room for it
    row = {
        "serial": contact.serial,
        "accepted": contact.accepted,
        "first_seen": contact.since or contact.at,
        "last_seen": contact.at,
        "address": contact.address,
        "firmware": contact.firmware,
        "stamps": {_RESEND: "due"} if was_pending else contact.stamps,
    }
    insert_missing(connection, machine, [row])


def _has_room(connection: sa.Connection, contact: Contact) -> bool:
    """Whether a machine that nobody listed is noted; if need be in the place of another one.

    Serials can be invented, addresses hardly, and who invents does not ask for minutes: of an
    address, or of the one with most, that one goes which asks no more, or has asked for less time.
    """
    pending = sa.select(machine).where(machine.c.accepted.is_(False))
    houses: dict[str, list[KnownMachine]] = defaultdict(list)
    for row in connection.execute(pending).mappings():
        houses[source_of(row["address"])].append(KnownMachine(**row))
    own = houses[source_of(contact.address)]
    full = len(own) >= _MOST_OF_ONE_HOUSE
    if not full and sum(map(len, houses.values())) < _MOST_PENDING:
        return True
    crowd = own if full else max(houses.values(), key=len)
    asked, weakest = min(((_asked(m, contact.at), m) for m in crowd), key=lambda pair: pair[0])
    if len(crowd) <= len(own) + 1 and asked >= contact.at - (contact.since or contact.at):
        return False
    connection.execute(machine.delete().where(machine.c.serial == weakest.serial))
    return True


def _asked(known: KnownMachine, now: datetime) -> timedelta:
    """For how long it has asked; less than nothing when it asks no more."""
    if now - known.last_seen > _ASKS_NO_MORE:
        return known.last_seen - now
    return known.last_seen - known.first_seen
