"""The pages in a real browser: by keyboard alone, without scripts, on a tablet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from commandcenter.config import Config
from commandcenter.records import accounts, audit, sessions, tokens
from commandcenter.records.audit import Wanted
from commandcenter.records.database import Records
from commandcenter.web.visitors import COOKIE
from tests.conftest import free_port, wait_until
from tests.web.admin.conftest import FIREFOX, the_app
from tests.web.conftest import CHROMIUM, SWITCHES

SIZES = ((1440, 900), (820, 1180), (390, 844))
PATHS = (
    "/admin/accounts", "/admin/accounts?new=1", "/admin/accounts/1", "/admin/sessions",
    "/admin/tokens", "/admin/tokens?new=1", "/admin/audit", "/admin/audit?check=1",
)  # fmt: skip
SIDEWAYS = """() => [...document.querySelectorAll(".scroll")]
  .filter((e) => e.scrollWidth > e.clientWidth).length"""
TOO_SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter((e) => e.checkVisibility() && e.type !== "hidden" && !e.matches(".skip"))
  .map((e) => [e, (e.closest(".choices label") || e).getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5)
  .map(([e]) => e.outerHTML)"""
NAMELESS = """() => [...document.querySelectorAll("input, select, button")]
  .filter((e) => e.type !== "hidden" && !(e.labels?.length || e.textContent.trim()))
  .map((e) => e.outerHTML)"""


@pytest.fixture(scope="module")
def desk(
    config: Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Records, str]]:
    """A server with the pages: its address, its records, and the session of Budi Santoso."""
    records = Records(f"sqlite:///{tmp_path_factory.mktemp('desk')}/records.db")
    records.migrate()
    with records.engine.begin() as connection:
        told = {"username": "budi", "name": "Budi Santoso", "role": "admin"}
        budi = accounts.create(connection, datetime.now(UTC), "setup", **told)
        begun: dict[str, Any] = {
            "hours": 16.0,
            "address": "::1",
            "user_agent": FIREFOX,
            "how": "password",
        }
        rights: dict[str, Any] = {"scopes": ["incidents:read", "readings:write"], "days": 365}
        tokens.issue(connection, datetime.now(UTC), "Budi Santoso", name="laporan", **rights)
        token, _ = sessions.begin(connection, datetime.now(UTC), budi, **begun)
    app, _ = the_app(config, records, lambda: datetime.now(UTC))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the server has started")
    yield f"http://127.0.0.1:{port}", records, token
    server.should_exit = True
    thread.join()
    records.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


def before(
    browser: Browser, desk: tuple[str, Records, str], size: tuple[int, int], *, scripts: bool = True
) -> Page:
    """Budi's page; it fails the test when it complains of anything."""
    context = browser.new_context(
        base_url=desk[0],
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=scripts,
    )
    context.add_cookies([{"name": COOKIE, "value": desk[2], "url": desk[0]}])
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def test_an_account_is_made_by_keyboard_alone(
    chromium: Browser, desk: tuple[str, Records, str]
) -> None:
    page = before(chromium, desk, SIZES[0])
    page.goto("/admin/accounts?lang=en")

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = "document.activeElement"
            named = f"({focused}.labels?.[0] ?? {focused}).textContent.trim()"
            if str(page.evaluate(named)).startswith(name):
                return
        pytest.fail(f"sixty times Tab do not lead to {name}")

    tab_to("New account")
    page.keyboard.press("Enter")
    page.wait_for_url("**new=1**")
    tab_to("Full name")
    page.keyboard.type("Sari Dewi")
    tab_to("Username")
    page.keyboard.type("sari dewi")
    tab_to("viewer")  # one stop for all roles, arrows choose
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tab_to("Complaints")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    # The mistake has the focus, and everything else is as it was.
    expect(page.locator("#wrong-username")).to_be_visible()
    expect(page.locator("[name=username]")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("sari")
    page.keyboard.press("Enter")
    link = page.locator("#secret")
    expect(link).to_be_focused()
    assert "/enter/" in link.input_value()
    assert page.evaluate("getSelection().toString()") == link.input_value()
    with desk[1].engine.begin() as connection:
        made = accounts.by_username(connection, "sari")
        assert made is not None
        assert (made.name, made.role, made.domains) == ("Sari Dewi", "operator", ["complaints"])
    page.context.close()


def test_everything_works_without_scripts(
    chromium: Browser, desk: tuple[str, Records, str], tmp_path: Path
) -> None:
    page = before(chromium, desk, SIZES[1], scripts=False)
    page.goto("/admin/tokens?new=1&lang=en")
    page.get_by_label("Name").fill("zabbix")
    page.get_by_label("events:write").check()
    page.get_by_role("button", name="Create the token").click()
    assert page.locator("#secret").input_value().startswith("cc_")
    page.get_by_role("link", name="All tokens").click()
    page.get_by_role("button", name="Revoke zabbix").click()
    expect(page.get_by_role("status")).to_have_text("The token was revoked")
    page.get_by_role("link", name="Audit log", exact=True).click()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save as CSV").click()
    saving.value.save_as(tmp_path / "audit.csv")
    assert "revoked the token zabbix" in (tmp_path / "audit.csv").read_text(encoding="utf-8-sig")
    with desk[1].engine.begin() as connection:
        newest = audit.search(connection, Wanted(limit=1))[0]
    assert (newest.act, newest.who) == ("export.audit", "Budi Santoso")
    page.context.close()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_page_fits_the_screen_the_finger_and_the_reader(
    chromium: Browser, desk: tuple[str, Records, str], size: tuple[int, int]
) -> None:
    page = before(chromium, desk, size)
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert size[0] < 820 or not page.evaluate(SIDEWAYS), path  # no button out of sight
        assert page.evaluate(TOO_SMALL) == [], path
        assert page.evaluate(NAMELESS) == [], path
    page.context.close()
