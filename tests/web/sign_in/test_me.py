"""One's own account: who one is, the password, and where one is signed in."""

from __future__ import annotations

import pytest

from commandcenter.records import accounts, sessions
from tests.web.sign_in.conftest import GOOD, OTHER, Front, told


async def test_the_page_says_who_one_is_here(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        page = told(await browser.get("/me"))
        for word in ("Ani Susanti", "ani", "operator", "semua kantor", "dengan kata sandi"):
            assert word in page
        assert "Firefox, Linux · peramban ini" in page
        assert "10.20.30.40" in page


async def test_a_stranger_is_sent_to_sign_in(front: Front) -> None:
    async with front.browser() as browser:
        page = await browser.get("/me")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fme")
        assert (await browser.post("/me/password", new=OTHER)).status_code == 401


async def test_links_show_only_where_one_may_go(front: Front) -> None:
    expected = {
        "viewer": ["/"],
        "leader": ["/", "/console"],
        "operator": ["/", "/console", "/screens"],
        "admin": ["/", "/console", "/screens", "/admin"],
    }
    for role, pages in expected.items():
        await front.account(role, f"Orang {role}", role)
        async with front.browser() as browser:
            await browser.sign_in(role)
            text = (await browser.get("/me")).text
            nav = text.partition("<nav")[2].partition("</nav>")[0]
            assert [part.partition('"')[0] for part in nav.split('href="')[1:]] == pages


@pytest.mark.asvs("6.2.2", "7.4.3")
async def test_a_new_password_ends_every_other_session_and_renews_this_one(front: Front) -> None:
    await front.account()
    async with front.browser() as desk, front.browser() as phone:
        await desk.sign_in()
        await phone.sign_in()
        before = desk.client.cookies["__Host-commandcenter_session"]
        page = await desk.post("/me/password", current=GOOD, new=OTHER, again=OTHER)
        assert page.headers["location"] == "/me?told=password"
        assert "Kata sandi telah diganti" in told(await desk.get(page.headers["location"]))
        assert desk.client.cookies["__Host-commandcenter_session"] != before
        await front.visitors.read()
        assert not await phone.here()
        assert (await phone.sign_in(password=GOOD)).status_code == 401
        assert (await phone.sign_in(password=OTHER)).status_code == 303


@pytest.mark.asvs("6.2.3")
async def test_whoever_finds_an_open_browser_cannot_guess_the_password(front: Front) -> None:
    await front.account()
    async with front.browser() as desk:
        await desk.sign_in()
        front.hasher.computed = 0
        answers = [
            (await desk.post("/me/password", current=f"x{n}", new=OTHER, again=OTHER)).status_code
            for n in range(12)
        ]
        assert answers == [400] * 10 + [429] * 2
        assert front.hasher.computed == 10
        right = {"current": GOOD, "new": OTHER, "again": OTHER}
        assert (await desk.post("/me/password", **right)).status_code == 429
        front.now.forward(900)
        assert (await desk.post("/me/password", **right)).status_code == 303


async def test_a_password_that_will_not_do_is_refused_beside_its_field(front: Front) -> None:
    await front.account()
    async with front.browser() as desk:
        await desk.sign_in()
        page = await desk.post("/me/password", current=GOOD, new="Ani Susanti 1", again="x")
        assert (page.status_code, "Kedua kata sandi tidak sama" in told(page)) == (400, True)
        weak = "Ani Susanti 1990"
        page = await desk.post("/me/password", current=GOOD, new=weak, again=weak)
        assert "mudah ditebak" in told(page)
        assert await desk.here()


@pytest.mark.asvs("7.5.2")
async def test_one_session_or_all_others_can_be_ended(front: Front) -> None:
    await front.account()
    async with front.browser() as desk, front.browser() as phone, front.browser() as tablet:
        for browser in (phone, tablet, desk):
            await browser.sign_in()
        page = (await desk.get("/me")).text
        numbers = [part.partition("/")[0] for part in page.split("/me/sessions/")[1:]]
        assert len([n for n in numbers if n.isdecimal()]) == 2  # this one is ended by signing out
        await desk.post(f"/me/sessions/{numbers[0]}/end")
        assert [await b.here() for b in (phone, tablet, desk)].count(True) == 2
        await desk.post("/me/sessions/end-others")
        assert [await b.here() for b in (phone, tablet, desk)] == [False, False, True]
        assert "Akhiri semua sesi lain" not in told(await desk.get("/me"))


async def test_nobody_ends_the_session_of_somebody_else(front: Front) -> None:
    await front.account()
    await front.account("budi", "Budi Santoso")
    async with front.browser() as ani, front.browser() as budi:
        await ani.sign_in()
        await budi.sign_in("budi")
        live = await front.records.read(sessions.live_sessions, front.now())
        anis = next(one.id for one, whose in live if whose.username == "ani")
        assert (await budi.post(f"/me/sessions/{anis}/end")).status_code == 404
        assert (await budi.post("/me/sessions/999999/end")).status_code == 404
        assert await ani.here()


async def test_ending_the_session_at_hand_signs_out(front: Front) -> None:
    await front.account()
    async with front.browser() as desk:
        await desk.sign_in()
        live = await front.records.read(sessions.live_sessions, front.now())
        page = await desk.post(f"/me/sessions/{live[0][0].id}/end")
        assert page.headers["location"] == "/sign-in?out=1"
        assert not await desk.here()


async def test_who_signs_in_elsewhere_changes_the_password_there(front: Front) -> None:
    told_of = {"subject": "s", "username": "dewi", "name": "Dewi Lestari", "role": "leader"}
    dewi = await front.records.write(
        accounts.sign_in_from,
        front.now(),
        provider="ldap",
        **told_of,
        offices=(),
        domains=(),
        address="",
    )
    token, _ = await front.records.write(
        sessions.begin, front.now(), dewi, hours=1, address="", user_agent="", how="ldap"
    )
    async with front.browser() as browser:
        name = "__Host-commandcenter_session"
        browser.client.cookies.set(name, token)
        page = await browser.get("/me")
        assert 'name="current"' not in page.text
        assert "melalui direktori" in told(page)
        assert (await browser.post("/me/password", new=OTHER)).status_code == 400


@pytest.mark.asvs("1.1.2")
async def test_a_name_is_text_and_never_markup(front: Front) -> None:
    await front.account("eve", "<script>alert(1)</script>")
    async with front.browser() as browser:
        await browser.sign_in("eve")
        page = (await browser.get("/me")).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        echoed = (await browser.client.post("/sign-out")).status_code
        assert echoed == 303
        wrong = await browser.sign_in('"><script>alert(1)</script>', "x")
        assert "<script" not in wrong.text
