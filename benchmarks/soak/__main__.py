"""`python -m benchmarks.soak [--minutes 30] [--day 24] [--seed 7]`: see benchmarks/soak."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks.soak.chromium import find_chromium
from benchmarks.soak.conduct import Soak
from benchmarks.soak.figures import HEADER, Findings, rows
from benchmarks.soak.plan import FULL, Day, plan

RESULTS = Path(__file__).parents[1] / "SOAK.md"


def main() -> int:
    """Run it, print the table, write it when it was a full run; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=FULL / 60, help="how long it takes")
    parser.add_argument("--day", type=float, default=24.0, help="hours lived in each 30 minutes")
    parser.add_argument("--seed", type=int, default=7, help="of the faults and the day")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    told = parser.parse_args()
    seconds = 60 * told.minutes
    faults = plan(told.seed, seconds)
    print(f"seed {told.seed}: {len(faults)} faults", *faults, sep="\n", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    day = Day(hours=told.day * seconds / FULL, seconds=seconds)
    soak = Soak(folder, day, faults, told.seed, find_chromium(), _say)
    try:
        found = uvloop.run(soak.run())
    finally:
        if not told.keep:
            shutil.rmtree(folder, ignore_errors=True)
    table, met = _table(found, told.seed, day, len(faults))
    print(table)
    if seconds >= FULL:
        RESULTS.write_text(table, encoding="utf-8")
    return 0 if met else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _table(found: Findings, seed: int, day: Day, faults: int) -> tuple[str, bool]:
    told = rows(found)
    about = (
        f"{day.hours:g} h of a region's life ({day.events:,} events) in {day.seconds / 60:g} min, "
        f"{faults} faults of seed {seed}; {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, load average {os.getloadavg()[0]:.1f} at the end."
    )
    lines = [HEADER, *map(str, told), "", about, ""]
    return "\n".join(lines), all(row.met is not False for row in told)


if __name__ == "__main__":
    sys.exit(main())
