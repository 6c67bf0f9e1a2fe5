"""What Open311 servers answer: lists of complaints in JSON or XML, in whatever they are wrapped.

Envelopes as FixMyStreet's {"requests": [{"request": [...]}]}, errors as GeoReport v2 has them
([{"code": 404, "description": "..."}]), dates as in `dates`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from xml.etree.ElementTree import Element

import orjson
from defusedxml.ElementTree import fromstring

from commandcenter.complaints import dates
from commandcenter.complaints.words import identity, outline, place, public, stage, text
from commandcenter.records.complaints import BadComplaint, Stage, Told

log = logging.getLogger(__name__)

Entry = dict[str, Any]
_BARE_ZEROS = re.compile(rb"(:\s*)(0\d+)(\s*[,}\]])")  # the specification's own sample has 006
_WRAPPERS = ("requests", "request", "service_requests", "service_request", "data", "results")
_DEEPEST = 4
# A wrong address answers 404, too, and so does an unknown jurisdiction, as the specification says.
_NOT_OF_COMPLAINTS = re.compile(r"jurisdiction|route|path|url|page|resource|endpoint|method", re.I)
_NO_MORE_THAN_404 = re.compile(r"(404[ :-]*)?not found\.?", re.I)


class NotAList(ValueError):
    """An answer is no list of complaints. The sentence (in Indonesian) says what it is; what the
    server says itself stands apart, since it may repeat our key."""

    def __init__(self, sentence: str, description: str = "") -> None:
        super().__init__(sentence)
        self.description = description


@dataclass(slots=True)
class Answers:
    """What the server told: complaints, and reasons for entries that cannot be taken."""

    good: list[Told] = field(default_factory=list)
    bad: list[tuple[str, bytes]] = field(default_factory=list)
    doubts: list[tuple[str, bytes]] = field(default_factory=list)
    """Entries that were taken without a date or a status that cannot be read."""
    nameless: int = 0
    """Entries that have no service_request_id yet; they come again when they have one."""
    gone: list[str] = field(default_factory=list)
    """Numbers of complaints that were open and that the server no longer knows."""
    complete: bool = True
    """Whether these are all; false: there may be more than the server gave."""
    older_complete: bool | None = None
    """The same of those of more than 90 days; None: they were not asked for."""
    trouble: str = ""
    """What could not be asked (in Indonesian); "" when nothing."""


def entries_of(raw: bytes) -> list[Any]:
    """The entries of an answer. Raises NotAList."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if raw.startswith(b"<"):
        return _of_xml(raw)
    try:
        told = read_json(raw)
    except orjson.JSONDecodeError:
        raise NotAList("tidak menjawab dengan JSON") from None
    entries = _unwrapped(told, _DEEPEST)
    if entries and _is_error(entries[0]):
        raise _error(entries[0]["code"], entries[0]["description"])
    return entries


def none_there(raw: bytes) -> bool:
    """Whether the body of a 404 says that there are no such complaints, as Mark-a-Spot's "No
    Service requests found", and not that the address is wrong."""
    try:
        entries_of(raw)
    except NotAList as error:
        told = error.description
        return bool(told) and not (
            _NOT_OF_COMPLAINTS.search(told) or _NO_MORE_THAN_404.fullmatch(told)
        )
    return True


def read_json(raw: bytes) -> Any:
    """JSON, also where numbers begin with zeros. Raises JSONDecodeError."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return orjson.loads(_BARE_ZEROS.sub(rb'\1"\2"\3', raw))


def distinct(entries: Sequence[Any]) -> tuple[list[Any], list[tuple[str, bytes]]]:
    """Each complaint once, that which was changed last, and reasons where two say different
    things. Pages that shift while they are read tell some twice."""
    found: dict[str, Any] = {}
    reasons = []
    for entry in entries:
        key = key_of(entry)
        known = found.setdefault(key, entry)
        if known != entry:
            reasons.append((f"service_request_id {key[:128]}: twice in one answer", b""))
            found[key] = max(known, entry, key=lambda e: str(e.get("updated_datetime") or ""))
    return list(found.values()), reasons


def key_of(entry: Any) -> str:
    """What tells one entry from another: its number, or all of it while it has none."""
    number = _flat(entry).get("service_request_id") if isinstance(entry, dict) else None
    return str(number).strip() if number not in (None, "") else repr(entry)


def read_entries(entries: Sequence[Any], zone: tzinfo, now: datetime) -> Answers:
    """The complaints of an answer."""
    answers = Answers()
    for entry in entries:
        if not isinstance(entry, dict):
            answers.bad.append(("an entry is not an object", b""))
            continue
        flat = _flat(entry)
        if flat.get("service_request_id") in (None, ""):
            answers.nameless += 1
            continue
        name = f"service_request_id {text(flat['service_request_id'], 128) or '?'}"
        doubts: list[str] = []
        try:
            answers.good.append(_complaint(flat, zone, now, doubts))
        except BadComplaint as error:
            answers.bad.append((f"{name}: {error}", outline(entry)))
        except Exception as error:  # whatever it is, it must not cost the others anything
            log.exception("an entry of Open311 cannot be read")
            answers.bad.append((f"{name}: our own failure ({type(error).__name__})", b""))
        answers.doubts += [(f"{name}: taken without {doubt}", outline(entry)) for doubt in doubts]
    return answers


def _complaint(entry: Entry, zone: tzinfo, now: datetime, doubts: list[str]) -> Told:
    def moment(name: str) -> datetime | None:
        told = str(entry.get(name) or "")
        found: datetime | None = _or_none(name, doubts, lambda: dates.moment(told, zone, now))
        return found

    latitude, longitude = place(entry.get("lat"), entry.get("long"))
    found = _or_none("status", doubts, lambda: _stage(entry))
    changed = moment("updated_datetime")
    due = str(entry.get("expected_datetime") or "")
    return Told(
        source="open311",
        external_id=identity(entry["service_request_id"]),
        title=public(entry.get("title"), 300),
        description=public(entry.get("description"), 10_000),
        category=text(entry.get("service_name"), 120),
        agency=text(_agency(entry), 160),
        address=public(entry.get("address"), 300),
        latitude=latitude,
        longitude=longitude,
        stage=found,
        received_at=moment("requested_datetime"),
        due_at=_or_none("expected_datetime", doubts, lambda: dates.due(due, zone)),
        closed_at=changed if found == "closed" else None,
        updated_at=now,  # asked now, it says so now
    )


def _or_none(name: str, doubts: list[str], read: Callable[[], Any]) -> Any:
    """Nobody here can mend what a server says: a bad field costs itself, not the complaint."""
    try:
        return read()
    except BadComplaint as error:
        doubts.append(f"{name}: {error}")
        return None


def _stage(entry: Entry) -> Stage | None:
    """The standard knows open and closed only; an open one with an agency has been forwarded."""
    found = stage(str(entry.get("status") or ""))
    return "forwarded" if found == "received" and text(_agency(entry), 160) else found


def _agency(entry: Entry) -> Any:
    """Also as FixMyStreet tells it: {"recipient": ["Dinas PUPR"]}."""
    told = entry.get("agency_responsible")
    if isinstance(told, dict):
        told = told.get("recipient") or told.get("name")
    return ", ".join(str(t) for t in told) if isinstance(told, list) else told


def _flat(entry: Entry) -> Entry:
    """Without the lists around single values that some servers write (fixmystreet#1672)."""
    return {
        name: told[0] if isinstance(told, list) and len(told) == 1 else told
        for name, told in entry.items()
    }


def _unwrapped(told: Any, depth: int) -> list[Any]:
    if isinstance(told, list):
        return [inner for item in told for inner in _item(item, depth)]
    if isinstance(told, dict) and depth:
        if "service_request_id" in told or _is_error(told):
            return [told]
        wrapped = next((told[w] for w in (*_WRAPPERS, "errors") if w in told), None)
        if isinstance(wrapped, list | dict):
            return _unwrapped(wrapped, depth - 1)
    raise NotAList("tidak menjawab dengan daftar aduan")


def _item(item: Any, depth: int) -> list[Any]:
    wraps = isinstance(item, dict) and len(item) == 1 and depth
    inner = item.get("request") if wraps else None
    return _unwrapped(inner, depth - 1) if isinstance(inner, list | dict) else [item]


def _is_error(told: Any) -> bool:
    return (
        isinstance(told, dict)
        and {"code", "description"} <= told.keys()
        and not told.keys() & {"service_request_id", "token"}
    )


def _error(code: Any, description: Any) -> NotAList:
    number = text(code, 3) or ""
    sentence = f"menjawab dengan kesalahan {number if number.isdecimal() else ''}".strip()
    return NotAList(sentence, text(description, 160) or "")


def _of_xml(raw: bytes) -> list[Any]:
    """The standard's own form: <service_requests><request>…</request></service_requests>."""
    try:
        root: Element = fromstring(raw)
    except Exception:  # HTML, mostly
        raise NotAList("tidak menjawab dengan JSON atau XML") from None
    if (error := root.findtext(".//error/description")) is not None:
        raise _error(root.findtext(".//error/code"), error)
    if root.tag not in ("service_requests", "requests"):
        raise NotAList("tidak menjawab dengan daftar aduan")
    return [{part.tag: part.text for part in request} for request in root.iter("request")]
