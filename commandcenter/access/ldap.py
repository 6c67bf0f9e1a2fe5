"""Accounts of an LDAP directory or Active Directory: look the person up, then bind as them
(RFC 4511 4.2, RFC 4513 5.1.3).

ldap3 because it is pure Python: nothing has to be compiled on a thin server, which python-ldap and
bonsai need. Its health: the last release, 2.9.1, is of 2021 and it warns on import with a newer
pyasn1; so little of it is used (bind, search, StartTLS) and nothing that Python does better (TLS).
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import secrets
import socket
import ssl
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from commandcenter.access.grants import Identity, ProviderDown, Standing, identity
from commandcenter.access.settings import Grant, Ldap
from commandcenter.access.throttle import MayTry
from commandcenter.secret import SecretMissing

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it uses old names of pyasn1
    import ldap3
    from ldap3.utils.conv import escape_filter_chars

log = logging.getLogger(__name__)

AT_ONCE = 4  # conversations with the directory; more would only wait there
LONGEST = 256  # characters of a name or password that are worth a question
MOST_GROUPS = 1000

SILENT = "The directory of accounts does not answer; try again in a moment or use a local account"
UNTRUSTED = (
    "The certificate of the directory of accounts cannot be trusted; "
    "the administrator must look at url and ca of [ldap]"
)
REFUSES = "The directory of accounts refuses to be asked; the administrator must look at [ldap]"

# Result codes of a bind (RFC 4511 A.2) that mean: not with this password. Whatever else is no
# success is a fault of the directory or of our settings.
_NOT_THIS_PASSWORD = {19, 32, 34, 48, 49, 50, 53}
_SIZE_LIMIT = 4


class Directory:
    """Asks the directory of [ldap] whether a password is right, and for the person's groups."""

    def __init__(self, settings: Ldap, grants: Sequence[Grant]) -> None:
        self.settings, self.grants = settings, grants
        self.standing = Standing("[ldap]")
        self._threads = ThreadPoolExecutor(AT_ONCE, "ldap")

    async def check(
        self, username: str, password: str, may_try: MayTry | None = None
    ) -> Identity | None:
        """Who that is, with the role of their groups; None if no such person has this password, or
        if `may_try` says of the DN that was found that nobody may try there now.

        Raises ProviderDown (it is away, slow, or refuses our own account) and NoGrant.
        """
        username = username.strip()
        if not 0 < len(username) <= LONGEST or not 0 < len(password) <= LONGEST:
            return None  # an empty password would be an unauthenticated bind (RFC 4513 5.1.2)
        try:
            found = await self._asked(username, password, may_try)
        except ProviderDown as down:
            self.standing.fell(down)
            raise
        self.standing.answered()
        if found is None:
            return None
        person = found.subject, found.username, found.name
        return identity("ldap", "LDAP", person, found.groups, self.grants)

    async def _asked(self, username: str, password: str, may_try: MayTry | None) -> _Found | None:
        """In a thread, because ldap3 waits; after our time its connection is cut."""
        loop, seconds = asyncio.get_running_loop(), self.settings.seconds

        def judged(dn: str) -> bool:  # whoever counts does so in the loop
            asked = may_try and asyncio.run_coroutine_threadsafe(may_try(dn), loop)
            return asked is None or asked.result(seconds)

        talk = _Conversation(self.settings, judged)
        try:
            async with asyncio.timeout(seconds):
                return await loop.run_in_executor(
                    self._threads, talk.person, username, password.encode(errors="replace")
                )
        except TimeoutError as error:
            raise ProviderDown(SILENT, f"{self.settings.url}: nothing in {seconds:g} s") from error
        finally:
            talk.cut()


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A person's entry."""

    dn: str
    subject: str = ""
    username: str = ""
    name: str = ""
    groups: tuple[str, ...] = ()


class _Conversation:
    """One connection: always the same steps, so that the time they take tells nobody whether a
    name is known."""

    def __init__(self, settings: Ldap, may_try: Callable[[str], bool]) -> None:
        self.settings, self.may_try = settings, may_try
        self.seconds = math.ceil(settings.seconds)  # ldap3 wants whole ones
        self.connection: ldap3.Connection | None = None

    def person(self, username: str, password: bytes) -> _Found | None:
        """Whoever has this name and password. Raises ProviderDown."""
        try:
            return self._person(self._open(), username, password)
        except ProviderDown:
            raise
        except Exception as error:  # ldap3 raises whatever a broken answer makes it stumble over
            raise self._translated(error) from error
        finally:
            self.cut()

    def cut(self) -> None:
        """End it, also from another thread: who waits for the directory stops waiting."""
        held = self.connection.socket if self.connection else None
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    def _person(self, at: ldap3.Connection, username: str, password: bytes) -> _Found | None:
        found = self._look_for(at, username)
        someone = found or self._nobody()
        groups = self._groups(at, someone.dn, username)
        if found and not self.may_try(found.dn):
            found, someone = None, self._nobody()
        tried = password if found else secrets.token_bytes(16).hex().encode()
        if not self._takes(at, someone.dn, tried) or found is None:
            return None
        return replace(found, groups=(*found.groups, *groups))

    def _open(self) -> ldap3.Connection:
        """Connected, encrypted and known as our own account."""
        told = self.settings
        tls = _Tls(ca_certs_file=str(told.ca) if told.ca else None)
        server = ldap3.Server(told.url, get_info=ldap3.NONE, tls=tls, connect_timeout=told.seconds)
        self.connection = at = ldap3.Connection(
            server,
            user=told.bind_dn or None,
            password=self._our_password(),
            receive_timeout=self.seconds,
            auto_referrals=False,  # another server would get the password
            check_names=False,
        )
        at.open(read_server_info=False)
        if not server.ssl and told.start_tls:
            at.start_tls(read_server_info=False)
        if not at.bind(read_server_info=False):
            raise self._refused(f"bind as {told.bind_dn or 'nobody'}", at)
        return at

    def _our_password(self) -> str | None:
        secret = self.settings.bind_password
        try:
            return secret.reveal() if secret and self.settings.bind_dn else None
        except SecretMissing as error:
            raise ProviderDown(REFUSES, f"bind_password: {error}") from error

    def _look_for(self, at: ldap3.Connection, username: str) -> _Found | None:
        """The one entry with this name; two are nobody."""
        told = self.settings
        asked = re.findall(r"\(([\w;-]+)=\{username\}\)", told.filter)[:1]
        wanted = [told.name_attribute, told.groups_attribute, "entryUUID", "objectGUID", *asked]
        query = told.filter.replace("{username}", escape_filter_chars(username))
        found = self._search(at, told.base, query, wanted, most=2)
        if len(found) > 1:
            log.warning("[ldap] filter finds several people for one name; none can sign in")
        return self._found(found[0], asked, username) if len(found) == 1 else None

    def _found(self, entry: Any, asked: list[str], typed: str) -> _Found:
        told = self.settings
        names = [*_texts(entry, asked[0]), typed] if asked else [typed]
        return _Found(
            dn=entry["dn"],
            subject=_subject(entry),
            username=names[0],
            name=next(iter(_texts(entry, told.name_attribute)), ""),
            groups=tuple(_texts(entry, told.groups_attribute)),
        )

    def _nobody(self) -> _Found:
        return _Found(dn=f"cn={secrets.token_hex(8)},{self.settings.base}")

    def _groups(self, at: ldap3.Connection, dn: str, username: str) -> list[str]:
        """The DNs of the groups that name the person, where people do not name their groups."""
        told = self.settings
        if not told.group_base:
            return []
        query = told.group_filter.replace("{dn}", escape_filter_chars(dn))
        query = query.replace("{username}", escape_filter_chars(username))
        entries = self._search(at, told.group_base, query, [ldap3.NO_ATTRIBUTES], most=MOST_GROUPS)
        return [entry["dn"] for entry in entries]

    def _search(
        self, at: ldap3.Connection, base: str, query: str, wanted: list[str], *, most: int
    ) -> list[Any]:
        at.search(
            base,
            query,
            attributes=wanted,
            size_limit=most,
            time_limit=self.seconds,
            dereference_aliases=ldap3.DEREF_NEVER,
        )
        if at.result["result"] not in (0, _SIZE_LIMIT):
            raise self._refused(f"search below {base}", at)
        return [entry for entry in at.response or () if entry["type"] == "searchResEntry"]

    def _takes(self, at: ldap3.Connection, dn: str, password: bytes) -> bool:
        """Whether this is the password of that entry."""
        if at.rebind(dn, password, read_server_info=False):
            return True
        if at.result["result"] in _NOT_THIS_PASSWORD:
            return False
        raise self._refused("bind as a person", at)

    def _refused(self, what: str, at: ldap3.Connection) -> ProviderDown:
        return ProviderDown(REFUSES, f"{self.settings.url}: {what}: {at.result['description']}")

    def _translated(self, error: Exception) -> ProviderDown:
        why = UNTRUSTED if "CERTIFICATE_VERIFY_FAILED" in str(error) else SILENT
        return ProviderDown(why, f"{self.settings.url}: {type(error).__name__}: {error}")


class _Tls(ldap3.Tls):
    """TLS by Python's own rules: ldap3 would not check the certificate unless told to, and compares
    host names with a copy of a function that Python has dropped."""

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:  # noqa: ARG002
        context = ssl.create_default_context()
        if self.ca_certs_file:
            context.load_verify_locations(self.ca_certs_file)
        name = connection.server.host
        connection.socket = context.wrap_socket(connection.socket, server_hostname=name)


def _texts(entry: Any, name: str) -> list[str]:
    """The values of an attribute, whose name the server may write in another case."""
    told: dict[str, list[bytes]] = entry["raw_attributes"]
    values = next((told[key] for key in told if key.lower() == name.lower()), [])
    return [value.decode(errors="replace") for value in values]


def _subject(entry: Any) -> str:
    """What stays the same when somebody marries or moves to another office: entryUUID (RFC 4530),
    objectGUID (Active Directory, MS-ADTS 3.1.1.1.4); else the DN."""
    told = {key.lower(): values for key, values in entry["raw_attributes"].items() if values}
    if "objectguid" in told and len(told["objectguid"][0]) == 16:
        return str(UUID(bytes_le=told["objectguid"][0]))
    if "entryuuid" in told:
        return str(told["entryuuid"][0].decode(errors="replace"))
    return str(entry["dn"]).casefold()
