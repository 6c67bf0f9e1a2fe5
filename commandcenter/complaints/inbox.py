"""The folder into which people drop spreadsheets of complaints.

Nothing lies there for ever: each thing is taken to done/ or to rejected/, there with its reasons.
What programs leave beside an open or unfinished file (~$rekap.xlsx, Thumbs.db, rekap.csv.part) is
given an hour, and so is a file that somebody has open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_ISDIR, S_ISREG

_OURS = ("done", "rejected")
_PATIENCE = timedelta(hours=1)
_LITTER = ("thumbs.db", "desktop.ini", ".ds_store")
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart", ".swp")
_LONGEST_NAME = 200  # bytes; file systems take 255 with what is added
_FOLDER = "a folder is not read: put the files themselves here"
_NO_FILE = "it is no file (a link, perhaps): put the file itself here"
_LEFT_BEHIND = "it is not a list, some program left it behind: it may be deleted"
_NOT_WHOLE = "it was never finished: copy the file once more"


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Another one means that somebody is still writing. A copy may keep the time of its original,
    so the time of the entry itself (ctime) counts, too."""

    changed: int
    entered: int
    size: int
    inside: int


@dataclass(slots=True)
class Inbox:
    """Things wait in `folder`; afterwards they lie in its done/ or rejected/."""

    folder: Path
    _seen: dict[Path, tuple[_Stamp, datetime]] = field(default_factory=dict)

    def ready(self, now: datetime) -> list[Path]:
        """What looks as it did at the last call: nobody is still copying it.

        Raises OSError when the folder can neither be read nor made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        seen: dict[Path, tuple[_Stamp, datetime]] = {}
        settled = []
        for path in sorted(self.folder.iterdir()):
            stamp = None if path.name in _OURS else _stamp(path)
            if stamp is None:
                continue
            before, since = self._seen.get(path, (None, now))
            seen[path] = stamp, since if stamp == before else now
            if stamp == before and now - since >= self._patience(path):
                settled.append(path)
        self._seen = seen
        return settled

    def _patience(self, path: Path) -> timedelta:
        waits = _left_behind(path.name) or path.suffix.lower() in _UNFINISHED
        return _PATIENCE if waits or self._is_open(path) else timedelta()

    def _is_open(self, path: Path) -> bool:
        """Excel leaves out the first two letters of a long name."""
        marks = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
        return any((self.folder / mark).exists() for mark in marks)

    def finish(self, path: Path, reasons: Sequence[str], now: datetime, *, taken: bool) -> None:
        """Move a thing away, with what was wrong with it in a text file beside it."""
        folder = self.folder / ("done" if taken else "rejected")
        folder.mkdir(exist_ok=True)
        target = folder / _short(path)
        if target.exists():
            target = folder / f"{Path(target.name).stem}.{now:%Y%m%d-%H%M%S-%f}{path.suffix}"
        if reasons:
            beside = target.with_name(target.name + ".reasons.txt")
            lines = "".join(f"{reason}\n" for reason in reasons)
            beside.write_text(lines, encoding="utf-8", errors="replace")
        path.replace(target)
        self._seen.pop(path, None)


def no_list(path: Path) -> str:
    """Why something cannot be a list, whatever is in it; "" when it may be one. Raises OSError."""
    mode = path.lstat().st_mode
    if S_ISDIR(mode):
        return _FOLDER
    if not S_ISREG(mode):
        return _NO_FILE
    if path.suffix.lower() in _UNFINISHED:
        return _NOT_WHOLE
    return _LEFT_BEHIND if _left_behind(path.name) else ""


def _left_behind(name: str) -> bool:
    return name.startswith(("~$", ".")) or name.lower() in _LITTER


def _short(path: Path) -> str:
    if len(path.name.encode(errors="surrogateescape")) <= _LONGEST_NAME:
        return path.name
    stem = path.stem.encode(errors="replace")[:_LONGEST_NAME].decode(errors="ignore")
    return stem + path.suffix[:20]


def _stamp(path: Path) -> _Stamp | None:
    """None: it is gone again."""
    try:
        told = path.lstat()
        inside = [part.lstat().st_size for part in path.rglob("*")] if S_ISDIR(told.st_mode) else []
    except OSError:
        return None
    return _Stamp(told.st_mtime_ns, told.st_ctime_ns, told.st_size + sum(inside), len(inside))
