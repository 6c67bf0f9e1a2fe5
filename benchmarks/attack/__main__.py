"""`python -m benchmarks.attack [--seconds 12] [--only nginx] [attack …]`: see benchmarks/attack."""

from __future__ import annotations

import argparse
import http.server
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from time import sleep

import psutil

from benchmarks.attack.attacks import ATTACKS, attack
from benchmarks.attack.house import Target, house, named
from benchmarks.attack.witnesses import Witnesses, witnesses
from benchmarks.machine import Worker
from tests.conftest import free_port
from tests.system.program import Program

RESULTS = Path(__file__).parents[1] / "ATTACK.md"
LINES = ("web", "feeds")  # of the Procfile: they hear strangers
CALM = 8.0  # seconds before and after, in which nobody does anything
GOALS = {"wall": 2.0, "machine": 2.0, "passer-by": inf, "web +MB": 50.0, "feeds +MB": 50.0}
"""The wall hears something each second, so 2 s is one second late. A passer-by waits for their turn
behind two hundred addresses that ask at once: of that only the figure is told."""
ABOUT = """# What strangers can do, and who notices

`make attack` measures this: each attack for {seconds:g} s on loopback, against `commandcenter run`
as it is, and with nginx in front of the web (docs/access.md has its settings). *wall*: the longest
time in which a wall in Chromium heard nothing (it hears something each second). *machine*: the
longest answer to a fingerprint machine that polls twice a second; *passer-by*: the longest answer
of /healthz. Memory: the most that a process had above its calm. Attackers run with nice 10 on the
same {cores} cores. Goals: 2 s for the wall (one second late) and the machine, +50 MB.
"""


def main() -> int:
    """Run it, print the tables, write them when all was run; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="that each attack lasts")
    parser.add_argument("--only", choices=("direct", "nginx"), help="one of the two runs")
    parser.add_argument("attacks", nargs="*", metavar="attack", help=", ".join(ATTACKS))
    told = parser.parse_args()
    chosen = told.attacks or list(ATTACKS)
    parts = [ABOUT.format(seconds=told.seconds, cores=os.cpu_count())]
    met = True
    for nginx in {"direct": [False], "nginx": [True]}.get(told.only, [False, True]):
        lines, well = _run(chosen, told.seconds, nginx=nginx)
        title = "## With nginx in front" if nginx else "## The program itself"
        parts += [title, "", *lines, ""]
        met = met and well
    parts.append(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}.\n")
    print("\n".join(parts))
    if not told.attacks and not told.only:
        RESULTS.write_text("\n".join(parts), encoding="utf-8")
    return 0 if met else 1


def _run(chosen: list[str], seconds: float, *, nginx: bool) -> tuple[list[str], bool]:
    with (
        _odd_site() as applications,
        house(nginx=nginx, applications=applications) as (program, at),
    ):
        processes = named(program, *LINES)
        with witnesses(at, processes) as seen:
            sleep(CALM)
            seen.weight.settle()
            seen.told()
            rows = [_row("nothing", seconds, program, at, seen)]
            rows += [_row(name, seconds, program, at, seen) for name in chosen]
        deaths = sum(not process.is_running() for process in processes.values())
        log = program.log()
        told = [
            f"Deaths: {deaths + log.count('starting it again')}. Log: {len(log) / 1e3:.0f} kB, "
            f"{log.count('Traceback')} tracebacks. {_applications(program)}",
        ]
        cells = [[name, *(_cell(key, found[key]) for key in GOALS)] for name, found in rows]
        lines = [_line(["attack", *GOALS]), _line(["---", *["---:"] * len(GOALS)])]
        lines += [*map(_line, cells), "", *told]
        met = deaths == 0 and all(found[key] <= GOALS[key] for _, found in rows for key in GOALS)
    return lines, met


def _row(
    name: str, seconds: float, program: Program, target: Target, seen: Witnesses
) -> tuple[str, dict[str, float]]:
    before = len(program.log())
    if name == "nothing":
        sleep(seconds)
    else:
        with Worker(attack, name, target, seconds) as worker:
            worker.hear()
        sleep(2.0)  # what it left behind is part of it
    found = seen.told()
    print(name, {k: round(v, 2) for k, v in found.items()}, len(program.log()) - before, flush=True)
    return name, found


def _cell(key: str, found: float) -> str:
    unit = "MB" if "MB" in key else "s"
    told = f"{found:.0f} {unit}" if unit == "MB" else f"{found:.2f} {unit}"
    return told if found <= GOALS[key] else f"**{told}**"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _applications(program: Program) -> str:
    feed = program.readyz().get("feeds", {}).get("applications", {})
    return f"The feed of the applications, one of which names an encoding that is none: {feed}."


@contextmanager
def _odd_site() -> Iterator[str]:
    """A list of two applications: one names an encoding that is none, the other is well."""

    class Odd(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            charset = "zlib" if "odd" in self.path else "utf-8"
            self.send_header("Content-Type", f"text/html; charset={charset}")
            self.end_headers()
            self.wfile.write(b"<h1>Selamat datang</h1>")

        def log_message(self, *_: object) -> None:
            pass

    port = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Odd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"id,name,url\nodd,Aneh,http://127.0.0.1:{port}/odd\nwell,Sehat,http://127.0.0.1:{port}/\n"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    psutil.Process().nice(0)
    sys.exit(main())
