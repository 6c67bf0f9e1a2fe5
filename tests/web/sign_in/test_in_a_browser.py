"""The forms in a real browser: by keyboard alone, by touch, and without a complaint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect

from tests.web.sign_in.conftest import GOOD, OTHER, Served

# Everything that is pressed or filled in, and is smaller than a finger.
SMALL = """() => [...document.querySelectorAll("a, button, input, select, textarea")]
    .filter((one) => one.type !== "hidden" && !one.classList.contains("skip"))
    .filter((one) => one.getBoundingClientRect().height < 44)
    .map((one) => one.outerHTML)"""
UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]), button, a")]
    .filter((one) => !(one.labels?.[0]?.innerText || one.innerText || one.ariaLabel || "").trim())
    .map((one) => one.outerHTML)"""


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    """A page that must not complain of anything."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    with chromium.new_context(base_url=served.address, locale="id-ID") as context:
        found = context.new_page()
        found.on("console", hear)
        yield found
    assert complaints == []


def check(page: Page) -> None:
    """What holds for every page of ours."""
    assert page.evaluate(SMALL) == []
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def my_account(page: Page) -> None:
    """Until it is there."""
    expect(page.get_by_role("heading", name="Akun saya")).to_be_visible()


def type_in(page: Page, *fields: str) -> None:
    """Field after field by keyboard alone, beginning where the page has put us; then Enter."""
    page.wait_for_function("document.activeElement.matches('input')")
    for number, text in enumerate(fields):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


@pytest.mark.asvs("7.4.4")
def test_signing_in_and_out_by_keyboard(page: Page, served: Served) -> None:
    served.run(served.front.account())
    page.goto("/me")
    expect(page).to_have_title("Masuk · Kabupaten Kotawaringin Barat")
    check(page)
    type_in(page, "ani", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("salah")
    expect(page.get_by_label("Nama pengguna")).to_have_value("ani")
    check(page)
    type_in(page, GOOD)  # the password is where one goes on
    my_account(page)
    check(page)
    page.get_by_role("button", name="Keluar").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Anda telah keluar")
    page.go_back()
    expect(page.get_by_label("Nama pengguna")).to_be_visible()  # not what was there before


def test_the_first_administrator_by_keyboard(page: Page, served: Served) -> None:
    page.goto(served.run(served.front.link()))
    check(page)
    type_in(page, "Siti Aminah", "siti", "bismillah2026", "bismillah2026")
    expect(page.get_by_role("alert")).to_contain_text("mudah ditebak")
    check(page)
    type_in(page, GOOD, GOOD)  # one goes on where something is wrong
    expect(page.locator("#page")).to_have_text("/admin Siti Aminah")


def test_a_new_password_by_keyboard(page: Page, served: Served) -> None:
    served.run(served.front.account())
    page.goto("/sign-in?next=/me")
    type_in(page, "ani", GOOD)
    my_account(page)
    page.get_by_label("Kata sandi saat ini").focus()
    type_in(page, GOOD, OTHER, OTHER)
    expect(page.get_by_role("status")).to_contain_text("Kata sandi telah diganti")
    check(page)


def test_on_a_telephone_by_touch(chromium: Browser, served: Served) -> None:
    served.run(served.front.account())
    size = ViewportSize(width=360, height=740)
    with chromium.new_context(
        base_url=served.address, viewport=size, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        page.goto("/sign-in?next=/me")
        check(page)
        page.get_by_label("Nama pengguna").tap()
        page.keyboard.insert_text("ani")
        page.get_by_label("Kata sandi").tap()
        page.keyboard.insert_text(GOOD)
        page.get_by_role("button", name="Masuk").tap()
        my_account(page)
        check(page)


def test_the_forms_need_no_scripts(chromium: Browser, served: Served) -> None:
    served.run(served.front.account())
    with chromium.new_context(base_url=served.address, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/sign-in?next=/me")
        page.get_by_label("Nama pengguna").fill("ani")
        page.get_by_label("Kata sandi").fill(GOOD)
        page.get_by_role("button", name="Masuk").click()
        my_account(page)


@pytest.mark.asvs("14.3.1")
def test_what_was_kept_in_the_browser_goes_with_signing_out(page: Page, served: Served) -> None:
    served.run(served.front.account())
    page.goto("/sign-in?next=/me")
    type_in(page, "ani", GOOD)
    my_account(page)
    page.evaluate('sessionStorage.setItem("draft", "x"); localStorage.setItem("draft", "x")')
    page.get_by_role("button", name="Keluar").click()
    expect(page.get_by_role("status")).to_be_visible()
    kept = 'sessionStorage.getItem("draft") || localStorage.getItem("draft")'
    assert page.evaluate(kept) is None
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names == {"commandcenter_browser"}  # known to this account, and opens nothing
