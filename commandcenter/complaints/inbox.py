"""The folder into which people drop spreadsheets of complaints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_ENDINGS = (".csv", ".xlsx")


@dataclass(slots=True)
class Inbox:
    """Files wait in `folder`; afterwards they lie in its done/ or rejected/."""

    folder: Path
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def ready(self) -> list[Path]:
        """Files that look as they did at the last call: nobody is still copying them.

        Raises OSError when the folder can neither be read nor made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        there = {path: _stamp(path) for path in sorted(self.folder.iterdir()) if _wanted(path)}
        settled = [path for path, stamp in there.items() if self._seen.get(path) == stamp]
        self._seen = there
        return settled

    def finish(self, path: Path, reasons: Sequence[str], now: datetime, *, taken: bool) -> None:
        """Move a file away, with what was wrong in it in a text file beside it."""
        folder = self.folder / ("done" if taken else "rejected")
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        if target.exists():
            target = folder / f"{path.stem}.{now:%Y%m%d-%H%M%S-%f}{path.suffix}"
        if reasons:
            beside = target.with_name(target.name + ".reasons.txt")
            beside.write_text("".join(f"{reason}\n" for reason in reasons), encoding="utf-8")
        path.replace(target)


def _wanted(path: Path) -> bool:
    # "~$…" is what Excel leaves beside a file that is open.
    hidden = path.name.startswith((".", "~$"))
    return path.suffix.lower() in _ENDINGS and not hidden and path.is_file()


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
