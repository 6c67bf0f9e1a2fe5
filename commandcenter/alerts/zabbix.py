"""Zabbix: what the media type in setup/zabbix/commandcenter.yaml sends, one event a request.

Its parameters are macros (Zabbix 6.0 manual, "Supported macros"), so every value is a text. A
macro that cannot be resolved arrives as itself, in braces, or as *UNKNOWN*: it is then missing.
Times are on the Zabbix server's clock, without a zone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    an_object,
    detail,
    fingerprint,
    level,
    link,
    moment,
    placed,
    read_json,
    tags,
    text,
    title,
)
from commandcenter.records.alerts import Alert

_UNRESOLVED = re.compile(r"(?:\{[^{}]{1,200}\}\s?|\*UNKNOWN\*\s?)+")
_TIME = re.compile(r"(\d{4})\.(\d\d)\.(\d\d) (\d\d:\d\d:\d\d)", re.ASCII)
_SEVERITIES = {"4": "high", "5": "disaster"}  # 0 not classified, 1 information, 2, 3 average


def read(body: bytes, scene: Scene) -> Message:
    """The event of one request. Raises BadAlert."""
    told = {name: _known(value) for name, value in an_object(read_json(body)).items()}
    return Message(taken=1, alerts=(_alert(told, scene),))


def _known(value: Any) -> str:
    """A parameter's text, "" when it was not resolved."""
    told = "" if value is None or isinstance(value, (dict, list)) else str(value).strip()
    return "" if _UNRESOLVED.fullmatch(told) else told


def _alert(told: Mapping[str, str], scene: Scene) -> Alert:
    if told.get("event_value") not in ("0", "1"):
        raise BadAlert("event_value must be 1 (problem) or 0 (recovered)")
    moment(_TIME.sub(r"\1-\2-\3T\4", told.get("event_time", "")), "event_time", scene)
    labels = _labels(told.get("tags", ""))
    firing = told["event_value"] == "1"
    alert = Alert(
        source="zabbix",
        fingerprint=_identity(told),
        firing=firing,
        level=level(_SEVERITIES.get(told.get("severity", ""), "")),
        title=title(told.get("event_name")) if firing else "",
        detail=detail(told.get("host_name") or told.get("host"), told.get("opdata")),
        runbook=link(told.get("trigger_url")),
        again=told.get("update_status") != "1",
    )
    return placed(alert, labels, scene)


def _identity(told: Mapping[str, str]) -> str:
    """The trigger, so that a problem that comes back goes on with its incident, and the event's
    name and tags: one trigger may have several problems at a time, as for SNMP traps, and these
    must not recover for each other. A recovery tells name and tags of its problem.
    """
    trigger = told.get("trigger_id")
    if not trigger:
        return fingerprint(told.get("event_id"))
    said = f"{told.get('event_name')}\n{told.get('tags')}"
    return fingerprint(f"{trigger}-{hashlib.sha256(said.encode()).hexdigest()[:12]}")


def _labels(told: str) -> dict[str, str]:
    """Tags, sent as JSON in a text: [{"tag": "opd", "value": "diskominfo"}]."""
    if not told:
        return {}
    try:
        pairs = {text(one["tag"]): one["value"] for one in orjson.loads(told)}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise BadAlert('tags must be a text like [{"tag": "opd", "value": "dinkes"}]') from None
    return tags(pairs)
