"""What makes guessing passwords useless, and cannot lock anybody out for good.

Budgets of attempts, each within a sliding window. A browser that has signed in to this account
before spends its own, so that an attack from elsewhere never keeps the real person out. Everybody
else spends three: the one of their address, the one of this address at this account, so that one
machine alone cannot use up the third, and the one of the account.

The account is counted by the name that was typed and, once a directory has found somebody by it, by
the DN: a directory takes many names for equal, and each would else come with a budget of its own.

An attempt is paid for before the password is looked at, else many at once would all pass. Own code
and not the library `limits`, whose memory reads the machine's clock and has no bound.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from commandcenter.digest import digest
from commandcenter.rates import source_of

_UNSEEN = {  # beside the categories Cc and Cf
    *"\u034f\u1806\ufffc",
    *map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10))),
}
MOST_KEYS = 10_000  # that a budget remembers: about 10 MB
Refusal: TypeAlias = Literal["address", "account"]
MayTry: TypeAlias = Callable[[str], Coroutine[Any, Any, bool]]
"""Whether a password may be tried at this entry of a directory, by its DN."""


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
        if not attempt.browser and not self.addresses.take(source_of(attempt.address), attempt.at):
            return "address"
        return None if self._take_at(attempt, attempt.username) else "account"

    def take_found(self, attempt: Attempt, dn: str) -> bool:
        """The name that was typed is the one of this entry of a directory: pay there, too. False:
        nothing is left, and the password is not to be looked at."""
        return self._take_at(attempt, dn)

    def give_back(self, attempt: Attempt, dn: str = "") -> None:
        """The password was right, or nobody could look at it. Of others' failures at the same
        address or account nothing is forgiven: a thief with an account of his own would else clean
        his slate with it, and the owner's signing in would let the thief go on guessing."""
        if not attempt.browser:
            self.addresses.give_back(source_of(attempt.address), attempt.at)
        for name in (attempt.username, dn) if dn else (attempt.username,):
            for budget, key in self._at(attempt, name):
                budget.give_back(key, attempt.at)

    def _take_at(self, attempt: Attempt, name: str) -> bool:
        return all(budget.take(key, attempt.at) for budget, key in self._at(attempt, name))

    def _at(self, attempt: Attempt, name: str) -> list[tuple[Budget, str]]:
        """What is paid at an account of this name."""
        key = name_key(name)
        if attempt.browser:
            return [(self.browsers, f"{attempt.browser} {key}")]
        return [(self.both, f"{source_of(attempt.address)} {key}"), (self.accounts, key)]

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
    """One for all ways to write a username that a directory takes for the same (RFC 4518, section
    2: map, normalize, insignificant space). Not the name itself: people type passwords there."""
    mapped = unicodedata.normalize("NFKC", "".join(map(_mapped, username))).casefold()
    return digest(" ".join(unicodedata.normalize("NFKC", mapped).split()))


def _mapped(letter: str) -> str:
    """RFC 4518, section 2.2: what is written and not seen is nothing, every blank is a space."""
    if letter.isspace():
        return " "
    unseen = unicodedata.category(letter) in ("Cc", "Cf") or letter in _UNSEEN
    return "" if unseen else letter


@dataclass
class PaidAttempt:
    """What one attempt pays on its way. `unseen`: nothing was left for whom the directory found,
    and so the password was not looked at."""

    throttle: Throttle
    attempt: Attempt
    unseen: bool = False
    _dn: str = ""

    def pay(self) -> Refusal | None:
        """Before anything is looked at: why it may not be made, or None."""
        return self.throttle.take(self.attempt)

    async def pay_found(self, dn: str) -> bool:
        """A directory has found this entry: may the password be tried there?"""
        self.unseen = not self.throttle.take_found(self.attempt, dn)
        self._dn = "" if self.unseen else dn
        return not self.unseen

    def give_back(self) -> None:
        """The password was right, or nobody could look at it."""
        self.throttle.give_back(self.attempt, self._dn)
