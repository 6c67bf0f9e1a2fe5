"""`commandcenter web` of which the event loop hangs soon after its start, in the way that the first
word says: python -m tests.system.hanging search|freeze --config config.toml web"""

import asyncio
import os
import re
import signal
import sys

from commandcenter.cli import main
from commandcenter.config import Config
from commandcenter.processes import PROCESSES


def search() -> None:
    """An expression that never ends, in C and with the interpreter's lock held."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


async def hang(_: Config) -> None:
    await asyncio.sleep(0.3)
    {"search": search, "freeze": freeze}[sys.argv[1]]()


if __name__ == "__main__":
    PROCESSES["web"] = hang
    raise SystemExit(main(sys.argv[2:]))
