"""Words, texts and places of a complaint as sources tell them, made fit for the records."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import dropwhile
from typing import Any

import orjson

from commandcenter.records.complaints import BadComplaint, Stage, Told

_WORDS: dict[Stage, str] = {
    "received": "received, new, open, opened, reopened, confirmed, acknowledged, submitted, "
    "pending, on hold, hold, diterima, baru, masuk, terdaftar, verifikasi, terverifikasi, "
    "diverifikasi, tertunda, ditunda, bukan kewenangan, bukan wewenang, ditinjau",
    "forwarded": "forwarded, assigned, diteruskan, disposisi, didisposisikan, terdisposisi, "
    "dikoordinasikan, koordinasi, dilimpahkan",
    "in_work": "in work, in progress, in process, on progress, on process, on proses, progress, "
    "progres, process, investigating, planned, action scheduled, di proses, di tindak lanjuti, "
    "ditindak lanjuti, diproses, proses, ditindaklanjuti, tindak lanjut, dikerjakan, pengerjaan, "
    "penanganan, ditangani, belum selesai, dijawab, ditanggapi, dibalas",
    "closed": "closed, close, done, finish, finished, resolved, completed, fixed, rejected, "
    "duplicate, cancelled, canceled, dibatalkan, dicabut, selesai, diselesaikan, terselesaikan, "
    "ditutup, tutup, tuntas, ditolak, arsip, diarsipkan",
}
_STAGES: dict[str, Stage] = {w: s for s, words in _WORDS.items() for w in words.split(", ")}
_LONGEST = max(len(phrase.split()) for phrase in _STAGES)
_FILLERS = frozenset(
    ("sedang", "dalam", "telah", "sudah", "ada", "status", "masih", "laporan", "aduan", "pengaduan")
)
_NOT_YET = frozenset(("belum", "menunggu"))
_BY = frozenset(("oleh", "by"))  # who did it does not matter: "Ditutup oleh Sistem"
_NO_STAGE = "stage is not a word we know (diterima, diteruskan, diproses, selesai)"
_MOST_FIELDS, _MOST_FORM = 60, 40
_NOTHING = frozenset(("null", "none", "nil", "undefined", "nan", "n/a", "-", "--"))


@lru_cache(1024)  # a sheet says the same few thousands of times
def stage(word: str) -> Stage | None:
    """The stage that the words of any source mean; None where they say nothing.

    "Terdisposisi Sedang Diproses" is in work, "Terdisposisi Belum Ditindaklanjuti" forwarded,
    "Belum Terverifikasi" received, "Ditutup oleh Admin" closed: what is closed is closed, else the
    last that is true counts. The words are those of SP4N-LAPOR! exports (ppid.lldikti2.net) and of
    Open311. Raises BadComplaint: a stage that is guessed wrong would hide an open complaint.
    """
    if word.strip().lower() in _NOTHING:
        return None
    words = re.sub(r"[\W_]+", " ", word.lower()).split()
    words = words[: next((at for at, w in enumerate(words) if w in _BY), None)]
    if word.strip() and not words:
        raise BadComplaint(_NO_STAGE)
    true: list[Stage] = []
    waiting = False
    while words:
        found, words, waits = _next(words)
        waiting = waiting or waits
        true += [found] if found else []
    if "closed" in true:
        return "closed"
    return true[-1] if true else "received" if waiting else None


def _next(words: list[str]) -> tuple[Stage | None, list[str], bool]:
    """The stage at the beginning, the words behind it, and whether it is only waited for."""
    for length in range(min(_LONGEST, len(words)), 0, -1):
        found = _STAGES.get(" ".join(words[:length]))
        if found is not None:
            return found, words[length:], False
    if words[0] in _FILLERS or words[0].isdecimal():  # "Proses (50%)"
        return None, words[1:], False
    if words[0] in _NOT_YET:  # what follows is not true yet
        words = list(dropwhile(_FILLERS.__contains__, words[1:]))
        return None, _next(words)[1] if words else [], True
    raise BadComplaint(_NO_STAGE)


def text(told: Any, length: int) -> str | None:
    """A text of at most `length` characters that any database can hold; None when it is empty."""
    if told is None or isinstance(told, (dict, list, bool)):
        return None
    shown = str(told)
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else " " for c in shown)
    found = " ".join(shown.split())[:length]
    return found if found and found.lower() not in _NOTHING else None


_OF_A_PERSON = re.compile(
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # a mail address
    r"|(?<![\d.])(?:\+?62|0)[ .-]?8\d{1,2}(?:[ .-]?\d{2,5}){2,3}(?!\d)"  # a mobile telephone
    r"|(?<!\d)\d{16}(?!\d)",  # NIK, family card
    re.ASCII,
)
_SECRET = re.compile(r"(?<!tidak )(?<!bukan )\brahasia\b|whistle|\bwbs\b", re.IGNORECASE)


def public(told: Any, length: int) -> str | None:
    """Like `text`, without the telephone numbers, mail addresses and NIK that people write into
    their complaints (mysociety/fixmystreet#4106): it is seen by all who see the wall."""
    found = text(told, length)
    return _OF_A_PERSON.sub("•••", found) if found else found


def is_secret(cells: Iterable[str]) -> bool:
    """Whether a complaint is not for everybody's eyes: "Rahasia" of LAPOR!, whistle-blowing."""
    return any(map(_SECRET.search, cells))


def kept_secret(told: Told) -> Told:
    """It counts, and nothing of what it says is kept."""
    return replace(
        told, title="Laporan rahasia", description="", address="", latitude=None, longitude=None
    )


def outline(told: Mapping[str, Any]) -> bytes:
    """What is kept of input that could not be used: the names of its fields, and of each value its
    form alone, "Sat, 21/11" as "xxx, 00/00". Nobody's name, number or address is in it."""
    return orjson.dumps({_name(k): _form(v) for k, v in list(told.items())[:_MOST_FIELDS]})


def _name(told: Any) -> str:
    """A field's name; a form of it where it may be content, as in a table without a header."""
    name = str(told)
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z_ ./()]{0,39}", name, re.ASCII) else _form(name)


def _form(told: Any) -> str:
    if isinstance(told, (dict, list)):
        return "{}" if isinstance(told, dict) else "[]"
    shown = "" if told is None else str(told)[:_MOST_FORM]
    return "".join(
        "0" if c.isdigit() else "x" if not c.isascii() or c.isalpha() else c for c in shown
    )


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
