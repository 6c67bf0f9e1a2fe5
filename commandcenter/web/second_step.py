"""/sign-in/code: the second step of signing in. Whoever has no second factor yet and needs one sets
it up here, before there is any session."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.second_factor import codes_on_paper, hash_of, in_fours, step_of
from commandcenter.records import second_factors
from commandcenter.records.accounts import Account, AccountDisabled
from commandcenter.records.second_factors import HasOne
from commandcenter.web.console_doors import address_of
from commandcenter.web.factors import TooOften
from commandcenter.web.halfway import Half
from commandcenter.web.reception import Reception, form_of

WRONG_CODE = "This code is not right, or it was used already; wait for the next one"
TOO_MANY_CODES = "Too many wrong codes; please try again in 15 minutes"


class SecondStep:
    """The doors."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception

    def routes(self) -> list[Route]:
        """For the web application."""
        path = "/sign-in/code"
        return [self.reception.get(path, self.look), self.reception.post(path, self.give)]

    async def look(self, request: Request) -> Response:
        """A field for the code; of somebody who has none yet also what the telephone needs."""
        half = self.reception.half(request)
        if half is None:
            return self.reception.send(request, "/sign-in?late=1")
        return self._page(request, half)

    async def give(self, request: Request) -> Response:
        """The code. A person who took too long, or whose account was changed meanwhile, begins
        again."""
        began = self.reception.pace.now()
        answer = await self._give(request)
        if answer.status_code in (401, 429):
            await self.reception.pace.wait(began)
        return answer

    async def _give(self, request: Request) -> Response:
        half, form = self.reception.half(request), await form_of(request)
        if half is None:
            return self.reception.send(request, "/sign-in?late=1")
        act = self._first if half.offered else self._second
        try:
            return await act(request, half, form.get("code", ""))
        except TooOften:
            return self._page(request, half, 429, TOO_MANY_CODES)
        except (AccountDisabled, HasOne):
            return self.reception.send(request, "/sign-in?late=1")

    async def _second(self, request: Request, half: Half, typed: str) -> Response:
        desk, told = self.reception, (half.account, typed, address_of(request))
        if not await desk.factors.given(*told):
            return self._page(request, half, 401, WRONG_CODE)
        return await desk.welcome(request, half.account, "code", half.to, proven=True)

    async def _first(self, request: Request, half: Half, typed: str) -> Response:
        desk = self.reception
        step = step_of(half.offered, typed, desk.now())
        if step is None:
            return self._page(request, half, 401, WRONG_CODE)
        papers = codes_on_paper()
        facts: dict[str, Any] = {
            "secret": desk.factors.sealer.seal(half.offered, half.account.id),
            "step": step,
            "papers": [hash_of(one) for one in papers],
            "address": address_of(request),
        }
        account: Account = half.account
        told = desk.now(), account.name, account.id
        await desk.records.write(second_factors.set_up, *told, **facts)
        onward = await desk.welcome(request, account, "code", half.to, proven=True)
        page = desk.paper.page(
            "papers.html",
            request,
            title=desk.say(request)("Codes on paper"),
            papers=papers,
            to=onward.headers["location"],
        )
        page.raw_headers += [held for held in onward.raw_headers if held[0] == b"set-cookie"]
        return page

    def _page(self, request: Request, half: Half, status: int = 200, wrong: str = "") -> Response:
        desk, say = self.reception, self.reception.say(request)
        offered = half.offered
        return desk.paper.page(
            "code.html",
            request,
            status=status,
            title=say("Set up the second step") if offered else say("The second step"),
            wrong={"code": say(wrong)} if wrong else {},
            picture=desk.factors.picture(offered, half.account.username) if offered else None,
            secret=in_fours(offered),
        )
