"""The list of fingerprint machines that people keep in a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commandcenter.lists import Listed, read_list


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMachine:
    """A row of the list of machines."""

    serial: str
    office: str
    name: str = ""
    behind: str = ""  # id of the network device it hangs on


def read_machines(path: Path) -> Listed[ListedMachine]:
    """The list of machines."""
    listed = read_list(path, ListedMachine)
    listed.leave_out_repeated("serial")
    return listed
