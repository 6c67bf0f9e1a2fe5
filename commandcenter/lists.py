"""Lists that people keep in spreadsheets: CSV or XLSX, a header and one thing a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

Row = TypeVar("Row")
_MOST_MISTAKES = 20


class BadList(ValueError):
    """A list cannot be used. `mistakes` are sentences that name file, row and column."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def read_list(path: Path, row: type[Row]) -> list[Row]:
    """The rows of a CSV or XLSX file as instances of the dataclass `row`.

    Columns are its fields, in any order; a column without a default must be there, an unknown one
    is ignored (people keep notes beside their lists), an empty cell takes the field's default.
    Raises BadList with every mistake at once.
    """
    lines = _lines(path)
    header = [name.strip().lower() for name in next(lines, ())]
    known = fields(row)  # type: ignore[arg-type]
    needed = [f.name for f in known if f.default is MISSING and f.default_factory is MISSING]
    missing = [name for name in needed if name not in header]
    if missing:
        raise BadList(
            [f"{path}: no column {', '.join(missing)}; it has {', '.join(header) or 'none'}"]
        )
    names = {f.name for f in known}
    adapter = TypeAdapter(row)
    found: list[Row] = []
    mistakes: list[str] = []
    for number, cells in enumerate(lines, start=2):
        told = {k: v for k, v in zip(header, cells, strict=False) if k in names and v != ""}
        if not told:
            continue
        try:
            found.append(adapter.validate_python(told))
        except ValidationError as error:
            mistakes += [
                f"{path}, row {number}, column {_column(e)}: {e['msg']}" for e in error.errors()
            ]
    if mistakes:
        more = len(mistakes) - _MOST_MISTAKES
        raise BadList(
            mistakes[:_MOST_MISTAKES] + ([f"{path}: and {more} more"] if more > 0 else [])
        )
    return found


def list_stamp(path: Path) -> tuple[int, int] | None:
    """Another one means that the list was written again; None: it is not there."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


def read_table(name: str, raw: bytes) -> Iterator[list[str]]:
    """The rows of a CSV or XLSX file's bytes as text, header first. Raises BadList."""
    if name.lower().endswith(".xlsx"):
        yield from _sheet(name, raw)
        return
    text = _decode(raw)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [cell.strip() for cell in cells]
    except csv.Error as error:
        raise BadList([f"{name}: not a CSV file: {error}"]) from error


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadList([f"{path}: cannot be read: {error.strerror}"]) from error
    return read_table(str(path), raw)


def _sheet(name: str, raw: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        for cells in book.worksheets[0].iter_rows(values_only=True):
            yield [_cell(cell) for cell in cells]
    except Exception as error:  # openpyxl raises whatever a broken archive makes it stumble over
        raise BadList([f"{name}: not an XLSX file: {error}"]) from error


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # spreadsheets keep every number as a float
    return "" if value is None else str(value).strip()


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what Excel on Windows writes


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


def check_offices(path: Path, named: Iterable[str], offices: Sequence[Office]) -> None:
    """Raises BadList when `named` has codes that are not those of `offices`. "" names none."""
    unknown = sorted({*named} - {office.code for office in offices} - {""})
    if unknown:
        told = ", ".join(unknown)
        raise BadList([f"{path}, column office: not in [lists] offices: {told}"])
