"""What the page of the console has to know besides its rows: people, causes, domains, offices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from commandcenter.board import Board
from commandcenter.config import Config
from commandcenter.language import Language

DOMAINS = {
    "network": "Network",
    "attendance": "Attendance",
    "complaints": "Complaints",
    "applications": "Applications",
    "cameras": "CCTV",
    "alerts": "Outside alerts",
}
LEVELS = ("critical", "warning")
ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


def desk_of(
    config: Config, board: Board, say: Language, channels: list[dict[str, Any]]
) -> dict[str, Any]:
    """The property `desk` of the component Console, in one language."""
    region = config.region
    return {
        "region": {"name": region.name, "initials": region.initials, "office": region.office},
        "people": [{"name": p.name, "role": p.role, "office": p.office} for p in config.people],
        "causes": [
            {"id": cause, "word": _capital(say(cause))} for cause in config.incidents.causes
        ],
        "levels": [{"id": level, "word": say(level)} for level in LEVELS],
        "undo_seconds": config.incidents.terms.undo_within,
        "domains": [{"feed": feed, "word": say(DOMAINS.get(feed, feed))} for feed in config.feeds],
        "offices": [
            {"code": o.code, "name": o.name, "kecamatan": o.kecamatan} for o in config.offices
        ],
        "providers": providers(board, config.feeds),
        "zone": config.zone.key,
        "zones": [{"id": zone, "word": word} for zone, word in ZONES.items()],
        "channels": channels,
    }


def providers(board: Board, feeds: Iterable[str]) -> list[str]:
    """Those that the board knows, by name."""
    told = (r.value or {} for feed in feeds for r in board.all(feed, "provider"))
    return sorted({str(value["name"]) for value in told if value.get("name")})


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
