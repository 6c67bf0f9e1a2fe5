"""What senders' words for severity mean here, where an incident is a warning or critical."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["warning", "critical"]

# The words of Alertmanager's and Grafana's users, Zabbix, syslog (RFC 5424), X.733, PagerDuty,
# Opsgenie and the like, and of Indonesian offices.
_CRITICAL = (
    "alert awas bahaya blocker crit critical darurat disaster emerg emergency err error fatal "
    "gawat genting high highest immediate kritis major p0 p1 p2 page pager panic parah sev0 sev1 "
    "sev2 severe siaga tinggi urgent"
)
_WARNING = (
    "average debug info information informational low lowest medium minor moderate none normal "
    "notice ok p3 p4 p5 peringatan rendah ringan sedang sev3 sev4 sev5 ticket trivial unknown "
    "verbose warn warning waspada"
)
_LEVELS: Mapping[str, Level] = {
    **dict.fromkeys(_CRITICAL.split(), "critical"),
    **dict.fromkeys(_WARNING.split(), "warning"),
}


def level_of(word: str, ours: Mapping[str, Level] | None = None) -> tuple[Level, str]:
    """What a word means, and the word itself if nobody knows it: then it is a warning, and has to
    be told. `ours` are the region's own words, in small letters. Without a word it is a warning."""
    plain = "".join(c for c in word.casefold() if c.isalnum())
    found = (ours or {}).get(word.casefold()) or _LEVELS.get(plain)
    if found is not None or not plain:
        return found or "warning", ""
    return "warning", word
