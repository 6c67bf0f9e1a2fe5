"""Complaints in a spreadsheet, such as an export of SP4N-LAPOR!, with whatever headers it has.

Titles and dates may stand above the header; of a workbook every sheet with such a header is taken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from itertools import chain, islice

from commandcenter.complaints import dates
from commandcenter.complaints.columns import all_of, counts_rows, find_columns, missing, pick
from commandcenter.complaints.words import (
    identity,
    is_secret,
    kept_secret,
    outline,
    place,
    public,
    stage,
    text,
)
from commandcenter.records.complaints import BadComplaint, Told
from commandcenter.spreadsheet import (
    MOST_ABOVE,
    BadList,
    Row,
    below_header,
    is_cut,
    read_tables,
)

log = logging.getLogger(__name__)

_ESSENTIAL = {"id", "title", "description"}
Found = tuple[Row, dict[str, str]]
"""A row, and its cells by their fields."""
_SUM = re.compile(r"(sub ?|grand )?(total|jumlah)( \w+)?[ :.=]*", re.IGNORECASE)
_WORDS = re.compile(r" |^\D+$")  # and no number of a complaint that lacks its text
_DATES = ("received_at", "due_at", "closed_at")
_ORDINAL = (
    "the column nomor counts the rows (1, 2, 3 …), in each file anew: add the complaints' own "
    "numbers (nomor tiket); if these are their own, name the column nomor aduan"
)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken. `kept` is its outline: nothing of what it says."""

    where: str
    """"row 7", "sheet Oktober, row 7"."""
    reason: str
    kept: bytes = b""


@dataclass(slots=True)
class Sheet:
    """What one file holds."""

    at: datetime
    """How old it is: when the file was last changed, or its newest complaint came after that."""
    good: list[Told] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What else its owner should know: sheets that were left out, dates that are missing."""


def read_sheet(
    name: str, raw: bytes, zone: tzinfo, now: datetime, changed_at: datetime | None = None
) -> Sheet:
    """The complaints of a file, good rows and bad ones. Times are as in `dates`; `changed_at` is
    when the file was last changed, None where nobody knows.

    Raises BadList when nothing of it can be used: no such file type, or needed columns missing. Its
    first sentence repeats nothing of what the file says.
    """
    reader = _Reader(zone, now, Sheet(changed_at or now))
    left_out: list[tuple[str, list[Row]]] = []
    fitting = 0
    for table in read_tables(name, raw):
        above = list(islice(table.rows, MOST_ABOVE))
        found = below_header(chain(above, table.rows), lambda cells: not missing(cells))
        if found is not None and table.hidden:
            reader.sheet.notes.append(f"sheet {table.name} was left out: it is hidden")
        elif found is not None:
            fitting += 1
            reader.read(table.name, *found)
        elif any(any(row.cells) for row in above):
            left_out.append((table.name, above))
    if not fitting:
        raise _no_header(name, left_out)
    reader.sheet.notes += [f"sheet {sheet} was left out: no header" for sheet, _ in left_out]
    return _dated(reader.sheet, changed_at, now)


class _Reader:
    """Reads the rows of one file's tables into a sheet; of several with one number the last
    counts, and the others are told."""

    def __init__(self, zone: tzinfo, now: datetime, sheet: Sheet) -> None:
        self.zone, self.now, self.sheet = zone, now, sheet
        self._taken: dict[str, tuple[str, int]] = {}  # number -> where, and its place in `good`

    def read(self, table: str, header: Row, rows: Iterable[Row]) -> None:
        columns = find_columns(header.cells)
        if "received_at" not in columns:
            self.sheet.notes.append(
                f"{_where(table, header)}: no column with a date (tanggal, tanggal laporan masuk): "
                "its complaints are taken without one"
            )
        found = _without_footer(
            [
                (row, cells)
                for row in rows
                if (any(row.cells) or row.fault)
                and not _is_header_anew(row, header, columns)
                and ((cells := pick(row.cells, columns)).keys() & _ESSENTIAL or row.fault)
            ]
        )
        self._remark(_where(table, header), columns, found)
        ordinal = counts_rows(header.cells, [cells.get("id", "") for _, cells in found])
        for row, cells in found:
            try:
                if ordinal:
                    raise BadComplaint(_ORDINAL)
                complaint = self._complaint(row, cells)
                secret = is_secret(all_of(row.cells, columns, "secret"))
                self._take(_where(table, row), kept_secret(complaint) if secret else complaint)
            except BadComplaint as error:
                self.sheet.bad.append(BadRow(_where(table, row), str(error), outline(cells)))
            except Exception as error:  # whatever it is, it must not cost the others anything
                log.exception("a row of complaints cannot be read")
                why = f"our own failure ({type(error).__name__})"
                self.sheet.bad.append(BadRow(_where(table, row), why, b""))

    def _remark(self, where: str, columns: dict[str, list[int]], found: Sequence[Found]) -> None:
        """Puts dates that are written month first into our order, and tells of cells that have no
        value."""
        for name in _DATES:
            if dates.are_month_first(cells.get(name, "") for _, cells in found):
                self.sheet.notes.append(f"{where}: its dates are read month first (11/21/2026)")
                for _, cells in found:
                    cells[name] = dates.day_first(cells.get(name, ""))
        used = {at for places in columns.values() for at in places}
        if unknown := sum(1 for row, _ in found if used & row.unknown.keys()):
            self.sheet.notes.append(
                f"{where}: {unknown} rows have cells without a value, whose formula failed or was "
                "never worked out: open it in Excel, mend the formulas and save it"
            )

    def _take(self, where: str, told: Told) -> None:
        good = self.sheet.good
        before, at = self._taken.get(told.external_id, ("", len(good)))
        if before:
            self.sheet.bad.append(BadRow(before, f"the same number as {where}, which was taken"))
        good[at : at + 1] = [told]
        self._taken[told.external_id] = where, at

    def _complaint(self, row: Row, told: dict[str, str]) -> Told:
        if row.fault:
            raise BadComplaint(row.fault)
        latitude, longitude = place(_point(told.get("lat")), _point(told.get("long")))
        description = public(told.get("description"), 10_000)
        title = public(told.get("title"), 300) or text(description, 80)
        if title is None:
            raise BadComplaint("title and description are both empty")
        return Told(
            source="import",
            external_id=_number(told.get("id", "")),
            title=title,
            description=description,
            category=text(told.get("category"), 120),
            agency=text(told.get("agency"), 160),
            address=public(told.get("address"), 300),
            latitude=latitude,
            longitude=longitude,
            stage=stage(told.get("stage", "")),
            received_at=_named("tanggal", lambda: self._received(told)),
            due_at=_named("tenggat", lambda: dates.due(told.get("due_at", ""), self.zone)),
            closed_at=_named("selesai", lambda: self._moment(told.get("closed_at", ""))),
            updated_at=self.sheet.at,
        )

    def _received(self, told: dict[str, str]) -> datetime | None:
        day = self._moment(told.get("received_at", ""))
        return dates.at_time(day, told.get("time", ""), self.zone) if day else None

    def _moment(self, told: str) -> datetime | None:
        return dates.moment(told, self.zone, self.now)


def _is_header_anew(row: Row, header: Row, columns: dict[str, list[int]]) -> bool:
    """As it stands on each printed page."""
    return header.cells[columns["id"][0]] in all_of(row.cells, columns, "id")


def _without_footer(found: Sequence[Found]) -> list[Found]:
    """Without sums, and without single words below the last complaint, such as who signs."""
    told = [[cell for cell in row.cells if cell] for row, _ in found]
    last = len(found)
    while last and len(told[last - 1]) == 1 and _WORDS.search(told[last - 1][0]):
        last -= 1
    kept = zip(found[:last], told, strict=False)
    return [one for one, cells in kept if not cells or not _SUM.fullmatch(cells[0])]


def _dated(sheet: Sheet, changed_at: datetime | None, now: datetime) -> Sheet:
    """A file is not older than the newest complaint in it."""
    received = [told.received_at for told in sheet.good if told.received_at is not None]
    told_at = [*received, *([changed_at] if changed_at else [])]
    newest = min(max(told_at, default=now), now)
    if newest != sheet.at:
        sheet.at = newest
        sheet.good = [replace(told, updated_at=newest) for told in sheet.good]
    return sheet


def _no_header(name: str, tables: Sequence[tuple[str, list[Row]]]) -> BadList:
    rows = [row for _, above in tables for row in above if any(row.cells)]
    if not rows:
        return BadList([f"{name}: it is empty"])
    likest = max(rows, key=lambda row: len(find_columns(row.cells)))
    there = ", ".join(filter(None, likest.cells))[:300]
    wanted = " and ".join(missing(likest.cells)) or "nomor aduan and judul or isi"
    return BadList(
        [
            f"{name}: no column {wanted}; write these names into the row above the first complaint",
            f"row {likest.number} has {there}",
        ]
    )


def _where(table: str, row: Row) -> str:
    return f"sheet {table}, row {row.number}" if table else f"row {row.number}"


def _named(column: str, read: Callable[[], datetime | None]) -> datetime | None:
    try:
        return read()
    except BadComplaint as error:
        raise BadComplaint(f"{column}: {error}") from error


def _point(told: str | None) -> str | None:
    return told.replace(",", ".") if told else None


def _number(told: str) -> str:
    """An id that a spreadsheet took for a number: "638344.0" is 638344. Raises BadComplaint where
    it cut the number: several complaints would become one."""
    if is_cut(told):
        raise BadComplaint(
            "a spreadsheet has cut the number (like 2,02511E+14); make its column text and take "
            "the list from its source anew"
        )
    return identity(told[:-2] if re.fullmatch(r"\d+[.,]0", told) else told)
