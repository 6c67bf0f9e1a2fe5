"""Who knocks: sessions of people, tokens of programs and displays, as this process knows them.

Asked at each request, so kept in memory. What another process or a command did is read from the
records every two seconds; a token that is not known yet is looked up at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from starlette.requests import HTTPConnection
from starlette.types import Scope

from commandcenter.access.roles import Visitor, scope_of
from commandcenter.access.settings import Access, is_loopback
from commandcenter.digest import digest
from commandcenter.records import accounts, sessions, tokens
from commandcenter.records.accounts import DEMO, Account
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.sessions import SSO, Session
from commandcenter.records.tokens import ApiToken
from commandcenter.web.displays import Displays
from commandcenter.web.floods import Wrong

log = logging.getLogger(__name__)

T = TypeVar("T")

READ_EVERY = 2.0  # seconds: how late another process' revocation is seen
NOTE_EVERY = timedelta(minutes=1)  # how often it is written down that somebody is here
MOST_UNKNOWN = 1000  # tokens that nobody has; asked for once between two readings
IDLE = "idle"  # who ends a session that nobody uses
COOKIE = "commandcenter_session"
JUST_NOW = timedelta(minutes=10)  # how long a sign-in shows who somebody is, to change accounts
_LONG_AGO = datetime.min.replace(tzinfo=UTC)  # nobody knows when
DISPLAY_COOKIE = "commandcenter_display"  # what a display's token is kept under


class Knock(NamedTuple):
    """Whoever knocks. `wrong`: with a session or a token that never was anybody's."""

    visitor: Visitor | None
    wrong: Wrong | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the records say, by the digest of what is shown at the door."""

    sessions: dict[int, tuple[Session, Account]]
    tokens: dict[int, ApiToken]


class Visitors:
    """Everybody who may come in. Call `keep` as a task; `open_pages` tells which sessions have a
    page open, which counts as being used."""

    def __init__(
        self,
        records: Records,
        displays: Displays,
        now: Callable[[], datetime],
        access: Access,
        open_pages: Callable[[], Iterable[int]] = lambda: (),
    ) -> None:
        self.records, self.displays, self.now, self.access = records, displays, now, access
        self.open_pages = open_pages
        self.staff: tuple[str, ...] = ()
        """The names of those who work with incidents, in order."""
        self._known = _Known(sessions={}, tokens={})
        self._sessions: dict[str, int] = {}  # digest -> id
        self._tokens: dict[str, int] = {}
        self._unknown: set[str] = set()
        self._used: dict[int, datetime] = {}
        self._used_tokens: set[int] = set()
        self._noted_at = now()

    # --- at the door --------------------------------------------------------------------------

    async def who(self, scope: Scope, *, display: bool) -> Knock:
        """Who knocks here. `display`: at a door where a paired display is one before a person is.
        Raises RecordsDown when that cannot be known now."""
        connection = HTTPConnection(scope)
        given = connection.headers.get("authorization", "")
        if given:
            return await self._program(given)
        as_display = self._display(display_token(connection))
        if display and as_display is not None:
            return Knock(as_display)
        token = connection.cookies.get(cookie_name(scope), "")
        held = await self._session(token) if token else None
        person = self._person(*held, scope) if held else None
        wrong: Wrong | None = "session" if token and held is None else None
        return Knock(person or as_display, wrong)

    def valid(self, visitor: Visitor) -> bool:
        """Whether they may still be here. What is asked for a person counts as their presence."""
        match visitor.kind:
            case "display":
                found = self.displays.get(visitor.id)
                return found is not None and found.revoked_at is None
            case "token":
                token = self._known.tokens.get(visitor.id)
                return token is not None and self._good_token(token)
        held = self._known.sessions.get(visitor.session)
        return held is not None and self._good(*held)

    def has_just_signed_in(self, visitor: Visitor, patience: float = 1) -> bool:
        """Whether they may change how somebody signs in. `patience`: so many times ten minutes."""
        return self._signed_in_within(visitor, JUST_NOW * patience)

    def has_lately_signed_in(self, visitor: Visitor, patience: float = 1) -> bool:
        """Whether they need not show again who they are. `patience`: so many times the minutes of
        the configuration."""
        minutes = self.access.ask_again_minutes
        return not minutes or self._signed_in_within(visitor, timedelta(minutes=minutes) * patience)

    def _signed_in_within(self, visitor: Visitor, time: timedelta) -> bool:
        if visitor.demo or visitor.signed_in_at is None:
            return True
        return self.now() - visitor.signed_in_at < time

    def forget(self, session_ids: Iterable[int]) -> None:
        """These have just ended: nobody comes in with them from now on."""
        gone = set(session_ids)
        kept = {n: held for n, held in self._known.sessions.items() if n not in gone}
        self._known = replace(self._known, sessions=kept)

    async def _program(self, given: str) -> Knock:
        kind, _, token = given.partition(" ")
        if kind.lower() != "bearer" or not token:
            return Knock(None, "token")
        found = await self._token(digest(token.strip()), token.strip())
        if found is None or not self._good_token(found):
            return Knock(None, "token")
        self._used_tokens.add(found.id)
        return Knock(_program(found))

    async def _token(self, key: str, token: str) -> ApiToken | None:
        number = self._tokens.get(key)
        if number is not None:
            return self._known.tokens.get(number)
        if not self._ask_for(key):
            return None
        found = await self._asked(key, tokens.find, token)
        if found is not None:
            self._tokens[key], self._known.tokens[found.id] = found.id, found
        return found

    async def _session(self, token: str) -> tuple[Session, Account] | None:
        key = digest(token)
        number = self._sessions.get(key)
        if number is None and self._ask_for(key):
            found = await self._asked(key, sessions.by_token, token)
            if found is not None:
                self._sessions[key], number = found[0].id, found[0].id
                self._known.sessions[number] = found
        return self._known.sessions.get(number or 0)

    def _person(self, session: Session, account: Account, scope: Scope) -> Visitor | None:
        if not self._good(session, account):
            return None
        if account.provider == DEMO and not from_here(scope):
            return None
        self._used[session.id] = self.now()
        return _person(session, account)

    def _display(self, token: str) -> Visitor | None:
        found = self.displays.by_token(token)
        if found is None:
            return None
        return Visitor(kind="display", id=found.id, name=found.name, role="display")

    async def _asked(self, key: str, find: Callable[[Any, str], T], token: str) -> T:
        """What the records say. Raises RecordsDown: without an answer nobody is unknown."""
        try:
            return await self.records.read(find, token)
        except RecordsDown:
            self._unknown.discard(key)
            raise

    def _ask_for(self, key: str) -> bool:
        """Whether the records are to be asked for this one: once between two readings."""
        if key in self._unknown:
            return False
        if len(self._unknown) >= MOST_UNKNOWN:
            self._unknown.clear()
        self._unknown.add(key)
        return True

    def _good(self, session: Session, account: Account) -> bool:
        now = self.now()
        if session.ended_at is not None or account.disabled_at is not None:
            return False
        if account.provider == DEMO and not self.access.demo_links:
            return False
        return now < session.ends_at and now - self._seen_at(session) < self._idle

    def _good_token(self, token: ApiToken) -> bool:
        return token.revoked_at is None and self.now() < token.expires_at

    def _seen_at(self, session: Session) -> datetime:
        return max(session.seen_at, self._used.get(session.id, session.seen_at))

    @property
    def _idle(self) -> timedelta:
        return timedelta(minutes=self.access.idle_minutes)

    # --- between the records and us -----------------------------------------------------------

    async def keep(self) -> None:
        """Read what is new, write down who is here, for ever. While the records are away, those
        who are known stay: a room must not be turned out because a disk is slow."""
        told = False
        while True:
            try:
                await self.read()
                told = False
            except RecordsDown as error:
                if not told:
                    log.warning("who may come in cannot be read: %s", error)
                told = True
            except Exception:
                log.exception("who may come in cannot be read")
            await asyncio.sleep(READ_EVERY)

    async def read(self) -> None:
        """Once. Raises RecordsDown."""
        now = self.now()
        for number in self.open_pages():
            self._used[number] = now
        if now - self._noted_at >= NOTE_EVERY:
            await self._note(now)
        live, kept, staff = await self.records.read(_everything, now, self.access.demo_links)
        self._known = _Known(
            sessions={held[0].id: held for held in live}, tokens={token.id: token for token in kept}
        )
        self._sessions = {k: n for k, n in self._sessions.items() if n in self._known.sessions}
        self._used = {n: at for n, at in self._used.items() if n in self._known.sessions}
        self._unknown.clear()
        self.staff = staff
        for session, _ in live:
            if now - self._seen_at(session) >= self._idle:
                await self.records.write(sessions.end, now, IDLE, session.id)

    async def _note(self, now: datetime) -> None:
        used = [n for n, at in self._used.items() if at > self._noted_at]
        if used:
            await self.records.write(sessions.seen, used, now)
        if self._used_tokens:
            await self.records.write(tokens.used, self._used_tokens, now)
        self._used_tokens = set()
        self._noted_at = now


def _everything(
    connection: Any, now: datetime, demo: bool
) -> tuple[list[tuple[Session, Account]], list[ApiToken], tuple[str, ...]]:
    live = sessions.live_sessions(connection, now)
    return live, tokens.tokens(connection), tuple(accounts.staff(connection, demo=demo))


def _person(session: Session, account: Account) -> Visitor:
    return Visitor(
        kind="person",
        id=account.id,
        name=account.name,
        role=account.role,  # type: ignore[arg-type]
        scope=scope_of(account.offices, account.domains),
        session=session.id,
        signed_in_at=session.begun_at if session.how != SSO else _LONG_AGO,
        demo=account.provider == DEMO,
    )


def _program(token: ApiToken) -> Visitor:
    return Visitor(
        kind="token",
        id=token.id,
        name=f"token {token.name}",
        role="viewer",
        scope=scope_of(token.offices, token.domains),
        may=frozenset(token.scopes),
    )


def display_token(connection: HTTPConnection) -> str:
    """What a display shows; one that was paired before there was TLS has it under the old name."""
    kept = connection.cookies
    return kept.get(f"__Host-{DISPLAY_COOKIE}") or kept.get(DISPLAY_COOKIE, "")


# --- cookies --------------------------------------------------------------------------------------


def cookie_name(scope: Scope) -> str:
    """Over https browsers themselves see to it that nobody else sets it (RFC 6265bis 4.1.3.2)."""
    return f"__Host-{COOKIE}" if secure(scope) else COOKIE


def cookie_for(token: str, scope: Scope, *, hours: float) -> str:
    """The Set-Cookie of a new session. Lax, because links in messages lead to us."""
    held = f"{cookie_name(scope)}={token}; Max-Age={int(hours * 3600)}"
    return f"{held}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure(scope) else "")


def no_cookie(scope: Scope) -> str:
    """The Set-Cookie that takes it back."""
    return cookie_for("", scope, hours=0)


def secure(scope: Scope) -> bool:
    """Whether it came over TLS, to us or to a proxy that we believe."""
    return str(scope.get("scheme", "")) in ("https", "wss")


def from_here(scope: Scope) -> bool:
    """Whether it comes from this very machine. A reverse proxy here also knocks from loopback, but
    says for whom."""
    headers = HTTPConnection(scope).headers
    if any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip")):
        return False
    client = scope.get("client")
    return client is not None and client[0] != "localhost" and is_loopback(client[0])
