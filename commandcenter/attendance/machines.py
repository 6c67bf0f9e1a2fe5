"""The list of fingerprint machines that people keep in a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commandcenter.lists import BadList, list_stamp, read_list


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMachine:
    """A row of the list of machines."""

    serial: str
    office: str
    name: str = ""
    behind: str = ""  # id of the network device it hangs on


@dataclass
class MachineList:
    """The list of machines, read again when its file changes. The last good one stays in use."""

    path: Path
    mistake: str = ""
    _rows: dict[str, ListedMachine] | None = None
    _stamp: tuple[int, int] | None = None

    def current(self) -> dict[str, ListedMachine]:
        """The machines by serial. Raises BadList when there never was a good list."""
        stamp = list_stamp(self.path)
        if stamp != self._stamp or self._rows is None:
            self._stamp = stamp
            self._load()
        return self._rows or {}

    def _load(self) -> None:
        try:
            self._rows = {r.serial: r for r in read_list(self.path, ListedMachine).usable()}
            self.mistake = ""
        except BadList as error:
            self.mistake = str(error)
            if self._rows is None:
                raise
