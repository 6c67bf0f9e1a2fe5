"""/me: one's own account: who one is here, the password, and where one is signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.roles import Visitor
from commandcenter.language import Language
from commandcenter.records import accounts, second_factors, sessions
from commandcenter.records.accounts import Account, AccountDisabled
from commandcenter.records.second_factors import SecondFactor
from commandcenter.records.sessions import Session
from commandcenter.web.console_doors import address_of, query
from commandcenter.web.devices import device
from commandcenter.web.doors import visitor_of
from commandcenter.web.my_factor import TYPES_HERE
from commandcenter.web.reception import NOT_ENCRYPTED, TOO_MANY, Form, Reception, form_of
from commandcenter.web.visitors import no_cookie

HOW = {
    "password": "with a password",
    "code": "with a password and a code",
    "link": "with a one-time link",
    "oidc": "through {name}",
    "sso": "through {name}",
    "ldap": "through the directory",
    "demo": "with a demo link",
}
MESSAGES = {
    "password": "The password was changed; your other sessions were ended",
    "ended": "The session was ended",
    "others": "Your other sessions were ended",
    "factor": "The second step was removed; your other sessions were ended",
}


class Me:
    """The doors."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.idle = timedelta(minutes=reception.config.access.idle_minutes)

    def routes(self) -> list[Route]:
        """For the web application."""
        desk = self.reception
        return [
            desk.get("/me", self.look),
            desk.post("/me/password", self.password),
            desk.post("/me/sessions/{number:int}/end", self.end),
            desk.post("/me/sessions/end-others", self.end_others),
        ]

    async def look(self, request: Request) -> Response:
        """The page; ?told= names what the last act came to."""
        return await self._page(request, {})

    async def password(self, request: Request) -> Response:
        """Another password. Whoever sits at an open browser must know the current one."""
        desk, me = self.reception, visitor_of(request)
        say, form = desk.say(request), await form_of(request)
        if desk.readable(request):
            return await self._page(request, {"current": say(NOT_ENCRYPTED)}, 403)
        account = await desk.records.read(accounts.account_of, me.id)
        if account.provider != accounts.LOCAL:
            why = say("Your password is kept where you sign in; change it there")
            return desk.refusal(request, 400, say("This cannot be done"), why)
        status, wrong = await self._mistakes(form, account)
        if wrong:
            return await self._page(request, {f: say(why) for f, why in wrong.items()}, status)
        kept = await desk.passwords.hash(form["new"])
        told = desk.now(), account, kept, me.session, address_of(request)
        try:
            changed = await desk.records.write(_change, *told)
            has = await desk.records.read(second_factors.factor_of, account.id)
            how = "code" if has else "password"
            return await desk.welcome(request, changed, how, "/me?told=password", proven=True)
        except AccountDisabled:
            why = say("Your account was changed in the meantime; sign in again")
            return desk.refusal(request, 409, say("This cannot be done"), why)

    async def end(self, request: Request) -> Response:
        """One of one's own sessions; whoever ends the one at hand is signed out."""
        desk, me, number = self.reception, visitor_of(request), request.path_params["number"]
        told = desk.now(), me, number, address_of(request)
        if not await desk.records.write(_end, *told):
            say = desk.say(request)
            why = say("There is no such session of yours")
            return desk.refusal(request, 404, say("This cannot be done"), why)
        desk.visitors.forget([number])
        if number != me.session:
            return desk.send(request, "/me?told=ended")
        answer = desk.send(request, "/sign-in?out=1")
        answer.headers.append("Set-Cookie", no_cookie(request.scope))
        return answer

    async def end_others(self, request: Request) -> Response:
        """All but the one at hand."""
        desk, me = self.reception, visitor_of(request)
        ended = await desk.records.write(_end_others, desk.now(), me, address_of(request))
        desk.visitors.forget(ended)
        return desk.send(request, "/me?told=others")

    async def _mistakes(self, form: Form, account: Account) -> tuple[int, dict[str, str]]:
        """The status, and English sentences by field. Raises Busy."""
        desk = self.reception
        why = await desk.mistaken(account, form.get("current", ""))
        if why:
            return 429 if why == TOO_MANY else 400, {"current": why}
        why = await desk.new_password(form, (account.username, account.name))
        return 400, {"new": why} if why else {}

    async def _page(self, request: Request, wrong: dict[str, str], status: int = 200) -> Response:
        desk, me, say = self.reception, visitor_of(request), self.reception.say(request)
        account, live = await desk.records.read(_mine, me.id, desk.now(), self.idle)
        factor, papers = await desk.records.read(_factor, me.id)
        message = MESSAGES.get(query(request, "told"), "")
        this = [one for one in live if one.id == me.session]
        others = [one for one in live if one.id != me.session]
        return desk.paper.page(
            "me.html",
            request,
            status=status,
            title=say("My account"),
            wide=True,
            wrong=wrong,
            message=say(message) if message else "",
            account=account,
            limits=self._limits(account),
            local=account.provider == accounts.LOCAL,
            factor=say.moment(factor.created_at) if factor else "",
            papers=papers,
            just_now=desk.visitors.has_just_signed_in(me),
            needed=account.role in desk.config.access.second_factor,
            typed=account.provider in TYPES_HERE,
            how=self._how(this[0], say) if this else "",
            this=[_row(one, say) for one in this],
            others=[_row(one, say) for one in others],
        )

    def _limits(self, account: Account) -> list[str]:
        """What an operator is limited to, by the names that people know."""
        if account.role != "operator":
            return []
        names = {office.code: office.name for office in self.reception.config.offices}
        return [*(names.get(code, code) for code in account.offices), *account.domains]

    def _how(self, session: Session, say: Language) -> str:
        oidc = self.reception.config.oidc
        return say(HOW.get(session.how, session.how), name=oidc.name if oidc else "SSO")


def _row(session: Session, say: Language) -> dict[str, Any]:
    return {
        "id": session.id,
        "device": device(session.user_agent),
        "address": session.address or "–",
        "begun": say.moment(session.begun_at),
        "seen": say.moment(session.seen_at),
    }


# --- each in one transaction ----------------------------------------------------------------------


def _mine(
    connection: Any, number: int, at: datetime, idle: timedelta
) -> tuple[Account, list[Session]]:
    """An account and its sessions that have not ended, the one heard of last first."""
    live = [one for one, whose in sessions.live_sessions(connection, at) if whose.id == number]
    return accounts.account_of(connection, number), [s for s in live if s.seen_at > at - idle]


def _factor(connection: Any, number: int) -> tuple[SecondFactor | None, int]:
    """The second factor of an account, and how many of its codes on paper are left."""
    found = second_factors.factor_of(connection, number)
    return found, second_factors.papers_left(connection, number)


def _change(
    connection: Any, at: datetime, before: Account, kept: str, session: int, address: str
) -> Account:
    """Unless somebody has closed the account or set another password in the meantime."""
    now = accounts.account_of(connection, before.id)
    if now.disabled_at is not None or now.password_hash != before.password_hash:
        raise AccountDisabled(before.name)
    told: dict[str, Any] = {"keep_session": session, "address": address}
    accounts.set_password(connection, at, before.name, before.id, kept, **told)
    return accounts.account_of(connection, before.id)


def _end_others(connection: Any, at: datetime, me: Visitor, address: str) -> list[int]:
    """The sessions that were ended."""
    live = sessions.live_sessions(connection, at)
    others = [s.id for s, whose in live if whose.id == me.id and s.id != me.session]
    sessions.end_all(connection, at, me.name, me.id, but=me.session, address=address)
    return others


def _end(connection: Any, at: datetime, me: Visitor, number: int, address: str) -> bool:
    """End a session if it is one of `me`."""
    try:
        mine = sessions.session_of(connection, number).account_id == me.id
    except LookupError:
        return False
    if mine:
        sessions.end(connection, at, me.name, number, address=address)
    return mine
