"""Tables in the files that people keep and programs export: CSV, XLSX, and HTML that is named .xls.

What a file is, is seen from its first bytes, not from its name. Rows are numbered as a spreadsheet
program numbers them. One row that cannot be read costs itself only.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from commandcenter.html_tables import read_html

MOST_ABOVE = 40  # rows of titles, dates and sums above a header
_MOST_LINES = 200  # of one row, whose cells may hold line ends
_MOST_UNPACKED_BYTES = 1_000 * 2**20
_DIGITS = 10**15  # a spreadsheet keeps 15 digits of a number and turns the others into zeros
_AS_XLSX = "open it in a spreadsheet program and save it as Excel Workbook (.xlsx)"
_SPACES = {0xA0: " ", 0x202F: " ", 0x2007: " ", 0x200B: None, 0xFEFF: None, 0: None}
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})

MOST_TOLD = 20  # mistakes of a list that are told one by one


class BadList(ValueError):
    """A list cannot be used. `mistakes` are sentences that name file, row and column."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        more = len(mistakes) - MOST_TOLD
        told = [*mistakes[:MOST_TOLD], *([f"dan {more} kesalahan lain"] if more > 0 else [])]
        super().__init__("\n".join(told))
        self.mistakes = tuple(told)


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row, without spaces around them. `number` counts from 1."""

    number: int
    cells: list[str]
    fault: str = ""
    """Why it cannot be read; it has no cells then."""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of a workbook, or a file that is one table (`name` is empty)."""

    name: str
    rows: Iterator[Row]
    """To be read before the next table is."""


def read_tables(name: str, raw: bytes) -> Iterator[Table]:
    """The tables of a file's bytes. Raises BadList, which says what to do."""
    kind = _kind(raw)
    if refusal := _REFUSALS.get(kind):
        raise BadList([f"{name}: {refusal}"])
    if kind == "zip":
        yield from _workbook(name, raw)
    elif kind == "html":
        yield Table("", _html(raw))
    else:
        yield Table("", _csv(raw))


def read_rows(name: str, raw: bytes) -> Iterator[Row]:
    """The rows of the first table that holds anything, from its header on: the first row that is
    not empty. Raises BadList."""
    for table in read_tables(name, raw):
        filled = _from_first_filled(table.rows)
        if (header := next(filled, None)) is not None:
            yield header
            yield from filled
            return


def below_header(
    rows: Iterable[Row], fits: Callable[[Sequence[str]], bool]
) -> tuple[Row, Iterator[Row]] | None:
    """The header and the rows below it; None when no row `fits`.

    Exports have titles, dates and sums above the header, and headers of two rows where a cell is
    merged over others: the names are then in either.
    """
    rows = iter(rows)
    above = list(islice(rows, MOST_ABOVE))
    for at, row in enumerate(above):
        if fits(row.cells):
            return row, chain(above[at + 1 :], rows)
        below = above[at + 1] if at + 1 < len(above) else row
        both = _merged(row.cells, below.cells)
        if any(row.cells) and fits(both) and not fits(below.cells):
            return Row(below.number, both), chain(above[at + 2 :], rows)
    return None


def _from_first_filled(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        if any(row.cells) or row.fault:
            return chain([row], rows)
    return iter(())


def _merged(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    width = max(len(upper), len(lower))
    padded = ([*cells, *[""] * (width - len(cells))] for cells in (upper, lower))
    return [low or high for high, low in zip(*padded, strict=True)]


# --- what a file is

_OLE = b"\xd0\xcf\x11\xe0"  # an old workbook, or the wrapping of one with a password
_STARTS = {
    "empty": rb"\0*\Z",
    "pdf": rb"%pdf",
    "html": rb"<(!doctype html|html|table|meta|head|style|div)|<\?xml[^>]*>\s*<(!doctype )?html",
    "xml": rb"<\?xml|<workbook|mime-version:",
}
_REFUSALS = {
    "encrypted": "it is protected by a password: take the password away and save it again",
    "ole": f"it is an Excel file of the old kind (.xls): {_AS_XLSX}",
    "xml": f"it is an XML file: {_AS_XLSX}",
    "ods": f"it is an OpenDocument file (.ods): {_AS_XLSX}",
    "archive": "it is an archive (.zip) or no spreadsheet: unpack it and put the lists here",
    "pdf": "it is a PDF: ask for the list as XLSX or CSV",
    "binary": f"it is neither CSV nor XLSX: {_AS_XLSX}",
    "empty": "it is empty: perhaps it was not copied to its end; copy it again",
}


def _kind(raw: bytes) -> str:
    start = raw[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if raw.startswith(b"PK"):
        return _packed(raw)
    if raw.startswith(_OLE):
        return "encrypted" if "EncryptedPackage".encode("utf-16-le") in raw else "ole"
    found = next((kind for kind, form in _STARTS.items() if re.match(form, start)), "")
    if found:
        return found
    return "text" if _encoding(raw) or b"\0" not in raw[:2048] else "binary"


def _packed(raw: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            names = packed.namelist()
            if "mimetype" in names and packed.read("mimetype").startswith(b"application/vnd.oasis"):
                return "ods"
            if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED_BYTES:
                return "archive"
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        return "zip"  # openpyxl says what is wrong with it
    return (
        "zip"
        if any(n.startswith("xl/") or n == "[Content_Types].xml" for n in names)
        else "archive"
    )


# --- XLSX


def _workbook(name: str, raw: bytes) -> Iterator[Table]:
    from openpyxl import load_workbook

    def load(raw: bytes) -> Any:
        return load_workbook(io.BytesIO(raw), read_only=True, data_only=True)

    try:
        try:
            book = load(raw)
        except TypeError:  # a style that only openpyxl finds wrong
            book = load(_with_fills(raw))
    except Exception as error:  # openpyxl raises whatever a broken archive makes it stumble over
        raise BadList([f"{name}: {_not_xlsx(error)}"]) from error
    if not book.worksheets:  # so does "Strict Open XML" look to openpyxl
        raise BadList([f"{name}: no sheet of it can be read: {_AS_XLSX}"])
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # WPS and others write "A1" there, whatever the sheet holds
        yield Table(sheet.title, _sheet_rows(name, sheet))


def _with_fills(raw: bytes) -> bytes:
    """The same workbook without the empty <fill/> that openpyxl stumbles over, and Excel does not
    (pandas-dev/pandas#40499)."""
    copy = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, zipfile.ZipFile(copy, "w") as mended:
        for part in packed.infolist():
            content = packed.read(part)
            if part.filename == "xl/styles.xml":
                content = re.sub(rb"<((?:\w+:)?fill)\s*/>", rb"<\1></\1>", content)
                content = re.sub(
                    rb"<((?:\w+:)?)fill>\s*</", rb"<\1fill><\1patternFill/></", content
                )
            mended.writestr(part, content)
    return copy.getvalue()


def _sheet_rows(name: str, sheet: Any) -> Iterator[Row]:
    try:
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield Row(number, [_cell(cell) for cell in cells])
    except Exception as error:
        raise BadList([f"{name}, sheet {sheet.title}: {_not_xlsx(error)}"]) from error


def _not_xlsx(error: Exception) -> str:
    """Without openpyxl's own words, which may be those of a cell."""
    return f"not an XLSX file that can be read ({type(error).__name__}): {_AS_XLSX}"


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    told = "" if value is None else _clean(str(value))
    return "" if told in _ERRORS else told


def _number(value: float) -> str:
    """A whole number without ".0", since spreadsheets keep every number as a float. One of more
    than 15 digits is written with an exponent, as it was cut: 2.02511000000123E+15."""
    if abs(value) >= _DIGITS:
        return f"{value:.14E}"
    return str(int(value)) if float(value).is_integer() else str(value)


def _clean(told: str) -> str:
    return told.strip() if told.isascii() and "\0" not in told else told.translate(_SPACES).strip()


# --- CSV


def _csv(raw: bytes) -> Iterator[Row]:
    lines = list(io.StringIO(_decode(raw), newline=""))
    delimiter = ""
    if lines and (told := re.fullmatch(r'"?sep=(.|\\t)"?', lines[0].strip(), re.IGNORECASE)):
        delimiter = told[1].replace("\\t", "\t")  # for Excel, which does not show this row
        del lines[0]
    elif lines and lines[0].rstrip("\r\n").lower() == "sep=\t":
        delimiter = "\t"
        del lines[0]
    at = number = 0
    delimiter = delimiter or _delimiter(lines[:60])
    while at < len(lines):
        number += 1
        cells, used = _record(lines, at, delimiter)
        fault = "" if cells is not None else "a quotation mark in a text has to be written twice"
        yield Row(number, [_csv_cell(cell) for cell in cells or ()], fault)
        at += used


def _record(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    """The cells of the row that begins with a line, and how many lines it has; None, one line,
    when its quotation marks do not fit."""
    for used in range(1, min(_MOST_LINES, len(lines) - at) + 1):
        try:
            found = list(csv.reader(lines[at : at + used], delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "end of data" not in str(error):
                break
        else:
            return (found[0] if found else []), used
    return None, 1


def _delimiter(lines: Sequence[str]) -> str:
    """That which cuts most rows, and leaves the fewest apart, into equally many cells; of equals,
    into more. What stands in quotation marks does not count."""
    rows = re.sub(r'"[^"]*"', "", "".join(lines)).splitlines()

    def score(delimiter: str) -> tuple[int, int]:
        counts = [row.count(delimiter) for row in rows if row.strip()]
        usual = max(sorted(counts, reverse=True), key=counts.count, default=0)
        return 2 * (counts.count(usual) if usual else 0) - len(counts), usual

    return max(",;\t|", key=score)


def _csv_cell(told: str) -> str:
    """Excel is kept from making a number of ="0012"."""
    told = _clean(told)
    if told.startswith('="') and told.endswith('"') and len(told) > 2:
        told = told[2:-1]
    return "" if told in _ERRORS else told


def _decode(raw: bytes) -> str:
    if encoding := _encoding(raw):
        return raw.decode(encoding, errors="replace").lstrip("\ufeff")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what Excel on Windows writes


def _encoding(raw: bytes) -> str:
    """UTF-16, with the mark of byte order or without it; "" for any other."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = raw[:2048]
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if (
            len(zeros) > 3
            and zeros.count(0) > len(zeros) * 0.8
            and start.count(0) < len(start) * 0.6
        ):
            return encoding
    return ""


# --- HTML


def _html(raw: bytes) -> Iterator[Row]:
    for number, cells in enumerate(read_html(_decode(raw)), start=1):
        yield Row(number, [_clean(cell) for cell in cells])
