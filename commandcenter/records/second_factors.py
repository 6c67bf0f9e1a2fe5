"""The second factors of accounts, and their codes on paper.

Whatever changes one is written together with its line in the audit log, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from commandcenter.access.sealing import Sealer
from commandcenter.records import sessions
from commandcenter.records.accounts import account_of, note_act
from commandcenter.records.tables import account, paper_code, second_factor
from commandcenter.records.upsert import insert_missing


class HasOne(ValueError):
    """This account has a second factor already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """Of one account. `secret` is sealed (access/sealing.py); `last_step` is the step of time of
    the newest code that was used."""

    account_id: int
    secret: str = field(repr=False)
    last_step: int
    created_at: datetime


def factor_of(connection: sa.Connection, account_id: int) -> SecondFactor | None:
    """The one of an account, if it has one."""
    query = sa.select(*(second_factor.c[name] for name in SecondFactor.__dataclass_fields__))
    row = connection.execute(query.where(second_factor.c.account_id == account_id)).first()
    return None if row is None else SecondFactor(**row._mapping)


def papers_left(connection: sa.Connection, account_id: int) -> int:
    """How many codes on paper nobody has used."""
    count = sa.select(sa.func.count()).select_from(paper_code)
    return connection.scalar(count.where(_unused(account_id))) or 0


def set_up(
    connection: sa.Connection,
    at: datetime,
    by: str,
    account_id: int,
    *,
    secret: str,
    step: int,
    papers: Iterable[str],
    address: str,
) -> None:
    """A first one, whose code of this step was given. `secret` is sealed; `papers`: the hashes of
    its codes on paper. Raises HasOne."""
    whose = account_of(connection, account_id)
    row = {"account_id": account_id, "secret": secret, "last_step": step, "created_at": at}
    if insert_missing(connection, second_factor, [row]) == 0:
        raise HasOne
    codes = [{"account_id": account_id, "code_hash": one} for one in papers]
    connection.execute(paper_code.insert(), codes)
    note_act(connection, at, by, "factor", account_id, note=whose.name, address=address)


def use_step(connection: sa.Connection, account_id: int, step: int) -> bool:
    """Use up the code of a step of time, and with it all earlier ones; False: it was used already
    (RFC 6238, section 5.2), also for the second of two at once."""
    newer = (second_factor.c.account_id == account_id) & (second_factor.c.last_step < step)
    done = connection.execute(second_factor.update().where(newer).values(last_step=step))
    return done.rowcount == 1


def use_paper(
    connection: sa.Connection, at: datetime, account_id: int, code_hash: str, *, address: str
) -> bool:
    """Use up a code on paper; False: there is no such one left."""
    this = _unused(account_id) & (paper_code.c.code_hash == code_hash)
    done = connection.execute(paper_code.update().where(this).values(used_at=at))
    if done.rowcount != 1:
        return False
    whose, facts = account_of(connection, account_id), {"left": papers_left(connection, account_id)}
    told = connection, at, whose.name, "paper_code", account_id
    note_act(*told, note=whose.name, facts=facts, address=address)
    return True


def remove(
    connection: sa.Connection,
    at: datetime,
    by: str,
    account_id: int,
    *,
    keep_session: int = 0,
    address: str = "",
) -> bool:
    """Take it away, with its codes on paper, and end the account's sessions but for one; False:
    there is none. Raises NoAccount."""
    whose = account_of(connection, account_id)
    gone = connection.execute(
        second_factor.delete().where(second_factor.c.account_id == account_id)
    )
    connection.execute(paper_code.delete().where(paper_code.c.account_id == account_id))
    if gone.rowcount == 0:
        return False
    note_act(connection, at, by, "factor_removed", account_id, note=whose.name, address=address)
    sessions.end_all(connection, at, by, account_id, but=keep_session, address=address)
    return True


def seal_anew(connection: sa.Connection, sealer: Sealer) -> int:
    """Seal with the first key what an older one has sealed, or an earlier version kept readable;
    how many that were. What no key opens stays as it is. It is no change of a factor, so no log
    tells of it. Raises NoKey."""
    changed = 0
    for row in _all(connection):
        if not sealer.opens(row.secret, row.account_id):
            continue
        renewed = sealer.renewed(row.secret, row.account_id)
        if renewed != row.secret:
            this = second_factor.c.account_id == row.account_id
            same = second_factor.c.secret == row.secret
            update = second_factor.update().where(this, same).values(secret=renewed)
            changed += connection.execute(update).rowcount
    return changed


def lost(connection: sa.Connection, sealer: Sealer) -> list[str]:
    """The usernames of those whose secret no key opens. Records may be older than this version."""
    if not sa.inspect(connection).has_table(second_factor.name):
        return []
    return [
        row.username for row in _all(connection) if not sealer.opens(row.secret, row.account_id)
    ]


def _all(connection: sa.Connection) -> Sequence[Any]:
    query = sa.select(second_factor.c.account_id, second_factor.c.secret, account.c.username)
    return connection.execute(query.join(account).order_by(account.c.username)).all()


def _unused(account_id: int) -> sa.ColumnElement[bool]:
    return (paper_code.c.account_id == account_id) & paper_code.c.used_at.is_(None)
