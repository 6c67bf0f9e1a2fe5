"""`python -m benchmarks [--quick] [NAME …]`."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.report import HEADER, QUICK, Effort, Row

NAMES = (
    "first_value",
    "chart_load",
    "drawing",
    "event_to_dom",
    "update_cost",
    "console",
    "fan_out",
    "overload",
    "stalled",
)
RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Run what is asked for, print row by row, write the table when all was run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="a smoke; its figures mean nothing")
    told = parser.parse_args()
    lines, before = [HEADER], os.getloadavg()[0]
    print(HEADER, flush=True)
    for row in rows(told.names or NAMES, QUICK if told.quick else Effort()):
        print(row, flush=True)
        lines.append(str(row))
    if not told.names and not told.quick:
        RESULTS.write_text("\n".join([*lines, "", _machine(before), ""]), encoding="utf-8")


def _machine(load_before: float) -> str:
    """Figures of a busy machine say little: how busy it was belongs to them."""
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}; load average {load_before:.1f} before the run, "
        f"{os.getloadavg()[0]:.1f} after it."
    )


def rows(names: tuple[str, ...], effort: Effort) -> Iterator[Row]:
    """The rows of the named benchmarks: each is a module with a function `run`."""
    for name in names:
        run: Callable[[Effort], Iterator[Row]] = import_module(f"benchmarks.{name}").run
        yield from run(effort)


if __name__ == "__main__":
    main()
