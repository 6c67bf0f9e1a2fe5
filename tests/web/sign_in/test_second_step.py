"""The second step: asked for after the password, set up by whoever needs it, guessed by nobody."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import cv2
import httpx
import numpy as np
import pyotp
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from commandcenter.access.second_factor import OF_A_DAY, OF_CODES, new_secret
from commandcenter.records import second_factors
from commandcenter.web.factors import seal_anew
from commandcenter.web.halfway import LASTS
from tests.web.sign_in.conftest import GOOD, OTHER, Browser, Front, Served, told
from tests.web.sign_in.test_account_cli import run
from tests.web.sign_in.test_in_a_browser import check, type_in

NEEDED = '[access]\nsecond_factor = ["operator"]\n'
HALF = "__Host-commandcenter_half"
SESSION = "__Host-commandcenter_session"
WRONG = "Kode ini salah"


@pytest.fixture
def needing(front: Front) -> Iterator[Served]:
    """A house on a port, in which operators need a second factor."""
    front.more = NEEDED
    found = Served(front.open()).start()
    yield found
    found.stop()


def key_of(page: httpx.Response) -> str:
    """What the telephone is shown."""
    found = re.search(r'class="key">([A-Z2-7 ]+)<', page.text)
    assert found is not None, page.text
    return found[1].replace(" ", "")


def papers_of(page: httpx.Response) -> list[str]:
    return re.findall(r"<li><code>([A-Z2-7-]+)</code>", page.text)


def seen_by_a_telephone(picture: bytes) -> str:
    """What a camera reads from a QR code, from several distances as people hold it: at each of
    them OpenCV misses one of forty."""
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    nearer = [cv2.resize(pixels, None, fx=by, fy=by) for by in (1.0, 1.3, 1.7, 2.0, 2.6, 3.0)]
    readers = (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco())  # which miss different ones
    tries = ((reader, one) for one in nearer for reader in readers)
    return next((read for reader, one in tries if (read := reader.detectAndDecode(one)[0])), "")


class Telephone:
    """An authenticator app, by the tests' clock."""

    def __init__(self, front: Front, key: str) -> None:
        self.front, self.app = front, pyotp.TOTP(key)

    def next(self) -> str:
        """The code that comes after the present one."""
        self.front.now.forward(30)
        return self.app.at(self.front.now())


async def set_up(front: Front, browser: Browser) -> tuple[Telephone, list[str]]:
    """Sign in as Ani, set it up under /me, and sign out."""
    await browser.sign_in()
    page = await browser.get("/me/factor")
    phone = Telephone(front, key_of(page))
    done = await browser.post("/me/factor", code=phone.next(), current=GOOD)
    papers = papers_of(done)
    assert len(papers) == 8, told(done)
    await browser.sign_out()
    return phone, papers


async def test_the_password_alone_opens_nothing_any_more(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        phone, _ = await set_up(front, browser)
        answer = await browser.sign_in(next="/console?incident=3")
        assert answer.headers["location"] == "/sign-in/code"
        assert SESSION not in browser.client.cookies
        assert not await browser.here()
        assert (await browser.get("/")).headers["location"].startswith("/sign-in?")
        page = await browser.post("/sign-in/code", code=phone.next())
        assert page.headers["location"] == "/console?incident=3"
        assert "dengan kata sandi dan kode" in told(await browser.get("/me"))
        assert not browser.client.cookies.get(HALF)


async def test_a_code_opens_once(front: Front) -> None:
    await front.account()
    async with front.browser() as browser, front.browser() as thief:
        phone, papers = await set_up(front, browser)
        for code in (phone.next(), papers[0]):
            await browser.sign_in()
            assert (await browser.post("/sign-in/code", code=code)).status_code == 303
            await thief.sign_in()
            seen = await thief.post("/sign-in/code", code=code)
            assert (seen.status_code, WRONG in told(seen)) == (401, True)
            assert not await thief.here()
        assert "sisa 7 kode di kertas" in told(await browser.get("/me"))


@pytest.mark.asvs("6.6.2")
async def test_the_half_way_ends_after_ten_minutes_and_with_its_use(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        phone, _ = await set_up(front, browser)
        await browser.sign_in()
        half = browser.client.cookies[HALF]
        front.now.now += LASTS
        page = await browser.post("/sign-in/code", code=phone.next())
        assert page.headers["location"] == "/sign-in?late=1"
        assert "silakan mulai lagi" in told(await browser.get("/sign-in?late=1"))
        await browser.sign_in()
        used = browser.client.cookies[HALF]
        assert used != half
        await browser.post("/sign-in/code", code=phone.next())
        await browser.sign_out()
        browser.client.cookies.set(HALF, used)
        page = await browser.post("/sign-in/code", code=phone.next())
        assert page.headers["location"] == "/sign-in?late=1"


@pytest.mark.asvs("2.3.1", "6.6.2")
async def test_without_a_password_there_is_no_second_step(front: Front) -> None:
    async with front.browser() as stranger:
        for answer in (
            await stranger.get("/sign-in/code"),
            await stranger.post("/sign-in/code", code="123456"),
        ):
            assert answer.headers["location"] == "/sign-in?late=1"


@pytest.mark.asvs("6.6.3")
async def test_guessing_ends_after_five_codes_and_after_twenty_a_day(front: Front) -> None:
    ani = await front.account()
    async with front.browser() as browser, front.browser("10.6.6.6") as thief:
        phone, _ = await set_up(front, browser)
        looked_at = 0
        for _ in range(30):  # ten hours
            await thief.sign_in()
            for _ in range(OF_CODES.most + 1):
                page = await thief.post("/sign-in/code", code="000000")
                looked_at += page.status_code == 401
            assert page.status_code == 429
            front.now.now += timedelta(minutes=20)
        assert looked_at == OF_A_DAY.most
        assert len(await front.log("code_refused")) == OF_A_DAY.most
        await browser.sign_in()
        assert (await browser.post("/sign-in/code", code=phone.next())).status_code == 429
        # Whoever knows the password keeps its owner out only until there is another one.
        page = await browser.post(await front.link(ani), new=OTHER, again=OTHER)
        assert page.headers["location"] == "/sign-in/code"
        assert (await browser.post("/sign-in/code", code=phone.next())).status_code == 303
        assert await browser.here()


@pytest.mark.asvs("6.3.4", "6.4.3")
async def test_a_one_time_link_does_not_lead_around_it(front: Front) -> None:
    ani = await front.account()
    async with front.browser() as browser:
        phone, _ = await set_up(front, browser)
        page = await browser.post(await front.link(ani), new=OTHER, again=OTHER)
        assert page.headers["location"] == "/sign-in/code"
        assert not await browser.here()
        await browser.post("/sign-in/code", code=phone.next())
        assert await browser.here()


async def test_whoever_is_closed_or_changed_half_way_begins_again(front: Front) -> None:
    await front.account()
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        phone, _ = await set_up(front, browser)
        await browser.sign_in()
        await run(front, "account", "disable", "ani")
        page = await browser.post("/sign-in/code", code=phone.next())
        assert page.headers["location"] == "/sign-in?late=1"
        assert not await browser.here()


async def test_a_role_that_needs_it_sets_it_up_before_there_is_a_session(front: Front) -> None:
    front.more = NEEDED
    front.open()
    await front.account()
    async with front.browser() as browser:
        answer = await browser.sign_in()
        assert answer.headers["location"] == "/sign-in/code"
        page = await browser.get("/sign-in/code")
        key = key_of(page)
        assert "<svg" in page.text
        assert key_of(await browser.get("/sign-in/code")) == key  # loading it again changes nothing
        phone = Telephone(front, key)
        wrong = await browser.post("/sign-in/code", code="000000")
        assert (wrong.status_code, WRONG in told(wrong)) == (401, True)
        assert not await browser.here()
        done = await browser.post("/sign-in/code", code=phone.next())
        assert len(papers_of(done)) == 8
        assert 'href="/console"' in done.text
        assert await browser.here()
        assert papers_of(await browser.get("/me")) == []
        await browser.sign_out()
        await browser.sign_in()
        assert 'class="key"' not in (await browser.get("/sign-in/code")).text
        assert (await browser.post("/sign-in/code", code=phone.next())).status_code == 303


async def test_other_roles_are_not_asked(front: Front) -> None:
    front.more = NEEDED
    front.open()
    await front.account("budi", "Budi", "viewer")
    async with front.browser() as browser:
        await browser.sign_in("budi")
        assert await browser.here()


async def test_setting_it_up_wants_the_password_and_a_right_code(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        phone = Telephone(front, key_of(await browser.get("/me/factor")))
        for form, why in (
            ({"code": "000000", "current": GOOD}, WRONG),
            ({"code": phone.next(), "current": OTHER}, "bukan kata sandi Anda saat ini"),
        ):
            answer = await browser.post("/me/factor", **form)
            assert (answer.status_code, why in told(answer)) == (400, True), told(answer)
            assert key_of(answer) == phone.app.secret
        front.now.now += LASTS  # the offer was forgotten meanwhile
        late = await browser.post("/me/factor", code=phone.next(), current=GOOD)
        assert key_of(late) != phone.app.secret
        assert "Siapkan langkah kedua" in told(await browser.get("/me"))


async def test_removing_it_wants_a_code_and_ends_other_sessions(front: Front) -> None:
    await front.account()
    async with front.browser() as desk, front.browser() as phone_browser:
        phone, papers = await set_up(front, desk)
        for browser in (desk, phone_browser):
            await browser.sign_in()
            await browser.post("/sign-in/code", code=phone.next())
        assert (await desk.post("/me/factor/remove", code="000000")).status_code == 400
        assert (await desk.get("/me/factor")).headers["location"] == "/me"  # there is one
        gone = await desk.post("/me/factor/remove", code=papers[3].lower())
        assert gone.headers["location"] == "/me?told=factor"
        await front.visitors.read()
        assert await desk.here()
        assert not await phone_browser.here()
        assert (await phone_browser.sign_in()).headers["location"] == "/console"
    acts = [line.act for line in await front.log("account.")]
    assert acts[:3] == ["account.factor_removed", "account.paper_code", "account.factor"]


async def test_without_its_key_a_person_is_told_so_and_comes_in_with_a_code_on_paper(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    await front.account()
    async with front.browser() as browser:
        phone, papers = await set_up(front, browser)
        key = front.folder / "var" / "factors.key"
        kept = key.read_text()
        key.unlink()
        await browser.sign_in()
        for _ in range(OF_CODES.most + 1):  # it costs no attempt
            page = await browser.post("/sign-in/code", code=phone.next())
            assert (page.status_code, "kehilangan kunci" in told(page)) == (503, True)
        assert "factors.key cannot be read" in caplog.text
        assert not await browser.here()
        assert (await browser.post("/sign-in/code", code=papers[0])).status_code == 303
        assert await browser.here()
        await browser.sign_out()
        key.write_text(f"{kept}\n")
        await browser.sign_in()
        assert (await browser.post("/sign-in/code", code=phone.next())).status_code == 303


async def test_what_an_earlier_version_kept_readable_is_sealed_at_the_start(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    ani, secret = await front.account(), new_secret()
    facts: dict[str, Any] = {"secret": secret, "step": 1, "papers": ["x"], "address": ""}
    await front.records.write(second_factors.set_up, front.now(), "Ani", ani.id, **facts)
    sealer = front.reception.factors.sealer
    with caplog.at_level("INFO"):
        await seal_anew(front.records, sealer)
    assert "1 second factors were sealed" in caplog.text
    assert secret not in caplog.text
    async with front.browser() as browser:
        await browser.sign_in()
        page = await browser.post("/sign-in/code", code=Telephone(front, secret).next())
        assert page.status_code == 303
    sealer.own.write_text(b64encode(b"x" * 32).decode())
    await seal_anew(front.records, sealer)
    assert "no key opens 1 second factors" in caplog.text
    sealer.own.write_text("bukan-kunci-mana-pun")
    budi = await front.account("budi", "Budi")
    await front.records.write(second_factors.set_up, front.now(), "Budi", budi.id, **facts)
    await seal_anew(front.records, sealer)
    assert "second factors cannot be sealed" in caplog.text


async def test_on_the_machine_it_is_taken_away_from_whoever_lost_everything(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await set_up(front, browser)
        assert "no second factor any more" in await run(front, "account", "remove-factor", "ani")
        assert (await browser.sign_in()).headers["location"] == "/console"


async def test_a_new_password_of_ones_own_needs_no_code_and_keeps_the_second_step(
    front: Front,
) -> None:
    await front.account()
    async with front.browser() as browser:
        phone, _ = await set_up(front, browser)
        await browser.sign_in()
        await browser.post("/sign-in/code", code=phone.next())
        page = await browser.post("/me/password", current=GOOD, new=OTHER, again=OTHER)
        assert page.headers["location"] == "/me?told=password"
        assert "dengan kata sandi dan kode" in told(await browser.get("/me"))


@pytest.mark.parametrize("width", [1280, 360])
def test_in_a_browser_by_keyboard(chromium: Chromium, needing: Served, width: int) -> None:
    needing.run(needing.front.account())
    with chromium.new_context(
        base_url=needing.address, viewport={"width": width, "height": 800}
    ) as context:
        page = context.new_page()
        page.goto("/sign-in?next=/me")
        type_in(page, "ani", GOOD)
        expect(page.get_by_role("heading", name="Siapkan langkah kedua")).to_be_visible()
        check(page)
        key = page.locator(".key").inner_text().replace(" ", "")
        assert f"secret={key}&" in seen_by_a_telephone(page.locator(".qr").screenshot())
        phone = Telephone(needing.front, key)
        type_in(page, phone.next())
        expect(page.get_by_role("heading", name="Kode di kertas")).to_be_visible()
        check(page)
        page.get_by_role("link", name="Sudah saya simpan").press("Enter")
        expect(page.get_by_role("heading", name="Langkah kedua")).to_be_visible()
        expect(page.get_by_text("sisa 8 kode di kertas")).to_be_visible()
        check(page)
        page.get_by_role("button", name="Keluar").press("Enter")
        type_in(page, "ani", GOOD)
        expect(page.get_by_role("heading", name="Langkah kedua")).to_be_visible()
        check(page)
        type_in(page, phone.next())
        expect(page.locator("#page")).to_have_text("/console Ani Susanti")
