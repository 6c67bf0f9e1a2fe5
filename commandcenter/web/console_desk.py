"""What the page of the console has to know besides its rows: people, causes, domains, offices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from commandcenter.access.roles import Visitor
from commandcenter.board import Board
from commandcenter.config import Person
from commandcenter.language import Language
from commandcenter.web.console_doors import Doors
from commandcenter.web.doors import OPERATORS

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
    doors: Doors, say: Language, visitor: Visitor, channels: list[dict[str, Any]]
) -> dict[str, Any]:
    """The property `desk` of the component Console, in one language. Whoever only reads is told
    nothing that one needs to act."""
    config, sees, whole = doors.config, doors.sees(visitor), visitor.scope.whole
    region, acts = config.region, visitor.role in OPERATORS
    mine = filter(sees.feed, config.feeds)
    roster = {person.name: person for person in config.people}
    return {
        "region": {"name": region.name, "initials": region.initials, "office": region.office},
        "me": {
            "name": visitor.name,
            "role": say(visitor.role),
            "acts": acts,
            "whole": whole,
            "admin": visitor.role == "admin",
        },
        "people": [_person(name, roster.get(name)) for name in doors.people] if acts else [],
        "causes": [
            {"id": cause, "word": _capital(say(cause))} for cause in config.incidents.causes
        ],
        "levels": [{"id": level, "word": say(level)} for level in LEVELS],
        "undo_seconds": config.incidents.terms.undo_within,
        "domains": [{"feed": feed, "word": say(DOMAINS.get(feed, feed))} for feed in mine],
        "offices": [
            {"code": o.code, "name": o.name, "kecamatan": o.kecamatan}
            for o in config.offices
            if sees.office(o.code)
        ],
        "providers": providers(doors.board, config.feeds),
        "zone": config.zone.key,
        "zones": [{"id": zone, "word": word} for zone, word in ZONES.items()],
        "channels": channels if acts and whole else [],
    }


def _person(name: str, listed: Person | None) -> dict[str, str]:
    """Somebody who signs in here, or is in [[person]]."""
    return {
        "name": name,
        "role": listed.role if listed else "",
        "office": listed.office if listed else "",
    }


def providers(board: Board, feeds: Iterable[str]) -> list[str]:
    """Those that the board knows, by name."""
    told = (r.value or {} for feed in feeds for r in board.all(feed, "provider"))
    return sorted({str(value["name"]) for value in told if value.get("name")})


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
