"""The end of a shift: both sides confirm, and what was the giver's becomes the receiver's."""

from __future__ import annotations

from typing import Any

from commandcenter.records.chain import log_of
from tests.web.console.conftest import Desk


def give(desk: Desk, **told: Any) -> Any:
    body = {"who": "operator 1", "to": "operator 2", "note": "PLN datang pukul 15"} | told
    return desk.post("handover", **body)


def test_a_shift_is_given_with_its_summary_frozen_and_taken_with_what_was_assigned(
    desk: Desk,
) -> None:
    mine = desk.happen("rtr-giliran", level="critical")
    desk.step("assign", mine, assignee="operator 1")
    summary = desk.get("handover", who="operator 1").json()["summary"]
    assert mine in [row["number"] for row in summary["mine"]]
    assert summary["counts"]["open"]["critical"] >= 1

    given = give(desk).json()["handover"]
    later = desk.happen("rtr-sesudah")
    waiting = desk.get("handover", who="operator 2").json()["waiting"]
    (mail,) = [one for one in waiting if one["id"] == given["id"]]
    assert (mail["from_who"], mail["note"]) == ("operator 1", "PLN datang pukul 15")
    assert mail["summary"]["opened"] == summary["opened"]
    assert later not in [row["number"] for row in mail["summary"]["critical"]]
    assert desk.row(mine).assignee == "operator 1"  # until it is taken

    taken = desk.post(f"handover/{given['id']}/take", who="operator 2").json()
    assert taken["moved"] == [mine]
    assert taken["rung"] is True
    assert desk.row(mine).assignee == "operator 2"
    with desk.records.engine.begin() as connection:
        last = log_of(connection, mine)[-1]
    assert (last.step, last.who, last.source_address) == ("handed_over", "operator 2", "127.0.0.1")
    assert (last.facts["before"], last.facts["assignee"]) == ("operator 1", "operator 2")
    past = desk.get("handover", who="koordinator").json()["past"]
    assert next(one["state"] for one in past if one["id"] == given["id"]) == "taken"


def test_the_next_summary_begins_with_this_hand_over(desk: Desk) -> None:
    given = give(desk, who="operator 2", to="koordinator").json()["handover"]
    summary = desk.get("handover", who="operator 2").json()["summary"]
    assert summary["since"] == given["given_at"]
    assert (summary["opened"], summary["resolved"]) == (0, 0)
    desk.happen("rtr-giliran-baru")
    assert desk.get("handover", who="operator 2").json()["summary"]["opened"] == 1


def test_only_the_receiver_takes_it_and_only_once(desk: Desk) -> None:
    number = give(desk).json()["handover"]["id"]
    assert desk.post(f"handover/{number}/take", who="koordinator").status_code == 404
    assert desk.post(f"handover/{number}/take", who="operator 1").status_code == 404
    assert desk.post(f"handover/{number}/take", who="operator 2").status_code == 200
    assert desk.post(f"handover/{number}/take", who="operator 2").status_code == 404
    assert desk.post(f"handover/{number}/refuse", who="operator 2").status_code == 404


def test_a_refusal_says_why_and_leaves_everything_with_the_giver(desk: Desk) -> None:
    mine = desk.happen("rtr-ditolak")
    desk.step("assign", mine, assignee="operator 1")
    number = give(desk).json()["handover"]["id"]
    answer = desk.post(f"handover/{number}/refuse", who="operator 2", note="belum datang")
    told = answer.json()["handover"]
    assert told["state"] == "refused"
    assert told["note"] == "PLN datang pukul 15\noperator 2: belum datang"
    assert desk.row(mine).assignee == "operator 1"


def test_who_gives_twice_has_one_hand_over_waiting(desk: Desk) -> None:
    first = give(desk, note="satu").json()["handover"]["id"]
    second = give(desk, note="dua").json()["handover"]
    assert (second["id"], second["note"]) == (first, "dua")
    desk.post(f"handover/{first}/refuse", who="operator 2")


def test_nobody_hands_over_to_themselves_or_to_strangers(desk: Desk) -> None:
    assert give(desk, to="operator 1").status_code == 400
    assert give(desk, to="orang asing").status_code == 400
