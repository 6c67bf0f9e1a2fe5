"""The history: what is over, searched, with figures, by page and as a file for spreadsheets."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from commandcenter.spreadsheet import filled_tables
from tests.web import samples
from tests.web.console.conftest import Desk


def found(desk: Desk, **query: Any) -> dict[str, Any]:
    answer = desk.get("history", **query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_what_is_over_is_found_newest_first_with_how_it_ended(desk: Desk) -> None:
    old = desk.over("rtr-arsip-a", ago=600, minutes=30, note="genset", cause="power")
    new = desk.over("rtr-arsip-b", ago=300, minutes=10, cause="device")
    desk.happen("rtr-arsip-c")  # still open
    told = found(desk, text="ARSIP")
    assert [row["number"] for row in told["incidents"]] == [new, old]
    row = told["incidents"][1]
    assert (row["note"], row["who"], row["minutes"], row["cause"]) == (
        "genset",
        "operator 1",
        30.0,
        "power",
    )
    assert (told["total"], told["pages"], told["page"]) == (2, 1, 1)
    assert told["causes"] == {"device": 1, "power": 1}


@pytest.mark.parametrize(("minutes", "median"), [((10, 20, 60), 20.0), ((10, 20, 40, 60), 30.0)])
def test_the_figures_are_medians_over_all_that_were_found(
    desk: Desk, minutes: tuple[int, ...], median: float
) -> None:
    word = f"median{len(minutes)}"
    for n, lasted in enumerate(minutes):
        desk.over(f"rtr-{word}-{n}", minutes=lasted, ago=100)
    told = found(desk, text=word)
    assert told["minutes_to_resolve"] == pytest.approx(median, abs=0.1)
    assert told["minutes_to_acknowledge"] == pytest.approx(2.0, abs=0.1)
    assert found(desk, text="tidak ada yang begini")["minutes_to_resolve"] is None


def test_it_is_searched_by_each_of_its_facts(desk: Desk) -> None:
    one = desk.over("rtr-cari-a", office="setda", cause="power", feed="network")
    two = desk.over("rtr-cari-b", office="setwan", cause="device", feed="cameras")
    desk.did(two, act="close")

    def numbers(**query: Any) -> list[int]:
        told = found(desk, **({"text": "rtr-cari"} | query))
        return [row["number"] for row in told["incidents"]]

    assert numbers(office="setda") == [one]
    assert numbers(cause="device") == [two]
    assert numbers(feed="cameras") == [two]
    assert numbers(state="resolved") == [one]
    assert numbers(state="closed") == [two]
    assert numbers(text="%") == []
    assert numbers(text="\x00rtr-cari-a") == [one]


def test_days_are_those_of_the_region_and_both_are_included(desk: Desk) -> None:
    number = desk.over("rtr-hari", ago=50 * 60, minutes=5)
    resolved = desk.row(number).resolved_at
    assert resolved is not None
    day = (resolved + timedelta(hours=7)).date()

    def there(first: Any, last: Any) -> bool:
        told = found(desk, text="rtr-hari", **{"from": str(first), "to": str(last)})
        return bool(told["total"])

    assert there(day, day)
    assert not there(day + timedelta(days=1), samples.present().date() + timedelta(days=1))
    assert not there(day - timedelta(days=9), day - timedelta(days=1))


def test_fifty_stand_on_a_page(desk: Desk) -> None:
    for n in range(53):
        desk.over(f"rtr-halaman-{n}", ago=400 - n)
    first, second = (found(desk, text="rtr-halaman", page=page) for page in (1, 2))
    assert [len(told["incidents"]) for told in (first, second)] == [50, 3]
    assert (first["pages"], first["total"]) == (2, 53)
    numbers = {row["number"] for told in (first, second) for row in told["incidents"]}
    assert len(numbers) == 53


@pytest.mark.asvs("5.4.1", "5.4.2")
def test_the_file_has_all_that_was_found_and_no_cell_is_a_formula(desk: Desk) -> None:
    desk.over("rtr-berkas", title='=HYPERLINK("http://jahat.example")', detail="@SUM(berkas)")
    answer = desk.get("history.csv", text="berkas")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    header, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    cells = dict(zip(header, row, strict=True))
    assert cells["title"] == '\'=HYPERLINK("http://jahat.example")'
    assert cells["detail"] == "'@SUM(berkas)"
    assert (cells["cause"], cells["minutes"]) == ("power", "10,0")


def test_the_file_has_the_separators_of_its_reader_and_our_own_importers_read_both(
    desk: Desk,
) -> None:
    """Excel in Indonesian puts a file with commas into one column, and takes 10.5 for a day."""
    desk.over("rtr-pemisah", title="Satu; dua, tiga", minutes=10)
    found = {}
    for language in ("id", "en", "xx"):
        answer = desk.get("history.csv", text="Satu; dua", lang=language)
        (rows,) = filled_tables("riwayat.csv", answer.content)
        header, row = (told.cells for told in rows)
        found[language] = dict(zip(header, row, strict=True))
    assert found["id"] == found["xx"] == found["en"] | {"minutes": "10,0"}
    assert (found["en"]["title"], found["en"]["minutes"]) == ("Satu; dua, tiga", "10.0")


@pytest.mark.parametrize(
    "query",
    [
        {"from": "kemarin"},
        {"to": "2026-02-30"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "9" * 30},
        {"state": "open"},
    ],
)
def test_a_senseless_search_is_refused_with_a_sentence(desk: Desk, query: dict[str, str]) -> None:
    answer = desk.get("history", **query)
    assert answer.status_code == 400
    assert answer.json()["why"]
