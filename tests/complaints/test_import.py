"""Spreadsheets in a folder: what people export, with the headers and dates they have."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from commandcenter.complaints import importer
from commandcenter.feed import Desk
from commandcenter.reading import Origin
from commandcenter.records.complaints import Told, put_all
from feeds.complaints import Complaints
from tests.complaints.conftest import look, look_in_vain, on_both, totals
from tests.conftest import NOW, Clock, Tray

LAPOR = """Tracking ID;Judul;Isi Laporan;Kategori;Instansi Terdisposisi;Status;Tanggal;Nama Pelapor
0012345;Lampu padam;Tiga tiang;Penerangan jalan;Dishub;Belum diverifikasi;21 Nov 2026;Budi
12346;Sampah;Menumpuk;Kebersihan;DLH;Sedang diproses;20 Agu 2026 08.30;Ani
12347;Air keruh;;Air bersih;PDAM;Selesai;1 Okt 2026;Cici
"""


async def drop(
    feed: Complaints, desk: Desk, name: str, raw: bytes, at: datetime | None = None
) -> Path:
    """Put a file there, last changed `at` (now), and look until it has been taken."""
    folder = Path(feed.inbox)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(raw)
    changed = (at or desk.now()).timestamp()
    os.utime(folder / name, (changed, changed))
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
        "source": "import",
        "title": "Lampu padam",
        "category": "Penerangan jalan",
        "agency": "Dishub",
        "address": "",
        "stage": "received",
        "received_at": "2026-11-20T17:00:00+00:00",
        "due_at": "2026-11-25T17:00:00+00:00",
        "overdue": False,
        "file_at": NOW.isoformat(),
    }
    older = readings["complaint/import:12346"].value
    assert older is not None
    assert (older["received_at"], older["overdue"]) == ("2026-08-20T01:30:00+00:00", True)
    assert readings["totals/all"].value == totals(  # 12347 was closed, but nobody says when
        open=2, overdue=1, new_today=1, from_file=2, file_at=NOW.isoformat()
    )
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
    wrong = "staf.csv: tidak ada kolom nomor aduan dan judul atau isi"
    advice = "; tulis nama itu di baris di atas aduan pertama"
    assert reasons == f"{wrong}{advice}\nbaris 1 berisi nip, nama\n"
    assert (folder / "rejected" / "staf.csv").exists()
    assert [(source, body) for source, _, body in tray.kept] == [("import", b"")]
    assert "nip" not in tray.kept[0][1]  # what is in row 1 may be a person


async def test_a_bad_row_is_put_aside_and_the_good_ones_are_taken(
    feed: Complaints, desk: Desk, tray: Tray
) -> None:
    text = "id,judul,status,tanggal,nama\n1,A,baru,besok,Siti\n2,B,entah,,Siti\n"
    text += ",C,,,Siti\n4,D,,,Siti\n"
    folder = await drop(feed, desk, "a.csv", text.encode())
    reasons = (folder / "done" / "a.csv.reasons.txt").read_text().splitlines()
    assert [reason.split(":")[0] for reason in reasons] == [
        "a.csv, baris 2",
        "a.csv, baris 3",
        "a.csv, baris 4",
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
    found = (await look(feed, desk))["totals/all"].value
    assert found is not None
    assert found["open"] == 2


@pytest.mark.asvs("5.2.2")
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
    assert found == {}  # nothing was heard yet


HEADER = ["Tracking ID", "Tanggal Laporan Masuk", "Waktu Laporan Masuk", "Nama Pelapor", "Kategori"]
HEADER += ["Judul Laporan", "Isi Laporan Awal", "Instansi Terdisposisi", "Status Laporan"]


def lapor(*states: str, above: int = 0) -> bytes:
    """What LAPOR! exports, with rows of general information above (the importers of
    devirisvianti28-ship-it/SIPANDA and okimenpan/ESG-Classifier describe it)."""
    book = Workbook()
    sheet = book.worksheets[0]
    for number in range(above):
        sheet.append(["Periode", f"{number}"])
    sheet.append(HEADER)
    for number, state in enumerate(states):
        row = [5049672.0 + number, "3 Nov 2026", "08:30:12", "Budi", "Jalan", f"Jalan {number}"]
        sheet.append([*row, "Lubang", "Dinas PUPR", state])
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


@pytest.mark.parametrize("above", [0, 10])
async def test_the_export_of_lapor_is_read_with_its_own_dates_and_states(
    feed: Complaints, desk: Desk, above: int
) -> None:
    """States of ppid.lldikti2.net, "Statistik Pelanggaran & Penindakannya"."""
    open_ones = ["Belum Terverifikasi", "Terdisposisi Belum Ditindaklanjuti", "Laporan Tertunda"]
    open_ones += ["Terdisposisi Sedang Diproses", "Ditanggapi oleh Pelapor", "Proses"]
    closed = ["Ditutup oleh Admin", "Ditutup oleh Sistem", "Diarsipkan", "Terdisposisi Selesai"]
    await drop(feed, desk, "lapor.xlsx", lapor(*open_ones, *closed, above=above))
    readings = await look(feed, desk)
    value = readings["complaint/import:5049672"].value
    assert value is not None
    assert value["received_at"] == "2026-11-03T01:30:12+00:00"
    stages = [r.value["stage"] for r in readings.values() if r.value and r.kind == "complaint"]
    assert sorted(stages) == ["forwarded", "in_work", "in_work", "in_work", "received", "received"]
    assert readings["totals/all"].value == totals(
        open=6, overdue=6, from_file=6, file_at=NOW.isoformat()
    )


async def test_a_sheet_without_a_date_is_told_and_nothing_of_it_is_of_today(
    feed: Complaints, desk: Desk
) -> None:
    folder = await drop(feed, desk, "a.csv", b"id,judul\n1,Air\n")
    assert "tidak ada kolom tanggal" in (folder / "done" / "a.csv.reasons.txt").read_text()
    value = (await look(feed, desk))["totals/all"].value
    assert value == totals(open=1, undated=1, from_file=1, file_at=NOW.isoformat())


async def test_every_sheet_is_taken_and_those_without_a_header_are_named(
    feed: Complaints, desk: Desk
) -> None:
    """OpenRefine/OpenRefine#280, orbeon/orbeon-forms#5665."""
    book = Workbook()
    book.worksheets[0].title = "Sampul"
    book.worksheets[0].append(["REKAP ADUAN 2026"])
    for month in ("Oktober", "November"):
        sheet = book.create_sheet(month)
        sheet.append(["No. Aduan", "Judul", "Status", "Tanggal"])
        sheet.append([f"{month}-1", "Sampah", "Proses", "3 Nov 2026"])
    raw = io.BytesIO()
    book.save(raw)
    folder = await drop(feed, desk, "rekap.xlsx", raw.getvalue())
    reasons = (folder / "done" / "rekap.xlsx.reasons.txt").read_text()
    assert reasons == "rekap.xlsx: lembar Sampul dilewati: tidak ada baris judul kolom\n"
    value = (await look(feed, desk))["totals/all"].value
    assert value is not None
    assert value["open"] == 2


async def test_numbers_that_a_spreadsheet_has_cut_do_not_become_one_complaint(
    feed: Complaints, desk: Desk
) -> None:
    """dfinke/ImportExcel#830, react-csv/react-csv#136."""
    raw = b"No Tiket;Judul;Tanggal\n2,02511E+14;Jalan;3 Nov 2026\n2,02511E+14;Air;3 Nov 2026\n"
    folder = await drop(feed, desk, "tiket.csv", raw)
    reasons = (folder / "rejected" / "tiket.csv.reasons.txt").read_text().splitlines()
    assert [reason.partition(":")[0] for reason in reasons] == [
        "tiket.csv, baris 2",
        "tiket.csv, baris 3",
    ]


async def test_rows_with_one_number_are_told_and_the_last_counts(
    feed: Complaints, desk: Desk
) -> None:
    raw = b"id,judul,tanggal\n7,Jalan,3 Nov 2026\n7,Air,3 Nov 2026\n"
    folder = await drop(feed, desk, "a.csv", raw)
    reasons = (folder / "done" / "a.csv.reasons.txt").read_text()
    assert reasons == "a.csv, baris 2: nomornya sama dengan baris 3, yang dipakai\n"
    readings = await look(feed, desk)
    value = readings["complaint/import:7"].value
    assert value is not None
    assert value["title"] == "Air"
    assert (readings["totals/all"].value or {})["refused"] == {"a.csv": 1}


async def test_typed_in_figures_are_as_old_as_their_file_and_marked_so(
    feed: Complaints, desk: Desk, clock: Clock
) -> None:
    """AmanSK5/shadow-ai-guard#165: an old import that looks like live data."""
    old = NOW - timedelta(days=21)
    await drop(feed, desk, "rekap.csv", b"id,judul,tanggal\n1,Air,30 Okt 2026\n", at=old)
    clock.forward(30)
    for again in (feed, Complaints(name="complaints", inbox=feed.inbox)):  # also after a restart
        readings = await look(again, desk)
        assert {r.at for r in readings.values()} == {old}
        assert {r.origin for r in readings.values()} == {Origin.MANUAL}
        value = readings["complaint/import:1"].value
        assert value is not None
        assert value["file_at"] == old.isoformat()


async def test_an_older_file_changes_nothing_that_a_newer_one_said(
    feed: Complaints, desk: Desk
) -> None:
    day = timedelta(days=1)
    new, old = b"id,judul,status\n1,Air,Proses\n", b"id,judul,status\n1,Air,Diterima\n2,B,Baru\n"
    await drop(feed, desk, "baru.csv", new, at=NOW - day)
    await drop(feed, desk, "lama.csv", old, at=NOW - 2 * day)
    readings = await look(feed, desk)
    value = readings["complaint/import:1"].value
    assert value is not None
    assert value["stage"] == "in_work"
    assert "complaint/import:2" in readings


async def test_a_file_does_not_reopen_what_is_closed(feed: Complaints, desk: Desk) -> None:
    rows = b"id,judul,status,tanggal\n1,Air,%b,3 Nov 2026\n"
    await drop(feed, desk, "a.csv", rows % b"Proses")
    await drop(feed, desk, "b.csv", rows % b"Selesai")
    folder = await drop(feed, desk, "a.csv", rows % b"Proses")  # copied once more
    readings = await look(feed, desk)
    assert readings["totals/all"].value == totals(
        file_at=NOW.isoformat(),
        refused={"a.csv": 1},
        closed_today=0,  # some time before the file was written
    )
    reasons = next((folder / "done").glob("a.*.reasons.txt")).read_text()
    assert "nomor 1: aduan ini sudah ditutup" in reasons


async def test_a_file_that_could_not_be_used_is_named_until_the_next_one(
    feed: Complaints, desk: Desk
) -> None:
    await drop(feed, desk, "a.csv", b"id,judul,tanggal\n1,Air,3 Nov 2026\n")
    await drop(feed, desk, "b.csv", b"nip,nama\n1,Budi\n")
    assert ((await look(feed, desk))["totals/all"].value or {})["refused"] == {"b.csv": None}
    await drop(feed, desk, "c.csv", b"id,judul,tanggal\n2,Air,3 Nov 2026\n")
    assert ((await look(feed, desk))["totals/all"].value or {})["refused"] == {}


async def test_many_rows_are_written_in_parts(
    feed: Complaints, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no fingerprint machine waits for a whole year's complaints to be written."""
    sizes = []

    def counted(connection: Any, part: Sequence[Any], *rest: Any) -> list[Any]:
        sizes.append(len(part))
        return put_all(connection, part, *rest)

    monkeypatch.setattr("commandcenter.records.complaints.put_all", counted)
    rows = "".join(f"{n},Air,3 Nov 2026\n" for n in range(1200))
    await drop(feed, desk, "rekap.csv", f"id,judul,tanggal\n{rows}".encode())
    assert sizes == [500, 500, 200]


@pytest.mark.asvs("5.2.1")
async def test_a_file_that_is_too_big_is_not_even_opened(feed: Complaints, desk: Desk) -> None:
    (folder := Path(feed.inbox)).mkdir()
    with (folder / "besar.csv").open("wb") as file:
        file.truncate(50 * 2**20 + 1)  # of holes: it takes no room on the disk
    await look(feed, desk)
    await look(feed, desk)
    assert "50 MB" in (folder / "rejected/besar.csv.reasons.txt").read_text()


async def test_a_big_file_does_not_keep_other_sources_waiting(
    feed: Complaints, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a look has no time for goes on behind it; until then the numbers are not all."""
    monkeypatch.setattr(importer, "_WAIT_SECONDS", 0.0)
    (folder := Path(feed.inbox)).mkdir()
    (folder / "rekap.csv").write_bytes(LAPOR.encode())
    told = Told(source="webhook", external_id="1", title="Lubang", updated_at=NOW)
    await desk.records.write(put_all, [told], lambda _, at: at, "live")
    found = (await look(feed, desk))["totals/all"].value
    assert found is not None
    assert (found["open"], found["at_least"]) == (1, True)
    while found is None or found["open"] < 3:
        found = (await look(feed, desk))["totals/all"].value
    monkeypatch.undo()
    await look(feed, desk)
    found = (await look(feed, desk))["totals/all"].value
    assert found is not None
    assert (found["open"], found["at_least"]) == (3, False)
    await feed.close()


async def test_where_the_complainants_live_is_not_where_it_happened(
    feed: Complaints, desk: Desk
) -> None:
    """syahacbar/skpd-tp, cetakexcel.php: "Data Pelapor (Sesuai KTP)" has Nama, HP and Alamat."""
    raw = """<table border=1>
        <tr><th rowspan="2">No.</th><th rowspan="2">Tanggal Dilaporkan</th>
            <th rowspan="2">Kode Laporan</th><th colspan="3">Data Pelapor (Sesuai KTP)</th>
            <th colspan="2">Infrastruktur Yang Dilaporkan</th></tr>
        <tr><th>Nama Pelapor/NIK</th><th>No. HP (+62)</th><th>Alamat</th>
            <th>Isi Laporan/Pengaduan</th><th>Nama/ Ruas Jalan</th></tr>
        <tr><td>1</td><td>3 November 2026</td><td>KL-1</td><td>Siti</td><td>0812</td>
            <td>Jl. Rumah Siti 5</td><td>Jalan berlubang</td><td>Jl. A</td></tr></table>"""
    await drop(feed, desk, "laporan.xls", raw.encode())
    value = (await look(feed, desk))["complaint/import:KL-1"].value
    assert value is not None
    assert (value["title"], value["address"]) == ("Jalan berlubang", "")
    assert value["received_at"] == "2026-11-02T17:00:00+00:00"
    await drop(feed, desk, "a.csv", b"id,judul,alamat\n2,Air,Jl. Kejadian\n")
    assert ((await look(feed, desk))["complaint/import:2"].value or {})["address"] == "Jl. Kejadian"


async def test_secret_complaints_count_and_say_nothing(feed: Complaints, desk: Desk) -> None:
    """LAPOR! has the column "Tipe Laporan (Anonim/Rahasia)"; whistle-blowing is never shown."""
    rows = "1;Pungli di X;Rahasia;Pengaduan;Jl. A\n2;Suap;;WBS;Jl. B\n3;Air;Anonim;Aspirasi;Jl. C\n"
    header = "Tracking ID;Judul Laporan;Tipe Laporan;Klasifikasi Laporan;Lokasi\n"
    await drop(feed, desk, "lapor.csv", (header + rows).encode())
    readings = await look(feed, desk)
    told = [r.value for r in readings.values() if r.value and r.kind == "complaint"]
    assert sorted((c["title"], c["address"]) for c in told) == [
        ("Air", "Jl. C"), ("Laporan rahasia", ""), ("Laporan rahasia", ""),
    ]  # fmt: skip


async def test_a_number_that_only_counts_the_rows_is_none(feed: Complaints, desk: Desk) -> None:
    """It begins anew in each file: November would take the place of October."""
    raw = b"Nomor;Judul;Tanggal\n1;Air;3 Nov 2026\n2;Jalan;4 Nov 2026\n3;Bau;4 Nov 2026\n"
    folder = await drop(feed, desk, "november.csv", raw)
    reasons = (folder / "rejected" / "november.csv.reasons.txt").read_text()
    assert "baris 2: kolom nomor hanya nomor urut" in reasons


async def test_dates_of_a_month_first_column_are_read_so(feed: Complaints, desk: Desk) -> None:
    raw = b"id,judul,Hari/Tanggal\n1,Air,11/05/2026\n2,Jalan,11/20/2026 08:30\n"
    folder = await drop(feed, desk, "us.csv", raw)
    readings = await look(feed, desk)
    received = [(readings[f"complaint/import:{n}"].value or {})["received_at"] for n in (1, 2)]
    assert received == ["2026-11-04T17:00:00+00:00", "2026-11-20T01:30:00+00:00"]
    assert "bulan di depan" in (folder / "done" / "us.csv.reasons.txt").read_text()


async def test_hidden_sheets_are_left_out_and_named(feed: Complaints, desk: Desk) -> None:
    book = Workbook()
    book.worksheets[0].append(["No. Aduan", "Judul", "Status"])
    book.worksheets[0].append(["A-1", "Sampah", "=IF(TRUE,1,2)"])
    old = book.create_sheet("Lama")
    old.append(["No. Aduan", "Judul"])
    old.append(["A-1", "Versi lama"])
    old.sheet_state = "veryHidden"
    raw = io.BytesIO()
    book.save(raw)
    folder = await drop(feed, desk, "rekap.xlsx", raw.getvalue())
    reasons = (folder / "done" / "rekap.xlsx.reasons.txt").read_text()
    assert "lembar Lama dilewati: lembar ini disembunyikan" in reasons
    assert "1 baris mempunyai sel tanpa nilai" in reasons
    assert ((await look(feed, desk))["complaint/import:A-1"].value or {})["title"] == "Sampah"


async def test_two_rows_of_names_are_read_together_and_footers_are_no_complaints(
    feed: Complaints, desk: Desk, tray: Tray
) -> None:
    """Names over both rows stand in the upper one: without it all would be open and undated."""
    raw = b"No;Tanggal;Aduan;;Status\n;;Nomor Tiket;Uraian;\n(1);(2);(3);(4);(5)\n"
    raw += b"1;3 Nov 2026;T-1;Air mati;Selesai\n2;4 Nov 2026;T-2;Jalan;Proses (50%)\n"
    raw += b";;Nomor Tiket;Uraian;\n3;4 Nov 2026;T-3;Bau;Close\n"
    raw += b"Jumlah;;3;3;\n;;Mengetahui,;;\n;;NIP. 19700101;;\n"
    await drop(feed, desk, "rekap.csv", raw)
    readings = await look(feed, desk)
    [key] = [r.key for r in readings.values() if r.value and r.kind == "complaint"]
    assert (readings[key].value or {})["received_at"] == "2026-11-03T17:00:00+00:00"
    assert (readings["totals/all"].value or {})["refused"] == {}
    assert tray.kept == []
