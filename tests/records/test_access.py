"""Accounts, sessions, one-time links and tokens: what is kept, what ends, and who is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from commandcenter.records import accounts, audit, entry_links, sessions, tokens
from commandcenter.records.accounts import Account, AccountDisabled, LastAdmin, NameTaken, NoAccount
from commandcenter.records.database import Records
from commandcenter.records.entry_links import LinkGone
from tests.conftest import NOW

HERE = {"address": "127.0.0.1", "user_agent": "a test"}


async def new(records: Records, username: str = "ani", role: str = "admin", **more: Any) -> Account:
    told = {"name": username.title(), "role": role} | more
    return await records.write(accounts.create, NOW, "setup", username=username, **told)


async def signed_in(records: Records, whose: Account) -> tuple[str, int]:
    token, begun = await records.write(sessions.begin, NOW, whose, hours=8, how="password", **HERE)
    return token, begun.id


async def log(records: Records, **wanted: Any) -> list[tuple[str, str, str]]:
    """Who did what to what, oldest first."""
    found = await records.read(audit.search, audit.Wanted(**wanted))
    return [(entry.who, entry.act, entry.thing) for entry in reversed(found)]


async def alive(records: Records) -> set[int]:
    return {one.id for one, _ in await records.read(sessions.live_sessions, NOW)}


async def test_an_account_is_found_by_its_username_in_whatever_case(records: Records) -> None:
    ani = await new(records, "Ani")
    assert await records.read(accounts.by_username, " aNI ") == ani
    assert await records.read(accounts.by_username, "an") is None
    assert await log(records) == [("setup", "account.created", f"account/{ani.id}")]


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ({"username": "ANI", "name": "Other"}, "username"),
        ({"username": "x", "name": "ANI"}, "name"),
    ],
)
async def test_two_people_are_never_called_the_same(
    records: Records, told: dict[str, str], taken: str
) -> None:
    await new(records, "ani")
    with pytest.raises(NameTaken) as error:
        await records.write(accounts.create, NOW, "x", role="viewer", **told)
    assert error.value.field == taken
    assert len(await records.read(accounts.accounts)) == 1


async def test_another_role_ends_the_sessions_and_another_name_does_not(records: Records) -> None:
    await new(records)
    budi = await new(records, "budi", "operator")
    _, number = await signed_in(records, budi)
    await records.write(accounts.change, NOW, "Ani", budi.id, name="Budi Santoso")
    assert await alive(records) == {number}
    changed = await records.write(accounts.change, NOW, "Ani", budi.id, role="viewer")
    assert (changed.name, changed.role) == ("Budi Santoso", "viewer")
    assert await alive(records) == set()
    acts = [act for _, act, _ in await log(records, thing=f"account/{budi.id}")]
    assert acts == [
        "account.created",
        "signed_in",
        "account.changed",
        "account.changed",
        "session.revoked",
    ]


async def test_a_new_password_ends_every_other_session(records: Records) -> None:
    ani = await new(records)
    _, here = await signed_in(records, ani)
    await signed_in(records, ani)
    await records.write(accounts.set_password, NOW, "Ani", ani.id, "hash", keep_session=here)
    assert await alive(records) == {here}


async def test_the_last_administrator_stays(records: Records) -> None:
    ani = await new(records)
    await new(records, "demo", provider="demo")
    with pytest.raises(LastAdmin):
        await records.write(accounts.disable, NOW, "Ani", ani.id)
    with pytest.raises(LastAdmin):
        await records.write(accounts.change, NOW, "Ani", ani.id, role="operator")
    assert await records.read(accounts.has_admin)
    await new(records, "budi")
    assert (await records.write(accounts.disable, NOW, "Budi", ani.id)).disabled_at == NOW


async def test_of_two_administrators_who_close_each_other_one_stays(records: Records) -> None:
    one, other = await new(records), await new(records, "budi")
    done = await asyncio.gather(
        records.write(accounts.disable, NOW, "Budi", one.id),
        records.write(accounts.disable, NOW, "Ani", other.id),
        return_exceptions=True,
    )
    assert sorted(type(d).__name__ for d in done) == ["Account", "LastAdmin"]
    assert await records.read(accounts.has_admin)


async def test_a_closed_account_is_opened_again(records: Records) -> None:
    await new(records)
    budi = await new(records, "budi", "viewer")
    await signed_in(records, budi)
    await records.write(accounts.disable, NOW, "Ani", budi.id)
    assert await alive(records) == set()
    assert (await records.write(accounts.enable, NOW, "Ani", budi.id)).disabled_at is None
    with pytest.raises(NoAccount):
        await records.write(accounts.disable, NOW, "Ani", 404)


async def test_whom_another_house_knows_gets_the_role_that_it_says_today(records: Records) -> None:
    told = {"provider": "ldap", "subject": "uid=budi", "username": "budi", "name": "Budi"}
    limits: dict[str, Any] = {"offices": [], "domains": ["network"], "address": ""}
    first = await records.write(accounts.sign_in_from, NOW, **told, role="operator", **limits)
    again = await records.write(accounts.sign_in_from, NOW, **told, role="viewer", **limits)
    assert (first.id, first.role, again.id, again.role) == (
        again.id,
        "operator",
        first.id,
        "viewer",
    )
    await records.write(accounts.disable, NOW, "Ani", first.id)
    with pytest.raises(AccountDisabled):
        await records.write(accounts.sign_in_from, NOW, **told, role="viewer", **limits)


@pytest.mark.asvs("6.8.1")
async def test_a_namesake_from_another_house_is_told_apart(records: Records) -> None:
    await new(records, "budi")
    told = {"provider": "oidc", "subject": "7", "username": "budi7", "name": "BUDI"}
    other = await records.write(
        accounts.sign_in_from, NOW, **told, role="viewer", offices=[], domains=[], address=""
    )
    assert other.name == "BUDI (oidc: budi7)"


@pytest.mark.asvs("7.2.3")
async def test_a_session_is_known_by_its_token_and_ends_once(records: Records) -> None:
    ani = await new(records)
    token, number = await signed_in(records, ani)
    found = await records.read(sessions.by_token, token)
    assert found is not None
    assert (found[0].id, found[1].name) == (number, "Ani")
    assert await records.read(sessions.by_token, token[:-1]) is None
    for _ in range(2):
        await records.write(sessions.end, NOW, "Ani", number)
    assert await alive(records) == set()
    assert [act for _, act, _ in await log(records, act="signed_")] == ["signed_in", "signed_out"]
    later = NOW + timedelta(hours=9)
    await signed_in(records, ani)
    assert await records.read(sessions.live_sessions, later) == []


async def test_what_is_kept_of_secrets_opens_nothing(records: Records) -> None:
    ani = await new(records)
    token, _ = await signed_in(records, ani)
    link = await records.write(entry_links.issue, NOW, "Ani", "password", account_id=ani.id)
    key, _ = await records.write(
        tokens.issue, NOW, "Ani", name="x", scopes=["incidents:read"], days=1
    )
    kept = await records.read(
        lambda c: [
            str(row)
            for name in ("session", "entry_link", "api_token", "audit_log")
            for row in c.exec_driver_sql(f"SELECT * FROM {name}")
        ]
    )
    assert len(kept) > 4
    assert not [row for row in kept for secret in (token, link, key) if secret in row]


@pytest.mark.asvs("2.3.4")
async def test_a_link_opens_once_also_to_two_at_once(records: Records) -> None:
    ani = await new(records)
    link = await records.write(entry_links.issue, NOW, "Ani", "password", account_id=ani.id)
    found = await records.read(entry_links.find, link, NOW)
    assert found is not None
    assert found.account_id == ani.id
    used = await asyncio.gather(
        *(records.write(entry_links.use, link, NOW) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, LinkGone) for one in used) == 3
    assert await records.read(entry_links.find, link, NOW) is None


async def test_a_link_dies_of_age_and_of_a_newer_one(records: Records) -> None:
    late = NOW + timedelta(hours=25)
    first = await records.write(entry_links.issue, NOW, "setup", "setup")
    second = await records.write(entry_links.issue, NOW, "setup", "setup")
    assert await records.read(entry_links.find, first, NOW) is None
    assert await records.read(entry_links.find, second, NOW) is not None
    assert await records.read(entry_links.find, second, late) is None
    with pytest.raises(LinkGone):
        await records.write(entry_links.use, second, late)


async def test_a_token_is_found_until_it_is_revoked(records: Records) -> None:
    asked: dict[str, Any] = {"name": "pompa", "scopes": ["readings:write"], "days": 30}
    key, made = await records.write(tokens.issue, NOW, "Ani", **asked)
    assert key.startswith("cc_")
    assert await records.read(tokens.find, key) == made
    assert made.expires_at == NOW + timedelta(days=30)
    for _ in range(2):
        await records.write(tokens.revoke, NOW, "Ani", made.id)
    found = await records.read(tokens.find, key)
    assert found is not None
    assert (found.revoked_at, found.revoked_by) == (NOW, "Ani")
    acts = [act for _, act, _ in await log(records, act="token.")]
    assert acts == ["token.created", "token.revoked"]
