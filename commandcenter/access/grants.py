"""What another house says of somebody, and which role that makes here: [[grant]] of config.toml.

LDAP and OIDC tell groups, config.toml tells the role of each. It is judged anew at every sign-in,
so whoever leaves a group there loses the role here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from commandcenter.access.roles import PEOPLE, Role
from commandcenter.access.settings import Grant
from commandcenter.language import Language

log = logging.getLogger(__name__)

NO_GRANT = (
    "You are known to {provider}, but no group of yours has a role here; ask the administrator"
)
_BETWEEN_PARTS = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody whom another house knows, with the role that they have here."""

    provider: Literal["ldap", "oidc"]
    subject: str
    """Which person it is there: stays the same when names change."""
    username: str
    name: str
    role: Role
    offices: tuple[str, ...]
    domains: tuple[str, ...]


class NotSignedIn(Exception):
    """Somebody cannot be signed in. `said` is the sentence for them, `detail` what the log and the
    audit may know besides; no secret is in either."""

    def __init__(self, text: str, detail: str = "", **values: Any) -> None:
        super().__init__(text.format(**values))
        self.text, self.values, self.detail = text, values, detail

    def said(self, say: Language) -> str:
        """For the person, in their language: what happened and what to do."""
        return say(self.text, **self.values)


class ProviderDown(NotSignedIn):
    """The other house cannot be asked now. Accounts of our own are not touched by that."""


class NoGrant(NotSignedIn):
    """The other house knows them, but nothing in [[grant]] is theirs."""

    def __init__(self, provider: str, username: str, groups: Sequence[str]) -> None:
        detail = f"{username}, groups: {', '.join(sorted(groups)[:20]) or 'none'}"
        super().__init__(NO_GRANT, detail, provider=provider)


def granted(groups: Iterable[str], grants: Iterable[Grant]) -> Grant | None:
    """The role of somebody in these groups, or None.

    A group is a DN or a plain name, in any case of letters; a plain name in [[grant]] also finds
    a DN that begins with it. The strongest role wins. Grants of one role are united: all their
    offices and all their domains, or no limit if one of them has none.
    """
    names = {name for group in groups for name in _names(group)}
    won = [grant for grant in grants if _name(grant.group) in names]
    if not won:
        return None
    best = max(won, key=lambda grant: PEOPLE.index(grant.role)).role
    return _united([grant for grant in won if grant.role == best])


def identity(
    provider: Literal["ldap", "oidc"],
    house: str,
    person: tuple[str, str, str],
    groups: Sequence[str],
    grants: Iterable[Grant],
) -> Identity:
    """`person` (subject, username, name) with the role of their groups. Raises NoGrant, which
    tells that `house` knows them."""
    subject, username, name = person
    grant = granted(groups, grants)
    if grant is None:
        raise NoGrant(house, username, groups)
    return Identity(
        provider=provider,
        subject=subject,
        username=username,
        name=name or username,
        role=grant.role,
        offices=grant.offices,
        domains=grant.domains,
    )


class Standing:
    """Whether a provider answers; its fall is logged once, and once that it came back."""

    def __init__(self, name: str) -> None:
        self.name, self.down = name, False

    def fell(self, why: ProviderDown) -> None:
        """It could not be asked."""
        if not self.down:
            log.error("%s: %s (%s)", self.name, why, why.detail)
        self.down = True

    def answered(self) -> None:
        """It could."""
        if self.down:
            log.info("%s answers again", self.name)
        self.down = False


def _united(grants: Sequence[Grant]) -> Grant:
    if any(not grant.offices and not grant.domains for grant in grants):
        return Grant(group=grants[0].group, role=grants[0].role)
    offices = sorted({office for grant in grants for office in grant.offices})
    domains = sorted({domain for grant in grants for domain in grant.domains})
    return Grant(
        group=grants[0].group, role=grants[0].role, offices=tuple(offices), domains=tuple(domains)
    )


def _names(group: str) -> set[str]:
    """What a grant may call it: its DN, and the first value of it ("noc" of "cn=NOC,dc=kobar")."""
    parts = _parts(group)
    return {_name(group)} | ({_ESCAPED.sub(r"\1", parts[0][1]).casefold()} if parts else set())


def _name(group: str) -> str:
    """One of all ways to write the same DN or name. Keycloak writes "/noc" for noc."""
    parts = _parts(group)
    if not parts:
        return group.strip().removeprefix("/").casefold()
    return ",".join(f"{key}={value}" for key, value in parts).casefold()


def _parts(group: str) -> list[tuple[str, str]]:
    """A DN (RFC 4514) as keys and values; none if it is not one."""
    told = [part.partition("=") for part in _BETWEEN_PARTS.split(group)]
    parts = [(key.strip(), value.strip()) for key, _, value in told]
    return parts if all(key and value for key, value in parts) else []
