"""An open console whose person is signed out elsewhere: it closes by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import expect

from commandcenter.records import accounts, sessions
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator


def test_an_open_console_is_cut_within_five_seconds_of_a_revocation(
    desk: Desk, sit_down: Callable[..., Operator]
) -> None:
    desk.happen("rtr-dinkes")
    page = sit_down().open(who="operator yang pergi").page
    expect(page.locator(".rows [data-incident]")).not_to_have_count(0)
    with desk.records.engine.begin() as connection:  # as another process does it
        whose = next(a for a in accounts.accounts(connection) if a.name == "operator yang pergi")
        assert sessions.end_all(connection, datetime.now(UTC), "admin", whose.id) == 1
    page.wait_for_url("**/sign-in?next=%2Fconsole", timeout=5000)
    assert "rtr-dinkes" not in page.content()


def test_whoever_signs_out_at_the_console_is_out(sit_down: Callable[..., Operator]) -> None:
    page = sit_down().open(who="operator yang pulang").page
    page.get_by_role("button", name="Keluar").click()
    page.wait_for_url("**/sign-in?out=1")
    page.goto(page.url.partition("/sign-in")[0] + "/console")
    page.wait_for_url("**/sign-in?next=%2Fconsole")
