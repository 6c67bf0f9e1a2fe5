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
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import Any

from commandcenter.html_tables import read_html

MOST_ABOVE = 40  # rows of titles, dates and sums above a header
_MOST_LINES = 200  # of one row, whose cells may hold line ends
_MOST_UNPACKED_BYTES = 1_000 * 2**20
_DIGITS = 10**15  # a spreadsheet keeps 15 digits of a number and turns the others into zeros
_AS_XLSX = "open it in a spreadsheet program and save it as Excel Workbook (.xlsx)"
_CUT = re.compile(r"\d+(?:[.,]\d+)?E\+\d+", re.IGNORECASE | re.ASCII)
_SPACES = dict.fromkeys((0xA0, 0x202F, 0x2007), " ")
# Texts out of chats and dialogs have marks that nobody sees, and that make two of them differ.
_UNSEEN = dict.fromkeys((0, 0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060))
_BETWEEN = _SPACES | _UNSEEN
_RETURN = re.compile("_x000D_", re.IGNORECASE)  # how XLSX writes the CR of a text in lines
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
    unknown: dict[int, str] = field(default_factory=dict)
    """Cells that are empty here because their formula has failed or was never worked out: their
    places, and what stands there."""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of a workbook, or a file that is one table (`name` is empty)."""

    name: str
    rows: Iterator[Row]
    """To be read before the next table is."""
    hidden: bool = False


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


def filled_tables(name: str, raw: bytes) -> Iterator[list[Row]]:
    """The rows that are not empty of each table that has any. Hidden tables, which are lookups and
    old versions, come last. Raises BadList."""
    hidden: list[list[Row]] = []
    for table in read_tables(name, raw):
        rows = [row for row in table.rows if any(row.cells) or row.fault]
        if rows and table.hidden:
            hidden.append(rows)
        elif rows:
            yield rows
    yield from hidden


def is_cut(told: str) -> bool:
    """Whether a spreadsheet has made a rounded number of a long one: 2,02511E+14."""
    return _CUT.fullmatch(told) is not None


def below_header(
    rows: Iterable[Row], fits: Callable[[Sequence[str]], bool]
) -> tuple[Row, Iterator[Row]] | None:
    """The header and the rows below it; None when no row `fits`.

    Exports have titles, dates and sums above the header, and headers of two rows where a cell is
    merged over others: the names are then in either. A row below that only counts the columns,
    "(1) (2) (3)", is passed over.
    """
    rows = iter(rows)
    above = list(islice(rows, MOST_ABOVE))
    for at, row in enumerate(above):
        below = above[at + 1] if at + 1 < len(above) else Row(0, [])
        if any(below.cells) and fits(below.cells):
            continue  # the names of both rows are in the lower one
        if fits(row.cells):
            upper = above[at - 1] if at else row
            names = _merged(upper.cells, row.cells) if upper.number == row.number - 1 else row.cells
            return Row(row.number, names), _uncounted(chain(above[at + 1 :], rows))
        both = _merged(row.cells, below.cells)
        if any(row.cells) and fits(both):
            return Row(below.number, both), _uncounted(chain(above[at + 2 :], rows))
    return None


def _uncounted(rows: Iterator[Row]) -> Iterator[Row]:
    """Without a first row that counts the columns."""
    for first in islice(rows, 1):
        told = [cell.strip("().") for cell in first.cells if cell]
        if len(told) < 3 or told != [str(number) for number in range(1, len(told) + 1)]:
            yield first
    yield from rows


def _merged(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    width = max(len(upper), len(lower))
    padded = ([*cells, *[""] * (width - len(cells))] for cells in (upper, lower))
    return [low or high for high, low in zip(*padded, strict=True)]


# --- what a file is

_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1f]")  # few in a text, even in one that was damaged
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
    return "text" if _encoding(raw) or len(start) > 20 * len(_CONTROLS.findall(start)) else "binary"


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

    def load(raw: bytes, *, values: bool = True) -> Any:
        return load_workbook(io.BytesIO(raw), read_only=True, data_only=values)

    try:
        try:
            book = load(raw)
        except TypeError:  # a style that only openpyxl finds wrong
            book = load(raw := _with_fills(raw))
        formulas = load(raw, values=False) if _has_formulas_without_values(raw) else None
    except Exception as error:  # openpyxl raises whatever a broken archive makes it stumble over
        raise BadList([f"{name}: {_not_xlsx(error)}"]) from error
    if not book.worksheets:  # so does "Strict Open XML" look to openpyxl
        raise BadList([f"{name}: no sheet of it can be read: {_AS_XLSX}"])
    for sheet in book.worksheets:
        written = None if formulas is None else formulas[sheet.title]
        hidden = sheet.sheet_state != "visible"
        yield Table(sheet.title, _sheet_rows(name, sheet, written), hidden)


# Not of t="str": the value of such a formula is an empty text.
_EMPTY_FORMULA = re.compile(
    rb'<c\b(?![^>]{0,300}\bt="str")[^>]{0,300}>\s{0,99}<f\b[^>]{0,300}(?:/>|>[^<]{0,8192}</f>)'
    rb"\s{0,99}(?:<v\s?/>|<v>\s{0,99}</v>)?\s{0,99}</c>"
)


def _has_formulas_without_values(raw: bytes) -> bool:
    """Programs that write workbooks do not work out their formulas; Excel does when it saves."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        sheets = [part for part in packed.namelist() if part.startswith("xl/worksheets/")]
        return any(_finds(_EMPTY_FORMULA, packed, part) for part in sheets)


def _finds(form: re.Pattern[bytes], packed: zipfile.ZipFile, part: str) -> bool:
    """Without unpacking all of it at once."""
    before = b""
    with packed.open(part) as file:
        while chunk := file.read(2**20):
            if form.search(before + chunk):
                return True
            before = chunk[-8192:]
    return False


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


def _sheet_rows(name: str, sheet: Any, written: Any) -> Iterator[Row]:
    """`written` is the same sheet with formulas in place of values, when some have none."""
    for one in filter(None, (sheet, written)):
        one.reset_dimensions()  # WPS and others write "A1" there, whatever the sheet holds
    formulas = repeat(()) if written is None else written.iter_rows(values_only=True)
    try:
        rows = zip(sheet.iter_rows(values_only=True), formulas, strict=False)
        for number, (cells, told) in enumerate(rows, start=1):
            if cells:  # a format down to the last row makes a million without any
                yield Row(number, [_cell(cell) for cell in cells], unknown=_unknown(cells, told))
    except Exception as error:
        raise BadList([f"{name}, sheet {sheet.title}: {_not_xlsx(error)}"]) from error


def _unknown(cells: Sequence[Any], formulas: Sequence[Any]) -> dict[int, str]:
    failed = {at: cell for at, cell in enumerate(cells) if cell in _ERRORS}
    empty = zip(cells, formulas, strict=False)
    return failed | {
        at: "rumus"
        for at, (cell, told) in enumerate(empty)
        if cell is None and isinstance(told, str) and told.startswith("=")
    }


def _not_xlsx(error: Exception) -> str:
    """Without openpyxl's own words, which may be those of a cell."""
    return f"not an XLSX file that can be read ({type(error).__name__}): {_AS_XLSX}"


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    told = "" if value is None else _clean(_RETURN.sub(" ", str(value)))
    return "" if told in _ERRORS else told


def _number(value: float) -> str:
    """A whole number without ".0", since spreadsheets keep every number as a float. One of more
    than 15 digits is written with an exponent, as it was cut: 2.02511000000123E+15."""
    if abs(value) >= _DIGITS:
        return f"{value:.14E}"
    return str(int(value)) if float(value).is_integer() else str(value)


def _clean(told: str) -> str:
    if not told.isascii() or "\0" in told:
        told = told.translate(_BETWEEN)
    told = told.strip()
    # An apostrophe keeps a spreadsheet from making a number of '0012; exports leave it there.
    return told[1:] if told[:1] == "'" and told[1:2].isdigit() else told


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
        return "".join(map(_line, raw.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)))


def _line(raw: bytes) -> str:
    """In files that were put together, one line is in UTF-8 and the other as Excel on Windows
    writes it."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


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
