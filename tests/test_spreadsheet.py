"""Tables as people and programs save them, each after a public report of one that was not read."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from commandcenter.lists import Office, read_list
from commandcenter.spreadsheet import BadList, Row, below_header, filled_tables, read_tables


def first_table(raw: bytes, name: str = "a.csv") -> list[Row]:
    return next(filled_tables(name, raw), [])


def cells(raw: bytes, name: str = "a.csv") -> list[list[str]]:
    return [row.cells for row in first_table(raw, name)]


def workbook(**sheets: list[list[object]]) -> bytes:
    """An XLSX file."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


TABLE = [["id", "judul"], ["1", "Air, keruh"]]


@pytest.mark.parametrize(
    "raw",
    [
        b"id;judul\r\n1;Air, keruh\r\n",
        b"sep=;\r\nid;judul\r\n1;Air, keruh\r\n",  # mechatroner/vscode_rainbow_csv#108
        b'"sep=;"\nid;judul\n1;Air, keruh\n',
        b"sep=\t\nid\tjudul\n1\tAir, keruh\n",
        b'\xef\xbb\xbfid,judul\r1,"Air, keruh"\r',
        "id\tjudul\r\n1\tAir, keruh\r\n".encode("utf-16"),  # HeidiSQL/HeidiSQL#1892
        "id\tjudul\r\n1\tAir, keruh\r\n".encode("utf-16-be"),
        b'id;judul\n="1";\xa0Air, keruh \n',
        b"<table><tr><th>id<th>judul</tr><tr><td>1</td><td>Air,\n keruh</td></tr></table>",
        b"id|judul\n1|Air, ker\0uh\n",
        b"\n;\nid;judul\n1;Air, keruh\n",
    ],
)
def test_the_same_table_in_many_dresses(raw: bytes) -> None:
    assert cells(raw) == TABLE


def test_each_line_has_an_encoding_of_its_own() -> None:
    raw = "1;“Kutip”\n".encode() + "2;Café\n".encode("cp1252")
    assert cells(raw) == [["1", "“Kutip”"], ["2", "Café"]]


def test_decimal_commas_do_not_divide() -> None:
    raw = b"id;lat;long\n1;-2,68;111,62\n2;-2,69;111,63\n"
    assert cells(raw)[1] == ["1", "-2,68", "111,62"]


def test_one_bad_quotation_mark_costs_its_row_only() -> None:
    """jakob/Postico#573: One 6" step; mafintosh/csv-parser#90."""
    raw = b'id;judul\n1;"Pipa 3" bocor"\n2;"ini\nbaik"\n3;"tak tertutup\n4;"baik"\n'
    rows = first_table(raw)
    assert [(row.number, row.cells) for row in rows if not row.fault] == [
        (1, ["id", "judul"]),
        (3, ["2", "ini\nbaik"]),
        (5, ["4", "baik"]),
    ]
    assert [row.number for row in rows if row.fault] == [2, 4]


@pytest.mark.asvs("5.2.3")
def test_what_a_workbook_says_of_its_size_is_not_believed() -> None:
    """langgenius/dify#1039: WPS writes A1 as the dimension, whatever the sheet holds."""
    packed = zipfile.ZipFile(io.BytesIO(workbook(Data=[["id", "judul"], [1, "Air"]])))
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as wrong:
        for name in packed.namelist():
            wrong.writestr(name, packed.read(name).replace(b'ref="A1:B2"', b'ref="A1"'))
    assert cells(raw.getvalue(), "a.xlsx") == [["id", "judul"], ["1", "Air"]]


def test_a_style_that_only_we_find_wrong_does_not_matter() -> None:
    """pandas-dev/pandas#40499: an empty <fill/>; the dates must stay dates."""
    at = datetime.fromisoformat("2026-11-20 08:30:00")
    packed = zipfile.ZipFile(io.BytesIO(workbook(Data=[[at]])))
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as wrong:
        for name in packed.namelist():
            fill = b"<fill><patternFill/></fill>"
            wrong.writestr(name, packed.read(name).replace(fill, b"<fill/>"))
    assert b"<fill/>" in zipfile.ZipFile(raw).read("xl/styles.xml")
    assert cells(raw.getvalue()) == [["2026-11-20 08:30:00"]]


def test_every_sheet_is_a_table() -> None:
    """OpenRefine/OpenRefine#280."""
    raw = workbook(September=[["id"], [1]], Oktober=[["id"], [2]])
    tables = [(table.name, [row.cells for row in table.rows]) for table in read_tables("a", raw)]
    assert tables == [("September", [["id"], ["1"]]), ("Oktober", [["id"], ["2"]])]


def test_a_list_is_read_from_the_first_sheet_that_holds_anything() -> None:
    assert cells(workbook(Kosong=[], Data=[["id"], [1]])) == [["id"], ["1"]]


def test_numbers_are_whole_unless_a_spreadsheet_has_cut_them() -> None:
    """dfinke/ImportExcel#830: more than 15 digits become zeros."""
    row = [638345.0, 2.5, 202511000000123, 2025110000001230, "#N/A", None, "\u200b x\xa0"]
    [told] = cells(workbook(A=[row]))
    assert told == ["638345", "2.5", "202511000000123", "2.02511000000123E+15", "", "", "x"]


def test_dates_are_told_as_text() -> None:
    at = datetime.fromisoformat("2026-11-20 08:30:00")
    assert cells(workbook(A=[[at]])) == [["2026-11-20 08:30:00"]]


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old kind"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"%PDF-1.7", "PDF"),
        (b'<?xml version="1.0"?><Workbook>', "save it as Excel Workbook"),
        (b"", "empty"),
        (b"\x00\x01\x02\x03" * 20, "neither CSV nor XLSX"),
        (b"PK\x03\x04broken", "not an XLSX file"),
    ],
)
def test_what_is_no_table_is_told_with_what_to_do(raw: bytes, advice: str) -> None:
    with pytest.raises(BadList, match=advice):
        cells(raw, "rekap.xls")


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
        ("rekap.csv", b"id,judul", "unpack"),
    ],
)
def test_other_archives_are_told_apart(name: str, content: bytes, advice: str) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        packed.writestr(name, content)
    with pytest.raises(BadList, match=advice):
        cells(raw.getvalue())


def test_a_header_is_found_below_titles_and_in_two_rows() -> None:
    raw = b"REKAP ADUAN;;\n;;\nNo;Pelapor;\n;Nama;Judul\n1;Siti;Air\n"
    found = below_header(first_table(raw), lambda cells: {"No", "Judul"} <= {*cells})
    assert found is not None
    header, rows = found
    assert (header.number, header.cells) == (4, ["No", "Nama", "Judul"])
    assert [row.number for row in rows] == [5]


def test_every_list_of_the_program_is_read_so(tmp_path: Path) -> None:
    path = tmp_path / "offices.csv"
    path.write_bytes("sep=;\r\ncode;name;kecamatan\r\nDK;Kominfo;Arut\r\n".encode("utf-16"))
    assert read_list(path, Office).faultless() == [
        Office(code="DK", name="Kominfo", kecamatan="Arut")
    ]


def test_a_cell_over_several_rows_of_html_does_not_shift_the_others() -> None:
    """syahacbar/skpd-tp, cetakexcel.php; pandas-dev/pandas#60210."""
    raw = b"""<table>
        <tr><th rowspan="2">Kode Laporan</th><th colspan="2">Pelapor</th><th rowspan=2>OPD</th></tr>
        <tr><th>Nama</th><th>Isi Laporan</th></tr>
        <tr><td>K1</td><td>Siti</td><td>Air</td><td rowspan="2">PDAM</td></tr>
        <tr><td>K2</td><td>Budi</td><td>Pipa</td></tr>
        <tr><td>K3</td><td>Ani</td><td>Bau</td><td>DLH</td></tr>
    </table>"""
    assert cells(raw)[1:] == [
        ["Kode Laporan", "Nama", "Isi Laporan", "OPD"],
        ["K1", "Siti", "Air", "PDAM"],
        ["K2", "Budi", "Pipa", "PDAM"],
        ["K3", "Ani", "Bau", "DLH"],
    ]


def test_of_two_rows_of_names_the_lower_one_counts_and_numbers_of_columns_do_not() -> None:
    raw = b"No;Judul;Pelapor;\nNo;Judul;Nama;Alamat\n(1);(2);(3);(4)\n1;Air;Siti;Jl. A\n"
    found = below_header(first_table(raw), lambda cells: {"No", "Judul"} <= {*cells})
    assert found is not None
    assert found[0].cells == ["No", "Judul", "Nama", "Alamat"]
    assert [row.cells for row in found[1]] == [["1", "Air", "Siti", "Jl. A"]]


def test_marks_that_nobody_sees_are_passed_over() -> None:
    """laravel/framework#54281 (U+200E of dialogs), opensanctions/opensanctions#5001 (_x000D_), and
    the apostrophe that keeps zeros."""
    raw = "'0012;\u200eDK1\u200e;'kutip';a\u00ad\u2060b\n".encode()
    assert cells(raw) == [["0012", "DK1", "'kutip'", "ab"]]
    assert cells(workbook(A=[["Jalan_x000D_\nrusak"]])) == [["Jalan \nrusak"]]


def test_formulas_that_failed_or_were_never_worked_out_are_not_taken_for_empty() -> None:
    """onyx-dot-app/onyx#13354: programs write workbooks without the values of formulas."""
    [row] = first_table(workbook(A=[["DK1", "=2+3", None, "#REF!"]]))
    assert (row.cells, row.unknown) == (["DK1", "", "", ""], {1: "rumus", 3: "#REF!"})


def test_hidden_sheets_come_last() -> None:
    """tidyverse/readxl#513, SheetJS/sheetjs#123: lookups and old versions."""
    book = load_workbook(io.BytesIO(workbook(Lama=[["id"], [1]], Baru=[["id"], [2]])))
    book["Lama"].sheet_state = "hidden"
    raw = io.BytesIO()
    book.save(raw)
    tables = [[row.cells for row in rows] for rows in filled_tables("a", raw.getvalue())]
    assert tables == [[["id"], ["2"]], [["id"], ["1"]]]


def test_a_million_empty_rows_are_nothing() -> None:
    """dimagi/commcare-hq#22486, nao1215/filesql#520."""
    book = Workbook()
    book.worksheets[0].append(["id"])
    book.worksheets[0].cell(1_048_576, 3).font = Font(bold=True)
    raw = io.BytesIO()
    book.save(raw)
    assert cells(raw.getvalue()) == [["id"]]


def test_a_list_may_stand_behind_other_sheets(tmp_path: Path) -> None:
    path = tmp_path / "offices.xlsx"
    rows: list[list[object]] = [["code", "name", "kecamatan"], ["DK", "Kominfo", "Arut"]]
    path.write_bytes(workbook(Petunjuk=[["Isi lembar kedua"]], Data=rows))
    assert [office.code for office in read_list(path, Office).faultless()] == ["DK"]


def test_a_number_without_a_value_in_a_list_is_told_and_not_zero(tmp_path: Path) -> None:
    path = tmp_path / "offices.xlsx"
    header: list[object] = ["code", "name", "kecamatan", "employees"]
    path.write_bytes(
        workbook(A=[header, ["DK", "Kominfo", "Arut", "=10+2"], ["RS", "RSUD", "#N/A"]])
    )
    listed = read_list(path, Office)
    assert [office.code for office in listed.usable()] == ["DK"]
    assert [told.partition("xlsx, ")[2].partition(";")[0] for told in listed.sentences()] == [
        "baris 2, kolom employees: tidak ada nilainya (rumus)",
        "baris 3, kolom kecamatan: tidak ada nilainya (#N/A)",
    ]


def test_a_serial_that_a_spreadsheet_has_cut_is_told(tmp_path: Path) -> None:
    path = tmp_path / "offices.csv"
    path.write_text("code;name;kecamatan\n3,16144E+11;Kominfo;Arut\n")
    with pytest.raises(BadList, match="baris 2, kolom code: angkanya sudah dipotong"):
        read_list(path, Office).usable()
