"""A directory as it is found elsewhere: a real OpenLDAP server."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from commandcenter.access.grants import NoGrant, ProviderDown
from commandcenter.access.ldap import Directory
from commandcenter.access.settings import Grant, Ldap
from commandcenter.secret import Secret
from tests.access.slapd import (
    BUDI,
    GROUPS,
    GUID,
    OPEN,
    PASSWORD,
    PEOPLE,
    ROOT,
    SERVICE,
    SERVICE_PASSWORD,
    Slapd,
)
from tests.conftest import free_port
from tests.tcp import Talk, serving

GRANTS = (Grant(group="noc", role="operator"), Grant(group="pimpinan", role="leader"))


@pytest.fixture(autouse=True)
def service_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LDAP_PASSWORD", SERVICE_PASSWORD)


def directory(slapd: Slapd, **other: Any) -> Directory:
    told: dict[str, Any] = {
        "url": slapd.url,
        "base": ROOT,
        "bind_dn": SERVICE,
        "bind_password": Secret("env:LDAP_PASSWORD"),
        "ca": slapd.ca,
        "seconds": 30.0,  # a busy machine is not a frozen directory
    }
    return Directory(Ldap(**told | other), GRANTS)


@contextmanager
def frozen(slapd: Slapd) -> Iterator[None]:
    slapd.freeze()
    try:
        yield
    finally:
        slapd.thaw()


async def down(asked: Directory, username: str = "budi", password: str = PASSWORD) -> ProviderDown:
    """The refusal, which holds no secret."""
    with pytest.raises(ProviderDown) as told:
        await asked.check(username, password)
    for secret in (PASSWORD, SERVICE_PASSWORD):
        assert secret not in f"{told.value} {told.value.detail} {told.value.__cause__!r}"
    return told.value


# --- who gets in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["ldaps", "start_tls"])
async def test_a_person_of_a_group_signs_in_over_tls(slapd: Slapd, way: str) -> None:
    found = await directory(slapd, url=slapd.tls_url if way == "ldaps" else slapd.url).check(
        "budi", PASSWORD
    )
    assert found is not None
    assert (found.provider, found.username, found.name) == ("ldap", "Budi", "Budi Santoso")
    assert (found.role, found.offices, found.domains) == ("operator", (), ())


async def test_a_name_is_one_account_however_it_is_typed(slapd: Slapd) -> None:
    asked = directory(slapd)
    found = [await asked.check(typed, PASSWORD) for typed in ("budi", " BUDI", "Budi ")]
    assert len(set(found)) == 1


async def test_groups_are_also_found_where_people_do_not_name_them(slapd: Slapd) -> None:
    found = await directory(
        slapd, groups_attribute="tidakAda", group_base=GROUPS, group_filter="(member={dn})"
    ).check("siti", PASSWORD)
    assert found is not None
    assert found.role == "leader"


async def test_without_an_account_of_its_own_it_asks_anonymously(slapd: Slapd) -> None:
    asked = directory(slapd, bind_dn="", bind_password=None, base=OPEN, groups_attribute="memberOf")
    found = await asked.check("tamu", PASSWORD)
    assert found is not None
    assert found.name == "Tamu Terbuka"


@pytest.mark.parametrize("groups", [{}, {"group_base": GROUPS, "group_filter": "(member={dn})"}])
async def test_people_are_found_as_active_directory_keeps_them(
    slapd: Slapd, groups: dict[str, str]
) -> None:
    found = await directory(
        slapd,
        filter="(&(objectClass=inetOrgPerson)(sAMAccountName={username}))",
        name_attribute="displayName",
        groups_attribute="tidakAda" if groups else "memberOf",
        **groups,
    ).check("ARI.W", PASSWORD)
    assert found is not None
    assert (found.username, found.name, found.role) == ("ari.w", "Ari Wibowo", "operator")
    assert found.subject == str(GUID)


async def test_whoever_moves_to_another_office_stays_the_same_account(slapd: Slapd) -> None:
    asked, elsewhere = directory(slapd), f"ou=lama,{PEOPLE}"
    before = await asked.check("budi", PASSWORD)
    with slapd.as_admin() as at:
        assert at.modify_dn(BUDI, "uid=Budi", new_superior=elsewhere)
    after = await asked.check("budi", PASSWORD)
    with slapd.as_admin() as at:
        assert at.modify_dn(f"uid=Budi,{elsewhere}", "uid=Budi", new_superior=PEOPLE)
    assert before is not None
    assert after is not None
    assert before.subject == after.subject
    assert len(before.subject) == 36  # its entryUUID


async def test_many_sign_in_at_once(slapd: Slapd) -> None:
    asked = directory(slapd)
    found = await asyncio.gather(*(asked.check("budi", PASSWORD) for _ in range(12)))
    assert len(set(found)) == 1
    assert found[0] is not None


# --- who does not --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("budi", "salah"),
        ("budi", PASSWORD.upper()),
        ("tidak-ada", PASSWORD),
        ("joko", PASSWORD),  # his password is disabled
        ("dewi", PASSWORD),  # two people have this name: nobody can tell which
        ("budi", ""),  # would be an unauthenticated bind, which servers answer with success
        ("", PASSWORD),
        ("budi", "\x00"),
        ("budi", "x" * 10_000),
        ("budi\x00", PASSWORD),
    ],
)
async def test_whoever_is_not_known_with_this_password_does_not_get_in(
    slapd: Slapd, username: str, password: str
) -> None:
    assert await directory(slapd).check(username, password) is None


@pytest.mark.asvs("1.2.6")
@pytest.mark.parametrize(
    "username",
    ["*", "b*", "*)(uid=*", "budi)(uid=*))(|(uid=*", "budi)(objectClass=*", "(budi)", "bu\\64i"],
)
async def test_a_username_is_never_a_part_of_the_question(slapd: Slapd, username: str) -> None:
    assert await directory(slapd).check(username, PASSWORD) is None
    asked = directory(
        slapd, group_base=GROUPS, group_filter="(|(memberUid={username})(member={dn}))"
    )
    assert await asked.check(username, PASSWORD) is None


async def test_an_empty_password_is_refused_before_anything_is_sent(slapd: Slapd) -> None:
    nobody_listens = directory(slapd, url=f"ldap://127.0.0.1:{free_port()}")
    assert await nobody_listens.check("budi", "") is None


async def test_whoever_has_no_role_here_is_told_so_but_only_with_the_right_password(
    slapd: Slapd,
) -> None:
    with pytest.raises(NoGrant, match="You are known to LDAP"):
        await directory(slapd).check("rina", PASSWORD)
    assert await directory(slapd).check("rina", "salah") is None


async def test_an_unknown_name_costs_the_directory_the_same_questions(slapd: Slapd) -> None:
    """Counted on the wire: what is asked for a wrong password is asked for an unknown name."""
    asked = directory(slapd, start_tls=False, group_base=GROUPS, group_filter="(member={dn})")
    counts = []
    for username in ("budi", "tidak-ada"):
        questions = list[int]()
        async with serving(_counted(slapd.port, questions)) as port:
            asked.settings = directory(
                slapd,
                url=f"ldap://127.0.0.1:{port}",
                start_tls=False,
                group_base=GROUPS,
                group_filter="(member={dn})",
            ).settings
            assert await asked.check(username, "salah") is None
        counts.append([tag for tag in questions if tag != 0x42])  # but for the farewell
    assert counts[0] == [0x60, 0x63, 0x63, 0x60]  # bind, search, search, bind (RFC 4511 4.2, 4.5)
    assert counts[1] == counts[0]


@pytest.mark.asvs("6.3.1")
async def test_before_the_password_is_tried_it_is_asked_whether_it_may_be(slapd: Slapd) -> None:
    """However the name is written: by the DN that was found, and of nobody who was not."""
    names = ("budi", "BUDI ", "\uff42\uff55\uff44\uff49", "tidak-ada")
    asked = list[str]()

    async def never(dn: str) -> bool:
        asked.append(dn)
        return False

    for name in names:
        assert await directory(slapd).check(name, PASSWORD, never) is None
    assert asked == [BUDI] * 3


# --- when the directory cannot be asked ----------------------------------------------------------


@pytest.mark.parametrize("way", ["ldap", "ldaps", "start_tls"])
async def test_a_frozen_directory_is_given_up_in_time(slapd: Slapd, way: str) -> None:
    url = slapd.tls_url if way == "ldaps" else slapd.url
    asked = directory(slapd, url=url, start_tls=way == "start_tls", seconds=0.5)
    begun = time.monotonic()
    with frozen(slapd):
        refusal = await down(asked)
    assert time.monotonic() - begun < 10  # 0.5 s, and what a busy machine adds
    assert "does not answer" in str(refusal)
    assert refusal.detail.endswith("nothing in 0.5 s")
    asked.settings = directory(slapd).settings
    assert await asked.check("budi", PASSWORD) is not None  # and it comes back by itself


async def test_frozen_conversations_do_not_hold_up_later_ones(slapd: Slapd) -> None:
    asked = directory(slapd, seconds=0.3)
    with frozen(slapd):
        await asyncio.gather(*(down(asked) for _ in range(10)))
    asked.settings = directory(slapd).settings
    assert await asked.check("budi", PASSWORD) is not None


async def test_a_directory_that_is_away_says_so_once(
    slapd: Slapd, caplog: pytest.LogCaptureFixture
) -> None:
    asked = directory(slapd, url=f"ldap://127.0.0.1:{free_port()}")
    for _ in range(3):
        assert "use a local account" in str(await down(asked))
    (told,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert "Connection refused" in told
    assert PASSWORD not in caplog.text


async def test_something_else_that_listens_there_is_not_believed(slapd: Slapd) -> None:
    """It answers every question with bytes that are no LDAP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = asyncio.create_task(asyncio.to_thread(_babble, server))
        asked = directory(slapd, url=f"ldap://127.0.0.1:{server.getsockname()[1]}", start_tls=False)
        await down(asked)
        await answering


@pytest.mark.asvs("12.3.2")
@pytest.mark.parametrize("way", ["ldaps", "start_tls"])
async def test_the_certificate_of_another_host_is_refused(slapd: Slapd, way: str) -> None:
    """It is of "localhost", and signed by whom we trust; but 127.0.0.1 was called."""
    elsewhere = (slapd.tls_url if way == "ldaps" else slapd.url).replace("localhost", "127.0.0.1")
    refusal = await down(directory(slapd, url=elsewhere))
    assert "certificate" in str(refusal)
    assert "url and ca of [ldap]" in str(refusal)


@pytest.mark.asvs("12.3.2", "12.3.4")
async def test_a_certificate_that_nobody_we_trust_has_signed_is_refused(slapd: Slapd) -> None:
    assert "certificate" in str(await down(directory(slapd, ca=None)))


@pytest.mark.asvs("12.3.4")
async def test_a_missing_file_of_certificates_does_not_mean_that_everybody_is_trusted(
    slapd: Slapd, tmp_path: Path
) -> None:
    await down(directory(slapd, ca=tmp_path / "tidak-ada.pem"))


async def test_a_wrong_password_of_our_own_account_is_our_fault_not_the_persons(
    slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LDAP_PASSWORD", "rahasia-yang-salah")
    refusal = await down(directory(slapd))
    assert "the administrator must look at [ldap]" in str(refusal)
    assert refusal.detail == f"{slapd.url}: bind as {SERVICE}: invalidCredentials"


async def test_a_missing_password_of_our_own_account_is_told_by_its_name(
    slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LDAP_PASSWORD")
    refusal = await down(directory(slapd))
    assert refusal.detail == "bind_password: set the environment variable LDAP_PASSWORD"


async def test_a_base_that_is_not_there_is_our_fault_not_the_persons(slapd: Slapd) -> None:
    refusal = await down(directory(slapd, base=f"ou=salah,{ROOT}"))
    assert "noSuchObject" in refusal.detail


# --- help ----------------------------------------------------------------------------------------


def _counted(port: int, questions: list[int]) -> Talk:
    """A wire to the directory that notes the tag of every question that passes."""

    async def talk(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, there = await asyncio.open_connection("127.0.0.1", port)
        answers = asyncio.create_task(_copy(far, back))
        while question := await near.read(65_536):
            questions.append(_tag(question))
            there.write(question)
        there.close()
        await answers

    return talk


def _tag(message: bytes) -> int:
    """Of the operation in an LDAPMessage: after its sequence and the number of the message."""
    start = 2 + (message[1] & 0x7F if message[1] & 0x80 else 0)
    return message[start + 2 + message[start + 1]]


async def _copy(near: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
    while part := await near.read(65_536):
        there.write(part)
    there.close()


def _babble(server: socket.socket) -> None:
    near, _ = server.accept()
    with near:
        near.recv(4096)
        near.sendall(b"\x30\x05\x02\x01\x01\x99\x00")
