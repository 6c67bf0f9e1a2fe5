"""The whole way with a real provider and a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from commandcenter.records.database import Records
from tests.access.idp import CLIENT_SECRET, RealProvider
from tests.conftest import Clock
from tests.web.oidc.conftest import House, table
from tests.web.sign_in.conftest import Served

PEOPLE = [
    {"sub": "4711", "preferred_username": "budi", "name": "Budi Santoso", "groups": ["noc"]},
    {"sub": "4712", "preferred_username": "rina", "name": "Rina Wati", "groups": ["tamu"]},
]


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    found = RealProvider(PEOPLE)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture
def served(
    tmp_path: Path,
    sqlite_records: Records,
    provider: RealProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Served]:
    monkeypatch.setenv("OIDC_SECRET", CLIENT_SECRET)
    now = Clock(datetime.now(UTC))  # the provider has no other
    house = House(tmp_path, sqlite_records, now, more=table(provider.issuer))
    house.open()
    found = Served(house).start()
    yield found
    found.stop()


@pytest.mark.asvs("7.6.2")
def test_a_person_presses_the_button_and_is_signed_in(served: Served, chromium: Browser) -> None:
    with chromium.new_context(locale="id") as context:
        page = context.new_page()
        page.goto(served.address + "/console")
        expect(page).to_have_url(served.address + "/sign-in?next=%2Fconsole")
        page.get_by_role("link", name="SSO Pemda").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="4711").click()
        expect(page).to_have_url(served.address + "/console")
        expect(page.locator("#page")).to_contain_text("Budi Santoso")
        kept = {cookie["name"] for cookie in context.cookies(served.address)}
        assert "commandcenter_session" in kept
        assert "commandcenter_flight" not in kept


def test_who_has_no_role_or_says_no_reads_why_and_what_to_do(
    served: Served, chromium: Browser
) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        for button, why in (("4712", "Anda dikenal oleh"), ("Deny", "tidak mengizinkan")):
            page.goto(served.address + "/sign-in")
            page.get_by_role("link", name="SSO Pemda").click()
            page.get_by_role("button", name=button).first.click()
            expect(page.get_by_role("alert")).to_contain_text(why)
            page.get_by_role("link", name="masuk").click()
            expect(page).to_have_url(served.address + "/sign-in")


def test_while_the_provider_is_away_the_page_says_so(
    served: Served, provider: RealProvider, chromium: Browser
) -> None:
    provider.stop()
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(served.address + "/sign-in")
        page.get_by_role("link", name="SSO Pemda").click()
        expect(page.get_by_role("alert")).to_contain_text("SSO Pemda tidak menjawab")
        expect(page.get_by_role("alert")).to_contain_text("akun lokal")
    provider.start()
