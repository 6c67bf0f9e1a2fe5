"""The folder into which people drop spreadsheets of complaints.

Nothing lies there for ever: each thing is taken to done/ or to rejected/, there with its reasons.
A file that somebody has open (~$rekap.xlsx lies beside it) and one that is not whole yet
(rekap.csv.part, .rekap.csv.Xa3f) are given an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISREG

_OURS = ("done", "rejected")
_PATIENCE = timedelta(hours=1)
_LOCKS = ("~$", ".~lock.")
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
        paths = sorted(self.folder.iterdir())
        in_use = _in_use({path.name for path in paths})
        for path in paths:
            stamp = None if path.name in _OURS else _stamp(path)
            if stamp is None:
                continue
            before, since = self._seen.get(path, (None, now))
            seen[path] = stamp, since if stamp == before else now
            waits = path.name in in_use or _is_unfinished(path)
            if stamp == before and now - since >= (_PATIENCE if waits else timedelta()):
                settled.append(path)
        self._seen = seen
        return settled

    def finish(self, path: Path, reasons: Sequence[str], now: datetime, *, taken: bool) -> None:
        """Move a thing away, with what was wrong with it in a text file beside it."""
        folder = self.folder / ("done" if taken else "rejected")
        rights = S_IMODE(self.folder.stat().st_mode)  # who puts things here reads what they became
        if not folder.exists():
            folder.mkdir()
            _share(folder, rights)
        target = folder / _short(path)
        if target.exists():
            target = folder / f"{Path(target.name).stem}.{now:%Y%m%d-%H%M%S-%f}{path.suffix}"
        if reasons:
            beside = target.with_name(target.name + ".reasons.txt")
            lines = "".join(f"{reason}\n" for reason in reasons)
            beside.write_text(lines, encoding="utf-8", errors="replace")
            _share(beside, rights & 0o666)
        path.replace(target)
        self._seen.pop(path, None)


def _share(path: Path, rights: int) -> None:
    try:
        path.chmod(rights)
    except PermissionError:  # RestrictSUIDSGID of our systemd units lets nobody set a group ID
        path.chmod(rights & 0o777)


def no_list(path: Path) -> str:
    """Why something cannot be a list, whatever is in it; "" when it may be one. Raises OSError."""
    mode = path.lstat().st_mode
    if S_ISDIR(mode):
        return _FOLDER
    if not S_ISREG(mode):
        return _NO_FILE
    if path.name.startswith(_LOCKS) or path.name.lower() in _LITTER:
        return _LEFT_BEHIND
    return _NOT_WHOLE if _is_unfinished(path) else ""


def _in_use(names: set[str]) -> set[str]:
    """Documents that have their lock beside them, and these locks. In the lock of a long name Excel
    leaves out the first two letters."""
    found: set[str] = set()
    for name in names:
        if not name.startswith(_LOCKS):
            locks = names & {f"~${name}", f"~${name[2:]}", f".~lock.{name}#"}
            found |= {name, *locks} if locks else set()
    return found


def _is_unfinished(path: Path) -> bool:
    hidden = path.name.startswith(".") and path.name.lower() not in _LITTER
    return path.suffix.lower() in _UNFINISHED or (hidden and not path.name.startswith(_LOCKS))


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
