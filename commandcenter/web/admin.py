"""The administrator's desk: accounts, sessions, tokens and the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from commandcenter.config import Config
from commandcenter.records.database import Records
from commandcenter.web.admin_accounts import Accounts
from commandcenter.web.admin_audit import Audit
from commandcenter.web.admin_desk import AdminDesk
from commandcenter.web.admin_sessions import Sessions
from commandcenter.web.admin_tokens import Tokens
from commandcenter.web.visitors import Visitors


class Admin:
    """Everything behind /admin, where the guard lets in administrators alone. `visitors` are told
    of every right that somebody loses here."""

    def __init__(
        self, config: Config, records: Records, visitors: Visitors, now: Callable[[], datetime]
    ) -> None:
        self.desk = desk = AdminDesk(config, records, visitors, now)
        self.parts = (Accounts(desk), Sessions(desk), Tokens(desk), Audit(desk))

    def routes(self) -> list[Route]:
        """For the web application."""
        begin = Route("/admin", self.begin, methods=["GET"])
        return [begin, *(route for part in self.parts for route in part.routes())]

    async def begin(self, request: Request) -> Response:
        """To the first of the pages."""
        path = self.desk.paper.in_language(request, "/admin/accounts")
        return RedirectResponse(path, status_code=303)
