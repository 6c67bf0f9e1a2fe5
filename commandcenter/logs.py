"""Logging of every process: one line an event, never a password, and no flood."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from commandcenter.rates import Rates
from commandcenter.secret import redact

_ONE_LINE = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


_LONGEST = 2_000  # characters of a message
_LONGEST_TRACEBACK = 8_000
_LOOKED_AT = 16_000  # of either: patterns that look for secrets take their time


class Redacted(logging.Formatter):
    """Takes what opens a door out of every line, also out of tracebacks, and keeps a message on
    one line, and not a long one: nobody can write a line of their own into the log. Times are UTC,
    and say so."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        told = super().formatMessage(record)[:_LOOKED_AT].translate(_ONE_LINE)
        return _cut(redact(told), _LONGEST, 0)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's own name)
        """Its lines are set in, but for the first: an error may repeat lines that somebody sent."""
        told = _cut(super().formatException(ei), _LOOKED_AT // 4, _LOOKED_AT)
        lines = (line.translate(_ONE_LINE) for line in redact(told).split("\n"))
        return _cut("\n  ".join(lines), _LONGEST_TRACEBACK // 4, _LONGEST_TRACEBACK)


def _cut(text: str, head: int, whole: int) -> str:
    """Its head, and when it is longer than `whole` its end, where a traceback says what it was."""
    if len(text) <= max(head, whole):
        return text
    return f"{text[:head]}… ({len(text)} characters) …{text[head - whole :] if whole else ''}"


class CallSite(NamedTuple):
    """The place in the program that speaks: whoever sends something has no part in it."""

    name: str
    level: int
    path: str
    line: int
    message: str

    @classmethod
    def of(cls, record: logging.LogRecord) -> CallSite:
        message = str(record.msg)[:200] if record.args else ""
        return cls(record.name, record.levelno, record.pathname, record.lineno, message)


@dataclass(slots=True)
class LineLimits:
    """Which lines are too much: of one place in the program 200 at once and 2 a second, with the
    same first value 20 at once and one in 3 seconds. The first of a place is never left out."""

    left_out: Counter[CallSite] = field(default_factory=Counter)
    _kinds: Rates = field(default_factory=lambda: Rates(rate=2.0, burst=200))
    _values: Rates = field(default_factory=lambda: Rates(rate=1 / 3, burst=20))

    def passes(self, record: logging.LogRecord) -> bool:
        """Whether it is written; if not, it is counted."""
        site = CallSite.of(record)
        place = f"{site.path}:{site.line} {site.level}"
        value = str(record.args[0])[:80] if isinstance(record.args, tuple) and record.args else ""
        calm = self._values.take(f"{place} {value}", record.created).allowed
        if calm and self._kinds.take(place, record.created).allowed:
            return True
        self.left_out[site] += 1
        return False


class RateLimitedHandler(logging.StreamHandler[Any]):
    """Writes lines; of those that are too much how many they were, when a minute is over."""

    PAUSE = 60.0

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._limits = LineLimits()

    def emit(self, record: logging.LogRecord) -> None:
        if self._limits.passes(record):
            super().emit(record)
        elif self._limits.left_out.total() == 1:
            timer = threading.Timer(self.PAUSE, self.tell)
            timer.daemon = True
            timer.start()

    def tell(self) -> None:
        """Write how many lines were left out."""
        with self.lock or threading.RLock():
            left_out, self._limits.left_out = self._limits.left_out, Counter()
            for site, count in left_out.items():
                name, level, path, line, message = site
                told = (count, message or f"{path}:{line}")
                text = "%d more lines are left out like: %s"
                super().emit(logging.LogRecord(name, level, path, line, text, told, None))

    def close(self) -> None:
        self.tell()
        super().close()


def set_up_logs(process: str) -> None:
    """Log to stderr, where systemd and `commandcenter run` read it."""
    handler = RateLimitedHandler(sys.stderr)
    handler.setFormatter(Redacted(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.error", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
