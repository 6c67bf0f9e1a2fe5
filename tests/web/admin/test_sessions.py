"""Sessions: who is signed in where, and signing somebody out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commandcenter.records import sessions
from commandcenter.web.devices import device
from tests.web.admin.conftest import FIREFOX, Administrator

ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-X200) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"


async def test_everybody_who_is_signed_in_is_in_the_table(each_admin: Administrator) -> None:
    house = each_admin.house
    house.clock.forward(-600)
    await house.sign_in(await house.add("Sari", "operator"), ANDROID)
    house.clock.forward(600)
    page = await each_admin.get("/admin/sessions")
    assert page.rows == [
        "Budi Santoso admin · this is you, here Firefox, Windows 10.1.2.3 21 Nov 2026 09:42:17 WIB"
        " 21 Nov 2026 09:42:17 WIB 22 Nov 2026 01:42:17 WIB End",
        "Sari operator Chrome, Android 10.1.2.3 21 Nov 2026 09:32:17 WIB"
        " 21 Nov 2026 09:32:17 WIB 22 Nov 2026 01:32:17 WIB End",
    ]
    assert len((await each_admin.get("/admin/sessions", text="SARI")).rows) == 1
    assert len((await each_admin.get("/admin/sessions", text="10.1.2.")).rows) == 2


@pytest.mark.asvs("7.4.5")
async def test_a_session_is_ended_at_once_and_that_is_written_down(
    each_admin: Administrator,
) -> None:
    house = each_admin.house
    sari = await house.add("Sari", "admin")
    at_work = await house.browser(sari)
    assert (await at_work.get("/admin/audit")).status_code == 200
    live = await house.records.read(sessions.live_sessions, house.clock())
    number = next(session.id for session, whose in live if whose.id == sari.id)
    page = await each_admin.post(f"/admin/sessions/{number}/end")
    assert page.goes_to == "/admin/sessions?told=ended&lang=en"
    assert (await at_work.get("/admin/audit")).status_code == 303
    line = (await house.told(act="session.revoked"))[0]
    assert (line.who, line.thing, line.note) == ("Budi Santoso", f"account/{sari.id}", "Sari")
    assert (await house.records.read(sessions.session_of, number)).ended_by == "Budi Santoso"


async def test_from_the_page_of_an_account_one_comes_back_to_it(admin: Administrator) -> None:
    sari = await admin.house.add("Sari")
    await admin.house.sign_in(sari)
    live = await admin.house.records.read(sessions.live_sessions, admin.house.clock())
    number = next(session.id for session, whose in live if whose.id == sari.id)
    end = f"/admin/sessions/{number}/end"
    page = await admin.post(end, account=str(sari.id))
    assert page.goes_to == f"/admin/accounts/{sari.id}?told=ended&lang=en"
    page = await admin.post(end, account="//evil.example")
    assert page.goes_to == "/admin/sessions?told=ended&lang=en"
    assert (await admin.house.acts()).count("session.revoked") == 1


async def test_a_session_that_nobody_used_is_no_live_one(admin: Administrator) -> None:
    house = admin.house
    house.clock.forward(-timedelta(minutes=121).total_seconds())
    await house.sign_in(await house.add("Sari"))
    house.clock.forward(timedelta(minutes=121).total_seconds())
    assert [row[:4] for row in (await admin.get("/admin/sessions")).rows] == ["Budi"]


@pytest.mark.parametrize("number", [4711, 10**18 - 1])
async def test_a_session_that_is_not_there_is_said_so(
    each_admin: Administrator, number: int
) -> None:
    page = await each_admin.post(f"/admin/sessions/{number}/end", 404)
    assert "There is no such session" in page.text


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (ANDROID, "Chrome, Android"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPad"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Linux"),
        ("tv-browser 1.0 " + "x" * 100, "tv-browser 1.0 " + "x" * 25),
        ("", "–"),
    ],
)
def test_a_browser_is_told_in_words(user_agent: str, words: str) -> None:
    assert device(user_agent) == words
