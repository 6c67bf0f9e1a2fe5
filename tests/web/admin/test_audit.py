"""The audit log: searched, in sentences, exported, checked."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from commandcenter.records import audit, chain, displays, incidents
from commandcenter.records.displays import Act
from commandcenter.web.admin_audit import CHUNK, PAGE
from tests.web.admin.conftest import Administrator

LONG_AGO = datetime(2026, 10, 1, 17, tzinfo=UTC)  # midnight in Jakarta


async def write(admin: Administrator, act: str, who: str = "Sari", **facts: Any) -> None:
    at = facts.pop("at", admin.house.clock())
    await admin.house.records.write(audit.append, at, who, act, **facts)


async def said(admin: Administrator, **query: Any) -> list[str]:
    """The lines of the page, without their times."""
    rows = (await admin.get("/admin/audit", **query)).rows
    return [row.partition(" WIB ")[2] for row in rows]


async def incident(admin: Administrator, title: str = "Tautan putus") -> int:
    """One that was opened a minute after the last thing that happened."""
    admin.house.clock.forward(60)

    thing, at = ("link", "network", title), admin.house.clock()
    return await admin.house.records.write(
        incidents.open_incident, thing, at, level="critical", title=title
    )


# --- in words -------------------------------------------------------------------------------------


@pytest.mark.asvs("16.2.1")
async def test_each_line_is_a_sentence_with_its_exact_time_and_address(
    each_admin: Administrator,
) -> None:
    sari = await each_admin.house.add("Sari")
    await write(each_admin, "sign_in_refused", "sign-in", thing=f"account/{sari.id}", address="::1")
    await write(each_admin, "sign_in_refused", "sign-in", address="10.9.9.9")
    page = await each_admin.get("/admin/audit")
    assert page.rows[:2] == [
        "21 Nov 2026 09:42:17 WIB A sign-in was refused: unknown name 10.9.9.9",
        "21 Nov 2026 09:42:17 WIB A sign-in was refused: Sari ::1",
    ]


async def test_an_act_that_nobody_knows_is_shown_as_it_was_written(admin: Administrator) -> None:
    await write(admin, "lift.moved", thing="lift/3", note="<b>up</b>")
    assert (await said(admin))[0] == "Sari lift.moved lift/3 <b>up</b> –"


async def test_what_was_done_with_displays_is_told_with_its_note(admin: Administrator) -> None:
    act = Act(who="Sari", at=admin.house.clock(), source_address="10.1.1.1")
    log = displays.log
    await admin.house.records.write(log, act, "message", display_id=3, note="Rapat")
    await admin.house.records.write(log, act, "guests", note="True")
    assert (await said(admin, about="displays")) == [
        "Sari switched the guest mode True 10.1.1.1",
        "Sari put a message on display 3 Rapat 10.1.1.1",
    ]


# --- searching ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "acts"),
    [
        ("entry", ["throttled", "session.revoked", "signed_out", "signed_in"]),
        ("accounts", ["access.setup", "token.revoked", "account.disabled"]),
        ("displays", ["display.dark"]),
        ("incidents", ["channel.tested", "handover.given", "maintenance.planned"]),
        ("exports", ["export.history"]),
    ],
)
async def test_the_chooser_leaves_the_lines_of_one_kind(
    each_admin: Administrator, about: str, acts: list[str]
) -> None:
    for act in (
        "signed_in", "signed_out", "session.revoked", "throttled", "account.disabled",
        "token.revoked", "access.setup", "display.dark", "maintenance.planned", "handover.given",
        "channel.tested", "export.history", "zzz",
    ):  # fmt: skip
        await write(each_admin, act, note=f"<{act}>")
    lines = await said(each_admin, about=about, who="Sari")
    assert [line.partition("<")[2].partition(">")[0] for line in lines] == acts


async def test_both_logs_are_merged_by_time(each_admin: Administrator) -> None:
    first = await incident(each_admin, "Satu")
    each_admin.house.clock.forward(60)
    await write(each_admin, "display.dark", thing="display/1")
    second = await incident(each_admin, "Dua")
    lines = await said(each_admin)
    assert lines[0] == f"Incident {second} was opened Dua –"
    assert lines[1].startswith("Sari darkened display 1")
    assert lines[2] == f"Incident {first} was opened Satu –"
    assert len(await said(each_admin, about="incidents")) == 2


async def test_it_is_searched_by_who_and_by_text(each_admin: Administrator) -> None:
    await write(each_admin, "display.message", note="Rapat 100%", thing="display/7")
    await write(each_admin, "display.message", "Tono", note="rapat", address="10.7.7.7")
    number = await incident(each_admin, "Rapat batal")
    assert len(await said(each_admin, text="RAPAT")) == 3
    assert len(await said(each_admin, text="rapat", who="Tono")) == 1
    assert len(await said(each_admin, text="100%")) == 1
    assert len(await said(each_admin, text="10.7.7.7")) == 1
    assert len(await said(each_admin, text=f"incident/{number}")) == 1
    assert await said(each_admin, who="Ton") == [""]
    assert "Nothing was found" in (await each_admin.get("/admin/audit", who="Ton")).text


async def test_days_are_those_of_the_region_and_both_are_included(
    each_admin: Administrator,
) -> None:
    for hours in (-1, 0, 23, 24):
        at = LONG_AGO + timedelta(hours=hours)
        await write(each_admin, "display.dark", note=f"[{hours}]", at=at)

    async def found(**query: Any) -> list[str]:
        lines = await said(each_admin, about="displays", **query)
        return [line.partition("[")[2].partition("]")[0] for line in lines if "[" in line]

    assert await found(**{"from": "2026-10-02", "to": "2026-10-02"}) == ["23", "0"]
    assert await found(**{"from": "2026-10-03"}) == ["24"]
    assert await found(to="2026-10-01") == ["-1"]
    assert await found(**{"from": "0001-01-01", "to": "9999-12-31"}) == ["24", "23", "0", "-1"]


async def test_a_day_that_is_none_is_told_beside_its_field(admin: Administrator) -> None:
    page = await admin.get("/admin/audit", 400, to="31 Oktober", who="Sari")
    assert page.mistakes == {"to": "Write days as 2026-11-22"}
    assert (page.typed("to"), page.typed("who")) == ("31 Oktober", "Sari")
    assert "export.audit" not in await admin.house.acts()
    assert (await admin.get("/admin/audit.csv", 400, to="x")).mistakes.keys() == {"to"}


async def test_old_lines_are_reached_page_by_page_and_none_twice(
    each_admin: Administrator,
) -> None:
    house = each_admin.house

    def fill(connection: sa.Connection) -> None:
        for n in range(PAGE + 30):
            audit.append(connection, house.clock(), "Sari", "display.dark", note=f"[a{n}]")
            house.clock.forward(1)
        for n in range(40):
            chain_note(connection, house.clock(), f"[s{n}]")
            house.clock.forward(1)

    first_one = await incident(each_admin)

    def chain_note(connection: sa.Connection, at: datetime, note: str) -> None:
        chain.append(connection, first_one, at, "Sari", "note", version=1, note=note)

    await house.records.write(fill)
    again = Administrator(house, each_admin.account, await house.browser(each_admin.account))
    seen: list[str] = []
    path = "/admin/audit?who=Sari"
    for expected in (PAGE, 70):
        page = await again.get(path)
        assert len(page.rows) == expected
        seen += [row.partition("[")[2].partition("]")[0] for row in page.rows]
        older = [u for u in links(page.answer.text) if "before=" in u]
        path = older[0] if older else ""
    assert path == ""
    assert seen == [f"s{n}" for n in reversed(range(40))] + [
        f"a{n}" for n in reversed(range(PAGE + 30))
    ]
    for nonsense in ("x", "1", "-1.2", "9" * 40 + ".1", "1.2.3"):
        assert len((await again.get("/admin/audit", who="Sari", before=nonsense)).rows) == PAGE


def links(text: str) -> list[str]:
    return [part.partition('"')[0].replace("&amp;", "&") for part in text.split('href="')[1:]]


# --- the file -------------------------------------------------------------------------------------


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.asvs("14.2.2", "16.2.4")
async def test_the_file_has_the_found_lines_and_taking_it_is_a_line_itself(
    each_admin: Administrator,
) -> None:
    await write(each_admin, "display.dark", thing="display/1", facts={"b": 1}, address="10.1.1.1")
    await write(each_admin, "display.lit", "Tono", thing="display/1")
    answer = (await each_admin.get("/admin/audit.csv", who="Sari", about="displays")).answer
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="audit-2026-11-21-0942.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    rows = table(answer)
    assert len(rows) == 1
    seal = rows[0].pop("hash")
    assert rows[0] == {
        "log": "audit", "number": "3", "time": "2026-11-21 09:42:17", "zone": "WIB",
        "utc": "2026-11-21T02:42:17.000000+00:00", "who": "Sari", "act": "display.dark",
        "thing": "display/1", "says": "Sari darkened display 1", "note": "", "facts": '{"b": 1}',
        "address": "10.1.1.1",
    }  # fmt: skip
    line = (await each_admin.house.told(act="export.audit"))[0]
    assert (line.who, line.facts) == ("Budi Santoso", {"about": "displays", "who": "Sari"})
    assert seal in [entry.hash for entry in await each_admin.house.told()]


async def test_what_a_spreadsheet_would_take_for_a_formula_is_a_text(
    admin: Administrator,
) -> None:
    for note in ("=1+1", "+1", "-1", "@a", "\t=1", "\ra", " =1", "a=b", "|x", "%x"):
        await write(admin, "x", note=note)
    answer = (await admin.get("/admin/audit.csv", who="Sari")).answer
    notes = [row["note"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]
    assert notes == [
        "'%x", "'|x", "a=b", "' =1", "'\ra", "'\t=1", "'@a", "'-1", "'+1", "'=1+1",
    ]  # fmt: skip


async def test_a_long_file_comes_whole_and_in_order(admin: Administrator) -> None:
    house = admin.house

    def fill(connection: sa.Connection) -> None:
        for n in range(CHUNK + 5):
            audit.append(connection, house.clock(), "Sari", "x", note=str(n))

    await house.records.write(fill)
    rows = table((await admin.get("/admin/audit.csv", who="Sari")).answer)
    assert [row["note"] for row in rows] == [str(n) for n in reversed(range(CHUNK + 5))]


# --- the check ------------------------------------------------------------------------------------


async def test_sound_logs_are_told_with_an_end_to_note_down(each_admin: Administrator) -> None:
    await incident(each_admin)
    head = await each_admin.house.records.read(audit.head)
    steps = await each_admin.house.records.read(chain.head)
    page = await each_admin.get("/admin/audit", check="1", seen=head.hash.upper())
    assert f"The audit log: sound · {head.length} lines" in page.text
    assert head.hash in page.text
    assert steps.hash in page.text
    assert "not as it was written" not in page.text


async def test_what_was_changed_past_the_log_is_found(each_admin: Administrator) -> None:
    house = each_admin.house
    await write(each_admin, "display.dark", note="truth")
    number = (await house.told())[0].number
    disarm = {
        "sqlite": "DROP TRIGGER audit_log_no_update",
        "postgresql": "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    }[house.records.engine.dialect.name]
    with house.records.engine.begin() as connection:
        connection.execute(sa.text(disarm))
        lie = sa.text("UPDATE audit_log SET note = 'lie' WHERE number = :n")
        connection.execute(lie, {"n": number})
    page = await each_admin.get("/admin/audit", check="1")
    assert "The audit log: not as it was written" in page.text
    assert f"Line {number} was changed after it was written" in page.text
    assert "The log of incidents: sound" in page.text


async def test_an_end_that_the_log_does_not_have_is_told(admin: Administrator) -> None:
    seen = hashlib.sha256(b"elsewhere").hexdigest()
    more: dict[str, Any] = {"seen-incidents": seen}
    page = await admin.get("/admin/audit", check="1", **more)
    assert "The log of incidents: not as it was written" in page.text
    assert f"No line has this end: {seen}" in page.text
    assert "The audit log: sound" in page.text


async def test_nobody_but_an_administrator_comes_here(admin: Administrator) -> None:
    house = admin.house
    paths = ("/admin", "/admin/accounts", "/admin/audit", "/admin/audit.csv", "/admin/tokens")
    for role in ("viewer", "leader", "operator"):
        other = await house.browser(await house.add(role.capitalize(), role))
        for path in paths:
            assert (await other.get(path)).status_code == 403
        assert (await other.post("/admin/accounts", data={"name": "x"})).status_code == 403
    stranger = await house.stranger()
    assert (await stranger.get("/admin/audit")).headers["Location"].startswith("/sign-in")
    assert (await stranger.get("/admin/audit.csv", headers={"Accept": "*/*"})).status_code == 401
    foreign = {"Origin": "http://evil.example"}
    answer = await admin.client.post("/admin/accounts", data={"name": "x"}, headers=foreign)
    assert answer.status_code == 403
    assert "account.created" not in (await house.acts(who="Budi Santoso"))
