"""Lists that people keep in spreadsheets: CSV or XLSX, a header and one thing a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from commandcenter import spreadsheet
from commandcenter.spreadsheet import BadList

__all__ = [
    "DECISIVE",
    "BadList",
    "Listed",
    "Office",
    "Row",
    "check_offices",
    "list_stamp",
    "read_list",
    "read_offices",
]

Row = TypeVar("Row")
DECISIVE = {"decisive": True}
"""Metadata of a field whose wrong cell costs the row: what would be shown without it could be
wrong, or not for everybody's eyes."""


class Mistake(NamedTuple):
    """One cell that is wrong. `identity` is what the row's first column of ours says."""

    row: int
    column: str
    reason: str
    identity: str
    left_out: bool
    """Whether the row cannot be used for it. Otherwise it is read as if the cell was empty."""


@dataclass(kw_only=True)
class Listed(Generic[Row]):
    """What a list says. A wrong row costs only itself; so does a wrong cell that may be empty."""

    path: Path
    rows: dict[int, Row]
    """What can be used, by its row number in the file (the header is row 1)."""
    mistakes: list[Mistake]
    identities: dict[int, str]

    def leave_out(self, row: int, column: str, reason: str) -> None:
        """This row cannot be used."""
        self.rows.pop(row, None)
        self.mistakes.append(Mistake(row, column, reason, self.identities.get(row, ""), True))

    def remark(self, row: int, column: str, reason: str) -> None:
        """Something is wrong with a row that is used all the same."""
        self.mistakes.append(Mistake(row, column, reason, self.identities.get(row, ""), False))

    def leave_out_repeated(self, column: str) -> None:
        """Of rows that say the same in `column` the first one stays."""
        first: dict[str, int] = {}
        for number, row in list(self.rows.items()):
            told = getattr(row, column)
            if told in first:
                self.leave_out(number, column, f"{told!r} sudah dipakai di baris {first[told]}")
            else:
                first[told] = number

    def sentences(self) -> list[str]:
        """Every mistake, by row and column."""
        return [
            f"{self.path}, baris {told.row}, kolom {told.column}: {told.reason}"
            + (" (baris ini dilewati)" if told.left_out else "")
            for told in sorted(self.mistakes)
        ]

    def usable(self) -> list[Row]:
        """The rows. Raises BadList when something is wrong and none is left."""
        return list(self.rows.values()) if self.rows else self.faultless()

    def faultless(self) -> list[Row]:
        """The rows. Raises BadList with every mistake at once when there is one."""
        if self.mistakes:
            raise BadList(self.sentences())
        return list(self.rows.values())


def read_list(path: Path, row: type[Row]) -> Listed[Row]:
    """The rows of a CSV or XLSX file as instances of the dataclass `row`.

    Columns are its fields, in any order, perhaps below a title; a column without a default must be
    there, an unknown one is ignored (people keep notes beside their lists), an empty cell takes the
    field's default.
    Raises BadList when nothing can be read: no file, no such columns.
    """
    known = fields(row)  # type: ignore[arg-type]
    header, lines = _columns(path, [f.name for f in known if _is_needed(f)])
    names, reader = {f.name for f in known}, _RowReader(row)
    texts = {f.name for f in known if f.type in (str, "str")}
    listed: Listed[Row] = Listed(path=path, rows={}, mistakes=[], identities={})
    for line in lines:
        told = {k: v for k, v in zip(header, line.cells, strict=False) if k in names and v != ""}
        if line.fault:
            listed.leave_out(line.number, known[0].name, line.fault)
        elif told:
            listed.identities[line.number] = told.get(known[0].name, "")
            wrong = {k: _IS_CUT for k in texts & told.keys() if spreadsheet.is_cut(told[k])}
            wrong |= {
                header[at]: _NO_VALUE.format(formula)
                for at, formula in line.unknown.items()
                if at < len(header) and header[at] in names
            }
            _take(listed, line.number, *reader.read(told, wrong))
    return listed


def _take(listed: Listed[Row], number: int, found: Row | None, wrong: Mapping[str, str]) -> None:
    if found is not None:
        listed.rows[number] = found
    for column, reason in wrong.items():
        (listed.leave_out if found is None else listed.remark)(number, column, reason)


class _RowReader(Generic[Row]):
    """Makes rows of cells, and knows which cells may be passed over."""

    def __init__(self, row: type[Row]) -> None:
        known = fields(row)  # type: ignore[arg-type]
        self._spare = {f.name for f in known if not _is_needed(f) and f.metadata != DECISIVE}
        self._adapter = TypeAdapter(row)

    def read(
        self, told: Mapping[str, str], wrong: Mapping[str, str]
    ) -> tuple[Row | None, dict[str, str]]:
        """The row, None when it cannot be used; and what is wrong with it, by column. `wrong` is
        what is known to be."""
        try:
            found = self._adapter.validate_python(told)
        except ValidationError as error:
            numbers = _as_written_here(told, error)
            if numbers != told:
                return self.read(numbers, wrong)
            wrong = {_column(e): _reason(e) for e in error.errors()} | dict(wrong)
        if not wrong:
            return found, {}
        if not wrong.keys() <= self._spare:
            return None, dict(wrong)
        spared = {k: told[k] for k in told if k not in wrong}
        return self._adapter.validate_python(spared), dict(wrong)


def _as_written_here(told: Mapping[str, str], error: ValidationError) -> dict[str, str]:
    """Numbers as Indonesian spreadsheets write them: "-2,68" and "1.250"."""
    written = dict(told)
    for mistake in error.errors():
        column, cell = _column(mistake), told.get(_column(mistake), "")
        if mistake["type"] == "float_parsing" and _DECIMAL_COMMA.fullmatch(cell):
            written[column] = cell.replace(",", ".")
        elif mistake["type"] == "int_parsing" and _GROUPED.fullmatch(cell):
            written[column] = cell.replace(".", "")
    return written


_IS_CUT = (
    "angkanya sudah dipotong oleh spreadsheet (2,02511E+14); jadikan kolomnya teks, tulis lagi"
)
_NO_VALUE = "tidak ada nilainya ({}); buka di Excel, perbaiki rumusnya, simpan"
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_GROUPED = re.compile(r"\d{1,3}(\.\d{3})+")
_REASONS = {  # of pydantic: https://docs.pydantic.dev/latest/errors/validation_errors/
    "missing": "wajib diisi",
    "float_parsing": "{input!r} bukan angka",
    "int_parsing": "{input!r} bukan bilangan bulat",
    "literal_error": "{input!r} tidak dikenal; tulis {expected}",
    "greater_than_equal": "{input!r} terlalu kecil; paling kecil {ge}",
    "less_than_equal": "{input!r} terlalu besar; paling besar {le}",
    "greater_than": "{input!r} terlalu kecil; harus di atas {gt}",
    "string_pattern_mismatch": "{input!r} memuat huruf yang tidak dapat dipakai",
    "value_error": "{error}",
}


def _reason(error: Any) -> str:
    told = dict(error.get("ctx", {})) | {"input": error.get("input")}
    sentence = _REASONS.get(error["type"])
    return sentence.format(**told) if sentence else str(error["msg"])


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def list_stamp(path: Path) -> tuple[int, int] | None:
    """Another one means that the list was written again; None: it is not there."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


def _columns(path: Path, needed: Sequence[str]) -> tuple[list[str], Iterator[spreadsheet.Row]]:
    """The names of the columns, and the rows below them."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadList([f"{path}: tidak dapat dibaca: {error.strerror}"]) from error
    first: list[str] | None = None
    for rows in spreadsheet.filled_tables(str(path), raw):
        found = spreadsheet.below_header(rows, lambda cells: {*needed} <= {*_names(cells)})
        if found is not None:
            return _names(found[0].cells), found[1]
        first = first or _names(rows[0].cells)
    header = first or []
    missing = ", ".join(name for name in needed if name not in header)
    there = ", ".join(filter(None, header)) or "tidak ada satu pun"
    raise BadList([f"{path}: tidak ada kolom {missing}; yang ada: {there}"])


def _names(cells: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in cells]


def _column(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"]) or "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """An office (OPD, kecamatan, puskesmas…) of the region: a row of [lists] offices."""

    code: str
    name: str
    kecamatan: str
    employees: int = 0
    latitude: float | None = None
    longitude: float | None = None


def read_offices(path: Path) -> Listed[Office]:
    """The list of offices. Raises BadList."""
    listed = read_list(path, Office)
    listed.leave_out_repeated("code")
    return listed


def check_offices(path: Path, named: Iterable[str], offices: Sequence[Office]) -> None:
    """Raises BadList when `named` has codes that are not those of `offices`. "" names none."""
    unknown = sorted({*named} - {office.code for office in offices} - {""})
    if unknown:
        told = ", ".join(unknown)
        raise BadList([f"{path}, kolom office: tidak ada di [lists] offices: {told}"])
