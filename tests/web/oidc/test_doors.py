"""To the provider and back, through the real doors; and everything that must not lead in."""

from __future__ import annotations

import logging
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from commandcenter.access.flights import LASTS
from commandcenter.records import accounts, audit
from commandcenter.records.audit import Wanted
from tests.access.idp import ACCESS_TOKEN, CLIENT_SECRET, CODE, Forger
from tests.conftest import free_port
from tests.web.oidc.conftest import House, Trip
from tests.web.sign_in.conftest import HOST, Front, told


async def refused(house: House, answer: httpx.Response, status: int, why: str) -> None:
    """A page in words, one line in the audit log, no code anywhere, and nobody is signed in."""
    assert answer.status_code == status
    assert why in told(answer)
    assert "Gagal masuk" in told(answer)
    (line,) = await house.log("sign_in_refused")
    for secret in (CODE, ACCESS_TOKEN, CLIENT_SECRET):
        assert secret not in f"{answer.text} {answer.headers} {line}"
    assert await house.signed_in() == []


# --- the honest way ------------------------------------------------------------------------------


@pytest.mark.asvs("16.3.1")
async def test_a_person_comes_back_signed_in(house: House, forger: Forger) -> None:
    async with house.browser() as browser:
        answer = await Trip(browser, forger).whole()
        assert (answer.status_code, answer.headers["location"]) == (303, "/console")
        assert "Budi Santoso" in (await browser.get("/console")).text
    acts = [(line.who, line.act) for line in await house.log()]
    assert acts == [("Budi Santoso", "signed_in"), ("oidc", "account.created")]


async def test_the_button_leads_there_and_keeps_where_one_wanted_to_go(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        form = await browser.get("/sign-in?next=/screens")
        assert 'href="/sign-in/oidc?next=%2Fscreens"' in form.text
        assert "SSO Pemda" in told(form)
        answer = await Trip(browser, forger).whole("/sign-in/oidc?next=%2Fscreens")
        assert answer.headers["location"] == "/screens"


async def test_whoever_signed_in_long_ago_is_asked_by_the_provider_too(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        assert "prompt" not in await Trip(browser, forger).out()
        await Trip(browser, forger).whole()
        house.now.forward(3600)
        page = await browser.get("/me/factor")
        assert page.headers["location"] == "/sign-in?again=1&next=%2Fme%2Ffactor"
        form = await browser.get(page.headers["location"])
        way = "/sign-in/oidc?next=%2Fme%2Ffactor&amp;again=1"
        assert f'href="{way}"' in form.text
        out = await Trip(browser, forger).out(way.replace("&amp;", "&"))
        assert (out["prompt"], out["max_age"]) == ("login", "0")
        forger.claims = {"auth_time": int(house.now().timestamp())}
        back = await Trip(browser, forger).back(code=CODE, state=out["state"])
        assert back.headers["location"] == "/me/factor"


async def test_whoever_was_signed_in_at_the_provider_has_not_shown_who_they_are(
    house: House, forger: Forger
) -> None:
    """Somebody at a desk that was left: the provider knows the browser and asks nobody."""
    house.more += '[[grant]]\ngroup = "admins"\nrole = "admin"\n'
    house.open()
    hour_ago = int(house.now().timestamp()) - 3600
    forger.claims = {"groups": ["admins"], "auth_time": hour_ago}
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
        assert (await browser.get("/console")).status_code == 200
        page = await browser.get("/admin")
        assert page.headers["location"] == "/sign-in?again=1&next=%2Fadmin"
        for claims in ({"auth_time": hour_ago}, {"auth_time": None}):
            forger.claims |= claims
            answer = await Trip(browser, forger).whole("/sign-in/oidc?next=%2Fadmin&again=1")
            assert answer.status_code == 403
            assert "baru saja memasukkan kata sandi" in told(answer)
            assert (await browser.get("/admin")).status_code == 303
        forger.claims |= {"auth_time": hour_ago + 3600}
        await Trip(browser, forger).whole("/sign-in/oidc?next=%2Fadmin&again=1")
        assert (await browser.get("/admin")).status_code == 200


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_nobody_is_sent_elsewhere(house: House, forger: Forger, to: str) -> None:
    async with house.browser() as browser:
        answer = await Trip(browser, forger).whole(f"/sign-in/oidc?next={to}")
        assert answer.headers["location"] == "/console"


async def test_the_way_back_is_to_the_name_that_was_called(house: House, forger: Forger) -> None:
    async with house.browser() as browser:
        out = await Trip(browser, forger).out()
    assert out["redirect_uri"] == f"https://{HOST}/sign-in/oidc/back"
    async with house.browser(host="evil.example") as browser:
        assert (await browser.get("/sign-in/oidc")).status_code == 400


async def test_the_ticket_is_for_this_browser_alone_for_ten_minutes_and_then_gone(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        answer = await browser.get("/sign-in/oidc")
        ticket = SimpleCookie(answer.headers["set-cookie"])["__Host-commandcenter_flight"]
        flags = (ticket["secure"], ticket["httponly"], ticket["samesite"], ticket["max-age"])
        assert flags == (True, True, "lax", "600")
        assert ticket.value not in answer.headers["location"]
        out = forger.sets_out(answer.headers["location"])
        await trip.back(code=CODE, state=out["state"])
        assert not [name for name in browser.client.cookies if "flight" in name]


async def test_every_sign_in_is_a_new_session_and_the_older_one_of_the_browser_ends(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
        first = dict(browser.client.cookies)["__Host-commandcenter_session"]
        await Trip(browser, forger).whole()
        assert dict(browser.client.cookies)["__Host-commandcenter_session"] != first
    assert await house.signed_in() == ["Budi Santoso"]


async def test_whoever_has_another_role_there_has_another_role_here(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
        forger.claims["groups"] = ["tamu"]
        answer = await Trip(browser, forger).whole()
        assert answer.status_code == 403
        assert "Anda dikenal oleh SSO Pemda" in told(answer)
    (line,) = await house.log("sign_in_refused")
    assert line.facts == {"provider": "oidc", "why": "budi, groups: tamu"}


@pytest.mark.asvs("6.8.1", "10.5.2")
async def test_somebody_who_gives_themselves_our_name_is_somebody_else(
    house: House, forger: Forger
) -> None:
    await house.account(username="budi", name="Budi Santoso", role="admin")
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
        assert "Budi Santoso (oidc: budi)" in (await browser.get("/console")).text
        assert (await browser.get("/admin")).status_code == 403


# --- what must not lead in -----------------------------------------------------------------------

RUN_OUT = "Proses masuk ini sudah kedaluwarsa"


@pytest.mark.asvs("10.2.1")
@pytest.mark.parametrize("state", ["", "tebakan", "\x00", "x" * 2000])
async def test_a_state_that_is_not_ours_is_refused(
    house: House, forger: Forger, state: str
) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        await trip.out()
        await refused(house, await trip.back(code=CODE, state=state), 400, RUN_OUT)


async def test_a_callback_counts_once(house: House, forger: Forger) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        out = await trip.out()
        ticket = dict(browser.client.cookies)
        forger.claims["nonce"] = "lain"
        assert (await trip.back(code=CODE, state=out["state"])).status_code == 400
        forger.claims.clear()
        browser.client.cookies.update(ticket)
        answer = await trip.back(code=CODE, state=out["state"])
        assert (answer.status_code, RUN_OUT in told(answer)) == (400, True)
    assert await house.signed_in() == []


@pytest.mark.asvs("10.1.2")
async def test_a_stolen_callback_opens_nothing_in_another_browser_and_still_serves_its_owner(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser, house.browser() as thief:
        out = await Trip(browser, forger).out()
        stolen = {"code": CODE, "state": out["state"]}
        await refused(house, await Trip(thief, forger).back(**stolen), 400, RUN_OUT)
        assert (await thief.get("/console")).status_code == 303  # to the sign-in page
        assert (await Trip(browser, forger).back(**stolen)).status_code == 303
    assert await house.signed_in() == ["Budi Santoso"]


async def test_nobody_is_signed_in_as_somebody_else_by_a_link(house: House, forger: Forger) -> None:
    """The thief sets out and slips the way back to somebody who is on the way, too."""
    async with house.browser() as victim, house.browser() as thief:
        await Trip(victim, forger).out()
        thiefs = await Trip(thief, forger).out()
        answer = await Trip(victim, forger).back(code=CODE, state=thiefs["state"])
        await refused(house, answer, 400, RUN_OUT)


async def test_whoever_takes_too_long_starts_again(house: House, forger: Forger) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        out = await trip.out()
        house.now.forward(LASTS.total_seconds())
        await refused(house, await trip.back(code=CODE, state=out["state"]), 400, RUN_OUT)


@pytest.mark.asvs("10.2.2")
async def test_an_answer_in_the_name_of_another_issuer_is_refused(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        out = await trip.out()
        answer = await trip.back(code=CODE, state=out["state"], iss="https://sso.lain.go.id")
        await refused(house, answer, 400, "tidak dapat dipercaya")


async def test_a_forged_id_token_is_refused(house: House, forger: Forger) -> None:
    forger.claims["aud"] = "aplikasi-lain"
    async with house.browser() as browser:
        answer = await Trip(browser, forger).whole()
        await refused(house, answer, 400, "Jawaban dari SSO Pemda tidak dapat dipercaya")
    (line,) = await house.log("sign_in_refused")
    assert line.facts["why"].endswith("Invalid claim aud")


async def test_whoever_says_no_at_the_provider_is_not_signed_in(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        out = await trip.out()
        told_so = {"error": "access_denied", "error_description": "<script>alert(1)</script>"}
        answer = await trip.back(state=out["state"], **told_so)
        await refused(house, answer, 403, "SSO Pemda tidak mengizinkan Anda masuk")
        assert "alert(1)" not in answer.text


async def test_a_way_back_without_a_code_leads_nowhere(house: House, forger: Forger) -> None:
    async with house.browser() as browser:
        trip = Trip(browser, forger)
        answer = await trip.back(state=(await trip.out())["state"])
        await refused(house, answer, 400, "tidak dapat dipercaya")


async def test_a_disabled_account_stays_outside(house: House, forger: Forger) -> None:
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
        (account,) = await house.records.read(accounts.accounts)
        await house.records.write(accounts.disable, house.now(), "admin", account.id)
        answer = await Trip(browser, forger).whole()
        await refused(house, answer, 403, "Akun ini dinonaktifkan di sini")


async def test_a_username_that_somebody_else_of_the_provider_had_is_not_handed_over(
    house: House, forger: Forger
) -> None:
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
    house.now.forward(17 * 3600)  # their session is over
    forger.claims["sub"] = "4712"
    async with house.browser() as browser:
        answer = await Trip(browser, forger).whole()
        await refused(house, answer, 403, "tidak dapat diperbarui")


async def test_nobody_signs_in_over_a_wire_that_can_be_read(house: House, forger: Forger) -> None:
    async with house.browser(scheme="http") as browser:
        answer = await browser.get("/sign-in/oidc")
        assert answer.status_code == 403
        assert "https://" in told(answer)


async def test_without_the_table_there_is_no_such_door(house: House, tmp_path: Path) -> None:
    (tmp_path / "lain").mkdir()
    without = Front(tmp_path / "lain", house.records, house.now).open()
    async with without.browser() as browser:
        assert (await browser.get("/sign-in/oidc")).status_code == 404


# --- when the provider is away -------------------------------------------------------------------


@pytest.mark.asvs("16.5.2")
async def test_while_the_provider_is_away_local_accounts_still_sign_in(
    house: House, forger: Forger
) -> None:
    await house.account()
    nobody_listens = f"http://127.0.0.1:{free_port()}"
    provider = house.oidc.provider
    provider.settings = replace(provider.settings, issuer=nobody_listens)
    async with house.browser() as browser:
        answer = await browser.get("/sign-in/oidc")
        await refused(house, answer, 503, "SSO Pemda tidak menjawab; coba lagi sebentar lagi")
        assert (await browser.sign_in()).status_code == 303


async def test_a_flood_of_false_callbacks_fills_no_log(house: House, forger: Forger) -> None:
    """From thirty addresses, so that the limit of one address does not stop it first."""
    for number in range(30):
        async with house.browser(address=f"10.0.0.{number}") as browser:
            for _ in range(10):
                await Trip(browser, forger).back(code=CODE, state="tebakan")
    lines = await house.records.read(audit.search, Wanted(limit=1000))
    assert len([line for line in lines if line.act == "sign_in_refused"]) == 30
    assert sum(line.facts["attempts"] for line in lines if line.act == "throttled") >= 1
    house.now.forward(60)
    async with house.browser() as browser:
        await Trip(browser, forger).back(code=CODE, state="tebakan")
        assert (await Trip(browser, forger).whole()).status_code == 303


@pytest.mark.asvs("10.1.1")
async def test_no_code_and_no_token_is_logged(
    house: House, forger: Forger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with house.browser() as browser:
        await Trip(browser, forger).whole()
        await Trip(browser, forger).back(code=CODE, state="tebakan")
    ours = [r for r in caplog.records if not r.name.startswith(("httpx", "httpcore", "asyncio"))]
    entries = f"{[r.getMessage() for r in ours]} {await house.log()}"
    for secret in (CODE, ACCESS_TOKEN, CLIENT_SECRET, forger.nonce):
        assert secret not in entries
