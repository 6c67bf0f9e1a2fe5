"""Spreadsheets in a folder: what people export, with the headers and dates they have."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from commandcenter.feed import Desk
from feeds.complaints import Complaints
from tests.complaints.conftest import look, look_in_vain, on_both
from tests.conftest import Tray

LAPOR = """Tracking ID;Judul;Isi Laporan;Kategori;Instansi Terdisposisi;Status;Tanggal;Nama Pelapor
0012345;Lampu padam;Tiga tiang;Penerangan jalan;Dishub;Belum diverifikasi;21 Nov 2026;Budi
12346;Sampah;Menumpuk;Kebersihan;DLH;Sedang diproses;20 Agu 2026 08.30;Ani
12347;Air keruh;;Air bersih;PDAM;Selesai;1 Okt 2026;Cici
"""


async def drop(feed: Complaints, desk: Desk, name: str, raw: bytes) -> Path:
    """Put a file there and look until it has been taken."""
    folder = Path(feed.inbox)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(raw)
    await look(feed, desk)
    assert (folder / name).exists()  # it may still be growing
    await look(feed, desk)
    assert not (folder / name).exists()
    return folder


@on_both
async def test_an_export_with_semicolons_and_indonesian_dates(
    feed: Complaints, desk: Desk, tray: Tray
) -> None:
    folder = await drop(feed, desk, "lapor.csv", LAPOR.encode("cp1252"))
    assert [path.name for path in (folder / "done").iterdir()] == ["lapor.csv"]
    readings = await look(feed, desk)
    assert readings["complaint/import:0012345"].value == {
        "number": "0012345",  # zeros and all
        "title": "Lampu padam",
        "category": "Penerangan jalan",
        "agency": "Dishub",
        "address": "",
        "stage": "received",
        "received_at": "2026-11-20T17:00:00+00:00",
        "due_at": "2026-11-25T17:00:00+00:00",
        "overdue": False,
    }
    older = readings["complaint/import:12346"].value
    assert older is not None
    assert (older["received_at"], older["overdue"]) == ("2026-08-20T01:30:00+00:00", True)
    assert readings["totals/all"].value == {
        "open": 2,
        "overdue": 1,
        "new_today": 1,
        "closed_today": 0,  # 12347 was closed, but nobody says when
    }
    assert tray.kept == []


async def test_a_workbook_with_dates_and_numbers_as_excel_keeps_them(
    feed: Complaints, desk: Desk
) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["No. Aduan", "Perihal", "Tgl Masuk", "Lintang", "Bujur"])
    sheet.append([638344, "Jalan", datetime(2026, 11, 20, 8, 30, tzinfo=UTC).replace(tzinfo=None)])
    sheet.append([638345.0, "Serial", 46346.5, "-2,68", "111,62"])
    raw = io.BytesIO()
    book.save(raw)
    await drop(feed, desk, "aduan.XLSX", raw.getvalue())
    readings = await look(feed, desk)
    received = {
        r.identity: r.value["received_at"]
        for r in readings.values()
        if r.value and r.kind == "complaint"
    }
    assert received == {
        "import:638344": "2026-11-20T01:30:00+00:00",
        "import:638345": "2026-11-20T05:00:00+00:00",
    }


async def test_wrong_headers_are_told_and_nothing_is_imported(
    feed: Complaints, desk: Desk, tray: Tray
) -> None:
    folder = await drop(feed, desk, "staf.csv", b"nip,nama\n1,Budi\n")
    reasons = (folder / "rejected" / "staf.csv.reasons.txt").read_text()
    assert reasons == "staf.csv: no column nomor aduan and judul or isi; it has nip, nama\n"
    assert (folder / "rejected" / "staf.csv").exists()
    assert tray.kept == [("import", reasons.strip(), b"")]


async def test_a_bad_row_is_put_aside_and_the_good_ones_are_taken(
    feed: Complaints, desk: Desk, tray: Tray
) -> None:
    text = "id,judul,status,tanggal,nama\n1,A,baru,besok,Siti\n2,B,entah,,Siti\n"
    text += ",C,,,Siti\n4,D,,,Siti\n"
    folder = await drop(feed, desk, "a.csv", text.encode())
    reasons = (folder / "done" / "a.csv.reasons.txt").read_text().splitlines()
    assert [reason.split(":")[0] for reason in reasons] == [
        "a.csv, row 2",
        "a.csv, row 3",
        "a.csv, row 4",
    ]
    assert len(tray.kept) == 3
    assert not any(b"Siti" in kept for _, _, kept in tray.kept)
    assert "complaint/import:4" in await look(feed, desk)


async def test_a_file_is_imported_twice_without_harm_and_both_are_kept(
    feed: Complaints, desk: Desk
) -> None:
    for _ in range(2):
        folder = await drop(feed, desk, "lapor.csv", LAPOR.encode())
    assert len(list((folder / "done").iterdir())) == 2
    totals = (await look(feed, desk))["totals/all"].value
    assert totals is not None
    assert totals["open"] == 2


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04broken", b"\0\0\0"])
async def test_a_broken_workbook_is_rejected(feed: Complaints, desk: Desk, raw: bytes) -> None:
    folder = await drop(feed, desk, "a.xlsx", raw)
    assert (folder / "rejected" / "a.xlsx.reasons.txt").exists()


async def test_an_inbox_that_cannot_be_is_told_and_the_rest_works(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    feed = Complaints(name="complaints", inbox=str(tmp_path / "file"))
    found, why = await look_in_vain(feed, desk)
    assert "Folder impor" in why
    assert list(found) == ["totals/all"]
