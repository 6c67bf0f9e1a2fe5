"""Tokens for programs. Told once, kept as a digest; each with what it may, and an end."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from commandcenter.digest import digest
from commandcenter.records import audit
from commandcenter.records.tables import api_token

PREFIX = "cc_"  # so that scanners for lost secrets know one


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What a program comes in with. No offices or domains: no limit."""

    id: int
    name: str
    scopes: list[str]
    offices: list[str]
    domains: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


def issue(
    connection: sa.Connection,
    at: datetime,
    by: str,
    *,
    name: str,
    scopes: Iterable[str],
    offices: Iterable[str] = (),
    domains: Iterable[str] = (),
    days: int,
    address: str = "",
) -> tuple[str, ApiToken]:
    """A new token, which is never told again, and what is kept of it."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name,
        "token_hash": digest(token),
        "scopes": sorted(scopes),
        "offices": sorted(offices),
        "domains": sorted(domains),
        "created_at": at,
        "created_by": by,
        "expires_at": at + timedelta(days=days),
    }
    adding = api_token.insert().values(row).returning(*_TOKEN.selected_columns)
    made = ApiToken(**connection.execute(adding).one()._mapping)
    facts = {key: row[key] for key in ("scopes", "offices", "domains")} | {"days": days}
    thing = f"token/{made.id}"
    audit.append(
        connection, at, by, "token.created", thing=thing, note=name, facts=facts, address=address
    )
    return token, made


def find(connection: sa.Connection, token: str) -> ApiToken | None:
    """Which one this is; also one that is revoked or too old: whoever asks judges."""
    row = connection.execute(_TOKEN.where(api_token.c.token_hash == digest(token))).first()
    return None if row is None else ApiToken(**row._mapping)


def tokens(connection: sa.Connection) -> list[ApiToken]:
    """All that were ever given out, the newest first."""
    rows = connection.execute(_TOKEN.order_by(api_token.c.id.desc()))
    return [ApiToken(**row._mapping) for row in rows]


def revoke(
    connection: sa.Connection, at: datetime, by: str, token_id: int, *, address: str = ""
) -> None:
    """It opens nothing any more. Once is enough. Raises LookupError."""
    here = api_token.c.id == token_id
    row = connection.execute(_TOKEN.where(here)).first()
    if row is None:
        raise LookupError(f"there is no token {token_id}")
    if row.revoked_at is None:
        revoked = {"revoked_at": at, "revoked_by": by}
        connection.execute(api_token.update().where(here).values(revoked))
        thing = f"token/{token_id}"
        audit.append(
            connection, at, by, "token.revoked", thing=thing, note=row.name, address=address
        )


def used(connection: sa.Connection, token_ids: Iterable[int], at: datetime) -> None:
    """They were used."""
    ids = list(token_ids)
    connection.execute(api_token.update().where(api_token.c.id.in_(ids)).values(last_used_at=at))


_TOKEN = sa.select(*(api_token.c[name] for name in ApiToken.__dataclass_fields__))
