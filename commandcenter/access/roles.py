"""Who somebody is to us: a person, a display or a program, with one role and perhaps a limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

Role: TypeAlias = Literal["display", "viewer", "leader", "operator", "admin"]
"""display: one wall and nothing else. viewer: the walls. leader: the walls, and incidents to read.
operator: incidents to act on, and the displays. admin: accounts and the audit log, too."""
ROLES: tuple[Role, ...] = get_args(Role)
PEOPLE: tuple[Role, ...] = ("viewer", "leader", "operator", "admin")
"""The roles that an account can have, the weakest first."""

May: TypeAlias = Literal[
    "incidents:read", "incidents:act", "readings:write", "events:write", "metrics:read"
]
"""What a program's token may be good for."""
MAY: tuple[May, ...] = get_args(May)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The offices (by code) and domains (by feed) that somebody is limited to; none: no limit."""

    offices: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def covers(self, *, office: str, feed: str) -> bool:
        """Whether something of this office and feed is theirs. Of no office is not of theirs."""
        return (not self.offices or office in self.offices) and (
            not self.domains or feed in self.domains
        )

    @property
    def whole(self) -> bool:
        """Whether there is no limit."""
        return not self.offices and not self.domains


def scope_of(offices: Iterable[str], domains: Iterable[str]) -> Scope:
    """As the records and config.toml list them."""
    return Scope(offices=frozenset(offices), domains=frozenset(domains))


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """For whom something is drawn or told: by this alone it is the same for two or not."""

    role: str = ""
    """ "": for everybody."""
    scope: Scope = Scope()


EVERYBODY = Eyes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever knocks, once we know who it is."""

    kind: Literal["person", "display", "token"]
    id: int
    """Of the account, the display or the token."""
    name: str
    """As every log names them."""
    role: Role
    scope: Scope = Scope()
    may: frozenset[str] = frozenset()
    """Of a token: what it is good for. Its role says nothing more."""
    session: int = 0
    """A person's session."""
    signed_in_at: datetime | None = None
    """When a person last showed who they are."""
    demo: bool = False

    @property
    def eyes(self) -> Eyes:
        """What decides what they see (commandcenter.access.sees)."""
        return Eyes(role=self.role, scope=self.scope)
