"""What every sender's alerts have in common: words, levels, places and times, made fit to keep."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal, TypeAlias

import orjson

from commandcenter.lists import Office
from commandcenter.records.alerts import Alert
from commandcenter.secret import redact

MOST_ALERTS = 1_000
"""Of one message: all of them are one transaction, and other writers wait for it."""

_CRITICAL = frozenset({"critical", "page", "error", "disaster", "high"})
_AHEAD = timedelta(days=1)
_LONGEST_FINGERPRINT = 128
_TITLE, _DETAIL, _RUNBOOK = 300, 500, 500


class BadAlert(ValueError):
    """A message, or one alert of it, cannot be taken. The sentence names the field and repeats no
    content."""

    status = 400


class TooMuch(BadAlert):
    """A message is larger than any honest one."""

    status = 413


@dataclass(frozen=True, slots=True)
class Scene:
    """What a message is read against: the clock, the local zone, the region's offices."""

    now: datetime
    zone: tzinfo
    offices: Sequence[Office] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request, read. `bad` are reasons with what they are about."""

    taken: int
    alerts: tuple[Alert, ...] = ()
    bad: tuple[tuple[str, bytes], ...] = ()
    ignored: str = ""
    """Why nothing follows from a message that is in order."""


Parser: TypeAlias = Callable[[bytes, Scene], Message]
"""Raises BadAlert when nothing of the message can be taken."""


def each(entries: Any, whole: bytes, read_one: Callable[[Any], Alert | None]) -> Message:
    """The alerts of a list; one that is bad does not hold up the others.

    Raises TooMuch, and BadAlert for what is no list or has none.
    """
    if not isinstance(entries, list) or not entries:
        raise BadAlert("alerts must be a list with one alert or more")
    if len(entries) > MOST_ALERTS:
        told = f"alerts has {len(entries)} alerts; send at most {MOST_ALERTS} in one message"
        raise TooMuch(told)
    good: list[Alert] = []
    bad: list[tuple[str, bytes]] = []
    for place, entry in enumerate(entries):
        try:
            alert = read_one(an_object(entry))
        except BadAlert as error:
            bad.append((f"alerts[{place}]: {error}", _written(entry, whole)))
        else:
            good += [alert] if alert else []
    return Message(taken=len(entries) - len(bad), alerts=tuple(good), bad=tuple(bad))


def read_json(body: bytes) -> Any:
    """What a body says in JSON. Raises BadAlert."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadAlert(f"the body is not JSON in UTF-8: {where}") from None


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


def level(severity: str) -> Literal["warning", "critical"]:
    """What a sender's word for it means here; an unknown one is a warning."""
    return "critical" if severity.casefold() in _CRITICAL else "warning"


def text(told: Any, longest: int = _DETAIL) -> str:
    """A text for the wall: on one line, without passwords of addresses; "" when there is none."""
    if told is None or isinstance(told, (dict, list, bool)):
        return ""
    part = str(told)[: 4 * longest]
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
    return {str(name).casefold(): text(value) for name, value in told.items()}


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
    if at > scene.now + ahead:
        raise BadAlert(
            f"{name} lies more than {ahead.days} d in the future: look at the sender's clock"
        )
    return at


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
