"""The form of /sign-in with a real directory behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from commandcenter.access.ldap import Directory
from commandcenter.access.settings import Grant, Ldap
from commandcenter.records.database import Records
from commandcenter.secret import Secret
from tests.access.conftest import slapd as slapd  # noqa: PLC0414 (its tests use it, too)
from tests.access.slapd import PASSWORD, ROOT, SERVICE, SERVICE_PASSWORD, Slapd
from tests.conftest import Clock, free_port
from tests.web.sign_in.conftest import Front, told
from tests.web.sign_in.test_second_step import Telephone, key_of, papers_of

GRANTS = (Grant(group="noc", role="operator", offices=("dinkes",)),)


@pytest.fixture
def directory(slapd: Slapd, monkeypatch: pytest.MonkeyPatch) -> Directory:
    monkeypatch.setenv("LDAP_PASSWORD", SERVICE_PASSWORD)
    secret = Secret("env:LDAP_PASSWORD")
    told = Ldap(url=slapd.tls_url, base=ROOT, bind_dn=SERVICE, bind_password=secret, ca=slapd.ca)
    return Directory(told, GRANTS)


@pytest.fixture
def front(tmp_path: Path, sqlite_records: Records, clock: Clock, directory: Directory) -> Front:
    return Front(tmp_path, sqlite_records, clock, directories=[directory]).open()


async def test_a_person_of_the_directory_signs_in_with_their_own_password(front: Front) -> None:
    async with front.browser() as browser:
        answer = await browser.sign_in("budi", PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console")
        assert "Budi Santoso" in (await browser.get("/console")).text
    (line,) = await front.log("account.created")
    assert (line.who, line.facts["role"], line.facts["offices"]) == ("ldap", "operator", ["dinkes"])


@pytest.mark.asvs("6.3.4")
async def test_whoever_needs_a_second_factor_sets_one_up_here(front: Front) -> None:
    front.more = '[access]\nsecond_factor = ["operator"]\n'
    front.open()
    async with front.browser() as browser:
        answer = await browser.sign_in("budi", PASSWORD)
        assert answer.headers["location"] == "/sign-in/code"
        assert not await browser.here()
        phone = Telephone(front, key_of(await browser.get("/sign-in/code")))
        assert len(papers_of(await browser.post("/sign-in/code", code=phone.next()))) == 8
        assert await browser.here()
        removed = await browser.post("/me/factor/remove", code=phone.next())
        assert removed.headers["location"] == "/me?told=factor"


async def test_an_unknown_name_and_a_wrong_password_read_the_same(front: Front) -> None:
    async with front.browser() as browser:
        answers = [await browser.sign_in(name, "salah") for name in ("budi", "tidak-ada")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({told(answer) for answer in answers}) == 1
    assert PASSWORD not in str(await front.log())


async def test_whoever_guesses_is_counted_by_whom_the_directory_found(
    front: Front, directory: Directory
) -> None:
    """With names for budi of which each one is new: his mail address in many a domain."""
    directory.settings = replace(
        directory.settings, filter="(|(uid={username})(&(uid=budi)(!(uid={username}))))"
    )
    async with front.browser() as desk:
        assert (await desk.sign_in("budi", PASSWORD)).status_code == 303
        await desk.sign_out()
        async with front.browser() as thief:
            for n in range(30):
                thief.client._transport.client = (f"10.0.{n}.1", 1)  # type: ignore[attr-defined]
                assert (await thief.sign_in(f"alias{n}", "salah")).status_code == 401
            right = await thief.sign_in("alias99", PASSWORD)
            assert right.status_code == 401  # it was not looked at
        assert len(await front.log("sign_in_refused")) == 20
        assert sum(line.facts["attempts"] for line in await front.log("throttled")) > 0
        assert (await desk.sign_in("budi", PASSWORD)).status_code == 303


async def test_who_has_no_role_here_reads_what_to_do(front: Front) -> None:
    async with front.browser() as browser:
        answer = await browser.sign_in("rina", PASSWORD)
        assert "Anda dikenal oleh LDAP" in told(answer)
        assert (await browser.get("/console")).status_code == 303


async def test_while_the_directory_is_away_local_accounts_still_sign_in(
    front: Front, directory: Directory
) -> None:
    await front.account()
    away = f"ldaps://127.0.0.1:{free_port()}"
    directory.settings = replace(directory.settings, url=away)
    async with front.browser() as browser:
        answer = await browser.sign_in("budi", PASSWORD)
        assert answer.status_code == 503
        assert "Direktori akun tidak menjawab" in told(answer)
        assert (await browser.sign_in()).status_code == 303
