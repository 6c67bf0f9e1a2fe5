"""What all doors share at which people come in: how they are asked, how they answer, and how
somebody is signed in, in one step or two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from commandcenter.access.browsers import KnownBrowsers
from commandcenter.access.pace import Pace
from commandcenter.access.passwords import Busy, Passwords, tidy
from commandcenter.access.roles import Visitor
from commandcenter.access.sealing import NoKey, Sealer
from commandcenter.access.throttle import OF_BROWSER, Budget, Throttle
from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.records import second_factors, sessions
from commandcenter.records.accounts import Account, AccountDisabled, account_of
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.own_keys import own_key
from commandcenter.web.console_doors import address_of
from commandcenter.web.factors import Factors
from commandcenter.web.halfway import LASTS, Half, Halfway
from commandcenter.web.paper import Paper
from commandcenter.web.visitors import Visitors, cookie_for, from_here, secure

MOST_FIELDS = 20
FOR_LONG = 400 * 24 * 3600  # seconds: the longest that Chromium keeps a cookie
BROWSER = "commandcenter_browser"  # which accounts were signed in with this browser before
HALF = "commandcenter_half"  # of whoever has given the password and not yet the second factor
TYPED_HERE = ("password", "ldap", "link")  # ways in that one factor opens; a provider asks for two
START = {"viewer": "/", "leader": "/", "operator": "/console", "admin": "/admin"}
APPLICATION = ("commandcenter", "command center", "dashboard")

BUSY = "Many people are signing in just now; please try again in {seconds} seconds"
TOO_MANY = "Too many wrong attempts; please try again in 15 minutes"
NO_ANSWER = "The database does not answer; please try again in a moment"
NO_KEY = (
    "The server has lost the key of second steps. A code on paper opens nevertheless; otherwise "
    "ask your administrator"
)
NOT_ENCRYPTED = (
    "On the way from your browser to here a password could be read along: this address is not "
    "encrypted. Use the address that begins with https://; if you do not know it, ask your "
    "administrator"
)

Act = Callable[[Request], Awaitable[Response]]
Form = dict[str, str]


class BadForm(ValueError):
    """Not a form of ours."""


class Reception:
    """One for a process, so that all doors count and compute together. `passwords` may be made
    with other costs, `sealer` with a key that is kept elsewhere, `pace` with another clock."""

    def __init__(
        self,
        config: Config,
        records: Records,
        visitors: Visitors,
        now: Callable[[], datetime],
        passwords: Passwords | None = None,
        sealer: Sealer | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.config, self.records, self.visitors, self.now = config, records, visitors, now
        self.pace = pace or Pace()
        self.paper = Paper(config)
        self.passwords = passwords or Passwords()
        self.throttle = Throttle()
        self.guesses = Budget(OF_BROWSER)  # at the current password, by account
        self.factors = Factors(records, now, config.region.name, sealer or config.sealer)
        self.halfway = Halfway()
        self._browsers: KnownBrowsers | None = None

    # --- doors --------------------------------------------------------------------------------

    def get(self, path: str, act: Act) -> Route:
        """A page."""
        return Route(path, self._answered(act), methods=["GET"])

    def post(self, path: str, act: Act) -> Route:
        """Where a form is sent to."""
        return Route(path, self._answered(act), methods=["POST"])

    def say(self, request: Request) -> Language:
        """The language of this request's page."""
        return self.paper.language(request)

    def refusal(self, request: Request, status: int, title: str, why: str) -> Response:
        """A page that says why not. Both texts are in the reader's language."""
        return self.paper.page("refused.html", request, status=status, title=title, why=why)

    def send(self, request: Request, path: str) -> RedirectResponse:
        """On to another page of ours, in the language of this one."""
        return RedirectResponse(self.paper.in_language(request, path), status_code=303)

    def _answered(self, act: Act) -> Act:
        async def door(request: Request) -> Response:
            say = self.say(request)
            try:
                return await act(request)
            except BadForm:
                why = say("This form cannot be understood; load the page again")
                return self.refusal(request, 400, say("This cannot be done"), why)
            except RecordsDown:
                return self.refusal(request, 503, say("This cannot be done now"), say(NO_ANSWER))
            except NoKey:
                return self.refusal(request, 503, say("This cannot be done now"), say(NO_KEY))
            except Busy as busy:
                why = say(BUSY, seconds=busy.seconds)
                answer = self.refusal(request, 503, say("This cannot be done now"), why)
                answer.headers["Retry-After"] = str(busy.seconds)
                return answer

        return door

    # --- passwords ----------------------------------------------------------------------------

    async def new_password(self, form: Form, words: Iterable[str]) -> str | None:
        """Why the new password of a form (`new`, `again`) will not do, as a sentence for `say`.
        `words`: its owner's name and username. Raises Busy."""
        if tidy(form.get("new", "")) != tidy(form.get("again", "")):
            return "The two passwords are not the same"
        region = self.config.region
        ours = (region.name, region.office, region.initials, *self.config.web.names, *APPLICATION)
        return await self.passwords.weakness(form.get("new", ""), (*words, *ours))

    async def mistaken(self, account: Account, typed: str) -> str | None:
        """Why this is not the current password of somebody who is signed in, as a sentence for
        `say`. Raises Busy."""
        key, at = str(account.id), self.now()
        if not self.guesses.take(key, at):
            return TOO_MANY
        if not await self.passwords.verify(account.password_hash, typed):
            return "This is not your current password"
        self.guesses.give_back(key, at)
        return None

    def readable(self, request: Request) -> bool:
        """Whether a password could be read on its way here."""
        plain = not secure(request.scope) and not self.config.access.plain_http
        return plain and not from_here(request.scope)

    async def browsers(self) -> KnownBrowsers:
        """Who reads the cookie that remembers the accounts of a browser."""
        if self._browsers is None:
            key = await self.records.write(own_key, "browsers", self.now())
            self._browsers = KnownBrowsers(key)
        return self._browsers

    # --- signing in ---------------------------------------------------------------------------

    async def welcome(
        self, request: Request, account: Account, how: str, to: str = "", *, proven: bool = False
    ) -> RedirectResponse:
        """Sign somebody in, always with a new session; one that this browser had is ended. `to` is
        a path of ours, else their role's own page is shown. Whoever has a second factor, or needs
        one, is asked for it first, unless it is `proven`. Raises AccountDisabled."""
        if how in TYPED_HERE and not proven:
            has = await self.records.read(second_factors.factor_of, account.id) is not None
            if has or account.role in self.config.access.second_factor:
                return self._half_in(request, account, to, first=not has)
        asked: dict[str, Any] = {
            "hours": self.config.access.absolute_hours,
            "address": address_of(request),
            "user_agent": request.headers.get("user-agent", ""),
            "how": how,
        }
        older = person_of(request)
        begin = partial(_begin, older=older, **asked)
        token = await self.records.write(begin, self.now(), account)
        self.visitors.forget([older.session] if older is not None else [])
        answer = self.send(request, to or START[account.role])
        answer.headers["Cache-Control"] = "no-store"
        held = cookie_for(token, request.scope, hours=self.config.access.absolute_hours)
        answer.headers.append("Set-Cookie", held)
        half = half_cookie(request.scope)
        if half in request.cookies:
            self.halfway.end(request.cookies[half])
            self._hold(request, answer, half, "", 0)
        await self._remember(request, answer, account)
        return answer

    def half(self, request: Request) -> Half | None:
        """Who has given the password with this browser, and not yet the second factor."""
        ticket = request.cookies.get(half_cookie(request.scope), "")
        return self.halfway.find(ticket, self.now())

    def _half_in(
        self, request: Request, account: Account, to: str, *, first: bool
    ) -> RedirectResponse:
        ticket = self.halfway.begin(self.now(), account, to=to, first=first)
        answer = self.send(request, "/sign-in/code")
        self._hold(request, answer, half_cookie(request.scope), ticket, LASTS.seconds)
        return answer

    async def _remember(self, request: Request, answer: Response, account: Account) -> None:
        """That this browser belongs to this person, too; it opens nothing."""
        kept = (await self.browsers()).remember(kept_by_browser(request), account.username)
        self._hold(request, answer, browser_cookie(request.scope), kept, FOR_LONG)

    def _hold(
        self, request: Request, answer: Response, name: str, value: str, seconds: int
    ) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            secure=secure(request.scope),
            httponly=True,
            samesite="strict",
        )


def _begin(
    connection: Any, at: datetime, account: Account, *, older: Visitor | None, **asked: Any
) -> str:
    """One transaction, in which the account is looked at once more: checking a password takes its
    time, and somebody may have closed it meanwhile or given it another one."""
    now = account_of(connection, account.id)
    if now.disabled_at is not None or now.password_hash != account.password_hash:
        raise AccountDisabled(account.name)
    if older is not None and older.session:
        sessions.end(connection, at, older.name, older.session, address=asked["address"])
    token, _ = sessions.begin(connection, at, now, **asked)
    return token


async def form_of(request: Request) -> Form:
    """The fields of a form, exactly as they were typed: blanks belong to a password. Raises
    BadForm."""
    try:
        text = (await request.body()).decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:  # also what is no UTF-8
        raise BadForm from error


def person_of(request: Request) -> Visitor | None:
    """Who is signed in, if a person is."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    return found if found is not None and found.kind == "person" else None


def safe_path(wanted: str) -> str:
    """Where somebody wanted to go, if it is a page of ours; else "". "/" is where one is sent
    without having wanted anything, so it names nothing either."""
    bad = not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted
    if bad or len(wanted) > 500 or not wanted.isascii() or not wanted.isprintable():
        return ""
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc
    doors = parts.path.startswith(("/sign-", "/enter/", "/demo/"))
    return wanted if ours and parts.path != "/" and not doors else ""


def kept_by_browser(request: Request) -> str:
    """What it knows of the accounts that were signed in with it."""
    return request.cookies.get(browser_cookie(request.scope), "")


def browser_cookie(scope: Scope) -> str:
    """The name of that cookie."""
    return _named(BROWSER, scope)


def half_cookie(scope: Scope) -> str:
    """The name of the one that holds the ticket of whoever is half way in."""
    return _named(HALF, scope)


def _named(name: str, scope: Scope) -> str:
    """The prefix: no other host and no plain connection can set it (RFC 6265bis 4.1.3.2)."""
    return f"__Host-{name}" if secure(scope) else name
