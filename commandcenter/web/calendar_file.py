"""Maintenance windows as an iCalendar file (RFC 5545), for the calendars people already have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from commandcenter.records.maintenance import Window


def calendar(windows: Iterable[Window], name: str) -> bytes:
    """A VCALENDAR. A cancelled window stays in it, marked so: else calendars would keep it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//commandcenter//maintenance//ID"]
    lines += [f"X-WR-CALNAME:{_text(name)}", "METHOD:PUBLISH"]
    lines += [line for window in windows for line in _event(window)]
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _event(window: Window) -> Iterator[str]:
    cancelled = window.cancelled_at is not None
    yield "BEGIN:VEVENT"
    yield f"UID:maintenance-{window.id}@commandcenter"
    yield f"SEQUENCE:{int(cancelled)}"
    yield f"DTSTAMP:{_moment(window.cancelled_at or window.created_at)}"
    yield f"DTSTART:{_moment(window.starts_at)}"
    yield f"DTEND:{_moment(window.ends_at)}"
    yield f"SUMMARY:{_text(window.title)}"
    yield f"DESCRIPTION:{_text(window.note)}"
    yield f"LOCATION:{_text(f'{window.kind} {window.scope}'.strip())}"
    yield f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(told: str) -> str:
    """Section 3.3.11."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        told = told.replace(plain, escaped)
    return told


def _folded(line: str) -> bytes:
    """Section 3.1: no line has more than 75 bytes, and none is cut within a letter."""
    told, here = b"", 0
    for letter in line:
        raw = letter.encode()
        if here + len(raw) > 75:
            told, here = told + b"\r\n ", 1
        told, here = told + raw, here + len(raw)
    return told + b"\r\n"
