"""Words, texts and places of a complaint as sources tell them, made fit for the records."""

from __future__ import annotations

import math
from typing import Any

from commandcenter.records.complaints import BadComplaint, Stage

_WORDS: dict[Stage, str] = {
    "received": "received, new, open, acknowledged, diterima, baru, masuk, terdaftar, menunggu, "
    "belum diverifikasi, verifikasi, terverifikasi, belum ditindaklanjuti, belum diproses",
    "forwarded": "forwarded, diteruskan, disposisi, didisposisikan, terdisposisi, dikoordinasikan",
    "in_work": "in_work, in work, in progress, investigating, planned, diproses, proses, "
    "ditindaklanjuti, tindak lanjut, dikerjakan, pengerjaan, penanganan, ditangani, belum selesai",
    "closed": "closed, done, resolved, fixed, rejected, duplicate, selesai, ditutup, tutup, "
    "tuntas, ditolak, arsip, diarsipkan, selesai ditindaklanjuti",
}
_STAGES: dict[str, Stage] = {w: s for s, words in _WORDS.items() for w in words.split(", ")}
_FILLERS = ("sedang", "dalam", "telah", "sudah", "status", "masih")


def stage(word: str) -> Stage | None:
    """The stage that a word of any source means ("Sedang diproses"); None for an empty one.

    Raises BadComplaint: a stage that is guessed wrong would hide an open complaint.
    """
    words = word.lower().replace("_", " ").replace("-", " ").split()
    while words and words[0] in _FILLERS:
        words = words[1:]
    if not words:
        return None
    found = _STAGES.get(" ".join(words))
    if found is None:
        raise BadComplaint("stage is not a word we know (diterima, diteruskan, diproses, selesai)")
    return found


def text(told: Any, length: int) -> str | None:
    """A text of at most `length` characters that any database can hold; None when it is empty."""
    if told is None or isinstance(told, (dict, list, bool)):
        return None
    kept = (c if c.isprintable() else " " for c in str(told))
    return " ".join("".join(kept).split())[:length] or None


def identity(told: Any) -> str:
    """The source's own number, as text. Raises BadComplaint."""
    found = text(told, 129)
    if found is None or len(found) > 128:
        raise BadComplaint("id must be given, with at most 128 characters")
    return found


def place(latitude: Any, longitude: Any) -> tuple[float | None, float | None]:
    """Degrees, or twice None: a complaint without a true place is still a complaint."""
    try:
        found = float(latitude), float(longitude)
    except (TypeError, ValueError, OverflowError):
        return None, None
    true = all(map(math.isfinite, found)) and abs(found[0]) <= 90 and abs(found[1]) <= 180
    return found if true and found != (0.0, 0.0) else (None, None)
