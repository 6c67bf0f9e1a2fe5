"""/a/<token>: the link in a message with which one acknowledges, without signing in.

The token is the authority (commandcenter.notify.links). Chat programs fetch links to show what is
behind them, so looking changes nothing: the page has one button. It is plain HTML without scripts,
for any telephone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from commandcenter.notify.links import AckLink, BadLink, read
from commandcenter.records.database import RecordsDown
from commandcenter.records.incidents import IncidentRow, NoIncident, incident_of
from commandcenter.records.life import NotPossible, StaleIncident, Step
from commandcenter.records.links import LinkUsed, acknowledge_once, is_used
from commandcenter.secret import Secret, SecretMissing
from commandcenter.web.console_doors import Doors, address_of
from commandcenter.web.console_steps import Ringer, who_was_first

Mood = Literal["bad", "warn", "ok", "unknown"]

PAGE = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="dark">
    <title>{title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/assets/theme.css">
    <style>
      html {{ font-size: 16px; }}
      main {{ max-width: 30rem; margin: 12vh auto 0; padding: 1.25rem; display: grid; gap: 1rem; }}
      h1 {{ margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }}
      p, small {{ margin: 0; overflow-wrap: anywhere; }}
      small {{ opacity: .75; }}
      .bad {{ color: #ff8a8a; }} .warn {{ color: #ffc35a; }} .ok {{ color: #7fd8a4; }}
      button {{ min-height: 3.25rem; width: 100%; border: 0; border-radius: .5rem; font: inherit;
                font-weight: 700; color: #06121f; background: #4db2ff; }}
    </style>
  </head>
  <body>
    <main>
      <small>{region}</small>
      <h1>{title}</h1>
      {lines}
      {form}
    </main>
  </body>
</html>"""
FORM = """<form method="post"><input type="hidden" name="version" value="{version}">
        <button>{word}</button></form>"""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a token leads to, as the records have it."""

    row: IncidentRow
    used: bool


class AckLinks:
    """The door. `secret` signs the links; without one there are none."""

    def __init__(self, doors: Doors, ringer: Ringer, secret: Secret | None) -> None:
        self.doors, self.ringer, self.secret = doors, ringer, secret
        self.terms = doors.config.incidents.terms

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            Route("/a/{token}", self.look, methods=["GET"]),
            Route("/a/{token}", self.take, methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        """What the link is about, with a button if there is something to do."""
        return await self._answered(request, self._look)

    async def take(self, request: Request) -> Response:
        """The button was pressed: acknowledge, once."""
        return await self._answered(request, self._take)

    async def _answered(self, request: Request, act: Callable[..., Any]) -> Response:
        say, token = self.doors.say, request.path_params["token"]
        try:
            page: Response = await act(request, self._read(token), _mark(token))
        except BadLink as error:
            return self._page(say(str(error)), self._at_the_console(), status=404)
        except NoIncident:
            return self._page(say("There is no such incident"), self._at_the_console(), status=404)
        except RecordsDown:
            told = say("The database does not answer; please try again in a moment")
            return self._page(say("Nothing was changed yet"), told, "bad", status=503)
        return page

    def _read(self, token: str) -> AckLink:
        if self.secret is None:
            raise BadLink("This link is not one of ours")
        try:
            return read(token, self.secret.reveal(), self.doors.now())
        except SecretMissing as error:
            raise BadLink("This link is not one of ours") from error

    async def _look(self, _: Request, link: AckLink, mark: str) -> Response:
        say = self.doors.say
        found = await self.doors.records.read(_find, link.incident, mark)
        row = found.row
        if found.used:
            told = say("This link was used already; it counts once")
            return self._page(row.title, told, "ok", row)
        if row.state != "open":
            return self._page(row.title, self._state(row), "ok", row)
        mood: Mood = "bad" if row.level == "critical" else "warn"
        form = FORM.format(version=row.version, word=escape(say("Acknowledge")))
        return self._page(row.title, say(row.level), mood, row, form=form)

    async def _take(self, request: Request, link: AckLink, mark: str) -> Response:
        """What counts is the state that the person saw, which the page sends along."""
        doors, say = self.doors, self.doors.say
        step = Step(
            incident=link.incident,
            version=await _version(request),
            act="acknowledge",
            who=link.who,
            via="link",
            address=address_of(request),
        )
        acting = mark, link.expires_at, step, doors.now(), self.terms
        try:
            row = await doors.records.write(acknowledge_once, *acting)
        except LinkUsed:
            return await self._look(request, link, mark)
        except StaleIncident as stale:
            told = who_was_first(say, stale)
            return self._page(stale.row.title, told, "warn", stale.row, status=409)
        except NotPossible as error:
            told = say(error.why, state=say(error.row.state))
            return self._page(error.row.title, told, "warn", error.row, status=409)
        await self.ringer.ring([row.id])
        return self._page(row.title, self._state(row), "ok", row)

    def _state(self, row: IncidentRow) -> str:
        """Who has it, since when."""
        say = self.doors.say
        if row.acknowledged_at is None or row.state not in ("acknowledged", "working"):
            return say("now: {state}", state=say(row.state))
        who, clock = row.acknowledged_by, say.clock(row.acknowledged_at)
        return say("{who} acknowledged it at {clock}", who=who, clock=clock)

    def _at_the_console(self) -> str:
        return self.doors.say("Acknowledge it at the console")

    def _page(
        self,
        title: str,
        told: str,
        mood: Mood = "unknown",
        row: IncidentRow | None = None,
        *,
        form: str = "",
        status: int = 200,
    ) -> Response:
        say = self.doors.say
        lines = [f'<p class="{mood}" role="status">{escape(told)}</p>']
        if row is not None:
            since = say("since {clock}", clock=say.moment(row.opened_at))
            lines += [f"<p>{escape(row.detail)}</p>", f"<small>{escape(since)}</small>"]
        page = PAGE.format(
            language=say.code,
            title=escape(title),
            region=escape(self.doors.config.region.name),
            lines="\n      ".join(lines),
            form=form,
        )
        # Not "no-referrer": browsers then send the form with "Origin: null", which the guard
        # refuses; to other sites no referrer goes either way.
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
        return HTMLResponse(page, status_code=status, headers=headers)


def _find(connection: Any, number: int, mark: str) -> Found:
    return Found(row=incident_of(connection, number), used=is_used(connection, mark))


async def _version(request: Request) -> int:
    """As the form has it; what is no number is a version that never was."""
    told = parse_qs((await request.body())[:200].decode("ascii", errors="replace"))
    version = told.get("version", [""])[0]
    return int(version) if version.isdecimal() and len(version) < 10 else 0


def _mark(token: str) -> str:
    """What is kept of a used link; the token itself is a secret."""
    return "ack:" + hashlib.sha256(token.encode(errors="replace")).hexdigest()
