"""The API describes itself: OpenAPI 3.1 for programs, a page for people."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jsonschema_rs import validator_for

from commandcenter.access.roles import MAY
from commandcenter.language import Language
from commandcenter.web.api import NEEDS, PREFIX
from tests.web.api.conftest import House, told


async def document(house: House) -> dict[str, Any]:
    return told(await (await house.program()).get("/openapi.json"))


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), PREFIX + path): one
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    }


async def test_every_operation_says_which_scope_it_needs(one_house: House) -> None:
    told = await document(one_house)
    found = {at: one["x-scopes"] for at, one in operations(told).items()}
    assert found == {at: [scope] for at, scope in NEEDS.items()}
    assert set(NEEDS.values()) - {"any"} <= set(MAY)
    for one in operations(told).values():
        assert one["security"] == [{"bearer": []}]
    assert told["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_there_is_no_operation_that_the_table_does_not_have(one_house: House) -> None:
    routes = {(m, PREFIX + r.path) for r in one_house.api.app.routes for m in r.methods}  # type: ignore[attr-defined]
    own = {("GET", f"{PREFIX}/docs"), ("GET", f"{PREFIX}/openapi.json")}
    assert {at for at in routes if at[0] != "HEAD"} - own == set(NEEDS)


@pytest.mark.asvs("2.1.1")
async def test_the_document_is_openapi_3_1(one_house: House) -> None:
    told = await document(one_house)
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": "/api/v1"}]
    for shape in told["components"]["schemas"].values():
        validator_for({"$defs": {}, **shape, "components": told["components"]})


@pytest.mark.parametrize("at", sorted(NEEDS))
async def test_every_refusal_is_a_problem(one_house: House, at: tuple[str, str]) -> None:
    one = operations(await document(one_house))[at]
    for status, answer in one["responses"].items():
        if status != "200":
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


async def test_the_page_shows_every_operation_with_a_command(one_house: House) -> None:
    answer = await (await one_house.program()).get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script" not in answer.text
    assert Language("id", ZoneInfo("Asia/Jakarta"))("API for programs") in answer.text
    for method, path in NEEDS:
        assert f"<code>{path}</code>" in answer.text
        assert method in answer.text
    assert answer.text.count("curl --fail-with-body") == len(NEEDS)
    assert "http://x/api/v1/incidents/4711/steps" in answer.text


async def test_every_link_of_the_page_leads_somewhere(one_house: House) -> None:
    page = (await (await one_house.program()).get("/docs")).text
    targets = set(re.findall(r'href="#([^"]+)"', page))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert targets - {"main"} <= set(ids)
    assert "problem-409" in ids  # where `type` of a problem leads
