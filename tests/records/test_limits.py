"""What somebody sees of incidents is the same, whether a row is judged or a query is limited."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from commandcenter.access.roles import ROLES, Eyes, Scope, scope_of
from commandcenter.access.sees import NO_LIMITS, Offices, Sees
from commandcenter.board import Board, Patience
from commandcenter.reading import Reading
from commandcenter.records.database import Records
from commandcenter.records.incidents import (
    IncidentRow,
    merge,
    open_incident,
    rows,
    select_incident,
)
from commandcenter.records.limits import log_seen, within
from tests.conftest import NOW

KEYS = ("device/rtr", "camera/terbuka", "camera/operator", "camera/admin", "camera/hilang")
OFFICES = ("", "satu", "Kantor Satu", "dua")
FEEDS = ("network", "cameras")
SCOPES = (
    Scope(),
    scope_of(["satu"], []),
    scope_of([], ["cameras"]),
    scope_of(["satu", "dua"], ["network"]),
)


def camera(identity: str, *seen_by: str) -> Reading:
    value = {"name": identity, "seen_by": list(seen_by)}
    return Reading(feed="cameras", key=f"camera/{identity}", at=NOW, value=value)


@pytest.fixture
def board() -> Board:
    found = Board(patience=dict.fromkeys(FEEDS, Patience(late_after=1, stale_after=2)))
    told = camera("terbuka"), camera("operator", "operator", "admin"), camera("admin", "admin")
    found.take(told, NOW)
    return found


def sees(board: Board, role: str, scope: Scope = SCOPES[0]) -> Sees:
    offices = Offices(codes={"Kantor Satu": "satu", "Kantor Dua": "dua"})
    return Sees(known=board, offices=offices, eyes=Eyes(role=role, scope=scope))


async def every(records: Records) -> None:
    for feed, key, office in product(FEEDS, KEYS, OFFICES):
        thing = (f"aturan {office}", feed, key)
        told: dict[str, Any] = {"level": "warning", "title": key, "office": office}
        await records.write(open_incident, thing, NOW, **told)


def found_by(connection: sa.Connection, whose: Sees) -> list[IncidentRow]:
    return rows(connection, select_incident().where(*within(whose.limits)))


async def test_a_query_finds_what_a_row_by_row_judgement_lets_through(
    records: Records, board: Board
) -> None:
    await every(records)
    all_of_them = await records.read(lambda c: rows(c, select_incident()))
    assert len(all_of_them) == len(FEEDS) * len(KEYS) * len(OFFICES)
    for role, scope in product(("", *ROLES), SCOPES):
        whose = sees(board, role, scope)
        by_query = {row.id for row in await records.read(found_by, whose)}
        by_row = {row.id for row in all_of_them if whose.incident(row)}
        assert by_query == by_row, (role, scope)
        if whose.filter is None:
            assert len(by_query) == len(all_of_them)


@pytest.mark.parametrize(
    ("role", "there"),
    [
        ("", {"terbuka"}),
        ("display", {"terbuka"}),
        ("viewer", {"terbuka"}),
        ("leader", {"terbuka"}),
        ("operator", {"terbuka", "operator", "hilang"}),  # of one that is gone: who keeps them
        ("admin", {"terbuka", "operator", "admin", "hilang"}),
    ],
)
def test_what_is_told_of_a_camera_is_for_those_for_whom_the_camera_is(
    board: Board, role: str, there: set[str]
) -> None:
    cameras = ("terbuka", "operator", "admin", "hilang")
    assert {one for one in cameras if sees(board, role).camera(one)} == there


def test_where_two_feeds_name_one_camera_the_stricter_one_holds(board: Board) -> None:
    other = Reading(feed="network", key="camera/terbuka", at=NOW, value={"seen_by": ["admin"]})
    board.take([other], NOW)
    assert not sees(board, "viewer").camera("terbuka")


@pytest.mark.parametrize(
    ("mine", "other", "whole"),
    [
        (Scope(), Scope(), True),
        (Scope(), scope_of(["satu"], []), True),
        (scope_of(["satu"], []), Scope(), False),
        (scope_of(["satu", "dua"], []), scope_of(["satu"], []), True),
        (scope_of(["satu"], []), scope_of(["satu", "dua"], []), False),
        (scope_of(["satu"], []), scope_of([], ["network"]), False),
        (scope_of([], ["network"]), scope_of(["satu"], ["network"]), True),
    ],
)
def test_words_are_for_who_sees_all_that_their_writer_saw(
    board: Board, mine: Scope, other: Scope, whole: bool
) -> None:
    assert sees(board, "operator", mine).all_of(other) is whole


async def test_the_title_of_what_an_incident_went_into_is_not_told_to_who_does_not_see_it(
    records: Records, board: Board
) -> None:
    part, whole = ("r", "network", "device/bagian"), ("r", "network", "device/induk")
    told: dict[str, Any] = {"level": "warning", "title": "Induk rahasia", "office": "dua"}
    await records.write(open_incident, whole, NOW, **told)
    number = await records.write(
        open_incident, part, NOW, level="warning", title="Bagian", office="satu"
    )
    await records.write(merge, part, NOW, into=whole)
    limited = sees(board, "operator", SCOPES[1]).limits
    notes = {step.step: step.note for step in await records.read(log_seen, number, limited)}
    assert notes == {"opened": "Bagian", "merged": ""}
    notes = {step.step: step.note for step in await records.read(log_seen, number, NO_LIMITS)}
    assert notes["merged"] == "Induk rahasia"
