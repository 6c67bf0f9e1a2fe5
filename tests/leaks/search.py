"""The search: every secret in each of its shapes, in every file, by GNU grep, which looks for
thousands of texts at once."""

from __future__ import annotations

import base64
import html
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.leaks.registry import SHORTEST

_AT_ONCE = 500  # files of one call of grep


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Somebody said a secret. Says everything but the secret."""

    name: str
    shape: str
    place: str

    def __str__(self) -> str:
        return f"{self.name} ({self.shape}): {self.place}"


def search(secrets: Mapping[str, str], files: Iterable[Path]) -> list[Leak]:
    """Every leak, each once. `secrets` are names by value."""
    needles: dict[bytes, tuple[str, str]] = {}
    for value, name in secrets.items():
        for shape, needle in shapes(value):
            if len(needle) >= SHORTEST:
                needles.setdefault(needle, (name, shape))
    found = set()
    for path, line, told in _grep(needles, [path for path in files if path.is_file()]):
        name, shape = needles[told]
        found.add(Leak(name, shape, _place(path, line, told)))
    return sorted(found)


def shapes(value: str) -> Iterator[tuple[str, bytes]]:
    """How a text looks where it is said: as it is, and as it is written in other languages."""
    raw = value.encode(errors="surrogatepass")
    yield "as it is", raw
    yield "in JSON", json.dumps(value)[1:-1].encode()
    yield "in Python", repr(value)[1:-1].encode(errors="surrogatepass")
    yield "in HTML", html.escape(value).encode(errors="surrogatepass")
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield "in a URL", encoded.encode()
    for skipped in range(3):
        yield "in base64", _inside_base64(raw, skipped)
        yield "in base64", _inside_base64(raw, skipped).translate(bytes.maketrans(b"+/", b"-_"))


def _inside_base64(raw: bytes, skipped: int) -> bytes:
    """What stands in base64 for certain, whatever is before and after: "user:" + `raw`."""
    coded = base64.b64encode(b"\0" * skipped + raw)
    first, last = -(-skipped * 8 // 6), (skipped + len(raw)) * 8 // 6
    return coded[first:last]


def _grep(
    needles: Mapping[bytes, tuple[str, str]], files: Sequence[Path]
) -> Iterator[tuple[Path, int, bytes]]:
    if not needles:
        return
    options = ["--fixed-strings", "--text", "--only-matching", "--line-number", "--with-filename"]
    command = ["grep", *options, "--null", "--file=-"]
    patterns = b"".join(needle + b"\n" for needle in needles)
    for start in range(0, len(files), _AT_ONCE):
        some = [str(path) for path in files[start : start + _AT_ONCE]]
        told = subprocess.run(
            [*command, "--", *some],
            input=patterns,
            stdout=subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C"},
            check=False,  # 1: nothing was found
        )
        for row in told.stdout.splitlines():
            path, _, rest = row.partition(b"\0")
            line, _, match = rest.partition(b":")
            yield Path(os.fsdecode(path)), int(line), match


def _place(path: Path, line: int, told: bytes) -> str:
    if path.suffix == ".said":
        return _line(path, line).partition("\t")[0]
    if path.name.endswith((".db", ".db-wal")):
        return f"{path} {_column(path, told)}"
    return f"{path}:{line}"


def _line(path: Path, number: int) -> str:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return next((text for n, text in enumerate(lines, 1) if n == number), "")


def _column(path: Path, told: bytes) -> str:
    """Which column of which table of an SQLite file says it."""
    file = path.with_name(path.name.removesuffix("-wal"))
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as records:
            records.text_factory = bytes
            tables = records.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                rows = records.execute(f'SELECT * FROM "{table.decode()}"')
                for row in rows:
                    for column, cell in zip(rows.description, row, strict=True):
                        if isinstance(cell, bytes) and told in cell:
                            return f"{table.decode()}.{column[0]}"
    except sqlite3.Error as error:
        return f"({error})"
    return "(in a row that is no more)"
