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
    "address": "address, alamat kejadian, lokasi kejadian, lokasi, alamat, tempat",
    "stage": "stage, status, status {n}, status tindak lanjut, status penyelesaian, tahap",
    "received_at": "received at, tanggal {n} masuk, tgl {n} masuk, tanggal {n}, tgl {n}, "
    "tanggal masuk, tgl masuk, tanggal diterima, tgl diterima, tanggal pelaporan, tanggal lapor, "
    "tanggal, tgl, waktu {n}, waktu",
    "time": "waktu {n} masuk, jam {n} masuk, jam {n}, jam masuk, jam, pukul, waktu masuk, waktu",
    "due_at": "due at, tenggat, batas waktu, jatuh tempo, tanggal jatuh tempo, deadline",
    "closed_at": "closed at, tanggal selesai, tgl selesai, tanggal ditutup, tanggal tutup, "
    "tanggal penyelesaian",
    "lat": "lat, latitude, lintang",
    "long": "long, lon, lng, longitude, bujur",
}
_NOUNS = ("aduan", "pengaduan", "laporan", "keluhan")
_KNOWN = {
    field: tuple(
        dict.fromkeys(word.format(n=noun) for word in names.split(", ") for noun in _NOUNS)
    )
    for field, names in _NAMES.items()
}


def find_columns(header: Sequence[str]) -> dict[str, list[int]]:
    """Field -> its columns, the best first. A name that stands there twice has two."""
    plain = [" ".join(re.sub(r"[^a-z0-9]+", " ", cell.lower()).split()) for cell in header]
    found = {
        field: [at for known in names for at, name in enumerate(plain) if name == known]
        for field, names in _KNOWN.items()
    }
    return {field: columns for field, columns in found.items() if columns}


def missing(header: Sequence[str]) -> list[str]:
    """What a header needs and has not, in the words of those who keep such lists."""
    found = find_columns(header)
    needed = [] if "id" in found else ["nomor aduan"]
    return needed + ([] if found.keys() & {"title", "description"} else ["judul or isi"])


def pick(cells: Sequence[str], columns: dict[str, list[int]]) -> dict[str, str]:
    """The filled fields of a row."""
    told = {
        field: next((cells[at] for at in places if at < len(cells) and cells[at]), "")
        for field, places in columns.items()
    }
    return {field: cell for field, cell in told.items() if cell}
