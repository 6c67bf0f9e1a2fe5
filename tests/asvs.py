"""OWASP ASVS 5.0.0, levels 1 and 2: which requirements hold, as the tests themselves claim it.

    python -m tests.asvs    writes docs/asvs.md

A test claims by a marker, @pytest.mark.asvs("1.2.3", …); asvs.toml tells what each requirement
wants, and a verdict of those that nothing claims.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "asvs.md"
HOLDS = "holds"
VERDICTS = (HOLDS, "does not hold", "left to the operator", "does not apply")
CHAPTERS = (
    "Encoding and sanitization", "Validation and business logic", "Web front end",
    "API and web service", "Files", "Authentication", "Sessions", "Authorization",
    "Self-contained tokens", "OAuth and OIDC", "Cryptography", "Secure communication",
    "Configuration", "Data protection", "Secure coding and architecture", "Logging and errors",
    "WebRTC",
)  # fmt: skip
_HEAD = """\
# OWASP ASVS 5.0.0, levels 1 and 2, item by item

Written by `python -m tests.asvs` from the markers of the tests and from tests/asvs.toml; a test
keeps it as they are.

The [Application Security Verification Standard](https://github.com/OWASP/ASVS/tree/v5.0.0_release/5.0)
5.0.0 (CC BY-SA 4.0) has {count} requirements of levels 1 and 2. Each is told here in a few words of
our own; what counts is its text there. **L** is its level.

{counts}

- **holds**: the tests beside it show it.
- **does not hold**: a gap. All of them stand together first.
- **left to the operator**: SECURITY.md, "What you have to do", says what.
- **does not apply**: there is no such thing here.

Files without a folder are of `commandcenter/`; tests are below `tests/`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A test that is marked: its file below tests/, its name, and the numbers."""

    file: str
    test: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One of asvs.toml, with the tests that claim it."""

    number: str
    level: int
    wants: str
    how: str
    verdict: str = HOLDS
    shown_by: tuple[Claim, ...] = ()

    @property
    def place(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.number.split("."))


def claims(folder: Path = TESTS) -> Iterator[Claim]:
    """Every test with the marker. The files are read and not run: that takes no time."""
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "mark.asvs(" in text else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                numbers = tuple(n for mark in node.decorator_list for n in _numbers(mark))
                if numbers:
                    name = path.relative_to(folder).as_posix()
                    yield Claim(file=name, test=node.name, numbers=numbers)


def requirements(told: Sequence[Claim]) -> list[Requirement]:
    """All of asvs.toml, in the order of their numbers there."""
    tables = tomllib.loads((TESTS / "asvs.toml").read_text(encoding="utf-8"))
    return [
        Requirement(number=n, shown_by=tuple(c for c in told if n in c.numbers), **table)
        for n, table in tables.items()
    ]


def page(known: Sequence[Requirement]) -> str:
    """docs/asvs.md."""
    counts: Mapping[str, int] = Counter(one.verdict for one in known)
    lines = [f"| {' | '.join(VERDICTS)} |", "|---" * len(VERDICTS) + "|"]
    lines.append(f"| {' | '.join(str(counts[verdict]) for verdict in VERDICTS)} |")
    parts = [_HEAD.format(count=len(known), counts="\n".join(lines))]
    gaps = [one for one in known if one.verdict == "does not hold"]
    parts.append("## What does not hold\n\n" + _table(gaps))
    for chapter, rows in groupby(known, lambda one: one.place[0]):
        parts.append(f"## V{chapter} {CHAPTERS[chapter - 1]}\n\n" + _table(list(rows)))
    return "\n".join(parts)


def _numbers(mark: ast.expr) -> Iterator[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.asvs":
        yield from (ast.literal_eval(number) for number in mark.args)


def _table(rows: Sequence[Requirement]) -> str:
    lines = ["| No. | L | Requirement | Verdict | How, or why not | Shown by |", "|---" * 6 + "|"]
    for one in rows:
        shown = "<br>".join(f"{c.file} `{c.test}`" for c in one.shown_by)
        cells = one.number, str(one.level), one.wants, one.verdict, one.how, shown
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(requirements(list(claims()))), encoding="utf-8")
