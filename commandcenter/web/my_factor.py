"""/me/factor: setting up one's second factor of one's own will, and taking it away."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.second_factor import (
    codes_on_paper,
    hash_of,
    in_fours,
    new_secret,
    step_of,
)
from commandcenter.records import accounts, second_factors
from commandcenter.records.accounts import Account
from commandcenter.records.second_factors import HasOne
from commandcenter.web.console_doors import address_of
from commandcenter.web.doors import visitor_of
from commandcenter.web.factors import TooOften
from commandcenter.web.halfway import LASTS, MOST
from commandcenter.web.reception import Form, Reception, form_of
from commandcenter.web.second_step import TOO_MANY_CODES, WRONG_CODE

TYPES_HERE = (accounts.LOCAL, "ldap")  # others give their second factor where they sign in


class MyFactor:
    """The doors."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.offers = Offers()

    def routes(self) -> list[Route]:
        """For the web application."""
        desk, path = self.reception, "/me/factor"
        return [
            desk.get(path, self.look),
            desk.post(path, self.set_up),
            desk.post(f"{path}/remove", self.remove),
        ]

    async def look(self, request: Request) -> Response:
        """What the telephone needs, and a field for its first code."""
        account = await self._mine(request)
        if account is None:
            return self._refusal(request)
        if await self.reception.records.read(second_factors.factor_of, account.id):
            return self.reception.send(request, "/me")
        return self._page(request, account, {})

    async def set_up(self, request: Request) -> Response:
        """Keep it, once its code and the password are right; then its codes on paper."""
        desk, form, account = self.reception, await form_of(request), await self._mine(request)
        if account is None:
            return self._refusal(request)
        at, session = desk.now(), visitor_of(request).session
        secret = self.offers.of(session, at)
        step = step_of(secret, form.get("code", ""), at)
        wrong = await self._mistakes(form, account, step)
        if step is None or wrong:
            return self._page(request, account, wrong)
        papers = codes_on_paper()
        keep = partial(
            second_factors.set_up,
            secret=desk.factors.sealer.seal(secret, account.id),
            step=step,
            papers=[hash_of(one) for one in papers],
            address=address_of(request),
        )
        try:
            await desk.records.write(keep, at, account.name, account.id)
        except HasOne:
            return desk.send(request, "/me")
        self.offers.end(session)
        title, to = desk.say(request)("Codes on paper"), desk.paper.in_language(request, "/me")
        return desk.paper.page("papers.html", request, title=title, papers=papers, to=to)

    async def remove(self, request: Request) -> Response:
        """Take it away, for another telephone: only with one of its codes."""
        desk, me, form = self.reception, visitor_of(request), await form_of(request)
        account, say = await self._mine(request), desk.say(request)
        if account is None:
            return self._refusal(request)
        at, address = desk.now(), address_of(request)
        try:
            if not await desk.factors.given(account, form.get("code", ""), address):
                return desk.refusal(request, 400, say("This cannot be done"), say(WRONG_CODE))
        except TooOften:
            return desk.refusal(request, 429, say("This cannot be done"), say(TOO_MANY_CODES))
        gone = partial(second_factors.remove, keep_session=me.session, address=address)
        await desk.records.write(gone, at, account.name, account.id)
        return desk.send(request, "/me?told=factor")

    async def _mistakes(self, form: Form, account: Account, step: int | None) -> dict[str, str]:
        """English sentences by field. Raises Busy."""
        wrong = {} if step is not None else {"code": WRONG_CODE}
        if account.provider == accounts.LOCAL:
            why = await self.reception.mistaken(account, form.get("current", ""))
            wrong |= {"current": why} if why else {}
        return wrong

    async def _mine(self, request: Request) -> Account | None:
        """One's own account, if it is one that signs in here."""
        me = visitor_of(request)
        account = await self.reception.records.read(accounts.account_of, me.id)
        return account if account.provider in TYPES_HERE else None

    def _page(self, request: Request, account: Account, wrong: dict[str, str]) -> Response:
        desk, say = self.reception, self.reception.say(request)
        secret = self.offers.of(visitor_of(request).session, desk.now())
        return desk.paper.page(
            "my_factor.html",
            request,
            status=400 if wrong else 200,
            title=say("Set up the second step"),
            wrong={field: say(why) for field, why in wrong.items()},
            picture=desk.factors.picture(secret, account.username),
            secret=in_fours(secret),
            local=account.provider == accounts.LOCAL,
        )

    def _refusal(self, request: Request) -> Response:
        say = self.reception.say(request)
        why = say("Your second step is asked for where you sign in; set it up there")
        return self.reception.refusal(request, 400, say("This cannot be done"), why)


class Offers:
    """The secret that a session was offered, for as long as finding the telephone may take: loading
    the page again shows the same one. In memory, and of too many the oldest is forgotten."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._by_session: OrderedDict[int, tuple[str, datetime]] = OrderedDict()

    def of(self, session: int, now: datetime) -> str:
        """Its secret, a new one when it has none or an old one."""
        secret, at = self._by_session.pop(session, ("", now))
        if not secret or now - at >= LASTS:
            secret, at = new_secret(), now
        if len(self._by_session) >= self.most:
            self._by_session.popitem(last=False)
        self._by_session[session] = secret, at
        return secret

    def end(self, session: int) -> None:
        """It is kept now."""
        self._by_session.pop(session, None)
