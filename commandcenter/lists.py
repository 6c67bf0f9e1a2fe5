"""Lists that people keep in spreadsheets: CSV or XLSX, a header and one thing a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from commandcenter.spreadsheet import BadList, read_table

__all__ = ["BadList", "Office", "check_offices", "list_stamp", "read_list", "read_table"]

Row = TypeVar("Row")
_MOST_MISTAKES = 20


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


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadList([f"{path}: cannot be read: {error.strerror}"]) from error
    return read_table(str(path), raw)


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
