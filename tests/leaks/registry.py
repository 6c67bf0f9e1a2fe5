"""What must not be said, and what was said: one of each for a process of the test session.

Every process writes its own files into the session's folder; the one that began the session reads
them all at its end.
"""

from __future__ import annotations

import base64
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

SHORTEST = 8  # what is shorter is found everywhere by chance
LONGEST = 2_000_000  # characters of one text that are searched
HERE = Path(__file__).parents[2]


def secret(value: str, name: str = "") -> str:
    """`value`, from now on searched for in everything that is said. `name` is told instead of it;
    without one the place of the call. Raises ValueError for what is too short to be searched."""
    if not searchable(value):
        raise ValueError(f"a secret of a test has {SHORTEST} characters or more, on one line")
    THIS.secrets.setdefault(value, name or f"secret of {_caller()}")
    return value


def keep(path: Path) -> Path:
    """`path`, a file that is searched, too, if it is there at the end of the session. Needed only
    outside of pytest's own folders, and for names that plugin.KEPT does not know."""
    THIS.files.add(path)
    return path


def not_ours(address: str) -> None:
    """What the server at `address` (host:port) answers is not searched: a test's own server, which
    gives out secrets as the real one would."""
    THIS.others.add(address)


def searchable(value: str) -> bool:
    """Whether it can be told from an ordinary word."""
    return len(value) >= SHORTEST and "\n" not in value


@dataclass
class Process:
    """One process of the session."""

    secrets: dict[str, str] = field(default_factory=dict)
    """By value: the name under which it is told."""
    files: set[Path] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    """host:port of servers that are not ours."""
    said: IO[str] | None = None
    folder: Path | None = None

    def open(self, folder: Path) -> None:
        """From now on what is said is written down, into a file of `folder`."""
        self.folder = folder
        self.said = (folder / f"{os.getpid()}.said").open("w", encoding="utf-8", errors="replace")

    def told(self, where: str, text: str) -> None:
        """Somebody said `text`, `where`."""
        if self.said is None or self.said.closed:
            return
        test = without_parameters(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0])
        lines = (f"{where} in {test}\t{line}\n" for line in text[:LONGEST].splitlines())
        self.said.writelines(lines)

    def may_be_secret(self, value: str, name: str) -> None:
        """Something that opened a door; ordinary words ("public") are left out."""
        if searchable(value):
            self.secrets.setdefault(value, name)

    def close(self) -> None:
        """Write the secrets and files down for the process that searches."""
        if self.folder is None or self.said is None:
            return
        self.said.close()
        rows = [f"{_packed(value)} {name}\n" for value, name in self.secrets.items()]
        (self.folder / f"{os.getpid()}.secrets").write_text("".join(rows), encoding="utf-8")
        kept = "".join(f"{path}\n" for path in self.files)
        (self.folder / f"{os.getpid()}.files").write_text(kept, encoding="utf-8")


def without_parameters(test: str) -> str:
    """The name of a test, of which nothing is searched: its parameters may be the very secret."""
    return test.partition("[")[0]


THIS = Process()  # a test session's process is what it is: there is no other to pass around


def secrets_of(folder: Path) -> dict[str, str]:
    """The secrets of every process of the session, by value."""
    rows = (row for path in folder.glob("*.secrets") for row in path.read_text().splitlines())
    found = (row.partition(" ") for row in rows)
    return {
        base64.b64decode(value).decode(errors="surrogatepass"): name for value, _, name in found
    }


def files_of(folder: Path) -> set[Path]:
    """The files that tests named with `keep`."""
    return {Path(row) for path in folder.glob("*.files") for row in path.read_text().splitlines()}


def _packed(value: str) -> str:
    return base64.b64encode(value.encode(errors="surrogatepass")).decode()


def _caller() -> str:
    frame = sys._getframe(2)
    path = Path(frame.f_code.co_filename)
    place = path.relative_to(HERE) if path.is_relative_to(HERE) else path.name
    return f"{place}:{frame.f_lineno}"
