"""Accounts: who may sign in, with which role.

Whatever changes one is written together with its line in the audit log, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.records import audit, sessions
from commandcenter.records.tables import account

LOCAL, DEMO = "local", "demo"
OURS = ("watch", "notify", "display", "oidc", "ldap", "demo", "idle", audit.PROGRAM)
"""What logs call the program itself: nobody may be called so, nor "token …"."""
ADMIN = "admin"


class NoAccount(LookupError):
    """There is no account with this number."""


class NameTaken(ValueError):
    """Another account has this name; `field` says which: "username" or "name"."""

    def __init__(self, taken: str) -> None:
        super().__init__(f"another account has this {taken}")
        self.field = taken


class LastAdmin(ValueError):
    """Nobody could look after the accounts any more."""


class AccountDisabled(PermissionError):
    """An administrator has closed this account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who signs in. `provider` says where: local, oidc, ldap or demo."""

    id: int
    username: str
    name: str
    role: str
    offices: list[str]
    domains: list[str]
    provider: str
    subject: str
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    last_sign_in_at: datetime | None
    password_hash: str | None = field(repr=False)


def accounts(connection: sa.Connection) -> list[Account]:
    """Everybody's, by name."""
    return [_account(row) for row in connection.execute(_SELECT.order_by(account.c.name_key))]


def account_of(connection: sa.Connection, account_id: int) -> Account:
    """One of them. Raises NoAccount."""
    found = _one(connection, account.c.id == account_id)
    if found is None:
        raise NoAccount(f"there is no account {account_id}")
    return found


def by_username(connection: sa.Connection, username: str, provider: str = LOCAL) -> Account | None:
    """Whose username this is, in whatever case."""
    key = username.strip().casefold()
    return _one(connection, (account.c.provider == provider) & (account.c.username_key == key))


def has_admin(connection: sa.Connection) -> bool:
    """Whether anybody looks after the accounts. One of the demo does not count."""
    return connection.execute(sa.select(account.c.id).where(_ADMINS).limit(1)).first() is not None


def staff(connection: sa.Connection, *, demo: bool) -> list[str]:
    """The names of those who work with incidents; `demo`: also those of the demo."""
    working = account.c.role.in_(("operator", ADMIN)) & account.c.disabled_at.is_(None)
    if not demo:
        working &= account.c.provider != DEMO
    query = sa.select(account.c.name).where(working).order_by(account.c.name_key)
    return list(connection.execute(query).scalars())


def is_ours(name: str) -> bool:
    """Whether logs would take somebody of this name for a part of the program."""
    key = name.strip().casefold()
    return key in OURS or key.startswith(("token ", "command line"))


def create(
    connection: sa.Connection,
    at: datetime,
    by: str,
    *,
    username: str,
    name: str,
    role: str,
    offices: Iterable[str] = (),
    domains: Iterable[str] = (),
    provider: str = LOCAL,
    subject: str = "",
    password_hash: str | None = None,
    address: str = "",
) -> Account:
    """A new account. Raises NameTaken."""
    username, name = username.strip(), name.strip()
    _check_free(connection, provider, username, name)
    row = {
        "username": username,
        "name": name,
        "username_key": username.casefold(),
        "name_key": name.casefold(),
        "role": role,
        "offices": sorted(offices),
        "domains": sorted(domains),
        "provider": provider,
        "subject": subject or username.casefold(),
        "password_hash": password_hash,
        "created_at": at,
        "created_by": by,
    }
    number = connection.execute(account.insert().values(row).returning(account.c.id)).scalar_one()
    facts = {"role": role, "offices": row["offices"], "domains": row["domains"]}
    note_act(connection, at, by, "created", number, note=name, facts=facts, address=address)
    return account_of(connection, number)


def change(
    connection: sa.Connection,
    at: datetime,
    by: str,
    account_id: int,
    *,
    name: str | None = None,
    role: str | None = None,
    offices: Iterable[str] | None = None,
    domains: Iterable[str] | None = None,
    address: str = "",
) -> Account:
    """Another name, role or limit. Who may do something else now has to sign in anew.

    Raises NoAccount, NameTaken and LastAdmin.
    """
    before = account_of(connection, account_id)
    asked: dict[str, Any] = {
        "name": None if name is None else name.strip(),
        "role": role,
        "offices": None if offices is None else sorted(offices),
        "domains": None if domains is None else sorted(domains),
    }
    new = {k: v for k, v in asked.items() if v is not None and v != getattr(before, k)}
    if not new:
        return before
    if "name" in new:
        _check_free(connection, before.provider, "", new["name"], but=account_id)
    if new.get("role", ADMIN) != ADMIN:
        _keep_an_admin(connection, before)
    keys = {"name_key": new["name"].casefold()} if "name" in new else {}
    _set(connection, account_id, {**new, **keys})
    facts = {key: {"from": getattr(before, key), "to": value} for key, value in new.items()}
    note_act(
        connection, at, by, "changed", account_id, note=before.name, facts=facts, address=address
    )
    if new.keys() - {"name"}:
        sessions.end_all(connection, at, by, account_id, address=address)
    return account_of(connection, account_id)


def set_password(
    connection: sa.Connection,
    at: datetime,
    by: str,
    account_id: int,
    password_hash: str,
    *,
    keep_session: int = 0,
    address: str = "",
) -> None:
    """A new password. Whoever was signed in with the old one has to sign in anew, but for one."""
    before = account_of(connection, account_id)
    _set(connection, account_id, {"password_hash": password_hash})
    note_act(connection, at, by, "password", account_id, note=before.name, address=address)
    sessions.end_all(connection, at, by, account_id, but=keep_session, address=address)


def rehash(connection: sa.Connection, account_id: int, password_hash: str) -> None:
    """The same password, kept in a stronger way."""
    _set(connection, account_id, {"password_hash": password_hash})


def disable(
    connection: sa.Connection, at: datetime, by: str, account_id: int, *, address: str = ""
) -> Account:
    """Close an account and end its sessions. Raises NoAccount, LastAdmin."""
    before = account_of(connection, account_id)
    if before.disabled_at is None:
        _keep_an_admin(connection, before)
        _set(connection, account_id, {"disabled_at": at})
        note_act(connection, at, by, "disabled", account_id, note=before.name, address=address)
    sessions.end_all(connection, at, by, account_id, address=address)
    return account_of(connection, account_id)


def enable(
    connection: sa.Connection, at: datetime, by: str, account_id: int, *, address: str = ""
) -> Account:
    """Open it again. Raises NoAccount."""
    before = account_of(connection, account_id)
    if before.disabled_at is not None:
        _set(connection, account_id, {"disabled_at": None})
        note_act(connection, at, by, "enabled", account_id, note=before.name, address=address)
    return account_of(connection, account_id)


def sign_in_from(
    connection: sa.Connection,
    at: datetime,
    *,
    provider: str,
    subject: str,
    username: str,
    name: str,
    role: str,
    offices: Iterable[str],
    domains: Iterable[str],
    address: str,
) -> Account:
    """Somebody whom another house knows: their account here, made or brought up to date.

    Raises AccountDisabled. A name that somebody else or the program has here gets the username
    beside it.
    """
    known = _one(connection, (account.c.provider == provider) & (account.c.subject == subject))
    held = {"role": role, "offices": offices, "domains": domains}
    if known is not None:
        if known.disabled_at is not None:
            raise AccountDisabled(known.name)
        return change(connection, at, provider, known.id, **held, address=address)  # type: ignore[arg-type]
    taken = _one(connection, account.c.name_key == name.strip().casefold()) is not None
    if taken or is_ours(name):
        name = f"{name} ({provider}: {username})"
    return create(
        connection,
        at,
        provider,
        username=username,
        name=name,
        provider=provider,
        subject=subject,
        **held,  # type: ignore[arg-type]
        address=address,
    )


def note_act(
    connection: sa.Connection,
    at: datetime,
    by: str,
    act: str,
    account_id: int,
    *,
    note: str,
    facts: dict[str, Any] | None = None,
    address: str,
) -> None:
    """The line of the audit log about what was done to an account; `note` is its name then."""
    thing = f"account/{account_id}"
    audit.append(
        connection, at, by, f"account.{act}", thing=thing, note=note, facts=facts, address=address
    )


_SELECT = sa.select(*(account.c[name] for name in Account.__dataclass_fields__))
_ADMINS = (account.c.role == ADMIN) & account.c.disabled_at.is_(None) & (account.c.provider != DEMO)


def _account(row: sa.Row[Any]) -> Account:
    return Account(**row._mapping)


def _one(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Account | None:
    row = connection.execute(_SELECT.where(which)).first()
    return None if row is None else _account(row)


def _set(connection: sa.Connection, account_id: int, values: dict[str, Any]) -> None:
    connection.execute(account.update().where(account.c.id == account_id).values(values))


def _check_free(
    connection: sa.Connection, provider: str, username: str, name: str, *, but: int = 0
) -> None:
    same = (account.c.provider == provider) & (account.c.username_key == username.casefold())
    if username and _one(connection, same) is not None:
        raise NameTaken("username")
    others = (account.c.name_key == name.casefold()) & (account.c.id != but)
    if _one(connection, others) is not None:
        raise NameTaken("name")


def _keep_an_admin(connection: sa.Connection, leaving: Account) -> None:
    if leaving.role != ADMIN or leaving.disabled_at is not None or leaving.provider == DEMO:
        return
    audit.head(connection, lock=True)  # two that leave at once: the second sees that the first did
    if _one(connection, _ADMINS & (account.c.id != leaving.id)) is None:
        raise LastAdmin("this is the last administrator")
