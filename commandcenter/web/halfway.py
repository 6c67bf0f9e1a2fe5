"""People whose password was right and who have not given their second factor yet: what is kept of
them meanwhile, known by a ticket in a cookie that opens nothing by itself."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commandcenter.access.second_factor import new_secret
from commandcenter.digest import digest
from commandcenter.records.accounts import Account

LASTS = timedelta(minutes=10)  # to find one's telephone
MOST = 10_000  # beyond it whoever came first has to begin again


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One of them: who, and where they wanted to go."""

    account: Account
    begun_at: datetime
    to: str
    offered: str = field(repr=False)
    """The secret that is offered to whoever has no second factor yet; "" for others."""


class Halfway:
    """All of them, in memory: who is on the way while we start again has to start again, too."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._by_ticket: OrderedDict[str, Half] = OrderedDict()

    def begin(self, now: datetime, account: Account, *, to: str, first: bool) -> str:
        """The ticket of somebody; `first`: who has no second factor yet and must set one up."""
        ticket, offered = secrets.token_urlsafe(32), new_secret() if first else ""
        if len(self._by_ticket) >= self.most:
            self._by_ticket.popitem(last=False)
        self._by_ticket[digest(ticket)] = Half(
            account=account, begun_at=now, to=to, offered=offered
        )
        return ticket

    def find(self, ticket: str, now: datetime) -> Half | None:
        """Whose it is, in time."""
        half = self._by_ticket.get(digest(ticket))
        return half if half is not None and now - half.begun_at < LASTS else None

    def end(self, ticket: str) -> None:
        """They have come in, or gave up."""
        self._by_ticket.pop(digest(ticket), None)
