"""Zabbix: what the media type in setup/zabbix/commandcenter.yaml sends, one event a request.

Its parameters are macros (Zabbix 6.0 manual, "Supported macros"), so every value is a text. A
macro that cannot be resolved arrives as itself, in braces, or as *UNKNOWN*: it is then missing.
Times are on the Zabbix server's clock, without a zone.

When a host, an item or a trigger is disabled Zabbix sends no recovery: it repeats its last message
to everybody it had told, with "NOTE: Escalation canceled: …" before the text (manual,
"Escalations").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    an_object,
    detail,
    fingerprint,
    kept,
    link,
    links,
    placed,
    read_json,
    remarks,
    tags,
    text,
    title,
    when,
)
from commandcenter.alerts.severity import level_of
from commandcenter.records.alerts import Alert

_UNRESOLVED = re.compile(r"(?:\{[^{}]{1,200}\}\s?|\*UNKNOWN\*\s?)+")
_TIME = re.compile(r"(\d{4})\.(\d\d)\.(\d\d) (\d\d:\d\d:\d\d)", re.ASCII)
_SEVERITIES = {"0": "", "1": "information", "2": "warning", "3": "average"}
_SEVERITIES |= {"4": "high", "5": "disaster"}
_CANCELLED = re.compile(r"NOTE: Escalation cancell?ed:?[ \t]*([^\r\n]*)", re.IGNORECASE)
_VALUES = {"1": True, "0": False}
_STATUSES = {"problem": True, "resolved": False, "ok": False}


def read(body: bytes, scene: Scene) -> Message:
    """The event of one request. Raises BadAlert."""
    sent = an_object(read_json(body))
    if sent.get("message") == "{ALERT.MESSAGE}":  # Zabbix fills this in for everything but a test
        return Message(taken=0, ignored="uji coba jenis media tanpa isi")
    told = {name: _known(value) for name, value in sent.items()}
    return Message(taken=1, alerts=(_alert(told, scene),))


def _known(value: Any) -> str:
    """A parameter's text, "" when it was not resolved."""
    told = "" if value is None or isinstance(value, (dict, list)) else str(value).strip()
    return "" if _UNRESOLVED.fullmatch(told) else told


def _alert(told: Mapping[str, str], scene: Scene) -> Alert:
    firing = _is_firing(told)
    labels = _labels(told.get("tags", ""))
    level, unknown = level_of(_severity(told), scene.severities)
    began_at, ahead = when(_iso(told.get("event_time", "")), scene)
    alert = Alert(
        source="zabbix",
        fingerprint=_identity(told),
        firing=firing,
        level=level,
        title=title(told.get("event_name"), told.get("subject"), _named(told)) if firing else "",
        detail=detail(*remarks(unknown, ahead), _host(told), told.get("opdata")),
        runbook=link(told.get("trigger_url")),
        again=told.get("update_status") != "1",
        episode=told.get("event_id", ""),
        began_at=began_at,
        unknown_severity=unknown,
        seconds_ahead=ahead,
        told={
            "sender": text(told.get("zabbix_url")),
            "labels": kept({"host": _host(told), **labels}),
            "links": _links(told),
        },
    )
    return _as_it_ended(placed(alert, labels, scene), told)


def _severity(told: Mapping[str, str]) -> str:
    """By its number, which is the same in every language; else by whatever it is called there."""
    number = told.get("severity") or told.get("severity_name", "")
    return _SEVERITIES.get(number, number)


def _is_firing(told: Mapping[str, str]) -> bool:
    """By the event's value, else its status; a recovery tells its problem's value in some versions,
    so that the status counts when it says that it is over."""
    value = _VALUES.get(told.get("event_value", ""))
    status = _STATUSES.get(told.get("event_status", "").casefold())
    if value is None and status is None:
        raise BadAlert("event_value must be 1 (problem) or 0 (recovered)")
    return False not in (value, status)


def _as_it_ended(alert: Alert, told: Mapping[str, str]) -> Alert:
    """What Zabbix stops to watch is over. What it stops to tell of may go on: that is said."""
    if "closed" in told.get("update_action", "").casefold():
        return replace(alert, firing=False, final="ditutup di Zabbix")
    found = _CANCELLED.search(told.get("message", "")) or _CANCELLED.search(told.get("subject", ""))
    if found is None or not alert.firing:
        return alert
    reason = text(found[1]).rstrip(".")
    if reason.casefold().startswith("action"):
        unknown = f"Zabbix tidak memberi kabar lagi, keadaannya tidak diketahui: {reason}"
        return replace(alert, detail=detail(unknown, alert.detail), again=False)
    return replace(alert, firing=False, final=f"Zabbix tidak memantaunya lagi: {reason}")


def _identity(told: Mapping[str, str]) -> str:
    """The trigger, so that a problem that comes back goes on with its incident, and the event's
    name and tags: one trigger may have several problems at a time, as for SNMP traps, and these
    must not recover for each other. What is said of one event belongs together whatever it is
    called meanwhile: that is its `episode`.
    """
    trigger = told.get("trigger_id")
    if not trigger:
        return fingerprint(told.get("event_id"))
    said = f"{told.get('event_name')}\n{told.get('tags')}".encode(errors="replace")
    return fingerprint(f"{trigger}-{hashlib.sha256(said).hexdigest()[:12]}")


def _host(told: Mapping[str, str]) -> str:
    return told.get("host_name") or told.get("host", "")


def _named(told: Mapping[str, str]) -> str:
    """What a problem without a name is called by."""
    host = _host(told)
    return f"Zabbix: masalah pada {host}" if host else ""


def _links(told: Mapping[str, str]) -> dict[str, str]:
    """The event's page, where the global macro {$ZABBIX.URL} is set, as for Zabbix' own media."""
    front, trigger, event = (
        told.get(name, "") for name in ("zabbix_url", "trigger_id", "event_id")
    )
    page = f"{front.rstrip('/')}/tr_events.php?triggerid={trigger}&eventid={event}"
    return links(source=page if front and trigger and event else "", sender=front)


def _iso(told: str) -> str:
    return _TIME.sub(r"\1-\2-\3T\4", told)


def _labels(told: str) -> dict[str, str]:
    """Tags, sent as JSON in a text: [{"tag": "opd", "value": "diskominfo"}]. What is none of that
    kind costs the tags and not the alarm."""
    try:
        pairs = {text(one["tag"]): one["value"] for one in orjson.loads(told or "[]")}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return tags(pairs)
