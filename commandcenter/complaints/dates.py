"""Dates as Indonesians write them and as spreadsheets and servers keep them.

What stands for "no date" is none: an empty text, null, zeros, and any time before 2000, such as the
epoch that servers print where they have nothing (mysociety/fms-endpoint#32).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache

from commandcenter.records.complaints import BadComplaint

_MONTHS = ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu", "sep", "okt", "nov", "des")
_OTHER_NAMES = {"may": 5, "aug": 8, "ags": 8, "agt": 8, "oct": 10, "nop": 11, "dec": 12, "peb": 2}
_ZONES = {"wib": 7, "wita": 8, "wit": 9, "utc": 0, "gmt": 0, "z": 0}  # hours before UTC
_TIME = r"(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,]\d+)?)?(?: ?(?P<half>[ap])m)?"
_CLOCK = rf"(?:[ ,T/|-]+(?:(?:pukul|pkl\.?|jam)[ :]+)?{_TIME})?"
_ZONE = r"(?: ?(?P<zone>wib|wita|wit|utc|gmt|z))?"
_FORMS = tuple(
    re.compile(rf"(?:[a-z'’]+[, ]+)?{day}{_CLOCK}{_ZONE}", re.IGNORECASE | re.ASCII)
    for day in (
        r"(?P<y>\d{4})[/.-](?P<m>\d{1,2})[/.-](?P<d>\d{1,2})",
        r"(?P<y>20\d{2})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})",
        r"(?P<d>\d{1,2})[ -](?P<m>[a-z]{3,9})[ .-]+(?P<y>\d{4}|\d{2})",
        r"(?P<m>[a-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
    )
)
_TIME_ALONE = re.compile(rf"{_TIME}{_ZONE}", re.IGNORECASE | re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- day 0 of Excel's calendar, on the local clock
_UNIX = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?", re.ASCII)  # seconds or milliseconds since 1970
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_NOTHING = re.compile(
    r"-?[0 :.,/TZ+-]*|null|none|nil|n/?a|nan|undefined|tidak ada|belum( ada)?", re.I
)
_OLD = re.compile(r"-|0\d{3}-|1[0-8]\d\d-")  # years that no calendar here can hold: -0001-11-30


def moment(told: str, zone: tzinfo, now: datetime) -> datetime | None:
    """The instant in UTC; None where no date is told. Without a zone the local clock is meant.

    Takes ISO 8601, "21 Nov 2026 08.30", "Sabtu, 21 Agustus 2026", "21/11/2026" (day first), RFC
    2822, Excel's serial numbers and Unix time. Raises BadComplaint, also for a time after tomorrow.
    """
    found = due(told, zone)
    if found is not None and found > now + timedelta(days=1):
        raise BadComplaint("a date lies in the future")
    return found


@lru_cache(1024)  # a sheet says the same some hundreds of times
def due(told: str, zone: tzinfo) -> datetime | None:
    """Like `moment`, for a time that may lie in the future. Raises BadComplaint."""
    told = " ".join(told.split())
    if _NOTHING.fullmatch(told) or _OLD.match(told):
        return None
    found = _zoned(told) or _local(told, zone)
    return found if _FIRST_YEAR <= found.year < _LAST_YEAR else None


_SHORT = re.compile(r"(\d{1,2})([/.-])(\d{1,2})(\2(?:\d{4}|\d{2})\b.*)", re.ASCII)


def are_month_first(column: Iterable[str]) -> bool:
    """Whether a column has dates like 11/21/2026, and none like 21/11/2026: then 11/05/2026 is the
    5th of November, too (submersion-app/submersion#1828, wireservice/csvkit#280)."""
    pairs = [(int(m[1]), int(m[3])) for m in map(_SHORT.match, column) if m]
    return any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs)


def day_first(told: str) -> str:
    """11/21/2026 as 21/11/2026."""
    return _SHORT.sub(r"\3\2\1\4", told)


def at_time(day: datetime, told: str, zone: tzinfo) -> datetime:
    """The day at a time of day that stands in a column of its own: "08:30:12", "08.30 WIB", 0,354
    (a day's share). What is no time leaves the day as it is."""
    local = day.astimezone(zone)
    if local.time() != time():
        return day
    if (found := _TIME_ALONE.fullmatch(told.strip())) is not None:
        try:
            clock, named = _clock(found), _named_zone(found)
        except ValueError:
            return day
        return datetime.combine(local.date(), clock, named or zone).astimezone(UTC)
    if re.fullmatch(r"0[.,]\d+", told.strip(), re.ASCII):
        share = float(told.strip().replace(",", "."))
        return (local + timedelta(seconds=round(share * 86_400))).astimezone(UTC)
    return day


def _zoned(told: str) -> datetime | None:
    """Only with a zone of its own; else it is a local time like the others."""
    if _UNIX.fullmatch(told):
        return datetime.fromtimestamp(float(told[:10]), UTC)
    try:
        found = datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", told))
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return _mail(told)


def _mail(told: str) -> datetime | None:
    """RFC 2822: "Sat, 21 Nov 2026 08:30:00 +0700"."""
    if not re.search(r"[+-]\d{4}$", told):
        return None
    try:
        return parsedate_to_datetime(told).astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def _local(told: str, zone: tzinfo) -> datetime:
    try:
        if (serial := _serial(told)) is not None:
            return serial.replace(tzinfo=zone).astimezone(UTC)
        return _written(told, zone)
    except (ValueError, OverflowError):
        raise BadComplaint("a date is not like 2026-11-21 08:30 or 21 Nov 2026") from None


def _serial(told: str) -> datetime | None:
    if not _SERIAL.fullmatch(told):
        return None
    # To the second: a day's fraction in a float is off by some microseconds.
    return _EPOCH + timedelta(seconds=round(float(told.replace(",", ".")) * 86_400))


def _written(told: str, zone: tzinfo) -> datetime:
    found = next((m for form in _FORMS if (m := form.fullmatch(told))), None)
    if found is None:
        raise ValueError
    year = int(found["y"])
    day = year if year > 99 else 2000 + year, _month(found["m"]), int(found["d"])
    clock = _clock(found) if found["h"] else time()
    there = _named_zone(found) or zone
    return datetime.combine(datetime(*day), clock, there).astimezone(UTC)  # noqa: DTZ001


def _clock(found: re.Match[str]) -> time:
    hour, minute, second = (int(found[part] or 0) for part in ("h", "min", "s"))
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return time(hour, minute, second)


def _named_zone(found: re.Match[str]) -> tzinfo | None:
    named = found["zone"]
    return timezone(timedelta(hours=_ZONES[named.lower()])) if named else None


def _month(told: str) -> int:
    if told.isdecimal():
        return int(told)
    short = told.lower()[:3]
    return _MONTHS.index(short) + 1 if short in _MONTHS else _OTHER_NAMES.get(short, 0)
