"""Tables as people and programs save them, each after a public report of one that was not read."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from commandcenter.lists import Office, read_list
from commandcenter.spreadsheet import BadList, below_header, read_rows, read_tables


def cells(raw: bytes, name: str = "a.csv") -> list[list[str]]:
    return [row.cells for row in read_rows(name, raw)]


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
        b"id|judul\n1|Air, keruh\n",
        b"\n;\nid;judul\n1;Air, keruh\n",
    ],
)
def test_the_same_table_in_many_dresses(raw: bytes) -> None:
    assert cells(raw) == TABLE


def test_decimal_commas_do_not_divide() -> None:
    raw = b"id;lat;long\n1;-2,68;111,62\n2;-2,69;111,63\n"
    assert cells(raw)[1] == ["1", "-2,68", "111,62"]


def test_one_bad_quotation_mark_costs_its_row_only() -> None:
    """jakob/Postico#573: One 6" step; mafintosh/csv-parser#90."""
    raw = b'id;judul\n1;"Pipa 3" bocor"\n2;"ini\nbaik"\n3;"tak tertutup\n4;"baik"\n'
    rows = list(read_rows("a.csv", raw))
    assert [(row.number, row.cells) for row in rows if not row.fault] == [
        (1, ["id", "judul"]),
        (3, ["2", "ini\nbaik"]),
        (5, ["4", "baik"]),
    ]
    assert [row.number for row in rows if row.fault] == [2, 4]


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
    found = below_header(read_rows("a.csv", raw), lambda cells: {"No", "Judul"} <= {*cells})
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
