"""Sign-ins on their way to a provider and back: what is kept here meanwhile, for one use.

Only the state travels with the person, and it opens nothing without the ticket in the cookie of
the browser that set out (RFC 9700, section 4.7): a callback that somebody else has got hold of, or
that somebody slips to another person, leads nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LASTS = timedelta(minutes=10)  # to find one's telephone for the second factor
MOST = 10_000  # about 10 MB; beyond it the one that set out first is forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One of them. Nonce and verifier are secrets."""

    ticket_hash: bytes
    begun_at: datetime
    redirect_uri: str
    to: str
    """Where the person wanted to go here, or ""."""
    again: bool = False
    """Whether the provider is to ask somebody who is signed in there already."""
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    """Of PKCE (RFC 7636, section 4.1)."""


class Flights:
    """All of them, in memory: who is on the way while we start again has to start again, too."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._by_state: dict[bytes, Flight] = {}

    def begin(
        self, now: datetime, *, redirect_uri: str, to: str, again: bool = False
    ) -> tuple[str, str, Flight]:
        """State, ticket and what is kept of somebody who sets out."""
        state, ticket = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        flight = Flight(
            ticket_hash=_digest(ticket),
            begun_at=now,
            redirect_uri=redirect_uri,
            to=to,
            again=again,
        )
        self._forget(now)
        self._by_state[_digest(state)] = flight
        return state, ticket, flight

    def end(self, state: str, ticket: str, now: datetime) -> Flight | None:
        """Whoever comes back with both, once and in time. Another's ticket ends nothing."""
        key = _digest(state)
        flight = self._by_state.get(key)
        if flight is None or not hmac.compare_digest(flight.ticket_hash, _digest(ticket)):
            return None
        del self._by_state[key]
        return flight if now - flight.begun_at < LASTS else None

    def _forget(self, now: datetime) -> None:
        """Those that never came back. The first one set out first."""
        while self._by_state:
            key, first = next(iter(self._by_state.items()))
            if len(self._by_state) < self.most and now - first.begun_at < LASTS:
                return
            del self._by_state[key]

    def __len__(self) -> int:
        return len(self._by_state)


def _digest(secret: str) -> bytes:
    """What a secret is compared by."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
