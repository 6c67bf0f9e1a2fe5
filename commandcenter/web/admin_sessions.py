"""The doors of the sessions: where people are signed in just now. Displays are at /screens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.language import Language
from commandcenter.records import sessions
from commandcenter.records.accounts import Account
from commandcenter.records.sessions import Session
from commandcenter.web.admin_desk import Absent, AdminDesk, form_of, page_of, text_of
from commandcenter.web.admin_words import exact
from commandcenter.web.console_doors import query
from commandcenter.web.devices import device
from commandcenter.web.doors import By, by_of, visitor_of

PAGE = 50


class Sessions:
    """/admin/sessions and what is behind it."""

    def __init__(self, desk: AdminDesk) -> None:
        self.desk = desk

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            self.desk.get("sessions", self.table),
            self.desk.post("sessions/{number:int}/end", self.end),
        ]

    async def table(self, request: Request) -> Response:
        """Everybody's, the one heard of last first; ?text=, ?page=."""
        say, now, text = self.desk.say(request), self.desk.now(), query(request, "text")
        live = await self.desk.records.read(sessions.live_sessions, now)
        found = [one for one in live if self._live(one[0]) and _fits(*one, text)]
        page = page_of(request, len(found), PAGE)
        return self.desk.page(
            request,
            "admin_sessions.html",
            title=say("Sessions"),
            rows=[session_row(*one, say) for one in page.of(found)],
            wanted={"text": text},
            page=page,
            own=visitor_of(request).session,
        )

    async def end(self, request: Request) -> Response:
        """Sign somebody out of one browser."""
        account, number = text_of(await form_of(request), "account"), request.path_params["number"]
        at, by = self.desk.now(), by_of(request)
        try:
            await self.desk.write(_end, at, by, number)
        except (LookupError, OverflowError) as error:  # no number is so large
            raise Absent("There is no such session") from error
        back = f"accounts/{int(account[:18])}" if account.isdecimal() else "sessions"
        return self.desk.done(request, f"/admin/{back}", "ended")

    def _live(self, session: Session) -> bool:
        return session.seen_at > self.desk.now() - self.desk.idle


def _end(connection: Any, at: datetime, by: By, number: int) -> None:
    sessions.session_of(connection, number)
    sessions.end(connection, at, by.name, number, address=by.address)


def _fits(session: Session, account: Account, text: str) -> bool:
    told = f"{account.name} {account.username} {session.address}".casefold()
    return text.casefold() in told


def session_row(session: Session, account: Account, say: Language) -> dict[str, Any]:
    """A session for a table."""
    return {
        "id": session.id,
        "account": account.id,
        "name": account.name,
        "role": say(account.role),
        "device": device(session.user_agent),
        "address": session.address,
        "begun": exact(say, session.begun_at),
        "seen": exact(say, session.seen_at),
        "ends": exact(say, session.ends_at),
    }
