"""Whoever signed in long ago shows once more who they are, before accounts are touched."""

from __future__ import annotations

import pytest

from tests.web.sign_in.conftest import GOOD, Front, told
from tests.web.sign_in.test_second_step import set_up

FORM = "You signed in a while ago. Please show once more that it is you."


@pytest.mark.asvs("7.5.2")
async def test_administration_asks_after_an_hour_and_leads_on_to_where_one_wanted_to_go(
    front: Front,
) -> None:
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        await browser.sign_in("siti")
        front.now.forward(59 * 60)
        assert (await browser.get("/admin")).status_code == 200
        front.now.forward(60)
        page = await browser.get("/admin?text=a%20b")
        assert page.status_code == 303
        assert page.headers["location"] == "/sign-in?again=1&next=%2Fadmin%3Ftext%3Da%2520b"
        form = await browser.get(page.headers["location"] + "&lang=en")
        assert FORM in told(form)
        assert 'value="siti"' in form.text
        assert (await browser.sign_in("siti", "salah")).status_code == 401
        assert (await browser.get("/admin")).status_code == 303
        answer = await browser.sign_in("siti", next="/admin?text=a%20b")
        assert answer.headers["location"] == "/admin?text=a%20b"
        assert (await browser.get("/admin")).status_code == 200
    assert len(await front.log("signed_in")) == 2


async def test_everything_else_is_not_asked(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        for _ in range(5):
            front.now.forward(3600)
            for path in ("/", "/console", "/screens", "/me"):
                assert (await browser.get(path)).status_code == 200
        assert (await browser.get("/sign-in")).headers["location"] == "/me"


@pytest.mark.parametrize(
    ("path", "minutes", "stands_on"),
    [
        ("/me/sessions/end-others", 60, "%2Fme"),
        ("/me/factor/remove", 10, "%2Fme%2Ffactor"),
        ("/admin/sessions/7/end", 60, "%2Fadmin%2Fsessions"),
        ("/admin/accounts", 10, "%2Fadmin%2Faccounts"),
        ("/admin/accounts/1/change", 10, "%2Fadmin%2Faccounts%2F1"),
        ("/admin/tokens", 10, "%2Fadmin%2Ftokens"),
        ("/me/password", 10, "%2Fme"),
    ],
)
async def test_a_form_that_was_open_is_taken_for_half_as_long_again_and_leads_back_to_its_page(
    front: Front, path: str, minutes: int, stands_on: str
) -> None:
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        await browser.sign_in("siti")
        front.now.forward(minutes * 90 - 60)
        page = await browser.post(path, code="x")
        assert "again" not in page.headers.get("location", "")
        front.now.forward(60)
        page = await browser.post(path, code="x")
        assert page.headers["location"] == f"/sign-in?again=1&next={stands_on}"


@pytest.mark.asvs("7.5.1")
@pytest.mark.parametrize("more", ["", "[access]\nask_again_minutes = 0\n"])
@pytest.mark.parametrize(
    "path",
    [
        "/admin/accounts",
        "/admin/accounts/1/change",
        "/admin/accounts/1/enable",
        "/admin/accounts/1/link",
        "/admin/accounts/1/factor/remove",
        "/admin/tokens",
        "/me/password",
    ],
)
async def test_nobody_gets_another_way_to_sign_in_by_an_open_browser_that_was_left_behind(
    front: Front, path: str, more: str
) -> None:
    front.more = more
    front.open()
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        await browser.sign_in("siti")
        front.now.forward(15 * 60)
        page = await browser.post(path, name="X", role="admin", username="x", current=GOOD)
        assert page.headers["location"].startswith("/sign-in?again=1")
    assert [line.act for line in await front.log() if "." in line.act] == [
        "account.created"  # hers
    ]


@pytest.mark.asvs("7.5.1")
async def test_ones_own_second_step_is_set_up_and_removed_after_a_sign_in_of_ten_minutes(
    front: Front,
) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        front.now.forward(10 * 60)
        page = await browser.get("/me/factor")
        assert page.headers["location"] == "/sign-in?again=1&next=%2Fme%2Ffactor"
        phone, _ = await set_up(front, browser)
        await browser.sign_in()
        await browser.post("/sign-in/code", code=phone.next())
        assert 'action="/me/factor/remove' in (await browser.get("/me?lang=en")).text
        front.now.forward(10 * 60)
        page = await browser.get("/me?lang=en")
        assert told(page).count("To change this, sign in once more") == 2  # and the password
        assert 'action="/me/factor/remove' not in page.text
        assert 'action="/me/password' not in page.text


async def test_it_can_be_switched_off(front: Front) -> None:
    front.more = "[access]\nask_again_minutes = 0\n"
    front.open()
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        await browser.sign_in("siti")
        for _ in range(4):
            front.now.forward(3600)
            assert (await browser.get("/admin")).status_code == 200


async def test_somebody_else_may_answer_and_is_then_the_one_who_is_here(front: Front) -> None:
    await front.account("siti", "Siti Aminah", "admin")
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in("siti")
        front.now.forward(3600)
        await browser.sign_in("ani", GOOD, next="/admin")
        assert (await browser.get("/admin")).status_code == 403
