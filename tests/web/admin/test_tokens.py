"""Tokens for programs: made, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from commandcenter.records import tokens
from tests.web.admin.conftest import Administrator

NEW: dict[str, Any] = {"name": "zabbix", "may": ["events:write", "metrics:read"], "days": "365"}


async def metrics(admin: Administrator, token: str) -> int:
    """What a program with this token is told at /metrics by the guard, from another machine."""
    far = httpx.ASGITransport(admin.house.app, client=("10.9.9.9", 4000))
    headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1"}
    async with httpx.AsyncClient(transport=far, base_url="http://127.0.0.1:8050") as program:
        return (await program.get("/metrics", headers=headers)).status_code


async def test_a_token_is_shown_once_and_works(each_admin: Administrator) -> None:
    house = each_admin.house
    page = await each_admin.post("/admin/tokens", 200, **NEW, offices="dinkes", domains="network")
    token = page.secret
    assert (token[:3], len(token)) == ("cc_", 46)
    assert "Holds until" not in page.text
    assert "It holds until 21 Nov 2027 09:42:17 WIB" in page.text
    kept = await house.records.read(tokens.find, token)
    assert kept is not None
    assert (kept.scopes, kept.offices, kept.domains) == (NEW["may"], ["dinkes"], ["network"])
    line = (await house.told(act="token.created"))[0]
    assert (line.who, line.note, line.source_address) == ("Budi Santoso", "zabbix", "127.0.0.1")
    for path in ("/admin/tokens", "/admin/audit"):
        assert token not in (await each_admin.get(path)).answer.text
    assert (
        await metrics(each_admin, token) == 404
    )  # the guard lets it in; nothing is behind it here
    assert await metrics(each_admin, "cc_" + "x" * 43) == 401


async def test_the_table_says_what_each_may_and_whether_it_holds(
    each_admin: Administrator,
) -> None:
    house = each_admin.house
    await each_admin.post("/admin/tokens", 200, **(NEW | {"name": "old", "days": "1"}))
    house.clock.forward(timedelta(days=1).total_seconds())
    again = Administrator(house, each_admin.account, await house.browser(each_admin.account))
    await again.post("/admin/tokens", 200, **NEW)
    assert (await again.get("/admin/tokens")).rows == [
        "zabbix 22 Nov 2026 09:42:17 WIB · Budi Santoso events:write metrics:read everything"
        " 22 Nov 2027 09:42:17 WIB – valid Revoke",
        "old 21 Nov 2026 09:42:17 WIB · Budi Santoso events:write metrics:read everything"
        " 22 Nov 2026 09:42:17 WIB – expired",
    ]


async def test_a_revoked_token_opens_nothing_at_once(each_admin: Administrator) -> None:
    token = (await each_admin.post("/admin/tokens", 200, **NEW)).secret
    assert await metrics(each_admin, token) == 404
    page = await each_admin.post("/admin/tokens/1/revoke")
    assert "The token was revoked" in (await each_admin.get(page.goes_to)).text
    assert await metrics(each_admin, token) == 401
    assert (await each_admin.house.acts(thing="token/1")) == ["token.revoked", "token.created"]
    row = (await each_admin.get("/admin/tokens")).rows[0]
    assert row.endswith("revoked")


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"name": ""}, "name", "1 to 80 characters"),
        ({"may": []}, "may", "Choose at least one"),
        ({"may": ["everything"]}, "may", "Choose at least one"),
        ({"days": "0"}, "days", "1 to 730 days"),
        ({"days": "731"}, "days", "1 to 730 days"),
        ({"days": "1e9"}, "days", "1 to 730 days"),
        ({"days": "١٠"}, "days", "1 to 730 days"),
        ({"days": ""}, "days", "1 to 730 days"),
    ],
)
async def test_a_mistake_is_told_beside_its_field_and_the_rest_is_kept(
    admin: Administrator, change: dict[str, Any], field: str, why: str
) -> None:
    page = await admin.post("/admin/tokens", 400, **(NEW | change))
    assert page.mistakes == {field: why}
    assert page.typed("name") == (NEW | change)["name"]
    assert page.typed("days") == (NEW | change)["days"]
    assert page.ticked("may") == ([] if "may" in change else NEW["may"])
    assert await admin.house.records.read(tokens.tokens) == []


async def test_a_form_that_is_sent_twice_makes_one_token(admin: Administrator) -> None:
    await admin.post("/admin/tokens", 200, **NEW)
    page = await admin.post("/admin/tokens", 400, **(NEW | {"name": "ZABBIX"}))
    assert page.mistakes["name"].startswith("A token with this name is valid already")
    await admin.post("/admin/tokens/1/revoke")
    await admin.post("/admin/tokens", 200, **NEW)


@pytest.mark.parametrize("number", [4711, 10**18 - 1])
async def test_a_token_that_is_not_there_is_said_so(each_admin: Administrator, number: int) -> None:
    page = await each_admin.post(f"/admin/tokens/{number}/revoke", 404)
    assert "There is no such token" in page.text
