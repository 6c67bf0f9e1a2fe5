"""Sessions: where somebody is signed in. Of the token only its digest is kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from commandcenter.digest import digest
from commandcenter.records import audit
from commandcenter.records.tables import account, session

if TYPE_CHECKING:
    from commandcenter.records.accounts import Account

SSO = "sso"
"""How somebody has come in whom a provider knew, who knows since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which somebody is signed in. `how`: password, code, link, oidc (a provider that
    has just asked them for their password), SSO, ldap or demo."""

    id: int
    account_id: int
    how: str
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    user_agent: str
    ended_at: datetime | None
    ended_by: str | None


def begin(
    connection: sa.Connection,
    at: datetime,
    whose: Account,
    *,
    hours: float,
    address: str,
    user_agent: str,
    how: str,
) -> tuple[str, Session]:
    """Sign somebody in: the token, which is never told again, and the session."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": digest(token),
        "account_id": whose.id,
        "how": how,
        "begun_at": at,
        "seen_at": at,
        "ends_at": at + timedelta(hours=hours),
        "address": address,
        "user_agent": user_agent,
    }
    adding = session.insert().values(row).returning(session.c.id)
    number = connection.execute(adding).scalar_one()
    signed_in = account.update().where(account.c.id == whose.id).values(last_sign_in_at=at)
    connection.execute(signed_in)
    thing, facts = f"account/{whose.id}", {"session": number, "how": how}
    audit.append(connection, at, whose.name, "signed_in", thing=thing, facts=facts, address=address)
    return token, session_of(connection, number)


def session_of(connection: sa.Connection, session_id: int) -> Session:
    """One of them. Raises LookupError."""
    row = connection.execute(_SESSION.where(session.c.id == session_id)).first()
    if row is None:
        raise LookupError(f"there is no session {session_id}")
    return Session(**row._mapping)


def by_token(connection: sa.Connection, token: str) -> tuple[Session, Account] | None:
    """Whose this is; also one that has ended."""
    found = _with_accounts(connection, session.c.token_hash == digest(token))
    return found[0] if found else None


def live_sessions(connection: sa.Connection, at: datetime) -> list[tuple[Session, Account]]:
    """Those that have not ended, the one heard of last first."""
    return _with_accounts(connection, session.c.ended_at.is_(None) & (session.c.ends_at > at))


def end(
    connection: sa.Connection, at: datetime, by: str, session_id: int, *, address: str = ""
) -> None:
    """Sign somebody out: its own person, or an administrator. Once is enough."""
    here = (session.c.id == session_id) & session.c.ended_at.is_(None)
    _end(connection, here, at, by, address)


def end_all(
    connection: sa.Connection,
    at: datetime,
    by: str,
    account_id: int,
    *,
    but: int = 0,
    address: str = "",
) -> int:
    """Sign somebody out everywhere, but for one session; how many there were."""
    live = session.c.ended_at.is_(None) & (session.c.ends_at > at)
    theirs = (session.c.account_id == account_id) & (session.c.id != but) & live
    return _end(connection, theirs, at, by, address)


def seen(connection: sa.Connection, session_ids: Iterable[int], at: datetime) -> None:
    """They were used."""
    ids = list(session_ids)
    connection.execute(session.update().where(session.c.id.in_(ids)).values(seen_at=at))


def _end(
    connection: sa.Connection,
    which: sa.ColumnElement[bool],
    at: datetime,
    by: str,
    address: str,
) -> int:
    ending = _with_accounts(connection, which)
    ids = [one.id for one, _ in ending]
    ended = session.update().where(session.c.id.in_(ids)).values(ended_at=at, ended_by=by)
    connection.execute(ended)
    for one, whose in ending:
        act = "signed_out" if by == whose.name else "session.revoked"
        thing, facts = f"account/{whose.id}", {"session": one.id}
        audit.append(
            connection, at, by, act, thing=thing, note=whose.name, facts=facts, address=address
        )
    return len(ids)


_SESSION = sa.select(*(session.c[name] for name in Session.__dataclass_fields__))


def _with_accounts(
    connection: sa.Connection, which: sa.ColumnElement[bool]
) -> list[tuple[Session, Account]]:
    from commandcenter.records.accounts import Account  # it ends sessions, too

    columns: list[sa.ColumnElement[Any]] = [
        *(session.c[name].label(f"session_{name}") for name in Session.__dataclass_fields__),
        *(account.c[name].label(f"account_{name}") for name in Account.__dataclass_fields__),
    ]
    query = sa.select(*columns).join(account, account.c.id == session.c.account_id)
    rows = connection.execute(query.where(which).order_by(session.c.seen_at.desc())).mappings()
    return [(Session(**_part(row, "session_")), Account(**_part(row, "account_"))) for row in rows]


def _part(row: sa.RowMapping, prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)
    }
