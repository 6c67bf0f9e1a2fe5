"""What every sender's alerts have in common: words, levels, places and times, made fit to keep."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from html import unescape
from typing import Any, TypeAlias

import orjson

from commandcenter.alerts.severity import Level
from commandcenter.lists import Office
from commandcenter.records.alerts import Alert
from commandcenter.secret import redact

log = logging.getLogger(__name__)

MOST_ALERTS = 5_000
"""Of one message. Of more the worst are taken, and how many are missing is told."""

_MOST_UNPACKED = 4 * 2**20
_AHEAD = timedelta(days=1)
_EVER = timedelta(days=365_000)
_CLOCK_ERROR = timedelta(minutes=10)  # more is told: times without a zone may be an hour off
_LONGEST_FINGERPRINT = 128
_LONGEST_LABEL, _MOST_LABELS = 200, 40  # of those that are kept for people to read
_TITLE, _DETAIL, _RUNBOOK = 300, 500, 500
_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|script|small|span|strong"
    r"|style|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


class BadAlert(ValueError):
    """A message, or one alert of it, cannot be taken. The sentence names the field and repeats no
    content."""

    status = 400


class TooMuch(BadAlert):
    """A message is larger than any honest one."""

    status = 413


@dataclass(frozen=True, slots=True)
class Scene:
    """What a message is read against: the clock, the local zone, the region's offices and words."""

    now: datetime
    zone: tzinfo
    offices: Sequence[Office] = ()
    severities: Mapping[str, Level] = field(default_factory=dict)
    """The region's own words for severity, in small letters."""
    province: str = ""
    """Its number at BPS, as BMKG's warnings carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request, read. `bad` are reasons with what they are about."""

    taken: int
    alerts: tuple[Alert, ...] = ()
    bad: tuple[tuple[str, bytes], ...] = ()
    left_out: int = 0
    """How many more alerts there were, which nobody here knows."""
    group: str = ""
    """Which of the sender's groups of alerts it is about."""
    ignored: str = ""
    """Why nothing follows from a message that is in order."""


Parser: TypeAlias = Callable[[bytes, Scene], Message]
"""Raises BadAlert when nothing of the message can be taken."""


def each(entries: Any, whole: bytes, read_one: Callable[[Any], Alert | None]) -> Message:
    """The alerts of a list; one that is bad does not hold up the others. Of too many the ends and
    the critical ones come first. Raises BadAlert for what is no list."""
    if not isinstance(entries, list):
        raise BadAlert("alerts must be a list")
    good: list[Alert] = []
    bad: list[tuple[str, bytes]] = []
    for place, entry in enumerate(entries):
        try:
            alert = read_one(an_object(entry))
        except BadAlert as error:
            bad.append((f"alerts[{place}]: {error}", _written(entry, whole)))
        except Exception as error:  # whatever it is, it must not cost the others anything
            log.exception("an alert cannot be read")
            bad.append((f"alerts[{place}]: our own failure ({type(error).__name__})", b""))
        else:
            good += [alert] if alert else []
    left_out = max(0, len(good) - MOST_ALERTS)
    if left_out:
        good = sorted(good, key=_urgency)[:MOST_ALERTS]
    taken = len(entries) - len(bad) - left_out
    return Message(taken=taken, alerts=tuple(good), bad=tuple(bad), left_out=left_out)


def _urgency(alert: Alert) -> tuple[bool, bool]:
    return alert.firing, alert.level != "critical"


def unpacked(body: bytes) -> bytes:
    """A body as it was before its sender packed it with gzip. Raises BadAlert."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        whole = unpacker.decompress(body, _MOST_UNPACKED)
    except zlib.error:
        raise BadAlert("the body is packed with gzip, and damaged") from None
    if unpacker.unconsumed_tail:
        raise TooMuch(f"the body has more than {_MOST_UNPACKED} bytes once it is unpacked")
    if not unpacker.eof:
        raise BadAlert("the body is packed with gzip, and its end is missing")
    return whole


def read_json(body: bytes) -> Any:
    """What a body says in JSON. Raises BadAlert.

    RFC 8259 wants UTF-8 without a mark at its beginning; half a surrogate pair, NaN, other charsets
    and line ends within a text (scripts put macros of several lines into quotes) are taken as well,
    for an alarm is worth more than its spelling.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
    try:
        return json.loads(_decoded(body), strict=False)
    except (ValueError, RecursionError):
        raise BadAlert(f"the body is not JSON in UTF-8: {where}") from None


def _decoded(body: bytes) -> str:
    """By the mark at its beginning (UTF-8, UTF-16), else UTF-8, else Windows' western charset."""
    charset = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    with suppress(UnicodeDecodeError):
        return body.decode(charset)
    return body.decode("cp1252", errors="replace")


def an_object(told: Any) -> dict[str, Any]:
    """A JSON object. Raises BadAlert."""
    if not isinstance(told, dict):
        raise BadAlert("it is not a JSON object")
    return told


def _written(entry: Any, whole: bytes) -> bytes:
    try:
        return orjson.dumps(entry)
    except TypeError:  # nested deeper than may be written, though not than may be read
        return whole


# --- fields -----------------------------------------------------------------------------------


def text(told: Any, longest: int = _DETAIL) -> str:
    """A text for the wall: on one line, without passwords of addresses; "" when there is none."""
    if told is None or isinstance(told, (dict, list, bool)):
        return ""
    part = str(told)[: 4 * longest]
    if "<" in part or "&" in part:
        part = unescape(_TAG.sub(" ", part))
    line = " ".join("".join(c if c.isprintable() else " " for c in part).split())
    if "@" in line:
        line = redact(line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def title(*candidates: Any) -> str:
    """The first that says something. Raises BadAlert."""
    found = next(filter(None, (text(told, _TITLE) for told in candidates)), "")
    if not found:
        raise BadAlert("there is nothing to call it by: a title (summary, name) is needed")
    return found


def detail(*parts: Any) -> str:
    """What else is known, in one line; what is said twice is said once."""
    told = dict.fromkeys(filter(None, (text(part) for part in parts)))
    return text(" · ".join(told))


def tags(told: Any) -> dict[str, str]:
    """A sender's labels by lower-case name. Raises BadAlert for what are none."""
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise BadAlert("labels must be an object of names and texts")
    lower = {str(name).casefold(): text(value) for name, value in told.items()}
    return lower | {name: text(value) for name, value in told.items() if name in lower}


def kept(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels for people to read; of hundreds only the first."""
    some = list(labels.items())[:_MOST_LABELS]
    return {text(name, 80): text(value, _LONGEST_LABEL) for name, value in some if value}


def links(**told: Any) -> dict[str, str]:
    """Those that are web addresses, by what they lead to."""
    return {name: found for name, value in told.items() if (found := link(value))}


def link(told: Any) -> str:
    """A web address, "" for anything else: it becomes a link that operators click."""
    found = text(told, _RUNBOOK + 1)
    is_web = found.casefold().startswith(("http://", "https://")) and " " not in found
    return found if is_web and len(found) <= _RUNBOOK else ""


def fingerprint(told: Any) -> str:
    """The sender's own name of an alert. Raises BadAlert when it has none.

    One that is too long, or not printable, is replaced by its hash: cut, two could become one.
    """
    if not isinstance(told, (str, int)) or isinstance(told, bool) or not str(told).strip():
        raise BadAlert("its identity is missing: fingerprint, id, trigger_id or identifier")
    name = str(told).strip()
    if len(name) <= _LONGEST_FINGERPRINT and name.isprintable():
        return name
    return "sha256-" + hashlib.sha256(name.encode(errors="replace")).hexdigest()


def moment(told: Any, name: str, scene: Scene, ahead: timedelta = _AHEAD) -> datetime | None:
    """An instant written in ISO 8601, in UTC; None when it is not said.

    Without a zone it is meant on the local clock. Raises BadAlert, also for one that lies further
    `ahead` than can be: then the sender's clock is wrong.
    """
    if told is None or told == "":
        return None
    try:
        found = datetime.fromisoformat(str(told))
        if found.year == 1:  # Go's zero time
            return None
        at = (found if found.tzinfo else found.replace(tzinfo=scene.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadAlert(f"{name} is not a time like 2026-11-21T09:42:17+07:00") from None
    if at - scene.now > ahead:
        raise BadAlert(
            f"{name} lies more than {ahead.days} d in the future: look at the sender's clock"
        )
    return at


def when(told: Any, scene: Scene) -> tuple[datetime | None, float]:
    """A time of the sender, and by how many seconds its clock is ahead, when that is too far.

    What cannot be read is no time. An alert is taken whatever its clock says: Alertmanager would
    not send it again.
    """
    try:
        at = moment(told, "", scene, ahead=_EVER)
    except BadAlert:
        return None, 0.0
    ahead = (at - scene.now) if at else timedelta()
    return at, ahead.total_seconds() if ahead > _CLOCK_ERROR else 0.0


def remarks(unknown_severity: str, seconds_ahead: float) -> tuple[str, ...]:
    """What is to be known of an alert besides its own words."""
    word = f"keparahan tidak dikenal: {text(unknown_severity, 40)}" if unknown_severity else ""
    clock = f"jam pengirim {spoken(seconds_ahead)} di depan" if seconds_ahead else ""
    return tuple(filter(None, (word, clock)))


def spoken(seconds: float) -> str:
    """A time in words of two units at most: "3 hari"."""
    minutes = round(seconds / 60)
    for unit, length in (("hari", 1440), ("jam", 60)):
        if minutes >= length:
            return f"{round(minutes / length)} {unit}"
    return f"{minutes} menit"


def placed(alert: Alert, told: Mapping[str, str], scene: Scene) -> Alert:
    """The alert with whom it concerns, by its labels: opd, kecamatan, penyedia, owner."""
    office = _label(told, "office", "opd")
    known = next(
        (one for one in scene.offices if office and office.casefold() in _names(one)), None
    )
    return replace(
        alert,
        office=known.code if known else office,
        kecamatan=_label(told, "kecamatan") or (known.kecamatan if known else ""),
        provider=_label(told, "provider", "penyedia"),
        owner=_label(told, "owner", "team"),
    )


def _label(told: Mapping[str, str], *names: str) -> str:
    return next((told[name] for name in names if told.get(name)), "")


def _names(office: Office) -> tuple[str, str]:
    return office.code.casefold(), office.name.casefold()
