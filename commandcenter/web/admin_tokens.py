"""The doors of the tokens with which programs come in: what each may do, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.access.roles import MAY
from commandcenter.language import Language
from commandcenter.records import tokens
from commandcenter.records.tokens import ApiToken
from commandcenter.web.admin_desk import Absent, AdminDesk, form_of, page_of, text_of
from commandcenter.web.admin_scope import Limits
from commandcenter.web.admin_words import exact
from commandcenter.web.console_doors import query
from commandcenter.web.doors import By, by_of, visitor_of

PAGE = 50
LONGEST_DAYS, USUAL_DAYS = 730, 365
OPENS = {
    "incidents:read": "Read incidents",
    "incidents:act": "Act on incidents: acknowledge, assign, resolve",
    "readings:write": "Post readings of a source",
    "events:write": "Push events that become incidents",
    "metrics:read": "Read /metrics and /readyz",
}
STATES = {"valid": "valid", "expired": "expired", "revoked": "revoked"}
MARKS = {"valid": "ok", "expired": "none", "revoked": "bad"}
WRONG = {
    "name": "1 to 80 characters",
    "taken": "A token with this name is valid already; revoke it first or choose another name",
    "may": "Choose at least one",
    "days": "1 to 730 days",
}
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,80}")


class NameInUse(ValueError):
    """A valid token has this name already: which of the two would a log speak of?"""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What somebody typed about a new token."""

    name: str = ""
    may: tuple[str, ...] = ()
    offices: Sequence[str] = ()
    domains: Sequence[str] = ()
    days: str = str(USUAL_DAYS)

    @classmethod
    def typed(cls, form: FormData, **limits: Any) -> Filled:
        """As the form has it."""
        ticked = {str(value) for value in form.getlist("may")}
        may = tuple(one for one in MAY if one in ticked)
        return cls(name=text_of(form, "name"), may=may, days=text_of(form, "days"), **limits)

    def mistakes(self, say: Language) -> dict[str, str]:
        """Sentences by field."""
        found = {}
        if not _NAME.fullmatch(self.name):
            found["name"] = say(WRONG["name"])
        if not self.may:
            found["may"] = say(WRONG["may"])
        if not (_is_number(self.days) and 1 <= int(self.days) <= LONGEST_DAYS):
            found["days"] = say(WRONG["days"])
        return found


class Tokens:
    """/admin/tokens and what is behind it."""

    def __init__(self, desk: AdminDesk) -> None:
        self.desk = desk

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.desk.get("tokens", self.table),
            self.desk.post("tokens", self.create),
            self.desk.post("tokens/{number:int}/revoke", self.revoke),
        ]

    async def table(self, request: Request) -> Response:
        """All that were ever given out, the newest first; ?text=, ?page=; with ?new= the form."""
        if "new" in request.query_params:
            return self._form(request, Filled(), {})
        say, now, text = self.desk.say(request), self.desk.now(), query(request, "text")
        everything = await self.desk.records.read(tokens.tokens)
        found = [token for token in everything if text.casefold() in token.name.casefold()]
        page = page_of(request, len(found), PAGE)
        return self.desk.page(
            request,
            "admin_tokens.html",
            title=say("Tokens"),
            rows=[self._row(token, now, say) for token in page.of(found)],
            wanted={"text": text},
            page=page,
        )

    async def create(self, request: Request) -> Response:
        """A new token, told once."""
        say, form = self.desk.say(request), await form_of(request)
        limits = Limits(self.desk.config, say)
        filled = Filled.typed(form, **limits.ticked(form))
        if wrong := filled.mistakes(say):
            return self._form(request, filled, wrong)
        at, by = self.desk.now(), by_of(request)
        try:
            told, token = await self.desk.write(_issue, at, by, filled)
        except NameInUse:
            return self._form(request, filled, {"name": say(WRONG["taken"])})
        row = self._row(token, at, say)
        title = say("Token {name}", name=token.name)
        return self.desk.page(request, "admin_token.html", title=title, row=row, token=told)

    async def revoke(self, request: Request) -> Response:
        """It opens nothing any more."""
        number = request.path_params["number"]
        at, by = self.desk.now(), by_of(request)
        try:
            await self.desk.write(tokens.revoke, at, by.name, number, address=by.address)
        except (LookupError, OverflowError) as error:  # no number is so large
            raise Absent("There is no such token") from error
        return self.desk.done(request, "/admin/tokens", "revoked")

    def _form(self, request: Request, filled: Filled, wrong: dict[str, str]) -> Response:
        say = self.desk.say(request)
        limits = Limits(self.desk.config, say)
        return self.desk.page(
            request,
            "admin_new_token.html",
            title=say("New token"),
            status=400 if wrong else 200,
            wrong=wrong,
            filled=filled,
            may=[(one, say(OPENS[one]), one in filled.may) for one in MAY],
            choices=limits.choices(filled.offices, filled.domains),
            longest=LONGEST_DAYS,
            just_now=self.desk.visitors.has_just_signed_in(visitor_of(request)),
        )

    def _row(self, token: ApiToken, now: datetime, say: Language) -> dict[str, Any]:
        limits, state = Limits(self.desk.config, say), _state(token, now)
        return {
            "id": token.id,
            "name": token.name,
            "may": [(one, say(OPENS[one])) for one in token.scopes],
            "limits": limits.told(token.offices, token.domains),
            "created": exact(say, token.created_at),
            "by": token.created_by,
            "expires": exact(say, token.expires_at),
            "used": exact(say, token.last_used_at) if token.last_used_at else "–",
            "valid": state == "valid",
            "mark": MARKS[state],
            "state": say(STATES[state]),
        }


def _issue(connection: Any, at: datetime, by: By, filled: Filled) -> tuple[str, ApiToken]:
    if filled.name.casefold() in _names(tokens.tokens(connection), at):
        raise NameInUse
    return tokens.issue(
        connection,
        at,
        by.name,
        name=filled.name,
        scopes=filled.may,
        offices=filled.offices,
        domains=filled.domains,
        days=int(filled.days),
        address=by.address,
    )


def _names(there: Iterable[ApiToken], at: datetime) -> set[str]:
    return {token.name.casefold() for token in there if _state(token, at) == "valid"}


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if token.expires_at > now else "expired"


def _is_number(told: str) -> bool:
    return told.isascii() and told.isdecimal() and len(told) <= 4
