"""Looking at second factors, for every door that asks for one: with budgets against guessing, and
the picture that a telephone reads."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import segno
from markupsafe import Markup

from commandcenter.access.sealing import NoKey, Sealer
from commandcenter.access.second_factor import (
    OF_A_DAY,
    OF_CODES,
    address_of,
    hash_of,
    is_code,
    step_of,
)
from commandcenter.access.throttle import Budget
from commandcenter.digest import digest
from commandcenter.records import audit, second_factors
from commandcenter.records.accounts import Account
from commandcenter.records.database import Records
from commandcenter.records.second_factors import SecondFactor

log = logging.getLogger(__name__)


class TooOften(PermissionError):
    """So many codes were wrong that none is looked at for a while."""


class Factors:
    """One for a process, so that all doors count together."""

    def __init__(
        self, records: Records, now: Callable[[], datetime], issuer: str, sealer: Sealer
    ) -> None:
        self.records, self.now, self.issuer, self.sealer = records, now, issuer, sealer
        self.budgets = Budget(OF_CODES), Budget(OF_A_DAY)

    async def given(self, account: Account, typed: str, address: str) -> bool:
        """Whether this is a code of theirs, of the telephone or on paper; it is used up then.

        A wrong one costs and is told to the audit log. The budgets are of the account and of its
        password: whoever gets here knows it, and its owner with a new one is not kept waiting.
        Raises TooOften, and NoKey when the code of a telephone cannot be looked at.
        """
        at, key = self.now(), digest(f"{account.id} {account.password_hash}")
        if not all(budget.take(key, at) for budget in self.budgets):
            raise TooOften
        try:
            right = await self._right(account, typed, at, address)
        except NoKey as error:
            log.error("the second factor of account %d: %s", account.id, error)
            self._give_back(key, at)
            raise
        if right:
            self._give_back(key, at)
            return True
        refused, thing = audit.append, f"account/{account.id}"
        told = at, audit.PROGRAM, "code_refused"
        await self.records.write(refused, *told, thing=thing, address=address)
        return False

    async def _right(self, account: Account, typed: str, at: datetime, address: str) -> bool:
        factor = await self.records.read(second_factors.factor_of, account.id)
        if factor is None:
            return False
        step = self._step(factor, typed, at)
        if step is not None:
            return await self.records.write(second_factors.use_step, account.id, step)
        used = second_factors.use_paper
        return await self.records.write(used, at, account.id, hash_of(typed), address=address)

    def _step(self, factor: SecondFactor, typed: str, at: datetime) -> int | None:
        """None: it is wrong, or a code on paper, which needs no key. Raises NoKey."""
        if not is_code(typed):
            return None
        return step_of(self.sealer.open(factor.secret, factor.account_id), typed, at)

    def _give_back(self, key: str, at: datetime) -> None:
        for budget in self.budgets:
            budget.give_back(key, at)

    def picture(self, secret: str, username: str) -> Markup:
        """The QR code for an authenticator app, as an SVG of ours: no other machine sees it."""
        drawn = segno.make_qr(address_of(secret, username, self.issuer), error="m")
        return Markup(drawn.svg_inline(scale=5, border=3, dark="#000", light="#fff"))  # noqa: S704


async def seal_anew(records: Records, sealer: Sealer) -> None:
    """At the start: with the first key whatever an older one has sealed, or an earlier version kept
    readable. Raises RecordsDown."""
    try:
        anew = await records.write(second_factors.seal_anew, sealer)
    except NoKey as error:
        log.error("second factors cannot be sealed: %s", error)
        return
    if anew:
        log.info("%d second factors were sealed with the first key", anew)
    if lost := await records.read(second_factors.lost, sealer):
        log.error("no key opens %d second factors; `commandcenter check` names them", len(lost))
