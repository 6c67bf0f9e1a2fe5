"""Nobody fills the log, and nothing is left out of it without a word."""

from __future__ import annotations

import io
import logging
import sys

from commandcenter.logs import RateLimitedHandler, Redacted


def record(
    message: str, *values: object, line: int = 1, at: float = 0.0, level: int = logging.ERROR
) -> logging.LogRecord:
    made = logging.LogRecord("feeds", level, __file__, line, message, values, None)
    made.created = at
    return made


def handler() -> tuple[RateLimitedHandler, io.StringIO]:
    written = io.StringIO()
    calm = RateLimitedHandler(written)
    calm.setFormatter(Redacted("%(levelname)s %(message)s"))
    return calm, written


def lines(written: io.StringIO) -> list[str]:
    return written.getvalue().splitlines()


def test_what_is_said_again_and_again_is_counted() -> None:
    calm, written = handler()
    for _ in range(1_000):
        calm.handle(record("machine %s waits", "DK1"))
    calm.handle(record("machine %s waits", "DK2"))
    calm.handle(record("another thing", line=2))
    assert lines(written) == [
        *["ERROR machine DK1 waits"] * 20,
        "ERROR machine DK2 waits",
        "ERROR another thing",
    ]
    calm.tell()
    assert lines(written)[22:] == ["ERROR 980 more lines are left out like: machine %s waits"]
    calm.tell()
    assert len(lines(written)) == 23
    calm.handle(record("machine %s waits", "DK1", at=60.0))
    assert lines(written)[23:] == ["ERROR machine DK1 waits"]


def test_invented_values_do_not_fill_the_log_nor_silence_another_place() -> None:
    calm, written = handler()
    for number in range(20_000):
        calm.handle(record("stranger %s", f"X{number}", level=logging.WARNING))
    calm.handle(record("our own failure %s", "x", line=2))
    assert len(lines(written)) == 201
    assert lines(written)[-1] == "ERROR our own failure x"
    calm.close()  # as at the end of the process
    assert lines(written)[-1] == "WARNING 19800 more lines are left out like: stranger %s"


def test_a_long_message_is_cut_and_a_long_traceback_keeps_its_end() -> None:
    form = Redacted("%(levelname)s %(message)s")
    assert len(form.format(record("%s", "x" * 10**7))) < 2_100
    try:
        raise ValueError("x" * 10**6 + "\n2026-12-01 web INFO forged\x1b[2J\nthe end")
    except ValueError:
        line = record("failed")
        line.exc_info = sys.exc_info()
    told = form.format(line)
    assert len(told) < 8_200
    assert told.startswith("ERROR failed\nTraceback")
    assert told.endswith("\n  2026-12-01 web INFO forged\\x1b[2J\n  the end")
