"""What every page of the administrator's desk shares: how it is asked and how it answers.

Who may come here at all is the guard's business (commandcenter.web.guard).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Concatenate, Literal, ParamSpec, TypeAlias, TypeVar
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from commandcenter.access.settings import is_loopback
from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.records.database import Records, RecordsDown
from commandcenter.web.console_doors import query
from commandcenter.web.paper import Paper
from commandcenter.web.visitors import Visitors

LONGEST_FORM = 200_000  # bytes: a form with five thousand offices has 100 kB
MOST_FIELDS = 10_000
# What a page says after an act; an address may only name one of these.
MESSAGES = {
    "changed": "The account was changed",
    "disabled": "The account was disabled and its sessions were ended",
    "enabled": "The account was enabled",
    "factor": "The second step was removed and every session was ended",
    "ended": "The session was ended",
    "revoked": "The token was revoked",
}
PLACES = {
    "/admin/accounts": "Accounts",
    "/admin/sessions": "Sessions",
    "/admin/tokens": "Tokens",
    "/admin/audit": "Audit log",
}

P = ParamSpec("P")
T = TypeVar("T")
Told: TypeAlias = Literal["changed", "disabled", "enabled", "factor", "ended", "revoked"]
Act: TypeAlias = Callable[[Request], Awaitable[Response]]


class Absent(LookupError):
    """There is no such thing; an English sentence for `say`."""


class BadForm(ValueError):
    """More than any form of ours sends."""


class AdminDesk:
    """Makes routes out of functions that answer with a page. What goes wrong is told on a page,
    too: 404, 413, or 503 when the records do not answer (nothing was changed then)."""

    def __init__(
        self, config: Config, records: Records, visitors: Visitors, now: Callable[[], datetime]
    ) -> None:
        self.config, self.records, self.visitors, self.now = config, records, visitors, now
        self.paper = Paper(config)
        self.idle = timedelta(minutes=config.access.idle_minutes)

    def get(self, path: str, act: Act) -> Route:
        """A page."""
        return Route(f"/admin/{path}", self._answered(act), methods=["GET"])

    def post(self, path: str, act: Act) -> Route:
        """Where a form is sent to."""
        return Route(f"/admin/{path}", self._answered(act), methods=["POST"])

    def page(
        self, request: Request, template: str, *, title: str, status: int = 200, **facts: Any
    ) -> Response:
        """A page with the desk's own navigation, and what the last act came to."""
        say = self.say(request)
        told = MESSAGES.get(query(request, "told"))
        more = {"message": say(told) if told else "", "wide": True, "wrong": {}}
        places = [(path, say(word)) for path, word in PLACES.items()]
        facts = {**more, "title": title, "places": places, **facts}
        return self.paper.page(template, request, status=status, **facts)

    def done(self, request: Request, path: str, told: Told) -> Response:
        """Send the browser on, so that nothing is done again when it loads the page again."""
        return RedirectResponse(
            self.paper.in_language(request, f"{path}?told={told}"), status_code=303
        )

    def say(self, request: Request) -> Language:
        """The language of this request's page."""
        return self.paper.language(request)

    async def write(
        self, act: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do something in one transaction. Whoever lost a right by it is out when this returns, not
        only at the visitors' next reading. Raises RecordsDown: then nothing was done."""
        done = await self.records.write(act, *args, **kwargs)
        with suppress(RecordsDown):
            await self.visitors.read()
        return done

    def origin(self, request: Request) -> str:
        """How other machines reach us: by the address that an administrator uses, or, who sits at
        this machine, by the one that messages name."""
        link = self.config.notify.link
        if link and is_loopback(request.url.hostname or ""):
            return link.rstrip("/")
        return f"{request.url.scheme}://{request.url.netloc}"

    def _answered(self, act: Act) -> Act:
        async def door(request: Request) -> Response:
            say = self.say(request)
            try:
                return await act(request)
            except Absent as error:
                return self._no(request, 404, say(str(error)))
            except BadForm:
                return self._no(request, 413, say("This form is too long"))
            except RecordsDown as error:
                return self._no(request, 503, say("Nothing was changed: {why}", why=error))

        return door

    def _no(self, request: Request, status: int, why: str) -> Response:
        title = self.say(request)("This cannot be done")
        return self.page(request, "admin_refused.html", title=title, status=status, why=why)


async def form_of(request: Request) -> FormData:
    """What was filled in, without the blanks around it; databases know no NUL. Raises BadForm."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise BadForm
    try:
        fields = parse_qsl(body.decode(errors="replace"), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise BadForm from error
    return FormData([(name, value.replace("\x00", "").strip()) for name, value in fields])


def text_of(form: FormData, name: str) -> str:
    """One field; "" when it was left empty."""
    return str(form.get(name, ""))


@dataclass(frozen=True, kw_only=True)
class Page:
    """One of the pages of something long. `number` is from 1."""

    number: int
    pages: int
    size: int
    found: int

    def of(self, everything: Sequence[T]) -> Sequence[T]:
        """What stands on it."""
        return everything[(self.number - 1) * self.size : self.number * self.size]


def page_of(request: Request, found: int, size: int) -> Page:
    """?page=; nonsense is the first one, beyond the end is the last one."""
    told, pages = query(request, "page", 6), max(1, -(-found // size))
    number = int(told) if told.isascii() and told.isdecimal() else 1
    return Page(number=min(max(number, 1), pages), pages=pages, size=size, found=found)
