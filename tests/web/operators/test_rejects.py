"""The page of rejected input, as operators and administrators see it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from commandcenter.records import rejects
from tests.web import samples
from tests.web.console.conftest import Desk
from tests.web.operators.conftest import Operator


def test_an_operator_finds_what_was_rejected_and_why(
    desk: Desk, operator: Operator, sit_down: Callable[..., Operator]
) -> None:
    with desk.records.engine.begin() as connection:
        for row in (3, 9):
            rejects.keep(
                connection,
                at=samples.present(),
                feed="complaints",
                source="import",
                reason=f"aduan.csv, baris {row}: tanggal tidak terbaca",
                body=b"ADU-1;32 Januari",
            )
    page = operator.open().page
    page.locator('nav a[href="#rejected"]').click()
    group = page.locator('[data-reject="complaints import"]')
    expect(group.locator("summary")).to_contain_text("aduan.csv, baris 9: tanggal tidak terbaca")
    expect(group.locator(".count")).to_have_text("2×")
    group.locator("summary").click()
    expect(group.locator("li")).to_have_count(2)
    expect(group.locator("li button")).to_have_count(0)
    admin = sit_down().open("/console#rejected", who="administrator", role="admin").page
    group = admin.locator('[data-reject="complaints import"]')
    group.locator("summary").click()
    group.locator("li button").first.click()
    expect(group.locator("pre").first).to_have_text("ADU-1;32 Januari")
