"""`python -m benchmarks.cameras [--quick] [NAME …]`: all but the faults, or what is named."""

from __future__ import annotations

import argparse
import os
import platform
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from benchmarks.cameras.effort import QUICK, Effort
from benchmarks.report import HEADER, Row

NAMES = ("decoding", "scale", "returning", "freeze", "dead")
FAULTS = ("faults",)
RESULTS = Path(__file__).parents[1] / "CAMERAS.md"


def main() -> None:
    """Run it, print row by row, write the table when one of the two runs was complete."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cameras", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES + FAULTS))
    parser.add_argument("--quick", action="store_true", help="a smoke; its figures mean nothing")
    parser.add_argument("--counts", help="other numbers of cameras, like 1,8,64")
    told = parser.parse_args()
    names, lines = tuple(told.names) or NAMES, [HEADER]
    print(HEADER, flush=True)
    for row in rows(names, _effort(told)):
        print(row, flush=True)
        lines.append(str(row))
    if names in (NAMES, FAULTS) and not told.quick and not told.counts:
        title = "Faults among healthy cameras" if names == FAULTS else "Scale and times"
        renew(RESULTS, title, "\n".join([*lines, "", _machine()]))


def rows(names: Sequence[str], effort: Effort) -> Iterator[Row]:
    """The rows of the named benchmarks: each is a module with a function `run`."""
    for name in names:
        run: Callable[[Effort], Iterator[Row]] = import_module(f"benchmarks.cameras.{name}").run
        yield from run(effort)


def renew(path: Path, title: str, text: str) -> None:
    """Put `text` under its title in a Markdown file; what is under others stays."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = dict(re.findall(r"^## (.+?)\n\n(.*?)\n*(?=^## |\Z)", old, re.MULTILINE | re.DOTALL))
    parts[title] = text
    made = "\n\n".join(f"## {title}\n\n{part}" for title, part in parts.items())
    path.write_text(made + "\n", encoding="utf-8")


def _effort(told: argparse.Namespace) -> Effort:
    effort = QUICK if told.quick else Effort()
    if not told.counts:
        return effort
    return replace(effort, counts=tuple(int(count) for count in told.counts.split(",")))


def _machine() -> str:
    """Figures of a busy machine say little: how busy it was belongs to them."""
    return (
        f"{os.cpu_count()} cores (the cameras process on one, all else on the other), "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; "
        f"load average {os.getloadavg()[0]:.1f} at the end."
    )


if __name__ == "__main__":
    main()
