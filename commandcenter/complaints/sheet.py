"""Complaints in a spreadsheet, such as an export of SP4N-LAPOR!, with whatever headers it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from commandcenter.complaints import dates
from commandcenter.complaints.words import identity, place, stage, text
from commandcenter.lists import BadList, read_table
from commandcenter.records.complaints import BadComplaint, Told

_HEADERS = {
    "id": "id, tracking id, trackingid, nomor aduan, no aduan, nomor laporan, no laporan, nomor, "
    "id laporan, id aduan, kode aduan, kode laporan, nomor tiket, no tiket, tiket",
    "title": "title, judul, judul aduan, judul laporan, perihal, subjek",
    "description": "description, isi, isi aduan, isi laporan, uraian, deskripsi, rincian",
    "category": "category, kategori, kategori aduan, kategori laporan, jenis, topik, klasifikasi",
    "agency": "agency, instansi, instansi terdisposisi, disposisi, instansi tujuan, opd, skpd, "
    "unit kerja, perangkat daerah, instansi disposisi",
    "address": "address, alamat, alamat kejadian, lokasi, lokasi kejadian, tempat",
    "stage": "stage, status, status aduan, status laporan, tahap",
    "received_at": "received at, tanggal, tanggal aduan, tanggal laporan, tanggal masuk, "
    "tanggal diterima, tgl, tgl aduan, tgl laporan, tgl masuk, waktu, tanggal pelaporan",
    "due_at": "due at, tenggat, batas waktu, jatuh tempo",
    "closed_at": "closed at, tanggal selesai, tgl selesai, tanggal ditutup, tanggal tutup",
    "lat": "lat, latitude, lintang",
    "long": "long, lon, lng, longitude, bujur",
}
_FIELDS = {name: known for known, names in _HEADERS.items() for name in names.split(", ")}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken. `kept` are the cells of known columns: others may name people."""

    number: int
    reason: str
    kept: str


@dataclass(slots=True)
class Sheet:
    """What one file holds."""

    good: list[Told] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def read_sheet(name: str, raw: bytes, zone: tzinfo, now: datetime) -> Sheet:
    """The complaints of a CSV or XLSX file, good rows and bad ones. Times are as in `dates`.

    Raises BadList when nothing of it can be used: no such file type, or needed columns missing.
    """
    lines = read_table(name, raw)
    columns = _columns(name, next(lines, []))
    sheet = Sheet()
    for number, cells in enumerate(lines, start=2):
        row = {known: cells[at] for known, at in columns.items() if at < len(cells) and cells[at]}
        if not any(cells):
            continue
        try:
            sheet.good.append(_complaint(row, zone, now))
        except BadComplaint as error:
            sheet.bad.append(BadRow(number, str(error), "; ".join(row.values())))
    return sheet


def _columns(name: str, header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(header):
        known = _FIELDS.get(" ".join(re.sub(r"[^a-z0-9]+", " ", cell.lower()).split()))
        if known:
            found.setdefault(known, at)
    missing = [] if "id" in found else ["nomor aduan"]
    missing += [] if found.keys() & {"title", "description"} else ["judul or isi"]
    if missing:
        there = ", ".join(filter(None, header))[:300] or "none"
        raise BadList([f"{name}: no column {' and '.join(missing)}; it has {there}"])
    return found


def _complaint(row: dict[str, str], zone: tzinfo, now: datetime) -> Told:
    latitude, longitude = place(_point(row.get("lat")), _point(row.get("long")))
    description = text(row.get("description"), 10_000)
    title = text(row.get("title"), 300) or text(description, 80)
    if title is None:
        raise BadComplaint("title and description are both empty")
    return Told(
        source="import",
        external_id=identity(_whole(row.get("id", ""))),
        title=title,
        description=description,
        category=text(row.get("category"), 120),
        agency=text(row.get("agency"), 160),
        address=text(row.get("address"), 300),
        latitude=latitude,
        longitude=longitude,
        stage=stage(row.get("stage", "")),
        received_at=_named("tanggal", lambda: dates.moment(row.get("received_at", ""), zone, now)),
        due_at=_named("tenggat", lambda: dates.due(row.get("due_at", ""), zone)),
        closed_at=_named("selesai", lambda: dates.moment(row.get("closed_at", ""), zone, now)),
        updated_at=now,
    )


def _named(column: str, read: Callable[[], datetime | None]) -> datetime | None:
    try:
        return read()
    except BadComplaint as error:
        raise BadComplaint(f"{column}: {error}") from error


def _point(told: str | None) -> str | None:
    return told.replace(",", ".") if told else None


def _whole(told: str) -> str:
    """An id that a spreadsheet took for a number: "638344.0" is 638344."""
    return told[:-2] if re.fullmatch(r"\d+\.0", told) else told
