"""The page /console: what it is told when it is loaded."""

from __future__ import annotations

from typing import Any

from tests.web.console.conftest import Desk


def facts(desk: Desk, language: str) -> dict[str, Any]:
    query = {"page": "/console", "lang": language}
    (inside,) = desk.client().get("/_dash-layout", params=query).json()["props"]["children"]
    assert (inside["type"], inside["namespace"]) == ("Console", "commandcenter")
    assert inside["props"]["id"] == "console"
    found: dict[str, Any] = inside["props"]["desk"]
    return found


def test_the_page_knows_who_works_here_and_what_incidents_are_put_down_to(desk: Desk) -> None:
    told = facts(desk, "id")
    assert {"name": "koordinator", "role": "coordinator", "office": "setda"} in told["people"]
    assert told["me"]["name"] == "operator 1"
    assert {"id": "power", "word": "Listrik"} in told["causes"]
    assert {"feed": "network", "word": "Jaringan"} in told["domains"]
    assert told["region"]["name"] == "Kabupaten Kotawaringin Barat"
    assert told["undo_seconds"] == 10
    assert [one["name"] for one in told["channels"]] == ["gerbang", "tanpa-alamat"]
    assert told["offices"][0]["code"] == "setda"


def test_it_knows_it_in_the_language_of_the_page(desk: Desk) -> None:
    assert {"id": "power", "word": "Power"} in facts(desk, "en")["causes"]
