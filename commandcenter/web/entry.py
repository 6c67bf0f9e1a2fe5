"""/enter/<token>: one-time links with which somebody chooses a password and is signed in.

Chat programs fetch links to show what is behind them, so looking changes nothing; the link dies
with its use. Unknown, used and expired ones get the same page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.records import accounts, entry_links
from commandcenter.records.accounts import Account, AccountDisabled, NameTaken
from commandcenter.records.entry_links import EntryLink, LinkGone
from commandcenter.web.admin_account_form import WRONG, Filled
from commandcenter.web.console_doors import address_of
from commandcenter.web.reception import NOT_ENCRYPTED, Form, Reception, form_of


class Entry:
    """The door."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception

    def routes(self) -> list[Route]:
        """For the web application."""
        path = "/enter/{token}"
        return [self.reception.get(path, self.look), self.reception.post(path, self.take)]

    async def look(self, request: Request) -> Response:
        """Whose link this is, and a form."""
        try:
            account = await self._find(request)
        except LinkGone:
            return self._gone(request)
        return self._page(request, account, {}, {})

    async def take(self, request: Request) -> Response:
        """Choose the password; the first administrator also a name."""
        form = await form_of(request)
        try:
            account = await self._find(request)
            if self.reception.readable(request):
                return self._page(request, account, {}, {})
            wrong = await self._mistakes(request, form, account)
            if wrong:
                return self._page(request, account, form, wrong)
            return await self._enter(request, form, account)
        except (LinkGone, AccountDisabled):
            return self._gone(request)

    async def _find(self, request: Request) -> Account | None:
        """Whose password the link is about; None: the first administrator's. Raises LinkGone."""
        desk = self.reception
        if not desk.config.access.local:
            raise LinkGone
        return await desk.records.read(_opened, request.path_params["token"], desk.now())

    async def _mistakes(
        self, request: Request, form: Form, account: Account | None
    ) -> dict[str, str]:
        """Sentences by field."""
        say, found, names = self.reception.say(request), {}, _names(account)
        if account is None:
            filled = _filled(form)
            found, names = filled.mistakes(say), (filled.username, filled.name)
        why = await self.reception.new_password(form, names)
        return {**found, "new": say(why)} if why else found

    async def _enter(self, request: Request, form: Form, account: Account | None) -> Response:
        desk, token = self.reception, request.path_params["token"]
        kept = await desk.passwords.hash(form["new"])
        asked = desk.now(), token, kept, address_of(request)
        try:
            if account is None:
                entering = await desk.records.write(_first_admin, *asked, _filled(form))
            else:
                entering = await desk.records.write(_set_password, *asked)
        except NameTaken as error:
            wrong = {error.field: desk.say(request)(WRONG[f"taken-{error.field}"])}
            return self._page(request, account, form, wrong)
        return await desk.welcome(request, entering, "link")

    def _page(
        self, request: Request, account: Account | None, form: Form, wrong: dict[str, str]
    ) -> Response:
        desk, say = self.reception, self.reception.say(request)
        readable = desk.readable(request)
        first = account is None
        title = say("The first administrator") if first else say("Choose your password")
        return desk.paper.page(
            "entry.html",
            request,
            status=403 if readable else 400 if wrong else 200,
            title=title,
            why=say(NOT_ENCRYPTED) if readable else "",
            account=account,
            filled=_filled(form),
            wrong=wrong,
        )

    def _gone(self, request: Request) -> Response:
        say = self.reception.say(request)
        why = say("A link holds for a day and works once; an administrator gives you a new one")
        return self.reception.refusal(request, 404, say("This link no longer works"), why)


def _filled(form: Form) -> Filled:
    names = {name: form.get(name, "").replace("\x00", "").strip() for name in ("username", "name")}
    return Filled(**names, role=accounts.ADMIN)


def _names(account: Account | None) -> tuple[str, ...]:
    return (account.username, account.name) if account is not None else ()


# --- each in one transaction ----------------------------------------------------------------------


def _opened(connection: Any, token: str, at: datetime) -> Account | None:
    """Whom a link is for that would work now."""
    link = entry_links.find(connection, token, at)
    if link is None:
        raise LinkGone
    return _whose(connection, link)


def _whose(connection: Any, link: EntryLink) -> Account | None:
    """The account of a link. Raises LinkGone when the link has lost its sense: the account was
    closed, or there is an administrator already."""
    if link.account_id is None:
        if accounts.has_admin(connection):
            raise LinkGone
        return None
    account = accounts.account_of(connection, link.account_id)
    if account.disabled_at is not None or account.provider != accounts.LOCAL:
        raise LinkGone
    return account


def _first_admin(
    connection: Any, at: datetime, token: str, kept: str, address: str, filled: Filled
) -> Account:
    link = entry_links.use(connection, token, at)
    if _whose(connection, link) is not None:
        raise LinkGone
    by, who = filled.name, {"username": filled.username, **filled.facts}
    return accounts.create(connection, at, by, **who, password_hash=kept, address=address)


def _set_password(connection: Any, at: datetime, token: str, kept: str, address: str) -> Account:
    account = _whose(connection, entry_links.use(connection, token, at))
    if account is None:
        raise LinkGone
    accounts.set_password(connection, at, account.name, account.id, kept, address=address)
    return accounts.account_of(connection, account.id)
