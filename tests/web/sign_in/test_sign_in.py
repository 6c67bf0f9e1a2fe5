"""Signing in and out with a name and a password of ours."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from commandcenter.access.grants import Identity, NoGrant, ProviderDown
from commandcenter.access.throttle import MayTry
from commandcenter.records import accounts, sessions
from commandcenter.records.database import Records
from tests.conftest import Clock
from tests.web.sign_in.conftest import FAR, GOOD, HOST, OTHER, Counted, Front, told

WRONG = "Nama pengguna atau kata sandi salah"


async def test_a_person_signs_in_and_comes_to_the_page_of_their_role(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        page = await browser.sign_in()
        assert (page.status_code, page.headers["location"]) == (303, "/console")
        assert "Ani Susanti" in (await browser.get("/console")).text
    assert [line.act for line in await front.log("signed_in")] == ["signed_in"]


@pytest.mark.parametrize(
    ("role", "start"),
    [("viewer", "/"), ("leader", "/"), ("operator", "/console"), ("admin", "/admin")],
)
async def test_each_role_begins_at_its_own_page(front: Front, role: str, start: str) -> None:
    await front.account(role=role)
    async with front.browser() as browser:
        assert (await browser.sign_in(next="/")).headers["location"] == start


async def test_whoever_was_sent_here_comes_back_to_where_they_wanted_to_go(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        sent = await browser.get("/console?incident=7")
        form = await browser.get(sent.headers["location"])
        assert 'name="next" value="/console?incident=7"' in form.text
        page = await browser.sign_in(next="/console?incident=7")
        assert page.headers["location"] == "/console?incident=7"


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "///evil.example",
        "/sign-out",
        "console",
        "/" + "a" * 600,
    ],
)
async def test_nobody_is_sent_away_from_our_own_pages(front: Front, elsewhere: str) -> None:
    await front.account()
    async with front.browser() as browser:
        assert (
            elsewhere not in (await browser.client.get("/sign-in", params={"next": elsewhere})).text
        )
        assert (await browser.sign_in(next=elsewhere)).headers["location"] == "/console"


async def test_whatever_is_wrong_is_answered_alike_and_costs_the_same(front: Front) -> None:
    await front.account()
    closed = await front.account("budi", "Budi Santoso")
    await front.account("citra", "Citra Dewi", password=None)  # invited, has not come yet
    await front.records.write(accounts.disable, front.now(), "admin", closed.id)
    answers = set()
    async with front.browser() as browser:
        for username, password in (
            ("ani", OTHER),
            ("budi", GOOD),
            ("citra", GOOD),
            ("nobody", GOOD),
            ("", ""),
        ):
            front.hasher.computed = 0
            page = await browser.sign_in(username, password)
            assert WRONG in told(page)
            echo = f'value="{username}"' if username else "autofocus"
            answers.add((page.status_code, front.hasher.computed, echo in page.text))
            assert "set-cookie" not in page.headers
    assert answers == {(401, 1, True)}


@pytest.mark.asvs("16.3.1")
async def test_the_log_never_has_a_name_that_is_nobodys(front: Front) -> None:
    ani = await front.account()
    async with front.browser() as browser:
        await browser.sign_in("my secret typed into the wrong field", "x")
        await browser.sign_in("ani", "wrong")
    refused = await front.log("sign_in_refused")
    assert [(line.thing, line.source_address) for line in refused] == [
        (f"account/{ani.id}", FAR),
        ("", FAR),
    ]
    assert "secret" not in repr(await front.log())


@pytest.mark.asvs("7.2.2", "7.2.4")
async def test_signing_in_makes_a_new_session_and_ends_the_one_before(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        first = browser.client.cookies["__Host-commandcenter_session"]
        await browser.sign_in()
        assert browser.client.cookies["__Host-commandcenter_session"] != first
        await front.visitors.read()
        assert await browser.here()
        assert len(await front.records.read(sessions.live_sessions, front.now())) == 1


@pytest.mark.asvs("7.2.4")
async def test_a_session_that_somebody_planted_is_not_taken_over(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        browser.client.cookies.set("__Host-commandcenter_session", "planted", domain=HOST)
        page = await browser.sign_in()
        assert "commandcenter_session=planted" not in str(page.headers)
        assert await browser.here()


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4")
async def test_cookies_are_out_of_reach_for_scripts_and_other_sites(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        cookies = (await browser.sign_in()).headers.get_list("set-cookie")
    session = next(c for c in cookies if c.startswith("__Host-commandcenter_session="))
    known = next(c for c in cookies if c.startswith("__Host-commandcenter_browser="))
    for cookie in (session, known):
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "SameSite=Lax" in session
    assert "SameSite=strict" in known


async def test_signing_out_ends_the_session_and_empties_the_browser(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        token = browser.client.cookies["__Host-commandcenter_session"]
        page = await browser.sign_out()
        assert page.headers["clear-site-data"] == '"cache", "storage"'
        assert "Anda telah keluar" in told(await browser.get(page.headers["location"]))
        browser.client.cookies.set("__Host-commandcenter_session", token, domain=HOST)
        assert not await browser.here()
        assert (await browser.sign_out()).status_code == 303  # once more harms nobody
    assert len(await front.log("signed_out")) == 1


@pytest.mark.asvs("3.5.1")
async def test_a_form_of_another_site_signs_nobody_in_or_out(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        for origin in ("https://evil.example", "null"):
            browser.client.headers["Origin"] = origin
            assert (await browser.sign_in()).status_code == 403
        del browser.client.headers["Origin"]
        assert (await browser.sign_in()).status_code == 403
        assert not await browser.here()


async def test_over_plain_http_from_elsewhere_nobody_types_a_password(front: Front) -> None:
    await front.account()
    async with front.browser(scheme="http") as browser:
        form = await browser.get("/sign-in")
        assert form.status_code == 403
        assert "password" not in form.text
        assert "https://" in told(form)
        assert (await browser.sign_in()).status_code == 403
    assert front.hasher.computed == 0
    async with front.browser("127.0.0.1", "http", "127.0.0.1") as browser:
        assert (await browser.sign_in()).status_code == 303  # nobody listens inside a machine


async def test_plain_http_can_be_allowed(
    tmp_path: Path, sqlite_records: Records, clock: Clock
) -> None:
    more = "[access]\nplain_http = true\n"
    front = Front(tmp_path, sqlite_records, clock, more=more).open()
    await front.account()
    async with front.browser(scheme="http") as browser:
        assert (await browser.sign_in()).status_code == 303
        assert await browser.here()


async def test_a_password_kept_with_older_costs_is_kept_anew(front: Front) -> None:
    ani = await front.account()
    older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(GOOD)
    await front.records.write(accounts.rehash, ani.id, older)
    async with front.browser() as browser:
        assert (await browser.sign_in()).status_code == 303
    kept = (await front.records.read(accounts.account_of, ani.id)).password_hash
    assert kept is not None
    assert kept != older
    assert Counted().verify(kept, GOOD)


async def test_keeping_it_anew_never_brings_an_older_password_back(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    ani = await front.account()
    newer = Counted().hash(OTHER)
    await front.records.write(accounts.rehash, ani.id, PasswordHasher(2, 16, 1).hash(GOOD))
    real = front.reception.passwords.hash

    async def meanwhile(password: str) -> str:
        await front.records.write(accounts.rehash, ani.id, newer)  # somebody sets another one
        return await real(password)

    monkeypatch.setattr(front.reception.passwords, "hash", meanwhile)
    async with front.browser() as browser:
        assert (await browser.sign_in()).status_code == 401
    kept = (await front.records.read(accounts.account_of, ani.id)).password_hash
    assert kept == newer


async def test_an_account_closed_while_its_password_is_checked_does_not_come_in(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    ani = await front.account()
    real = front.reception.passwords.verify

    async def meanwhile(kept: str | None, password: str) -> bool:
        await front.records.write(accounts.disable, front.now(), "admin", ani.id)
        return await real(kept, password)

    monkeypatch.setattr(front.reception.passwords, "verify", meanwhile)
    async with front.browser() as browser:
        assert (await browser.sign_in()).status_code == 401
        assert not await browser.here()


async def test_a_form_that_is_none_of_ours_is_refused_in_words(front: Front) -> None:
    async with front.browser() as browser:
        for body in (b"\xff\xfe", b"&".join([b"a=1"] * 50)):
            page = await browser.client.post("/sign-in", content=body)
            assert page.status_code == 400
            assert "Formulir" in told(page)
        long = await browser.client.post("/sign-in", content=b"a=" + b"x" * 20_000)
        assert long.status_code == 413


async def test_the_page_also_speaks_english_and_goes_on_in_it(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        form = await browser.get("/sign-in?lang=en")
        assert '<html lang="en">' in form.text
        assert 'action="/sign-in?lang=en"' in form.text
        page = await browser.post("/sign-in?lang=en", username="ani", password=GOOD)
        assert page.headers["location"] == "/console?lang=en"


async def test_too_many_at_once_are_asked_to_wait(front: Front) -> None:
    await front.account()
    front.reception.passwords._waiting = 100
    async with front.browser() as browser:
        page = await browser.sign_in()
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        front.reception.passwords._waiting = 0
        assert (await browser.sign_in()).status_code == 303
    assert len(front.reception.throttle.addresses) == 0  # the attempt was given back


# --- a directory beside us ------------------------------------------------------------------------

DEWI = Identity(
    provider="ldap",
    subject="uid=dewi,ou=people",
    username="dewi",
    name="Dewi Lestari",
    role="leader",
    offices=(),
    domains=(),
)


class House:
    """A directory that knows Dewi, or is away, or does not know what she may do."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.asked: list[str] = []

    async def check(self, username: str, password: str, may_try: MayTry | None) -> Identity | None:
        self.asked.append(username)
        if self.trouble is not None:
            raise self.trouble
        return DEWI if (username, password) == ("dewi", OTHER) else None


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def with_house(tmp_path: Path, sqlite_records: Records, clock: Clock, house: House) -> Front:
    return Front(tmp_path, sqlite_records, clock, directories=[house]).open()


async def test_somebody_whom_the_directory_knows_comes_in_too(
    with_house: Front, house: House
) -> None:
    await with_house.account()
    async with with_house.browser() as browser:
        assert (await browser.sign_in("ani", OTHER)).status_code == 401
        assert (await browser.sign_in("dewi", GOOD)).status_code == 401
        assert (await browser.sign_in("dewi", OTHER)).headers["location"] == "/"
        assert "Dewi Lestari" in (await browser.get("/")).text
        assert (await browser.sign_in()).status_code == 303
    assert house.asked == ["dewi", "dewi"]  # Ani's password is none of its business


async def test_while_the_directory_is_away_our_own_accounts_still_work(
    with_house: Front, house: House
) -> None:
    await with_house.account()
    house.trouble = ProviderDown("The directory does not answer; try again later")
    async with with_house.browser() as browser:
        page = await browser.sign_in("dewi", OTHER)
        assert page.status_code == 503
        assert "directory does not answer" in page.text or "irektori" in page.text
        assert (await browser.sign_in()).status_code == 303


async def test_whoever_has_no_role_here_is_told_so(with_house: Front, house: House) -> None:
    house.trouble = NoGrant("ldap", "the directory", ["tamu"])
    async with with_house.browser() as browser:
        page = await browser.sign_in("dewi", OTHER)
        assert page.status_code == 403
        assert not await browser.here()


async def test_when_local_accounts_are_off_only_the_directory_counts(
    tmp_path: Path, sqlite_records: Records, clock: Clock, house: House
) -> None:
    more = """
[access]
local = false
[ldap]
url = "ldaps://ldap.example.go.id"
base = "dc=example"
[[grant]]
group = "noc"
role = "leader"
"""
    front = Front(tmp_path, sqlite_records, clock, more=more, directories=[house]).open()
    await front.account()
    async with front.browser() as browser:
        assert (await browser.sign_in()).status_code == 401
        assert (await browser.sign_in("dewi", OTHER)).status_code == 303
        assert (await browser.get(await front.link())).status_code == 404


async def test_oidc_is_a_button_when_it_is_set_up(
    tmp_path: Path, sqlite_records: Records, clock: Clock
) -> None:
    more = """
[oidc]
issuer = "https://sso.example.go.id"
client_id = "cc"
client_secret = "env:SECRET"
name = "SSO Kobar"
[[grant]]
group = "noc"
role = "leader"
"""
    front = Front(tmp_path, sqlite_records, clock, more=more).open()
    async with front.browser() as browser:
        form = await browser.get("/sign-in?next=/console")
        assert 'href="/sign-in/oidc?next=%2Fconsole"' in form.text
        assert "Masuk dengan SSO Kobar" in told(form)


@pytest.mark.asvs("7.3.1")
async def test_a_session_ends_when_nobody_uses_it(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        front.now.now += timedelta(minutes=121)
        assert not await browser.here()


async def test_a_directory_cannot_take_the_last_administrator_away(
    with_house: Front, house: House
) -> None:
    first = replace(DEWI, role="admin")
    told_of = {**asdict(first), "address": ""}
    await with_house.records.write(accounts.sign_in_from, with_house.now(), **told_of)
    async with with_house.browser() as browser:
        page = await browser.sign_in("dewi", OTHER)  # where she is a leader now
        assert page.status_code == 403
        assert not await browser.here()


@pytest.mark.asvs("6.2.10")
async def test_a_password_that_is_years_old_opens(front: Front) -> None:
    await front.account()
    front.now.now += timedelta(days=5 * 366)
    async with front.browser() as browser:
        assert (await browser.sign_in()).headers["location"] == "/console"
        assert await browser.here()
