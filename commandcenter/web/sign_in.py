"""/sign-in and /sign-out: with a name and a password, of ours or of a directory.

Whatever is wrong (the name, the password, a closed account, one at which somebody is guessing) is
answered in the same words, with the same status and after the same time: nobody learns here which
accounts there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.grants import Identity, NotSignedIn, ProviderDown
from commandcenter.access.roles import Visitor
from commandcenter.access.throttle import Attempt, MayTry, PaidAttempt, Refusal
from commandcenter.records import accounts, audit, sessions
from commandcenter.records.accounts import Account, AccountDisabled, LastAdmin, NameTaken
from commandcenter.records.database import RecordsDown
from commandcenter.web.console_doors import address_of
from commandcenter.web.reception import (
    NOT_ENCRYPTED,
    Form,
    Reception,
    form_of,
    kept_by_browser,
    person_of,
    safe_path,
)
from commandcenter.web.visitors import no_cookie

WRONG_STATUS = 401
SUMMARY = timedelta(minutes=1)  # a line for all attempts that the throttle refused meanwhile

WRONG = "The username or the password is wrong"
TOO_OFTEN = "Too many attempts from this network; please try again in {minutes} minutes"
LATE = "That took too long, or your account was changed; please begin again"
CLASH = "Your account here cannot be brought up to date; ask the administrator"


class Directory(Protocol):
    """Another house that knows passwords: commandcenter.access.ldap."""

    async def check(self, username: str, password: str, may_try: MayTry) -> Identity | None:
        """Who this is, or None. `may_try`: of whom was found. Raises NotSignedIn with what to tell
        them."""


class SignIn:
    """The doors."""

    def __init__(self, reception: Reception, directories: Sequence[Directory] = ()) -> None:
        self.reception, self.directories = reception, directories
        self.throttled = Throttled()

    def routes(self) -> list[Route]:
        """For the web application."""
        desk = self.reception
        return [
            desk.get("/sign-in", self.look),
            desk.post("/sign-in", self.enter),
            desk.post("/sign-out", self.leave),
        ]

    async def look(self, request: Request) -> Response:
        """The form; whoever is signed in already is sent on."""
        visitor, told = person_of(request), request.query_params
        if visitor is not None and "again" in told:
            return await self._once_more(request, visitor)
        if visitor is not None:
            return self.reception.send(request, safe_path(told.get("next", "")) or "/me")
        await self._summary()
        late = self.reception.say(request)(LATE) if "late" in told else ""
        return self._page(request, {"next": told.get("next", "")}, wrong=late, left="out" in told)

    async def _once_more(self, request: Request, visitor: Visitor) -> Response:
        """The form for somebody who is here, and shows again that it is they."""
        account = await self.reception.records.read(accounts.account_of, visitor.id)
        form = {"username": account.username, "next": request.query_params.get("next", "")}
        return self._page(request, form, again=True)

    async def enter(self, request: Request) -> Response:
        """Somebody says who they are."""
        if self.reception.readable(request):
            return self._page(request, {})
        form, pace = await form_of(request), self.reception.pace
        began = pace.now()
        paid = PaidAttempt(self.reception.throttle, await self._attempt(request, form))
        refusal = paid.pay()
        if refusal is not None:
            answer = await self._refused(request, form, paid.attempt, refusal)
            if refusal == "account":
                await pace.wait(began)
            return answer
        answer = await self._tried(request, form, paid)
        if answer.status_code == WRONG_STATUS:
            await pace.level(began)
        return answer

    async def leave(self, request: Request) -> Response:
        """End this session, and what the browser kept of it: drafts, pictures, pages."""
        desk, visitor = self.reception, person_of(request)
        if visitor is not None and visitor.session:
            ending: tuple[Any, ...] = desk.now(), visitor.name, visitor.session
            await desk.records.write(sessions.end, *ending, address=address_of(request))
            desk.visitors.forget([visitor.session])
        answer = desk.send(request, "/sign-in?out=1")
        answer.headers.append("Set-Cookie", no_cookie(request.scope))
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    # --- who is it ----------------------------------------------------------------------------

    async def _attempt(self, request: Request, form: Form) -> Attempt:
        username, cookie = form.get("username", ""), kept_by_browser(request)
        browser = (await self.reception.browsers()).known(cookie, username) if cookie else ""
        at, address = self.reception.now(), address_of(request)
        return Attempt(at=at, address=address, username=username, browser=browser)

    async def _tried(self, request: Request, form: Form, paid: PaidAttempt) -> Response:
        try:
            return await self._try(request, form, paid)
        except AccountDisabled:
            return await self._wrong(request, form, None)
        except NotSignedIn as error:
            paid.give_back()
            return await self._not_here(request, form, error)
        except Exception:
            paid.give_back()
            raise

    async def _try(self, request: Request, form: Form, paid: PaidAttempt) -> Response:
        """Look at the password. Raises NotSignedIn, AccountDisabled, Busy and RecordsDown."""
        local = await self._local(paid.attempt.username)
        password = form.get("password", "")
        kept = local.password_hash if local else None
        right = await self.reception.passwords.verify(kept, password)
        account, how = (local if right else None), "password"
        if local is None:
            account, how = await self._elsewhere(paid, password), "ldap"
        if paid.unseen:
            return await self._refused(request, form, paid.attempt, "account")
        if account is None or account.disabled_at is not None:
            return await self._wrong(request, form, local)
        if how == "password":
            account = await self._renewed(account, password)
        to = safe_path(form.get("next", ""))
        answer = await self.reception.welcome(request, account, how, to)
        paid.give_back()
        return answer

    async def _local(self, username: str) -> Account | None:
        if not self.reception.config.access.local:
            return None
        return await self.reception.records.read(accounts.by_username, username)

    async def _elsewhere(self, paid: PaidAttempt, password: str) -> Account | None:
        """Somebody whom a directory knows. A name of ours is never asked for there: its password
        is nobody else's business."""
        for directory in self.directories:
            found = await directory.check(paid.attempt.username, password, paid.pay_found)
            if found is not None:
                return await self._account(found, paid.attempt)
        return None

    async def _account(self, found: Identity, attempt: Attempt) -> Account:
        desk, told = self.reception, {**asdict(found), "address": attempt.address}
        try:
            return await desk.records.write(accounts.sign_in_from, desk.now(), **told)
        except (NameTaken, LastAdmin) as error:
            raise NotSignedIn(CLASH, f"{found.username}: {error}") from error

    async def _renewed(self, account: Account, password: str) -> Account:
        """The same password kept with today's costs, if it is kept with others."""
        desk, kept = self.reception, account.password_hash
        if kept is None or not desk.passwords.outdated(kept):
            return account
        return await desk.records.write(_rehash, account, await desk.passwords.hash(password))

    # --- answers ------------------------------------------------------------------------------

    async def _wrong(self, request: Request, form: Form, account: Account | None) -> Response:
        """One line in the audit log, without the name that was typed: people type passwords
        there."""
        thing = f"account/{account.id}" if account is not None else ""
        told = {"thing": thing, "address": address_of(request)}
        await self._log("sign_in_refused", **told)
        return self._page(request, form, WRONG_STATUS, self.reception.say(request)(WRONG))

    async def _not_here(self, request: Request, form: Form, error: NotSignedIn) -> Response:
        """A directory cannot be asked, or knows them and has no role for them."""
        down = isinstance(error, ProviderDown)  # which the log tells by itself
        if not down:
            told = {"note": error.detail, "address": address_of(request)}
            await self._log("sign_in_refused", **told)
        said = error.said(self.reception.say(request))
        return self._page(request, form, 503 if down else 403, said)

    async def _refused(
        self, request: Request, form: Form, attempt: Attempt, refusal: Refusal
    ) -> Response:
        say = self.reception.say(request)
        self.throttled.count += 1
        with suppress(RecordsDown):
            await self._summary()
        if refusal == "account":
            return self._page(request, form, WRONG_STATUS, say(WRONG))
        wait = self.reception.throttle.opens_in(attempt)
        minutes = math.ceil(wait.total_seconds() / 60)
        answer = self._page(request, form, 429, say(TOO_OFTEN, minutes=minutes))
        answer.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
        return answer

    async def _summary(self) -> None:
        """Tell the audit log, once a minute at most, how many attempts were refused unseen."""
        times = self.throttled.due(self.reception.now())
        if times:
            await self._log("throttled", facts={"attempts": times})

    async def _log(self, act: str, **told: Any) -> None:
        desk = self.reception
        await desk.records.write(audit.append, desk.now(), audit.PROGRAM, act, **told)

    def _page(
        self,
        request: Request,
        form: Form,
        status: int = 200,
        wrong: str = "",
        *,
        left: bool = False,
        again: bool = False,
    ) -> Response:
        desk, say = self.reception, self.reception.say(request)
        config, readable = desk.config, desk.readable(request)
        to = safe_path(form.get("next", ""))
        asked = ({"next": to} if to else {}) | ({"again": "1"} if again else {})
        elsewhere = "/sign-in/oidc" + (f"?{urlencode(asked)}" if asked else "")
        return desk.paper.page(
            "sign_in.html",
            request,
            status=403 if readable else status,
            title=say("Sign in"),
            wrong=say(NOT_ENCRYPTED) if readable else wrong,
            left=left,
            again=again,
            form=not readable and (config.access.local or bool(self.directories)),
            elsewhere=elsewhere if config.oidc and not readable else "",
            provider=config.oidc.name if config.oidc else "",
            username=form.get("username", "")[:80],
            to=to,
        )


@dataclass
class Throttled:
    """How many attempts were refused since the last line in the audit log."""

    count: int = 0
    told_at: datetime | None = None

    def due(self, at: datetime) -> int:
        """How many to tell now; 0: none, or not yet."""
        if not self.count or (self.told_at is not None and at - self.told_at < SUMMARY):
            return 0
        times, self.count, self.told_at = self.count, 0, at
        return times


def _rehash(connection: Any, before: Account, password_hash: str) -> Account:
    """Unless somebody has given it another password in the meantime."""
    now = accounts.account_of(connection, before.id)
    if now.password_hash != before.password_hash:
        raise AccountDisabled(before.name)
    accounts.rehash(connection, before.id, password_hash)
    return accounts.account_of(connection, before.id)
