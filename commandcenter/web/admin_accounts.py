"""The doors of the accounts: who may sign in, as what, and the one-time links that let them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.roles import PEOPLE
from commandcenter.language import Language
from commandcenter.records import accounts, audit, entry_links, second_factors, sessions
from commandcenter.records.accounts import Account, LastAdmin, NameTaken, NoAccount
from commandcenter.records.audit import Entry, Wanted
from commandcenter.records.sessions import Session
from commandcenter.web.admin_account_form import MAY, WRONG, Filled
from commandcenter.web.admin_desk import Absent, AdminDesk, form_of, page_of, text_of
from commandcenter.web.admin_log import names_of
from commandcenter.web.admin_scope import Limits
from commandcenter.web.admin_sessions import session_row
from commandcenter.web.admin_words import exact, told
from commandcenter.web.console_doors import query
from commandcenter.web.doors import By, by_of, visitor_of

PAGE = 50
LINES = 50  # of the audit log, on the page of an account
LINK_HOURS = 24
PROVIDERS = {
    "local": "password",
    "oidc": "single sign-on",
    "ldap": "directory",
    "demo": "demo",
}
STATES = {"active": "active", "waiting": "never signed in", "disabled": "disabled"}
MARKS = {"active": "ok", "waiting": "none", "disabled": "bad"}


class Accounts:
    """/admin/accounts and what is behind it."""

    def __init__(self, desk: AdminDesk) -> None:
        self.desk = desk

    def routes(self) -> list[Route]:
        """For the web application."""
        one = "accounts/{number:int}"
        return [
            self.desk.get("accounts", self.table),
            self.desk.post("accounts", self.create),
            self.desk.get(one, self.card),
            self.desk.post(f"{one}/change", self.change),
            self.desk.post(f"{one}/disable", self.disable),
            self.desk.post(f"{one}/enable", self.enable),
            self.desk.post(f"{one}/link", self.link),
            self.desk.post(f"{one}/factor/remove", self.remove_factor),
        ]

    async def table(self, request: Request) -> Response:
        """Everybody; ?text=, ?role=, ?state=, ?page=; with ?new= the form for one more."""
        if "new" in request.query_params:
            return self._form(request, Filled(), {})
        say = self.desk.say(request)
        wanted = {name: query(request, name) for name in ("text", "role", "state")}
        found = [a for a in await self.desk.records.read(accounts.accounts) if _fits(a, wanted)]
        page = page_of(request, len(found), PAGE)
        return self.desk.page(
            request,
            "admin_accounts.html",
            title=say("Accounts"),
            rows=[self._row(account, say) for account in page.of(found)],
            wanted=wanted,
            roles=[(role, say(role)) for role in PEOPLE],
            states=[(state, say(STATES[state])) for state in STATES],
            page=page,
        )

    async def create(self, request: Request) -> Response:
        """A new account, and the link with which its owner begins."""
        say, filled = self.desk.say(request), self._filled(request, await form_of(request))
        if wrong := filled.mistakes(say):
            return self._form(request, filled, wrong)
        at, by = self.desk.now(), by_of(request)
        try:
            account, token = await self.desk.write(_invite, at, by, filled)
        except NameTaken as error:
            return self._form(request, filled, _taken(error, say))
        return self._link(request, account, token, at)

    async def card(self, request: Request) -> Response:
        """One account, its sessions and what the audit log says about it and by it."""
        return await self._card(request, await self._account(request), {})

    async def change(self, request: Request) -> Response:
        """Name, role and limits. Those that a directory gives are changed there."""
        say, before = self.desk.say(request), await self._account(request)
        filled = self._filled(request, await form_of(request), before)
        wrong = filled.mistakes(say)
        if before.role != filled.role and _own(request, before):
            wrong = {"role": say(WRONG["own-role"])}
        if wrong:
            return await self._card(request, before, wrong, filled)
        try:
            await self._do(request, accounts.change, before.id, **filled.facts)
        except NameTaken as error:
            return await self._card(request, before, _taken(error, say), filled)
        except LastAdmin:
            return await self._card(request, before, {"role": say(WRONG["last"])}, filled)
        return self.desk.done(request, f"/admin/accounts/{before.id}", "changed")

    async def disable(self, request: Request) -> Response:
        """It can no longer sign in, and its sessions end."""
        say, account = self.desk.say(request), await self._account(request)
        if _own(request, account):
            return await self._card(request, account, {"state": say(WRONG["own-state"])})
        try:
            await self._do(request, accounts.disable, account.id)
        except LastAdmin:
            return await self._card(request, account, {"state": say(WRONG["last"])})
        return self.desk.done(request, f"/admin/accounts/{account.id}", "disabled")

    async def enable(self, request: Request) -> Response:
        """It can sign in again."""
        account = await self._account(request)
        await self._do(request, accounts.enable, account.id)
        return self.desk.done(request, f"/admin/accounts/{account.id}", "enabled")

    async def link(self, request: Request) -> Response:
        """A new one-time link to set a password; an older one is void."""
        say, account = self.desk.say(request), await self._account(request)
        if account.provider != accounts.LOCAL:
            raise Absent("This account has no password here")
        if account.disabled_at is not None:
            return await self._card(request, account, {"link": say(WRONG["closed"])})
        at, by = self.desk.now(), by_of(request)
        token = await self.desk.write(_link, at, by, account.id)
        return self._link(request, account, token, at)

    async def remove_factor(self, request: Request) -> Response:
        """For somebody whose telephone and codes on paper are gone. Whoever needs a second factor
        sets up a new one at the next sign-in."""
        account = await self._account(request)
        if _own(request, account):
            why = self.desk.say(request)("Your own second step is removed under “My account”")
            return await self._card(request, account, {"factor": why})
        await self._do(request, second_factors.remove, account.id)
        return self.desk.done(request, f"/admin/accounts/{account.id}", "factor")

    # --- pages --------------------------------------------------------------------------------

    def _form(self, request: Request, filled: Filled, wrong: Mapping[str, str]) -> Response:
        say = self.desk.say(request)
        return self.desk.page(
            request,
            "admin_new_account.html",
            title=say("New account"),
            status=400 if wrong else 200,
            wrong=wrong,
            hours=LINK_HOURS,
            **self._fields(request, filled),
        )

    async def _card(
        self,
        request: Request,
        account: Account,
        wrong: Mapping[str, str],
        filled: Filled | None = None,
    ) -> Response:
        say, now = self.desk.say(request), self.desk.now()
        live, lines, names = await self.desk.records.read(_around, account, now, self.desk.idle)
        factor = await self.desk.records.read(second_factors.factor_of, account.id)
        return self.desk.page(
            request,
            "admin_account.html",
            title=account.name,
            status=400 if wrong else 200,
            wrong=wrong,
            account=account,
            row=self._row(account, say),
            mine=_own(request, account),
            created=exact(say, account.created_at),
            factor=exact(say, factor.created_at) if factor else "",
            sessions=[session_row(session, account, say) for session in live],
            lines=[told(line, say, names) for line in lines],
            hours=LINK_HOURS,
            **self._fields(request, filled or Filled.of(account)),
        )

    def _link(self, request: Request, account: Account, token: str, at: datetime) -> Response:
        """Told once: no address, no log and no other page has it."""
        say, origin = self.desk.say(request), self.desk.origin(request)
        return self.desk.page(
            request,
            "admin_link.html",
            title=say("One-time link for {name}", name=account.name),
            link=f"{origin}/enter/{token}",
            until=exact(say, at + timedelta(hours=LINK_HOURS)),
            account=account,
        )

    def _fields(self, request: Request, filled: Filled) -> dict[str, Any]:
        say = self.desk.say(request)
        limits = Limits(self.desk.config, say)
        return {
            "just_now": self.desk.visitors.has_just_signed_in(visitor_of(request)),
            "filled": filled,
            "roles": [(role, say(role), say(MAY[role])) for role in PEOPLE],
            "choices": limits.choices(filled.offices, filled.domains),
        }

    def _row(self, account: Account, say: Language) -> dict[str, Any]:
        limits, state, last = (
            Limits(self.desk.config, say),
            _state(account),
            account.last_sign_in_at,
        )
        limited = account.role == "operator"
        return {
            "id": account.id,
            "name": account.name,
            "username": account.username,
            "role": say(account.role),
            "limits": limits.told(account.offices, account.domains) if limited else "–",
            "provider": say(PROVIDERS[account.provider]),
            "last": exact(say, last) if last else "–",
            "mark": MARKS[state],
            "state": say(STATES[state]),
        }

    # --- what is asked ------------------------------------------------------------------------

    async def _account(self, request: Request) -> Account:
        number = request.path_params["number"]
        try:
            return await self.desk.records.read(accounts.account_of, number)
        except (NoAccount, OverflowError) as error:  # no number is so large
            raise Absent("There is no such account") from error

    def _filled(self, request: Request, form: FormData, before: Account | None = None) -> Filled:
        limits = Limits(self.desk.config, self.desk.say(request))
        if before is None:
            return Filled.typed(form, username=text_of(form, "username"), **limits.ticked(form))
        if before.provider != accounts.LOCAL:
            return replace(Filled.of(before), name=text_of(form, "name"))
        ticked = limits.ticked(form, before.offices, before.domains)
        return Filled.typed(form, username=before.username, **ticked)

    async def _do(self, request: Request, act: Any, number: int, **facts: Any) -> None:
        at, by = self.desk.now(), by_of(request)
        await self.desk.write(act, at, by.name, number, address=by.address, **facts)


# --- what is written and read in one transaction --------------------------------------------------


def _invite(connection: Any, at: datetime, by: By, filled: Filled) -> tuple[Account, str]:
    account = accounts.create(
        connection, at, by.name, username=filled.username, address=by.address, **filled.facts
    )
    return account, _link(connection, at, by, account.id)


def _link(connection: Any, at: datetime, by: By, number: int) -> str:
    return entry_links.issue(
        connection,
        at,
        by.name,
        "password",
        account_id=number,
        hours=LINK_HOURS,
        address=by.address,
    )


def _around(
    connection: Any, account: Account, now: datetime, idle: timedelta
) -> tuple[list[Session], list[Entry], dict[str, str]]:
    """The live sessions of an account, and the newest lines about it and by it."""
    live = [s for s, whose in sessions.live_sessions(connection, now) if whose.id == account.id]
    about = Wanted(thing=f"account/{account.id}", limit=LINES)
    by = Wanted(who=account.name, limit=LINES)
    found = {entry.number: entry for w in (about, by) for entry in audit.search(connection, w)}
    lines = [*found.values(), *audit.steps(connection, by)]
    newest = sorted(lines, key=lambda line: (line.at, line.number), reverse=True)[:LINES]
    return [s for s in live if s.seen_at > now - idle], newest, names_of(connection, newest)


def _state(account: Account) -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "active" if account.last_sign_in_at else "waiting"


def _fits(account: Account, wanted: Mapping[str, str]) -> bool:
    text = wanted["text"].casefold()
    return (
        wanted["role"] in ("", account.role)
        and wanted["state"] in ("", _state(account))
        and (text in account.name.casefold() or text in account.username.casefold())
    )


def _own(request: Request, account: Account) -> bool:
    visitor = visitor_of(request)
    return visitor.kind == "person" and visitor.id == account.id


def _taken(error: NameTaken, say: Language) -> dict[str, str]:
    return {error.field: say(WRONG[f"taken-{error.field}"])}
