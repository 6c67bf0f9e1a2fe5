"""A shift is handed over to somebody who does not see all of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web import samples
from tests.web.rights.house import CAMERA, House, words

LISTS = ("mine", "critical", "shelved")


def give(house: House, who: str, to: str, note: str) -> int:
    with house.client(who) as giver:
        answer = giver.post("/console/handover", json={"to": to, "note": note})
        return int(answer.json()["handover"]["id"])


def look(house: House, who: str) -> dict[str, Any]:
    with house.client(who) as client:
        told: dict[str, Any] = client.get("/console/handover").json()
        return told


def titles(summary: dict[str, Any]) -> set[str]:
    return {row["title"] for name in LISTS for row in summary[name]}


def test_what_the_receiver_does_not_see_stays_with_the_giver_and_is_said_to(house: House) -> None:
    number = give(house, "operator", "satu", "Untuk Anda")
    (waiting,) = look(house, "satu")["waiting"]
    assert (waiting["id"], waiting["note"]) == (number, "Untuk Anda")  # a letter to them
    assert titles(waiting["summary"]) == {"JudulMelati", "JudulZaitun"}
    figures = ("counts", "opened", "resolved")
    assert [waiting["summary"][name] for name in figures] == [None] * 3  # of the whole region

    with house.client("satu") as receiver:
        taken = receiver.post(f"/console/handover/{number}/take", json={}).json()
    assert sorted(taken["moved"]) == sorted(house.incidents[one] for one in ("satu", "kamera"))
    assert taken["stays"] == "1 insiden yang tidak boleh Anda lihat tetap pada operator"
    assignees = {one: house.row(one).assignee for one in ("satu", "kamera", "dua")}
    assert assignees == {"satu": "satu", "kamera": "satu", "dua": "operator"}


def test_the_summary_of_somebody_limited_counts_what_is_theirs(house: House) -> None:
    mine, whole = (look(house, who)["summary"] for who in ("dua", "operator"))
    assert titles(mine) == {"JudulKenanga"}
    assert mine["counts"] == {"open": {"critical": 1}, "resolved": {"critical": 1}}
    assert whole["counts"]["open"]["critical"] == 3


@pytest.mark.parametrize(
    ("giver", "readers"), [("operator", {"admin"}), ("dua", {"admin", "operator"})]
)
def test_past_ones_are_there_for_those_who_see_all_that_the_giver_saw(
    house: House, giver: str, readers: set[str]
) -> None:
    receiver = "admin"
    note = f"Surat {giver} {samples.present():%f}"
    number = give(house, giver, receiver, note)
    for who in ("admin", "operator", "satu", "dua", "jaringan"):
        found = [one for one in look(house, who)["past"] if one["id"] == number]
        assert bool(found) == (who in {*readers, giver}), who
        assert all(one["note"] == note for one in found)


def test_who_does_not_see_a_camera_reads_no_note_of_a_hand_over_that_lists_it(
    house: House,
) -> None:
    """The camera is for administrators now; the note may be about it."""
    give(house, "operator", "admin", "Kamera itu dicuri")
    house.restrict("admin")
    with house.client("operator") as client:
        client.get("/console/handover")
    told = look(house, "jaringan")
    assert words([str(told)], ("Kamera itu dicuri", "JudulZaitun", CAMERA)) == set()
    told = look(house, "operator")  # who wrote it, and does not see the camera any more
    assert "Kamera itu dicuri" in str(told)
    assert words([str(told)], ("JudulZaitun", CAMERA)) == set()
    house.restrict("operator", "admin")
