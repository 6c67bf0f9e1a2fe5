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


@pytest.mark.parametrize("path", ["/me/sessions/end-others", "/me/factor/remove"])
async def test_a_form_that_was_open_is_taken_for_half_as_long_again(
    front: Front, path: str
) -> None:
    await front.account()
    async with front.browser() as browser:
        await set_up(front, browser)
        await front.account("budi", "Budi", "viewer")
        await browser.sign_in("budi")
        front.now.forward(89 * 60)
        page = await browser.post(path, code="x")
        assert "again" not in page.headers.get("location", "")
        front.now.forward(60)
        page = await browser.post(path, code="x")
        assert page.headers["location"] == "/sign-in?again=1&next=%2Fme"


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
