"""What a person reads: translation, numbers, dates and clock times of one language and zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

LANGUAGES = ("id", "en")
_ZONE_NAMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """English sentence -> `language`, from locale/<language>.po; English itself has none."""
    return _sentences(f"{language}.po")


@lru_cache
def _phrases(language: str) -> tuple[Mapping[str, str], re.Pattern[str]]:
    """Parts of reasons, from locale/<language>.reasons.po, and what finds the longest of them."""
    words = _sentences(f"{language}.reasons.po")
    longest_first = sorted(words, key=len, reverse=True)
    return words, re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _sentences(name: str) -> dict[str, str]:
    path = Path(__file__).parent / "locale" / name
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


class Language:
    """One language in one time zone. Calling it translates: `say("{n} down", n=3)`.

    Whole numbers are written as the language writes them, 3.000; what only looks like a number (an
    incident's, a port) is passed as text.
    """

    def __init__(self, code: str, zone: ZoneInfo) -> None:
        self.code = code
        self.zone = zone
        self._words = catalogue(code)

    def __call__(self, text: str, **values: Any) -> str:
        translated = self._words.get(text, text)
        if not values:
            return translated  # for whoever puts them in later
        return translated.format(**{k: self._grouped(v) for k, v in values.items()})

    def reason(self, told: str) -> str:
        """Why input was rejected. Such a sentence is put together where the input is read, with
        names and numbers in it, in English, which senders are answered in: its known parts are
        exchanged, the others stay."""
        words, parts = _phrases(self.code)
        return parts.sub(lambda found: words[found[0]], told) if words else told

    def _grouped(self, value: Any) -> Any:
        """3.000 of a whole number that is long enough; anything else as it is."""
        return self.number(value) if type(value) is int and abs(value) >= 1000 else value

    @cached_property
    def zone_name(self) -> str:
        """WIB, WITA or WIT; elsewhere the zone's own name."""
        return _ZONE_NAMES.get(self.zone.key, self.zone.key)

    def number(self, value: float | None, digits: int = 0) -> str:
        """2.341 or 3,4; a missing number is a dash, never zero."""
        if value is None:
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self.code)

    def percent(self, share: float | None, digits: int = 1) -> str:
        """89,4 % of a share between 0 and 1."""
        if share is None:
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + " %"
        return format_percent(share, format=pattern, locale=self.code)

    def clock(self, at: datetime) -> str:
        """09:42 WIB."""
        return f"{at.astimezone(self.zone):%H:%M} {self.zone_name}"

    def date(self, at: datetime) -> str:
        """Sabtu, 21 November 2026."""
        return format_date(at.astimezone(self.zone), "EEEE, d MMMM y", locale=self.code)

    def day(self, at: datetime) -> str:
        """21 Nov 2026."""
        return format_date(at.astimezone(self.zone), "d MMM y", locale=self.code)

    def moment(self, at: datetime) -> str:
        """21 Nov 09:42 WIB."""
        local = at.astimezone(self.zone)
        return f"{format_datetime(local, 'd MMM HH:mm', locale=self.code)} {self.zone_name}"
