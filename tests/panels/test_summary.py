"""The big numbers: nothing is green because nothing was heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.language import Language
from commandcenter.reading import Reading
from commandcenter.region import Region
from panels.summary import Summary
from tests.conftest import NOW
from tests.web import samples

FEEDS = ("network", "attendance", "complaints", "applications", "cameras", "incidents")


def card(feed: str, *readings: Reading) -> str:
    """One card of the row as it is drawn."""
    board = Board(patience={name: Patience(late_after=30, stale_after=90) for name in FEEDS})
    board.take(readings, NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=FEEDS, now=NOW, say=say, region=Region(name="x"))
    body = Summary(name="summary", feeds=FEEDS).render(view).body
    assert isinstance(body, list)
    (found,) = [c for c in body[2:] if c[1]["data-figure"] == feed]
    return str(found)


def test_cameras_that_only_start_are_neither_green_nor_alive() -> None:
    drawn = card("cameras", *(samples.camera(n, state="starting") for n in range(3)))
    assert "figure unknown" in drawn
    assert "semua hidup" not in drawn


def test_cameras_are_all_alive_only_when_every_one_is() -> None:
    live, late = samples.camera(0), samples.camera(1, state="late")
    assert "semua hidup" in card("cameras", live)
    assert "semua hidup" not in card("cameras", live, late)


def test_cameras_of_which_none_is_known_are_unknown_and_said_to_be() -> None:
    gone = Reading(feed="cameras", key="camera/x", at=NOW, value=None)
    drawn = card("cameras", samples.camera(1), gone, replace(samples.camera(1), value=None))
    assert "figure unknown" in drawn
    assert "belum ada kamera yang dikenal" in drawn
    assert "semua hidup" not in drawn


@pytest.mark.parametrize(
    ("states", "level", "words"),
    [
        (["live"] * 3, "ok", ["semua hidup"]),
        (["live", "starting"], "warn", ["1 baru mulai"]),
        (["live"] * 9 + ["late"], "warn", ["1 terlambat"]),
        (["live"] * 9 + ["covered"], "warn", ["1 terganggu pandangannya"]),
        (["live"] * 10 + ["unreachable"], "warn", ["1 mati"]),
        (["live", "frozen"], "bad", ["1 beku"]),
        (["live", "forbidden", "unheard of"], "bad", ["2 mati"]),
        (
            ["live", "dark", "late", "frozen", "unauthorized", "starting"],
            "bad",
            ["1 mati · 1 beku", "1 terganggu pandangannya · 1 terlambat · 1 baru mulai"],
        ),
    ],
)
def test_cameras_have_the_colour_of_the_worst_and_every_state_is_counted(
    states: list[Any], level: str, words: list[str]
) -> None:
    drawn = card("cameras", *(samples.camera(n, state=state) for n, state in enumerate(states)))
    assert f"figure {level}" in drawn
    for word in words:
        assert word in drawn


def test_an_office_that_is_not_connected_yet_is_not_all_connected() -> None:
    up, waiting = samples.device(1), samples.device(2, state="unconnected")
    assert "semua tersambung" in card("network", up)
    assert "semua tersambung" not in card("network", up, waiting)


def test_complaints_without_totals_are_unknown_and_not_none_overdue() -> None:
    drawn = card("complaints", samples.complaint(1))
    assert "figure unknown" in drawn
    assert "tidak ada yang lewat" not in drawn
    assert "figure ok" in card("complaints", samples.complaint_totals(0))


def test_complaints_that_may_be_more_are_not_green_and_not_all() -> None:
    drawn = card("complaints", samples.complaint_totals(25, at_least=True))
    assert "figure unknown" in drawn
    assert "≥ 25" in drawn
    assert "tidak ada yang lewat" not in drawn
    overdue = card("complaints", samples.complaint_totals(25, at_least=True, overdue=1))
    assert "figure bad" in overdue


def test_complaints_of_which_nobody_knows_the_deadline_are_not_in_time() -> None:
    drawn = card("complaints", samples.complaint_totals(3, undated=2))
    assert "figure warn" in drawn
    assert "2 tanpa tenggat" in drawn


def test_complaints_that_were_typed_in_say_of_which_day_their_file_is() -> None:
    typed: dict[str, Any] = {"file_at": "2026-11-09T03:00:00+00:00"}
    drawn = card("complaints", samples.complaint_totals(3, from_file=3, **typed))
    assert "'dari berkas 9 Nov 2026'" in drawn
    drawn = card("complaints", samples.complaint_totals(3, from_file=1, **typed))
    assert "'1 dari berkas 9 Nov 2026'" in drawn


def test_no_application_is_not_a_row_of_well_ones() -> None:
    gone = Reading(feed="applications", key="application/x", at=NOW, value=None)
    drawn = card("applications", samples.application("x"), gone)
    assert "figure unknown" in drawn
    assert "sertifikat aman" not in drawn


def test_a_network_of_which_no_office_is_connected_yet_is_not_green() -> None:
    assert "figure unknown" in card("network", samples.device(1, state="unconnected"))


def test_the_network_is_as_bad_as_its_worst_office() -> None:
    well = [samples.device(n) for n in range(50)]
    assert "figure ok" in card("network", *well)
    assert "figure warn" in card("network", *well, samples.device(99, state="unknown"))
    assert "figure bad" in card("network", *well, samples.device(99, state="down"))


def test_offices_of_which_nothing_is_known_are_neither_green_nor_amber() -> None:
    drawn = card("network", *(samples.device(n, state="unknown") for n in range(3)))
    assert "figure unknown" in drawn
    assert "'–'" in drawn


def test_what_a_list_leaves_out_is_told_and_takes_the_green_away() -> None:
    mistake = "devices.csv, baris 7, kolom address: 'x' bukan alamat"
    status = samples.feed_status("network", list_mistakes=[mistake])
    drawn = card("network", samples.device(1), status)
    assert "figure warn" in drawn
    assert "1 kesalahan dalam daftar" in drawn


def test_a_hub_that_is_down_makes_the_network_bad() -> None:
    hub = samples.device(1, state="down")
    assert hub.value is not None
    core = replace(hub, value=hub.value | {"role": "core"})
    drawn = card("network", core, samples.device(2))
    assert "figure bad" in drawn
    assert "1 simpul, 1 putus" in drawn


def test_an_application_with_an_untrusted_certificate_makes_the_card_amber_and_is_counted() -> None:
    """louislam/uptime-kuma#3551: the page answers, and browsers warn before it."""
    bad = [samples.application(n, state="degraded", certificate="untrusted") for n in "ab"]
    drawn = card("applications", *bad, samples.application("c"))
    assert "figure warn" in drawn
    assert "2 terganggu · 2 sertifikat tidak dipercaya" in drawn
    assert "sertifikat aman" not in drawn


def test_certificates_are_in_order_only_when_each_https_application_has_one_that_was_seen() -> None:
    good, unseen = samples.application("a"), samples.application("b", certificate=None)
    assert "sertifikat aman" in card("applications", good)
    assert "sertifikat aman" not in card("applications", good, unseen)
    plain = samples.application("c", certificate=None, url="http://c.example")
    assert "sertifikat aman" in card("applications", good, plain)
    assert "sertifikat aman" not in card("applications", plain)


def test_applications_that_are_all_unknown_are_neither_green_nor_zero() -> None:
    unknown = [samples.application(n, state="unknown", certificate=None) for n in "ab"]
    drawn = card("applications", *unknown)
    assert "figure unknown" in drawn
    assert "'–'" in drawn
    assert "2 tidak diketahui" in drawn


def test_one_unknown_application_is_named_and_takes_the_green_away() -> None:
    up, unknown = samples.application("a"), samples.application("b", state="unknown")
    drawn = card("applications", up, unknown)
    assert "figure warn" in drawn
    assert "1 tidak diketahui" in drawn


def test_the_worst_that_is_true_of_applications_gives_the_colour_and_nothing_is_left_out() -> None:
    drawn = card(
        "applications",
        samples.application("a", state="down", certificate=None),
        samples.application("b", state="degraded"),
        samples.application("c", certificate_days=3.0),
        samples.application("d", state="unknown", certificate=None),
    )
    assert "figure bad" in drawn
    told = "1 tidak menjawab · 1 terganggu · 1 sertifikat hampir habis · 1 tidak diketahui"
    assert told in drawn


def test_an_application_without_the_newer_words_is_drawn_all_the_same() -> None:
    """What an older version of the program has left on the bus."""
    reading = samples.application("a")
    assert reading.value is not None
    del reading.value["certificate"]
    drawn = card("applications", reading)
    assert "figure ok" in drawn
    assert "sertifikat aman" not in drawn


@pytest.mark.parametrize("present", [0, 5, 37])
def test_a_low_presence_in_working_hours_is_never_green(present: int) -> None:
    assert "figure warn" in card("attendance", samples.office(1, present=present))


def test_a_good_presence_is_green_and_outside_working_hours_there_is_no_judgement() -> None:
    assert "figure ok" in card("attendance", samples.office(1, present=38))
    drawn = card("attendance", samples.office(1, present=0, working=False))
    assert "figure quiet" in drawn
    assert "di luar jam kerja" in drawn


def test_without_an_office_that_tells_presence_is_unknown_and_not_zero() -> None:
    drawn = card("attendance", samples.office(1, present=None), samples.office(2, present=None))
    assert "figure unknown" in drawn
    assert "terlambat" not in drawn


def test_a_sum_that_leaves_offices_out_says_of_how_many() -> None:
    drawn = card("attendance", samples.office(1, present=50), samples.office(2, present=None))
    assert "1 dari 2 kantor" in drawn
    assert "dari" not in card("attendance", samples.office(1, present=50))


def test_an_office_of_which_nobody_knows_how_many_work_there_is_not_in_the_sum() -> None:
    drawn = card(
        "attendance", samples.office(1, present=30), samples.office(2, present=40, expected=0)
    )
    assert "60,0" in drawn
    assert "figure warn" in drawn
    assert "1 dari 2 kantor" in drawn


def test_a_wrong_clock_is_told_and_its_lateness_is_not_a_number() -> None:
    alone = card("attendance", samples.office(1, present=50, clocks_wrong=1))
    assert "figure warn" in alone
    assert "1 jam mesin salah" in alone
    assert "belum diketahui" in alone
    both = card(
        "attendance", samples.office(1, present=50), samples.office(2, present=50, clocks_wrong=1)
    )
    assert "sedikitnya 3 terlambat" in both


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (samples.office(2, present=50, silent=1), "1 mesin diam"),
        (samples.machine("X", "pending"), "1 mesin di luar daftar"),
    ],
)
def test_a_machine_that_is_silent_or_not_listed_is_never_green(
    trouble: Reading, words: str
) -> None:
    drawn = card("attendance", samples.office(1, present=50), trouble)
    assert "figure warn" in drawn
    assert words in drawn


def test_no_incident_is_good_news_only_while_somebody_watches() -> None:
    totals, watch = samples.incident_totals(0), samples.process("watch")
    assert "figure ok" in card("incidents", totals, watch)
    late = replace(watch, at=NOW - timedelta(seconds=121))
    for told in (
        [totals],
        [totals, late],
        [totals, samples.process("watch", error="records away")],
    ):
        drawn = card("incidents", *told)
        assert "figure unknown" in drawn
        assert "tidak dipantau" in drawn
    shelved = replace(samples.incident(1), key="aside/1")
    assert "figure unknown" in card("incidents", shelved, watch)  # never told the totals


def test_what_is_open_stays_red_when_nobody_watches() -> None:
    drawn = card("incidents", samples.incident(1))
    assert "figure bad" in drawn
    assert "tidak dipantau" in drawn


def test_an_incident_about_a_camera_for_others_is_counted() -> None:
    """The figure names nothing; without it the card would be green."""
    told = samples.incident(1)
    about = {"feed": "cameras", "about": "camera/simpang-7"}
    hidden = replace(told, value=(told.value or {}) | about)
    drawn = card("incidents", hidden, samples.incident_totals(1), samples.process("watch"))
    assert "figure bad" in drawn
