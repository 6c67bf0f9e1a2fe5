"""Whatever a source writes, it is understood or refused with a reason."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.complaints import dates, open311_answer, webhook
from commandcenter.complaints.sheet import read_sheet
from commandcenter.complaints.words import place, stage, text
from commandcenter.lists import BadList
from commandcenter.records.complaints import BadComplaint
from tests.conftest import NOW

WIB = ZoneInfo("Asia/Jakarta")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
local = NOW.replace(tzinfo=None)
moments = st.datetimes(local.replace(year=2001), local).map(lambda t: t.replace(microsecond=0))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(moments)
def test_every_way_of_writing_a_time_means_the_same(at: datetime) -> None:
    month = MONTHS[at.month - 1]
    days = (at - datetime.fromisoformat("1899-12-30")).total_seconds() / 86_400
    written = [
        f"{at:%Y-%m-%d %H:%M:%S}",
        f"{at.replace(tzinfo=WIB).isoformat()}",
        f"{at:%d/%m/%Y %H:%M:%S}",
        f"{at:%d-%m-%Y %H.%M.%S} WIB",
        f"{at.day} {month} {at.year} {at:%H.%M.%S}",
        f"Sabtu, {at.day} {month.upper()} {at.year}, pukul {at:%H:%M:%S}",
        f"{days:.8f}",
    ]
    assert {dates.moment(form, WIB, NOW) for form in written} == {at.replace(tzinfo=WIB)}


@given(st.text() | st.from_regex(r"\d{1,4}[-/ .]\w{1,9}[-/ .]\d{1,4}.{0,9}", fullmatch=True))
def test_any_text_is_a_time_or_refused(told: str) -> None:
    with suppress(BadComplaint):
        dates.moment(told, WIB, NOW)
        dates.due(told, WIB)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Diterima", "received"),
        ("BELUM DIVERIFIKASI", "received"),
        ("Sudah diteruskan", "forwarded"),
        ("Disposisi", "forwarded"),
        ("dalam proses", "in_work"),
        ("Belum selesai", "in_work"),  # and not closed, although it ends like it
        ("in-work", "in_work"),
        ("Selesai", "closed"),
        ("On Progress", "in_work"),
        ("Di proses.", "in_work"),
        ("Belum di tindak lanjuti", "received"),
        ("Close", "closed"),
        ("", None),
    ],
)
def test_the_words_for_stages(word: str, meant: str | None) -> None:
    assert stage(word) == meant


@given(st.text())
def test_any_word_is_a_stage_or_refused(word: str) -> None:
    with suppress(BadComplaint):
        assert stage(word) in {"received", "forwarded", "in_work", "closed", None}


@given(anything)
def test_a_text_can_be_held_by_any_database(told: Any) -> None:
    kept = text(told, 20)
    if kept is not None:
        assert 0 < len(kept) <= 20
        assert "\0" not in kept
        kept.encode()


@given(anything, anything)
def test_a_place_is_on_earth_or_none(latitude: Any, longitude: Any) -> None:
    north, east = place(latitude, longitude)
    assert (north is None) == (east is None)
    assert north is None or (-90 <= north <= 90)


@given(st.dictionaries(st.sampled_from(["id", "title", "stage", "received_at", "lat"]), anything))
def test_any_object_is_a_complaint_or_refused(told: dict[str, Any]) -> None:
    with suppress(BadComplaint):
        assert webhook.read_complaint(told, NOW, WIB, NOW).external_id


@given(st.binary())
def test_any_body_is_an_object_or_refused(raw: bytes) -> None:
    with suppress(BadComplaint):
        webhook.read_object(raw)
    webhook.without_people(raw)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"service_request_id": anything},
            optional={"status": anything, "requested_datetime": anything, "service_name": anything},
        )
    )
)
def test_any_entry_is_taken_refused_or_nameless(entries: list[dict[str, Any]]) -> None:
    answers = open311_answer.read_entries(entries, WIB, NOW)
    assert len(answers.good) + len(answers.bad) + answers.nameless == len(entries)


@given(st.binary())
def test_any_file_is_a_sheet_or_refused(raw: bytes) -> None:
    for name in ("a.csv", "a.xlsx"):
        with suppress(BadList):
            read_sheet(name, raw, WIB, NOW)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.text("abc ;,\"'\n", max_size=20))))
def test_every_row_of_a_sheet_is_good_or_bad(rows: list[tuple[int, str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["nomor", "judul"])
    writer.writerows(rows)
    sheet = read_sheet("a.csv", file.getvalue().encode(), WIB, NOW)
    assert len(sheet.good) + len(sheet.bad) == len(rows)
