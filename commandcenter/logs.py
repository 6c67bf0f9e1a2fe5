"""Logging of every process: one line an event, and never a password."""

from __future__ import annotations

import logging
import sys

from commandcenter.secret import redact


class Redacted(logging.Formatter):
    """Takes user and password out of every address, also in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up_logs(process: str) -> None:
    """Log to stderr, where systemd and `commandcenter run` read it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacted(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.error", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
