"""Looking at second factors, for every door that asks for one: with budgets against guessing, and
the picture that a telephone reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import segno
from markupsafe import Markup

from commandcenter.access.second_factor import (
    OF_A_DAY,
    OF_CODES,
    address_of,
    hash_of,
    step_of,
)
from commandcenter.access.throttle import Budget
from commandcenter.digest import digest
from commandcenter.records import audit, second_factors
from commandcenter.records.accounts import Account
from commandcenter.records.database import Records


class TooOften(PermissionError):
    """So many codes were wrong that none is looked at for a while."""


class Factors:
    """One for a process, so that all doors count together."""

    def __init__(self, records: Records, now: Callable[[], datetime], issuer: str) -> None:
        self.records, self.now, self.issuer = records, now, issuer
        self.budgets = Budget(OF_CODES), Budget(OF_A_DAY)

    async def given(self, account: Account, typed: str, address: str) -> bool:
        """Whether this is a code of theirs, of the telephone or on paper; it is used up then.

        A wrong one costs and is told to the audit log. The budgets are of the account and of its
        password: whoever gets here knows it, and its owner with a new one is not kept waiting.
        Raises TooOften.
        """
        at, key = self.now(), digest(f"{account.id} {account.password_hash}")
        if not all(budget.take(key, at) for budget in self.budgets):
            raise TooOften
        right = await self._right(account, typed, at, address)
        if right:
            for budget in self.budgets:
                budget.give_back(key, at)
            return True
        refused, thing = audit.append, f"account/{account.id}"
        told = at, audit.PROGRAM, "code_refused"
        await self.records.write(refused, *told, thing=thing, address=address)
        return False

    async def _right(self, account: Account, typed: str, at: datetime, address: str) -> bool:
        factor = await self.records.read(second_factors.factor_of, account.id)
        if factor is None:
            return False
        step = step_of(factor.secret, typed, at)
        if step is not None:
            return await self.records.write(second_factors.use_step, account.id, step)
        used = second_factors.use_paper
        return await self.records.write(used, at, account.id, hash_of(typed), address=address)

    def picture(self, secret: str, username: str) -> Markup:
        """The QR code for an authenticator app, as an SVG of ours: no other machine sees it."""
        drawn = segno.make_qr(address_of(secret, username, self.issuer), error="m")
        return Markup(drawn.svg_inline(scale=5, border=3, dark="#000", light="#fff"))  # noqa: S704
