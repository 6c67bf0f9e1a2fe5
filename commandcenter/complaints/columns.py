"""The headers under which people keep complaints, and the one that stands in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

# {n}: any word for a complaint. Of several columns the earlier name counts, when it is filled.
_NAMES = {
    "id": "tracking id, trackingid, id, nomor {n}, no {n}, id {n}, kode {n}, nomor tiket, "
    "no tiket, kode tiket, id tiket, tiket, ticket id, nomor registrasi, no registrasi, "
    "no register, nomor",
    "title": "title, judul, judul {n}, perihal, subjek",
    "description": "description, isi, isi {n}, isi {n} awal, uraian, uraian {n}, deskripsi, "
    "deskripsi {n}, rincian, isi {n} akhir, {n}",
    "category": "category, kategori, kategori {n}, jenis {n}, jenis, topik, klasifikasi {n}, "
    "klasifikasi",
    "agency": "agency, instansi terdisposisi, instansi disposisi, disposisi, instansi tujuan, opd, "
    "opd terkait, skpd, perangkat daerah, unit kerja, instansi",
    "secret": "tipe {n}, tipe, sifat {n}, sifat, kerahasiaan, rahasia, klasifikasi {n}, "
    "klasifikasi, kategori {n}, kategori, jenis {n}",
    "address": "address, alamat kejadian, lokasi kejadian, lokasi, alamat, tempat",
    "stage": "stage, status, status {n}, status tindak lanjut, status penyelesaian, tahap",
    "received_at": "received at, tanggal {n} masuk, tgl {n} masuk, tanggal {n}, tgl {n}, "
    "tanggal masuk, tgl masuk, tanggal diterima, tgl diterima, tanggal dilaporkan, "
    "tanggal pelaporan, tanggal lapor, tanggal, tgl, waktu {n}, waktu",
    "time": "waktu {n} masuk, jam {n} masuk, jam {n}, jam masuk, jam, pukul, waktu masuk, waktu",
    "due_at": "due at, tenggat, batas waktu, jatuh tempo, tanggal jatuh tempo, deadline",
    "closed_at": "closed at, tanggal selesai, tgl selesai, tanggal ditutup, tanggal tutup, "
    "tanggal penyelesaian",
    "lat": "lat, latitude, lintang",
    "long": "long, lon, lng, longitude, bujur",
}
_NOUNS = ("aduan", "pengaduan", "laporan", "keluhan")
# Who has such columns keeps the complainants' own addresses under "alamat".
_OF_PEOPLE = re.compile(
    r"nama( lengkap)?|.*\b(pelapor|pengadu|nik|ktp|hp|telp|telepon|wa|whatsapp|e ?mail|kontak)\b.*"
)
_KNOWN = {
    field: tuple(
        dict.fromkeys(word.format(n=noun) for word in names.split(", ") for noun in _NOUNS)
    )
    for field, names in _NAMES.items()
}


def find_columns(header: Sequence[str]) -> dict[str, list[int]]:
    """Field -> its columns, the best first. A name that stands there twice has two."""
    plain = [_plain(cell) for cell in header]
    parts = [{told, *_parts(cell)} for told, cell in zip(plain, header, strict=True)]
    if any(map(_OF_PEOPLE.fullmatch, plain)):
        parts = [names - {"alamat"} for names in parts]
    found = {
        field: [at for known in names for at, told in enumerate(parts) if known in told]
        for field, names in _KNOWN.items()
    }
    return {field: list(dict.fromkeys(columns)) for field, columns in found.items() if columns}


def counts_rows(header: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether what stands in the column of numbers is 1, 2, 3, … of the rows, in each file anew."""
    columns = find_columns(header).get("id", [])
    counted = [str(number) for number in range(1, len(numbers) + 1)]
    named = [_plain(header[at]) for at in columns] == ["nomor"]
    return named and len(counted) > 2 and [*numbers] == counted


def _plain(cell: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", cell.lower()).split())


def _parts(cell: str) -> set[str]:
    """The names in "Hari/Tanggal" and "Isi Laporan/Pengaduan", but for those that may mean any."""
    return {_plain(part) for part in cell.split("/")} - {"nomor", "id", *_NOUNS}


def missing(header: Sequence[str]) -> list[str]:
    """What a header needs and has not, in the words of those who keep such lists."""
    found = find_columns(header)
    needed = [] if "id" in found else ["nomor aduan"]
    return needed + ([] if found.keys() & {"title", "description"} else ["judul or isi"])


def all_of(cells: Sequence[str], columns: dict[str, list[int]], field: str) -> list[str]:
    """What stands in all columns of a field."""
    return [cells[at] for at in columns.get(field, ()) if at < len(cells)]


def pick(cells: Sequence[str], columns: dict[str, list[int]]) -> dict[str, str]:
    """The filled fields of a row."""
    told = {
        field: next((cells[at] for at in places if at < len(cells) and cells[at]), "")
        for field, places in columns.items()
    }
    return {field: cell for field, cell in told.items() if cell}
