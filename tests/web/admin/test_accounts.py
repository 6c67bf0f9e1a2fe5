"""Accounts: found, made, changed, closed and opened, each with its line in the audit log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from commandcenter.access.settings import Access
from commandcenter.config import Config
from commandcenter.records import accounts, entry_links, second_factors
from commandcenter.records.accounts import Account
from commandcenter.records.database import Records
from commandcenter.web.admin_accounts import LINES, LINK_HOURS
from tests.conftest import Clock
from tests.web.admin.conftest import Administrator, House, Seen, house_of

FACTOR: dict[str, Any] = {"secret": "A" * 32, "step": 1, "papers": ["x"], "address": "10.0.0.1"}
NEW = {"name": "Sari Dewi", "username": "sari", "role": "operator", "offices": ["dinkes", "bpbd"]}


async def account_of(house: House, number: int) -> Account:
    return await house.records.read(accounts.account_of, number)


# --- finding --------------------------------------------------------------------------------------


async def test_the_table_says_who_everybody_is_and_what_they_may(admin: Administrator) -> None:
    limits = {"offices": ["dinkes"], "domains": ["network"]}
    await admin.house.add("Agus", "operator", **limits)
    await admin.house.add("Citra", "viewer", provider="ldap", subject="uid=citra")
    assert (await admin.get("/admin/accounts")).rows == [
        "Agus agus operator Dinas Kesehatan · Network password – never signed in",
        "Budi Santoso budi.santoso admin – password 21 Nov 2026 09:42:17 WIB active",
        "Citra citra viewer – directory – never signed in",
    ]


async def test_a_long_limit_is_counted_instead_of_named(admin: Administrator) -> None:
    await admin.house.add("Agus", "operator", offices=["dinkes", "setda", "bpbd"])
    assert "3 offices" in (await admin.get("/admin/accounts", text="agus")).rows[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"text": "SARI"}, ["Sari"]),
        ({"text": "b.santoso"}, []),
        ({"role": "admin"}, ["Budi Santoso"]),
        ({"state": "disabled"}, ["Tono"]),
        ({"state": "waiting", "role": "viewer"}, ["Sari"]),
        ({"text": "%"}, []),
    ],
)
async def test_they_are_found_by_name_role_and_state(
    each_admin: Administrator, query: dict[str, Any], found: list[str]
) -> None:
    house = each_admin.house
    await house.add("Sari")
    tono = await house.add("Tono")
    await house.records.write(accounts.disable, house.clock(), "Budi Santoso", tono.id)
    rows = (await each_admin.get("/admin/accounts", **query)).rows
    assert [name for name in found if any(row.startswith(name) for row in rows)] == found
    assert rows == ["Nothing was found"] or len(rows) == len(found)


async def test_a_long_list_comes_by_pages(admin: Administrator) -> None:
    for number in range(60):
        await admin.house.add(f"Orang {number:02}")
    first = await admin.get("/admin/accounts", text="orang")
    assert (len(first.rows), "Page 1 of 2" in first.text, "60 found" in first.text) == (
        50,
        True,
        True,
    )
    second = await admin.get("/admin/accounts", text="orang", page="2")
    assert [row[:8] for row in second.rows] == [f"Orang {n}" for n in range(50, 60)]
    beyond = await admin.get("/admin/accounts", text="orang", page="99")
    assert beyond.rows == second.rows


# --- a new one ------------------------------------------------------------------------------------


@pytest.mark.asvs("14.2.2")
async def test_a_new_account_comes_with_a_link_that_is_shown_once(
    each_admin: Administrator,
) -> None:
    house = each_admin.house
    page = await each_admin.post("/admin/accounts", 200, **NEW)
    origin, _, token = page.secret.rpartition("/enter/")
    assert origin == "http://127.0.0.1:8050"
    assert "It holds until 22 Nov 2026 09:42:17 WIB" in page.text
    assert page.answer.headers["Cache-Control"] == "no-store"

    link = await house.records.read(entry_links.find, token, house.clock())
    assert link is not None
    assert link.account_id is not None
    made = await account_of(house, link.account_id)
    assert (made.name, made.username, made.role) == ("Sari Dewi", "sari", "operator")
    assert (made.offices, made.created_by) == (["bpbd", "dinkes"], "Budi Santoso")
    lines = await house.told(thing=f"account/{made.id}")
    assert [(line.act, line.who) for line in lines] == [
        ("account.link", "Budi Santoso"),
        ("account.created", "Budi Santoso"),
    ]
    assert lines[0].source_address == "127.0.0.1"
    assert token not in repr(lines)
    assert token not in (await each_admin.get(f"/admin/accounts/{made.id}")).answer.text
    house.clock.forward(timedelta(hours=LINK_HOURS).total_seconds())
    assert await house.records.read(entry_links.find, token, house.clock()) is None


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"username": ""}, "username", "1 to 80 letters"),
        ({"username": "sari dewi"}, "username", "1 to 80 letters"),
        ({"username": "BUDI.santoso"}, "username", "Another account has this username"),
        ({"name": ""}, "name", "1 to 120 characters"),
        ({"name": "budi santoso"}, "name", "Another account has this name"),
        ({"name": "Watch"}, "name", "The program itself"),
        ({"name": "token zabbix"}, "name", "The program itself"),
        ({"role": "display"}, "role", "Choose a role"),
        ({"role": ""}, "role", "Choose a role"),
    ],
)
async def test_a_mistake_is_told_beside_its_field_and_the_rest_is_kept(
    admin: Administrator, change: dict[str, str], field: str, why: str
) -> None:
    page = await admin.post("/admin/accounts", 400, **(NEW | change))
    assert page.mistakes[field].startswith(why)
    assert list(page.mistakes) == [field]
    kept = NEW | change
    assert page.typed("name") == kept["name"]
    assert page.typed("username") == kept["username"]
    assert page.ticked("offices") == ["bpbd", "dinkes"]
    assert len(await admin.house.records.read(accounts.accounts)) == 1
    assert "account.link" not in await admin.house.acts()


@pytest.mark.asvs("1.2.1")
async def test_what_was_typed_is_never_taken_for_markup(admin: Administrator) -> None:
    name = '"><script>alert(1)</script>'
    page = await admin.post("/admin/accounts", 400, **(NEW | {"name": name, "username": "?"}))
    assert "<script>alert" not in page.answer.text
    assert page.typed("name") == name
    await admin.post("/admin/accounts", 200, **(NEW | {"name": name}))
    for path in ("/admin/accounts", "/admin/audit"):
        assert "<script>alert" not in (await admin.get(path)).answer.text


async def test_offices_and_domains_that_nobody_has_are_not_taken(admin: Administrator) -> None:
    await admin.post("/admin/accounts", 200, **(NEW | {"offices": "mars", "domains": "gossip"}))
    made = (await admin.house.records.read(accounts.accounts))[1]
    assert (made.offices, made.domains) == ([], [])


async def test_only_operators_are_limited(admin: Administrator) -> None:
    await admin.post("/admin/accounts", 200, **(NEW | {"role": "leader"}))
    assert (await admin.house.records.read(accounts.accounts))[1].offices == []


@pytest.mark.asvs("15.3.3")
async def test_a_form_that_nobody_would_send_is_refused(admin: Administrator) -> None:
    for form in ({"name": "x" * 250_000}, {"offices": ["x"] * 12_000}):
        page = await admin.post("/admin/accounts", 413, **form)
        assert "This form is too long" in page.text


# --- changing -------------------------------------------------------------------------------------


async def test_a_change_is_written_and_the_person_has_to_sign_in_anew(
    each_admin: Administrator,
) -> None:
    house = each_admin.house
    sari = await house.add("Sari", "operator", offices=["dinkes"])
    at_work = await house.browser(sari)
    assert (await at_work.get("/admin")).status_code == 403  # known here, but no administrator
    one = f"/admin/accounts/{sari.id}"
    page = await each_admin.post(
        f"{one}/change", name="Sari Dewi", role="operator", domains="network"
    )
    assert page.goes_to == f"{one}?told=changed&lang=en"
    after = await account_of(house, sari.id)
    assert (after.name, after.offices, after.domains) == ("Sari Dewi", [], ["network"])
    assert (await at_work.get("/admin")).headers["Location"].startswith("/sign-in")
    changed = (await house.told(act="account.changed"))[0]
    assert changed.facts["offices"] == {"from": ["dinkes"], "to": []}
    shown = await each_admin.get(page.goes_to)
    assert "The account was changed" in shown.text
    assert "offices: dinkes → –" in shown.text
    assert shown.ticked("domains") == ["network"]


async def test_another_name_leaves_the_sessions_alone(admin: Administrator) -> None:
    sari = await admin.house.add("Sari")
    at_work = await admin.house.browser(sari)
    await admin.post(f"/admin/accounts/{sari.id}/change", name="Sari Dewi", role="viewer")
    assert (await at_work.get("/admin")).status_code == 403


async def test_an_office_that_left_the_list_stays_until_it_is_unticked(
    admin: Administrator,
) -> None:
    sari = await admin.house.add("Sari", "operator", offices=["dinas-lama", "dinkes"])
    one = f"/admin/accounts/{sari.id}"
    assert (await admin.get(one)).ticked("offices") == ["dinkes", "dinas-lama"]
    form: dict[str, Any] = {"name": "Sari", "role": "operator"}
    await admin.post(f"{one}/change", **form, offices="dinas-lama")
    assert (await account_of(admin.house, sari.id)).offices == ["dinas-lama"]
    await admin.post(f"{one}/change", **form)
    assert (await account_of(admin.house, sari.id)).offices == []


async def test_what_a_directory_says_of_somebody_is_not_changed_here(
    admin: Administrator,
) -> None:
    yohanes = await admin.house.add("Yohanes", "viewer", provider="ldap", subject="uid=y")
    one = f"/admin/accounts/{yohanes.id}"
    assert "change them there" in (await admin.get(one)).text
    await admin.post(f"{one}/change", name="Yohanes D", role="admin")
    after = await account_of(admin.house, yohanes.id)
    assert (after.name, after.role) == ("Yohanes D", "viewer")
    assert "This account has no password here" in (await admin.post(f"{one}/link", 404)).text


async def test_a_wrong_change_is_told_and_nothing_is_written(admin: Administrator) -> None:
    sari = await admin.house.add("Sari")
    change = f"/admin/accounts/{sari.id}/change"
    page = await admin.post(change, 400, name="Budi Santoso", role="viewer")
    assert page.mistakes == {"name": "Another account has this name; the logs name people by it"}
    assert page.typed("name") == "Budi Santoso"
    assert (await account_of(admin.house, sari.id)).name == "Sari"
    assert "account.changed" not in await admin.house.acts()


# --- closing and opening --------------------------------------------------------------------------


@pytest.mark.asvs("7.4.2")
async def test_a_disabled_person_is_out_at_once_and_can_come_back(
    each_admin: Administrator,
) -> None:
    house = each_admin.house
    sari = await house.add("Sari", "admin")
    at_work = await house.browser(sari)
    assert (await at_work.get("/admin/accounts")).status_code == 200
    one = f"/admin/accounts/{sari.id}"
    assert "Ends 1 sessions at once" in (await each_admin.get(one)).text
    page = await each_admin.post(f"{one}/disable")
    assert (await at_work.get("/admin/accounts")).status_code == 303
    shown = await each_admin.get(page.goes_to)
    assert "The account was disabled and its sessions were ended" in shown.text
    assert "Not signed in anywhere" in shown.text
    refused = await each_admin.post(f"{one}/link", 400)
    assert "This account is disabled; enable it first" in refused.text
    page = await each_admin.post(f"{one}/enable")
    assert "The account was enabled" in (await each_admin.get(page.goes_to)).text
    assert (await account_of(house, sari.id)).disabled_at is None
    assert (await house.acts(thing=f"account/{sari.id}"))[:3] == [
        "account.enabled",
        "session.revoked",
        "account.disabled",
    ]


async def test_whoever_lost_telephone_and_papers_is_helped(each_admin: Administrator) -> None:
    house = each_admin.house
    sari = await house.add("Sari", "operator")
    one = f"/admin/accounts/{sari.id}"
    assert "/factor/remove" not in (await each_admin.get(one)).answer.text
    await house.records.write(second_factors.set_up, house.clock(), "Sari", sari.id, **FACTOR)
    at_work = await house.browser(sari)
    assert "Set up 21 Nov 2026 09:42:17 WIB" in (await each_admin.get(one)).text
    page = await each_admin.post(f"{one}/factor/remove")
    shown = await each_admin.get(page.goes_to)
    assert "The second step was removed and every session was ended" in shown.text
    assert "Budi Santoso removed the second step of Sari" in shown.text
    assert (await at_work.get("/console")).status_code == 303
    assert await house.records.read(second_factors.factor_of, sari.id) is None


async def test_nobody_removes_their_own_second_step_without_a_code(admin: Administrator) -> None:
    mine = admin.account
    house = admin.house
    await house.records.write(second_factors.set_up, house.clock(), mine.name, mine.id, **FACTOR)
    one = f"/admin/accounts/{mine.id}"
    assert "/factor/remove" not in (await admin.get(one)).answer.text
    page = await admin.post(f"{one}/factor/remove", 400)
    assert "Your own second step is removed under “My account”" in page.text
    assert await house.records.read(second_factors.factor_of, mine.id) is not None


async def test_nobody_disables_or_demotes_themselves(admin: Administrator) -> None:
    await admin.house.add("Sari", "admin")
    one = f"/admin/accounts/{admin.account.id}"
    assert "/disable" not in (await admin.get(one)).answer.text
    page = await admin.post(f"{one}/disable", 400)
    assert "You cannot disable your own account" in page.text
    page = await admin.post(f"{one}/change", 400, name="Budi Santoso", role="viewer")
    assert page.mistakes["role"].startswith("You cannot take your own role away")
    assert page.ticked("role") == ["viewer"]
    after = await account_of(admin.house, admin.account.id)
    assert (after.role, after.disabled_at) == ("admin", None)


async def test_of_two_administrators_who_close_each_other_one_stays(
    each_admin: Administrator,
) -> None:
    house, budi = each_admin.house, each_admin
    account = await house.add("Sari", "admin")
    sari = Administrator(house, account, await house.browser(account))
    await asyncio.gather(budi.get("/admin/sessions"), sari.get("/admin/sessions"))
    answers = await asyncio.gather(
        budi.client.post(f"/admin/accounts/{sari.account.id}/disable"),
        sari.client.post(f"/admin/accounts/{budi.account.id}/disable"),
    )
    left = [a for a in await house.records.read(accounts.accounts) if a.disabled_at is None]
    assert len(left) == 1
    assert {answer.status_code for answer in answers} <= {303, 400}


async def test_the_last_administrator_cannot_be_taken_away(
    config: Config, sqlite_records: Records, clock: Clock
) -> None:
    """An administrator of the demo is none that counts, and may try."""
    with_demo = replace(config, access=Access(demo_links=True))
    async for house in house_of(with_demo, sqlite_records, clock):
        sari = await house.add("Sari", "admin")
        demo = await house.add("Demo admin", "admin", provider="demo", subject="admin")
        visitor = Administrator(house, demo, await house.browser(demo))
        one = f"/admin/accounts/{sari.id}"
        assert "the last administrator" in (await visitor.post(f"{one}/disable", 400)).text
        page = await visitor.post(f"{one}/change", 400, name="Sari", role="viewer")
        assert page.mistakes["role"].startswith("This is the last administrator")
        assert (await account_of(house, sari.id)).role == "admin"


# --- links ----------------------------------------------------------------------------------------


async def test_a_new_link_voids_the_older_one(each_admin: Administrator) -> None:
    house = each_admin.house
    sari = await house.add("Sari")
    link = f"/admin/accounts/{sari.id}/link"
    first = (await each_admin.post(link, 200)).secret.rpartition("/")[2]
    second = (await each_admin.post(link, 200)).secret.rpartition("/")[2]
    assert await house.records.read(entry_links.find, first, house.clock()) is None
    assert await house.records.read(entry_links.find, second, house.clock()) is not None
    assert await house.acts(thing=f"account/{sari.id}") == [
        "account.link",
        "account.link",
        "account.created",
    ]


# --- one account ----------------------------------------------------------------------------------


async def test_an_account_shows_its_sessions_and_what_was_done_about_it_and_by_it(
    each_admin: Administrator,
) -> None:
    house = each_admin.house
    sari = await house.add("Sari", "admin")
    at_work = await house.browser(sari)
    house.clock.forward(30)
    await at_work.post("/admin/tokens", data={"name": "zabbix", "may": "events:write", "days": "9"})
    page = await each_admin.get(f"/admin/accounts/{sari.id}")
    assert "Firefox, Windows 10.1.2.3 · last seen 21 Nov 2026 09:42:17 WIB" in page.text
    assert page.rows == [
        "21 Nov 2026 09:42:47 WIB Sari made the token zabbix"
        " rights: events:write · days: 9 127.0.0.1",
        "21 Nov 2026 09:42:17 WIB Sari signed in way: password 10.1.2.3",
        "21 Nov 2026 09:42:17 WIB Setup created the account of Sari role: admin –",
    ]


async def test_of_a_long_history_the_newest_lines_are_shown(admin: Administrator) -> None:
    sari = await admin.house.add("Sari")

    def thirty_times(connection: Any) -> None:
        for _ in range(30):
            accounts.disable(connection, admin.house.clock(), "Budi Santoso", sari.id)
            accounts.enable(connection, admin.house.clock(), "Budi Santoso", sari.id)

    await admin.house.records.write(thirty_times)
    rows = (await admin.get(f"/admin/accounts/{sari.id}")).rows
    assert len(rows) == LINES
    assert "enabled the account of Sari" in rows[0]


async def test_what_is_not_there_is_said_so(each_admin: Administrator) -> None:
    for number in (4711, 10**18 - 1):
        one = f"/admin/accounts/{number}"
        assert "There is no such account" in (await each_admin.get(one, 404)).text
        for act in ("change", "disable", "enable", "link"):
            page = await each_admin.post(f"{one}/{act}", 404)
            assert "There is no such account" in page.text


async def test_when_the_records_do_not_answer_the_page_says_that_nothing_was_changed(
    admin: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Records("postgresql://nobody:geheim@127.0.0.1:9/none?connect_timeout=1")
    monkeypatch.setattr(admin.house.desk, "records", broken)
    page = await admin.post("/admin/accounts", 503, **NEW)
    assert "Nothing was changed" in page.text
    assert "geheim" not in page.answer.text
    broken.close()


async def test_a_message_is_one_of_ours(admin: Administrator) -> None:
    page = await admin.get("/admin/accounts", told="Transfer money to 123")
    assert "Transfer" not in page.text
    assert 'role="status"' not in page.answer.text


def test_seen_reads_pages_as_people_do() -> None:
    """The helper itself: a test that looks at nothing would hold for ever."""
    page = Seen(httpx.Response(200, text='<p id="x">a&amp;b</p><input name="n" value="1">'))
    assert (page.text, page.typed("n"), page.mistakes) == ("a&b", "1", {})
