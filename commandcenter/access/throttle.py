"""What makes guessing passwords useless, and cannot lock anybody out for good.

Budgets of attempts, each within a sliding window. A browser that has signed in to this account
before spends its own, so that an attack from elsewhere never keeps the real person out. Everybody
else spends three: the one of their address, the one of this address at this account, so that one
machine alone cannot use up the third, and the one of the account.

An attempt is paid for before the password is looked at, else many at once would all pass. Own code
and not the library `limits`, whose memory reads the machine's clock and has no bound.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from commandcenter.digest import digest
from commandcenter.rates import source_of

MOST_KEYS = 10_000  # that a budget remembers: about 10 MB
Refusal: TypeAlias = Literal["address", "account"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many attempts within any stretch of time of this length."""

    most: int
    within: timedelta


OF_ADDRESS = Limit(most=10, within=timedelta(minutes=5))
OF_ACCOUNT = Limit(most=20, within=timedelta(minutes=15))
OF_BOTH = Limit(most=10, within=timedelta(minutes=15))  # one address at one account
OF_BROWSER = Limit(most=10, within=timedelta(minutes=15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Somebody gives a password."""

    at: datetime
    address: str
    """Of the network: where this came from."""
    username: str
    """As it was typed: nobody may need to exist."""
    browser: str = ""
    """The number of a browser that this account was signed in with before; "": none such."""


class Throttle:
    """Whether somebody may try. `take`, then, unless the password was wrong, `give_back`."""

    def __init__(self) -> None:
        self.addresses, self.accounts = Budget(OF_ADDRESS), Budget(OF_ACCOUNT)
        self.both, self.browsers = Budget(OF_BOTH), Budget(OF_BROWSER)

    def take(self, attempt: Attempt) -> Refusal | None:
        """Pay for one attempt; or why it may not be made: the password is not to be looked at."""
        at, name = attempt.at, name_key(attempt.username)
        if attempt.browser:
            return None if self.browsers.take(f"{attempt.browser} {name}", at) else "account"
        source = source_of(attempt.address)
        if not self.addresses.take(source, at):
            return "address"
        left = self.both.take(f"{source} {name}", at) and self.accounts.take(name, at)
        return None if left else "account"

    def give_back(self, attempt: Attempt) -> None:
        """The password was right, or nobody could look at it. Of others' failures at the same
        address or account nothing is forgiven: a thief with an account of his own would else clean
        his slate with it, and the owner's signing in would let the thief go on guessing."""
        at, name = attempt.at, name_key(attempt.username)
        if attempt.browser:
            self.browsers.give_back(f"{attempt.browser} {name}", at)
            return
        source = source_of(attempt.address)
        self.addresses.give_back(source, at)
        self.both.give_back(f"{source} {name}", at)
        self.accounts.give_back(name, at)

    def opens_in(self, attempt: Attempt) -> timedelta:
        """How long its address has to wait."""
        return self.addresses.opens_in(source_of(attempt.address), attempt.at)


@dataclass
class Budget:
    """Attempts by key. Bounded: of too many keys the one heard of longest ago is forgotten."""

    limit: Limit
    most_keys: int = MOST_KEYS
    _taken: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)

    def take(self, key: str, at: datetime) -> bool:
        """Pay for one attempt; False: nothing is left, and nothing was paid."""
        within = self._within(key, at)
        if len(within) >= self.limit.most:
            return False
        self._taken[key] = [*within, at]
        self._taken.move_to_end(key)
        if len(self._taken) > self.most_keys:
            self._taken.popitem(last=False)
        return True

    def give_back(self, key: str, at: datetime) -> None:
        """The attempt of this moment does not count."""
        taken = self._taken.get(key, [])
        if at in taken:
            taken.remove(at)
        if not taken:
            self._taken.pop(key, None)

    def opens_in(self, key: str, at: datetime) -> timedelta:
        """How long until an attempt may be made; zero: now."""
        within = self._within(key, at)
        if len(within) < self.limit.most:
            return timedelta()
        return within[0] + self.limit.within - at

    def _within(self, key: str, at: datetime) -> list[datetime]:
        return [one for one in self._taken.get(key, ()) if at - one < self.limit.within]

    def __len__(self) -> int:
        return len(self._taken)


def name_key(username: str) -> str:
    """One for all ways to write a username. Not the name itself: people type passwords there."""
    return digest(unicodedata.normalize("NFC", username.strip()).casefold())
