"""Logging of every process: one line an event, and never a password."""

from __future__ import annotations

import logging
import sys
import time

from commandcenter.secret import redact

_ONE_LINE = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


class Redacted(logging.Formatter):
    """Takes what opens a door out of every line, also out of tracebacks, and keeps a message on
    one line: nobody can write a line of their own into the log. Times are UTC, and say so."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        return super().formatMessage(record).translate(_ONE_LINE)


def set_up_logs(process: str) -> None:
    """Log to stderr, where systemd and `commandcenter run` read it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacted(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.error", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
