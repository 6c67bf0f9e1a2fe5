"""/sign-in/oidc: away to the provider of [oidc], and back with what it says of the person.

Whatever goes wrong is a page in words, and a line in the audit log that holds no code and no token.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from commandcenter.access.flights import LASTS, Flight, Flights
from commandcenter.access.grants import NotSignedIn, ProviderDown
from commandcenter.access.oidc import Provider
from commandcenter.access.oidc_wire import BadAnswer, bad, word
from commandcenter.access.settings import Oidc
from commandcenter.rates import Rates
from commandcenter.records import accounts, audit
from commandcenter.records.accounts import AccountDisabled, LastAdmin, NameTaken
from commandcenter.records.sessions import SSO
from commandcenter.web.console_doors import address_of
from commandcenter.web.reception import NOT_ENCRYPTED, Reception, safe_path
from commandcenter.web.sign_in import Throttled

AWAY, BACK = "/sign-in/oidc", "/sign-in/oidc/back"
COOKIE = "commandcenter_flight"  # the ticket of commandcenter.access.flights
EVERYBODY = "*"  # whose refusals share the lines of the audit log

TITLE = "Signing in did not work"
RUN_OUT = "This sign-in has run out, was used already or began in another browser; start again"
DENIED = "{provider} did not sign you in; start again or use a local account"
DISABLED = "This account is disabled here; ask the administrator"
CLASH = "Your account here cannot be brought up to date; ask the administrator"


class OidcDoors:
    """The doors to the provider of [oidc]; without that table there are none."""

    def __init__(self, reception: Reception, settings: Oidc) -> None:
        self.reception = reception
        self.provider = Provider(settings, reception.config.grants, reception.now)
        self.flights = Flights()
        self.lines, self.throttled = Rates(rate=0.5, burst=30), Throttled()

    def routes(self) -> list[Route]:
        """For the web application."""
        return [self.reception.get(AWAY, self.leave), self.reception.get(BACK, self.come_back)]

    async def leave(self, request: Request) -> Response:
        """Off to the provider, with a ticket for the way back."""
        desk, say = self.reception, self.reception.say(request)
        if desk.readable(request):
            return desk.refusal(request, 403, say(TITLE), say(NOT_ENCRYPTED))
        here = f"{request.url.scheme}://{request.headers['host']}"  # one of [web] names (guard)
        told = request.query_params
        to, again = safe_path(told.get("next", "")), "again" in told
        setting_out = self.flights.begin(desk.now(), redirect_uri=here + BACK, to=to, again=again)
        state, ticket, flight = setting_out
        try:
            url = await self.provider.where_to(flight, state, say.code)
        except NotSignedIn as refusal:
            return await self._refused(request, refusal)
        answer = RedirectResponse(url, status_code=303, headers={"Cache-Control": "no-store"})
        answer.set_cookie(value=ticket, max_age=int(LASTS.total_seconds()), **_cookie(request))
        return answer

    async def come_back(self, request: Request) -> Response:
        """Signed in, or told why not. Either way the ticket is used up."""
        try:
            flight = self._flight(request)
            answer: Response = await self._sign_in(request, flight)
        except NotSignedIn as refusal:
            answer = await self._refused(request, refusal)
        answer.delete_cookie(**_cookie(request))
        return answer

    def _flight(self, request: Request) -> Flight:
        """Who comes back. Raises NotSignedIn."""
        told = request.query_params
        ticket = request.cookies.get(_cookie(request)["key"], "")
        flight = self.flights.end(told.get("state", ""), ticket, self.reception.now())
        if "error" in told:  # opens nothing; some providers then forget the state
            name = self.provider.settings.name
            raise NotSignedIn(DENIED, word(told["error"]), provider=name)
        if flight is None:
            raise NotSignedIn(RUN_OUT, "state or ticket unknown")
        return flight

    async def _sign_in(self, request: Request, flight: Flight) -> Response:
        """Raises NotSignedIn and RecordsDown."""
        desk, told = self.reception, request.query_params
        settings = self.provider.settings
        if told.get("iss", settings.issuer) != settings.issuer:  # RFC 9207
            raise bad(settings, "callback of another issuer")
        if not told.get("code"):
            raise bad(settings, "callback without a code")
        found, shown = await self.provider.who(flight, told["code"])
        held = {**asdict(found), "address": address_of(request)}
        try:
            account = await desk.records.write(accounts.sign_in_from, desk.now(), **held)
            return await desk.welcome(request, account, "oidc" if shown else SSO, flight.to)
        except AccountDisabled as error:
            raise NotSignedIn(DISABLED, found.username) from error
        except (NameTaken, LastAdmin) as error:
            raise NotSignedIn(CLASH, f"{found.username}: {error}") from error

    async def _refused(self, request: Request, refusal: NotSignedIn) -> Response:
        desk, say = self.reception, self.reception.say(request)
        await self._log(request, refusal)
        return desk.refusal(request, _status(refusal), say(TITLE), refusal.said(say))

    async def _log(self, request: Request, refusal: NotSignedIn) -> None:
        """One line for each refusal; of a flood thirty a minute, and how many more there were."""
        desk = self.reception
        now = desk.now()
        if self.lines.take(EVERYBODY, now.timestamp()).allowed:
            told: dict[str, Any] = {"note": str(refusal), "address": address_of(request)}
            facts = {"provider": "oidc", "why": refusal.detail}
            await desk.records.write(
                audit.append, now, audit.PROGRAM, "sign_in_refused", facts=facts, **told
            )
            return
        self.throttled.count += 1
        if times := self.throttled.due(now):
            await desk.records.write(
                audit.append, now, audit.PROGRAM, "throttled", facts={"attempts": times}
            )


def _status(refusal: NotSignedIn) -> int:
    match refusal:
        case ProviderDown():
            return 503
        case BadAnswer():
            return 400
    return 400 if refusal.text == RUN_OUT else 403


def _cookie(request: Request) -> dict[str, Any]:
    """Lax, because the way back begins at the provider."""
    secure = request.url.scheme == "https"
    return {
        "key": f"__Host-{COOKIE}" if secure else COOKIE,
        "path": "/",
        "secure": secure,
        "httponly": True,
        "samesite": "lax",
    }
