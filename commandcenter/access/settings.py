"""What config.toml says about signing in: [access], [oidc], [ldap] and [[grant]]."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from commandcenter.secret import Secret


class _Table:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True
    )


@dataclass(frozen=True, kw_only=True)
class Access(_Table):
    """[access]: who may sign in, and for how long."""

    demo_links: bool = False
    """`commandcenter links` prints links that sign in as demo roles. On loopback only."""
    plain_http: bool = False
    """People may sign in over http also from other machines. Passwords can then be read on the
    way: only for a network of which you know every cable."""
    local: bool = True
    """Accounts with a password of our own may sign in."""
    second_factor: tuple[Literal["viewer", "leader", "operator", "admin"], ...] = ()
    """Roles that need a second factor when they sign in with a password here: a code of an
    authenticator app. Everybody else may set one up under /me."""
    key: Secret | None = None
    """What the secrets of second factors are sealed with: 32 random bytes in base64, one key a
    line; the first seals, each opens. Without it a key is made in var/factors.key."""
    idle_minutes: Annotated[int, Field(ge=1, le=10_080)] = 120
    """A session that nobody uses ends after this: no request and no open page."""
    ask_again_minutes: Annotated[int, Field(ge=0, le=1440)] = 60
    """Whoever looks after accounts, or ends sessions, shows once more who they are when they signed
    in longer ago than this; 0: never."""
    absolute_hours: Annotated[int, Field(ge=1, le=720)] = 16
    """Every session ends after this: a shift and its hand-over."""


@dataclass(frozen=True, kw_only=True)
class Oidc(_Table):
    """[oidc]: people sign in at an OpenID Connect provider."""

    issuer: str
    client_id: str
    client_secret: Secret
    name: str = "SSO"
    """On the button of the sign-in page."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    username_claim: str = "preferred_username"
    name_claim: str = "name"
    groups_claim: str = "groups"
    """Also a path: realm_access.roles"""
    ca: Path | None = None
    """Certificates (PEM) to trust besides the system's."""


@dataclass(frozen=True, kw_only=True)
class Ldap(_Table):
    """[ldap]: people sign in with their passwords of an LDAP directory or Active Directory."""

    url: str
    base: str
    """Where people are looked for: "ou=people,dc=kobar,dc=go,dc=id"."""
    bind_dn: str = ""
    """Of the account that looks; without it the directory is asked anonymously."""
    bind_password: Secret | None = None
    filter: str = "(uid={username})"
    """Active Directory: "(sAMAccountName={username})"."""
    name_attribute: str = "cn"
    groups_attribute: str = "memberOf"
    group_base: str = ""
    """Where groups are looked for when people carry none: "ou=groups,dc=…"."""
    group_filter: str = ""
    """For example "(member={dn})"."""
    start_tls: bool = True
    ca: Path | None = None
    """Certificates (PEM) to trust besides the system's."""
    seconds: Annotated[float, Field(gt=0, le=60)] = 5.0


@dataclass(frozen=True, kw_only=True)
class Grant(_Table):
    """[[grant]]: the role of a group of [oidc] or [ldap]."""

    group: str
    role: Literal["viewer", "leader", "operator", "admin"]
    offices: tuple[str, ...] = field(default=())
    domains: tuple[str, ...] = field(default=())


def mistakes(
    access: Access,
    oidc: Oidc | None,
    ldap: Ldap | None,
    grants: Sequence[Grant],
    *,
    names: Iterable[str],
    host: str,
    offices: Iterable[str],
    feeds: Iterable[str],
) -> list[str]:
    """What is wrong with them together, as sentences that name table and key."""
    found = [*_demo(access, host, names), *_ways(access, oidc, ldap, grants)]
    if ldap is not None:
        found += _ldap(ldap)
    if oidc is not None and urlsplit(oidc.issuer).scheme != "https" and not _near(oidc.issuer):
        found.append("[oidc] issuer: must begin with https://")
    known = {"offices": set(offices), "domains": set(feeds)}
    for grant in grants:
        for key, there in known.items():
            unknown = [one for one in getattr(grant, key) if one not in there]
            found += [f'[[grant]] "{grant.group}" {key}: there is no {one!r}' for one in unknown]
    return found


def _demo(access: Access, host: str, names: Iterable[str]) -> Iterable[str]:
    if access.demo_links and not all(is_loopback(name) for name in (host, *names)):
        yield (
            "[access] demo_links: opens the doors to everybody, so [web] host and names must be "
            "of this machine only; take demo_links out, then `commandcenter account setup`"
        )


def _ways(
    access: Access, oidc: Oidc | None, ldap: Ldap | None, grants: Sequence[Grant]
) -> Iterable[str]:
    if not access.local and oidc is None and ldap is None:
        yield "[access] local: false, and there is neither [oidc] nor [ldap]: nobody could sign in"
    if (oidc is not None or ldap is not None) and not grants:
        yield "[[grant]]: [oidc] and [ldap] need at least one group with a role"


def _ldap(ldap: Ldap) -> Iterable[str]:
    scheme = urlsplit(ldap.url).scheme
    if scheme not in ("ldap", "ldaps"):
        yield "[ldap] url: must begin with ldaps:// or ldap://"
    if scheme == "ldap" and not ldap.start_tls and not _near(ldap.url):
        yield "[ldap] start_tls: without it passwords could be read on the way; use ldaps://"
    if "{username}" not in ldap.filter:
        yield "[ldap] filter: must hold {username}"
    if ldap.bind_dn and ldap.bind_password is None:
        yield "[ldap] bind_password: bind_dn needs one"
    if bool(ldap.group_base) != bool(ldap.group_filter):
        yield "[ldap] group_base and group_filter: one needs the other"


def _near(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
