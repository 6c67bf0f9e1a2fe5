"""Pairing in the records: RFC 8628's device flow, made small.

A display asks and gets a code to show and a secret to keep; an operator enters the code; the
display collects its token with the secret. Secrets and tokens are made here, and only their
SHA-256 is kept: of 32 random bytes there is nothing to guess, so no slow hash is needed.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from commandcenter.digest import digest
from commandcenter.rates import site_of, source_of
from commandcenter.records.displays import Act, Display, display_of, log
from commandcenter.records.tables import display, pairing
from commandcenter.records.upsert import insert_missing

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 6.1: no vowels, so no words; nothing to mistake
CODE_LENGTH = 6
HOLDS = timedelta(minutes=10)  # how long a code may be entered
COLLECTABLE = timedelta(days=1)  # after its code was entered: a display may be switched off then
MOST_OF_ONE = 5  # open askings of one address, or of the /64 of an IPv6 address
MOST_OF_SITE = 20  # of the /48 of an IPv6 address
MOST_OF_ALL = 200
DISPLAY = "display"  # who writes what no person did

_UNCLAIMED = pairing.c.display_id.is_(None)


class TooManyAskings(Exception):
    """`open_ones` askings of this source wait already."""

    def __init__(self, open_ones: int) -> None:
        super().__init__(f"{open_ones} displays wait to be paired already")
        self.open_ones = open_ones


class NoAsking(LookupError):
    """No display asked with this secret, or its token was collected and used."""


class AskingExpired(Exception):
    """Nobody entered the code in time."""


class AlreadyClaimed(Exception):
    """The code of this asking was entered in the meantime: collect the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a display is given: the code it shows, the secret it keeps."""

    code: str
    secret: str
    expires_at: datetime


def ask(
    connection: sa.Connection,
    at: datetime,
    *,
    address: str,
    user_agent: str = "",
    width: int = 0,
    height: int = 0,
    instead_of: str = "",
) -> Asking:
    """A display wants to be paired; `instead_of` is the secret of its own older asking.

    Raises TooManyAskings, and AlreadyClaimed when the older one's code was just entered.
    """
    _forget_expired(connection, at)
    _withdraw(connection, instead_of)
    _make_room(connection, address)
    secret, expires_at = secrets.token_urlsafe(32), at + HOLDS
    row: dict[str, Any] = {
        "secret_hash": digest(secret),
        "code": _new_code(),
        "asked_at": at,
        "expires_at": expires_at,
        "address": address,
        "user_agent": user_agent,
        "width": width,
        "height": height,
    }
    while not insert_missing(connection, pairing, [row]):
        row["code"] = _new_code()  # one in a million: another display shows the same
    return Asking(code=row["code"], secret=secret, expires_at=expires_at)


def claim_code(
    connection: sa.Connection, act: Act, code: str, *, name: str, room: str, wall: str
) -> Display | None:
    """An operator entered a code: the new display, or None when no display shows this code."""
    asked = connection.execute(
        pairing.update()
        .where(_UNCLAIMED, pairing.c.code == tidy(code), pairing.c.expires_at > act.at)
        .values(expires_at=act.at + COLLECTABLE)
        .returning(pairing)  # the row is locked from here on: a second operator comes too late
    ).first()
    if asked is None:
        return None
    facts = {"name": name, "room": room, "wall": wall, "paired_at": act.at, "paired_by": act.who}
    told = {key: getattr(asked, key) for key in ("address", "user_agent", "width", "height")}
    adding = display.insert().values(**facts, **told, control={}).returning(display.c.id)
    number = connection.execute(adding).scalar_one()
    connection.execute(pairing.update().where(pairing.c.id == asked.id).values(display_id=number))
    log(connection, act, "paired", display_id=number, note=f"{name}, {room}: {wall}")
    return display_of(connection, number)


def claimed(connection: sa.Connection, secret: str, at: datetime) -> bool:
    """Whether the code of this asking was entered. Raises NoAsking and AskingExpired."""
    wanted = sa.select(pairing).where(pairing.c.secret_hash == digest(secret))
    asked = connection.execute(wanted).first()
    if asked is None:
        raise NoAsking("no display asked with this secret")
    if asked.expires_at <= at:
        raise AskingExpired("the code has expired")
    return asked.display_id is not None


def collect(
    connection: sa.Connection, secret: str, at: datetime, *, source_address: str = ""
) -> tuple[str, Display]:
    """A new token for the display whose code was entered, and the display.

    The answer may be lost on its way, so it may be asked for again until the token was used; the
    older token is void then. Raises NoAsking.
    """
    wanted = sa.select(pairing.c.display_id).where(
        pairing.c.secret_hash == digest(secret), ~_UNCLAIMED
    )
    number = connection.execute(wanted).scalar()
    if number is None:
        raise NoAsking("no display asked with this secret")
    token = secrets.token_urlsafe(32)
    given = display.update().where(display.c.id == number).values(token_hash=digest(token))
    connection.execute(given)
    act = Act(who=DISPLAY, at=at, source_address=source_address)
    log(connection, act, "collected", display_id=number)
    return token, display_of(connection, number)


def tidy(code: str) -> str:
    """ "KDFMWX" of "kdf-mwx ": as a person types it."""
    return "".join(letter for letter in code.upper() if letter in ALPHABET)


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _forget_expired(connection: sa.Connection, at: datetime) -> None:
    connection.execute(pairing.delete().where(pairing.c.expires_at <= at))


def _withdraw(connection: sa.Connection, secret: str) -> None:
    mine = pairing.c.secret_hash == digest(secret)
    if not secret or connection.execute(pairing.delete().where(mine, _UNCLAIMED)).rowcount:
        return
    if connection.execute(sa.select(pairing.c.id).where(mine)).first():
        raise AlreadyClaimed("the code was entered")


def _make_room(connection: sa.Connection, address: str) -> None:
    """A source has its share and no more; when the places of its site or of all are taken, whoever
    holds most of them gives up the oldest. So a flood out of many addresses keeps no display in a
    room from its code. Two that ask in the same instant may both pass: it need not be exact."""
    columns = pairing.c.id, pairing.c.address
    by_age = sa.select(*columns).where(_UNCLAIMED).order_by(pairing.c.asked_at, pairing.c.id)
    waiting = {row.id: row.address for row in connection.execute(by_age)}
    mine = [one for one in waiting.values() if source_of(one) == source_of(address)]
    if len(mine) >= MOST_OF_ONE:
        raise TooManyAskings(len(mine))
    near = {key: one for key, one in waiting.items() if site_of(one) == site_of(address)}
    for open_ones, most in ((near, MOST_OF_SITE), (waiting, MOST_OF_ALL)):
        if len(open_ones) >= most:
            gone = _oldest_of_most(open_ones)
            connection.execute(pairing.delete().where(_UNCLAIMED, pairing.c.id == gone))
            return


def _oldest_of_most(open_ones: Mapping[int, str]) -> int:
    """`open_ones`: addresses by asking, the oldest first."""
    held = Counter(map(source_of, open_ones.values()))
    most = max(held.values())
    return next(key for key, address in open_ones.items() if held[source_of(address)] == most)
