"""Whoever looks at the pages under test: one operator, signed in with a token that all know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from commandcenter.digest import digest
from commandcenter.records import accounts, sessions
from commandcenter.records.database import Records
from commandcenter.web.visitors import COOKIE

if TYPE_CHECKING:
    from playwright.sync_api import Page

WHO = "operator 1"
TOKEN = "a-benchmark"
HEADER = f"{COOKIE}={TOKEN}"


def let_in(records_url: str) -> None:
    """From now on the operator's token opens the doors of whoever keeps these records."""
    records, now = Records(records_url), datetime.now(UTC)
    records.migrate()
    with records.engine.begin() as connection:
        if accounts.by_username(connection, "operator") is None:
            whose = accounts.create(
                connection, now, "a benchmark", username="operator", name=WHO, role="operator"
            )
            where = {"address": "127.0.0.1", "user_agent": "", "how": "password"}
            _, begun = sessions.begin(connection, now, whose, hours=24, **where)
            known = {"hash": digest(TOKEN), "id": begun.id}
            wanted = sa.text("UPDATE session SET token_hash = :hash WHERE id = :id")
            connection.execute(wanted, known)
    records.close()


def sign_in(page: Page, port: int) -> Page:
    """The operator sits before this page."""
    address = f"http://127.0.0.1:{port}"
    page.context.add_cookies([{"name": COOKIE, "value": TOKEN, "url": address}])
    return page
