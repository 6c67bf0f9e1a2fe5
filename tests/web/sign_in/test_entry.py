"""One-time links: the first administrator, invitations, forgotten passwords."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from commandcenter.records import accounts
from tests.web.sign_in.conftest import GOOD, OTHER, Front, told

GONE = "Tautan ini tidak berlaku lagi"


async def test_the_first_link_makes_the_first_administrator(front: Front) -> None:
    link = await front.link()
    async with front.browser() as browser:
        assert "Administrator pertama" in told(await browser.get(link))
        page = await browser.post(link, username="siti", name="Siti Aminah", new=GOOD, again=GOOD)
        assert (page.status_code, page.headers["location"]) == (303, "/admin")
        assert "Siti Aminah" in (await browser.get("/admin")).text
        await browser.sign_out()
        assert (await browser.sign_in("siti")).status_code == 303
    assert [line.act for line in await front.log("account.")] == ["account.created"]


@pytest.mark.asvs("6.4.1")
async def test_an_invited_person_chooses_a_password_and_is_signed_in(front: Front) -> None:
    ani = await front.account(password=None)
    link = await front.link(ani)
    async with front.browser() as browser:
        form = told(await browser.get(link))
        assert "Untuk Ani Susanti, nama pengguna ani" in form
        page = await browser.post(link, new=GOOD, again=GOOD)
        assert page.headers["location"] == "/console"
        assert await browser.here()


@pytest.mark.asvs("6.4.3")
async def test_a_forgotten_password_is_replaced_and_older_sessions_end(front: Front) -> None:
    ani = await front.account()
    async with front.browser() as desk, front.browser() as phone:
        await desk.sign_in()
        await phone.post(await front.link(ani), new=OTHER, again=OTHER)
        await front.visitors.read()
        assert not await desk.here()
        assert await phone.here()
        assert (await desk.sign_in(password=GOOD)).status_code == 401
        assert (await desk.sign_in(password=OTHER)).status_code == 303


@pytest.mark.asvs("3.5.3")
async def test_looking_at_a_link_changes_nothing(front: Front) -> None:
    """Chat programs fetch links to show what is behind them."""
    ani = await front.account()
    link = await front.link(ani)
    before = len(await front.log())
    async with front.browser("10.1.1.1") as chat:
        for _ in range(3):
            assert (await chat.get(link)).status_code == 200
            assert (await chat.client.head(link)).status_code == 200
    async with front.browser() as browser:
        assert len(await front.log()) == before
        assert (await browser.post(link, new=OTHER, again=OTHER)).status_code == 303


@pytest.mark.asvs("6.4.1")
async def test_bad_used_and_expired_links_get_the_same_page(front: Front) -> None:
    ani, budi = await front.account(), await front.account("budi", "Budi Santoso")
    used, late = await front.link(ani), await front.link(budi)
    async with front.browser() as browser:
        await browser.post(used, new=OTHER, again=OTHER)
        await browser.sign_out()
        assert (await browser.post(used, new=GOOD, again=GOOD)).status_code == 404
        assert (await browser.get(late)).status_code == 200
        front.now.now += timedelta(hours=24, seconds=1)
        pages = set()
        for link in (used, late, "/enter/" + "x" * 43, "/enter/%00%ff"):
            page = await browser.get(link)
            assert GONE in told(page)
            assert ani.name not in page.text
            pages.add((page.status_code, page.text))
            posted = await browser.post(link, new=GOOD, again=GOOD)
            pages.add((posted.status_code, posted.text))
        assert len(pages) == 1
        assert pages.pop()[0] == 404


async def test_of_two_who_use_a_link_at_once_one_comes_in(front: Front) -> None:
    link = await front.link(await front.account())
    async with front.browser() as one, front.browser() as other:
        pages = await asyncio.gather(
            one.post(link, new=GOOD, again=GOOD), other.post(link, new=OTHER, again=OTHER)
        )
    assert sorted(page.status_code for page in pages) == [303, 404]


async def test_a_newer_link_takes_the_place_of_an_older_one(front: Front) -> None:
    ani = await front.account()
    older, newer = await front.link(ani), await front.link(ani)
    async with front.browser() as browser:
        assert (await browser.get(older)).status_code == 404
        assert (await browser.get(newer)).status_code == 200


async def test_a_link_of_a_closed_account_opens_nothing(front: Front) -> None:
    ani = await front.account()
    link = await front.link(ani)
    await front.records.write(accounts.disable, front.now(), "admin", ani.id)
    async with front.browser() as browser:
        assert (await browser.post(link, new=OTHER, again=OTHER)).status_code == 404
    await front.records.write(accounts.enable, front.now(), "admin", ani.id)
    async with front.browser() as browser:  # nothing was used up or changed
        assert (await browser.sign_in()).status_code == 303


async def test_once_there_is_an_administrator_the_first_link_is_void(front: Front) -> None:
    link = await front.link()
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        assert (await browser.get(link)).status_code == 404
        form = {"username": "x", "name": "X", "new": GOOD, "again": GOOD}
        assert (await browser.post(link, **form)).status_code == 404


@pytest.mark.parametrize(
    ("new", "again", "why"),
    [
        (GOOD, GOOD + " ", "Kedua kata sandi tidak sama"),
        ("pendek", "pendek", "paling sedikit 12"),
        ("panjang " * 17, "panjang " * 17, "paling banyak 128"),
        ("bismillah2026", "bismillah2026", "mudah ditebak"),
        ("Ani Susanti 1990", "Ani Susanti 1990", "mudah ditebak"),
        ("Kotawaringin2026", "Kotawaringin2026", "mudah ditebak"),
        ("", "", "paling sedikit 12"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_with_the_reason(
    front: Front, new: str, again: str, why: str
) -> None:
    ani = await front.account()
    link = await front.link(ani)
    async with front.browser() as browser:
        page = await browser.post(link, new=new, again=again)
        assert page.status_code == 400
        assert why in told(page)
        assert not new or f'"{new}"' not in page.text
        assert (await browser.post(link, new=OTHER, again=OTHER)).status_code == 303


async def test_what_is_wrong_with_names_is_told_beside_them(front: Front) -> None:
    await front.account("budi", "Budi Santoso")
    link = await front.link()
    async with front.browser() as browser:
        page = await browser.post(link, username="dua kata", name="", new=GOOD, again=GOOD)
        assert page.text.count('aria-invalid="true"') == 2
        taken = {"username": "BUDI", "name": "Siti Aminah", "new": GOOD, "again": GOOD}
        page = await browser.post(link, **taken)
        assert (page.status_code, page.text.count('aria-invalid="true"')) == (400, 1)
        assert 'value="Siti Aminah"' in page.text
        page = await browser.post(link, **(taken | {"username": "siti"}))
        assert page.status_code == 303


async def test_over_plain_http_nobody_chooses_a_password(front: Front) -> None:
    link = await front.link(await front.account())
    async with front.browser(scheme="http") as browser:
        assert "https://" in told(await browser.get(link))
        assert (await browser.post(link, new=OTHER, again=OTHER)).status_code == 403
    async with front.browser() as browser:
        assert (await browser.get(link)).status_code == 200


async def test_neither_link_nor_password_is_in_the_log(front: Front) -> None:
    link = await front.link(await front.account())
    async with front.browser() as browser:
        await browser.post(link, new=OTHER, again=OTHER)
    lines = repr(await front.log())
    assert link.rpartition("/")[2] not in lines
    assert OTHER not in lines
    assert "argon2" not in lines
