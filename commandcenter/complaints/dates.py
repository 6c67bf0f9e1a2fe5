"""Dates as Indonesians write them and as spreadsheets keep them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from commandcenter.records.complaints import BadComplaint

_MONTHS = ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu", "sep", "okt", "nov", "des")
_OTHER_NAMES = {"may": 5, "aug": 8, "ags": 8, "agt": 8, "oct": 10, "nop": 11, "dec": 12, "peb": 2}
_CLOCK = r"(?:[ ,T]+(?:pukul )?(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:\.\d+)?)?)?"
_ZONE = r"(?: ?wib| ?wita| ?wit)?"
_FORMS = tuple(
    re.compile(rf"(?:[a-z'’]+, ?)?{day}{_CLOCK}{_ZONE}", re.IGNORECASE | re.ASCII)
    for day in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})",
        r"(?P<d>\d{1,2})[ -](?P<m>[a-z]{3,9})[ -](?P<y>\d{4}|\d{2})",
    )
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- day 0 of Excel's calendar, on the local clock


def moment(told: str, zone: tzinfo, now: datetime) -> datetime | None:
    """The instant in UTC; None for an empty text. Without a zone it is meant on the local clock.

    Takes ISO 8601, "21 Nov 2026 08.30", "Sabtu, 21 Agustus 2026", "21/11/2026" (day first) and
    Excel's serial numbers. Raises BadComplaint, also for a time before 2000 or after tomorrow.
    """
    told = told.strip()
    if not told:
        return None
    found = _iso(told) or _local(told, zone)
    if not now.replace(year=2000) <= found <= now + timedelta(days=1):
        raise BadComplaint("a date lies before 2000 or in the future")
    return found


def due(told: str, zone: tzinfo) -> datetime | None:
    """Like `moment`, for a time that may lie in the future. Raises BadComplaint."""
    told = told.strip()
    return (_iso(told) or _local(told, zone)) if told else None


def _iso(told: str) -> datetime | None:
    """Only with a zone of its own; else it is a local time like the others."""
    try:
        found = datetime.fromisoformat(told)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _local(told: str, zone: tzinfo) -> datetime:
    try:
        return (_serial(told) or _written(told)).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadComplaint("a date is not like 2026-11-21 08:30 or 21 Nov 2026") from None


def _serial(told: str) -> datetime | None:
    if not _SERIAL.fullmatch(told):
        return None
    # To the second: a day's fraction in a float is off by some microseconds.
    return _EPOCH + timedelta(seconds=round(float(told) * 86_400))


def _written(told: str) -> datetime:
    found = next((m for form in _FORMS if (m := form.fullmatch(told))), None)
    if found is None:
        raise ValueError
    year = int(found["y"])
    day = year if year > 99 else 2000 + year, _month(found["m"]), int(found["d"])
    hour, minute, second = (int(found[part] or 0) for part in ("h", "min", "s"))
    return datetime(*day, hour, minute, second)  # noqa: DTZ001 -- local, the caller knows the zone


def _month(told: str) -> int:
    if told.isdecimal():
        return int(told)
    short = told.lower()[:3]
    return _MONTHS.index(short) + 1 if short in _MONTHS else _OTHER_NAMES.get(short, 0)
