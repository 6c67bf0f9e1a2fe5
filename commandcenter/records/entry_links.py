"""One-time links with which somebody sets a password: the first administrator, an invited person,
one who has forgotten theirs. No password is ever sent to anybody."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import sqlalchemy as sa

from commandcenter.digest import digest
from commandcenter.records import audit
from commandcenter.records.tables import entry_link

Kind: TypeAlias = Literal["setup", "password"]


class LinkGone(LookupError):
    """This link is unknown, used or too old. Which of them is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLink:
    """A link that was given out. One of kind "setup" makes the first administrator."""

    id: int
    kind: Kind
    account_id: int | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None


def issue(
    connection: sa.Connection,
    at: datetime,
    by: str,
    kind: Kind,
    *,
    account_id: int | None = None,
    hours: float = 24,
    address: str = "",
) -> str:
    """A new token. Older ones of the same kind and account open nothing any more."""
    same = (entry_link.c.kind == kind) & entry_link.c.account_id.is_not_distinct_from(account_id)
    connection.execute(entry_link.delete().where(same & entry_link.c.used_at.is_(None)))
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": digest(token),
        "kind": kind,
        "account_id": account_id,
        "created_at": at,
        "created_by": by,
        "expires_at": at + timedelta(hours=hours),
    }
    connection.execute(entry_link.insert().values(row))
    act = "access.setup" if account_id is None else "account.link"
    thing = "" if account_id is None else f"account/{account_id}"
    audit.append(connection, at, by, act, thing=thing, address=address)
    return token


def find(connection: sa.Connection, token: str, at: datetime) -> EntryLink | None:
    """What a token would open now; None for an unknown, used or expired one."""
    row = connection.execute(_LINK.where(_good(token, at))).first()
    return None if row is None else EntryLink(**row._mapping)


def use(connection: sa.Connection, token: str, at: datetime) -> EntryLink:
    """Use it up. Raises LinkGone, also for the second of two at once."""
    using = entry_link.update().where(_good(token, at)).values(used_at=at)
    row = connection.execute(using.returning(*_LINK.selected_columns)).first()
    if row is None:
        raise LinkGone("this link is unknown, used or expired")
    return EntryLink(**row._mapping)


_LINK = sa.select(*(entry_link.c[name] for name in EntryLink.__dataclass_fields__))


def _good(token: str, at: datetime) -> sa.ColumnElement[bool]:
    unused = entry_link.c.used_at.is_(None) & (entry_link.c.expires_at > at)
    return (entry_link.c.token_hash == digest(token)) & unused
